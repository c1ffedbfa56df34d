"""Usage of one customer, put in order: quantities by what they are priced by, converted, rounded and cut in time.

The rule it keeps: only sums count. However many events a quantity comes in, the bill is the same; and where a period is
cut (a price changes, a balance opens), what the parts count adds up to what the whole counts, because conversion and
rounding are applied to the quantity so far and a part is the difference.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from pricebook.catalog.product import Product
from pricebook.catalog.usage import Quantity, ValuePairs
from pricebook.preview.match import Subject
from pricebook.preview.price import EXACT, QUANTITY_PLACES, ZERO
from pricebook.preview.proration import quantized

_METHODS = {"ROUND_UP": ROUND_CEILING, "ROUND_DOWN": ROUND_FLOOR, "ROUND_HALF_UP": ROUND_HALF_UP}


class MeteredUsage(NamedTuple):
    """The usage that makes up one line of an invoice: when, and how much had been used by then, in all."""

    subject: Subject
    times: Sequence[datetime]
    sums: Sequence[Decimal]
    """`sums[i]` is the sum of the first i quantities."""

    def before(self, instant: datetime) -> int:
        """How many quantities lie before an instant."""
        return bisect_left(self.times, instant)


def metered(usage: Iterable[Quantity], products: Mapping[str, Product]) -> tuple[list[MeteredUsage], dict[str, int]]:
    """The usage by product and group values, ordered by them; and of how many quantities the product is none that usage
    is counted for, by product.

    Values of keys that the product does not group by are dropped, and their quantities added up.
    """
    groups: dict[tuple[str, ValuePairs], list[tuple[datetime, Decimal]]] = {}
    for product, values, at, quantity in usage:
        groups.setdefault((product, values), []).append((at, quantity))
    found: dict[tuple[str, ValuePairs, ValuePairs], list[tuple[datetime, Decimal]]] = {}
    strange: dict[str, int] = {}
    for (name, values), quantities in groups.items():
        product_ = products.get(name)
        if product_ is None or product_.type != "USAGE":
            strange[name] = strange.get(name, 0) + len(quantities)
            continue
        found.setdefault((name, *product_.grouped(values)), []).extend(quantities)
    return [_one(key, found[key], products[key[0]]) for key in sorted(found)], strange


def _one(
    key: tuple[str, ValuePairs, ValuePairs], quantities: list[tuple[datetime, Decimal]], product: Product
) -> MeteredUsage:
    quantities.sort(key=lambda pair: pair[0])
    sums, total = [ZERO], ZERO
    for _, quantity in quantities:
        total = EXACT.add(total, quantity)
        sums.append(total)
    name, pricing, presentation = key
    return MeteredUsage(Subject(name, product, None, pricing, presentation), [at for at, _ in quantities], sums)


def priced(quantity: Decimal, product: Product) -> Decimal:
    """A metered quantity as it is priced: converted, then rounded [assumed: in that order].

    "If provided, the quantity will be converted using the provided conversion factor and operation"; "rounded using the
    provided rounding method and decimal places" (API). ROUND_UP goes up, ROUND_DOWN down, for negative quantities too.
    """
    conversion, rounding = product.quantity_conversion, product.quantity_rounding
    if conversion is not None:
        if conversion.operation == "MULTIPLY":
            quantity = EXACT.multiply(quantity, conversion.conversion_factor)
        else:
            divided = EXACT.divide(quantity, conversion.conversion_factor)
            quantity = _short(divided)
    if rounding is not None:
        quantity = quantized(quantity, rounding.decimal_places, _METHODS[rounding.rounding_method])
    return quantity


def _short(value: Decimal) -> Decimal:
    """At most 20 decimal places; the value itself where it has no more."""
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent >= -20 else value.quantize(QUANTITY_PLACES, None, EXACT)
