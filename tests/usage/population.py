"""Two hundred customers on three versions of a package, with what they used, and what their invoices come to."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.commit import Credit
from pricebook.catalog.override import Override
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.manifest.load import load
from pricebook.plan.contract import Contract, Transition
from pricebook.preview.bill import bill
from pricebook.preview.customer import Billed, Billing
from pricebook.preview.impact import CustomerRow, Impact, Sides
from pricebook.preview.invoice import Ledger
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import DatedOverride, Grant, OwnTerms, Window
from pricebook.project.project import read_project
from pricebook.usage.billed import BillingJob, bill_usage
from pricebook.usage.engine import Engine, Target
from pricebook.usage.measure import Census, read_usage
from pricebook.usage.meter import meters_of, stated_of

CUSTOMERS = 200
WINDOW = Window(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
MIDDLE = datetime(2027, 1, 15, tzinfo=UTC)
"""When every seventh customer goes over to another version."""
ALWAYS = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
USED = datetime(2026, 10, 1, tzinfo=UTC)
CARD = Ref(Kind.RATE_CARD, "main")
SEAT = {"MONTHLY": (1250, 1400), "QUARTERLY": (3300, 3600), "ANNUAL": (12_000, 15_000)}
"""A seat's price in cents, before and after, by what versions 1, 2 and 3 of the package bill it by."""
SMALL, LARGE, JOB = (Decimal("1.37"), Decimal("1.52")), Decimal(21), (Decimal(2), Decimal(3))
"""Cents for tokens of the small model, before and after, and for the first of the large one; points for a job."""
LISTED = (Decimal("0.24"), Decimal("0.2"))
PER_YEAR = (12, 4, 1)

MANIFEST = """
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: points}
spec: {name: Points}
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec:
  name: Tokens
  aggregation_type: SUM
  aggregation_key: tokens
  event_type_filter: {in_values: [completion]}
  property_filters: [{name: tokens, exists: true}, {name: model, exists: true}]
  group_keys: [[model]]
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: jobs}
spec: {name: Jobs, aggregation_type: COUNT, event_type_filter: {in_values: [job]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: tokens}
spec: {name: Tokens, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: jobs}
spec: {name: Jobs, type: USAGE, billable_metric: jobs}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: grant}
spec: {name: Grant, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: main}
spec:
  name: Main
  credit_type_conversions: [{custom_credit_type: points, fiat_per_custom_credit: $0.03}]
  rates:
  - {product: tokens, pricing_group_values: {model: small}, starting_at: '2025-01-01', price: $%(small)s}
  - product: tokens
    pricing_group_values: {model: large}
    starting_at: '2025-01-01'
    rate_type: TIERED
    tiers: [{price: $0.21, size: 400}, {price: $0.19}]
  - {product: jobs, starting_at: '2025-01-01', price: %(jobs)s, credit_type: points}
  - {product: seat, billing_frequency: MONTHLY, starting_at: '2025-01-01', price: %(MONTHLY)s}
  - {product: seat, billing_frequency: QUARTERLY, starting_at: '2025-01-01', price: %(QUARTERLY)s}
  - {product: seat, billing_frequency: ANNUAL, starting_at: '2025-01-01', price: %(ANNUAL)s}
"""
PACKAGE = """---
apiVersion: pricebook/v1
kind: Package
metadata: {name: team-%(number)s}
spec:
  name: Team v{version}
  rate_card: main
  usage_statement_schedule: {frequency: MONTHLY, day: %(day)s}
  subscriptions:
  - key: seats
    subscription_rate: {product: seat, billing_frequency: %(frequency)s}
    collection_schedule: ADVANCE
    proration: {is_prorated: true}
    initial_quantity: 2
"""


