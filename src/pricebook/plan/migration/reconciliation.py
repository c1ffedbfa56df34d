"""Afterwards: every contract of a plan is accounted for, and every customer has exactly one contract at every instant.

The timeline of a customer is looked at from the start of the old contract to the end of the new one. What is found is
what the store shows, not what the journal says.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal, NamedTuple, assert_never

from pricebook.catalog.calendar import FOREVER
from pricebook.plan.contract import Contract, Lives
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import MoveContract, MoveState, MoveStatus, found_in

ContractFate = Literal["moved", "moved back", "left", "half moved", "edited", "several contracts"]


class Breach(NamedTuple):
    """A time in which a customer has no contract, or more than one. `ending_before` None: without end."""

    customer: str
    contracts: tuple[str, ...]
    starting_at: datetime
    ending_before: datetime | None


@dataclass(frozen=True)
class Reconciliation:
    """What became of each contract of a plan, in its order, and the times that none or more than one is billed for."""

    plan: Plan
    fates: tuple[tuple[MoveContract, ContractFate], ...]
    customers: int
    breaches: tuple[Breach, ...]

    @property
    def counts(self) -> dict[ContractFate, int]:
        """How many contracts came to which fate."""
        return dict(Counter(fate for _, fate in self.fates))

    @property
    def sound(self) -> bool:
        """Every customer has exactly one contract at every instant, and no move stopped half way."""
        return not self.breaches and "half moved" not in self.counts


def reconcile(plan: Plan, lives: Lives) -> Reconciliation:
    """The account against the plan. `lives` are the contracts of its customers on the packages of both sides."""
    fates: list[tuple[MoveContract, ContractFate]] = []
    breaches: list[Breach] = []
    customers = set()
    for move in plan.moves:
        found = found_in(move, lives)
        fates.append((move, fate_of(move, found)))
        customers.add(move.customer)
        breaches += _breaches(move, found, lives.get(move.customer, ()))
    return Reconciliation(plan, tuple(fates), len(customers), tuple(breaches))


def fate_of(move: MoveContract, found: MoveState) -> ContractFate:
    """What became of a move."""
    if found.status is MoveStatus.CROWDED:
        return "several contracts"
    if move.direction == "back":
        if found.old is None or found.old.ending_before not in (move.at, move.ends):
            return "edited"
        if found.new is None:
            return "moved back" if found.old.ending_before == move.ends else "half moved"
        return "left" if found.status is MoveStatus.MOVED else "half moved"
    match found.status:
        case MoveStatus.MOVED:
            return "moved"
        case MoveStatus.UNTOUCHED:
            return "left"
        case MoveStatus.BEGUN:
            return "half moved"
        case MoveStatus.EDITED:
            return "edited"
        case MoveStatus.SPENT:
            return "left" if found.old is not None and found.old.ending_before == move.ends else "edited"
        case _:
            assert_never(found.status)


def _breaches(move: MoveContract, found: MoveState, contracts: Sequence[Contract]) -> Iterator[Breach]:
    """The times between the start of the old contract and the end of the new one that are not those of one contract."""
    if found.old is None:
        return
    start = found.old.starting_at
    until = max(c.end for c in (found.old, found.new) if c is not None)
    live = [c for c in contracts if c.archived_at is None and c.starting_at < until and c.end > start]
    bounds = sorted({start, until, *(max(c.starting_at, start) for c in live), *(min(c.end, until) for c in live)})
    last: Breach | None = None
    for begin, end in pairwise(bounds):
        running = tuple(sorted(c.id for c in live if c.starting_at <= begin < c.end))
        if len(running) == 1:
            continue
        if last is not None and last.contracts == running and last.ending_before == begin:
            last = last._replace(ending_before=end)
            continue
        if last is not None:
            yield last
        last = Breach(move.customer, running, begin, end)
    if last is not None:
        yield last._replace(ending_before=None if last.ending_before == FOREVER else last.ending_before)
