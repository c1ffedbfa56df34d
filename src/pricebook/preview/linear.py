"""The plain case, added up: a contract that has nothing but usage at one price each is billed without an invoice.

The rule it keeps: what comes out is what `preview.bill` says of the same contract, to the last digit (a law of the
tests); whatever is not as plain is left to it. Both sides are billed in one go, and what a quantity is and costs is
looked up once for all contracts.
"""

from collections.abc import Hashable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.product import Product
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.usage import ValuePairs
from pricebook.preview.customer import UsageLines
from pricebook.preview.match import Subject
from pricebook.preview.metered import priced
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.proration import places_of, quantized
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import ContractTerms, Window

PlainLine = tuple[str, ValuePairs]
"""A product and its pricing group values."""
KNOWN = 200_000
"""What quantities are of, with its prices, as often as it is remembered."""
Amounts = list[Decimal | None]
"""Of both sides; None where there is no such line."""


class PlainBills(NamedTuple):
    """What the invoices of both sides come to, what their lines say, and by what they were rounded, each in the fiat
    unit; whether there is usage that has no price after, or one that is not modelled."""

    totals: tuple[Decimal, Decimal]
    lines: dict[PlainLine, Amounts]
    rounding: tuple[Decimal, Decimal]
    unpriced: bool


class PlainRate(NamedTuple):
    """What a quantity is of. `price` None: it is not billed."""

    product: Product
    line: PlainLine
    presentation: ValuePairs
    price: Decimal | None


class _Priced(NamedTuple):
    """The same on both sides; `converted` is its product where that counts otherwise than its metric."""

    line: PlainLine
    month: tuple[int, int]
    converted: Product | None
    before: Decimal | None
    after: Decimal | None


def is_plain(terms: ContractTerms, window: Window) -> bool:
    """Whether there is nothing but usage in a contract, invoiced month by month through the whole window."""
    own = (terms.subscriptions, terms.overrides, terms.charges, terms.grants, terms.recurrences, terms.notes)
    statement = terms.statement
    return (
        not any(own)
        and statement.frequency == "MONTHLY"
        and statement.anchor.day == 1
        and not statement.anchor.hour
        and statement.first <= max(window.starting_at, terms.starting_at)
        and terms.ending_before >= window.ending_before
    )


class PlainTariff:
    """The prices of contracts that are plain, on one card."""

    def __init__(self, prices: Prices) -> None:
        """`prices` are those of any of them."""
        tariff = self._tariff = prices.tariff
        self._prices, self.places = prices, places_of(tariff.scales.get(tariff.fiat))
        self._composite = any(
            one.product.composite_scope == "CUSTOMER" or segment.terms.entitled
            for one in prices.composites
            for segment in tariff.timeline(RateKey(one.name, None, ()))
        )

    def rate(self, name: str, values: ValuePairs, at: datetime) -> PlainRate | None:
        """The price of a quantity; None where there is more to it than one price."""
        product = self._tariff.products.get(name)
        if product is None or product.type != "USAGE" or self._composite:
            return None
        pricing, shown = product.grouped(values)
        price = self._prices.price(Subject(name, product, None, pricing, shown), at)
        if price is None or price.steps is None:
            return PlainRate(product, (name, pricing), shown, None)
        if len(price.steps) == 1 and price.rate.unit == self._tariff.fiat:
            return PlainRate(product, (name, pricing), shown, price.steps[0].price)
        return None


class PlainPair:
    """The prices of both sides of contracts that are plain on both. Usage is dated at the start of its month."""

    def __init__(self, before: PlainTariff, after: PlainTariff) -> None:
        self._sides = before, after
        self._found: dict[Hashable, tuple[_Priced, ...] | None] = {}
        self._places: dict[Hashable, Hashable] = {}

    def bill(self, used: UsageLines) -> PlainBills | None:
        """What usage comes to; None: it is not as plain as that."""
        found, multiply, add = self._found, EXACT.multiply, EXACT.add
        if len(found) > KNOWN:
            found.clear()
            self._places.clear()
        lines: dict[PlainLine, Amounts] = {}
        owed: dict[tuple[int, int], list[Decimal]] = {}
        unpriced = False
        for what, number in used.lines:
            if what not in found:
                found[what] = self._look(what, used)
            rates = found[what]
            if rates is None:
                return None
            for line, month, converted, before, after in rates:
                unpriced |= after is None
                if before is None and after is None:
                    continue
                quantity = number if converted is None else priced(number, converted)
                amounts: Amounts = [
                    multiply(quantity, before) if before is not None else None,
                    multiply(quantity, after) if after is not None else None,
                ]
                sums = owed.setdefault(month, [ZERO, ZERO])
                sums[0], sums[1] = add(sums[0], amounts[0] or ZERO), add(sums[1], amounts[1] or ZERO)
                if line in lines:
                    amounts = [_sum(a, b) for a, b in zip(lines[line], amounts, strict=True)]
                lines[line] = amounts
        totals, rounding = [ZERO, ZERO], [ZERO, ZERO]
        for sums in owed.values():
            for side, tariff in enumerate(self._sides):
                rounded = quantized(sums[side], tariff.places)
                totals[side] = add(totals[side], rounded)
                if rounded != sums[side]:
                    rounding[side] = add(rounding[side], EXACT.subtract(rounded, sums[side]))
        return PlainBills((totals[0], totals[1]), lines, (rounding[0], rounding[1]), unpriced)

    def _look(self, what: Hashable, used: UsageLines) -> tuple[_Priced, ...] | None:
        """The prices of what a quantity is of; None where there is more to it. What comes in two quantities, under
        values that the product does not tell apart, is rounded as one: that is more, too."""
        made = []
        for name, values, at in used.named(what):
            before, after = (side.rate(name, values, at) for side in self._sides)
            if before is None or after is None:
                return None
            place = (before.line, before.presentation, after.line, after.presentation, at)
            if self._places.setdefault(place, what) != what or before.line != after.line:
                return None
            product = before.product
            if product != after.product and (product.quantity_conversion, product.quantity_rounding) != (
                after.product.quantity_conversion,
                after.product.quantity_rounding,
            ):
                return None
            counts = product.quantity_conversion is not None or product.quantity_rounding is not None
            converted = product if counts else None
            made.append(_Priced(before.line, (at.year, at.month), converted, before.price, after.price))
        return tuple(made)


def _sum(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    if a is None or b is None:
        return a if b is None else b
    return EXACT.add(a, b)