@cache
def catalogues() -> tuple[Catalog, Catalog]:
    """Before and after, each with the three versions of one package."""
    days = ("FIRST_OF_MONTH", "FIRST_OF_MONTH", "CONTRACT_START")
    packages = "".join(PACKAGE % {"number": at + 1, "frequency": name, "day": days[at]} for at, name in enumerate(SEAT))
    found = []
    for side in (0, 1):
        with TemporaryDirectory() as name:
            folder = Path(name)
            settings = "namespace: a\nmanifests: [all.yaml]\nenvironments: {local: {store: 'sqlite:///a.db'}}\n"
            (folder / "pricebook.yaml").write_text(settings, encoding="utf-8")
            prices = {name: sides[side] for name, sides in SEAT.items()}
            text = MANIFEST % {**prices, "small": SMALL[side] / 100, "jobs": JOB[side]}
            (folder / "all.yaml").write_text(text + packages, encoding="utf-8")
            read = load(read_project(folder)).catalog
        nouns = {
            Ref(Kind.PACKAGE, "team", int(ref.name[-1])) if ref.kind is Kind.PACKAGE else ref: noun
            for ref, noun in read.nouns.items()
        }
        found.append(Catalog(nouns, read.rates))
    return found[0], found[1]


class Used(NamedTuple):
    """What a customer used in half a month."""

    tokens: dict[str, int]
    jobs: int


@cache
def population() -> tuple[list[Billed], dict[str, tuple[Used, Used]], list[dict[str, object]]]:
    """The contracts, what each customer used before the 15th and after, and the events that say so, some of them by an
    ingest alias."""
    chance = Random(14)
    billed, used, events = [], {}, []
    for number in range(CUSTOMERS):
        customer, alias = f"customer-{number:03}", f"ws_{number:x}é"
        starts = [datetime(2026, 1 + chance.randrange(6), 1 + 14 * (number % 2), tzinfo=UTC)]
        if number % 9 == 0:  # a second contract, beside the first one
            starts.append(datetime(2026, 7, 1, tzinfo=UTC))
        shared = (grant("shared", chance.randrange(50, 4000), "usd"),) if number % 4 == 0 else ()
        for at, start in enumerate(starts):
            version = Ref(Kind.PACKAGE, "team", 1 + chance.randrange(3))
            seats: tuple[SeatChange, ...] = ()
            if number % 3 == 0:
                seats = (SeatChange("seats", datetime(2026, 9, 1, tzinfo=UTC), Decimal(chance.randrange(1, 30))),)
            contract = Contract(
                id=f"{number}-{at}", customer=customer, package=version, card=CARD, starting_at=start, quantities=seats
            )
            own = terms(chance.choice(("1.0625", "0.8")), number) if number % 5 == 0 else None
            if number % 7 == 3 and not at:
                contract = replace(contract, ending_before=MIDDLE)
                other = Ref(Kind.PACKAGE, "team", 1 + (version.version or 0) % 2)  # statements by the calendar
                follows = Transition("SUPERSEDE", contract.id)
                after = Contract(
                    id=f"{number}-new",
                    customer=customer,
                    package=other,
                    card=CARD,
                    starting_at=MIDDLE,
                    transition=follows,
                    quantities=(),
                )
                billed.append(Billed(Billing(after), (alias,), shared))
            billed.append(Billed(Billing(contract, own=own), (alias,), shared))
        halves = [Used({m: chance.randrange(450) for m in ("small", "large")}, chance.randrange(20)) for _ in range(2)]
        used[customer] = halves[0], halves[1]
        named = alias if number % 2 else customer
        for half, (tokens, jobs) in enumerate(halves):
            told = [("completion", {"tokens": count, "model": model}) for model, count in tokens.items()]
            told += [("job", {}) for _ in range(jobs)]
            for place, (kind, properties) in enumerate(told):
                events.append(
                    {
                        "transaction_id": f"{number}-{half}-{place}",
                        "customer_id": named,
                        "event_type": kind,
                        "timestamp": f"2026-10-{1 + half * 14 + chance.randrange(14 + 3 * half):02}T10:00:00Z",
                        "properties": properties,
                    }
                )
    chance.shuffle(billed)
    chance.shuffle(events)
    return billed, used, events


