"""A whole price list, made and read back by the vendor's own SDK."""

from metronome import Metronome


def test_a_metric_a_product_its_rates_and_a_package(client: Metronome) -> None:
    metric = client.v1.billable_metrics.create(name="calls", aggregation_type="COUNT", group_keys=[["model"]]).data.id
    products = client.v1.contracts.products
    product = products.create(
        name="Calls", type="USAGE", billable_metric_id=metric, pricing_group_key=["model"]
    ).data.id
    plan = products.create(name="Pro", type="SUBSCRIPTION").data.id
    cards = client.v1.contracts.rate_cards
    card = cards.create(name="Standard", aliases=[{"name": "standard"}]).data.id
    cards.rates.add_many(
        rate_card_id=card,
        rates=[
            {
                "product_id": product,
                "entitled": True,
                "rate_type": "FLAT",
                "price": 1e-10,
                "starting_at": "2025-01-01T00:00:00Z",
                "pricing_group_values": {"model": f"m{number}"},
            }
            for number in range(250)
        ]
        + [
            {
                "product_id": plan,
                "entitled": False,
                "rate_type": "SUBSCRIPTION",
                "price": 500,
                "quantity": 1,
                "is_prorated": True,
                "billing_frequency": "MONTHLY",
                "starting_at": "2025-01-01T00:00:00Z",
            }
        ],
    )
    assert len(list(cards.rates.list(rate_card_id=card, at="2026-01-01T00:00:00Z"))) == 251
    package = client.v1.packages.create(
        name="Starter",
        rate_card_alias="standard",
        aliases=[{"name": "starter"}],
        duration={"value": 12, "unit": "MONTHS"},
        subscriptions=[
            {
                "subscription_rate": {"billing_frequency": "MONTHLY", "product_id": plan},
                "collection_schedule": "ADVANCE",
                "proration": {},
                "initial_quantity": 1,
            }
        ],
    ).data.id
    assert client.v1.packages.retrieve(package_id=package).data.rate_card_id == card
