"""Composite charges: a share of what other products cost, at least a minimum.

"The greater of (a) the percentage-based composite amount and (b) the configured minimum" (docs.metronome.com,
"Composite charges"). The rule it keeps: the share is of usage charges before balances, and only of what was used while
the composite product had a price; the minimum is charged once a period whatever number of rates the period has, and is
not prorated [assumed].
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from pricebook.catalog.calendar import Period
from pricebook.catalog.product import Product
from pricebook.preview.invoice import InvoiceLine, Why
from pricebook.preview.match import Subject
from pricebook.preview.price import EXACT, ZERO, portions, summed
from pricebook.preview.tariff import Prices, TariffPrice
from pricebook.preview.terms import Window


def is_part(subject: Subject, composite: Product) -> bool:
    """One of composite_products, or with one of composite_tags [assumed: one is enough]."""
    tagged = any(tag in subject.product.tags for tag in composite.composite_tags)
    return tagged or subject.name in composite.composite_products


def shares(prices: Prices, subject: Subject, lines: Sequence[InvoiceLine], period: Period) -> Iterator[InvoiceLine]:
    """What a composite product charges for a period, after the lines that it is a share of; each in its own unit."""
    product, tariff = subject.product, prices.tariff
    kinds = ("usage", "composite") if product.include_composite_spend else ("usage",)
    spent = [line for line in lines if line.kind in kinds and _counts(line, prices, product)]
    charged: list[InvoiceLine] = []
    times = list(_priced(prices, subject, period))
    for unit in dict.fromkeys(line.unit for line in spent):
        so_far = ZERO
        for window, price in times:
            within = [line.amount for line in spent if line.unit == unit and window.covers(line.starting_at)]
            upto = EXACT.add(so_far, summed(within))
            if within:
                charged += _share(subject, window, unit, price, so_far, upto)
            so_far = upto
    yield from charged
    if not times or (least := times[-1][1].rate.minimum) is None:
        return
    window, price = times[-1]
    amounts = (EXACT.multiply(line.amount, tariff.worth.get(line.unit, ZERO)) for line in charged)
    minimum = EXACT.multiply(least, tariff.worth.get(price.rate.unit, ZERO))
    more = EXACT.subtract(minimum, summed(amounts))
    if more > ZERO:
        why = Why(segment=price.segment, rate_type=price.rate.rate_type, minimum=minimum)
        yield _line(subject, window, tariff.fiat, more, None, why)


def _priced(prices: Prices, subject: Subject, period: Period) -> Iterator[tuple[Window, TariffPrice]]:
    """The parts of a period in which there is a price."""
    start, end = period.starting_at, period.ending_before
    at = start
    for cut in (*sorted({c for c in prices.cuts(subject) if start < c < end}), end):
        price = prices.price(subject, at)
        if price is not None and price.steps is not None:
            yield Window(at, cut), price
        at = cut


def _share(
    subject: Subject, window: Window, unit: str, price: TariffPrice, start: Decimal, end: Decimal
) -> Iterator[InvoiceLine]:
    assert price.steps is not None
    for part in portions(price.steps, start, end):
        why = replace(price.why().in_tier(price.steps, part.number), base=part.quantity)
        yield _line(subject, window, unit, part.amount, part.price, why)


def _line(
    subject: Subject, window: Window, unit: str, amount: Decimal, unit_price: Decimal | None, why: Why
) -> InvoiceLine:
    return InvoiceLine(
        kind="composite",
        product=subject.name,
        label=subject.product.name,
        starting_at=window.starting_at,
        ending_before=window.ending_before,
        unit=unit,
        amount=amount,
        unit_price=unit_price,
        why=why,
    )


def _counts(line: InvoiceLine, prices: Prices, composite: Product) -> bool:
    product = prices.tariff.products.get(line.product)
    return product is not None and is_part(Subject(line.product, product), composite)
