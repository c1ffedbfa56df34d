"""Laws of bills, over random packages on random cards: sums, splits, balances, months, and law 8."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from memory_store import MemoryStore
from pricebook.apply.ports import StoreRefused
from pricebook.catalog.calendar import later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.terms import Curve, tiered
from pricebook.catalog.timeline import read_key
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.plan.planner import make_plan
from pricebook.preview.bill import bill
from pricebook.preview.invoice import Bill, Ledger
from pricebook.preview.materialise import materialise
from pricebook.preview.price import cost, portions, reach
from pricebook.preview.tariff import Prices, Tariff
from strategy import catalogs

START = datetime(2024, 1, 31, tzinfo=UTC)
QUANTITIES = st.integers(0, 10**6).map(lambda n: Decimal(n).scaleb(-2))


class World:
    """A contract on a package of a random catalogue, what its customer uses, and how seats change."""

    def __init__(self, catalog: Catalog, package: str, start: datetime, usage: list[Quantity], seats: list[SeatChange]):
        self.catalog, self.package, self.start = catalog, package, start
        self.usage, self.seats = usage, seats

    def prices(self, catalog: Catalog | None = None) -> Prices:
        found = catalog or self.catalog
        package = found.packages[self.package]
        card = found.card_at(package.rate_card, package.rate_card_alias, self.start)
        return Prices(Tariff(found, card), materialise(package, self.start))

    def bill(self, months: int, usage: Iterable[Quantity] | None = None, catalog: Catalog | None = None) -> Bill:
        until = later(self.start, months, "MONTHS")
        return bill(self.prices(catalog), self.usage if usage is None else usage, self.seats, until)

    def __repr__(self) -> str:
        package = self.catalog.packages[self.package]
        return f"{package!r} from {self.start} {self.usage} {self.seats} {self.catalog!r}"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    catalog = draw(catalogs().filter(lambda c: bool(c.packages)))
    name = draw(st.sampled_from(sorted(catalog.packages)))
    start = START + timedelta(days=draw(st.integers(0, 800)))
    package = catalog.packages[name]
    card = catalog.card_at(package.rate_card, package.rate_card_alias, start)
    keys = [read_key(key) for key, _ in catalog.rates[card].items()] if card in catalog.rates else []
    usable = [key for key in keys if catalog.products[key.product].type == "USAGE"]
    usage = []
    for key in draw(st.lists(st.sampled_from(usable), max_size=6)) if usable else ():
        at = start + timedelta(hours=draw(st.integers(-100, 24 * 130)))
        shown = catalog.products[key.product].presentation_group_key
        values = {**dict.fromkeys(shown, draw(st.sampled_from(["x", "y"]))), **dict(key.pricing_group_values)}
        usage.append(Quantity(key.product, tuple(sorted(values.items())), at, draw(QUANTITIES)))
    seats = []
    keyed = [s.key for s in package.subscriptions if s.key is not None]
    for subscription in draw(st.lists(st.sampled_from(keyed), max_size=4)) if keyed else ():
        at = start + timedelta(hours=draw(st.integers(0, 24 * 100)))
        named = draw(st.sampled_from([(), ("x",), ("x", "y")]))
        seats.append(SeatChange(subscription, at, Decimal(len(named) or draw(st.integers(0, 9))), named))
    return World(catalog, name, start, usage, seats)


@given(worlds())
@settings(max_examples=20)
def test_a_total_is_the_sum_of_its_lines_and_whole_cents(world: World) -> None:
    made, scales = world.bill(4), Tariff(world.catalog, None).scales
    for invoice in made.invoices:
        counted = sum((Fraction(line.amount) for line in invoice.lines if line.unit == invoice.unit), Fraction())
        assert Fraction(invoice.total) == counted
        cents = Fraction(invoice.total) * Fraction(10) ** (2 - scales[invoice.unit].scale)
        assert cents.denominator == 1
    assert Fraction(made.total) == sum((Fraction(invoice.total) for invoice in made.invoices), Fraction())


@given(worlds(), st.data())
@settings(max_examples=20)
def test_splitting_usage_into_more_events_changes_nothing(world: World, data: st.DataObject) -> None:
    parts: list[Quantity] = []
    for one in world.usage:
        cut = data.draw(st.integers(0, 100).map(lambda n: Decimal(n) / 100))
        first = one.quantity * cut
        parts += [one._replace(quantity=first), one._replace(quantity=one.quantity - first)]
    shuffled = data.draw(st.permutations(parts))
    assert world.bill(4, shuffled).invoices == world.bill(4).invoices


@given(worlds())
@settings(max_examples=20)
def test_a_balance_never_pays_more_than_is_there(world: World) -> None:
    made = world.bill(4)
    left = {balance.grant.id: balance for balance in made.balances}
    assert len(left) == len(made.balances), "ids tell balances apart"
    paid: dict[str, Fraction] = {}
    for invoice in made.invoices:
        owed, paying = Fraction(), False
        for line in invoice.lines:
            if line.kind == "applied":
                grant, paying = left[line.balance].grant, True
                assert line.drawn >= 0
                assert grant.window.starting_at <= line.starting_at < grant.window.ending_before or not line.product
                owed -= Fraction(line.drawn)
                assert owed >= 0, "no more is paid than is owed"
                paid[grant.id] = paid.get(grant.id, Fraction()) + Fraction(line.drawn)
            else:  # the lines of one charge stand together, and what pays for them follows
                owed, paying = Fraction(line.amount) + (Fraction() if paying else owed), False
    for name, amount in paid.items():
        grant = left[name].grant
        assert grant.counts_units or amount <= Fraction(grant.amount)
        assert 0 <= left[name].left <= grant.amount


@given(worlds())
@settings(max_examples=20)
def test_billing_month_by_month_is_billing_at_once(world: World) -> None:
    whole = world.bill(4)
    invoices, ledger = [], Ledger()
    for month in range(1, 5):
        until = later(world.start, month, "MONTHS")
        made = bill(world.prices(), world.usage, world.seats, until, ledger)
        invoices += made.invoices
        ledger = made.closing
    assert [(i.kind, i.issued_at, i.lines, i.total) for i in invoices] == [
        (i.kind, i.issued_at, i.lines, i.total) for i in whole.invoices
    ]


@given(worlds())
@settings(max_examples=20)
def test_a_plan_of_keep_moves_no_invoice(world: World) -> None:
    """Law 8: what a store holds after the plan is billed as the manifests are, and then there is nothing to plan."""
    store, as_of = MemoryStore(), datetime(2023, 12, 1, tzinfo=UTC)
    made = make_plan(world.catalog, store.snapshot("a", as_of), namespace="a", environment="e", as_of=as_of)
    try:
        for step in made.steps:
            store.perform("a", step.change, as_of)
    except StoreRefused:
        return  # the vendor's rules about what may stand together are another law's affair
    observed = store.snapshot("a", as_of)
    assert make_plan(world.catalog, observed, namespace="a", environment="e", as_of=as_of).steps == ()
    assert world.bill(4, catalog=observed.catalog).invoices == world.bill(4).invoices


@st.composite
def steps(draw: st.DrawFn) -> Curve:
    sizes: Sequence[Decimal] = draw(st.lists(QUANTITIES.filter(bool), max_size=4))
    prices = draw(st.lists(QUANTITIES, min_size=len(sizes) + 1, max_size=len(sizes) + 1))
    return tiered([*zip(prices, sizes, strict=False), (prices[-1], None)])


@given(steps(), QUANTITIES, QUANTITIES, QUANTITIES)
def test_tiers_are_monotone_and_add_up(found: Curve, first: Decimal, second: Decimal, third: Decimal) -> None:
    low, middle, high = sorted((first, second, third))
    assert 0 <= cost(found, Decimal(0), low) <= cost(found, Decimal(0), middle) <= cost(found, Decimal(0), high)
    assert cost(found, low, middle) + cost(found, middle, high) == cost(found, low, high)
    assert cost(found, high, low) == -cost(found, low, high)
    parts = list(portions(found, low, high))
    assert low == high or all(part.quantity for part in parts)
    assert sum(part.quantity for part in parts) == high - low
    assert sum(part.amount for part in parts) == cost(found, low, high)


@given(steps(), QUANTITIES, QUANTITIES, QUANTITIES)
def test_money_reaches_as_far_as_it_pays(found: Curve, first: Decimal, second: Decimal, money: Decimal) -> None:
    low, high = sorted((first, second))
    there = reach(found, low, high, money)
    assert low <= there <= high
    assert cost(found, low, there) <= money + Decimal("1e-10")
    assert there == high or cost(found, low, there) >= money - Decimal("1e-10")
