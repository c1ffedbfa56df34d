"""What the vendor's own SDK reads back after an apply is what the manifests say: it knows nothing of pricebook's code.

Prices are compared as the SDK has them, as doubles; that they are exact on the wire is tested where they are written.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from metronome import Metronome

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import read_key, read_schedule
from pricebook.manifest.load import load
from project import edit, example, settle
from vendor import Vendor

TABLES = ("litellm-1.57.2.csv", "litellm-1.67.0.csv", "litellm-1.80.0.csv", "litellm-1.97.0.csv")


@pytest.fixture
def client(vendor: Vendor) -> Iterator[Metronome]:
    """The SDK, on the same account."""
    with Metronome(
        bearer_token=vendor.sandbox.token,
        base_url="http://sandbox",
        http_client=httpx.Client(transport=httpx.MockTransport(vendor.handle)),
        max_retries=0,
        _strict_response_validation=True,
    ) as found:
        yield found


@pytest.mark.parametrize("case", ["starter-plan", *TABLES])
def test_the_sdk_reads_what_the_manifests_say(case: str, vendor: Vendor, client: Metronome, tmp_path: Path) -> None:
    project = example("starter-plan" if case == "starter-plan" else "llm-prices", tmp_path)
    if case in TABLES[1:]:
        edit(project.root / "catalog" / "rate-card.yaml", TABLES[0], case)
    settle(project, vendor)
    desired = load(project).catalog
    names = {product.id: ref_of(product) for product in client.v1.contracts.products.list()}
    metrics = {metric.id: ref_of(metric) for metric in client.v1.billable_metrics.list()}
    check_metrics(client, desired)
    check_products(client, desired, metrics)
    prices = sum(check_rates(client, desired, name, names) for name in desired.cards)
    assert prices == sum(len(rates) for rates in desired.rates.values())
    check_packages(client, desired, names)


def ref_of(found: Any) -> str:
    """Our name of an object, from its mark."""
    return str(found.custom_fields["pricebook_ref"]).partition(":")[2]


def check_metrics(client: Metronome, desired: Catalog) -> None:
    """Every metric is there, and no other."""
    found = {ref_of(metric): metric for metric in client.v1.billable_metrics.list()}
    assert found.keys() == desired.metrics.keys()
    for name, metric in desired.metrics.items():
        shown = found[name]
        assert (shown.name, shown.aggregation_type, shown.aggregation_key) == (
            metric.name, metric.aggregation_type, metric.aggregation_key
        )  # fmt: skip
        assert [tuple(key) for key in shown.group_keys or ()] == [tuple(key) for key in metric.group_keys]


def check_products(client: Metronome, desired: Catalog, metrics: dict[str, str]) -> None:
    """Every product is there, and no other."""
    found = {ref_of(product): product for product in client.v1.contracts.products.list()}
    assert found.keys() == desired.products.keys()
    for name, product in desired.products.items():
        shown = found[name].current
        kind = "PRO_SERVICE" if product.type == "PROFESSIONAL_SERVICE" else product.type
        metric = metrics[shown.billable_metric_id] if shown.billable_metric_id is not None else None
        assert (found[name].type, shown.name, metric) == (kind, product.name, product.billable_metric)
        assert tuple(shown.tags or ()) == product.tags
        assert tuple(shown.pricing_group_key or ()) == product.pricing_group_key


def check_rates(client: Metronome, desired: Catalog, name: str, products: dict[str, str]) -> int:
    """Every price of a card is there with its dates, and no other; how many there are."""
    cards = client.v1.contracts.rate_cards
    (card,) = [card for card in cards.list() if ref_of(card) == name]
    assert card.name == desired.cards[name].name
    assert [alias.name for alias in card.aliases or ()] == [alias.name for alias in desired.cards[name].aliases]
    found: dict[Any, list[Any]] = {}
    more: dict[str, Any] = {}
    while True:
        page = cards.retrieve_rate_schedule(rate_card_id=card.id, starting_at="2000-01-01T00:00:00Z", limit=100, **more)
        for one in page.data:
            key = (products[one.product_id], one.billing_frequency, frozenset((one.pricing_group_values or {}).items()))
            terms = (one.entitled, one.rate.rate_type, one.rate.price, [tier.price for tier in one.rate.tiers or ()])
            found.setdefault(key, []).append((one.starting_at, one.ending_before, *terms))
        if page.next_page is None:
            break
        more = {"next_page": page.next_page}
    wanted = {}
    for key_text, schedule in desired.rates[name].items():
        product, frequency, values = read_key(key_text)
        wanted[product, frequency, frozenset(values)] = [
            (instant(start), instant(end), *said(terms)) for start, end, terms in read_schedule(schedule)
        ]
    assert found == wanted
    return len(found)


def said(terms: Terms) -> tuple[Any, ...]:
    """Terms as the SDK has them: entitled, type, price, and the prices of tiers."""
    data = json.loads(terms.text)
    return data["entitled"], data["rate_type"], data.get("price"), [tier["price"] for tier in data.get("tiers", ())]


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def check_packages(client: Metronome, desired: Catalog, products: dict[str, str]) -> None:
    """Every package is there with what it costs and what it grants, and no other."""
    found = {
        str(package.uniqueness_key).split("/")[2].partition("@")[0]: package for package in client.v1.packages.list()
    }
    assert found.keys() == desired.packages.keys()
    for name, package in desired.packages.items():
        shown = found[name]
        assert shown.name == package.name.replace("{version}", "1")
        assert [alias.name for alias in shown.aliases or ()] == [alias.name for alias in package.aliases]
        duration = (shown.duration.value, shown.duration.unit) if shown.duration is not None else None
        assert duration == ((package.duration.value, package.duration.unit) if package.duration is not None else None)
        rates = [one.subscription_rate for one in shown.subscriptions or ()]
        assert [(products[rate.product.id], rate.billing_frequency) for rate in rates] == [
            (one.subscription_rate.product, one.subscription_rate.billing_frequency) for one in package.subscriptions
        ]
        granted = [(products[one.product.id], one.access_amount.unit_price) for one in shown.recurring_credits or ()]
        assert granted == [(one.product, float(one.access_amount.unit_price)) for one in package.recurring_credits]
        assert len(shown.overrides) == len(package.overrides)
        assert len(shown.commits) == len(package.commits)
