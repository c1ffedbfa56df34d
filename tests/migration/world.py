"""An account of contracts in memory, which counts its calls and can die before or after any of them.

It keeps the rules that `apply.ports.ContractStore` states: a uniqueness key makes one contract for good, an archived
contract bills nothing, SUPERSEDE ends the old contract where the new one starts.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import cast

from pricebook.apply.ports import (
    ContractStore,
    Journal,
    JournalEntry,
    Lease,
    OutcomeUnknown,
    Run,
    StoreRefused,
)
from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.contract import Contract, Provision, handed_over

PACKAGE = "starter"
V1, V2, V3 = (Ref(Kind.PACKAGE, PACKAGE, version) for version in (1, 2, 3))
NOW = datetime(2026, 1, 10, 9, 30, tzinfo=UTC)


def day(month: int, of: int = 1, year: int = 2026) -> datetime:
    """Midnight of a day."""
    return datetime(year, month, of, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class World:
    """Contracts by id. `kill_at` is the number of the call that the process dies at: before what it does, or after
    (`lost`: its answer never comes, and the process lives)."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    kill_at: int | None = None
    after: bool = False
    lost: bool = False
    supersedes: bool = True
    shows_keys: bool = True

    def add(self, id_: str, customer: str, package: Ref, start: datetime, end: datetime | None = None) -> Contract:
        """A contract that was there before."""
        made = Contract(id=id_, customer=customer, package=package, card=None, starting_at=start, ending_before=end)
        self.contracts[id_] = made
        return made

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        for one in sorted(self.contracts.values(), key=lambda c: (c.package, c.starting_at, c.id)):
            if one.package is not None and one.package.name == package and (ended or one.runs(at)):
                yield one if self.shows_keys else replace(one, uniqueness_key=None)

    def customer_contracts(self, namespace: str, customer: str) -> tuple[Contract, ...]:
        return tuple(one for one in self.contracts.values() if one.customer == customer)

    def provision(self, namespace: str, wanted: Provision, at: datetime) -> str:
        def act() -> str:
            for one in self.contracts.values():
                if one.uniqueness_key == wanted.uniqueness_key:
                    if (one.customer, one.package, one.starting_at) != (
                        wanted.customer,
                        wanted.package,
                        wanted.starting_at,
                    ):
                        raise StoreRefused("the uniqueness key is taken", 409)
                    return one.id
            if wanted.transition is not None:
                earlier = self.contracts[wanted.transition.from_contract]
                try:
                    end = handed_over(wanted.transition.type, wanted.starting_at, earlier)
                except ValueError as error:
                    raise StoreRefused(str(error)) from None
                if self.supersedes:
                    self.contracts[earlier.id] = replace(earlier, ending_before=end)
            id_ = f"new-{len(self.contracts)}"
            self.contracts[id_] = Contract(
                id=id_,
                customer=wanted.customer,
                package=wanted.package,
                card=None,
                starting_at=wanted.starting_at,
                uniqueness_key=wanted.uniqueness_key,
            )
            return id_

        return cast(str, self._call("provision", act))

    def end_contract(self, contract: Contract, ending_before: datetime | None) -> None:
        def act() -> None:
            held = self.contracts[contract.id]
            if held.archived_at is not None:
                raise StoreRefused("it is archived")
            self.contracts[contract.id] = replace(held, ending_before=ending_before)

        self._call("end", act)

    def archive_contract(self, contract: Contract, at: datetime) -> None:
        def act() -> None:
            self.contracts[contract.id] = replace(self.contracts[contract.id], archived_at=at)

        self._call("archive", act)

    def _call(self, what: str, act: object) -> object:
        number = len(self.calls)
        self.calls.append(what)
        hit = number == self.kill_at
        if hit and not self.after and not self.lost:
            raise Killed
        result = act()  # type: ignore[operator]
        if hit and self.lost:
            raise OutcomeUnknown("the answer was lost")
        if hit:
            raise Killed
        return result

    @property
    def store(self) -> ContractStore:
        """The world as the port that it is."""
        return cast(ContractStore, self)


@dataclass
class Notes:
    """A journal in memory, or none that is remembered."""

    lines: list[JournalEntry] = field(default_factory=list)
    begun: list[tuple[Run, str]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    """What somebody else does after a run has looked and before its calls."""

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        return Lease(owner, 1)

    def renew(self, environment: str, lease: Lease, now: datetime) -> None: ...

    def release(self, environment: str, lease: Lease) -> None: ...

    def begin(self, lease: Lease, run: Run, plan: str) -> int:
        self.begun.append((run, plan))
        return len(self.begun)

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        self.lines.extend(entries)
        self.meanwhile()

    def finish(self, environment: str, lease: Lease, run: int, at: datetime, result: str) -> None: ...

    def runs(self, environment: str) -> list[Run]:
        return [replace(run, number=number) for number, (run, _) in enumerate(self.begun, 1)]

    def plan(self, run: int) -> str:
        return self.begun[run - 1][1]

    @property
    def journal(self) -> Journal:
        """The notes as the port that they are."""
        return cast(Journal, self)


def coverage(contracts: Iterable[Contract]) -> dict[str, list[tuple[datetime, datetime, int]]]:
    """Of each customer how many contracts are in force, over all of time: (from, until, how many)."""
    lives: dict[str, list[Contract]] = {}
    for one in contracts:
        lives.setdefault(one.customer, []).append(one)
    found = {}
    for customer, ours in lives.items():
        live = [c for c in ours if c.archived_at is None]
        bounds = sorted({*(c.starting_at for c in live), *(c.ending_before or FOREVER for c in live)})
        found[customer] = [
            (start, end, sum(c.starting_at <= start < (c.ending_before or FOREVER) for c in live))
            for start, end in pairwise(bounds)
        ]
    return found
