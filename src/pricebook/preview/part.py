"""Parts of statements within which nothing of a contract changes.

The rule they keep: usage that is counted part by part, and dated at the start of its part, is billed as it would be one
event after the other. So an engine counts a few parts, and nobody looks at an event twice.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pricebook.catalog.calendar import cycle
from pricebook.catalog.usage import SeatChange
from pricebook.preview.fee import fees
from pricebook.preview.grant import granted
from pricebook.preview.seats import quantities
from pricebook.preview.tariff import Prices


class PeriodPart(NamedTuple):
    """A part of the statement period that starts at `statement`: [starting_at, ending_before)."""

    statement: datetime
    starting_at: datetime
    ending_before: datetime


def parts(prices: Prices, seats: Iterable[SeatChange], until: datetime) -> Iterator[PeriodPart]:
    """The parts of every statement period of the contract up to an instant, in order: cut where a price of the card
    changes, where an override or a balance begins or ends, and where something else is charged that balances pay."""
    terms, changes = prices.terms, tuple(seats)
    held = quantities(terms, changes)
    grants = tuple(granted(terms, held, until, prices.tariff.scales))
    windows = [*(grant.window for grant in grants), *(override.window for override in terms.overrides)]
    cuts = {instant for window in windows for instant in window}
    cuts |= prices.tariff.instants() | {change.at for change in changes}
    if grants:
        cuts |= {fee.at for fee in fees(prices, held, None, until)} | {charge.at for charge in terms.charges}
    inner = sorted(cuts)
    statement = terms.statement
    for period in cycle(statement.anchor, statement.frequency, terms.starting_at, min(terms.ending_before, until)):
        start, end = period.starting_at, period.ending_before
        at = start
        for cut in (*(cut for cut in inner if start < cut < end), end):
            yield PeriodPart(start, at, cut)
            at = cut
