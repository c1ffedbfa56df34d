"""Proration: what part of a period costs or grants, and how it is rounded.

The share is that of time: whole days of whole days where contracts start at midnight ("The amount is prorated for the
number of days left in the billing cycle", docs.metronome.com, "Set up seat-based billing"). A prorated amount is
rounded as its term says (of a subscription the unit price is), else half up to the cent [assumed]; amounts of custom
units and units used to two decimal places.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.term import Rounding
from pricebook.preview.price import EXACT

_METHODS = {"HALF_UP": ROUND_HALF_UP, "FLOOR": ROUND_FLOOR, "CEILING": ROUND_CEILING}
_HOUR = timedelta(hours=1)


class PeriodShare(NamedTuple):
    """Part of a period, in hours."""

    hours: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.hours == self.of

    def __str__(self) -> str:
        """`17/31 days`, or hours where days do not come out."""
        if self.hours % 24 or self.of % 24:
            return f"{self.hours}/{self.of} hours"
        return f"{self.hours // 24}/{self.of // 24} days"


def share(start: datetime, end: datetime, whole_start: datetime, whole_end: datetime) -> PeriodShare:
    """The part of the whole that lies between start and end."""
    return PeriodShare((end - start) // _HOUR, (whole_end - whole_start) // _HOUR)


def places_of(scale: Scale | None) -> int:
    """Decimal places, in the API's unit, of what can be paid: cents of a currency, hundredths of anything else
    [assumed]. Below zero never: USD is counted in cents, so none."""
    return 2 - scale.scale if scale is not None and scale.currency is not None else 2


def prorated(amount: Decimal, part: PeriodShare, rounding: Rounding | None, places: int) -> Decimal:
    """The share of an amount, rounded once; a whole one is left as it is.

    `decimal_places`: "Applied directly to the stored monetary representation. Negative values round to powers of 10
    (e.g., -2 rounds to nearest 100 in the stored unit)" (SDK).
    """
    if part.whole:
        return amount
    exact = EXACT.divide(EXACT.multiply(amount, Decimal(part.hours)), Decimal(part.of))
    if rounding is not None:
        return quantized(exact, rounding.decimal_places, _METHODS[rounding.rounding_method])
    return quantized(exact, places, ROUND_HALF_UP)


def quantized(value: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """The value to so many decimal places, negative for powers of ten."""
    return value.quantize(Decimal(1).scaleb(-places), rounding, EXACT)
