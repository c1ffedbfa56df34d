"""Metering for a preview: event files become the quantities of contracts on a package, one contract for each customer.

Metrics that add up are counted part by part. Others (MAX, LATEST, UNIQUE) are counted from the start of the statement
to the end of each part, and a part has what the value grew by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

from pricebook.catalog import usage as priced
from pricebook.catalog.catalog import Catalog
from pricebook.preview.bill import PeriodPart
from pricebook.preview.price import EXACT, ZERO
from pricebook.problem import did_you_mean, quote, reject
from pricebook.usage.engine import Engine
from pricebook.usage.measure import Census, UsagePeriod, measure, read_usage
from pricebook.usage.meter import UsageMeter, meters_of

_ADDING = ("COUNT", "SUM")


@dataclass(frozen=True, slots=True)
class CountedUsage:
    """What was counted for each customer, by name; what became of the events; and the products that cannot be counted,
    with the reason."""

    customers: Mapping[str, list[priced.Quantity]]
    census: Census
    uncounted: Mapping[str, str]


def meter_events(
    engine: Engine, files: Sequence[Path], catalog: Catalog, parts: Sequence[PeriodPart], customer: str = ""
) -> CountedUsage:
    """Count the events of every customer in the files (of one, when it is named) in these parts. Raises Rejected."""
    meters, uncounted = meters_of(catalog)
    read_usage(engine, files, meters)
    known = [cast(str, name) for (name,) in engine.rows(CUSTOMERS)]
    if customer and customer not in known:
        hint = did_you_mean(customer, known)
        raise reject("unknown-customer", f"no event is of customer {quote(customer)}", hint=hint)
    names = [customer] if customer else known
    single = [UsagePeriod(name, part.starting_at, part.ending_before) for name in names for part in parts]
    cut = [at for at, part in enumerate(parts) if part.statement < part.starting_at]
    growing = [UsagePeriod(name, parts[at].statement, parts[at].ending_before) for name in names for at in cut]
    census, counted = measure(engine, meters, single, growing)
    values: dict[tuple[int, int, int, priced.ValuePairs], Decimal] = {}
    for one in counted:
        found = zip(meters[one.meter].keys, one.groups, strict=True)
        groups = priced.sorted_values((key, value) for key, value in found if value is not None)
        adds = meters[one.meter].metric.aggregation_type in _ADDING
        if one.period < len(single):
            number, part = divmod(one.period, len(parts))
            whole = adds or part not in cut
        else:
            number, place = divmod(one.period - len(single), len(cut))
            part, whole = cut[place], not adds
        if whole:
            values[number, one.meter, part, groups] = one.quantity
    return CountedUsage(_dated(names, parts, meters, values), census, uncounted)


CUSTOMERS = "SELECT DISTINCT customer_id FROM seen WHERE reason IS NULL ORDER BY customer_id"


def _dated(
    names: Sequence[str],
    parts: Sequence[PeriodPart],
    meters: Sequence[UsageMeter],
    values: Mapping[tuple[int, int, int, priced.ValuePairs], Decimal],
) -> dict[str, list[priced.Quantity]]:
    """The quantities at the start of their parts; of what does not add up, what it grew by since the part before."""
    found: dict[str, list[priced.Quantity]] = {name: [] for name in names}
    reached: dict[tuple[int, int, priced.ValuePairs], tuple[object, Decimal]] = {}
    for (number, meter, place, groups), value in sorted(values.items()):
        part, quantity = parts[place], value
        if meters[meter].metric.aggregation_type not in _ADDING:
            statement, before = reached.get((number, meter, groups), (part.statement, ZERO))
            quantity = EXACT.subtract(value, before) if statement == part.statement else value
            reached[number, meter, groups] = (part.statement, value)
        if quantity:
            found[names[number]] += [
                priced.Quantity(product, groups, part.starting_at, quantity) for product in meters[meter].products
            ]
    return found
