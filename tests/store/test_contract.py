"""Contracts in the SQL store: made on packages as the vendor makes them, listed, ended, counted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from account import AT, CARD, FEB, JAN, MAR, STARTER, create, fill, repoint, supersede

from observed import contracts_of
from pricebook.apply.ports import StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.contract import Contract
from pricebook.plan.verb.archive import Archive
from pricebook.store.sql import SqlStore

OCTOBER = datetime(2025, 10, 1, tzinfo=UTC)
SECOND = Ref(Kind.PACKAGE, "starter", 2)


@pytest.fixture
def url(any_url: str) -> str:
    """Every kind of database in turn."""
    return any_url


def test_a_contract_takes_its_terms_from_the_package(sql: SqlStore) -> None:
    ids = fill(sql)
    made = sql.create_contract("customer-1", OCTOBER, ids[STARTER], uniqueness_key="k1", at=AT)
    contract = Contract(
        id=made,
        customer="customer-1",
        package=STARTER,
        card=CARD,
        starting_at=OCTOBER,
        ending_before=datetime(2026, 10, 1, tzinfo=UTC),
        uniqueness_key="k1",
        created_at=AT,
        quantities=(),
    )
    assert sql.customer_contracts("acme", "customer-1") == (contract,)


def test_the_alias_is_looked_up_as_of_the_start(sql: SqlStore) -> None:
    fill(sql)
    sql.perform("acme", supersede(SECOND, aliases=({"name": "starter", "starting_at": JAN},)), AT)
    for start in (OCTOBER, JAN, FEB):
        sql.create_contract("c", start, package_alias="starter")
    assert [made.package for made in sql.customer_contracts("acme", "c")] == [STARTER, SECOND, SECOND]


def test_the_cards_alias_is_looked_up_as_of_the_start(sql: SqlStore) -> None:
    fill(sql)
    other = Ref(Kind.RATE_CARD, "other")
    sql.perform("acme", create(other), AT)
    sql.perform("acme", repoint([Alias(name="List", starting_at=JAN)], card="other", held_by=("list",)), AT)
    package = sql.perform("acme", supersede(SECOND, rate_card=None, rate_card_alias="List"), AT)
    for start in (OCTOBER, FEB):
        sql.create_contract("c", start, package)
    assert [made.card for made in sql.customer_contracts("acme", "c")] == [CARD, other]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a term of its own": (
        {"package_id": "$", "usage_filter": {}, "net_payment_terms_days": 3},
        400,
        "net_payment_terms_days, usage_filter cannot be provided: a contract on a package takes no other terms",
    ),
    "an end": (
        {"package_id": "$", "ending_before": JAN},
        400,
        "ending_before cannot be provided: a contract on a package takes no other terms",
    ),
    "a rate card": (
        {"package_id": "$", "rate_card_id": "x"},
        400,
        "rate_card_id cannot be provided: a contract on a package takes no other terms",
    ),
    "id and alias": (
        {"package_id": "$", "package_alias": "starter"},
        400,
        "package_alias cannot be provided together with package_id",
    ),
    "an alias that nobody has": (
        {"package_alias": "pro"},
        400,
        'no package has the alias "pro" on 2025-10-01T00:00:00Z',
    ),
    "a package that is not there": ({"package_id": "x"}, 404, "there is no package x"),
    "nothing": ({}, 400, "package_id, package_alias, rate_card_id or rate_card_alias is required"),
    "a rate card that is not there": ({"rate_card_id": "x"}, 404, "there is no rate card x"),
    "a rate card's alias that nobody has": (
        {"rate_card_alias": "x"},
        400,
        'no rate card has the alias "x" on 2025-10-01T00:00:00Z',
    ),
    "terms beside a rate card": (
        {"rate_card_alias": "List", "credits": ()},
        400,
        "credits cannot be provided: this store keeps no terms of a contract's own",
    ),
    "a transition of another type": (
        {"package_id": "$", "transition": {"type": "MOVE", "from_contract_id": "x"}},
        400,
        "transition.type is SUPERSEDE or RENEWAL, not 'MOVE'",
    ),
    "a transition from nowhere": (
        {"package_id": "$", "transition": {"type": "SUPERSEDE", "from_contract_id": "x"}},
        404,
        "there is no contract x",
    ),
    "a start off the hour": (
        {"package_id": "$", "starting_at": OCTOBER.replace(minute=30)},
        400,
        "starting_at must be on an hour boundary, not 2025-10-01T00:30:00Z",
    ),
    "a uniqueness key again": (
        {"package_id": "$", "uniqueness_key": "k1"},
        409,
        "the uniqueness key is taken by the contract $c",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_vendor_refuses(sql: SqlStore, case: str) -> None:
    fields, status, message = REFUSED[case]
    package = fill(sql)[STARTER]
    first = sql.create_contract("c", OCTOBER, package, uniqueness_key="k1")
    asked = {"starting_at": OCTOBER} | {name: package if value == "$" else value for name, value in fields.items()}
    with pytest.raises(StoreRefused) as refused:
        sql.create_contract("c", **asked)
    assert (refused.value.status, refused.value.message) == (status, message.replace("$c", first))
    assert [made.id for made in sql.customer_contracts("acme", "c")] == [first]


def test_an_archived_package_takes_no_contracts(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    sql.perform("acme", Archive(STARTER), AT)
    with pytest.raises(StoreRefused, match="is archived"):
        sql.create_contract("c", OCTOBER, package)
    with pytest.raises(StoreRefused, match="no package has the alias"):
        sql.create_contract("c", JAN, package_alias="starter")


def billed(sql: SqlStore, namespace: str) -> list[Contract]:
    return [each.billing.contract for each in sql.billed(namespace, AT)]


def test_contracts_on_a_card_alone_are_billed_too(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    sql.create_contract("a", OCTOBER, rate_card_alias="List")
    sql.create_contract("b", JAN, package)
    assert {(made.customer, made.package) for made in billed(sql, "acme")} == {("a", None), ("b", STARTER)}
    assert [made.customer for made in sql.cohort("acme", AT)] == ["b"]
    assert billed(sql, "other") == []


def test_a_snapshot_counts_the_contracts_that_run_or_will(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    for customer, start in {"old": OCTOBER, "archived": OCTOBER, "c": OCTOBER, "d": MAR}.items():
        sql.create_contract(customer, start, package)
    sql.create_contract("c", OCTOBER, rate_card_alias="List")
    sql.end_contract(sql.customer_contracts("acme", "old")[0], JAN)
    sql.archive_contract(sql.customer_contracts("acme", "archived")[0], AT)
    assert contracts_of(sql.snapshot("acme", AT)) == {CARD: 4, STARTER: 3}
    assert contracts_of(sql.snapshot("acme", FEB)) == {CARD: 3, STARTER: 2}
    assert contracts_of(sql.snapshot("other", FEB)) == {}


def test_a_store_that_is_not_there_has_no_contracts(sql: SqlStore) -> None:
    assert list(sql.cohort("acme", AT, ended=True)) == []
    assert sql.customer_contracts("acme", "c") == ()
