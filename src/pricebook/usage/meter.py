"""What has to be counted: a billable metric under the group keys that a product is priced and presented by.

Products that count alike share a meter, so that events are counted once for all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.metric import BillableMetric


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


def properties_of(meters: Iterable[UsageMeter]) -> tuple[str, ...]:
    """Every event property that a meter looks at, sorted."""
    found: set[str] = set()
    for meter in meters:
        found.update(meter.keys)
        found.update(each.name for each in meter.metric.property_filters)
        if meter.metric.aggregation_key is not None:
            found.add(meter.metric.aggregation_key)
    return tuple(sorted(found))
