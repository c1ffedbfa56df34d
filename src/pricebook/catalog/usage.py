"""Usage, as it is priced: quantities with a date, a product and the values of its group keys.

A quantity is an increment: all those of a period, added up, are what the period is billed for. For metrics that do not
add up (MAX, LATEST, UNIQUE) it is what the value grew by, as the vendor bills a LATEST metric ("the incremental change
between consecutive reporting windows", docs.metronome.com, "Non-monotonically increasing metrics").
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

ValuePairs = tuple[tuple[str, str], ...]
"""Group values: (key, value), sorted by key."""


class Quantity(NamedTuple):
    """What was used of a product at an instant; `values` may hold more keys than the product groups by."""

    product: str
    values: ValuePairs
    at: datetime
    quantity: Decimal


class SeatChange(NamedTuple):
    """From `at` on a subscription has this quantity; `seats` names them where they are named."""

    subscription: str
    at: datetime
    quantity: Decimal
    seats: tuple[str, ...] = ()


def sorted_values(values: Iterable[tuple[str, str]]) -> ValuePairs:
    """Group values in their one order."""
    return tuple(sorted(values))
