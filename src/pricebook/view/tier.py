"""Two prices by quantity side by side: every tier of both, where the one is cheaper than the other and where dearer."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from pricebook.catalog.money import EXACT, RATIO, ratio
from pricebook.catalog.terms import ZERO, Charge, side_by_side
from pricebook.catalog.unit import Unit, money, number
from pricebook.view.price import change_text, percentage, rounded


class TierRow(NamedTuple):
    """The prices of one stretch of quantities, `first 10,240` or `above 512,000`, before and after."""

    quantity: str
    observed: str
    desired: str


class Stretched(NamedTuple):
    """Quantities from `start` to `end` (None: without end) for which the whole charge is less (-1), the same or more
    (1); `far` is the furthest relative change of it there, at the quantity `at` (None: the more, the nearer)."""

    start: Decimal
    end: Decimal | None
    sign: int
    far: Decimal | None
    at: Decimal | None


def tier_rows(observed: Charge, desired: Charge, unit: Unit, power: int) -> tuple[TierRow, ...]:
    """Every stretch of quantities in which neither of the two prices changes."""
    found, start = [], ZERO
    for was, now, upto in side_by_side(observed.curve, desired.curve):
        if upto is None:
            words = f"above {number(start)}" if start else "all"
        else:
            size = number(EXACT.subtract(upto, start))
            words = f"next {size}" if start else f"first {size}"
        found.append(TierRow(words, one_price(observed, was, unit, power), one_price(desired, now, unit, power)))
        start = upto or ZERO
    return tuple(found)


def one_price(charge: Charge, price: Decimal, unit: Unit, power: int) -> str:
    """One of the prices of a charge: money, or a share."""
    return percentage(price) if charge.is_fraction else money(price, unit, power)


def curve_words(observed: Charge, desired: Charge, unit: Unit, word: str = "") -> tuple[str, ...]:
    """Where the whole charge is cheaper, dearer or the same: `cheaper from 10,240 to 634,880 GB-months: at most -3.5 %,
    $1,177.60 -> $1,136.64 for 51,200 GB-months`. `word` is what quantities count, in the plural."""
    return tuple(_words(one, observed, desired, unit, word) for one in _stretches(observed, desired))


def _words(one: Stretched, observed: Charge, desired: Charge, unit: Unit, word: str) -> str:
    how = {-1: "cheaper", 0: "the same", 1: "dearer"}[one.sign]

    def many(quantity: Decimal) -> str:
        return f"{number(_shown(quantity))} {word}".rstrip()

    if one.end is None:
        where = f"{how} above {many(one.start)}" if one.start else f"{how} for any quantity"
    elif one.start:
        where = f"{how} from {number(_shown(one.start))} to {many(one.end)}"
    else:
        where = f"{how} up to {many(one.end)}"
    if one.far is None or not one.sign:
        return where
    if one.at is None:
        return f"{where}: at most {change_text(one.far)}, for the largest quantities"
    if observed.is_fraction:
        return f"{where}: at most {change_text(one.far)}"
    was, now = (rounded(charge_for(charge, one.at), unit) for charge in (observed, desired))
    return f"{where}: at most {change_text(one.far)}, {was} -> {now} for {many(one.at)}"


def charge_for(charge: Charge, quantity: Decimal) -> Decimal:
    """What a quantity costs, tier by tier."""
    total, start = ZERO, ZERO
    for upto, price in charge.curve:
        end = quantity if upto is None else min(upto, quantity)
        total = EXACT.add(total, EXACT.multiply(price, EXACT.subtract(end, start)))
        if end == quantity:
            break
        start = end
    return total


def _stretches(observed: Charge, desired: Charge) -> Iterator[Stretched]:
    """One after the other; what is charged is a line between two bounds, and may change sides once in it."""
    pieces: list[Stretched] = []
    start = less = cost = ZERO  # at the start of a piece: how much more is charged, and how much was
    for was, now, upto in side_by_side(observed.curve, desired.curve):
        step = EXACT.subtract(now, was)
        if upto is None:
            crossing = _crossing(start, less, step)
            if crossing is not None:
                pieces.append(Stretched(start, crossing, _sign(less), None, None))
            begin = crossing if crossing is not None else start
            pieces.append(Stretched(begin, None, _sign(step) or _sign(less), ratio(was, now) if step else None, None))
            break
        end = EXACT.add(less, EXACT.multiply(step, EXACT.subtract(upto, start)))
        cost = EXACT.add(cost, EXACT.multiply(was, EXACT.subtract(upto, start)))
        far = RATIO.divide(end, abs(cost)) if cost else None
        if less * end < 0:
            crossing = EXACT.add(start, abs(EXACT.divide(less, step)))
            pieces += [
                Stretched(start, crossing, _sign(less), None, None),
                Stretched(crossing, upto, _sign(end), far, upto),
            ]
        else:
            pieces.append(Stretched(start, upto, _sign(end) or _sign(less), far if end else None, upto))
        start, less = upto, end
    yield from _joined(pieces)


def _crossing(start: Decimal, more: Decimal, step: Decimal) -> Decimal | None:
    """Where, without end, the sides change."""
    return EXACT.add(start, abs(EXACT.divide(more, step))) if more * step < 0 else None


def _joined(pieces: Sequence[Stretched]) -> Iterator[Stretched]:
    for sign, group in groupby(pieces, key=lambda piece: piece.sign):
        listed = list(group)
        told = [piece for piece in listed if piece.far is not None]
        far = max(told, key=lambda piece: abs(piece.far or ZERO), default=None)
        last = listed[-1]
        yield Stretched(listed[0].start, last.end, sign, far.far if far else None, far.at if far else None)


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def _shown(quantity: Decimal) -> Decimal:
    """A break-even need not be a round number."""
    return quantity if quantity == quantity.to_integral_value() else quantity.quantize(Decimal("0.01"))
