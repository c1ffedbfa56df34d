"""Contracts as they are: outside packages, edited, with seats, aliases and balances of their customers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from small import BEFORE, changed, small

from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.step import Share, Step
from pricebook.preview.customer import Billing
from pricebook.preview.materialise import materialise
from project import planned, settle
from vendor import AT, Call, Vendor

START = "2025-10-01T00:00:00Z"
PRO, CARD = Ref(Kind.PACKAGE, "pro", 1), Ref(Kind.RATE_CARD, "list")
DEARER = changed("$0.10")


@dataclass
class Sold:
    """The small project in an account, and what is sold there."""

    vendor: Vendor
    folder: Path

    def __post_init__(self) -> None:
        settle(small(self.folder), self.vendor)
        self.count = 0
        snapshot = self.vendor.store().snapshot("acme", AT)
        self.ids = {str(ref): id_ for ref, id_ in snapshot.ids.items()}

    def post(self, path: str, **body: Any) -> str:
        """The id of what is made."""
        self.count += 1
        answer = self.vendor.client().write("POST", path, body, f"somebody-{self.count}")
        return str(answer["data"]["id"])

    def customer(self, *aliases: str) -> str:
        return self.post("/v1/customers", name="Somebody", ingest_aliases=list(aliases))

    def contract(self, customer: str, **terms: Any) -> str:
        """A contract on the card, or on the package that is given."""
        card = {} if "package_id" in terms else {"rate_card_id": self.ids["rate-card:list"]}
        return self.post("/v1/contracts/create", customer_id=customer, starting_at=START, **card, **terms)

    def on_package(self, customer: str) -> str:
        return self.contract(customer, package_id=self.ids["package:pro@1"])

    def seats(self, quantity: int) -> dict[str, Any]:
        rate = {"product_id": self.ids["product:fee"], "billing_frequency": "MONTHLY"}
        return {
            "subscription_rate": rate,
            "collection_schedule": "ADVANCE",
            "proration": {"is_prorated": True},
            "initial_quantity": quantity,
        }

    def price(self, model: str) -> dict[str, Any]:
        """An override that keeps the price of a model."""
        return {
            "type": "OVERWRITE",
            "starting_at": START,
            "overwrite_rate": {"rate_type": "FLAT", "price": 7},
            "override_specifiers": [
                {"product_id": self.ids["product:usage"], "pricing_group_values": {"model": model}}
            ],
        }

    def dearer(self, store: RemoteStore) -> Step:
        """The step that makes usage of the small model dearer."""
        (step,) = planned(small(self.folder, DEARER), store).steps
        return step

    def billed(self, store: RemoteStore | None = None) -> dict[str, Billing]:
        """What is billed, by contract."""
        found = (store or self.vendor.store()).billed("acme", AT)
        return {each.billing.contract.id: each.billing for each in found}


@pytest.fixture
def sold(vendor: Vendor, tmp_path: Path) -> Sold:
    return Sold(vendor, tmp_path)


def test_a_price_reaches_contracts_that_no_package_lists(sold: Sold, vendor: Vendor) -> None:
    sold.on_package(sold.customer())
    sold.contract(sold.customer())
    sold.contract(sold.customer(), overrides=[sold.price("small")])
    sold.contract(sold.customer(), overrides=[sold.price("large")])
    step = sold.dearer(vendor.store())
    assert (step.reach, step.live) == (3, 4)
    assert sorted(step.shares, key=str) == sorted(
        [Share(PRO, 1, False), Share(None, 1, True), Share(None, 1, False), Share(None, 1, False)], key=str
    )


def test_an_override_that_was_added_to_one_contract_shields_that_one(sold: Sold, vendor: Vendor) -> None:
    one, other = sold.customer(), sold.customer()
    sold.on_package(other)
    contract = sold.on_package(one)
    sold.post("/v2/contracts/edit", customer_id=one, contract_id=contract, add_overrides=[sold.price("small")])
    step = sold.dearer(vendor.store())
    assert (step.reach, step.live) == (1, 2)
    assert set(step.shares) == {Share(PRO, 1, False), Share(PRO, 1, True)}


def test_a_fee_reaches_those_who_subscribe_to_it(sold: Sold, vendor: Vendor) -> None:
    sold.contract(sold.customer())
    sold.contract(sold.customer(), subscriptions=[sold.seats(3)])
    before = "starting_at: 2025-01-01, price: $10.00}"
    after = "schedule: [{starting_at: 2025-01-01, price: $10.00}, {starting_at: 2026-01-01, price: $12.00}]}"
    text = BEFORE.replace(before, after)
    (step,) = planned(small(sold.folder, text), vendor.store()).steps
    assert (step.reach, step.live) == (1, 2)


def test_a_contract_on_a_package_that_nobody_edited_has_nothing_of_its_own(sold: Sold) -> None:
    id_ = sold.on_package(sold.customer())
    billing = sold.billed()[id_]
    assert (billing.own, billing.unread, billing.contract.package) == (None, "", PRO)
    assert billing.contract.quantities == ()


def test_seats_that_were_changed_are_known_by_the_key_of_the_package(sold: Sold) -> None:
    customer = sold.customer()
    id_ = sold.on_package(customer)
    term = sold.vendor.client().read("POST", "/v2/contracts/get", {"customer_id": customer, "contract_id": id_})
    change = {"starting_at": "2025-11-01T00:00:00Z", "quantity": 4}
    subscription = term["data"]["subscriptions"][0]["id"]
    update = [{"subscription_id": subscription, "quantity_updates": [change]}]
    sold.post("/v2/contracts/edit", customer_id=customer, contract_id=id_, update_subscriptions=update)
    store = sold.vendor.store()
    package = store.snapshot("acme", AT).catalog.nouns[PRO]
    assert isinstance(package, Package)
    billing = sold.billed(store)[id_]
    assert billing.own is None
    (found,) = billing.contract.quantities or ()
    (subscription,) = materialise(package, billing.contract.starting_at).subscriptions
    assert (found.subscription, found.quantity) == (subscription.key, 4)


def test_what_was_agreed_with_one_customer_is_read_under_our_names(sold: Sold) -> None:
    id_ = sold.contract(sold.customer(), subscriptions=[sold.seats(3)], overrides=[sold.price("small")])
    own = sold.billed()[id_].own
    assert own is not None
    assert [one.term.subscription_rate.product for one in own.subscriptions] == ["fee"]
    (override,) = own.overrides
    assert [one.product for one in override.term.override_specifiers] == ["usage"]
    assert override.term.overwrite_rate is not None
    assert override.term.overwrite_rate.price == 7


def test_customers_have_aliases_and_balances_of_their_own(sold: Sold) -> None:
    customer = sold.customer("acme-1", "acme-2")
    one, other = sold.contract(customer), sold.contract(customer)
    item = {"amount": 500, "starting_at": START, "ending_before": "2026-10-01T00:00:00Z"}
    credit = {"access_schedule": {"schedule_items": [item]}, "priority": 1, "product_id": sold.ids["product:grant"]}
    sold.post("/v1/contracts/customerCredits/create", customer_id=customer, **credit)
    alone = {**credit, "applicable_contract_ids": [other]}
    sold.post("/v1/contracts/customerCredits/create", customer_id=customer, **alone)
    found = {each.billing.contract.id: each for each in sold.vendor.store().billed("acme", AT)}
    assert all(each.aliases == ("acme-1", "acme-2") for each in found.values())
    (grant,) = found[one].shared
    assert (grant.amount, grant.kind, grant.term.product) == (Decimal(500), "CREDIT", "grant")
    assert found[other].shared == found[one].shared
    assert found[one].billing.own is None
    assert found[other].billing.own is not None
    assert [each.amount for each in found[other].billing.own.grants] == [500]


def test_every_page_of_contracts_is_read(sold: Sold) -> None:
    customer = sold.customer()
    made = {sold.contract(customer) for _ in range(45)}
    assert sold.billed().keys() == made


def refusing(path: str) -> Callable[[Call], httpx.Response | None]:
    """A token that may not read a list."""
    answer = httpx.Response(403, json={"message": "forbidden"})
    return lambda call: answer if call.path == path and call.key is None else None


@pytest.mark.parametrize("path", ["/v1/customers", "/v2/contracts/list"])
def test_what_may_not_be_read_is_unknown_and_not_zero(path: str, sold: Sold, vendor: Vendor) -> None:
    sold.contract(sold.customer())
    vendor.before = refusing(path)
    store = vendor.store()
    step = sold.dearer(store)
    assert (step.reach, step.live) == (None, None)
    assert "contracts that are on no package of ours" in store.unlisted
    sold.on_package(sold.customer())
    assert sold.dearer(vendor.store()).reach == 1, "at least"


def test_too_many_customers_are_not_read_one_by_one(sold: Sold, vendor: Vendor) -> None:
    for _ in range(3):
        sold.contract(sold.customer())
    client = vendor.client()
    store = RemoteStore(client, {}, nonce=iter("abcdefgh").__next__, most=2)
    vendor.calls.clear()
    assert sold.dearer(store).reach is None
    assert "more than 2 customers" in store.unlisted
    assert not [call for call in vendor.calls if call.path == "/v2/contracts/list"]


def test_contracts_are_read_once_in_a_run_and_only_when_somebody_asks(sold: Sold, vendor: Vendor) -> None:
    for _ in range(3):
        sold.contract(sold.customer())
    vendor.calls.clear()
    store = vendor.store()
    assert not planned(small(sold.folder), store).steps
    assert not [call for call in vendor.calls if call.path.startswith(("/v1/customers", "/v2/contracts"))]
    for _ in range(2):
        assert sold.dearer(store).reach == 3
        assert len(sold.billed(store)) == 3
    asked = [call.path for call in vendor.calls]
    assert asked.count("/v2/contracts/list") == asked.count("/v1/contracts/customerBalances/list") == 3


def test_a_contract_that_says_what_nobody_knows_is_not_billed_as_if_it_said_less(sold: Sold, vendor: Vendor) -> None:
    id_ = sold.contract(sold.customer(), subscriptions=[sold.seats(3)])
    plain = vendor.client

    def strange(*arguments: Any, **more: Any) -> Any:
        client = plain(*arguments, **more)
        read = client.read

        def reading(method: str, path: str, *rest: Any) -> Any:
            answer = read(method, path, *rest)
            if path == "/v2/contracts/list":
                for item in answer["data"]:
                    item["subscriptions"][0]["collection_schedule"] = "NEXT_YEAR"
            return answer

        client.read = reading
        return client

    vendor.client = strange  # type: ignore[method-assign]
    assert "collection_schedule" in sold.billed()[id_].unread
    assert sold.dearer(vendor.store()).reach == 1, "it may buy anything"
