"""Reach: which contracts a rate change touches, version by version, and which overwrites shield from it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from observed import with_contracts
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.manifest.load import load
from pricebook.observe.snapshot import LiveContracts, Snapshot
from pricebook.plan.document import read, write
from pricebook.plan.hazard import Hazard
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Plan, Share, Step
from pricebook.plan.verb.table import AddRates
from pricebook.project.project import Project, ProjectSettings
from pricebook.store.sql import SqlStore
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice

SETTINGS = ProjectSettings.model_validate(
    {"namespace": "a", "manifests": ("catalog.yaml",), "environments": {"e": {"store": "memory"}}}
)
AT = datetime(2025, 6, 1, tzinfo=UTC)
ZERO = {"value": 0, "unit": "DAYS"}
SMALL, LARGE = (RateKey("tokens", None, (("model", model),)) for model in ("small", "large"))


def overwrite(**more: object) -> dict[str, object]:
    """An override that fixes a price from the contract's start on."""
    rate = {"rate_type": "FLAT", "price": Decimal(3)}
    specifier = {"product": "tokens", "pricing_group_values": {"model": "small"}}
    return {
        "type": "OVERWRITE",
        "overwrite_rate": rate,
        "override_specifiers": (specifier,),
        "starting_at_offset": ZERO,
        **more,
    }


def package(name: str, *overrides: dict[str, object]) -> dict[Ref, object]:
    return {Ref(Kind.PACKAGE, name): {"name": name, "rate_card": "card", "overrides": overrides}}


METRIC = {
    "name": "m",
    "aggregation_type": "COUNT",
    "property_filters": ({"name": "model"},),
    "group_keys": (("model",),),
}
PRODUCT = {
    "name": "t",
    "type": "USAGE",
    "billable_metric": "m",
    "tags": ("ai",),
    "pricing_group_key": ("model",),
}
SPECS = {
    Ref(Kind.BILLABLE_METRIC, "m"): METRIC,
    Ref(Kind.PRODUCT, "tokens"): PRODUCT,
    Ref(Kind.RATE_CARD, "card"): {"name": "card"},
    **package("bare"),
    **package("fixed", overwrite()),
    **package("for-a-year", overwrite(duration={"value": 1, "unit": "YEARS"})),
    **package("later", overwrite(starting_at_offset={"value": 1, "unit": "MONTHS"})),
    **package("dated", overwrite(starting_at_offset=None, starting_at=datetime(2025, 7, 1, tzinfo=UTC))),
    **package("commits", overwrite(is_commit_specific=True)),
    **package(
        "large", overwrite(override_specifiers=({"product": "tokens", "pricing_group_values": {"model": "large"}},))
    ),
    **package("sale", {**overwrite(), "type": "MULTIPLIER", "overwrite_rate": None, "multiplier": Decimal("0.5")}),
}


def catalog(**prices: dict[str, int]) -> Catalog:
    """The catalogue with prices by start, of models."""
    rates = {}
    for model, timeline in prices.items():
        starts = sorted(timeline)
        segments = tuple(
            Segment(at, after, Terms.of({"entitled": True, "price": timeline[at], "rate_type": "FLAT"}))
            for at, after in zip(starts, [*starts[1:], None], strict=True)
        )
        rates[key_text(RateKey("tokens", None, (("model", model),)))] = schedule_text(segments)
    return Catalog({ref: noun_of(ref.kind, spec) for ref, spec in SPECS.items()}, {"card": RateBook(rates)})


JANUARY, AUGUST = "2025-01-01T00:00:00Z", "2025-08-01T00:00:00Z"
BEFORE = {"small": {JANUARY: 5}, "large": {JANUARY: 9}}


