"""Provisioning code as people have it, on the sandbox: create on a package, edit, send events, read what is due."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from metronome import APIStatusError, BadRequestError, ConflictError, Metronome, NotFoundError
from vendor_document import judged

from pricebook.sandbox.server import Served, serving

START = "2025-01-01T00:00:00Z"
END = "2026-01-01T00:00:00Z"
NOW: Any = {"value": 0, "unit": "DAYS"}
MONTH: Any = {"value": 1, "unit": "MONTHS"}


@pytest.fixture
def served() -> Iterator[Served]:
    """A sandbox on the 10th of March 2025."""
    with serving(clock=lambda: datetime(2025, 3, 10, 5, tzinfo=UTC)) as found:
        problems = judged(found.sandbox)
        yield found
        assert problems == []


@pytest.fixture
def made(client: Metronome) -> dict[str, str]:
    """A card with usage by model at 2 cents and a seat at $20.00, and a package of it with a discount and credits."""
    products = client.v1.contracts.products
    metric = client.v1.billable_metrics.create(
        name="Tokens",
        aggregation_type="SUM",
        aggregation_key="n",
        property_filters=[{"name": "n", "exists": True}, {"name": "model", "exists": True}],
        group_keys=[["model"]],
    ).data.id
    usage = products.create(name="Calls", type="USAGE", billable_metric_id=metric, pricing_group_key=["model"]).data.id
    seat = products.create(name="Seat", type="SUBSCRIPTION").data.id
    fixed = products.create(name="Credit", type="FIXED").data.id
    card = client.v1.contracts.rate_cards.create(name="Card").data.id
    seats: Any = {"product_id": seat, "rate_type": "SUBSCRIPTION", "price": 2000, "billing_frequency": "MONTHLY"}
    calls: Any = {"product_id": usage, "rate_type": "FLAT", "price": 2, "pricing_group_values": {"model": "a"}}
    since: Any = {"entitled": True, "starting_at": "2024-01-01T00:00:00Z"}
    client.v1.contracts.rate_cards.rates.add_many(rate_card_id=card, rates=[seats | since, calls | since])
    package = client.v1.packages.create(
        name="Starter",
        contract_name="Starter of 2025",
        rate_card_id=card,
        duration={"value": 12, "unit": "MONTHS"},
        net_payment_terms_days=30,
        billing_provider="stripe",
        subscriptions=[
            {
                "temporary_id": "seats",
                "subscription_rate": {"product_id": seat, "billing_frequency": "MONTHLY"},
                "collection_schedule": "ADVANCE",
                "proration": {"is_prorated": True, "invoice_behavior": "BILL_IMMEDIATELY"},
                "quantity_management_mode": "SEAT_BASED",
                "seat_config": {"seat_group_key": "user", "initial_unassigned_seats": 2},
            }
        ],
        recurring_credits=[
            {
                "product_id": fixed,
                "priority": 1,
                "name": "Monthly",
                "access_amount": {"unit_price": 500, "quantity": 1},
                "commit_duration": {"value": 1},
                "starting_at_offset": NOW,
            }
        ],
        overrides=[
            {
                "starting_at_offset": NOW,
                "type": "MULTIPLIER",
                "multiplier": 0.5,
                "override_specifiers": [{"product_id": usage}],
            }
        ],
    ).data.id
    customer = client.v1.customers.create(name="Acme", ingest_aliases=["acme"]).data.id
    found = {"metric": metric, "usage": usage, "seat": seat, "fixed": fixed, "card": card}
    return found | {"package": package, "customer": customer}


def send(client: Metronome, *quantities: tuple[str, int], who: str = "acme") -> None:
    client.v1.usage.ingest(
        usage=[
            {
                "transaction_id": f"{who} {at}",
                "customer_id": who,
                "event_type": "call",
                "timestamp": at,
                "properties": {"n": n, "model": "a"},
            }
            for at, n in quantities
        ]
    )


def with_stripe(client: Metronome, made: dict[str, str]) -> str:
    """A contract on the package, of the customer who has a billing configuration now."""
    entry: Any = {"customer_id": made["customer"], "billing_provider": "stripe", "configuration": {"id": "cus_1"}}
    client.v1.customers.set_billing_configurations(data=[entry])
    contracts = client.v1.contracts
    return contracts.create(customer_id=made["customer"], package_id=made["package"], starting_at=START).data.id


def totals(client: Metronome, customer: str) -> list[tuple[str, str, str, float]]:
    """Type, status, date of issue and total of every invoice."""
    return [
        (one.type, one.status, f"{one.issued_at:%m-%d}" if one.issued_at else "", one.total)
        for one in client.v1.customers.invoices.list(customer_id=customer)
    ]


def test_a_package_with_a_provider_needs_one_configuration_that_matches(
    client: Metronome, made: dict[str, str]
) -> None:
    customers, customer = client.v1.customers, made["customer"]
    with pytest.raises(BadRequestError, match="no billing provider configurations for billing_provider stripe"):
        client.v1.contracts.create(customer_id=customer, package_id=made["package"], starting_at=START)
    contract = with_stripe(client, made)
    (config,) = customers.retrieve_billing_configurations(customer_id=customer).data
    found = client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data
    assert found.customer_billing_provider_configuration is not None
    assert (found.customer_billing_provider_configuration.id, config.configuration) == (config.id, {"id": "cus_1"})
    with pytest.raises(ConflictError, match="has a configuration for stripe"):
        with_stripe(client, made)
    customers.archive_billing_configurations(
        customer_id=customer, customer_billing_provider_configuration_ids=[config.id]
    )
    assert customers.retrieve_billing_configurations(customer_id=customer).data == []
    assert len(customers.retrieve_billing_configurations(customer_id=customer, include_archived=True).data) == 1


def test_a_contract_has_the_packages_terms_with_dates_and_its_usage_is_billed(
    client: Metronome, made: dict[str, str]
) -> None:
    customer = made["customer"]
    contract = with_stripe(client, made)
    send(client, ("2025-01-10T00:00:00Z", 100), ("2025-03-05T00:00:00Z", 30))
    send(client, ("2025-01-11T00:00:00Z", 11), who="nobody")
    found = client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data
    assert (found.name, found.net_payment_terms_days) == ("Starter of 2025", 30)
    assert found.overrides[0].starting_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert [step.quantity for step in (found.subscriptions or [])[0].quantity_schedule] == [2]
    assert totals(client, customer) == [
        ("SCHEDULED", "FINALIZED", "01-01", 3500),  # 2 seats at 20.00, less the month's credit of 5.00
        ("USAGE", "FINALIZED", "02-01", 3600),  # 100 calls at half of 2 cents, and February's seats less 5.00
        ("USAGE", "FINALIZED", "03-01", 3500),
        ("USAGE", "DRAFT", "", 3530),
    ]
    draft = next(iter(client.v1.customers.invoices.list(customer_id=customer, status="DRAFT", type="USAGE")))
    again = client.v1.customers.invoices.retrieve(customer_id=customer, invoice_id=draft.id).data
    assert again == draft
    assert [(one.quantity, one.unit_price, one.total) for one in draft.line_items if one.type == "usage"] == [
        (30, 1, 30)
    ]
    with pytest.raises(NotFoundError):
        client.v1.customers.invoices.retrieve(customer_id=customer, invoice_id=contract)
    more: Any = [{"event_type": "call", "properties": {"n": 1000, "model": "a"}}]
    for mode, total in (("replace", 4500), ("merge", 4530)):
        previewed = client.v1.customers.preview_events(customer_id=customer, events=more, mode=mode).data  # type: ignore[arg-type]
        assert [one.total for one in previewed] == [total]
    client.v1.customers.set_ingest_aliases(customer_id=customer, ingest_aliases=["nobody"])
    assert totals(client, customer)[1] == ("USAGE", "FINALIZED", "02-01", 3511), "an alias brings its own events"


def test_a_contract_is_edited_with_seats_and_terms(client: Metronome, made: dict[str, str]) -> None:
    customer, contract = made["customer"], with_stripe(client, made)
    subscription = (client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data.subscriptions or [])[
        0
    ]
    of: Any = {"customer_id": customer, "contract_id": contract}
    item: Any = {"amount": 700, "starting_at": "2025-02-01T00:00:00Z", "ending_before": END}
    client.v2.contracts.edit(
        **of,
        uniqueness_key="first",
        update_contract_name="Mine",
        add_billing_provider_configuration_update={
            "billing_provider_configuration": {"billing_provider": "stripe"},
            "schedule": {"effective_at": "START_OF_CURRENT_PERIOD"},
        },
        update_subscriptions=[
            {
                "subscription_id": subscription.id or "",
                "seat_updates": {
                    "add_seat_ids": [{"seat_ids": ["ann", "bob", "cid"], "starting_at": "2025-02-15T00:00:00Z"}],
                    "remove_seat_ids": [{"seat_ids": ["bob"], "starting_at": "2025-03-05T00:00:00Z"}],
                },
            }
        ],
        add_credits=[{"product_id": made["fixed"], "name": "Sorry", "access_schedule": {"schedule_items": [item]}}],
        add_scheduled_charges=[
            {
                "product_id": made["fixed"],
                "name": "Set-up",
                "schedule": {
                    "schedule_items": [{"timestamp": "2025-02-20T00:00:00Z", "unit_price": 900, "quantity": 2}]
                },
            }
        ],
        add_overrides=[
            {
                "starting_at": "2025-03-01T00:00:00Z",
                "type": "OVERWRITE",
                "override_specifiers": [{"product_id": made["seat"], "billing_frequency": "MONTHLY"}],
                "overwrite_rate": {"rate_type": "SUBSCRIPTION", "price": 1500, "quantity": 1, "is_prorated": True},
            }
        ],
    )
    assert totals(client, customer) == [
        ("SCHEDULED", "FINALIZED", "01-01", 3500),
        ("USAGE", "FINALIZED", "02-01", 2800),  # 40.00 less 5.00 and less 7.00
        ("SCHEDULED", "FINALIZED", "02-15", 1000),  # a third seat for 14 of 28 days
        ("SCHEDULED", "FINALIZED", "02-20", 1800),
        ("USAGE", "FINALIZED", "03-01", 4000),  # 3 × 15.00 less 5.00
        ("USAGE", "DRAFT", "", 2500),  # bob's seat is gone: 2 × 15.00 less 5.00
    ]
    found = client.v2.contracts.retrieve(**of).data
    assert found.name == "Mine"
    assert [step.quantity for step in (found.subscriptions or [])[0].quantity_schedule] == [2, 3, 2]
    seats = client.v1.contracts.get_subscription_seats_history(**of, subscription_id=subscription.id or "").data
    assert [(one.assigned_seat_ids, one.total_quantity) for one in seats] == [
        ([], 2), (["ann", "bob", "cid"], 3), (["ann", "cid"], 2),
    ]  # fmt: skip
    history = client.v1.contracts.retrieve_subscription_quantity_history(**of, subscription_id=subscription.id or "")
    steps = [[(one.quantity, one.unit_price, one.total) for one in step.data] for step in history.data.history or []]
    assert steps == [[(2, 2000, 4000)], [(3, 2000, 6000)], [(2, 1500, 3000)]]
    (kept,) = client.v2.contracts.get_edit_history(**of).data
    assert (kept.uniqueness_key, kept.update_contract_name) == ("first", "Mine")
    with pytest.raises(ConflictError, match="is that of the edit"):
        client.v2.contracts.edit(**of, uniqueness_key="first", update_contract_name="Again")
    client.v2.contracts.edit(
        **of,
        update_contract_end_date="2025-12-01T00:00:00Z",
        archive_credits=[{"id": next(one.id for one in found.credits or [] if one.name == "Sorry")}],
        remove_overrides=[{"id": found.overrides[-1].id}],
        update_scheduled_charges=[
            {
                "scheduled_charge_id": found.scheduled_charges[0].id,
                "invoice_schedule": {"add_schedule_items": [{"timestamp": "2025-03-01T00:00:00Z", "amount": 5}]},
            }
        ],
    )
    assert totals(client, customer)[1] == ("USAGE", "FINALIZED", "02-01", 3500)
    assert ("SCHEDULED", "FINALIZED", "03-01", 5) in totals(client, customer)
    for wrong, message in (
        ({"remove_overrides": [{"id": contract}]}, "overrides: the contract has none"),
        ({"update_subscriptions": [{"subscription_id": contract}]}, "subscriptions: the contract has none"),
    ):
        with pytest.raises(NotFoundError, match=message):
            client.v2.contracts.edit(**of, **wrong)  # type: ignore[arg-type]
    for more, message in (
        ({"seat_updates": {"remove_unassigned_seats": [{"quantity": 9, "starting_at": START}]}}, "fewer seats"),
        ({"quantity_updates": [{"quantity": 9, "starting_at": START}]}, "that of its seats"),
    ):
        update: Any = {"subscription_id": subscription.id, **more}
        with pytest.raises(BadRequestError, match=message):
            client.v2.contracts.edit(**of, update_subscriptions=[update])
    with pytest.raises(APIStatusError, match="keeps no add_discounts") as refused:
        client.v2.contracts.edit(**of, add_discounts=[])
    assert refused.value.status_code == 501


def test_a_contract_with_terms_of_its_own_pays_from_its_commits(client: Metronome, made: dict[str, str]) -> None:
    customer = made["customer"]
    access: Any = {"schedule_items": [{"amount": 5000, "starting_at": START, "ending_before": END}]}
    quarterly: Any = {
        "amount": 4001, "amount_distribution": "DIVIDED_ROUNDED", "frequency": "QUARTERLY", "starting_at": START,
        "ending_before": END,
    }  # fmt: skip
    commit: Any = {
        "product_id": made["fixed"], "type": "PREPAID", "name": "Year", "access_schedule": access,
        "invoice_schedule": {"recurring_schedule": quarterly},
    }  # fmt: skip
    override: Any = {"product_id": made["usage"], "starting_at": START, "type": "MULTIPLIER", "multiplier": 2}
    contracts = client.v1.contracts
    contract = contracts.create(
        customer_id=customer, rate_card_id=made["card"], starting_at=START, commits=[commit], overrides=[override]
    ).data.id
    send(client, ("2025-01-10T00:00:00Z", 300), ("2025-02-10T00:00:00Z", 900))
    found = client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data
    schedule = found.commits[0].invoice_schedule
    assert schedule is not None
    assert [one.amount for one in schedule.schedule_items or []] == [1000, 1000, 1000, 1001]
    assert contracts.retrieve(customer_id=customer, contract_id=contract).data.current.commits[0].name == "Year"
    assert [one for one in totals(client, customer) if one[1] == "FINALIZED"] == [
        ("SCHEDULED", "FINALIZED", "01-01", 1000),
        ("USAGE", "FINALIZED", "02-01", 0),  # 300 × 4 cents, from the commit
        ("USAGE", "FINALIZED", "03-01", 0),  # 36.00, of which it has the rest
    ]
    (balance,) = contracts.list_balances(
        customer_id=customer, include_contract_balances=True, include_balance=True, include_ledgers=True
    )
    assert balance.balance == 200
    assert [(entry.type, entry.amount) for entry in balance.ledger or []] == [
        ("PREPAID_COMMIT_SEGMENT_START", 5000),
        ("PREPAID_COMMIT_AUTOMATED_INVOICE_DEDUCTION", -1200),
        ("PREPAID_COMMIT_AUTOMATED_INVOICE_DEDUCTION", -3600),
    ]
    assert contracts.get_net_balance(customer_id=customer).data.balance == 200
    segment = (balance.access_schedule.schedule_items if balance.access_schedule else [])[0].id
    contracts.add_manual_balance_entry(
        customer_id=customer, id=balance.id, segment_id=segment, amount=-50, reason="Paid"
    )
    assert contracts.get_net_balance(customer_id=customer).data.balance == 150
    client.v2.contracts.edit_commit(customer_id=customer, commit_id=balance.id, name="Whole year", priority=3)
    assert client.v2.contracts.retrieve(customer_id=customer, contract_id=contract).data.commits[0].name == "Whole year"
    contracts.amend(
        customer_id=customer,
        contract_id=contract,
        starting_at="2025-03-01T00:00:00Z",
        credits=[{"product_id": made["fixed"], "access_schedule": access}],
    )
    assert contracts.get_net_balance(customer_id=customer).data.balance > 150
    for wrong, message in (
        ({"commits": [commit | {"product_id": made["seat"]}]}, r"commits\[0\].product_id: a FIXED product is needed"),
        ({"overrides": [override | {"multiplier": -1}]}, "overrides"),
        ({"overrides": [override | {"starting_at": "2025-01-01T00:30:00Z"}]}, "hour boundary"),
        ({"overrides": [override | {"ending_before": START}]}, "ending_before must be after starting_at"),
    ):
        with pytest.raises(BadRequestError, match=message):
            contracts.create(customer_id=customer, rate_card_id=made["card"], starting_at=START, **wrong)  # type: ignore[arg-type]


def test_a_customers_own_credits_pay_for_its_contracts(client: Metronome, made: dict[str, str]) -> None:
    customer, fixed = made["customer"], made["fixed"]
    contract = client.v1.contracts.create(customer_id=customer, rate_card_id=made["card"], starting_at=START).data.id
    send(client, ("2025-01-10T00:00:00Z", 300), ("2025-03-02T00:00:00Z", 10))
    schedule: Any = {"schedule_items": [{"amount": 450, "starting_at": START, "ending_before": END}]}
    given: Any = {"customer_id": customer, "product_id": fixed, "priority": 1, "access_schedule": schedule}
    credits, commits = client.v1.customers.credits, client.v1.customers.commits
    credit = credits.create(**given, name="Gift", uniqueness_key="gift").data.id
    with pytest.raises(ConflictError, match="is that of"):
        credits.create(**given, uniqueness_key="gift")
    assert [one for one in totals(client, customer) if one[3]] == [
        ("USAGE", "FINALIZED", "02-01", 150),  # 300 × 2 cents less 4.50
        ("USAGE", "DRAFT", "", 20),
    ]
    assert [one.balance for one in credits.list(customer_id=customer, include_balance=True)] == [0]
    paid: Any = {"schedule_items": [{"timestamp": "2025-03-01T00:00:00Z", "amount": 400}]}
    commit = commits.create(**given, type="PREPAID", invoice_contract_id=contract, invoice_schedule=paid).data.id
    assert ("SCHEDULED", "FINALIZED", "03-01", 400) in totals(client, customer)
    commits.update_end_date(customer_id=customer, commit_id=commit, access_ending_before="2025-02-01T00:00:00Z")
    (listed,) = commits.list(customer_id=customer, include_balance=True, include_ledgers=True)
    assert listed.balance == 0, "it has ended"
    assert [entry.type for entry in listed.ledger or []][-1] == "PREPAID_COMMIT_EXPIRATION"
    credits.update_end_date(customer_id=customer, credit_id=credit, access_ending_before="2025-06-01T00:00:00Z")
    client.v2.contracts.edit_credit(customer_id=customer, credit_id=credit, name="Another")
    assert [one.name for one in credits.list(customer_id=customer)] == ["Another"]
    with pytest.raises(NotFoundError):
        client.v2.contracts.edit_credit(customer_id=contract, credit_id=credit, name="Another")
    every = client.v1.contracts.list_balances(customer_id=customer, covering_date="2025-05-01T00:00:00Z")
    assert [one.id for one in every] == [credit]


def test_usage_is_counted_by_window_and_group(client: Metronome, made: dict[str, str]) -> None:
    customer, metric = made["customer"], made["metric"]
    send(client, ("2025-01-10T00:00:00Z", 100), ("2025-01-10T12:00:00Z", 20), ("2025-01-12T00:00:00Z", 3))
    time: Any = {"starting_on": "2025-01-10T00:00:00Z", "ending_before": "2025-01-13T00:00:00Z"}
    assert [one.value for one in client.v1.usage.list(**time, window_size="DAY")] == [120, 0, 3]
    assert [one.value for one in client.v1.usage.list(**time, window_size="NONE", customer_ids=[customer])] == [123]
    by_model: Any = [{"id": metric, "group_by": {"key": "model"}}]
    grouped = client.v1.usage.list(**time, window_size="NONE", billable_metrics=by_model)
    assert [one.groups for one in grouped] == [{"a": 123}]
    found = client.v1.usage.list_with_groups(
        **time, customer_id=customer, billable_metric_id=metric, window_size="DAY", group_key=["model"]
    )
    assert [(one.group, one.value) for one in found] == [({"model": "a"}, 120), ({"model": "a"}, 3)]
    (event,) = client.v1.usage.search(transaction_ids=["acme 2025-01-12T00:00:00Z", "another"])
    assert (event.event_type, event.matched_customer and event.matched_customer.id) == ("call", customer)
    assert [one.id for one in client.v1.customers.list_billable_metrics(customer_id=customer)] == [metric]
    with pytest.raises(BadRequestError, match="more than 100,000 windows"):
        list(client.v1.usage.list(starting_on=START, ending_before="2099-01-01T00:00:00Z", window_size="HOUR"))


def test_what_was_changed_stands_in_the_audit_log(client: Metronome, made: dict[str, str]) -> None:
    client.v1.customers.set_name(customer_id=made["customer"], name="Acme Ltd")
    client.v1.customers.update_config(customer_id=made["customer"], salesforce_account_id="sf-1")
    logs = list(client.v1.audit_logs.list())
    assert [one.action for one in logs][-2:] == [
        "POST /v1/customers/{customer_id}/setName", "POST /v1/customers/{customer_id}/updateConfig",
    ]  # fmt: skip
    assert [one.resource_id for one in client.v1.audit_logs.list(resource_id=made["customer"])] == [
        made["customer"]
    ] * 2
    found = client.v1.customers.retrieve(customer_id=made["customer"]).data
    assert (found.name, found.customer_config.salesforce_account_id) == ("Acme Ltd", "sf-1")


def test_each_seat_has_a_balance_of_its_own(client: Metronome, made: dict[str, str]) -> None:
    customer, contracts = made["customer"], client.v1.contracts
    contract = contracts.create(
        customer_id=customer,
        rate_card_id=made["card"],
        starting_at=START,
        subscriptions=[
            {
                "temporary_id": "seats",
                "subscription_rate": {"product_id": made["seat"], "billing_frequency": "MONTHLY"},
                "collection_schedule": "ARREARS",
                "proration": {},
                "quantity_management_mode": "SEAT_BASED",
                "seat_config": {"seat_group_key": "model", "initial_seat_ids": ["a", "b"]},
            }
        ],
        recurring_credits=[
            {
                "product_id": made["fixed"],
                "priority": 1,
                "access_amount": {"unit_price": 300},
                "commit_duration": {"value": 1},
                "starting_at": START,
                "subscription_config": {
                    "subscription_id": "seats",
                    "allocation": "INDIVIDUAL",
                    "apply_seat_increase_config": {"is_prorated": False},
                },
            }
        ],
    ).data.id
    send(client, ("2025-03-05T00:00:00Z", 40))  # 80 cents of seat a
    of: Any = {"customer_id": customer, "contract_id": contract}
    found = contracts.list_seat_balances(**of, include_credits_and_commits=True, include_ledgers=True)
    assert [(one.seat_id, one.balances[0].balance, one.balances[0].starting_balance) for one in found.data] == [
        ("a", 220, 300), ("b", 300, 300),
    ]  # fmt: skip
    assert [entry.amount for entry in (found.data[0].credits or [])[0].ledger_entries or []] == [300, -80]
    first = contracts.list_seat_balances(**of, limit=1)
    assert (first.pagination.seats_included, first.pagination.seats_available_for_next_page) == (1, 1)
    (second,) = contracts.list_seat_balances(**of, limit=1, cursor=first.pagination.next_page or "").data
    assert second.seat_id == "b"
    assert contracts.list_seat_balances(**of, seat_ids=["c"]).data == []


def test_a_contract_is_read_with_its_balances(client: Metronome, made: dict[str, str]) -> None:
    customer = made["customer"]
    access: Any = {"schedule_items": [{"amount": 900, "starting_at": START, "ending_before": END}]}
    contract = client.v1.contracts.create(
        customer_id=customer,
        rate_card_id=made["card"],
        starting_at=START,
        credits=[{"product_id": made["fixed"], "access_schedule": access}],
    ).data.id
    send(client, ("2025-03-05T00:00:00Z", 40))
    of: Any = {"customer_id": customer, "contract_id": contract, "include_balance": True, "include_ledgers": True}
    second, first = client.v2.contracts.retrieve(**of).data, client.v1.contracts.retrieve(**of).data
    for credits in (second.credits or [], first.current.credits or []):
        assert [(one.balance, len(one.ledger or [])) for one in credits] == [(820, 2)]
