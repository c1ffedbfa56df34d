"""Two billers that share nothing but the vendor's rules come to the same invoices (`preview/naive.py` is the other)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from naive import MONTHS, Balance, Biller, Contract, Fee, Override, Result, Tiers, Use, half_up, renewed

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of, spec_of, tupled
from pricebook.catalog.instant import instant_text
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, normal, schedule_text
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.preview.bill import bill, rolled_over
from pricebook.preview.invoice import Bill, Ledger
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff

USAGE, FEES = ("alpha", "beta"), ("desk", "plan")
GROUPS = ("e", "w")
NEAR = Fraction(1, 10**9)
"""What the quantities that do not end may make: they are kept to 20 places."""


# --- the same contract, said in manifests


def exact(value: Fraction) -> Decimal:
    """A number that ends."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def priced(tiers: Tiers, part: str = "price") -> dict[str, Any]:
    """Prices, or factors, as an API body has them."""
    if len(tiers) == 1 and part == "price":
        return {"rate_type": "FLAT", "price": exact(tiers[0][0])}
    steps = [{part: exact(p)} | ({"size": exact(size)} if size is not None else {}) for p, size in tiers]
    return ({"rate_type": "TIERED"} if part == "price" else {}) | {"tiers": steps}


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class Translated:
    """A contract of the other biller as a catalogue of ours."""

    def __init__(self, contract: Contract, more: tuple[str, dict[str, Any]] | None = None) -> None:
        self.contract = contract
        frequencies = {fee.product: fee.frequency for fee in contract.fees}
        nouns: dict[Ref, Any] = {}
        metric = {"name": "used", "aggregation_type": "COUNT", "group_keys": [["region"]]}
        self._add(nouns, Kind.BILLABLE_METRIC, "used", metric)
        for name in USAGE:
            spec = {"name": name, "type": "USAGE", "billable_metric": "used", "presentation_group_key": ["region"]}
            self._add(nouns, Kind.PRODUCT, name, spec)
        for name in (*FEES, "nought"):
            self._add(nouns, Kind.PRODUCT, name, {"name": name, "type": "SUBSCRIPTION"})
        self._add(nouns, Kind.PRODUCT, "credit", {"name": "Credit", "type": "FIXED"})
        self._add(nouns, Kind.RATE_CARD, "main", {"name": "Main"})
        package = self._package(frequencies)
        if more is not None:
            package.setdefault(more[0], []).append(more[1])
        self._add(nouns, Kind.PACKAGE, "p", package)
        rates = {}
        for product, segments in contract.rates.items():
            key = RateKey(product, frequencies.get(product, "MONTHLY") if product in FEES else None, ())
            ends = [instant_text(instant(since)) for since, _ in segments[1:]]
            timeline = [
                Segment(instant_text(instant(since)), end, read_terms(self._terms(product, tiers)))
                for (since, tiers), end in zip(segments, [*ends, None], strict=True)
            ]
            rates[key_text(key)] = schedule_text(normal(timeline))
        free = read_terms(self._terms("nought", ((Fraction(), None),)))
        rates[key_text(RateKey("nought", "WEEKLY", ()))] = schedule_text([Segment("2024-01-01T00:00:00Z", None, free)])
        self.catalog = Catalog(nouns, {"main": RateBook(rates)})

    @staticmethod
    def _add(nouns: dict[Ref, Any], kind: Kind, name: str, spec: dict[str, Any]) -> None:
        nouns[Ref(kind, name)] = noun_of(kind, spec)

    def _terms(self, product: str, tiers: Tiers) -> str:
        spec = priced(tiers) | {"credit_type": "usd", "entitled": True}
        if product in self.contract.commit_rates:
            spec["commit_rate"] = priced(self.contract.commit_rates[product])
        return encode(spec_of(RateTerms.model_validate(tupled(spec))))

    def _after(self, day: date) -> dict[str, Any]:
        return {"value": (day - self.contract.start).days, "unit": "DAYS"}

    def _package(self, frequencies: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": "p",
            "rate_card": "main",
            "duration": self._after(self.contract.end),
            "multiplier_override_prioritization": "EXPLICIT" if self.contract.explicit else "LOWEST_MULTIPLIER",
            "overrides": [self._override(o, frequencies) for o in self.contract.overrides],
            "subscriptions": [self._fee(fee) for fee in self.contract.fees],
        }
        for balance in self.contract.balances:
            section = "credits" if balance.kind == "CREDIT" else "commits"
            found.setdefault(section, []).append(self._balance(balance))
        return found

    def _override(self, override: Override, frequencies: dict[str, str]) -> dict[str, Any]:
        names = {"any_commits_or_credits": sorted(override.names)} if override.names else {}
        specifiers: list[dict[str, Any]] = []
        for product in sorted(override.products):
            frequency = {"billing_frequency": frequencies.get(product, "MONTHLY")} if product in FEES else {}
            specifiers.append({"product": product} | frequency | names)
        spec: dict[str, Any] = {
            "override_specifiers": specifiers,
            "starting_at_offset": self._after(override.start),
            "duration": {"value": (override.end - override.start).days, "unit": "DAYS"},
            "type": override.kind,
            "is_commit_specific": override.specific,
        }
        if override.kind == "OVERWRITE":
            return spec | {"overwrite_rate": priced(override.tiers)}
        if override.kind == "TIERED":
            return spec | priced(override.tiers, "multiplier") | {"priority": override.priority}
        return spec | {"multiplier": exact(override.tiers[0][0]), "priority": override.priority}

    def _fee(self, fee: Fee) -> dict[str, Any]:
        proration: dict[str, Any] = {"is_prorated": fee.prorated}
        if fee.advance:
            proration["invoice_behavior"] = "BILL_IMMEDIATELY" if fee.immediately else "BILL_ON_NEXT_COLLECTION_DATE"
        if fee.rounding is not None:
            proration["rounding"] = {"rounding_method": fee.rounding[0], "decimal_places": fee.rounding[1]}
        placement = "ON_SCHEDULED_INVOICE" if fee.scheduled else "ON_USAGE_INVOICE"
        return {
            "key": fee.name,
            "subscription_rate": {"product": fee.product, "billing_frequency": fee.frequency},
            "collection_schedule": "ADVANCE" if fee.advance else "ARREARS",
            "proration": proration,
            "initial_quantity": fee.quantities[0][1],
            "billing_cycle_config": {"invoice_placement": placement},
        }

    def _balance(self, balance: Balance) -> dict[str, Any]:
        item = {
            "amount": exact(balance.amount),
            "starting_at_offset": self._after(balance.start),
            "duration": {"value": (balance.end - balance.start).days, "unit": "DAYS"},
        }
        spec: dict[str, Any] = {
            "key": balance.name,
            "product": "credit",
            "access_schedule": {"schedule_items": [item]},
            "priority": balance.priority,
        }
        if balance.groups:
            spec["specifiers"] = [{"presentation_group_values": {"region": group}} for group in balance.groups]
        elif balance.products is not None:
            spec["applicable_products"] = sorted(balance.products)
        if balance.commit_rate:
            spec["rate_type"] = "COMMIT_RATE"
        if balance.kind == "CREDIT":
            return spec
        charged = balance.trued_up or self.contract.start
        amount = balance.amount if balance.kind == "POSTPAID" else balance.cost
        spec["invoice_schedule"] = {
            "schedule_items": [{"unit_price": exact(amount), "quantity": 1, "date_offset": self._after(charged)}]
        }
        return spec | {"type": balance.kind, "rollover_fraction": exact(balance.rollover)}

    @property
    def prices(self) -> Prices:
        terms = materialise(self.catalog.packages["p"], instant(self.contract.start))
        return Prices(Tariff(self.catalog, "main"), terms)

    def bill(self, opening: Ledger | None = None) -> Bill:
        usage = [
            Quantity(u.product, (("region", u.group),), instant(u.day), exact(u.quantity)) for u in self.contract.usage
        ]
        seats = [
            SeatChange(fee.name, instant(at), Decimal(n)) for fee in self.contract.fees for at, n in fee.quantities[1:]
        ]
        return bill(self.prices, usage, seats, instant(self.contract.end), opening or Ledger())


