"""MoveContract: a customer's contract gives way to a new one on another version of a package, or has its end back.

Where a move stands is read from the contracts of its customer, and from nothing else: planning, applying and checking
ask the same question. The answer needs no journal: the new contract is the one on the target version that starts where
the old one is to end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, assert_never

from pydantic import Field, PositiveInt

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref
from pricebook.catalog.transition import MigrationTransition
from pricebook.plan.contract import Contract, Lives
from pricebook.plan.verb.form import Moment, RefText
from pricebook.plan.verb.verb import Fold, Look, Status, Verb

LEAD = timedelta(hours=1)
"""A move is begun at least so long before its new contract starts: between its two calls both contracts are there, and
that must lie in the future."""
MoveDirection = Literal["forward", "back"]
_EDITED = "the contract was given another end since this was planned"


class MoveStatus(StrEnum):
    """What is known of a move."""

    UNTOUCHED = "untouched"
    """Only the old contract is there, as it was when this was planned."""
    BEGUN = "begun"
    """Both contracts are there, and the old one ends later than the new one starts: both would be billed."""
    MOVED = "moved"
    """The old contract ends where the new one starts."""
    EDITED = "edited"
    """The old contract is archived or gone, or somebody gave it another end: before the new contract starts if that
    is there, else any but the one it had."""
    SPENT = "spent"
    """The new contract was made, and archived or ended where it starts. Its uniqueness key is taken for good, so it
    cannot be made again; to end the old one now would leave the customer with none."""
    CROWDED = "crowded"
    """A third contract of the customer on these packages runs from then on: whoever made it must say which counts."""


class MoveState(NamedTuple):
    """How a move stands, with the contracts that say so; None: not there, or archived."""

    status: MoveStatus
    old: Contract | None
    new: Contract | None


@dataclass(frozen=True, slots=True)
class MoveContract(Verb):
    """One contract that moves from `source` to `ref`, or back. `ends` is the end that it had when this was planned
    (None: none), `at` where the new one starts, `wave` counts from 1. `successor` is the id of the new contract where
    it is there already. No snapshot of objects shows it, and no tally of objects counts it."""

    action, label = "move_contract", "contract"
    symbol = "»"
    done = ("gets a contract", "get contracts")
    work = ()
    independent = True
    ref: RefText
    source: Annotated[RefText, Field(description="the version that it moves from")]
    contract: str
    customer: str
    ends: Annotated[Moment | None, Field(description="the end that it had; null: none")]
    at: Annotated[Moment, Field(description="where the new contract starts")]
    wave: PositiveInt
    key: Annotated[str, Field(description="the uniqueness key of the new contract", max_length=128)]
    transition: MigrationTransition
    direction: Annotated[MoveDirection, Field(description="back: a rollback")] = "forward"
    successor: Annotated[str, Field(description="the id of the new contract where it is there, else empty")] = ""
    reason: str = ""

    def step_id(self, batch: int) -> str:
        """By the contract."""
        return f"move:{self.contract}"

    def fold(self, world: Fold) -> None:
        """Objects stay as they are."""

    def status(self, expects: str | None, look: Look) -> Status:
        """By the contracts of the customer."""
        return self.judged(look)[0]

    def overtaken(self, look: Look) -> str:
        """What became of the contract."""
        return self.judged(look)[1]

    def judged(self, look: Look) -> tuple[Status, str]:
        """Where it stands, and why it is left alone where it is stale."""
        status, old, new = found_in(self, look.lives)
        late = look.snapshot.observed_at + LEAD > self.at
        if status is MoveStatus.CROWDED:
            return Status.STALE, "the customer has another contract at the same time"
        if old is None:
            return Status.STALE, "the contract is archived, or gone"
        if self.direction == "back":
            if (status is MoveStatus.EDITED and new is not None) or old.ending_before not in (self.at, self.ends):
                return Status.STALE, _EDITED
            if new is None and old.ending_before == self.ends:
                return Status.DONE, ""
            if new is not None and old.ending_before == self.at and late:
                return Status.STALE, "the new contract has started"
            return Status.READY, ""
        match status:
            case MoveStatus.MOVED:
                return Status.DONE, ""
            case MoveStatus.BEGUN:
                return Status.BEGUN, ""
            case MoveStatus.EDITED:
                return Status.STALE, _EDITED
            case MoveStatus.SPENT:
                return Status.STALE, "its new contract was archived: a migration of another name moves it"
            case MoveStatus.UNTOUCHED:
                return (Status.STALE, "its date has passed") if late else (Status.READY, "")
            case _:
                assert_never(status)

    def digest_content(self) -> tuple[object, ...]:
        """Whose contract, from where, when and how."""
        ends = instant_text(self.ends) if self.ends is not None else None
        when = (ends, instant_text(self.at), self.transition, self.direction)
        return ("MoveContract", self.contract, self.customer, str(self.source), self.key, *when)


def successor_key(namespace: str, migration: str, contract: str, target: Ref) -> str:
    """The uniqueness key of the contract that takes over: at most 128 characters for any name.

    It is made from the intent and never from the plan: whoever plans again, on any machine, asks for the same contract,
    and an account makes it once.
    """
    intent = digest(encode((migration, contract, str(target))))
    return f"pricebook/{namespace[:40]}/migration/{digest(namespace)[:8]}/{intent}"


def found_in(move: MoveContract, lives: Lives) -> MoveState:
    """How the move stands among the contracts of its customer."""
    live = [c for c in lives.get(move.customer, ()) if c.archived_at is None and not _empty(c)]
    old = next((c for c in live if c.id == move.contract), None)
    new = next((c for c in live if c.package == move.ref and c.starting_at == move.at and c.id != move.contract), None)
    if old is None:
        return MoveState(MoveStatus.EDITED, None, new)
    if new is None:
        return MoveState(_unmoved(move, old, live, lives[move.customer]), old, None)
    if _crowded(move, old, new, live):
        return MoveState(MoveStatus.CROWDED, old, new)
    if old.ending_before == move.at:
        return MoveState(MoveStatus.MOVED, old, new)
    return MoveState(MoveStatus.BEGUN if old.end > move.at else MoveStatus.EDITED, old, new)


def _unmoved(move: MoveContract, old: Contract, live: Sequence[Contract], every: Sequence[Contract]) -> MoveStatus:
    """The status of a move whose new contract is not there."""
    if _crowded(move, old, None, live):
        return MoveStatus.CROWDED
    # A list without keys may mean another contract; then a wave of another date moves it.
    gone = [c for c in every if c.package == move.ref and (c.archived_at is not None or _empty(c))]
    if any(c.uniqueness_key == move.key or (c.uniqueness_key is None and c.starting_at == move.at) for c in gone):
        return MoveStatus.SPENT
    return MoveStatus.UNTOUCHED if old.ending_before == move.ends else MoveStatus.EDITED


def _empty(contract: Contract) -> bool:
    return contract.end <= contract.starting_at


def _crowded(move: MoveContract, old: Contract, new: Contract | None, live: Sequence[Contract]) -> bool:
    """Whether a third contract is in force when the contracts change, or later: of two that end together, too, both
    cannot be followed by one. What happened before is not ours to judge."""
    ids = {old.id, new.id if new is not None else ""}
    until = max(old.end, new.end) if new is not None else FOREVER
    return any(c.id not in ids and c.end >= move.at and c.starting_at < until for c in live)
