"""A run as the journal knows it: intents before calls, receipts after them, for whichever walker makes the calls."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

from pricebook.apply.ports import Clock, Journal, JournalEntry, Lease, LeaseLost, OutcomeUnknown, Run, State, StoreError

_T = TypeVar("_T")
_STATES = {"done": State.DONE, "already": State.DONE, "unknown": State.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Journaled:
    """A run under way. Whatever it writes it writes with its lease: who lost that writes nothing any more."""

    environment: str
    journal: Journal
    lease: Lease
    clock: Clock
    number: int

    @classmethod
    def begin(cls, run: Run, text: str, journal: Journal, lease: Lease, clock: Clock) -> "Journaled":
        """Let a run begin; `text` is its plan's."""
        return cls(run.environment, journal, lease, clock, journal.begin(lease, run, text))

    def intend(self, steps: Iterable[str], what: str = "") -> None:
        """Before the calls; `what` says what they are. Raises StoreError, LeaseLost: then they are not made."""
        self._record((step, State.SENT, what, "") for step in steps)

    def receive(self, results: Iterable[tuple[str, str, str, str]]) -> None:
        """After them: steps with their outcome, detail and the store's id. A receipt that cannot be written (a full
        disk) is no loss: the effect is found again by looking. Raises LeaseLost."""
        with suppress(StoreError):
            states = ((step, _STATES.get(outcome, State.FAILED), detail, id_) for step, outcome, detail, id_ in results)
            self._record(states)

    def finish(self, *, complete: bool) -> None:
        """All is done, and said in the receipt, whether or not this can be written."""
        with suppress(StoreError, LeaseLost):
            result = "done" if complete else "incomplete"
            self.journal.finish(self.environment, self.lease, self.number, self.clock(), result)

    def _record(self, rows: Iterable[tuple[str, State, str, str]]) -> None:
        now, owner = self.clock(), self.lease.owner
        entries = [
            JournalEntry(run=self.number, step=step, state=what, at=now, owner=owner, remote_id=id_, detail=detail)
            for step, what, detail, id_ in rows
        ]
        self.journal.record(self.environment, self.lease, entries)


def attempted(call: Callable[[], _T]) -> tuple[Literal["done", "failed", "unknown"], str, _T | None]:
    """Make a call of the store: its outcome, a sentence when it was not done, and what was answered when it was."""
    try:
        return "done", "", call()
    except StoreError as error:
        outcome: Literal["failed", "unknown"] = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
        return outcome, f"{error.message} ({error.hint})" if error.hint else error.message, None
