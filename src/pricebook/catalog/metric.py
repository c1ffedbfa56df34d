"""Billable metrics: how usage events become a quantity."""

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.condition import Condition, Every, Given, Is, Not, bars, needs
from pricebook.catalog.field import Distinct, NonEmpty
from pricebook.catalog.model import CustomFields, Model, Noun, Text, Upper
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote

Values = Annotated[NonEmpty[Text], Distinct]


class EventTypeFilter(Model):
    """Which events count, by their `event_type`."""

    in_values: Values = ()
    """Event types that are included; only these match."""
    not_in_values: Values = ()
    """Event types that are excluded."""


class PropertyFilter(Model):
    """Which events count, by one of their properties. All filters of a metric must pass."""

    name: Text
    """The name of the event property."""
    exists: bool | None = None
    """True: only events with the property pass. False: only events without it. Not given: either passes."""
    in_values: Values = ()
    """The values with which an event passes."""
    not_in_values: Values = ()
    """The values with which an event does not pass."""


_STREAM = Not(Given("sql"))


Unfiltered = tuple[Path, str, str]
"""Where a group key names a property that no filter names, what is wrong, and the way out."""


class BillableMetric(Noun):
    """How usage events become a quantity: a stream of filtered, aggregated events, or a SQL query.

    A metric cannot change but for its name: another aggregation, filter or group key is another metric.
    """

    kind = Kind.BILLABLE_METRIC
    mutable: ClassVar[frozenset[str]] = frozenset({"name", "custom_fields"})

    name: Annotated[Text, Role.COSMETIC]
    """The display name of the billable metric."""
    aggregation_type: Annotated[Literal["COUNT", "LATEST", "MAX", "SUM", "UNIQUE"], Upper] | None = None
    """How matching events are aggregated: COUNT, LATEST, MAX, SUM or UNIQUE. Required unless `sql` is given."""
    aggregation_key: Text | None = None
    """The event property that is aggregated; one of the property filters. COUNT has none."""
    event_type_filter: EventTypeFilter | None = None
    """Which event types match."""
    property_filters: tuple[PropertyFilter, ...] = ()
    """Which event properties match. All filters must pass."""
    group_keys: tuple[Values, ...] = ()
    """Sets of properties by which usage is grouped; products price and present usage by them. Each has a filter."""
    sql: Text | None = None
    """The SQL query of the metric, instead of an aggregation with filters and group keys."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""

    @property
    def unfiltered(self) -> Iterator[Unfiltered]:
        """What an account refuses of its group keys."""
        return unfiltered_keys(self.group_keys, {found.name for found in self.property_filters})

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars(
            "aggregation_type aggregation_key event_type_filter property_filters group_keys",
            Given("sql"),
            "{name} stands beside sql; a metric is one or the other",
            "remove {name}, or sql",
        ),
        needs("aggregation_type", _STREAM, hint="COUNT, LATEST, MAX, SUM or UNIQUE; or give sql"),
        bars("aggregation_key", Every((_STREAM, Is("aggregation_type", "COUNT"))), "COUNT has no {name}"),
        needs(
            "aggregation_key",
            Every((_STREAM, Given("aggregation_type"), Not(Is("aggregation_type", "COUNT")))),
            "{name} is required for {of.aggregation_type}",
            "name the event property to aggregate; it must be one of property_filters",
        ),
    )

    def rules(self) -> Iterator[Violation]:
        """The aggregation key fits; nothing stands twice."""
        if self.sql is not None:
            return
        key, filtered = self.aggregation_key, [found.name for found in self.property_filters]
        if key is not None and self.aggregation_type not in (None, "COUNT") and key not in filtered:
            known = ", ".join(filtered) or "there are none"
            message = f'aggregation_key "{key}" is not one of the property filters ({known})'
            hint = f"add {{name: {key}, exists: true}} to property_filters"
            yield Violation("aggregation-key", message, ("aggregation_key",), hint)
        names = [found.name for found in self.property_filters]
        for index, name in enumerate(names):
            if name in names[:index]:
                message = f'the property "{name}" is filtered twice'
                yield Violation("duplicate", message, ("property_filters", index, "name"), "put both into one filter")
        sets = [frozenset(group) for group in self.group_keys]
        for index, group in enumerate(sets):
            if group in sets[:index]:
                message = f"the group key {', '.join(sorted(group))} stands twice"
                yield Violation(
                    "duplicate", message, ("group_keys", index), "remove one; the order of names says nothing"
                )


def unfiltered_keys(group_keys: Iterable[Iterable[str]], filtered: Collection[str]) -> Iterator[Unfiltered]:
    """Properties of group keys that no filter names, which an account refuses: "Group key '<key>' does not match one of
    the property filter names" (the vendor's skill metronome-group-keys)."""
    for index, group in enumerate(group_keys):
        for position, name in enumerate(group):
            if name not in filtered:
                message = f"the group key {quote(name)} is not one of the property filters"
                hint = f"add {{name: {name}, exists: true}} to property_filters; a metric cannot be edited later"
                yield ("group_keys", index, position), message, hint
