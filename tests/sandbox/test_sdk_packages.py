"""Packages with every term, and contracts on them, made and read back by the vendor's own SDK."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sdk
from metronome import APIStatusError, BadRequestError, ConflictError, Metronome, NotFoundError

from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.endpoint import endpoints
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Request

NOBODY = "00000000-0000-4000-8000-000000000000"
USD = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
START = datetime(2025, 10, 1, tzinfo=UTC)
NOW: Any = {"value": 0, "unit": "DAYS"}
YEAR: Any = {"value": 12, "unit": "MONTHS"}
MONTH: Any = {"value": 1, "unit": "MONTHS"}


@pytest.fixture
def made(client: Metronome) -> dict[str, str]:
    """A card with an alias, and products of the types that terms need."""
    products, cards = client.v1.contracts.products, client.v1.contracts.rate_cards
    card = cards.create(name="Standard", aliases=[{"name": "standard"}]).data.id
    plan = products.create(name="Pro", type="SUBSCRIPTION").data.id
    cards.rates.add_many(
        rate_card_id=card,
        rates=[
            {
                "product_id": plan,
                "entitled": False,
                "rate_type": "SUBSCRIPTION",
                "price": 1000,
                "billing_frequency": "MONTHLY",
                "starting_at": START,
            }
        ],
    )
    customer = client.v1.customers.create(name="Acme", ingest_aliases=["acme"]).data.id
    return {
        "card": card,
        "plan": plan,
        "credit": products.create(name="Credit", type="FIXED").data.id,
        "customer": customer,
    }


def test_every_term_is_read_back(client: Metronome, made: dict[str, str]) -> None:
    for entity in ("package_commit", "package_credit", "package_subscription", "package_scheduled_charge"):
        client.v1.custom_fields.add_key(entity=entity, key="note", enforce_uniqueness=False)  # type: ignore[arg-type]
    fixed: Any = {"product_id": made["credit"], "custom_fields": {"note": "n"}}
    schedule = [{"amount": 5000, "starting_at_offset": NOW, "duration": YEAR}]
    charges = [{"unit_price": 100.5, "quantity": 2, "date_offset": MONTH}]
    recurring: Any = {
        "product_id": made["credit"],
        "access_amount": {"unit_price": 1000, "quantity": 1, "credit_type_id": USD},
        "priority": 1,
        "starting_at_offset": NOW,
        "commit_duration": {"value": 1},
        "recurrence_frequency": "DAILY",
        "duration": MONTH,
    }
    gate: Any = {"payment_gate_type": "NONE"}
    package = client.v1.packages.create(
        name="Starter",
        contract_name="Starter contract",
        uniqueness_key="starter@1",
        rate_card_id=made["card"],
        aliases=[{"name": "starter", "starting_at": START}],
        duration=YEAR,
        net_payment_terms_days=30,
        billing_provider="stripe",
        delivery_method="direct_to_billing_provider",
        usage_statement_schedule={"frequency": "QUARTERLY", "day": "CONTRACT_START"},
        multiplier_override_prioritization="EXPLICIT",
        scheduled_charges_on_usage_invoices="ALL",
        commits=[
            {
                **fixed,
                "type": "PREPAID",
                "temporary_id": "the commit",
                "access_schedule": {"schedule_items": schedule, "credit_type_id": USD},
                "invoice_schedule": {"schedule_items": [{"unit_price": 1, "quantity": 5000, "date_offset": NOW}]},
                "specifiers": [{"product_tags": ["api"]}],
                "rollover_fraction": 0.5,
            }
        ],
        credits=[{**fixed, "access_schedule": {"schedule_items": schedule, "access_type": "QUANTITY"}, "priority": 2}],
        recurring_commits=[{**recurring, "recurrence_frequency": "MONTHLY", "temporary_id": "monthly"}],
        recurring_credits=[
            {
                **recurring,
                "subscription_config": {
                    "allocation": "POOLED",
                    "apply_seat_increase_config": {"is_prorated": True},
                    "subscription_id": "seats",
                },
            }
        ],
        overrides=[
            {
                "override_specifiers": [{"product_id": made["plan"], "billing_frequency": "MONTHLY"}],
                "starting_at_offset": NOW,
                "entitled": True,
            },
            {
                "override_specifiers": [{"product_tags": ["api"], "commit_ids": ["the commit"]}],
                "starting_at_offset": NOW,
                "duration": MONTH,
                "type": "TIERED",
                "priority": 1,
                "tiers": [{"multiplier": 0.9, "size": 10}, {"multiplier": 0.8}],
                "is_commit_specific": True,
                "target": "COMMIT_RATE",
            },
            {
                "override_specifiers": [{"product_id": made["plan"]}],
                "starting_at_offset": NOW,
                "type": "OVERWRITE",
                "overwrite_rate": {"rate_type": "SUBSCRIPTION", "price": 800, "credit_type_id": USD},
            },
        ],
        scheduled_charges=[{**fixed, "schedule": {"schedule_items": charges}, "name": "Set-up"}],
        spend_trackers=[
            {
                "alias": "bought",
                "credit_type_id": USD,
                "reset_frequency": "BILLING_PERIOD",
                "applicable_spend_specifiers": [{"spend_type": "COMMIT_PURCHASE", "sources": ["MANUAL"]}],
            }
        ],
        spend_threshold_configuration={
            "is_enabled": True,
            "threshold_amount": 10000,
            "commit": {"product_id": made["credit"]},
            "payment_gate_config": gate,
        },
        prepaid_balance_threshold_configuration={
            "is_enabled": True,
            "threshold_amount": 100,
            "recharge_to_amount": 1000,
            "commit": {"product_id": made["credit"]},
            "payment_gate_config": gate,
        },
        subscriptions=[
            {
                "temporary_id": "seats",
                "subscription_rate": {"billing_frequency": "MONTHLY", "product_id": made["plan"]},
                "collection_schedule": "ADVANCE",
                "proration": {"is_prorated": True},
                "initial_quantity": 3,
                "name": "Seats",
                "custom_fields": {"note": "n"},
            }
        ],
    ).data.id
    found = client.v1.packages.retrieve(package_id=package).data
    credit, unit = {"id": made["credit"], "name": "Credit"}, {"id": USD, "name": "USD (cents)"}

    def shown(part: Any, *without: str) -> dict[str, Any]:
        data: dict[str, Any] = part.model_dump(exclude_none=True)
        return {name: value for name, value in data.items() if name not in ("id", *without)}

    def items(of: dict[str, Any]) -> list[dict[str, Any]]:
        return [{name: value for name, value in item.items() if name != "id"} for item in of.pop("schedule_items")]

    commit = shown(found.commits[0])
    assert items(commit["access_schedule"]) == schedule
    assert items(commit["invoice_schedule"]) == [{"unit_price": 1, "quantity": 5000, "date_offset": NOW}]
    assert commit == {
        "type": "PREPAID",
        "product": credit,
        "custom_fields": {"note": "n"},
        "access_schedule": {"credit_type": unit},
        "invoice_schedule": {"credit_type": unit, "do_not_invoice": False},
        "specifiers": [{"product_tags": ["api"]}],
        "rollover_fraction": 0.5,
    }
    assert found.credits is not None
    granted = shown(found.credits[0])
    assert items(granted["access_schedule"]) == schedule
    assert granted["access_schedule"] == {"credit_type": unit, "access_type": "QUANTITY"}
    charge = shown(found.scheduled_charges[0])
    assert items(charge["schedule"]) == charges
    assert charge == {
        "product": credit, "name": "Set-up", "custom_fields": {"note": "n"}, "schedule": {"credit_type": unit}
    }  # fmt: skip
    assert found.recurring_credits is not None
    assert found.subscriptions is not None
    again = {name: value for name, value in recurring.items() if name != "product_id"}
    again |= {"product": credit, "rate_type": "LIST_RATE", "commit_duration": {"value": 1, "unit": "PERIODS"}}
    config = found.recurring_credits[0].subscription_config
    assert config is not None
    assert config.subscription_template_id == found.subscriptions[0].id, "temporary ids become the ids of terms"
    assert shown(found.recurring_credits[0], "subscription_config") == again
    entitled, tiered, overwritten = found.overrides
    assert shown(entitled)["override_specifiers"] == [{"product_id": made["plan"], "billing_frequency": "MONTHLY"}]
    assert tiered.override_specifiers[0].commit_template_ids == [found.commits[0].id]
    assert [shown(tier) for tier in tiered.override_tiers or ()] == [
        {"multiplier": 0.9, "size": 10},
        {"multiplier": 0.8},
    ]
    assert shown(overwritten)["overwrite_rate"] == {"rate_type": "SUBSCRIPTION", "price": 800, "credit_type": unit}
    assert shown(found.subscriptions[0]) == {
        "subscription_rate": {"billing_frequency": "MONTHLY", "product": {"id": made["plan"], "name": "Pro"}},
        "collection_schedule": "ADVANCE",
        "proration": {"is_prorated": True, "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE"},
        "initial_quantity": 3,
        "quantity_management_mode": "QUANTITY_ONLY",
        "name": "Seats",
        "custom_fields": {"note": "n"},
    }
    assert found.spend_trackers is not None
    assert found.spend_trackers[0].alias == "bought"
    rest = shown(found, *client_lists())
    assert rest.pop("created_at") is not None
    assert rest == {
        "name": "Starter",
        "contract_name": "Starter contract",
        "uniqueness_key": "starter@1",
        "rate_card_id": made["card"],
        "aliases": [{"name": "starter", "starting_at": START}],
        "duration": YEAR,
        "net_payment_terms_days": 30,
        "billing_provider": "stripe",
        "delivery_method": "direct_to_billing_provider",
        "usage_statement_schedule": {"frequency": "QUARTERLY", "day": "CONTRACT_START"},
        "multiplier_override_prioritization": "EXPLICIT",
        "scheduled_charges_on_usage_invoices": "ALL",
        "created_by": "pricebook sandbox",
    }
    listed = [one.model_dump() for one in client.v1.packages.list()]
    assert listed == [found.model_dump()]


def client_lists() -> tuple[str, ...]:
    """The fields of a package that are compared one by one."""
    balances = ("commits", "credits", "recurring_commits", "recurring_credits", "overrides", "scheduled_charges")
    thresholds = ("spend_threshold_configuration", "prepaid_balance_threshold_configuration")
    return (*balances, *thresholds, "subscriptions", "spend_trackers")


def test_a_uniqueness_key_makes_one_package_for_good(client: Metronome, made: dict[str, str]) -> None:
    packages = client.v1.packages
    first = packages.create(name="Same", uniqueness_key="k").data.id
    for _ in range(2):
        with pytest.raises(ConflictError, match="exists already"):
            packages.create(name="Other", uniqueness_key="k")
        packages.archive(package_id=first)
    second = packages.create(name="Same").data.id
    assert [package.id for package in packages.list()] == [second]
    assert [package.id for package in packages.list(archive_filter="ALL", limit=1)] == [first, second]


def test_pages_of_packages_have_ten_unless_asked_otherwise(client: Metronome) -> None:
    for number in range(23):
        client.v1.packages.create(name=f"P{number}")
    page = client.v1.packages.list()
    assert len(page.data) == 10
    assert [package.name for package in page] == [f"P{number}" for number in range(23)]


def test_an_alias_belongs_to_one_package_at_a_time(client: Metronome, made: dict[str, str]) -> None:
    packages = client.v1.packages
    moved = START + timedelta(days=31)
    first = packages.create(name="v1", aliases=[{"name": "starter", "starting_at": START}]).data.id
    second = packages.create(name="v2", aliases=[{"name": "starter", "starting_at": moved}]).data.id
    aliases = [alias.model_dump(exclude_none=True) for alias in packages.retrieve(package_id=first).data.aliases or ()]
    assert aliases == [{"name": "starter", "starting_at": START, "ending_before": moved}]

    def contract(start: datetime) -> str:
        made_ = client.v1.contracts.create(customer_id=made["customer"], package_alias="starter", starting_at=start)
        read = client.v1.contracts.retrieve(customer_id=made["customer"], contract_id=made_.data.id)
        assert read.data.package_id is not None
        return read.data.package_id

    assert [contract(START), contract(moved - timedelta(hours=1)), contract(moved)] == [first, first, second]
    packages.archive(package_id=second)
    with pytest.raises(BadRequestError):
        contract(moved)
    with pytest.raises(BadRequestError, match="no package has the alias"):
        contract(START - timedelta(days=1))


def test_a_package_by_alias_of_a_card_shows_the_card(client: Metronome, made: dict[str, str]) -> None:
    package = client.v1.packages.create(name="By alias", rate_card_alias="standard").data.id
    found = client.v1.packages.retrieve(package_id=package).data
    assert found.rate_card_id == made["card"]
    assert "rate_card_alias" not in found.model_dump()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"rate_card_alias": "nobody"}, "no rate card has the alias"),
        ({"rate_card_id": "CARD", "rate_card_alias": "standard"}, "one or the other"),
        ({"subscriptions": ["ANNUAL"], "rate_card_id": "CARD"}, "no ANNUAL rate"),
        ({"credits": ["plan"]}, "a FIXED product is needed"),
        ({"customer_id": "CARD"}, "customer_id is unknown"),
        ({"starting_at": "2025-01-01T00:00:00Z"}, "starting_at is unknown"),
        ({"duration": {"value": 0, "unit": "MONTHS"}}, "greater than 0"),
        ({"overrides": ["nothing"], "rate_card_id": "CARD"}, "the override does nothing"),
    ],
)
def test_what_a_package_may_not_say(
    client: Metronome, made: dict[str, str], terms: dict[str, Any], message: str
) -> None:
    body: dict[str, Any] = {name: made["card"] if value == "CARD" else value for name, value in terms.items()}
    if "subscriptions" in body:
        rate = {"product_id": made["plan"], "billing_frequency": "ANNUAL"}
        body["subscriptions"] = [
            {"subscription_rate": rate, "collection_schedule": "ADVANCE", "proration": {}, "initial_quantity": 1}
        ]
    if "credits" in body:
        items = [{"amount": 1, "starting_at_offset": NOW, "duration": MONTH}]
        body["credits"] = [{"product_id": made["plan"], "access_schedule": {"schedule_items": items}}]
    if "overrides" in body:
        body["overrides"] = [{"override_specifiers": [{"product_tags": ["a"]}], "starting_at_offset": NOW}]
    with pytest.raises(BadRequestError, match=message):
        client.v1.packages.create(name="wrong", extra_body=body)
    assert list(client.v1.packages.list()) == []


def test_contracts_on_a_package_end_with_it_and_are_listed(client: Metronome, made: dict[str, str]) -> None:
    contracts, customer = client.v1.contracts, made["customer"]
    client.v1.custom_fields.add_key(entity="contract", key="order", enforce_uniqueness=True)
    package = client.v1.packages.create(
        name="Year", contract_name="A year", rate_card_id=made["card"], duration=YEAR, net_payment_terms_days=15
    ).data.id
    first = contracts.create(
        customer_id=customer, package_id=package, starting_at=START, uniqueness_key="c1", custom_fields={"order": "1"}
    ).data.id
    with pytest.raises(ConflictError):
        contracts.create(customer_id=customer, package_id=package, starting_at=START, uniqueness_key="c1")
    next_year = datetime(2026, 10, 1, tzinfo=UTC)
    second = contracts.create(
        customer_id=customer,
        package_id=package,
        starting_at=next_year,
        transition={"type": "RENEWAL", "from_contract_id": first},
    ).data.id
    found = contracts.retrieve(customer_id=customer, contract_id=first).data
    assert (found.current.starting_at, found.current.ending_before) == (START, next_year)
    assert (found.current.name, found.current.rate_card_id) == ("A year", made["card"])
    assert (found.custom_fields, found.uniqueness_key) == ({"order": "1"}, "c1")
    newer = client.v2.contracts.retrieve(customer_id=customer, contract_id=second).data
    assert newer.transitions[0].from_contract_id == first
    on_package = client.v1.packages.list_contracts_on_package
    assert [one.contract_id for one in on_package(package_id=package, limit=1)] == [first, second]
    covering = list(on_package(package_id=package, covering_date=START + timedelta(days=1)))
    assert [(one.contract_id, one.ending_before) for one in covering] == [(first, next_year)]
    assert [one.contract_id for one in on_package(package_id=package, starting_at=next_year)] == [second]
    with pytest.raises(BadRequestError, match="together with covering_date"):
        list(on_package(package_id=package, starting_at=START, covering_date=START))
    contracts.update_end_date(customer_id=customer, contract_id=first, ending_before=START + timedelta(days=30))
    assert [one.contract_id for one in on_package(package_id=package, covering_date=START + timedelta(days=31))] == []
    with pytest.raises(BadRequestError, match="it cannot end before that"):
        contracts.update_end_date(customer_id=customer, contract_id=first, ending_before=START - timedelta(days=1))
    contracts.archive(customer_id=customer, contract_id=second, void_invoices=False)
    assert [one.contract_id for one in on_package(package_id=package)] == [first]
    assert len(list(on_package(package_id=package, include_archived=True))) == 2
    assert [one.id for one in contracts.list(customer_id=customer).data] == [first]
    assert len(contracts.list(customer_id=customer, include_archived=True).data) == 2
    listed = client.v2.contracts.list(customer_id=customer, covering_date=START + timedelta(days=1)).data
    assert [one.id for one in listed] == [first]
    client.v1.packages.archive(package_id=package)
    with pytest.raises(BadRequestError, match="is archived"):
        contracts.create(customer_id=customer, package_id=package, starting_at=START)


def test_a_contract_on_a_package_says_nothing_of_its_own(client: Metronome, made: dict[str, str]) -> None:
    contracts, customer = client.v1.contracts, made["customer"]
    package = client.v1.packages.create(name="Year").data.id
    with pytest.raises(
        BadRequestError,
        match="name, net_payment_terms_days cannot be provided: a contract on a package takes no other terms",
    ):
        contracts.create(
            customer_id=customer, package_id=package, starting_at=START, name="mine", net_payment_terms_days=1
        )
    with pytest.raises(BadRequestError, match="package_alias cannot be provided together with package_id"):
        contracts.create(customer_id=customer, package_id=package, package_alias="x", starting_at=START)
    with pytest.raises(NotFoundError):
        contracts.create(customer_id=package, package_id=package, starting_at=START)
    on_card = contracts.create(customer_id=customer, rate_card_alias="standard", starting_at=START, name="own").data.id
    assert contracts.retrieve(customer_id=customer, contract_id=on_card).data.current.rate_card_id == made["card"]
    with pytest.raises(APIStatusError, match="keeps no discounts") as refused:
        contracts.create(customer_id=customer, rate_card_id=made["card"], starting_at=START, discounts=[])
    assert refused.value.status_code == 501


def test_customers_are_found_by_alias_and_events_taken_once(client: Metronome, made: dict[str, str]) -> None:
    customers = client.v1.customers
    other = customers.create(name="Acme", external_id="acme-2").data
    assert (other.external_id, other.ingest_aliases) == ("acme-2", ["acme-2"])
    with pytest.raises(ConflictError, match="is taken"):
        customers.create(name="Third", ingest_aliases=["acme"])
    assert [customer.id for customer in customers.list(ingest_alias="acme")] == [made["customer"]]
    assert [customer.id for customer in customers.list(customer_ids=[other.id])] == [other.id]
    assert len(list(customers.list(limit=1))) == 2
    assert customers.retrieve(customer_id=other.id).data.name == "Acme"
    event: Any = {
        "transaction_id": "t1", "customer_id": "acme", "event_type": "call", "timestamp": "2025-10-01T00:00:00Z"
    }  # fmt: skip
    client.v1.usage.ingest(usage=[event, event | {"transaction_id": "t2", "properties": {"model": "small"}}])
    client.v1.usage.ingest(usage=[event])
    with pytest.raises(BadRequestError, match="RFC 3339"):
        client.v1.usage.ingest(usage=[event | {"timestamp": "yesterday"}])
    customers.archive(id=other.id)
    assert [customer.id for customer in customers.list()] == [made["customer"]]
    assert [customer.id for customer in customers.list(only_archived=True)] == [other.id]


def test_an_ingest_alias_stays_with_an_archived_customer(client: Metronome, made: dict[str, str]) -> None:
    client.v1.customers.archive(id=made["customer"])
    with pytest.raises(ConflictError, match="ingest alias 'acme' is taken"):
        client.v1.customers.create(name="Acme again", ingest_aliases=["acme"])


def test_contracts_of_a_customer_come_in_pages_of_twenty_oldest_first(client: Metronome, made: dict[str, str]) -> None:
    contracts, customer = client.v1.contracts, made["customer"]
    made_ids = [
        contracts.create(
            customer_id=customer, rate_card_id=made["card"], starting_at=START + n * timedelta(days=1)
        ).data.id
        for n in range(23)
    ]
    for version in (contracts, client.v2.contracts):
        first = version.list(customer_id=customer)
        assert len(first.data) == 20
        assert [one.id for one in first] == made_ids
        assert len(version.list(customer_id=customer, limit=3).data) == 3
        with pytest.raises(BadRequestError, match="from 1 to 20"):
            version.list(customer_id=customer, limit=21)
        with pytest.raises(BadRequestError, match="cursor 'x' is no cursor"):
            version.list(customer_id=customer, cursor="x")


def test_refusals_name_the_lists_of_the_request(client: Metronome, made: dict[str, str]) -> None:
    item: Any = {"amount": 1, "starting_at_offset": NOW, "duration": MONTH}
    commit: Any = {"product_id": made["credit"], "type": "POSTPAID", "access_schedule": {"schedule_items": [item]}}
    with pytest.raises(BadRequestError, match=r"^(?!.*_ids).*commits\[0\]\.invoice_schedule"):
        client.v1.packages.create(name="P", commits=[commit])
    specifier: Any = {"product_id": made["plan"], "commit_ids": ["a"]}
    override: Any = {
        "starting_at_offset": NOW,
        "type": "MULTIPLIER",
        "multiplier": 1,
        "override_specifiers": [specifier],
    }
    with pytest.raises(BadRequestError, match=r"overrides\[0\]\.override_specifiers\[0\]\.commit_ids"):
        client.v1.packages.create(name="P", rate_card_id=made["card"], overrides=[override])


def test_values_of_a_packages_terms_are_set_with_it_and_never_later(client: Metronome, made: dict[str, str]) -> None:
    client.v1.custom_fields.add_key(entity="package_credit", key="pool", enforce_uniqueness=False)
    item: Any = {"amount": 1, "starting_at_offset": NOW, "duration": MONTH}
    credit: Any = {"product_id": made["credit"], "access_schedule": {"schedule_items": [item]}}
    package = client.v1.packages.create(name="P", credits=[credit | {"custom_fields": {"pool": "a"}}]).data.id
    term = (client.v1.packages.retrieve(package_id=package).data.credits or [])[0]
    assert term.custom_fields == {"pool": "a"}
    with pytest.raises(BadRequestError, match="package managed fields is not yet supported"):
        client.v1.custom_fields.set_values(entity="package_credit", entity_id=term.id, custom_fields={"pool": "b"})
    with pytest.raises(BadRequestError, match="package managed fields is not yet supported"):
        client.v1.custom_fields.delete_values(entity="package_credit", entity_id=term.id, keys=["pool"])


def test_every_endpoint_of_the_sdk_is_answered_or_is_501_with_its_name() -> None:
    sandbox, headers = Sandbox(SandboxAccount()), {"authorization": "Bearer sandbox"}
    for name in sdk.operations():
        method, path = re.sub(r"{[^}]+}", NOBODY, name).split()
        answer = sandbox.handle(Request(method, path, {}, headers, b"{}"))
        if name in endpoints():
            assert answer.status in (200, 400, 404) and b"there is no " + name.encode() not in answer.body, name  # noqa: PT018
        else:
            assert (answer.status, name in json.loads(answer.body)["message"]) == (501, True), name
