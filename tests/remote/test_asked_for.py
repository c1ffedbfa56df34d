"""Objects that the vendor's own tools made, read by id as if they were ours: what import and adoption stand on."""

import pytest
from filled import CARD, FEE, METRIC, PACKAGE, RATES, UNIT, USAGE, Account

from observed import contracts_of
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import NO_MARKS, Foreign, Snapshot
from vendor import AT, Vendor


@pytest.fixture
def account(vendor: Vendor) -> Account:
    """The account."""
    return Account(vendor)


def read(vendor: Vendor, adopt: dict[Ref, str]) -> Snapshot:
    """The account as another process reads it."""
    return vendor.store().snapshot("acme", AT, adopt)


def test_what_is_not_asked_for_is_listed_and_costs_nothing(vendor: Vendor, account: Account) -> None:
    vendor.calls.clear()
    snapshot = read(vendor, {})
    assert len(vendor.calls) == 7
    assert snapshot.foreign == tuple(
        Foreign(kind=ref.kind, id=account.ids[ref], name=name)
        for ref, name in {METRIC: "Calls", FEE: "Fee", USAGE: "Usage", CARD: "List", PACKAGE: "Starter"}.items()
    )
    assert snapshot.unmanaged == {
        Kind.BILLABLE_METRIC: 1, Kind.PRODUCT: 2, Kind.RATE_CARD: 1, Kind.PACKAGE: 1
    }  # fmt: skip
    assert (snapshot.ids, snapshot.unmarked) == ({}, frozenset())
    assert {ref.kind for ref in snapshot.catalog.nouns} == {Kind.PRICING_UNIT}, "the currencies of every account"


def test_what_is_asked_for_is_read_with_our_names(vendor: Vendor, account: Account) -> None:
    snapshot = read(vendor, account.ids)
    starter = PACKAGE._replace(version=1)
    assert snapshot.foreign == ()
    assert snapshot.unmarked == {METRIC, FEE, USAGE, CARD, starter}
    assert snapshot.ids == {starter if ref == PACKAGE else ref: id_ for ref, id_ in account.ids.items()}
    assert {each.marks for each in snapshot.objects.values()} == {NO_MARKS}
    assert spec_of(snapshot.catalog.nouns[USAGE])["billable_metric"] == "calls"
    assert spec_of(snapshot.catalog.nouns[starter])["rate_card"] == "list"
    keys = sorted(key for key, _ in snapshot.catalog.rates["list"].items())
    assert keys == ['["fee","MONTHLY",{}]', '["usage",null,{"model":"small"}]']
    assert snapshot.of(starter).made == AT


def test_what_is_asked_for_in_part_keeps_the_ids_of_the_rest(vendor: Vendor, account: Account) -> None:
    snapshot = read(vendor, {USAGE: account.ids[USAGE], CARD: account.ids[CARD]})
    assert spec_of(snapshot.catalog.nouns[USAGE])["billable_metric"] == account.ids[METRIC]
    keys = sorted(key for key, _ in snapshot.catalog.rates["list"].items())
    assert keys == sorted([f'["{account.ids[FEE]}","MONTHLY",{{}}]', '["usage",null,{"model":"small"}]'])
    assert {(each.kind, each.name) for each in snapshot.foreign} == {
        (Kind.BILLABLE_METRIC, "Calls"), (Kind.PRODUCT, "Fee"), (Kind.PACKAGE, "Starter")
    }  # fmt: skip


def test_contracts_on_a_package_that_is_asked_for_are_counted(vendor: Vendor, account: Account) -> None:
    customer = account.make("/v1/customers", {"name": "Somebody"})
    contract = {"customer_id": customer, "package_id": account.ids[PACKAGE], "starting_at": "2025-10-01T00:00:00Z"}
    account.does("/v1/contracts/create", contract)
    starter = PACKAGE._replace(version=1)
    snapshot = read(vendor, account.ids)
    assert contracts_of(snapshot) == {starter: 1, CARD: 1}
    assert snapshot.of(CARD).live.counted.by_package == {starter: 1}


def test_an_entry_that_cannot_be_is_passed_over(vendor: Vendor, account: Account) -> None:
    gone = account.product({"name": "Gone", "type": "FIXED"})
    account.does("/v1/contract-pricing/products/archive", {"product_id": gone})
    key = {"entity": "contract_product", "key": "pricebook_ref", "enforce_uniqueness": True}
    account.does("/v1/customFields/addKey", key)
    mark = {"entity": "contract_product", "entity_id": account.ids[FEE]}
    account.does("/v1/customFields/setValues", mark | {"custom_fields": {"pricebook_ref": "other/product:fee"}})
    wrong = {
        FEE: account.ids[FEE],
        USAGE: account.ids[CARD],
        Ref(Kind.PRODUCT, "gone"): gone,
        METRIC: "00000000-0000-0000-0000-000000000000",
    }
    snapshot = read(vendor, wrong)
    assert (snapshot.ids, snapshot.unmarked) == ({}, frozenset())
    held = {each.id: each for each in snapshot.foreign}
    assert held[account.ids[FEE]].owner == "other/product:fee"
    assert held[gone].archived


def test_a_card_whose_rates_cannot_be_read_is_told_and_left(vendor: Vendor, account: Account) -> None:
    other = account.make(f"{RATES}/create", {"name": "Odd"})
    odd = Ref(Kind.RATE_CARD, "odd")
    rate = {"starting_at": "2025-01-01T00:00:00Z", "entitled": True, "price": 1, "rate_type": "FLAT"}
    rates = [rate | {"product_id": account.ids[USAGE], "pricing_group_values": {"model": "small"}}]
    account.does(f"{RATES}/addRates", {"rate_card_id": other, "rates": rates})
    with vendor.sandbox.account.transaction("2025-10-01T09:30:00Z", writes=True) as work:
        sql = "UPDATE timeline SET schedule = replace(schedule, '00:00:00Z', '00:30:00Z') WHERE card_id = ?"
        work.run(sql, other)
    snapshot = read(vendor, {**account.ids, odd: other})
    assert CARD in snapshot.ids
    assert odd not in snapshot.ids
    assert [(note.code, note.subject) for note in snapshot.notes] == [("unreadable", "rate-card:odd")]
    (left,) = snapshot.foreign
    assert (left.id, bool(left.unreadable)) == (other, True)


def test_of_two_units_of_one_name_the_id_says_which(vendor: Vendor, account: Account) -> None:
    first = account.make("/v1/credit-types/create", {"name": "AI tokens"})
    second = account.make("/v1/credit-types/create", {"name": "AI Tokens"})
    assert {each.id for each in read(vendor, {}).foreign if each.kind is Kind.PRICING_UNIT} == {first, second}
    snapshot = read(vendor, {UNIT: second})
    assert snapshot.ids == {UNIT: second}
    assert spec_of(snapshot.catalog.nouns[UNIT])["name"] == "AI Tokens"
    assert spec_of(snapshot.catalog.nouns[Ref(Kind.PRICING_UNIT, "ai-tokens")])["name"] == "AI tokens"
