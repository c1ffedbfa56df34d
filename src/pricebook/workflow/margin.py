"""Margins: what is left of our prices above a list of costs, and of the usage of customers.

Usage is counted as for bills, by customer and month, and charged at our list prices: no discount, no credit and no fee
is in it, and neither is usage that one of the two lists has no price for, which is told beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from pricebook.catalog.calendar import first_of_month, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.money import RATIO
from pricebook.catalog.reference import Kind
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.usage import sorted_values
from pricebook.preview.metered import priced
from pricebook.preview.price import EXACT, ZERO, cost
from pricebook.problem import reject
from pricebook.usage.engine import Engine
from pricebook.usage.measure import Census, UsagePeriod, customers, measure, read_usage
from pricebook.usage.meter import meters_of, stated_of
from pricebook.workflow.compare import ListComparison, bands, is_below_cost


@dataclass
class UsageMargin:
    """What the usage of a product comes to, in the API unit: at our prices and at their cost, where both lists have
    one; at our prices where they have none, and at their cost where we have none, which nobody pays for."""

    charged: Decimal = ZERO
    cost: Decimal = ZERO
    uncosted: Decimal = ZERO
    unpriced: Decimal = ZERO

    @property
    def share(self) -> Decimal | None:
        """What is left of what is charged; None where nothing is."""
        return margin(self.charged, self.cost)


@dataclass
class ProductMargin:
    """The prices of a product that both lists have, how many are below cost, and the least and greatest share of them
    that is left; None where none can be told."""

    prices: int = 0
    below: int = 0
    least: Decimal | None = None
    greatest: Decimal | None = None
    usage: UsageMargin | None = None


@dataclass
class Margins:
    """By product; over usage also all together, with what became of the events and what cannot be counted, and why."""

    products: dict[str, ProductMargin] = field(default_factory=dict)
    usage: UsageMargin | None = None
    census: Census | None = None
    uncounted: dict[str, str] = field(default_factory=dict)


def margin(ours: Decimal, cost_: Decimal) -> Decimal | None:
    """What is left of our price, as a share of it."""
    return RATIO.divide(EXACT.subtract(ours, cost_), ours) if ours else None


def margins(found: ListComparison) -> Margins:
    """What is left above the cost, by product."""
    made, least = Margins(), found.spec.least_margin or Decimal(0)
    for key in found.ours.keys() & found.theirs.keys():
        pairs = list(bands(found.ours[key], found.theirs[key]))
        if not pairs:
            continue
        product = made.products.setdefault(key.product, ProductMargin())
        product.prices += 1
        product.below += any(is_below_cost(*pair, least) for pair in pairs)
        for share in (share for pair in pairs if (share := margin(*pair)) is not None):
            product.least = share if product.least is None else min(product.least, share)
            product.greatest = share if product.greatest is None else max(product.greatest, share)
    return made


def over_usage(
    found: ListComparison,
    made: Margins,
    catalog: Catalog,
    files: Sequence[str],
    engine: Engine,
    tell: Callable[[str], None],
) -> Margins:
    """The same, with what the usage of these files comes to. Raises Rejected for files that are no usage."""
    wanted = {key.product for key in (*found.ours, *found.theirs)}
    nouns = {ref: noun for ref, noun in catalog.nouns.items() if ref.kind is not Kind.PRODUCT or ref.name in wanted}
    known = Catalog(nouns)
    meters, made.uncounted = meters_of(known)
    stated = stated_of(known)
    tell("reading usage")
    span = read_usage(engine, files, meters, stated)
    if span is None:
        raise reject("usage-file", "there is no usable event in the usage")
    tell("counting the usage of all customers")
    periods = list(_months(customers(engine), *span))
    made.census, counted = measure(engine, meters, periods, (), stated)
    every = (*meters, *stated)
    made.usage = UsageMargin()
    for one in counted:
        meter = every[one.meter]
        for name in meter.products:
            made.uncounted.pop(name, None)
            product = catalog.products[name]
            values = zip(meter.keys, one.groups, strict=True)
            pricing = sorted_values((k, v) for k, v in values if v is not None and k in product.pricing_group_key)
            key = RateKey(name, None, pricing)
            quantity = priced(one.quantity, product)
            charged, costs = (_charge(terms, quantity) for terms in (found.ours.get(key), found.theirs.get(key)))
            used = made.products.setdefault(name, ProductMargin())
            used.usage = used.usage or UsageMargin()
            for total in (used.usage, made.usage):
                _count(total, charged, costs)
    return made


def _months(names: Iterable[str], first: datetime, last: datetime) -> Iterator[UsagePeriod]:
    """The months of each customer: tiers begin anew with each."""
    start = first_of_month(first.replace(minute=0, second=0, microsecond=0))
    bounds = [start]
    while bounds[-1] <= last:
        bounds.append(later(start, len(bounds), "MONTHS"))
    return (UsagePeriod(name, *bound) for name in names for bound in pairwise(bounds))


def _charge(terms: Terms | None, quantity: Decimal) -> Decimal | None:
    """What a quantity comes to; None where there is no price, or one that is no money."""
    if terms is None or terms.is_fraction or not terms.charge.curve:
        return None
    return cost(terms.charge.curve, ZERO, quantity)


def _count(total: UsageMargin, charged: Decimal | None, costs: Decimal | None) -> None:
    if charged is not None and costs is not None:
        total.charged, total.cost = EXACT.add(total.charged, charged), EXACT.add(total.cost, costs)
    elif charged is not None:
        total.uncosted = EXACT.add(total.uncosted, charged)
    elif costs is not None:
        total.unpriced = EXACT.add(total.unpriced, costs)
