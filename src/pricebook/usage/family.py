"""Meters that one pass over the events serves: alike in all but the value that one property must have.

A price list of language models has a metric for each price component, all of which sum the same property of the same
events under the same keys. Asked together they cost one aggregation instead of eighty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pricebook.catalog.metric import BillableMetric, PropertyFilter
from pricebook.usage.meter import UsageMeter


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
