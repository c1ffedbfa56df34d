"""Metrics, units, custom fields, products and rate cards, made and read back by the vendor's own SDK."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from metronome import BadRequestError, ConflictError, Metronome, NotFoundError

from pricebook.catalog.money import CURRENCIES

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
NOBODY = "00000000-0000-4000-8000-000000000000"


def shown(found: Any) -> dict[str, Any]:
    """What the SDK read, without what is not there."""
    data: dict[str, Any] = found.model_dump(exclude_none=True)
    return data


def test_units_are_listed_after_usd_and_archived(client: Metronome) -> None:
    units = client.v1.pricing_units
    made = [units.create(name=name).data.id for name in ("credits", "credits", "tokens")]
    page = units.list(limit=2)
    listed = [unit.name or "" for unit in page]
    assert listed[0] == "USD (cents)"
    assert listed[20:] == ["credits", "credits", "tokens"]
    assert {name[:3] for name in listed[:20]} == CURRENCIES.keys()
    assert len(page.data) == 2
    units.archive(id=made[0])
    assert [unit.id for unit in units.list() if not unit.is_currency] == made[1:]
    with pytest.raises(NotFoundError):
        units.archive(id=NOBODY)


def test_a_metric_is_renamed_and_archived(client: Metronome) -> None:
    metrics = client.v1.billable_metrics
    client.v1.custom_fields.add_key(entity="billable_metric", key="owner", enforce_uniqueness=False)
    asked: Any = {
        "aggregation_type": "SUM",
        "aggregation_key": "bytes",
        "event_type_filter": {"in_values": ["upload"]},
        "property_filters": [
            {"name": "bytes", "exists": True},
            {"name": "region", "not_in_values": ["test"]},
            {"name": "tier"},
        ],
        "group_keys": [["region"], ["region", "tier"]],
        "custom_fields": {"owner": "storage"},
    }
    id_ = metrics.create(name="Uploads", **asked).data.id
    twin = metrics.create(name="Uploads", sql="SELECT count(*) AS value FROM events").data.id
    metrics.update(billable_metric_id=id_, name="Uploaded bytes")
    assert shown(metrics.retrieve(billable_metric_id=id_).data) == {"id": id_, "name": "Uploaded bytes", **asked}
    metrics.archive(id=twin)
    assert [metric.id for metric in metrics.list()] == [id_]
    assert [metric.archived_at is None for metric in metrics.list(include_archived=True)] == [True, False]
    with pytest.raises(BadRequestError, match="is archived"):
        metrics.update(billable_metric_id=twin, name="again")
    with pytest.raises(BadRequestError, match="stands beside sql"):
        metrics.create(name="both", sql="SELECT 1", aggregation_type="COUNT")
    with pytest.raises(BadRequestError, match="aggregation_key is required for SUM"):
        metrics.create(name="lacks", aggregation_type="SUM")


def test_custom_fields_are_declared_set_and_unique(client: Metronome) -> None:
    fields, products = client.v1.custom_fields, client.v1.contracts.products
    for key, unique in (("ref", True), ("note", False)):
        fields.add_key(entity="contract_product", key=key, enforce_uniqueness=unique)
    first = products.create(name="Same", type="FIXED", custom_fields={"ref": "a", "note": "n"}).data.id
    second = products.create(name="Same", type="FIXED", custom_fields={"note": "n"}).data.id
    with pytest.raises(ConflictError, match="enforces uniqueness"):
        products.create(name="Same", type="FIXED", custom_fields={"ref": "a"})
    with pytest.raises(ConflictError):
        fields.set_values(entity="contract_product", entity_id=second, custom_fields={"note": "new", "ref": "a"})
    assert len(list(products.list())) == 2, "what is refused leaves nothing"
    assert products.retrieve(id=second).data.custom_fields == {"note": "n"}, "all of the values, or none"
    fields.set_values(entity="contract_product", entity_id=first, custom_fields={"ref": "b"})
    fields.set_values(entity="contract_product", entity_id=second, custom_fields={"ref": "a"})
    fields.delete_values(entity="contract_product", entity_id=first, keys=["note", "unknown"])
    assert products.retrieve(id=first).data.custom_fields == {"ref": "b"}
    with pytest.raises(BadRequestError, match="not declared"):
        products.create(name="Undeclared", type="FIXED", custom_fields={"other": "x"})
    with pytest.raises(BadRequestError, match="longer than 200"):
        fields.set_values(entity="contract_product", entity_id=first, custom_fields={"note": "x" * 201})
    with pytest.raises(ConflictError):
        fields.add_key(entity="contract_product", key="ref", enforce_uniqueness=False)
    with pytest.raises(NotFoundError):
        fields.set_values(entity="rate_card", entity_id=first, custom_fields={"ref": "b"})
    fields.remove_key(entity="contract_product", key="ref")
    assert products.retrieve(id=first).data.custom_fields == {}
    with pytest.raises(NotFoundError):
        fields.remove_key(entity="contract_product", key="ref")


def test_custom_field_keys_are_listed_page_by_page(client: Metronome) -> None:
    for number in range(205):
        client.v1.custom_fields.add_key(entity="contract", key=f"key-{number}", enforce_uniqueness=number % 2 == 0)
    client.v1.custom_fields.add_key(entity="rate_card", key="key-0", enforce_uniqueness=True)
    keys = [(key.key, key.enforce_uniqueness) for key in client.v1.custom_fields.list_keys(entities=["contract"])]
    assert keys == [(f"key-{number}", number % 2 == 0) for number in range(205)]
    assert len(list(client.v1.custom_fields.list_keys())) == 206


def test_a_product_shows_its_initial_state_its_updates_and_the_current_one(client: Metronome) -> None:
    products = client.v1.contracts.products
    metric = client.v1.billable_metrics.create(
        name="calls", aggregation_type="COUNT", group_keys=[["a", "b"]], property_filters=[{"name": "a"}, {"name": "b"}]
    ).data.id
    asked: Any = {
        "billable_metric_id": metric,
        "tags": ["api"],
        "pricing_group_key": ["a"],
        "presentation_group_key": ["b"],
        "quantity_conversion": {"conversion_factor": 1024, "operation": "DIVIDE", "name": "MB to GB"},
        "quantity_rounding": {"rounding_method": "ROUND_UP", "decimal_places": 0},
        "sql_breakdown_granularity": "HOUR",
        "is_refundable": False,
        "netsuite_internal_item_id": "N1",
    }
    id_ = products.create(name="Calls", type="USAGE", **asked).data.id
    past, future = HOUR - timedelta(days=2), HOUR + timedelta(days=30)
    products.update(product_id=id_, starting_at=future, name="Calls 3", tags=[])
    products.update(product_id=id_, starting_at=past, name="Calls 2", quantity_conversion=None)
    found = products.retrieve(id=id_).data
    initial = shown(found.initial)
    assert asked.pop("sql_breakdown_granularity") not in initial.values(), "answers have no field for it"
    assert {name: initial[name] for name in (*asked, "name")} == {**asked, "name": "Calls"}
    assert "starting_at" not in initial
    assert [(update.name, update.starting_at) for update in found.updates] == [("Calls 3", future), ("Calls 2", past)]
    assert (found.current.name, found.current.tags, found.current.starting_at) == ("Calls 2", ["api"], past)
    assert found.current.quantity_conversion is None
    with pytest.raises(BadRequestError, match="hour boundary"):
        products.update(product_id=id_, starting_at=past + timedelta(minutes=1), name="x")


def test_composites_and_what_belongs_to_no_type(client: Metronome) -> None:
    products = client.v1.contracts.products
    fixed = products.create(name="Fee", type="PRO_SERVICE").data.id
    share = products.create(
        name="Support",
        type="COMPOSITE",
        composite_product_ids=[fixed],
        composite_tags=["a"],
        include_composite_spend=True,
    ).data.id
    assert products.retrieve(id=fixed).data.type == "PRO_SERVICE"
    assert products.retrieve(id=share).data.current.composite_product_ids == [fixed]
    for wrong, message in (
        ({"type": "USAGE"}, "billable_metric is required"),
        ({"type": "COMPOSITE"}, "composite_product_ids: .* is required for type COMPOSITE"),
        ({"type": "FIXED", "pricing_group_key": ["a"]}, "is for type USAGE, not FIXED"),
        ({"type": "COMPOSITE", "composite_product_ids": [NOBODY]}, "there is no contract_product"),
        ({"type": "USAGE", "billable_metric_id": NOBODY}, "there is no billable_metric"),
    ):
        with pytest.raises(BadRequestError, match=message):
            products.create(name="wrong", **wrong)  # type: ignore[arg-type]


def test_products_are_listed_page_by_page_and_by_their_archive(client: Metronome) -> None:
    products = client.v1.contracts.products
    ids = [products.create(name=f"P{number}", type="FIXED").data.id for number in range(7)]
    for id_ in ids[::3]:
        products.archive(product_id=id_)
    live = [id_ for id_ in ids if id_ not in ids[::3]]
    assert [product.id for product in products.list(limit=1)] == live
    assert [product.id for product in products.list(limit=2, archive_filter="ARCHIVED")] == ids[::3]
    assert [product.id for product in products.list(limit=3, archive_filter="ALL")] == ids
    assert products.list(limit=4).next_page is None, "a page that is just full is the last"
    with pytest.raises(BadRequestError, match="limit must be a whole number from 1 to 100"):
        products.list(limit=101)
    with pytest.raises(BadRequestError, match="no cursor"):
        products.list(next_page="nowhere")
    with pytest.raises(BadRequestError, match="is archived"):
        products.update(product_id=ids[0], starting_at=HOUR, name="x")


def test_a_card_has_aliases_conversions_and_an_order(client: Metronome) -> None:
    cards = client.v1.contracts.rate_cards
    client.v1.custom_fields.add_key(entity="rate_card", key="ref", enforce_uniqueness=True)
    unit, other = (client.v1.pricing_units.create(name=name).data.id for name in ("credits", "tokens"))
    later = HOUR + timedelta(days=10)
    conversion: Any = {"custom_credit_type_id": unit, "fiat_per_custom_credit": 0.1}
    first = cards.create(
        name="Standard",
        description="for everybody",
        aliases=[{"name": "standard"}, {"name": "old", "starting_at": HOUR, "ending_before": later}],
        credit_type_conversions=[conversion],
        custom_fields={"ref": "acme/standard"},
    ).data.id
    found = shown(cards.retrieve(id=first).data)
    assert found["aliases"] == [{"name": "standard"}, {"name": "old", "starting_at": HOUR, "ending_before": later}]
    assert found["credit_type_conversions"] == [
        {"custom_credit_type": {"id": unit, "name": "credits"}, "fiat_per_custom_credit": "0.1"}
    ]
    assert found["fiat_credit_type"]["name"] == "USD (cents)"
    assert (found["description"], found["custom_fields"]) == ("for everybody", {"ref": "acme/standard"})
    second = cards.create(name="Standard", aliases=[{"name": "standard", "starting_at": later}]).data.id
    assert shown(cards.retrieve(id=first).data)["aliases"][0] == {"name": "standard", "ending_before": later}
    assert shown(cards.retrieve(id=second).data)["aliases"] == [{"name": "standard", "starting_at": later}]
    cards.update(
        rate_card_id=first,
        name="Standard 2025",
        aliases=[{"name": "legacy"}],
        add_credit_type_conversions=[{"custom_credit_type_id": other, "fiat_per_custom_credit": 2}],
    )
    found = shown(cards.retrieve(id=first).data)
    assert (found["name"], found["aliases"]) == ("Standard 2025", [{"name": "legacy"}])
    assert [one["fiat_per_custom_credit"] for one in found["credit_type_conversions"]] == ["0.1", "2"]
    with pytest.raises(BadRequestError, match="cannot be changed"):
        cards.update(rate_card_id=first, add_credit_type_conversions=[conversion])
    with pytest.raises(BadRequestError, match="twice at one instant"):
        cards.create(name="x", aliases=[{"name": "a"}, {"name": "a"}])
    cards.archive(id=first)
    assert [card.id for card in cards.list()] == [second]
    with pytest.raises(BadRequestError, match="is archived"):
        cards.update(rate_card_id=first, name="again")


def test_the_order_of_products_is_set_and_moved(client: Metronome) -> None:
    cards = client.v1.contracts.rate_cards
    card = cards.create(name="Ordered").data.id
    a, b, c = (client.v1.contracts.products.create(name=name, type="FIXED").data.id for name in "abc")
    assert cards.product_orders.set(rate_card_id=card, product_order=[a, b, c]).data.id == card
    cards.product_orders.update(rate_card_id=card, product_moves=[{"product_id": c, "position": 0}])
    with pytest.raises(BadRequestError, match="twice"):
        cards.product_orders.set(rate_card_id=card, product_order=[a, a])
    with pytest.raises(BadRequestError, match="there is no contract_product"):
        cards.product_orders.set(rate_card_id=card, product_order=[NOBODY])


def test_unknown_ids_and_fields_are_refused_all_at_once(client: Metronome) -> None:
    for ask in (
        lambda: client.v1.billable_metrics.retrieve(billable_metric_id=NOBODY),
        lambda: client.v1.contracts.products.retrieve(id=NOBODY),
        lambda: client.v1.contracts.products.archive(product_id=NOBODY),
        lambda: client.v1.contracts.rate_cards.retrieve(id=NOBODY),
        lambda: client.v1.contracts.rate_cards.archive(id=NOBODY),
        lambda: client.v1.contracts.rate_cards.update(rate_card_id=NOBODY, name="x"),
        lambda: client.v1.packages.retrieve(package_id=NOBODY),
        lambda: client.v1.packages.archive(package_id=NOBODY),
        lambda: client.v1.customers.retrieve(customer_id=NOBODY),
    ):
        with pytest.raises(NotFoundError, match="there is no"):
            ask()
    with pytest.raises(BadRequestError) as refused:
        client.v1.contracts.products.create(
            name=1,  # type: ignore[arg-type]
            type="USAGES",  # type: ignore[arg-type]
            billable_metric_id="x",
            extra_body={"tag": []},
        )
    assert refused.value.body == {
        "message": "name must be a string; type must be one of FIXED, USAGE, COMPOSITE, SUBSCRIPTION,"
        ' PROFESSIONAL_SERVICE, PRO_SERVICE, not "USAGES"; billable_metric_id must be a UUID, not "x";'
        ' tag is unknown (did you mean "tags"?)'
    }
