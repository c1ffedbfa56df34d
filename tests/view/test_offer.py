"""A package is told as an offer, beside what was offered in its place; and what is fixed is told in money."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from observed import holding
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.observe.snapshot import LiveContracts, Snapshot
from pricebook.plan.contract import Contract
from pricebook.plan.document import read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.preview.customer import Billed, Billing
from pricebook.view.plan import PlanView, plan_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.offering import offering

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SEAT = RateKey("team-seat", "MONTHLY", ())
YEAR = RateKey("team-seat", "ANNUAL", ())


def price(cents: int) -> Terms:
    return Terms.of({"entitled": False, "rate_type": "SUBSCRIPTION", "price": Decimal(cents)})


def schedule(*steps: tuple[str, int]) -> str:
    ends = [start for start, _ in steps[1:]]
    parts = zip(steps, [*ends, None], strict=True)
    return schedule_text(Segment(f"{s}T00:00:00Z", f"{e}T00:00:00Z" if e else None, price(c)) for (s, c), e in parts)


def team(seats: int | None = 3, credit: int = 300, frequency: str = "MONTHLY", **more: Any) -> dict[str, Any]:
    return {
        "name": "Team v{version}",
        "rate_card": "list",
        "duration": {"value": 12, "unit": "MONTHS"},
        "subscriptions": (
            {
                "key": "seats",
                "subscription_rate": {"product": "team-seat", "billing_frequency": frequency},
                "collection_schedule": "ADVANCE",
                "proration": {"is_prorated": True},
                **(
                    {"initial_quantity": seats}
                    if seats is not None
                    else {"quantity_management_mode": "SEAT_BASED", "seat_config": {"seat_group_key": "seat"}}
                ),
            },
        ),
        "recurring_credits": (
            {
                "key": "included",
                "product": "credit",
                "priority": 1,
                "access_amount": {"unit_price": credit},
                "commit_duration": {"value": 1, "unit": "PERIODS"},
                "recurrence_frequency": "MONTHLY",
                "starting_at_offset": {"value": 0, "unit": "MONTHS"},
            },
        ),
        "overrides": (
            {
                "key": "enable",
                "entitled": True,
                "starting_at_offset": {"value": 0, "unit": "MONTHS"},
                "override_specifiers": ({"product": "team-seat"},),
            },
        ),
        **more,
    }


def catalog(rates: dict[RateKey, str], **packages: dict[str, Any]) -> Catalog:
    nouns: dict[Ref, Noun] = {
        Ref(Kind.PRODUCT, "team-seat"): noun_of(
            Kind.PRODUCT, {"name": "Team seat", "type": "SUBSCRIPTION", "unit": "seat"}
        ),
        Ref(Kind.PRODUCT, "credit"): noun_of(Kind.PRODUCT, {"name": "Included usage", "type": "FIXED"}),
        Ref(Kind.RATE_CARD, "list"): noun_of(Kind.RATE_CARD, {"name": "List"}),
    }
    for name, spec in packages.items():
        key, _, version = name.partition("_")
        nouns[Ref(Kind.PACKAGE, key, int(version) if version else None)] = noun_of(Kind.PACKAGE, spec)
    return Catalog(nouns, {"list": RateBook({key_text(key): text for key, text in rates.items()})})


def observed(rates: dict[RateKey, str], contracts: int = 0, **packages: dict[str, Any]) -> Snapshot:
    found = holding(catalog(rates, **packages), NOW)
    objects = {
        ref: replace(each, live=LiveContracts(contracts, dict.fromkeys(_versions(packages), 1)))
        if ref.kind is Kind.RATE_CARD
        else each
        for ref, each in found.objects.items()
    }
    return replace(found, objects=objects)


def _versions(packages: dict[str, Any]) -> Iterator[Ref]:
    for name in packages:
        key, _, version = name.partition("_")
        yield Ref(Kind.PACKAGE, key, int(version))


class Account:
    """An account with contracts."""

    def __init__(self, *packages: str) -> None:
        start = datetime(2026, 11, 1, tzinfo=UTC)
        named = [package.partition("_") for package in packages]
        refs = [Ref(Kind.PACKAGE, key, int(version)) for key, _, version in named]
        self.listed = [
            Contract(id=str(n), customer=f"c{n}", package=ref, card=Ref(Kind.RATE_CARD, "list"), starting_at=start)
            for n, ref in enumerate(refs)
        ]

    def billed(self, namespace: str, at: datetime, *, shared: bool = True) -> Iterator[Billed]:
        return (Billed(Billing(contract)) for contract in self.listed)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nothing else is asked of it: {name}")


def viewed(
    desired: Catalog, held: Snapshot, *contracts: str, ending_before: datetime | None = None
) -> tuple[Plan, PlanView]:
    made = make_plan(desired, held, namespace="acme", environment="test", as_of=NOW)
    account = Account(*contracts)
    account.listed = [replace(each, ending_before=ending_before) for each in account.listed]
    told = offering(made, desired, held, account)  # type: ignore[arg-type]
    return told, plan_view(told, RowChoice())


OLD = {SEAT: schedule(("2026-01-01", 500)), YEAR: schedule(("2026-01-01", 4800))}
DEARER = {**OLD, SEAT: schedule(("2026-01-01", 500), ("2027-01-01", 700))}


def test_a_new_package_is_told_with_its_prices() -> None:
    _, view = viewed(catalog(OLD, team=team()), observed(OLD))
    (item,) = view.objects
    assert item.offer is not None
    assert (item.offer.name, item.offer.before) == ("Team v1", None)
    assert [(line.name, line.after) for line in item.offer.lines] == [
        (
            "Team seat",
            "3 × $5.00 per seat a month, charged at the start of each period; part of a period is prorated",
        ),
        ("Included usage", "$3.00 of credit a month for everything, priority 1"),
        ("Length", "12 months"),
        ("Invoices of usage", "monthly, at the end of each period"),
    ]


def test_a_new_version_is_told_beside_the_one_before_each_by_its_own_name() -> None:
    _, view = viewed(catalog(OLD, team=team(credit=500)), observed(OLD, team_1=team(name="Team v1")))
    (item,) = (item for item in view.objects if item.kind == "package")
    assert item.offer is not None
    assert (item.offer.before_name, item.offer.name) == ("Team v1", "Team v2")
    assert [(line.name, line.before[:5], line.after[:5]) for line in item.offer.changed] == [
        ("Included usage", "$3.00", "$5.00")
    ]


def test_what_takes_over_an_alias_is_told_beside_what_had_it_whatever_it_is_called() -> None:
    alias = {"aliases": ({"name": "team"},)}
    later = {"aliases": ({"name": "team", "starting_at": "2027-01-01"},)}
    desired = catalog(OLD, team=team(name="Team v1", **alias), crew=team(credit=500, name="Crew", **later))
    _, view = viewed(desired, observed(OLD, team_1=team(name="Team v1", **alias)))
    (item,) = (item for item in view.objects if item.ref == "package:crew@1")
    assert item.offer is not None
    assert (item.offer.before, item.offer.since) == ("package:team@1", "2027-01-01")
    assert [line.name for line in item.offer.changed] == ["Included usage"]


def test_what_is_fixed_is_the_headline() -> None:
    """Hand-worked: 3 seats of $2.00 more, two contracts: $12.00 a month. Who pays by the year is not touched."""
    held = observed(OLD, 3, team_1=team(name="Team v1"), yearly_1=team(name="Yearly v1", frequency="ANNUAL"))
    desired = catalog(DEARER, team=team(name="Team v1"), yearly=team(name="Yearly v1", frequency="ANNUAL"))
    plan, view = viewed(desired, held, "team_1", "team_1", "yearly_1")
    assert plan.fixed is not None
    assert (plan.fixed.amounts, plan.fixed.contracts, plan.fixed.unknown) == ({"usd": Decimal(14400)}, 2, 0)
    assert view.verdict.startswith("Team seat goes from $5.00 to $7.00 per seat a month (+40.0 %)")
    assert "Fees: +$12.00 a month (+$144.00 a year) for 2 contracts, from 2027-01-01, before usage." in view.verdict
    assert view.fixed is not None
    assert (view.fixed.a_year, view.fixed.a_month) == ({"usd": Decimal(144)}, {"usd": Decimal(12)})


def test_a_fee_that_was_only_planned_is_no_part_of_what_is_paid() -> None:
    planned = {**OLD, SEAT: schedule(("2026-01-01", 500), ("2027-01-01", 600))}
    held = observed(planned, 1, team_1=team(name="Team v1"))
    plan, _ = viewed(catalog(DEARER, team=team(name="Team v1")), held, "team_1")
    assert plan.fixed is not None
    assert plan.fixed.amounts == {"usd": Decimal(7200)}  # from $5.00 to $7.00, 3 seats, 12 months


@pytest.mark.parametrize("contracts", [(), ("team_1",)])
def test_seats_that_nobody_counted_are_said_and_are_not_nothing(contracts: tuple[str, ...]) -> None:
    spec = team(None, name="Team v1")
    plan, view = viewed(catalog(DEARER, team=spec), observed(OLD, 1, team_1=spec), *contracts)
    if not contracts:
        assert plan.fixed is None
        return
    assert plan.fixed is not None
    assert (plan.fixed.contracts, plan.fixed.unknown) == (0, 1)
    assert "Not known: how many 1 contract pays for." in view.verdict


def test_a_fee_is_that_of_the_day_on_which_a_period_begins() -> None:
    """Years that began on 1 November 2026 and end after twelve months never see the price of March 2027."""
    later = {**OLD, YEAR: schedule(("2026-01-01", 4800), ("2027-03-01", 6000))}
    spec = team(name="Yearly v1", frequency="ANNUAL")
    desired, held = catalog(later, yearly=spec), observed(OLD, 2, yearly_1=spec)
    ends = datetime(2027, 11, 1, tzinfo=UTC)
    plan, view = viewed(desired, held, "yearly_1", "yearly_1", ending_before=ends)
    assert plan.fixed is not None
    assert (plan.fixed.amounts, plan.fixed.contracts, plan.fixed.ending) == ({}, 0, 2)
    assert "for 2 contracts, from 2027-03-01. 2 of them end before they would pay that." in view.verdict
    endless = team(name="Yearly v1", frequency="ANNUAL", duration=None)
    plan, view = viewed(catalog(later, yearly=endless), observed(OLD, 2, yearly_1=endless), "yearly_1", "yearly_1")
    assert plan.fixed is not None
    assert (plan.fixed.amounts, plan.fixed.since) == ({"usd": Decimal(7200)}, "2027-11-01T00:00:00Z")
    assert "for 2 contracts, from 2027-11-01, before usage" in view.verdict  # when the second year begins


def test_of_commits_what_is_paid_and_what_is_left_to_spend_are_two_things() -> None:
    """Hand-worked: $24,000.00 in two years for as much to spend; then for $20,000.00; then a true-up of $20,000.00."""
    start, year = ({"value": n, "unit": "MONTHS"} for n in (0, 12))

    def spend(cents: int, kind: str = "PREPAID", *dates: dict[str, object]) -> dict[str, Any]:
        each = 1_200_000 if kind == "PREPAID" else cents
        paid = tuple({"unit_price": each, "quantity": 1, "date_offset": at} for at in dates)
        length = {"value": 24, "unit": "MONTHS"}
        access = {"schedule_items": ({"amount": cents, "starting_at_offset": start, "duration": length},)}
        commit = {"name": "Spend [2026]", "product": "credit", "type": kind, "access_schedule": access, "priority": 1}
        return team(duration=length, commits=({**commit, "invoice_schedule": {"schedule_items": paid}},))

    whole, less = spend(2_400_000, "PREPAID", start, year), spend(2_000_000, "PREPAID", start, year)
    _, view = viewed(catalog(OLD, team=whole), observed(OLD))
    assert "commits $24,000.00 one-off, credits" in view.verdict
    _, view = viewed(catalog(OLD, team=less), observed(OLD, team_1=whole))
    assert view.verdict.endswith("Team v2 (Spend [2026]): to spend from commits −$4,000.00 one-off, for each contract.")
    _, view = viewed(catalog(OLD, team=spend(2_000_000, "POSTPAID", year)), observed(OLD))
    assert "commits $20,000.00 one-off" in view.verdict


def test_a_price_of_its_own_is_not_touched() -> None:
    own = {
        "key": "own",
        "type": "OVERWRITE",
        "starting_at_offset": {"value": 0, "unit": "MONTHS"},
        "override_specifiers": ({"product": "team-seat", "billing_frequency": "MONTHLY"},),
        "overwrite_rate": {"rate_type": "SUBSCRIPTION", "price": 420},
    }
    spec = team(name="Team v1", overrides=(*team()["overrides"], own))
    plan, _ = viewed(catalog(DEARER, team=spec), observed(OLD, 1, team_1=spec), "team_1")
    assert plan.fixed is None


def test_what_a_new_package_fixes_is_in_the_first_line() -> None:
    """Hand-worked: 3 seats of $5.00 are $15.00 a month; the credit is $3.00 a month; the charge comes once."""
    first = {"value": 0, "unit": "DAYS"}
    once = {"schedule_items": ({"unit_price": 250_000, "quantity": 1, "date_offset": first},)}
    spec = team(scheduled_charges=({"key": "setup", "product": "credit", "schedule": once},))
    plan, view = viewed(catalog(OLD, team=spec), observed(OLD))
    assert view.verdict == (
        "No existing price changes. 1 package is new. Team v1: fees $15.00 a month ($180.00 a year),"
        " charges $2,500.00 one-off, credits $3.00 a month ($36.00 a year), for each contract."
    )
    (offered,) = plan.offers
    assert [(one.kind, one.a_year, one.once) for one in offered.after.fixed] == [
        ("fees", Decimal(18000), Decimal(0)),
        ("charges", Decimal(0), Decimal(250_000)),
        ("credits", Decimal(3600), Decimal(0)),
    ]


def test_a_new_version_is_told_by_what_it_changes_in_money() -> None:
    _, view = viewed(catalog(OLD, team=team(5, credit=500)), observed(OLD, team_1=team(name="Team v1")))
    assert view.verdict == (
        "No existing price changes. 1 new package version for contracts made from now on. Team v2 (Team seat, Included"
        " usage): fees +$10.00 a month (+$120.00 a year), credits +$2.00 a month (+$24.00 a year), for each contract."
    )


def test_what_is_fixed_of_seats_that_customers_choose_is_told_for_each() -> None:
    _, view = viewed(catalog(OLD, team=team(None)), observed(OLD))
    assert "Team v1: fees $5.00 a month ($60.00 a year) for each, credits $3.00 a month" in view.verdict


def test_discounts_and_custom_units_are_told_with_what_they_are_worth() -> None:
    discount = {
        "key": "half",
        "type": "MULTIPLIER",
        "multiplier": Decimal("0.8"),
        "starting_at_offset": {"value": 0, "unit": "MONTHS"},
        "override_specifiers": ({"product": "team-seat", "billing_frequency": "MONTHLY"},),
    }
    spec = team(overrides=(*team()["overrides"], discount))
    given = {**spec["recurring_credits"][0], "access_amount": {"unit_price": 300, "credit_type": "ai-credits"}}
    desired = catalog(OLD, team={**spec, "recurring_credits": (given,)})
    conversion = {"custom_credit_type": "ai-credits", "fiat_per_custom_credit": 4}
    card = noun_of(Kind.RATE_CARD, {"name": "List", "credit_type_conversions": (conversion,)})
    desired = Catalog({**desired.nouns, Ref(Kind.RATE_CARD, "list"): card}, desired.rates)
    _, view = viewed(desired, observed(OLD))
    offer = next(item.offer for item in view.objects if item.offer is not None)
    told = {line.name: line.after for line in offer.lines}
    assert told["Discount"] == "20 % off Team seat: $4.00 instead of $5.00 per seat a month"
    assert told["Included usage"] == "300 ai-credits (worth $12.00) a month for everything, priority 1"
    # What is fixed is what is paid, the discount taken off: 3 seats of $4.00.
    assert offer.money == (
        "fees $12.00 a month ($144.00 a year), credits 300 ai-credits a month (3,600 ai-credits a year, worth $144.00)"
    )


def test_offers_are_told_from_a_file_as_they_were_live() -> None:
    alias = {"aliases": ({"name": "team"},)}
    later = {"aliases": ({"name": "team", "starting_at": "2027-01-01"},)}
    desired = catalog(OLD, team=team(name="Team v1", **alias), crew=team(credit=500, name="Crew", **later))
    plan, view = viewed(desired, observed(OLD, team_1=team(name="Team v1", **alias)))
    again = read(write(plan), "plan.json")
    assert write(again) == write(plan)
    assert plan_view(again, RowChoice()).objects == view.objects
    assert plan_view(again, RowChoice()).verdict == view.verdict


def test_offers_stand_in_the_order_in_which_packages_are_declared() -> None:
    plan, view = viewed(catalog(OLD, team=team(name="Team"), basic=team(name="Basic")), observed(OLD))
    assert [str(one.after.ref) for one in plan.offers] == ["package:team@1", "package:basic@1"]
    assert view.verdict.index("Team") < view.verdict.index("Basic")


def test_what_contracts_pay_that_left_the_manifests_is_told() -> None:
    """Hand-worked: 2 contracts of 3 seats of $5.00 each are $30.00 a month."""
    held = observed(OLD, 2, team_1=team(name="Team v1", aliases=({"name": "team"},)))
    package = Ref(Kind.PACKAGE, "team", 1)
    held = replace(held, objects={**held.objects, package: replace(held.objects[package], live=LiveContracts(2))})
    _, view = viewed(catalog(OLD), held)
    assert view.verdict.startswith(
        "Team v1 is in no manifest any more and stays: 1 still sold by alias, 2 contracts on it,"
        " $30.00 a month ($360.00 a year) in fees and commits."
    )
    assert view.decision.sentence == "Nothing to apply: what left the manifests stays as it is."


def test_what_is_given_for_some_months_only_is_no_yearly_sum() -> None:
    """Hand-worked: $3.00 in each of 3 months are $9.00, and not $36.00 a year."""
    first = {**team()["recurring_credits"][0], "duration": {"value": 3, "unit": "MONTHS"}}
    _, view = viewed(catalog(OLD, team=team(recurring_credits=(first,))), observed(OLD))
    assert "Team v1: fees $15.00 a month ($180.00 a year), credits $9.00 one-off, for each contract." in view.verdict
