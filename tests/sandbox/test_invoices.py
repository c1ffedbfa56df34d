"""Invoices of the sandbox are those of `pricebook preview`, to the cent: every worked scenario, provisioned by the SDK.

Whoever wrote the script knows nothing of pricebook: it makes a contract on a package, edits it, sends events and reads
invoices and balances. Only that each product has a metric of its own is not as in the scenarios, so that an event can
say which product was used.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from metronome import Metronome
from vendor_document import judged

from pricebook.apply.runner import run
from pricebook.catalog.scenario import Scenario
from pricebook.manifest.load import Loaded, load
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.preview.invoice import Bill
from pricebook.preview.verdict import judge
from pricebook.project.project import read_project
from pricebook.sandbox.server import Served, serving
from pricebook.store.journal import SqlJournal
from pricebook.workflow.plan import plan

pytestmark = pytest.mark.whole
WORKED = Path(__file__).parents[1] / "preview/worked"
UNSAID = "calendar"
"""A package whose override starts on a date: the API takes offsets only."""
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
KINDS = {
    "usage": "usage", "composite": "usage", "subscription": "subscription", "scheduled": "scheduled",
    "commit_purchase": "commit_purchase", "true_up": "commit_purchase", "applied": "applied_commit_or_credit",
    "conversion": "cpu_conversion", "rounding": "rounding",
}  # fmt: skip


class Account:
    """The vendor's side of the test: a sandbox with the packages of the scenarios, at whatever time it is."""

    def __init__(self, served: Served, loaded: Loaded) -> None:
        self.loaded, self.now = loaded, FIRST
        served.sandbox.clock = lambda: self.now
        self.client = Metronome(bearer_token=served.token, base_url=served.url, max_retries=0)
        keys = {one.uniqueness_key or "": one.id for one in self.client.v1.packages.list()}
        self.packages = {key.split("/")[2].partition("@")[0]: id_ for key, id_ in keys.items()}


def with_meters(text: str) -> str:
    """Manifests with a metric for each product: the sum of what its own events say."""
    documents = [one for one in yaml.safe_load_all(text) if one is not None]
    documents = [one for one in documents if UNSAID not in (one["metadata"]["name"], one["spec"].get("package"))]
    for one in list(documents):
        name, spec = one["metadata"]["name"], one["spec"]
        if one["kind"] == "Product" and spec["type"] == "USAGE":
            keys = [*spec.get("pricing_group_key", []), *spec.get("presentation_group_key", [])]
            filters = [{"name": key} for key in dict.fromkeys(["used", *keys])]
            meter = {
                "name": name,
                "aggregation_type": "SUM",
                "aggregation_key": "used",
                "event_type_filter": {"in_values": [name]},
                "property_filters": [
                    {**each, **({"exists": True} if each["name"] == "used" else {})} for each in filters
                ],
                **({"group_keys": [keys]} if keys else {}),
            }
            documents.append(
                {"apiVersion": one["apiVersion"], "kind": "BillableMetric", "metadata": {"name": name}, "spec": meter}
            )
            spec["billable_metric"] = name
    return yaml.safe_dump_all(documents, allow_unicode=True)


@contextmanager
def provisioned(root: Path, *, probed: bool = False) -> Iterator[Account]:
    """A sandbox to which the project in a folder was applied, read through a customer if `probed`; every answer
    is judged by the vendor's document."""
    project = read_project(root)
    with serving(clock=lambda: FIRST) as served:
        problems = judged(served.sandbox)
        _, environment = project.environment(None)
        reach: Any = {"concurrency": 4, "connect_timeout": 9.0, "read_timeout": 60.0, "requests_per_minute": 1_000_000}
        if probed:
            sdk = Metronome(bearer_token=served.token, base_url=served.url, max_retries=0)
            reach["probe"] = sdk.v1.customers.create(name="Probe").data.id
        client = Client(served.url, served.token, **reach)
        store = RemoteStore(client, environment.pricing_units, nonce=lambda: "once")
        made = plan(project, "local", store, FIRST)
        journal = SqlJournal(f"sqlite:///{root}/journal.db")
        receipt = run(made, store, journal, owner="test", clock=lambda: FIRST, tell=lambda event: None)
        journal.close()
        store.close()
        assert receipt.complete, receipt
        found = Account(served, load(project))
        yield found
        found.client.close()
        assert problems == []


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    root = tmp_path_factory.mktemp("worked") / "project"
    shutil.copytree(WORKED, root)
    for file in root.glob("*.yaml"):
        if file.name != "pricebook.yaml":
            file.write_text(with_meters(file.read_text(encoding="utf-8")), encoding="utf-8")
    account = {"store": "metronome", "pricing_units": {"ccu": "Cloud compute units"}}
    (root / "pricebook.yaml").write_text(yaml.safe_dump({"namespace": "worked", "environments": {"local": account}}))
    with provisioned(root) as found:
        yield found