# --- random contracts

CENTS = st.integers(1, 8).map(Fraction)
FACTORS = st.sampled_from([Fraction(1, 2), Fraction(3, 4), Fraction(2), Fraction(1, 4)])


@st.composite
def tiers(draw: st.DrawFn, each: st.SearchStrategy[Fraction], most: int = 2) -> Tiers:
    sizes = draw(st.lists(st.integers(1, 4).map(Fraction), max_size=most))
    return (*((draw(each), size) for size in sizes), (draw(each), None))


@st.composite
def windows(draw: st.DrawFn, start: date, end: date) -> tuple[date, date]:
    """Within the contract; often all of it."""
    length = (end - start).days
    if draw(st.integers(0, 2)):
        return start, end
    first = draw(st.integers(0, length - 2))
    return start + timedelta(first), start + timedelta(draw(st.integers(first + 1, length)))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    start = date(2025, draw(st.integers(1, 12)), draw(st.sampled_from([1, 1, 10, 25])))
    end = start + timedelta(draw(st.integers(20, 100)))
    within = windows(start, end)
    on = st.integers(0, (end - start).days - 1).map(lambda n: start + timedelta(n))
    rates: dict[str, Any] = {}
    for product in USAGE:
        since = sorted({date(2024, 1, 1), *draw(st.lists(on, max_size=1))})
        rates[product] = tuple((at, draw(tiers(CENTS))) for at in since)
    for product in FEES:
        since = sorted({date(2024, 1, 1), *draw(st.lists(on, max_size=1))})
        rates[product] = tuple((at, ((draw(st.integers(1, 90).map(Fraction)), None),)) for at in since)
    commit_rates = {p: draw(tiers(CENTS, 1)) for p in USAGE if draw(st.integers(0, 3)) == 0}
    fees = tuple(draw(_fees(n, product, start, on)) for n, product in enumerate(FEES) if draw(st.booleans()))
    made = [draw(_balances(n, within)) for n in range(draw(st.sampled_from([0, 2, 3, 4, 5])))]
    balances = tuple(sorted(made, key=lambda b: b.kind == "CREDIT"))  # as a package lists them: commits first
    explicit = draw(st.booleans())
    names = [balance.name for balance in balances]
    overrides = tuple(draw(_overrides(within, explicit, names)) for _ in range(draw(st.sampled_from([0, 2, 3, 4, 5]))))
    usage = draw(
        st.lists(
            st.builds(
                Use,
                st.sampled_from(("alpha", *USAGE)),
                st.sampled_from(("e", *GROUPS)),
                on,
                st.integers(1, 12).map(lambda n: Fraction(n, 2)),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return Contract(start, end, rates, commit_rates, overrides, explicit, balances, fees, tuple(usage))


@st.composite
def _fees(draw: st.DrawFn, number: int, product: str, start: date, on: st.SearchStrategy[date]) -> Fee:
    changes = sorted({at: draw(st.integers(0, 5)) for at in draw(st.lists(on, max_size=3)) if at > start}.items())
    advance = draw(st.booleans())
    rounding = draw(st.none() | st.tuples(st.sampled_from(["HALF_UP", "FLOOR", "CEILING"]), st.integers(-1, 1)))
    quantities = ((start, draw(st.integers(0, 4))), *changes)
    return Fee(
        f"fee{number}",
        product,
        draw(st.sampled_from(sorted(MONTHS))),
        advance,
        draw(st.booleans()),
        quantities,
        advance and draw(st.booleans()),
        rounding,
        draw(st.booleans()),
    )


@st.composite
def _balances(draw: st.DrawFn, number: int, within: st.SearchStrategy[tuple[date, date]]) -> Balance:
    kind = draw(st.sampled_from(["PREPAID", "CREDIT", "CREDIT", "POSTPAID"]))
    begin, stop = draw(within)
    products = draw(st.none() | st.frozensets(st.sampled_from(["alpha", *USAGE, *FEES]), min_size=1, max_size=3))
    groups = draw(st.lists(st.sampled_from(GROUPS), unique=True, max_size=2)) if products is None else []
    return Balance(
        f"b{number}",
        kind,
        draw(st.sampled_from([0, 1, 2, 5, 10, 20, 40]).map(Fraction)),
        begin,
        stop,
        draw(st.sampled_from([None, 1, 1, 1, 2])),
        Fraction(draw(st.sampled_from([0, 5]))) if kind == "PREPAID" else Fraction(),
        products,
        tuple(groups),
        kind != "CREDIT" and draw(st.integers(0, 3)) == 0,
        draw(st.sampled_from([Fraction(), Fraction(1, 2), Fraction(1)])) if kind != "CREDIT" else Fraction(),
        trued_up=stop if kind == "POSTPAID" else None,
    )


@st.composite
def _overrides(
    draw: st.DrawFn, within: st.SearchStrategy[tuple[date, date]], explicit: bool, names: list[str]
) -> Override:
    kind = draw(st.sampled_from(["OVERWRITE", "MULTIPLIER", "TIERED"] if explicit else ["OVERWRITE", "MULTIPLIER"]))
    specific = bool(names) and draw(st.booleans())
    some = ("alpha", *USAGE) if specific else ("alpha", *USAGE, *FEES)
    products = draw(st.frozensets(st.sampled_from(some), min_size=1, max_size=2))
    begin, stop = draw(within)
    if kind == "OVERWRITE":
        factors = draw(tiers(CENTS)) if products.isdisjoint(FEES) else ((draw(CENTS), None),)
    else:
        factors = draw(tiers(FACTORS, 1)) if kind == "TIERED" else ((draw(FACTORS), None),)
        if kind == "TIERED":  # the other biller knows fees of one price only
            products = products - set(FEES) or frozenset(USAGE)
    chosen = draw(st.frozensets(st.sampled_from(names), max_size=2)) if specific else frozenset()
    return Override(kind, products, begin, stop, factors, draw(st.integers(1, 2)), specific, chosen)


# --- the laws


def raw(made: Bill) -> list[tuple[date, str, Fraction]]:
    """The invoices that are not 0, before they are rounded."""
    found = []
    for invoice in made.invoices:
        total = sum((Fraction(line.amount) for line in invoice.lines if line.kind != "rounding"), Fraction())
        if abs(total - half_up(total)) != Fraction(1, 2):
            assert abs(Fraction(invoice.total) - half_up(total)) < 1
        if abs(total) > NEAR:
            found.append((invoice.issued_at.date(), invoice.kind.upper(), total))
    return found


def check(ours: Bill, theirs: Result) -> None:
    found, wanted = sorted(raw(ours)), sorted(theirs.totals)
    assert [one[:2] for one in found] == [one[:2] for one in wanted], (found, wanted)
    assert all(abs(a[2] - b[2]) < NEAR for a, b in zip(found, wanted, strict=True)), (found, wanted)
    left = {balance.grant.key + " rolled" * balance.grant.rolled_over: balance.left for balance in ours.balances}
    for name, amount in theirs.left.items():
        assert abs(Fraction(left.get(name, Decimal())) - amount) < NEAR, (name, left, theirs.left)


@given(contracts())
@settings(max_examples=3 * settings().max_examples, phases=[Phase.generate])
def test_two_billers_come_to_the_same(contract: Contract) -> None:
    check(Translated(contract).bill(), Biller(contract).bill())


NOTHING: dict[str, Any] = {
    "credits": lambda start, length: {
        "key": "nil",
        "product": "credit",
        "priority": 1,
        "access_schedule": {"schedule_items": [{"amount": 0, "starting_at_offset": start, "duration": length}]},
    },
    "commits": lambda start, length: {
        "key": "none",
        "product": "credit",
        "type": "PREPAID",
        "priority": 1,
        "access_schedule": {"schedule_items": [{"amount": 0, "starting_at_offset": start, "duration": length}]},
        "invoice_schedule": {"schedule_items": [{"unit_price": 0, "quantity": 1, "date_offset": start}]},
    },
    "recurring_credits": lambda start, length: {
        "key": "void",
        "product": "credit",
        "priority": 1,
        "access_amount": {"unit_price": 0, "quantity": 1, "credit_type": "usd"},
        "starting_at_offset": start,
        "duration": length,
        "commit_duration": {"value": 1},
        "recurrence_frequency": "WEEKLY",
    },
    "scheduled_charges": lambda start, _: {
        "key": "free",
        "product": "credit",
        "schedule": {"schedule_items": [{"unit_price": 0, "quantity": 1, "date_offset": start}]},
    },
    "subscriptions": lambda start, length: {
        "key": "nobody",
        "subscription_rate": {"product": "nought", "billing_frequency": "WEEKLY"},
        "collection_schedule": "ADVANCE",
        "proration": {"is_prorated": True},
        "initial_quantity": 3,
        "starting_at_offset": start,
        "duration": length,
    },
}
"""A term of nothing for each list of terms: an amount of 0, a charge of 0, a product that costs 0."""


@given(contracts(), st.sampled_from(sorted(NOTHING)), st.integers(0, 19), st.integers(1, 40))
@settings(phases=[Phase.generate])
def test_a_term_of_nothing_moves_no_bill(contract: Contract, section: str, start: int, length: int) -> None:
    term = NOTHING[section]({"value": start, "unit": "DAYS"}, {"value": length, "unit": "DAYS"})
    plain, more = Translated(contract), Translated(contract, (section, term))
    without, found = plain.bill(), more.bill()
    assert raw(found) == raw(without)
    kept = {balance.grant.id for balance in without.balances}
    assert [(b.grant.id, b.left) for b in found.balances if b.grant.id in kept] == [
        (b.grant.id, b.left) for b in without.balances
    ]
    assert all(b.left == 0 for b in found.balances if b.grant.id not in kept)


@given(contracts(), st.integers(20, 60), st.data())
@settings(phases=[Phase.generate])
def test_what_rolls_over_is_the_same(contract: Contract, length: int, data: st.DataObject) -> None:
    """The contract that follows has the same card and package, and what is left of the first."""
    start, end = contract.end, contract.end + timedelta(length)
    moved = (end - start, contract.end - contract.start)
    balances = tuple(
        replace(b, start=start, end=end, trued_up=end if b.trued_up else None, products=None, commit_rate=False)
        for b in contract.balances
    )
    on = st.integers(0, moved[0].days - 1).map(lambda n: start + timedelta(n))
    used = st.builds(Use, st.sampled_from(USAGE), st.sampled_from(GROUPS), on, st.integers(1, 9).map(Fraction))
    usage = tuple(data.draw(st.lists(used, min_size=1, max_size=4)))
    following = replace(contract, start=start, end=end, balances=balances, fees=(), overrides=(), usage=usage)
    first, second = Translated(contract), Translated(following)
    made, naive = first.bill(), Biller(contract).bill()
    check(made, naive)
    ledger = rolled_over(first.prices.terms, made, second.prices.terms)
    check(second.bill(ledger), Biller(renewed(contract, naive, following)).bill())
