"""What was agreed with customers, on every store that keeps contracts: terms of a contract's own, quantities, ingest
aliases, and balances of a customer. Each store is told in its own way, and shows the same."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from account import AT, CARD, CREDIT, SEATS, STARTER, TOKENS, fill
from metronome import Metronome

from pricebook.apply.ports import AccountStore
from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.commit import Credit
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.override import Override
from pricebook.catalog.reference import Ref
from pricebook.catalog.subscription import Subscription
from pricebook.catalog.usage import SeatChange
from pricebook.metronome.remote import RemoteStore
from pricebook.observe.snapshot import LiveContracts
from pricebook.preview.customer import Billed
from pricebook.preview.materialise import materialise
from pricebook.preview.own import BARE, bought
from pricebook.preview.terms import DatedOverride, DatedSubscription, Grant, OwnTerms, Window
from pricebook.store.agreement import edit_contract, set_customer
from pricebook.store.sql import SqlStore

START, LATER = datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
END = datetime(2026, 10, 1, tzinfo=UTC)
ALWAYS = Window(START, FOREVER)
Customer = Callable[[str], str]


@dataclass
class Agreed:
    """A filled store, and how somebody else agrees something in it."""

    store: Any
    customer: Customer
    request: pytest.FixtureRequest
    ids: dict[Ref, str] = field(default_factory=dict)

    def override(self) -> dict[str, Any]:
        return {
            "type": "OVERWRITE",
            "overwrite_rate": {"rate_type": "FLAT", "price": Decimal(7)},
            "override_specifiers": [{"pricing_group_values": {"model": "large"}}],
        }

    def seats(self) -> dict[str, Any]:
        return {
            "subscription_rate": {"billing_frequency": "MONTHLY"},
            "collection_schedule": "ADVANCE",
            "proration": {"is_prorated": True},
            "initial_quantity": Decimal(3),
        }

    def contract(self, who: str, *, on_package: bool) -> str:
        """A contract on the package, or on its card alone."""
        if isinstance(self.store, SqlStore):
            on: dict[str, Any] = {"package_id": self.ids[STARTER]} if on_package else {"rate_card_id": self.ids[CARD]}
            return self.store.create_contract(who, START, **on)
        on = {"package_id": self.ids[STARTER]} if on_package else {"rate_card_id": self.ids[CARD]}
        return self.post("/v1/contracts/create", customer_id=self.customer(who), starting_at=instant_text(START), **on)

    def post(self, path: str, **body: Any) -> str:
        served = self.request.getfixturevalue("account")
        with Metronome(bearer_token=served.token, base_url=served.url, max_retries=0) as client:
            return str(client.post(path, body=body, cast_to=object)["data"]["id"])  # type: ignore[index]

    def agree(self, who: str, contract: str, *, seats: bool) -> None:
        """Another price of the large model; and with `seats` three seats, five later."""
        if isinstance(self.store, SqlStore):
            override, term = self.override(), self.seats()
            override["override_specifiers"][0]["product"] = self.ids[TOKENS]
            term["subscription_rate"]["product"] = self.ids[SEATS]
            dated = Override.model_validate(tupled({**override, "starting_at": START}))
            own = OwnTerms(overrides=(DatedOverride("overrides[own]", dated, ALWAYS, 0),))
            if seats:
                sold = Subscription.model_validate(tupled(term))
                own = replace(own, subscriptions=(DatedSubscription("subscriptions[own]", "own", sold, ALWAYS, START),))
            with self.store.writing() as session:
                edit_contract(session, contract, own, [SeatChange("own", LATER, Decimal(5))] if seats else ())
            return
        override, term = self.override(), self.seats()
        override["override_specifiers"][0]["product_id"] = self.ids[TOKENS]
        override |= {"overwrite_rate": {"rate_type": "FLAT", "price": 7}, "starting_at": instant_text(START)}
        term["subscription_rate"]["product_id"] = self.ids[SEATS]
        more = {"add_subscriptions": [{**term, "initial_quantity": 3}]} if seats else {}
        self.post(
            "/v2/contracts/edit", customer_id=self.customer(who), contract_id=contract, add_overrides=[override], **more
        )
        if seats:
            body = {"customer_id": self.customer(who), "contract_id": contract}
            (found,) = self.store._client.read("POST", "/v2/contracts/get", body)["data"]["subscriptions"]
            change = {"starting_at": instant_text(LATER), "quantity": 5}
            update = [{"subscription_id": found["id"], "quantity_updates": [change]}]
            self.post("/v2/contracts/edit", **body, update_subscriptions=update)

    def introduce(self, who: str, *aliases: str) -> None:
        """Ingest aliases of a customer, and a credit of its own."""
        if isinstance(self.store, SqlStore):
            item = {"amount": Decimal(500), "starting_at_offset": {"value": 0, "unit": "DAYS"}}
            item["duration"] = {"value": 12, "unit": "MONTHS"}
            schedule = {"schedule_items": [item], "credit_type": "usd"}
            spec = {"product": self.ids[CREDIT], "priority": Decimal(1), "access_schedule": schedule}
            credit = Credit.model_validate(tupled(spec))
            grant = Grant(
                id="c",
                list="credits",
                key="c",
                term=credit,
                kind="CREDIT",
                amount=Decimal(500),
                unit="usd",
                window=Window(START, END),
                free=True,
                counts_units=False,
            )
            with self.store.writing() as session:
                set_customer(session, who, aliases, [grant])
            return
        served, item = self.request.getfixturevalue("account"), {"amount": 500}
        item |= {"starting_at": instant_text(START), "ending_before": instant_text(END)}
        with Metronome(bearer_token=served.token, base_url=served.url, max_retries=0) as client:
            client.v1.customers.set_ingest_aliases(customer_id=self.customer(who), ingest_aliases=list(aliases))
        schedule = {"schedule_items": [item]}
        path = "/v1/contracts/customerCredits/create"
        self.post(
            path, customer_id=self.customer(who), product_id=self.ids[CREDIT], priority=1, access_schedule=schedule
        )

    def billed(self) -> dict[str, Billed]:
        return {each.billing.contract.id: each for each in self.store.billed("acme", AT)}

    def live(self, ref: Ref) -> LiveContracts:
        return self.store.snapshot("acme", AT).of(ref).live.counted  # type: ignore[no-any-return]


@pytest.fixture
def agreed(contracts: AccountStore, customer: Customer, request: pytest.FixtureRequest) -> Agreed:
    """Every store in turn."""
    made = fill(contracts)
    return Agreed(contracts, customer, request, made)


def test_terms_of_a_contract_on_no_package_are_known(agreed: Agreed) -> None:
    id_ = agreed.contract("ada", on_package=False)
    agreed.agree("ada", id_, seats=True)
    billing = agreed.billed()[id_].billing
    assert (billing.contract.package, billing.contract.card, billing.unread) == (None, CARD, "")
    own = billing.own
    assert own is not None
    (override,), (seats,) = own.overrides, own.subscriptions
    assert override.window == seats.window == ALWAYS
    (specifier,) = override.term.override_specifiers
    assert (specifier.product, dict(specifier.pricing_group_values)) == ("tokens", {"model": "large"})
    assert override.term.overwrite_rate is not None
    assert override.term.overwrite_rate.price == 7
    assert (seats.term.subscription_rate.product, seats.term.initial_quantity) == ("seats", 3)
    (change,) = [each for each in billing.contract.quantities or () if each.at == LATER]
    assert (change.subscription, change.quantity) == (seats.key, 5)


def test_terms_that_one_contract_got_are_counted_apart(agreed: Agreed) -> None:
    agreed.contract("ada", on_package=True)
    edited = agreed.contract("bob", on_package=True)
    agreed.agree("bob", edited, seats=False)
    alone = agreed.contract("cyd", on_package=False)
    live = agreed.live(CARD)
    assert (live.count, dict(live.by_package), live.unlisted) == (3, {STARTER: 2}, "")
    assert agreed.live(STARTER).count == 2
    found = {(own.package, own.contracts) for own in live.own}
    assert found == {(STARTER, 1), (None, 1)}
    on_package, bare = sorted(live.own, key=lambda own: own.package is None)
    terms: Any = on_package.terms
    assert [each.type for each in terms.overrides] == ["OVERWRITE"]
    assert [each.subscription_rate.product for each in terms.subscriptions] == ["seats"]
    assert bare.terms == bought(materialise(BARE, START), AT)
    assert agreed.billed()[alone].billing.own is None


def test_customers_are_known_by_their_aliases_and_have_balances(agreed: Agreed) -> None:
    ids = {agreed.contract("ada", on_package=True), agreed.contract("ada", on_package=False)}
    agreed.introduce("ada", "acme-1", "acme-2")
    found = agreed.billed()
    assert found.keys() == ids
    for each in found.values():
        assert each.aliases == ("acme-1", "acme-2")
        (grant,) = each.shared
        assert (grant.amount, grant.kind, grant.term.product, grant.unit) == (500, "CREDIT", CREDIT.name, "usd")
        assert grant.window == Window(START, END)


def test_a_contract_that_nobody_edited_is_as_its_package_says(agreed: Agreed) -> None:
    id_ = agreed.contract("ada", on_package=True)
    each = agreed.billed()[id_]
    assert (each.billing.own, each.aliases, each.shared, each.billing.unread) == (None, (), (), "")
    assert isinstance(agreed.store, RemoteStore | SqlStore)
