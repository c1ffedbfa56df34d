"""Billable metrics: SQL or an aggregation, an aggregation key that is filtered, nothing twice."""

import pytest

from pricebook.catalog.metric import BillableMetric

COUNT = {"name": "Calls", "aggregation_type": "COUNT"}
SUM = {
    "name": "Tokens",
    "aggregation_type": "SUM",
    "aggregation_key": "tokens",
    "property_filters": [{"name": "tokens", "exists": True}],
}


@pytest.mark.parametrize(
    "spec",
    [
        COUNT,
        COUNT | {"aggregation_type": "count"},
        COUNT | {"event_type_filter": {"in_values": ["call"], "not_in_values": ["test"]}},
        SUM,
        SUM | {"group_keys": [["provider", "model"], ["seat_id"]], "custom_fields": {"owner": "usage"}},
        {"name": "By query", "sql": "select count(*) from events"},
    ],
)
def test_metrics_that_hold(broken, spec):
    assert broken(BillableMetric, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "Nothing"}, [("missing-field", "aggregation_type")]),
        ({"name": "Both", "sql": "select 1", "aggregation_type": "COUNT"}, [("conflict", "aggregation_type")]),
        ({"name": "Both", "sql": "select 1", "group_keys": [["a"]]}, [("conflict", "group_keys")]),
        ({"name": "Both", "sql": "x", "property_filters": [{"name": "a"}]}, [("conflict", "property_filters")]),
        ({"name": "Both", "sql": "x", "event_type_filter": {}}, [("conflict", "event_type_filter")]),
        (COUNT | {"aggregation_key": "tokens"}, [("not-applicable", "aggregation_key")]),
        ({"name": "Sum", "aggregation_type": "SUM"}, [("missing-field", "aggregation_key")]),
        (SUM | {"aggregation_key": "token"}, [("aggregation-key", "aggregation_key")]),
        (COUNT | {"aggregation_type": "AVG"}, [("literal_error", "aggregation_type")]),
        (COUNT | {"event_type_filter": {"in_values": []}}, [("empty", "event_type_filter.in_values")]),
        (
            COUNT | {"property_filters": [{"name": "a", "not_in_values": []}]},
            [("empty", "property_filters.0.not_in_values")],
        ),
        (COUNT | {"event_type_filter": {"in_values": ["a", "a"]}}, [("duplicate", "event_type_filter.in_values.1")]),
        (COUNT | {"property_filters": [{"name": "a"}, {"name": "a"}]}, [("duplicate", "property_filters.1.name")]),
        (COUNT | {"group_keys": [["a", "b"], ["b", "a"]]}, [("duplicate", "group_keys.1")]),
        (COUNT | {"group_keys": [["a", "a"]]}, [("duplicate", "group_keys.0.1")]),
        (COUNT | {"group_keys": [[]]}, [("empty", "group_keys.0")]),
    ],
)
def test_what_a_metric_must_keep(broken, spec, expected):
    assert broken(BillableMetric, spec) == expected


def test_a_metric_changes_only_by_name():
    assert BillableMetric.mutable == {"name", "custom_fields"}