def grant(key: str, amount: int, unit: str) -> Grant:
    """A credit that is open all the time."""
    item = {
        "amount": Decimal(amount),
        "starting_at_offset": {"value": 0, "unit": "DAYS"},
        "duration": {"value": 3, "unit": "YEARS"},
    }
    schedule = {"credit_type": unit, "schedule_items": (item,)}
    term = Credit.model_validate({"key": key, "product": "grant", "name": key, "access_schedule": schedule})
    return Grant(
        id=f"credits[{key}]",
        list="credits",
        key=key,
        term=term,
        kind="CREDIT",
        amount=Decimal(amount),
        unit=unit,
        window=WINDOW._replace(ending_before=ALWAYS[1]),
        free=True,
        counts_units=False,
    )


def terms(multiplier: str, number: int) -> OwnTerms:
    """An override of the customer's own, and for some a credit of points."""
    term = Override.model_validate(
        {
            "key": "own",
            "type": "MULTIPLIER",
            "multiplier": Decimal(multiplier),
            "starting_at_offset": {"value": 0, "unit": "DAYS"},
            "override_specifiers": ({"product": "tokens"}, {"product": "seat"}),
        }
    )
    overrides = (DatedOverride("overrides[own]", term, ALWAYS, 0),)
    return OwnTerms(overrides=overrides, grants=(grant("points", 7, "points"),) if number % 10 == 0 else ())


def invoiced(billed: Billed, side: int, usage: list[Quantity], drawn: dict[str, Decimal]) -> Decimal:
    """What the invoices of one contract say, by the kernel alone."""
    contract, own = billed.billing.contract, billed.billing.own
    known = catalogues()[side]
    package, end = known.nouns[contract.package], contract.ending_before  # type: ignore[index]
    dated = materialise(package, contract.starting_at, ending_before=end)  # type: ignore[arg-type]
    prices = Prices(Tariff(known, "main"), dated.beside(own) if own is not None else dated)
    ledger = Ledger(WINDOW.starting_at, drawn, billed.shared)
    made = bill(prices, usage, contract.quantities or (), WINDOW.ending_before, ledger)
    drawn.update({g.id: made.closing.drawn[g.id] for g in billed.shared if g.id in made.closing.drawn})
    return made.total


def expected(billed: list[Billed], used: dict[str, tuple[Used, Used]]) -> dict[str, Sides]:
    """Pair after pair, the oldest contracts first."""
    found: dict[str, Sides] = {}
    drawn: dict[tuple[str, int], dict[str, Decimal]] = {}
    for each in sorted(billed, key=lambda one: one.billing.contract.starting_at):
        contract = each.billing.contract
        customer, usage = contract.customer, []
        for at, half in zip((WINDOW.starting_at, MIDDLE), used[customer], strict=True):
            if contract.starting_at <= at < contract.end:
                dated = max(WINDOW.starting_at, contract.starting_at)
                usage += [Quantity("tokens", (("model", m),), dated, Decimal(n)) for m, n in half.tokens.items() if n]
                usage += [Quantity("jobs", (), dated, Decimal(half.jobs))]
        sides = (invoiced(each, side, usage, drawn.setdefault((customer, side), {})) for side in (0, 1))
        found[customer] = found.get(customer, Sides()).plus(Sides(*sides))
    return found


def written(folder: Path) -> Path:
    """The events of the population, as a file."""
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in population()[2]), encoding="utf-8")
    return path


def assessed(
    engine: Engine,
    *given: str | Path,
    shown: Callable[[CustomerRow, Window], tuple[object, ...]] | None = None,
    target: Target | None = None,
) -> tuple[Impact, Census, list[CustomerRow]]:
    """The population billed for the usage that is given; rows go to the target alone, where there is one."""
    before, after = catalogues()
    meters, uncounted = meters_of(before)
    assert not uncounted
    rows: list[CustomerRow] = []
    try:
        assert read_usage(engine, given, meters, stated_of(before))
        sides = before, after, WINDOW, 1, False, LISTED
        job = BillingJob(*sides, meters, stated_of(before), listing=target is None, shown=shown)
        keep = lambda row, _: rows.append(row)  # noqa: E731
        census, found = bill_usage(engine, population()[0], USED, job, keep=keep, tell=lambda _: None, target=target)
    finally:
        engine.close()
    return found, census, rows
