"""What a price is for: the product's own word, its metric's, its conversion's, and nothing by the size of the price."""

from decimal import Decimal
from typing import Any

import pytest

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest, noun_of
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.priced import priced_products, unit_of
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.fields import field_changes
from pricebook.view.price import Units, per_words


def metric(aggregation: str = "SUM", key: str | None = None, *events: str) -> BillableMetric:
    spec: dict[str, Any] = {"name": "Metered", "aggregation_type": aggregation}
    if key is not None:
        spec |= {"aggregation_key": key, "property_filters": ({"name": key, "exists": True},)}
    if events:
        spec["event_type_filter"] = {"in_values": events}
    made = noun_of(Kind.BILLABLE_METRIC, spec)
    assert isinstance(made, BillableMetric)
    return made


def product(unit: str | None = None, factor: str = "", name: str | None = None, how: str = "DIVIDE") -> Product:
    spec: dict[str, Any] = {"name": "Sold", "type": "USAGE", "billable_metric": "m"}
    if unit is not None:
        spec["unit"] = unit
    if factor:
        spec["quantity_conversion"] = {"conversion_factor": Decimal(factor), "operation": how, "name": name}
    made = noun_of(Kind.PRODUCT, spec)
    assert isinstance(made, Product)
    return made


@pytest.mark.parametrize(
    ("metered", "expected"),
    [
        (metric("SUM", "input_tokens"), ("1M input tokens", 6)),
        (metric("SUM", "seconds"), ("second", 0)),
        (metric("SUM", "gb_hours"), ("gb hour", 0)),
        (metric("MAX", "address"), ("address", 0)),
        (metric("UNIQUE", "user_id"), ("distinct user id", 0)),
        (metric("COUNT"), ("event", 0)),
        (metric("COUNT", None, "api_call"), ("api call", 0)),
        (metric("COUNT", None, "a", "b"), ("event", 0)),
        (metric("SUM", "quantity"), ("unit", 0)),
        (metric("SUM", "n"), ("unit", 0)),
        (None, ("unit", 0)),
    ],
)
def test_what_a_metric_counts(metered: BillableMetric | None, expected: tuple[str, int]) -> None:
    assert unit_of(product(), {"m": metered} if metered is not None else {}) == expected


@pytest.mark.parametrize(
    ("sold", "expected"),
    [
        (product("token"), ("1M tokens", 6)),
        (product("token", "1000000"), ("1M tokens", 0)),
        (product("token", "1000"), ("1K tokens", 0)),
        (product("token", "2500000"), ("2.5M tokens", 0)),
        (product("MB", "1024"), ("1,024 MB", 0)),
        (product("MB", "1024", "MB to GB"), ("GB", 0)),
        (product("GB-hour", "730", "hours to months"), ("730 GB-hours", 0)),
        (product("GB-hour", "730", "GB-month"), ("GB-month", 0)),
        (product("GB-month"), ("GB-month", 0)),
        (product("GB-month", "10"), ("10 GB-months", 0)),
        (product(None, "1000000", "1M tokens"), ("1M tokens", 0)),
        (product(None, "1000000", "per million tokens"), ("1M tokens", 0)),
        (product(None, "1000000", "per million"), ("1M units", 0)),
        (product(None, "1000000", "millions of tokens"), ("1M tokens", 0)),
        (product(None, "1000000", "1,000,000 calls"), ("1M calls", 0)),
        (product(None, "1000000", "1K tokens"), ("1M units", 0)),
        (product(None, "1000000", "megatoken"), ("megatoken", 0)),
        (product(None, "60", None, "MULTIPLY"), ("1/60 unit", 0)),
        (product("hour", "60", "hours to minutes", "MULTIPLY"), ("minutes", 0)),
    ],
)
def test_what_a_conversion_makes_of_it(sold: Product, expected: tuple[str, int]) -> None:
    """A name that says another number than the factor is not believed."""
    assert unit_of(sold, {}) == expected


def test_the_unit_is_ours_and_changes_nothing_in_an_account() -> None:
    assert content_digest(product("token")) == content_digest(product("call")) == content_digest(product())
    assert field_changes(product("token"), product("call")) == ()


def test_a_seat_is_known_by_the_package_that_sells_it() -> None:
    seat = noun_of(Kind.PRODUCT, {"name": "Team seat", "type": "SUBSCRIPTION"})
    package = noun_of(
        Kind.PACKAGE,
        {
            "name": "Team",
            "rate_card": "list",
            "subscriptions": (
                {
                    "key": "seats",
                    "subscription_rate": {"product": "team-seat", "billing_frequency": "MONTHLY"},
                    "collection_schedule": "ADVANCE",
                    "proration": {},
                    "quantity_management_mode": "SEAT_BASED",
                    "seat_config": {"seat_group_key": "seat_id"},
                },
            ),
        },
    )
    catalog = Catalog({Ref(Kind.PRODUCT, "team-seat"): seat, Ref(Kind.PACKAGE, "team"): package})
    units = Units({}, priced_products(catalog, ["team-seat", "unknown"]))
    assert units.called("team-seat").packaged
    assert [per.words for per in units.per("team-seat", "MONTHLY")] == ["per seat a month"] * 2
    assert units.per("unknown", "ANNUAL")[1].words == "a year"
    assert per_words("1M tokens", None) == "per 1M tokens"
    assert per_words("", None) == ""


def test_what_was_sold_by_the_thousand_was_for_a_thousand() -> None:
    now, was = (Catalog({Ref(Kind.PRODUCT, "p"): product("token", factor)}) for factor in ("1000000", "1000"))
    before, after = Units({}, priced_products(now, ["p"], was)).per("p", None)
    assert (before.words, after.words) == ("per 1K tokens", "per 1M tokens")
