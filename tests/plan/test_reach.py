"""Reach: which contracts a rate change touches, version by version, and which overwrites shield from it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.plan.document import read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan, Share
from pricebook.store.sql import SqlStore
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice

AT = datetime(2025, 6, 1, tzinfo=UTC)
ZERO = {"value": 0, "unit": "DAYS"}
SMALL, LARGE = (RateKey("tokens", None, (("model", model),)) for model in ("small", "large"))


def overwrite(**more: object) -> dict[str, object]:
    """An override that fixes a price from the contract's start on."""
    rate = {"rate_type": "FLAT", "price": Decimal(3)}
    specifier = {"product_tags": ("ai",), "pricing_group_values": {"model": "small"}}
    return {
        "type": "OVERWRITE",
        "overwrite_rate": rate,
        "override_specifiers": (specifier,),
        "starting_at_offset": ZERO,
        **more,
    }


def package(name: str, *overrides: dict[str, object]) -> dict[Ref, object]:
    return {Ref(Kind.PACKAGE, name): {"name": name, "rate_card": "card", "overrides": overrides}}


METRIC = {"name": "m", "aggregation_type": "COUNT", "group_keys": (("model",),)}
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
    assert step.reach == 36
    assert step.shares == tuple(
        Share(Ref(Kind.PACKAGE, name, 1), contracts, name in ("dated", "fixed"))
        for contracts, name in enumerate(sorted(ref.name for ref in SPECS if ref.kind is Kind.PACKAGE), 1)
    )
    assert write(read(write(plan), "p")) == write(plan)
    (card,) = plan_view(plan, RowChoice.parse(None), ()).objects
    assert card.sentence == "1 price changes for 29 of 36 contracts on the card; overrides shield the rest"  # 3 + 4
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
