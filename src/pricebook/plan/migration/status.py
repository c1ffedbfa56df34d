"""Where a move stands: read from the contracts of its customer, and from nothing else.

Planning, applying and checking ask the same question. The answer needs no journal: the new contract is the one on the
target version that starts where the old one is to end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.reference import Ref
from pricebook.plan.contract import Contract
from pricebook.plan.migration.move import Move

Lives = Mapping[str, Sequence[Contract]]
"""The contracts of each customer on the packages in question, archived and ended ones too."""


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


class Found(NamedTuple):
    """How a move stands, with the contracts that say so; None: not there, or archived."""

    status: MoveStatus
    old: Contract | None
    new: Contract | None


def gathered(contracts: Iterable[Contract], customers: frozenset[str] | None = None) -> dict[str, list[Contract]]:
    """Contracts by customer; of these customers only, if they are given."""
    lives: dict[str, list[Contract]] = {}
    for contract in contracts:
        if customers is None or contract.customer in customers:
            lives.setdefault(contract.customer, []).append(contract)
    return lives


def keyed(
    lives: dict[str, list[Contract]], target: Ref, look: Callable[[str], Iterable[Contract]]
) -> dict[str, list[Contract]]:
    """The same, with the uniqueness keys of customers who have another contract beside one on the target, where the
    list did not show them: is it what an interrupted run made? `look` gives the contracts of a customer."""
    found = dict(lives)
    for customer, contracts in lives.items():
        live = [c for c in contracts if c.archived_at is None]
        unnamed = [c for c in live if c.package == target and c.uniqueness_key is None]
        if any(_end(other) > new.starting_at for new in unnamed for other in live if other.id != new.id):
            known = {contract.id: contract for contract in look(customer)}
            found[customer] = [known.get(contract.id, contract) for contract in contracts]
    return found


def found_in(move: Move, target: Ref, lives: Lives) -> Found:
    """How the move stands among the contracts of its customer."""
    live = [c for c in lives.get(move.customer, ()) if c.archived_at is None and not _empty(c)]
    old = next((c for c in live if c.id == move.contract), None)
    new = next((c for c in live if c.package == target and c.starting_at == move.at and c.id != move.contract), None)
    if old is None:
        return Found(MoveStatus.EDITED, None, new)
    if new is None:
        return Found(_unmoved(move, target, old, live, lives[move.customer]), old, None)
    if _crowded(move, old, new, live):
        return Found(MoveStatus.CROWDED, old, new)
    if old.ending_before == move.at:
        return Found(MoveStatus.MOVED, old, new)
    return Found(MoveStatus.BEGUN if _end(old) > move.at else MoveStatus.EDITED, old, new)


def _unmoved(move: Move, target: Ref, old: Contract, live: Sequence[Contract], every: Sequence[Contract]) -> MoveStatus:
    """The status of a move whose new contract is not there."""
    if _crowded(move, old, None, live):
        return MoveStatus.CROWDED
    # A list without keys may mean another contract; then a wave of another date moves it.
    gone = [c for c in every if c.package == target and (c.archived_at is not None or _empty(c))]
    if any(c.uniqueness_key == move.key or (c.uniqueness_key is None and c.starting_at == move.at) for c in gone):
        return MoveStatus.SPENT
    return MoveStatus.UNTOUCHED if old.ending_before == move.ends else MoveStatus.EDITED


def _empty(contract: Contract) -> bool:
    return contract.ending_before is not None and contract.ending_before <= contract.starting_at


def _crowded(move: Move, old: Contract, new: Contract | None, live: Sequence[Contract]) -> bool:
    """Whether a third contract is in force when the contracts change, or later: of two that end together, too, both
    cannot be followed by one. What happened before is not ours to judge."""
    ids = {old.id, new.id if new is not None else ""}
    until = max(_end(old), _end(new)) if new is not None else FOREVER
    return any(c.id not in ids and _end(c) >= move.at and c.starting_at < until for c in live)


def _end(contract: Contract) -> datetime:
    return contract.ending_before or FOREVER