def planned(tmp_path: Path, **prices: dict[str, int]) -> Plan:
    """The plan of new prices, with contracts on every package."""
    store = SqlStore(f"sqlite:///{tmp_path / 'p.db'}")
    first = make_plan(catalog(**BEFORE), store.snapshot("a", AT), namespace="a", environment="e", as_of=AT)
    for step in first.steps:
        store.perform("a", step.change, AT)
    ids = store.snapshot("a", AT).ids
    for number, ref in enumerate(sorted(ref for ref in ids if ref.kind is Kind.PACKAGE), 1):
        for customer in range(number):
            store.create_contract(f"c{customer}", AT, ids[ref], at=AT)
    return make_plan(catalog(**prices), store.snapshot("a", AT), namespace="a", environment="e", as_of=AT)


def test_overwrites_that_stand_shield_their_contracts(tmp_path: Path) -> None:
    plan = planned(tmp_path, **{**BEFORE, "small": {JANUARY: 5, AUGUST: 6}})
    (step,) = plan.steps
    assert (step.reach, step.live) == (29, 36)  # 3 + 4 are shielded
    assert [rate.reach for rate in step.change.rates] == [29]
    assert step.shares == tuple(
        Share(Ref(Kind.PACKAGE, name, 1), contracts, name in ("dated", "fixed"))
        for contracts, name in enumerate(sorted(ref.name for ref in SPECS if ref.kind is Kind.PACKAGE), 1)
    )
    assert write(read(write(plan), "p")) == write(plan)
    (card,) = plan_view(plan, RowChoice.parse(None), ()).objects
    assert card.sentence == "1 price changes for 29 of 36 contracts on the card"
    assert card.notes == (
        "8 contracts on sale@1",
        "7 contracts on later@1",
        "6 contracts on large@1",
        "5 contracts on for-a-year@1",
        "4 contracts on fixed@1; overrides keep their prices",
        "6 contracts on 3 more versions",
    )


def test_who_is_shielded_in_part_is_reached(tmp_path: Path) -> None:
    (step,) = planned(tmp_path, small={JANUARY: 5, AUGUST: 6}, large={JANUARY: 9, AUGUST: 10}).steps
    assert not any(share.shielded for share in step.shares)


def test_a_date_shields_from_what_changes_after_it(tmp_path: Path) -> None:
    (step,) = planned(tmp_path, **{**BEFORE, "small": {JANUARY: 5, "2025-06-15T00:00:00Z": 6}}).steps
    assert [share.package.name for share in step.shares if share.shielded] == ["fixed"]


SEATS = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: calls}
spec: {name: Calls, aggregation_type: COUNT, property_filters: [{name: region}], group_keys: [[region]]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: call}
spec: {name: Call, type: USAGE, billable_metric: calls, pricing_group_key: [region]}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates:
    - {product: seat, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: $5.00}
    - {product: seat, billing_frequency: ANNUAL, entitled: false, starting_at: 2025-01-01, price: $50.00}
    - {product: call, pricing_group_values: {region: eu}, starting_at: 2025-01-01, price: $0.20}
    - {product: call, pricing_group_values: {region: us}, entitled: false, starting_at: 2025-01-01, price: $0.10}
"""
OFFER = """---
apiVersion: pricebook/v1
kind: Package
metadata: {name: %s}
spec:
  name: Offer
  rate_card: list
"""
SELLS = """  subscriptions:
    - subscription_rate: {product: seat, billing_frequency: %s}
      quantity_management_mode: QUANTITY_ONLY
      initial_quantity: 1
      collection_schedule: ADVANCE
      proration: {is_prorated: true}
"""
ALLOWS = """  overrides:
    - {entitled: %s, starting_at_offset: {value: 0, unit: DAYS}, override_specifiers: [{%s}]}
