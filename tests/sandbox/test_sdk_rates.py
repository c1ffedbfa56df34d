"""Rates of every type, past and future, made by the vendor's own SDK and found by its selectors."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from metronome import BadRequestError, Metronome

from pricebook.sandbox.server import Served
from pricebook.sandbox.wire import Request

START = "2025-01-01T00:00:00Z"
EPOCH = "2000-01-01T00:00:00Z"


@pytest.fixture
def made(client: Metronome) -> dict[str, str]:
    """A card with a conversion, and products to price."""
    unit = client.v1.pricing_units.create(name="credits").data.id
    metric = client.v1.billable_metrics.create(
        name="calls", aggregation_type="COUNT", group_keys=[["model"]], property_filters=[{"name": "model"}]
    ).data.id
    card = client.v1.contracts.rate_cards.create(
        name="Standard", credit_type_conversions=[{"custom_credit_type_id": unit, "fiat_per_custom_credit": 2}]
    )
    products = client.v1.contracts.products
    return {
        "unit": unit,
        "card": card.data.id,
        "calls": products.create(
            name="Calls", type="USAGE", billable_metric_id=metric, pricing_group_key=["model"], tags=["api"]
        ).data.id,
        "bytes": products.create(name="Bytes", type="USAGE", billable_metric_id=metric).data.id,
        "plan": products.create(name="Pro", type="SUBSCRIPTION").data.id,
        "share": products.create(name="Support", type="COMPOSITE", composite_tags=["api"]).data.id,
    }


def rate(product: str, **terms: Any) -> Any:
    return {"product_id": product, "entitled": True, "rate_type": "FLAT", "starting_at": START, **terms}


def test_every_type_of_rate_is_read_back_as_it_was_written(client: Metronome, made: dict[str, str]) -> None:
    cards = client.v1.contracts.rate_cards
    flat = {"rate_type": "FLAT", "price": 0.25, "credit_type_id": made["unit"]}
    tiers = [{"price": 3, "size": 100}, {"price": 2}]
    commit = {"rate_type": "TIERED", "tiers": tiers}
    monthly = {"rate_type": "SUBSCRIPTION", "price": 500, "quantity": 2, "is_prorated": True}
    given = [
        rate(made["calls"], pricing_group_values={"model": "small"}, commit_rate=commit, **flat),
        rate(made["calls"], pricing_group_values={"model": "large"}, **commit),
        rate(made["bytes"], rate_type="TIERED_PERCENTAGE", tiers=[{"price": 0.5, "size": 1}, {"price": 0.1}]),
        rate(made["plan"], billing_frequency="MONTHLY", **monthly, entitled=False) | {"entitled": False},
        rate(made["plan"], billing_frequency="ANNUAL", rate_type="CUSTOM", custom_rate={"a": [1, {"b": None}]}),
        rate(made["share"], rate_type="PERCENTAGE", price=0.1),
    ]
    assert cards.rates.add_many(rate_card_id=made["card"], rates=given).data.id == made["card"]
    found = [one.model_dump(exclude_none=True) for one in cards.rates.list(rate_card_id=made["card"], at=START)]
    usd = {"id": "2714e483-4ff1-48e4-9e25-ac732e8f24f2", "name": "USD (cents)"}
    credit = {"id": made["unit"], "name": "credits"}
    assert [one["rate"] for one in found] == [
        {"rate_type": "FLAT", "price": 0.25, "credit_type": credit},
        {"rate_type": "TIERED", "tiers": tiers, "credit_type": usd},
        {"rate_type": "TIERED_PERCENTAGE", "tiers": [{"price": 0.5, "size": 1}, {"price": 0.1}], "credit_type": usd},
        {**monthly, "credit_type": usd},
        {"rate_type": "CUSTOM", "custom_rate": {"a": [1, {"b": None}]}, "credit_type": usd},
        {"rate_type": "PERCENTAGE", "price": 0.1},
    ]
    assert found[0]["commit_rate"] == commit
    assert [one["entitled"] for one in found] == [True, True, True, False, True, True]
    assert [one.get("billing_frequency") for one in found] == [None, None, None, "MONTHLY", "ANNUAL", None]
    assert (found[0]["product_name"], found[0]["product_tags"]) == ("Calls", ["api"])


def test_a_price_is_exact_in_both_directions(served: Served, made: dict[str, str]) -> None:
    price = "0.00000000013000000000000000007"
    rates = f"""[{{"product_id": "{made["bytes"]}", "entitled": true, "rate_type": "flat", "price": {price},
        "starting_at": "{START}"}}]"""
    headers = {"authorization": f"Bearer {served.token}"}
    cards = "/v1/contract-pricing/rate-cards"
    body = f'{{"rate_card_id": "{made["card"]}", "rates": {rates}}}'
    answer = served.sandbox.handle(Request("POST", f"{cards}/addRates", {}, headers, body.encode()))
    assert json.loads(answer.body)["message"].startswith("rates[0].price:"), "more digits than JSON numbers carry"
    price = "0.00000000013000000000000007"
    body = body.replace("0.00000000013000000000000000007", price)
    assert served.sandbox.handle(Request("POST", f"{cards}/addRates", {}, headers, body.encode())).status == 200
    asked = json.dumps({"rate_card_id": made["card"], "at": START}).encode()
    answer = served.sandbox.handle(Request("POST", f"{cards}/getRates", {}, headers, asked))
    assert json.loads(answer.body, parse_float=Decimal)["data"][0]["rate"]["price"] == Decimal(price)


def test_a_rate_added_over_another_replaces_what_it_covers(client: Metronome, made: dict[str, str]) -> None:
    cards = client.v1.contracts.rate_cards

    def add(price: float, start: str, end: str | None = None) -> None:
        more = {"ending_before": end} if end else {}
        cards.rates.add(rate_card_id=made["card"], **rate(made["bytes"], price=price, **more) | {"starting_at": start})

    def schedule(start: str = EPOCH, **more: Any) -> list[tuple[Any, str, str | None]]:
        found = cards.retrieve_rate_schedule(rate_card_id=made["card"], starting_at=start, **more)
        assert found.next_page is None
        return [
            (one.rate.price, f"{one.starting_at:%Y-%m}", f"{one.ending_before:%Y-%m}" if one.ending_before else None)
            for one in found.data
        ]

    add(1, START)
    add(2, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z")
    add(3, "2030-01-01T00:00:00+00:00")
    add(4, "2024-06-01T02:00:00+02:00", "2024-07-01T00:00:00Z")
    everything = [
        (4, "2024-06", "2024-07"),
        (1, "2025-01", "2026-01"),
        (2, "2026-01", "2026-03"),
        (1, "2026-03", "2030-01"),
        (3, "2030-01", None),
    ]
    assert schedule() == everything
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while len(paged) < 10:
        page = cards.retrieve_rate_schedule(rate_card_id=made["card"], starting_at=EPOCH, limit=2, **cursor)
        paged += [one.rate.price for one in page.data]
        if page.next_page is None:
            break
        cursor = {"next_page": page.next_page}
    assert paged == [4, 1, 2, 1, 3], "a page may end within the timeline of one price"
    assert schedule("2026-01-01T00:00:00Z") == everything[2:]
    assert schedule(START, ending_before="2026-01-01T00:00:00Z") == everything[1:2]
    at = [one.rate.price for one in cards.rates.list(rate_card_id=made["card"], at="2026-02-15T10:30:00Z")]
    assert at == [2]
    assert list(cards.rates.list(rate_card_id=made["card"], at="2024-08-01T00:00:00Z")) == []


def test_selectors_find_rates_and_pages_lose_none(client: Metronome, made: dict[str, str]) -> None:
    cards = client.v1.contracts.rate_cards
    models = [f"m{number}" for number in range(230)]
    calls = [rate(made["calls"], price=1, pricing_group_values={"model": model}) for model in models]
    monthly = [
        rate(made["plan"], price=5, rate_type="SUBSCRIPTION", quantity=1, is_prorated=True, billing_frequency=frequency)
        for frequency in ("MONTHLY", "ANNUAL")
    ]
    other = rate(made["bytes"], price=2)
    cards.rates.add_many(rate_card_id=made["card"], rates=[*calls[:100], *monthly, other, *calls[100:]])

    def found(*selectors: Any, limit: int = 100) -> list[Any]:
        return list(cards.rates.list(rate_card_id=made["card"], at=START, selectors=selectors, limit=limit))

    assert len(found()) == 233
    one_by_one = found({"product_id": made["calls"]}, limit=7)
    assert [one.pricing_group_values for one in one_by_one] == [{"model": model} for model in models]
    assert len(found({"billing_frequency": "annual"})) == 1
    assert len(found({"billing_frequency": "ANNUAL"}, {"product_id": made["bytes"]})) == 2
    assert len(found({"product_id": made["bytes"], "billing_frequency": "ANNUAL"})) == 0
    assert len(found({"pricing_group_values": {"model": "m7"}})) == 1
    assert len(found({"partial_pricing_group_values": {"model": "m7"}})) == 1
    assert len(found({"product_tags": ["api", "none"]})) == 230
    assert len(found({"product_tags": ["none"]})) == 0
    pages: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = cards.retrieve_rate_schedule(
            rate_card_id=made["card"],
            starting_at=EPOCH,
            selectors=[{"product_id": made["calls"]}],
            limit=100,
            **cursor,  # type: ignore[arg-type]
        )
        pages.append(len(page.data))
        if page.next_page is None:
            break
        cursor = {"next_page": page.next_page}
    assert pages == [100, 100, 30]


def test_a_batch_is_added_whole_or_not_at_all(client: Metronome, made: dict[str, str]) -> None:
    cards = client.v1.contracts.rate_cards
    good = rate(made["bytes"], price=1)
    wrong = [
        (rate(made["bytes"], price=-1), "less than 0"),
        (rate(made["bytes"]), "price is required"),
        (rate(made["bytes"], rate_type="PERCENTAGE", price=-1), "-1 is "),
        (rate(made["bytes"], rate_type="TIERED", tiers=[{"price": 1, "size": 1}]), "is the last"),
        (rate(made["calls"], price=1), "pricing group keys: model"),
        (rate(made["bytes"], price=1, pricing_group_values={"model": "x"}), "pricing group keys: none"),
        (rate(made["plan"], price=1, rate_type="SUBSCRIPTION"), "billing_frequency is required"),
        (rate(made["bytes"], price=1, billing_frequency="MONTHLY"), "for SUBSCRIPTION products only"),
        (rate(made["bytes"], price=1, starting_at="2025-01-01T00:30:00Z"), "hour boundary"),
        (rate(made["bytes"], price=1, ending_before=START), "must be after starting_at"),
        (rate(made["card"], price=1), "there is no product"),
    ]
    for terms, message in wrong:
        with pytest.raises(BadRequestError, match=message):
            cards.rates.add_many(rate_card_id=made["card"], rates=[good, terms])
    foreign = client.v1.pricing_units.create(name="foreign").data.id
    with pytest.raises(BadRequestError, match="no conversion"):
        cards.rates.add_many(rate_card_id=made["card"], rates=[rate(made["bytes"], price=1, credit_type_id=foreign)])
    assert list(cards.rates.list(rate_card_id=made["card"], at=START)) == []


def test_an_archived_product_takes_no_new_rates_and_keeps_its_old_ones(client: Metronome, made: dict[str, str]) -> None:
    cards = client.v1.contracts.rate_cards
    cards.rates.add_many(rate_card_id=made["card"], rates=[rate(made["bytes"], price=1)])
    client.v1.contracts.products.archive(product_id=made["bytes"])
    with pytest.raises(BadRequestError, match="is archived"):
        cards.rates.add_many(rate_card_id=made["card"], rates=[rate(made["bytes"], price=2)])
    assert [one.rate.price for one in cards.rates.list(rate_card_id=made["card"], at=datetime.now(UTC))] == [1]
