"""A contract that is added up without an invoice comes to what its invoices say: the same impact, to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from test_worked import worked

from pricebook.catalog.calendar import later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.catalog.usage import Quantity, sorted_values
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billing, UsageLines
from pricebook.preview.impact import CustomerRow, Impact
from pricebook.preview.linear import PlainPair
from pricebook.preview.market import Market
from pricebook.preview.population import impact
from pricebook.preview.terms import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS = sorted(name for name, product in worked().catalog.products.items() if product.type == "USAGE")
CARDS = sorted(worked().catalog.cards)


@st.composite
def contracts(draw: st.DrawFn) -> tuple[list[Billing], int]:
    """Contracts on a card alone or on a package, with usage of any product, priced or not, and how many months."""
    months = draw(st.sampled_from((1, 3)))
    packages = [None, *(ref for ref in worked().catalog.nouns if ref.kind is Kind.PACKAGE)]
    found = []
    for number in range(draw(st.integers(1, 4))):
        begun = later(START, draw(st.integers(-14, 2)), "MONTHS").replace(day=draw(st.sampled_from((1, 15))))
        package = draw(st.sampled_from([None, None, draw(st.sampled_from(packages))]))
        card = Ref(Kind.RATE_CARD, draw(st.sampled_from(CARDS)))
        contract = Contract(
            id=f"c{number}",
            customer=f"customer-{number // 2}",
            package=package,
            card=card,
            starting_at=begun,
            quantities=(),
        )
        usage = [
            Quantity(
                draw(st.sampled_from(PRODUCTS)),
                sorted_values({"model": draw(st.sampled_from("abcd")), "region": draw(st.sampled_from("xy"))}.items()),
                max(later(START, draw(st.integers(0, months - 1)), "MONTHS"), begun),
                draw(st.decimals(-10, 5000, places=3)),
            )
            for _ in range(draw(st.integers(0, 8)))
        ]
        found.append(Billing(contract, usage))
    return found, months


def desired() -> Catalog:
    """Tokens of model b for other prices from February on, and of model d for the first time."""
    catalog = worked().catalog
    rates = dict(catalog.rates["main"].items())
    for model, since, cents in (("b", "2026-02-01", "3.5"), ("d", "2026-01-01", "0.137")):
        terms = Terms.of({"entitled": True, "rate_type": "FLAT", "price": Decimal(cents)})
        key = key_text(RateKey("tokens", None, (("model", model),)))
        segment = Segment(f"{since}T00:00:00Z", None, terms)
        rates[key] = schedule_text([segment])
    return Catalog(catalog.nouns, {**catalog.rates, "main": RateBook(rates)})


def billed(billings: list[Billing], months: int) -> tuple[Impact, list[CustomerRow]]:
    rows: list[CustomerRow] = []
    window = Window(START, later(START, months, "MONTHS"))
    found = impact(billings, worked().catalog, desired(), window, months, limits=(Decimal("0.2"),), keep=rows.append)
    return found, rows


@settings(max_examples=3 * settings().max_examples // 2)
@given(contracts())
def test_what_is_added_up_is_what_invoices_say(made: tuple[list[Billing], int]) -> None:
    found, rows = billed(*made)
    plain, PlainPair.bill = PlainPair.bill, lambda self, usage: None  # type: ignore[method-assign, assignment]
    try:
        whole, listed = billed(*made)
    finally:
        PlainPair.bill = plain  # type: ignore[method-assign]
    assert rows == listed
    assert found == whole


def test_it_is_tried_on_contracts_that_are_plain() -> None:
    count = 0
    window = Window(START, later(START, 1, "MONTHS"))
    for product in PRODUCTS:
        usage = [Quantity(product, (("model", "a"),), START, Decimal(7))]
        contract = Contract(
            id="c",
            customer="acme",
            package=None,
            card=Ref(Kind.RATE_CARD, "main"),
            starting_at=later(START, -3, "MONTHS"),
            quantities=(),
        )
        side = Market(worked().catalog, window, 1).side(contract, None, None)
        assert side is not None
        assert side.plain is not None
        counted = UsageLines([(one[:3], one.quantity) for one in usage], lambda what: (what,))
        count += PlainPair(side.plain, side.plain).bill(counted) is not None
    assert count > 1
