"""What has to be counted: a billable metric under the group keys that a product is priced and presented by.

Products that count alike share a meter, so that events are counted once for all of them. Meters that are alike in all
but the value that one property must have are a family, which one pass over the events serves: a price list of language
models has a metric for each price component, all of which sum the same property of the same events under the same keys.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.metric import BillableMetric, PropertyFilter

ADDING = ("COUNT", "SUM")
"""Aggregations of which what the parts of a time count adds up."""


@dataclass(frozen=True, slots=True)
class UsageMeter:
    """A metric, the event properties by which its quantity is split, and the USAGE products that it serves."""

    name: str
    metric: BillableMetric
    keys: tuple[str, ...]
    products: tuple[str, ...]


def meters_of(catalog: Catalog) -> tuple[tuple[UsageMeter, ...], dict[str, str]]:
    """Every meter that the catalogue's USAGE products need; and the products that cannot be counted, with the reason.

    A product's keys are its pricing group key and then its presentation group key, each property once.
    """
    served: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    uncounted: dict[str, str] = {}
    metrics = catalog.metrics
    for name, product in sorted(catalog.products.items()):
        if product.type != "USAGE" or product.billable_metric is None:
            continue
        metric = metrics.get(product.billable_metric)
        if metric is None:
            uncounted[name] = f'its metric "{product.billable_metric}" is not declared'
        elif metric.sql is not None:
            uncounted[name] = f'its metric "{product.billable_metric}" is a SQL query, which only the vendor can run'
        else:
            keys = tuple(dict.fromkeys((*product.pricing_group_key, *product.presentation_group_key)))
            served.setdefault((product.billable_metric, keys), []).append(name)
    found = tuple(UsageMeter(name, metrics[name], keys, tuple(products)) for (name, keys), products in served.items())
    return found, uncounted


def stated_of(catalog: Catalog) -> tuple[UsageMeter, ...]:
    """A meter for each USAGE product, by its name, for quantities that were counted already: it counts nothing."""
    found = []
    for name, product in sorted(catalog.products.items()):
        if product.type == "USAGE":
            keys = tuple(dict.fromkeys((*product.pricing_group_key, *product.presentation_group_key)))
            found.append(UsageMeter(name, _NOTHING, keys, (name,)))
    return tuple(found)


_NOTHING = BillableMetric.model_construct(name="", aggregation_type="SUM", aggregation_key=None, property_filters=())


def properties_of(meters: Iterable[UsageMeter]) -> tuple[str, ...]:
    """Every event property that a meter looks at, sorted."""
    found: set[str] = set()
    for meter in meters:
        found.update(meter.keys)
        found.update(each.name for each in meter.metric.property_filters)
        if meter.metric.aggregation_key is not None:
            found.add(meter.metric.aggregation_key)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Family:
    """Meters by their place in the list that was given. `property` tells them apart: meter `members[value]` takes the
    events in which it has that value. None: there is one meter, and it is `members[""]`."""

    meter: UsageMeter
    property: str | None
    members: dict[str, int]


def families(meters: Sequence[UsageMeter]) -> list[Family]:
    """The meters in families, each in exactly one; the largest families that can be made come first."""
    alike: dict[object, dict[str, int]] = {}
    told: dict[object, tuple[UsageMeter, str]] = {}
    for index, meter in enumerate(meters):
        for each in meter.metric.property_filters:
            if len(each.in_values) == 1:
                sort = (each.name, _rest(meter, each))
                alike.setdefault(sort, {}).setdefault(each.in_values[0], index)
                told.setdefault(sort, (meter, each.name))
    found: list[Family] = []
    left = set(range(len(meters)))
    for kind in sorted(alike, key=lambda kind: -len(alike[kind])):
        members = {value: index for value, index in alike[kind].items() if index in left}
        if len(members) > 1:
            left -= set(members.values())
            found.append(Family(*told[kind], members))
    return found + [Family(meters[index], None, {"": index}) for index in sorted(left)]


def _rest(meter: UsageMeter, told_by: PropertyFilter) -> object:
    """Everything about a meter but the value that tells it apart."""
    metric: BillableMetric = meter.metric
    types = metric.event_type_filter
    others = tuple(_shape(each) for each in metric.property_filters if each is not told_by)
    return (
        meter.keys,
        metric.aggregation_type,
        metric.aggregation_key,
        (types.in_values, types.not_in_values) if types is not None else None,
        (told_by.exists, told_by.not_in_values),
        tuple(sorted(others, key=repr)),
    )


def _shape(each: PropertyFilter) -> tuple[object, ...]:
    return (each.name, each.exists, each.in_values, each.not_in_values)
