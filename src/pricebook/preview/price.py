"""A price as a function of the quantity so far: steps, each with the price of what falls into it.

FLAT, SUBSCRIPTION and PERCENTAGE have one step, TIERED and TIERED_PERCENTAGE one for each tier. The rule it keeps: what
lies between two quantities costs the difference, exactly, so a quantity that comes in pieces costs what it costs whole.
Tiers are graduated: each price holds for what falls into its tier, "the rate applied depends on the quantity so far in
the billing period" (docs.metronome.com, "Create plans"; `tiers: [{price, size}]` of the API).
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import NamedTuple, TypeVar

from pricebook.catalog.terms import Band, Curve, price_below

QUANTITY_PLACES = Decimal("1e-20")
"""Quantities that do not end are kept to 20 decimal places, half up (the API's description of `rounding_behavior`: "the
quantity will be rounded to 20 decimal places")."""
EXACT = Context(prec=100)
"""For all arithmetic on bills: enough that sums and products of what can be written lose no digit, and that what is
divided is rounded once, where a rule says so."""

ZERO = Decimal(0)
K = TypeVar("K")


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum. (The operators of `Decimal` round to 28 digits.)"""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def totals(amounts: Iterable[tuple[K, Decimal]]) -> dict[K, Decimal]:
    """The exact sum for each key, in the order in which keys come."""
    found: dict[K, Decimal] = {}
    for key, amount in amounts:
        found[key] = EXACT.add(found.get(key, ZERO), amount)
    return found


class Portion(NamedTuple):
    """What of a quantity falls into one step; `number` counts steps from 1."""

    number: int
    start: Decimal
    end: Decimal
    price: Decimal

    @property
    def quantity(self) -> Decimal:
        """How much it is."""
        return EXACT.subtract(self.end, self.start)

    @property
    def amount(self) -> Decimal:
        """What it costs."""
        return EXACT.multiply(self.quantity, self.price)


def scaled(steps: Curve, factor: Decimal) -> Curve:
    """Every price times a factor."""
    return tuple(Band(step.upto, EXACT.multiply(step.price, factor)) for step in steps)


def multiplied(steps: Curve, factors: Curve) -> Curve:
    """Prices times factors, where both depend on the quantity."""
    bounds = sorted({step.upto for step in (*steps, *factors) if step.upto is not None})
    return tuple(
        Band(upto, EXACT.multiply(price_below(steps, upto), price_below(factors, upto))) for upto in (*bounds, None)
    )


def portions(steps: Curve, start: Decimal, end: Decimal) -> Iterator[Portion]:
    """What lies between two quantities, step by step. Downwards it is the same with the signs turned."""
    if len(steps) == 1:
        yield Portion(1, start, end, steps[0].price)
        return
    low, high = (start, end) if start <= end else (end, start)
    found, at = [], low
    for number, (upto, price) in enumerate(steps, 1):
        if upto is not None and upto <= at:
            continue
        top = high if upto is None else min(upto, high)
        found.append(Portion(number, at, top, price))
        at = top
        if at >= high:
            break
    yield from found if start <= end else (p._replace(start=p.end, end=p.start) for p in reversed(found))


def cost(steps: Curve, start: Decimal, end: Decimal) -> Decimal:
    """What the quantity between two quantities costs."""
    if len(steps) == 1:
        return EXACT.multiply(EXACT.subtract(end, start), steps[0].price)
    return summed(portion.amount for portion in portions(steps, start, end))


def reach(steps: Curve, start: Decimal, end: Decimal, money: Decimal) -> Decimal:
    """How far from `start` towards `end` the money goes, to 20 decimal places."""
    left = money
    for portion in portions(steps, start, end):
        amount = portion.amount
        if amount > left:
            more = EXACT.divide(left, portion.price).quantize(QUANTITY_PLACES, context=EXACT)
            return min(EXACT.add(portion.start, more), end)
        left = EXACT.subtract(left, amount)
    return end
