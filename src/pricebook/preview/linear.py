"""The plain case, added up: a contract that has nothing but usage at one price each is billed without an invoice.

The rule it keeps: what comes out is what `preview.bill` says of the same contract, to the last digit (a law of the
tests); whatever is not as plain is left to it.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.product import Product
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.usage import Quantity, ValuePairs
from pricebook.preview.match import Subject
from pricebook.preview.metered import priced
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.proration import places_of, quantized
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import ContractTerms, Window

PlainLine = tuple[str, ValuePairs]
"""A product and its pricing group values."""


class PlainBill(NamedTuple):
    """What invoices come to, what their lines say, and by what they were rounded, each in the fiat unit; whether there
    is usage that has no price, or one that is not modelled."""

    total: Decimal
    lines: dict[PlainLine, Decimal]
    rounding: Decimal
    unpriced: bool


class _Rate(NamedTuple):
    product: Product
    key: PlainLine
    presentation: ValuePairs
    price: Decimal | None
    """None: it is not billed."""


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
    """The prices of contracts that are plain, on one card. Usage is dated at the start of its month or contract."""

    def __init__(self, prices: Prices) -> None:
        """`prices` are those of any of them."""
        tariff = self._tariff = prices.tariff
        self._prices, self._places = prices, places_of(tariff.scales.get(tariff.fiat))
        self._rates: dict[tuple[str, ValuePairs, datetime], _Rate | None] = {}
        self._composite = any(
            one.product.composite_scope == "CUSTOMER" or segment.terms.entitled
            for one in prices.composites
            for segment in tariff.timeline(RateKey(one.name, None, ()))
        )

    def bill(self, usage: Iterable[Quantity]) -> PlainBill | None:
        """What usage comes to; None: it is not as plain as that."""
        used: dict[tuple[PlainLine, ValuePairs, datetime], tuple[_Rate, Decimal]] = {}
        unpriced = False
        for name, values, at, quantity in usage:
            asked = (name, values, at)
            rate = self._rates[asked] if asked in self._rates else self._found(*asked)
            if rate is None:
                return None
            if rate.price is None:
                unpriced = True
                continue
            place = (rate.key, rate.presentation, at)
            so_far = used[place][1] if place in used else ZERO
            used[place] = rate, EXACT.add(so_far, quantity)
        lines: dict[PlainLine, Decimal] = {}
        owed: dict[tuple[int, int], Decimal] = {}
        for (key, _, at), (rate, quantity) in used.items():
            amount = EXACT.multiply(priced(quantity, rate.product), rate.price or ZERO)
            lines[key] = EXACT.add(lines.get(key, ZERO), amount)
            month = (at.year, at.month)
            owed[month] = EXACT.add(owed.get(month, ZERO), amount)
        total = rounding = ZERO
        for amount in owed.values():
            rounded = quantized(amount, self._places)
            total = EXACT.add(total, rounded)
            rounding = EXACT.add(rounding, EXACT.subtract(rounded, amount))
        return PlainBill(total, lines, rounding, unpriced)

    def _found(self, name: str, values: ValuePairs, at: datetime) -> _Rate | None:
        """The price of a quantity; None where there is more to it than one price."""
        product, found = self._tariff.products.get(name), None
        if product is not None and product.type == "USAGE" and not self._composite:
            priced_by, shown_by = product.pricing_group_key, product.presentation_group_key
            pricing = tuple(pair for pair in values if pair[0] in priced_by)
            shown = tuple(pair for pair in values if pair[0] in shown_by and pair[0] not in priced_by)
            price = self._prices.price(Subject(name, product, None, pricing, shown), at)
            if price is None or price.steps is None:
                found = _Rate(product, (name, pricing), shown, None)
            elif len(price.steps) == 1 and price.rate.unit == self._tariff.fiat:
                found = _Rate(product, (name, pricing), shown, price.steps[0].price)
        self._rates[name, values, at] = found
        return found
