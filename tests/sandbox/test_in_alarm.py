"""What the sandbox says of notifications is what scenarios say: the same usage, sent as events, seen by the SDK."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from metronome import BadRequestError
from test_invoices import FIRST, Account, give_seats, provisioned

from pricebook.catalog.scenario import Scenario
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.manifest.load import load
from pricebook.preview.alarm import in_alarm, unwatched
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.verdict import judge
from pricebook.preview.watched import WatchedContract, WatchedCustomer
from pricebook.project.project import read_project

pytestmark = pytest.mark.whole
ALARMED = Path(__file__).parents[1] / "preview/alarmed"
SCENARIOS = {
    ref.name: noun for ref, noun in sorted(load(read_project(ALARMED)).beside.items()) if isinstance(noun, Scenario)
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    root = tmp_path_factory.mktemp("alarmed") / "project"
    shutil.copytree(ALARMED, root)
    account = {"store": "metronome", "pricing_units": {"credits": "Credits"}}
    settings = {"namespace": "acme", "manifests": ["catalog"], "environments": {"local": account}}
    (root / "pricebook.yaml").write_text(yaml.safe_dump(settings))
    with provisioned(root, probed=True) as found:
        yield found


def customer_of(account: Account, name: str, scenario: Scenario) -> str:
    """A customer on the scenario's package, with its seats and the contract's custom fields."""
    client, package = account.client, scenario.package or ""
    account.now = FIRST
    customer = client.v1.customers.create(name=name, ingest_aliases=[name]).data.id
    contract = client.v1.contracts.create(
        customer_id=customer, package_id=account.packages[package], starting_at=scenario.starting_at
    ).data.id
    if scenario.custom_fields:
        client.v1.custom_fields.add_key(entity="contract", key="tier", enforce_uniqueness=False)
        client.v1.custom_fields.set_values(entity="contract", entity_id=contract, custom_fields=scenario.custom_fields)
    account.now = scenario.starting_at
    give_seats(client, customer, contract, scenario)
    return customer


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_says_what_the_scenario_says(account: Account, name: str) -> None:
    scenario, client, catalog = SCENARIOS[name], account.client, account.loaded.catalog
    customer = customer_of(account, name, scenario)
    verdict = judge(name, scenario, catalog)
    prices = Prices(Tariff(catalog, "main"), verdict.terms)
    seats = [one.change() for one in scenario.seats]
    watched = WatchedCustomer([WatchedContract(prices, scenario.quantities(), seats, scenario.custom_fields)])
    nouns = {ref: noun for ref, noun in catalog.nouns.items() if isinstance(noun, ThresholdNotification)}
    events = sorted(scenario.quantities(), key=lambda one: one.at)
    instants = {one.at for one in verdict.notified} | {one.at for one in events}
    instants |= {at + timedelta(hours=1) for at in instants}
    seen, sent = set(), 0
    for at in sorted(at for at in instants if at < scenario.end):
        account.now = at
        while sent < len(events) and events[sent].at <= at:
            one = events[sent]
            event: Any = {
                "transaction_id": f"{name} {sent}",
                "customer_id": name,
                "event_type": one.product,
                "timestamp": one.at.isoformat(),
                "properties": {"used": str(one.quantity), **dict(one.values)},
            }
            client.v1.usage.ingest(usage=[event])
            sent += 1
        found = {
            (each.alert.uniqueness_key or "").split("/")[2].partition("@")[0].partition(":")[2]: each
            for each in client.v1.customers.alerts.list(customer_id=customer)
        }
        wanted = {
            ref.name: "evaluating"
            if unwatched(noun, watched)
            else "in_alarm"
            if any(in_alarm(noun, watched, at).values())
            else "ok"
            for ref, noun in nouns.items()
        }
        assert {key: each.customer_status for key, each in found.items()} == wanted, at
        assert all(each.triggered_by is None for each in found.values() if each.customer_status != "in_alarm")
        seen |= {key for key, status in wanted.items() if status == "in_alarm"}
    assert seen >= {one.notification.name for one in verdict.notified if one.notification.name in wanted}


def test_one_group_is_asked_for(account: Account) -> None:
    name = "spend-starts-anew-each-month"
    client, scenario = account.client, SCENARIOS[name]
    customer = next(one.id for one in client.v1.customers.list() if one.name == name)
    account.now = scenario.starting_at + timedelta(days=20)
    alerts = {each.alert.name: each.alert for each in client.v1.customers.alerts.list(customer_id=customer)}

    def status(alert: str, **asked: Any) -> Any:
        found = client.v1.customers.alerts.retrieve(customer_id=customer, alert_id=alerts[alert].id, **asked).data
        return found.customer_status, found.triggered_by

    assert status("Spend of each") == ("in_alarm", "usage")
    assert status("Spend of each", group_values=[{"key": "user_id", "value": "bob"}]) == ("in_alarm", "usage")
    assert status("Spend of each", group_values=[{"key": "user_id", "value": "eve"}]) == ("ok", None)
    assert status("Large invoice") == ("in_alarm", "invoice_generation")
    with pytest.raises(BadRequestError, match="group_values is not a filter"):
        status("Large invoice", group_values=[{"key": "user_id", "value": "ada"}])