SCENARIOS = {
    ref.name: noun
    for ref, noun in sorted(load(read_project(WORKED)).beside.items())
    if isinstance(noun, Scenario) and noun.package != UNSAID and noun.billing_anchor_date is None
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_invoices_are_those_of_the_preview(account: Account, name: str) -> None:
    scenario, client = SCENARIOS[name], account.client
    verdict = judge(name, scenario, account.loaded.catalog)
    account.now = FIRST
    customer = client.v1.customers.create(name=name, ingest_aliases=[name]).data.id
    contract = client.v1.contracts.create(
        customer_id=customer, package_id=account.packages[verdict.package], starting_at=scenario.starting_at
    ).data.id
    account.now = scenario.end
    give_seats(client, customer, contract, scenario)
    send_events(client, name, scenario)
    found = [one for one in client.v1.customers.invoices.list(customer_id=customer) if one.status == "FINALIZED"]
    wanted = verdict.bill.invoices
    assert [(one.type, one.issued_at) for one in found] == [(one.kind.upper(), one.issued_at) for one in wanted]
    for seen, expected in zip(found, wanted, strict=True):
        assert Decimal(str(seen.total)) == expected.total
        lines = sorted((line.type, line.name, line.total, line.quantity or 0) for line in seen.line_items)
        assert lines == sorted(
            (KINDS[line.kind], line.label, float(line.amount), float(line.quantity or 0)) for line in expected.lines
        )
    check_balances(client, customer, verdict.bill, scenario.end)


def check_balances(client: Metronome, customer: str, made: Bill, at: datetime) -> None:
    """What is left can be used now, by commit and in all."""
    listed = client.v1.contracts.list_balances(
        customer_id=customer, include_contract_balances=True, include_balance=True, include_ledgers=True
    )
    for one in listed:
        assert sum(Decimal(str(entry.amount)) for entry in one.ledger or ()) == Decimal(str(one.balance)), one.ledger
    money = [
        b.left
        for b in made.balances
        if b.grant.window.covers(at) and b.grant.unit == "usd" and not b.grant.counts_units
    ]
    net = client.v1.contracts.get_net_balance(customer_id=customer, invoice_inclusion_mode="FINALIZED").data
    assert Decimal(str(net.balance)) == sum(money)


def give_seats(client: Metronome, customer: str, contract: str, scenario: Scenario) -> None:
    """Quantities and seats as the scenario changes them, in the order in which it does."""
    found = client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data.subscriptions or []
    assigned: set[str] = set()
    for change in (entry.change() for entry in scenario.seats):
        update: Any = {"subscription_id": found[0].id}
        if change.seats:
            seats = set(change.seats)
            update["seat_updates"] = {
                "add_seat_ids": [{"seat_ids": sorted(seats - assigned), "starting_at": change.at}],
                "remove_seat_ids": [{"seat_ids": sorted(assigned - seats), "starting_at": change.at}],
            }
            assigned = seats
        else:
            update["quantity_updates"] = [{"quantity": float(change.quantity), "starting_at": change.at}]
        client.v2.contracts.edit(customer_id=customer, contract_id=contract, update_subscriptions=[update])


def send_events(client: Metronome, name: str, scenario: Scenario) -> None:
    """One event for every quantity."""
    events = [
        {
            "transaction_id": f"{name} {number}",
            "customer_id": name,
            "event_type": one.product,
            "timestamp": one.at.isoformat(),
            "properties": {"used": str(one.quantity), **dict(one.values)},
        }
        for number, one in enumerate(scenario.quantities())
    ]
    for start in range(0, len(events), 100):
        client.v1.usage.ingest(usage=events[start : start + 100])  # type: ignore[arg-type]
