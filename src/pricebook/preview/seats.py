"""Quantities of subscriptions over time: what a package starts with, and the changes that a customer makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.usage import SeatChange
from pricebook.preview.price import ZERO
from pricebook.preview.terms import ContractTerms, DatedSubscription


class Seats(NamedTuple):
    """A quantity from an instant on, with the seats that have names."""

    at: datetime
    quantity: Decimal
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quantities:
    """The quantities of one subscription, by time; the first holds from the start."""

    steps: tuple[Seats, ...]

    def at(self, instant: datetime) -> Seats:
        """What holds at an instant."""
        found = self.steps[0]
        for step in self.steps:
            if step.at > instant:
                break
            found = step
        return found

    def between(self, start: datetime, end: datetime) -> list[Seats]:
        """The changes after `start` and before `end`."""
        return [step for step in self.steps if start < step.at < end]


def quantities(terms: ContractTerms, changes: Iterable[SeatChange]) -> Mapping[str, Quantities]:
    """The quantities of every subscription, by key. Of two changes at one instant the one given last counts."""
    by_key: dict[str, list[SeatChange]] = {}
    for change in changes:
        by_key.setdefault(change.subscription, []).append(change)
    return {s.key: _of(s, by_key.get(s.key, ())) for s in terms.subscriptions}


def _of(subscription: DatedSubscription, changes: Iterable[SeatChange]) -> Quantities:
    term, start = subscription.term, subscription.window.starting_at
    unassigned = term.seat_config.initial_unassigned_seats if term.seat_config is not None else None
    steps = {start: Seats(start, term.initial_quantity or unassigned or ZERO, ())}
    for change in sorted(changes, key=lambda c: c.at):
        at = max(change.at, start)
        steps[at] = Seats(at, change.quantity, change.seats)
    return Quantities(tuple(steps[at] for at in sorted(steps)))