"""
OFFERS = {
    "monthly": SELLS % "MONTHLY" + ALLOWS % ("true", "product: seat"),
    "yearly": SELLS % "ANNUAL" + ALLOWS % ("true", "product: seat"),
    "unpaid": SELLS % "MONTHLY" + ALLOWS % ("true", "product: seat, billing_frequency: ANNUAL"),
    "american": ALLOWS % ("true", "product: call, pricing_group_values: {region: us}"),
    "seatless": ALLOWS % ("false", "product: call"),
}
CATALOGUE = SEATS + "".join(OFFER % name + terms for name, terms in OFFERS.items())


def offered(manifests: str, folder: Path) -> Catalog:
    (folder / "catalog.yaml").write_text(manifests, encoding="utf-8")
    return load(Project(folder, SETTINGS)).catalog


def changed(edits: list[tuple[str, str]], folder: Path, *, loose: int = 0, unlisted: str = "") -> Step:
    """The one step that changes prices, with one contract on each package and some that are on none."""
    held = make_plan(offered(CATALOGUE, folder), Snapshot(AT), namespace="a", environment="e", as_of=AT)
    snapshot = applied_to(Snapshot(AT), held)
    card, on = Ref(Kind.RATE_CARD, "list"), {ref: 1 for ref in snapshot.objects if ref.kind is Kind.PACKAGE}
    seen = replace(snapshot.of(card), live=LiveContracts(len(on) + loose, on, unlisted=unlisted))
    snapshot = replace(snapshot, objects={**snapshot.objects, card: seen})
    text = CATALOGUE
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    plan = make_plan(offered(text, folder), snapshot, namespace="a", environment="e", as_of=AT)
    (step,) = (step for step in plan.steps if isinstance(step.change, AddRates))
    assert read(write(plan), "p") == plan
    return step


def later(frequency: str, price: str) -> tuple[str, str]:
    """A seat becomes dearer next month."""
    schedule = f"schedule: [{{starting_at: 2025-01-01, price: {price}}}, {{starting_at: 2025-07-01, price: $99.00}}]"
    return (
        f"{frequency}, entitled: false, starting_at: 2025-01-01, price: {price}",
        f"{frequency}, entitled: false, {schedule}",
    )


EU = ("{region: eu}, starting_at: 2025-01-01", "{region: eu}, starting_at: 2025-07-01")
US = (
    "{region: us}, entitled: false, starting_at: 2025-01-01",
    "{region: us}, entitled: false, starting_at: 2025-07-01",
)


@pytest.mark.parametrize(
    ("edits", "buyers"),
    [
        pytest.param([later("MONTHLY", "$5.00")], {"monthly"}, id="of those who subscribe"),
        pytest.param([later("ANNUAL", "$50.00")], {"yearly"}, id="at that frequency"),
        pytest.param([EU, ("price: $0.20", "price: $0.30")], {*OFFERS} - {"seatless"}, id="of those it is open to"),
        pytest.param([US, ("price: $0.10", "price: $0.30")], {"american"}, id="in that group"),
    ],
)  # fmt: skip
def test_a_price_reaches_who_buys_it(edits: list[tuple[str, str]], buyers: set[str], tmp_path: Path) -> None:
    step = changed(edits, tmp_path)
    (rate,) = step.change.rates
    assert {share.package.name for share in step.shares if share.reached} == buyers
    assert (step.reach, rate.reach, step.live) == (len(buyers), len(buyers), len(OFFERS))
    assert Hazard.REACHES_LIVE_CONTRACTS in rate.hazards


def test_each_price_reaches_its_own_buyers_and_the_step_them_all(tmp_path: Path) -> None:
    step = changed([later("MONTHLY", "$5.00"), later("ANNUAL", "$50.00")], tmp_path)
    assert ([rate.reach for rate in step.change.rates], step.reach) == ([1, 1], 2)


def test_who_is_on_no_package_may_buy_anything(tmp_path: Path) -> None:
    step = changed([later("MONTHLY", "$5.00")], tmp_path, loose=3)
    assert (step.reach, step.live) == (4, 8)


FEE = "    - {product: seat, billing_frequency: QUARTERLY, entitled: false, starting_at: 2025-01-01, price: $14.00}\n"


ASIA = "call, pricing_group_values: {region: asia}"


def test_nobody_is_said_only_where_every_contract_is_seen(tmp_path: Path) -> None:
    dearer = [
        (
            "\n    - {product: call, pricing_group_values: {region: eu}",
            f"\n{FEE}    - {{product: call, pricing_group_values: {{region: eu}}",
        )
    ]
    assert changed(dearer, tmp_path).reach == 0
    assert changed(dearer, tmp_path, unlisted="contracts on no package").reach is None


@pytest.mark.parametrize(
    ("rate", "retroactive"),
    [
        pytest.param(FEE, False, id="nobody has that fee"),
        pytest.param(FEE.replace("QUARTERLY", "MONTHLY").replace("seat", "desk"), False, id="the product is new"),
        pytest.param(FEE.replace("seat, billing_frequency: QUARTERLY", ASIA), True, id="it may have been used"),
    ],
)  # fmt: skip
def test_a_first_price_in_the_past_rewrites_what_somebody_bought(rate: str, retroactive: bool, tmp_path: Path) -> None:
    card = "apiVersion: pricebook/v1\nkind: RateCard"
    desk = card.replace("RateCard", "Product\nmetadata: {name: desk}\nspec: {name: Desk, type: SUBSCRIPTION}\n---\n")
    edits = [(card, desk + card), ("  rates:\n", f"  rates:\n{rate}")]
    step = changed(edits, tmp_path, loose=1 if retroactive else 0)
    assert [Hazard.RETROACTIVE in rate.hazards for rate in step.change.rates] == [retroactive]


def test_what_was_only_planned_and_is_taken_back_reaches_nobody(tmp_path: Path) -> None:
    old, new = later("MONTHLY", "$5.00")
    held = offered(CATALOGUE.replace(old, new), tmp_path)
    first = make_plan(held, Snapshot(AT), namespace="a", environment="e", as_of=AT)
    snapshot = with_contracts(applied_to(Snapshot(AT), first), {Ref(Kind.RATE_CARD, "list"): 4})
    (step,) = make_plan(offered(CATALOGUE, tmp_path), snapshot, namespace="a", environment="e", as_of=AT).steps
    assert (step.reach, step.hazards) == (4, ())


def verdict(held: str, desired: str, folder: Path, contracts: int) -> str:
    """What a change of a card comes to, with contracts on the yearly package."""
    first = make_plan(offered(held, folder), Snapshot(AT), namespace="a", environment="e", as_of=AT)
    snapshot = applied_to(Snapshot(AT), first)
    card, yearly = Ref(Kind.RATE_CARD, "list"), Ref(Kind.PACKAGE, "yearly", 1)
    seen = replace(snapshot.of(card), live=LiveContracts(contracts, {yearly: contracts}))
    snapshot = replace(snapshot, objects={**snapshot.objects, card: seen})
    plan = make_plan(offered(desired, folder), snapshot, namespace="a", environment="e", as_of=AT)
    return plan_view(plan, RowChoice(), ()).verdict


def test_the_first_line_says_for_whom_and_leaves_out_what_stays(tmp_path: Path) -> None:
    held, (old, new) = SEATS + OFFER % "yearly" + OFFERS["yearly"], later("MONTHLY", "$5.00")
    assert ", which no contract pays, from 2025-07-01" in verdict(held, held.replace(old, new), tmp_path, 2)
    assert ", with no contract on the card, from 2025-07-01" in verdict(held, held.replace(old, new), tmp_path, 0)
    postponed = new.replace("{starting_at: 2025-07-01, price: $99.00}", "{starting_at: 2025-09-01, price: $7.00}")
    said = verdict(held.replace(old, new), held.replace(old, postponed), tmp_path, 0)
    assert "from $5.00 to $7.00" in said
    assert "from 2025-09-01" in said
