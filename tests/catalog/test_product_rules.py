"""Products: each type has what it needs and nothing that belongs to another."""

import pytest

from pricebook.catalog.product import Product

FIXED = {"name": "Sign-up credit", "type": "FIXED"}
USAGE = {"name": "Tokens", "type": "USAGE", "billable_metric": "tokens"}
COMPOSITE = {"name": "Support", "type": "COMPOSITE", "composite_tags": ["usage"]}


@pytest.mark.parametrize(
    "spec",
    [
        FIXED,
        FIXED | {"type": "subscription"},
        FIXED
        | {"tags": ["a", "b"], "is_refundable": False, "netsuite_internal_item_id": "7", "custom_fields": {"a": "b"}},
        USAGE
        | {
            "pricing_group_key": ["provider", "model"],
            "presentation_group_key": ["seat_id"],
            "quantity_conversion": {"conversion_factor": 1024, "operation": "divide", "name": "MB to GB"},
            "quantity_rounding": {"rounding_method": "round_up", "decimal_places": 0},
            "sql_breakdown_granularity": "hour",
            "netsuite_overage_item_id": "8",
        },
        COMPOSITE,
        COMPOSITE
        | {
            "composite_products": ["tokens"],
            "exclude_free_usage": True,
            "include_composite_spend": True,
            "composite_scope": "customer",
            "netsuite_overage_item_id": "8",
        },
    ],
)
def test_products_that_hold(broken, spec):
    assert broken(Product, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "Tokens", "type": "USAGE"}, [("missing-field", "billable_metric")]),
        (FIXED | {"billable_metric": "tokens"}, [("not-applicable", "billable_metric")]),
        ({"name": "Support", "type": "COMPOSITE"}, [("missing-field", "composite_products")]),
        (USAGE | {"composite_products": ["a"]}, [("not-applicable", "composite_products")]),
        (USAGE | {"composite_tags": ["a"]}, [("not-applicable", "composite_tags")]),
        (USAGE | {"composite_scope": "CUSTOMER"}, [("not-applicable", "composite_scope")]),
        (FIXED | {"exclude_free_usage": True}, [("not-applicable", "exclude_free_usage")]),
        (FIXED | {"include_composite_spend": True}, [("not-applicable", "include_composite_spend")]),
        (FIXED | {"pricing_group_key": ["a"]}, [("not-applicable", "pricing_group_key")]),
        (FIXED | {"presentation_group_key": ["a"]}, [("not-applicable", "presentation_group_key")]),
        (
            COMPOSITE | {"quantity_conversion": {"conversion_factor": 1, "operation": "MULTIPLY"}},
            [("not-applicable", "quantity_conversion")],
        ),
        (
            COMPOSITE | {"quantity_rounding": {"rounding_method": "ROUND_UP", "decimal_places": 0}},
            [("not-applicable", "quantity_rounding")],
        ),
        (FIXED | {"sql_breakdown_granularity": "HOUR"}, [("not-applicable", "sql_breakdown_granularity")]),
        (FIXED | {"netsuite_overage_item_id": "8"}, [("not-applicable", "netsuite_overage_item_id")]),
        (FIXED | {"tags": ["a", "a"]}, [("duplicate", "tags.1")]),
        (USAGE | {"pricing_group_key": ["a", "b", "a"]}, [("duplicate", "pricing_group_key.2")]),
        (
            USAGE | {"quantity_conversion": {"conversion_factor": 0, "operation": "DIVIDE"}},
            [("greater_than", "quantity_conversion.conversion_factor")],
        ),
        (
            USAGE | {"quantity_rounding": {"rounding_method": "ROUND_UP", "decimal_places": -1}},
            [("greater_than_equal", "quantity_rounding.decimal_places")],
        ),
        (FIXED | {"type": "BUNDLE"}, [("literal_error", "type")]),
        (FIXED | {"billable_metric_id": "x"}, [("unknown-field", "billable_metric_id")]),
    ],
)
def test_what_a_product_must_keep(broken, spec, expected):
    assert broken(Product, spec) == expected


@pytest.mark.parametrize("word", ["PRO_SERVICE", "pro_service", "professional_service"])
def test_both_names_of_a_professional_service_are_one(word):
    assert Product.model_validate(FIXED | {"type": word}).type == "PROFESSIONAL_SERVICE"


def test_only_type_and_scope_of_a_product_are_fixed():
    assert Product.model_fields.keys() - Product.mutable == {"type", "composite_scope"}


def test_every_rule_has_a_way_out(violations):
    found = violations(
        Product, {"name": "All wrong", "type": "FIXED", "billable_metric": "a", "composite_tags": ("b",)}
    )
    assert [violation.hint for _, violation in found] == [
        "remove billable_metric, or make a new product of type USAGE",
        "remove composite_tags, or make a new product of type COMPOSITE",
    ]
