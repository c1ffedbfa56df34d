"""Cohorts: the contracts on one package version, counted, and the aliases under which they came.

Whether a contract was made by an alias or by the version's id is kept nowhere. What is known is which aliases stood for
the version at the contract's start: it came under those, or else by id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref
from pricebook.plan.contract import Contract
from pricebook.plan.holding import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The contracts on a version, as of an instant: those that run, those that are still to start, and, where they were
    asked for, those that ended and those that were archived.

    The rest is of all that are counted: how many customers they are with, when the first and the last of them start,
    when the last one ends of those that have an end, how many have none, and how many came under which alias (empty:
    under none).
    """

    package: Ref
    running: int = 0
    coming: int = 0
    ended: int = 0
    archived: int = 0
    customers: int = 0
    first_start: datetime | None = None
    last_start: datetime | None = None
    last_end: datetime | None = None
    endless: int = 0
    came_as: tuple[tuple[str, int], ...] = ()

    @property
    def contracts(self) -> int:
        """All that are counted."""
        return self.running + self.coming + self.ended + self.archived


def by_object(holdings: Iterable[Holding]) -> Mapping[Ref, list[Holding]]:
    """The holdings of each object."""
    found: dict[Ref, list[Holding]] = {}
    for holding in holdings:
        found.setdefault(holding.ref, []).append(holding)
    return found


def came_as(contract: Contract, held: Mapping[Ref, list[Holding]]) -> str:
    """The aliases that stood for the contract's version when it starts, with commas between them; empty for none."""
    own = held.get(contract.package, ()) if contract.package is not None else ()
    start = instant_text(contract.starting_at) if own else ""
    return ", ".join(dict.fromkeys(holding.alias for holding in own if holding.covers(start)))
