"""Contracts in the SQL store: made on packages as the vendor makes them, listed, ended, counted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from account import AT, CARD, FEB, JAN, MAR, STARTER, create, fill, repoint, supersede

from pricebook.apply.ports import StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.change import Archive
from pricebook.store.contract import Contract
from pricebook.store.sql import SqlStore

OCTOBER = datetime(2025, 10, 1, tzinfo=UTC)
SECOND = Ref(Kind.PACKAGE, "starter", 2)


@pytest.fixture
def url(any_url: str) -> str:
    """Every kind of database in turn."""
    return any_url


def test_a_contract_takes_its_terms_from_the_package(sql: SqlStore) -> None:
    ids = fill(sql)
    made = sql.create_contract(
        "customer-1", OCTOBER, ids[STARTER], uniqueness_key="k1", custom_fields={"crm": "17"}, at=AT
    )
    assert made == Contract(
        id=made.id,
        customer_id="customer-1",
        package_id=ids[STARTER],
        rate_card_id=ids[CARD],
        starting_at=OCTOBER,
        ending_before=datetime(2026, 10, 1, tzinfo=UTC),
        uniqueness_key="k1",
        custom_fields={"crm": "17"},
        created_at=AT,
    )
    assert sql.get_contract(made.id) == made


def test_the_alias_is_looked_up_as_of_the_start(sql: SqlStore) -> None:
    ids = fill(sql)
    second = sql.perform("acme", supersede(SECOND, aliases=({"name": "starter", "starting_at": JAN},)), AT)
    starts = (OCTOBER, JAN, FEB)
    made = [sql.create_contract("c", start, package_alias="starter").package_id for start in starts]
    assert made == [ids[STARTER], second, second]
    assert [sql.package_holder("starter", start) for start in starts] == made
    assert sql.package_holder("other", JAN) is None


def test_the_cards_alias_is_looked_up_as_of_the_start(sql: SqlStore) -> None:
    ids = fill(sql)
    other = Ref(Kind.RATE_CARD, "other")
    other_id = sql.perform("acme", create(other), AT)
    sql.perform("acme", repoint([Alias(name="List", starting_at=JAN)], card="other"), AT)
    package = sql.perform("acme", supersede(SECOND, rate_card=None, rate_card_alias="List"), AT)
    assert [sql.create_contract("c", start, package).rate_card_id for start in (OCTOBER, FEB)] == [ids[CARD], other_id]
    assert [sql.rate_card_holder("List", start) for start in (OCTOBER, FEB)] == [ids[CARD], other_id]


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
    with pytest.raises(StoreRefused) as refused:
        sql.create_contract(
            "c", OCTOBER, **{name: package if value == "$" else value for name, value in fields.items()}
        )
    assert (refused.value.status, refused.value.message) == (status, message.replace("$c", first.id))
    assert sql.list_contracts(package) == [first]


def test_an_archived_package_takes_no_contracts(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    sql.perform("acme", Archive(STARTER), AT)
    with pytest.raises(StoreRefused, match="is archived"):
        sql.create_contract("c", OCTOBER, package)
    assert sql.package_holder("starter", JAN) is None


def test_contracts_are_listed_by_date(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    autumn, winter, gone, spring = (sql.create_contract("c", start, package) for start in (OCTOBER, JAN, FEB, MAR))
    autumn = sql.end_contract(autumn.id, FEB)
    gone = sql.archive_contract(gone.id, AT)
    assert sql.list_contracts(package) == [autumn, winter, spring]
    assert sql.list_contracts(package, include_archived=True) == [autumn, winter, gone, spring]
    assert sql.list_contracts(package, covering_date=JAN) == [autumn, winter]
    assert sql.list_contracts(package, covering_date=FEB) == [winter]
    assert sql.list_contracts(package, starting_at=JAN) == [winter, spring]
    assert sql.list_contracts("other") == []
    with pytest.raises(StoreRefused, match="cannot be provided together"):
        sql.list_contracts(package, covering_date=JAN, starting_at=JAN)


def test_a_contract_ends_after_it_starts_and_is_archived_once(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    made = sql.create_contract("c", JAN, package)
    with pytest.raises(StoreRefused, match="it cannot end before that"):
        sql.end_contract(made.id, OCTOBER)
    assert sql.end_contract(made.id, FEB).ending_before == FEB
    assert sql.archive_contract(made.id, AT).archived_at == AT
    with pytest.raises(StoreRefused, match="is archived"):
        sql.end_contract(made.id, MAR)


def test_a_snapshot_counts_the_contracts_that_run_or_will(sql: SqlStore) -> None:
    package = fill(sql)[STARTER]
    old, archived, _, _ = (sql.create_contract("c", start, package) for start in (OCTOBER, OCTOBER, OCTOBER, MAR))
    sql.create_contract("c", OCTOBER, rate_card_alias="List")
    sql.end_contract(old.id, JAN)
    sql.archive_contract(archived.id, AT)
    assert sql.snapshot("acme", AT).contracts == {CARD: 4, STARTER: 3}
    assert sql.snapshot("acme", FEB).contracts == {CARD: 3, STARTER: 2}
    assert sql.snapshot("other", FEB).contracts == {}


def test_a_store_that_is_not_there_has_no_contracts(sql: SqlStore) -> None:
    assert sql.list_contracts("x") == []
    assert sql.package_holder("x", JAN) is None
    with pytest.raises(StoreRefused, match="there is no contract x"):
        sql.get_contract("x")
