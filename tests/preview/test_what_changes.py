"""Impact where a hand can follow it: statements of the package's length, and what a change is made of."""

from decimal import Decimal
from typing import TypeVar

import pytest
from billing import day
from test_worked import worked

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.catalog.usage import Quantity
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billing
from pricebook.preview.impact import Cause, Impact, Sides
from pricebook.preview.market import WITHIN
from pricebook.preview.population import UNPRICED, impact
from pricebook.preview.terms import Window

K = TypeVar("K")


def contract(package: str, starting_at: str = "2025-01-01") -> Contract:
    return Contract(
        id="c1",
        customer="acme",
        package=Ref(Kind.PACKAGE, package),
        card=Ref(Kind.RATE_CARD, "main"),
        starting_at=day(starting_at),
        quantities=(),
    )


def used(product: str, at: str, quantity: int, model: str = "") -> Quantity:
    return Quantity(product, (("model", model),) if model else (), day(at), Decimal(quantity))


def assessed(
    package: str,
    usage: list[Quantity],
    until: str,
    months: int,
    desired: Catalog | None = None,
    start: str = "2026-01-01",
) -> Impact:
    window = Window(day(start), day(until))
    observed = worked().catalog
    return impact([Billing(contract(package), usage)], observed, desired or observed, window, months)


def in_window(sums: dict[K, Sides], months: int = 1) -> dict[K, Sides]:
    """Sums of a year as they are in the months that were billed."""
    return {key: sides.times(Decimal(months)).over(12) for key, sides in sums.items()}


def priced(**models: str) -> Catalog:
    """The worked catalogue, in which tokens of these models cost so many cents from 2024 on."""
    catalog = worked().catalog
    rates = dict(catalog.rates["main"].items())
    for model, cents in models.items():
        terms = Terms.of({"entitled": True, "rate_type": "FLAT", "price": Decimal(cents)})
        key = RateKey("tokens", None, (("model", model),))
        rates[key_text(key)] = schedule_text([Segment("2024-01-01T00:00:00Z", None, terms)])
    return Catalog(catalog.nouns, {**catalog.rates, "main": RateBook(rates)})


QUARTER = [used("api", f"2026-0{month}-10", 100) for month in (1, 2, 3)]


def test_a_quarter_is_one_statement_where_a_quarter_is_billed() -> None:
    """300 calls in one statement: 100 × 0.10 + 200 × 0.05 = 20.00, of which the quarter's credit pays 9.20."""
    found = assessed("by-quarter", QUARTER, "2026-04-01", 3)
    assert found.billed == {"usd": Sides(Decimal(1080), Decimal(1080))}
    assert found.notes == {}


def test_where_no_quarter_is_billed_it_is_one_a_month_and_said() -> None:
    """100 calls × 0.10 = 10.00, less 9.20. In two months the tiers start again: 20.00 less 9.20."""
    note = "statements are QUARTERLY: billed as one a month here, so tiers start again in each"
    found = assessed("by-quarter", QUARTER[:1], "2026-02-01", 1)
    assert (found.billed, found.notes) == ({"usd": Sides(Decimal(80), Decimal(80))}, {note: 1})
    found = assessed("by-quarter", QUARTER[:2], "2026-03-01", 2)
    assert (found.billed, found.notes) == ({"usd": Sides(Decimal(1080), Decimal(1080))}, {note: 1})


@pytest.mark.parametrize("package", ["minimum-mid-month", "credit-pays-fee", "stacked"])
def test_what_begins_or_ends_within_a_month_is_said(package: str) -> None:
    """A balance, one that recurs, an override: usage dated on the 1st cannot tell before the 15th from after."""
    window = Window(day("2025-11-01"), day("2026-02-01"))
    for start, notes in (("2025-10-15", {WITHIN: 1}), ("2025-10-01", {})):
        found = impact([Billing(contract(package, start), [])], worked().catalog, worked().catalog, window, 3)
        assert found.notes == notes


def test_a_change_says_what_it_is_made_of() -> None:
    """5 tokens of model b fall from 4.00 to 3.00, and 2 of model c get a price, 7.00: 20.00 become 15.00 and 14.00."""
    usage = [used("tokens", "2026-01-10", 5, "b"), used("tokens", "2026-01-11", 2, "c")]
    found = assessed("payg", usage, "2026-02-01", 1, priced(b="300", c="700"))
    assert found.billed == {"usd": Sides(Decimal(2000), Decimal(2900))}
    assert in_window(found.causes) == {
        (Cause.PRICE, "usd"): Sides(Decimal(2000), Decimal(1500)),
        (Cause.NEW, "usd"): Sides(Decimal(0), Decimal(1400)),
    }
    assert [line for line, _ in found.largest[0].lines] == ["tokens · model=c", "tokens · model=b"]
    assert found.notes == {}


def test_usage_that_loses_its_price_is_told_apart_and_noted() -> None:
    """2 tokens of model c at 7.00 are 14.00, and nothing once the price is not there."""
    window = Window(day("2026-01-01"), day("2026-02-01"))
    usage = [used("tokens", "2026-01-11", 2, "c")]
    found = impact([Billing(contract("payg"), usage)], priced(c="700"), worked().catalog, window, 1)
    assert in_window(found.causes) == {(Cause.ENDED, "usd"): Sides(Decimal(1400), Decimal(0))}
    assert found.notes == {UNPRICED: 1}


def test_of_balances_that_were_granted_before_both_ends_are_known() -> None:
    """8 tokens at 4.00 and then at 5.00, of which a credit of January pays five units, if it still has them."""
    usage, dearer = [used("tokens", "2025-03-10", 8, "b")], priced(b="500")
    found = assessed("free-units", usage, "2025-04-01", 1, dearer, "2025-03-01")
    assert found.billed == {"usd": Sides(Decimal(1200), Decimal(1500))}
    assert found.earlier.customers == 1
    assert in_window(found.earlier.paid) == {"usd": Sides(Decimal(2000), Decimal(2500))}
    assert in_window(found.earlier.totals) == {"usd": Sides(Decimal(3200), Decimal(4000))}


def test_a_minimum_that_was_agreed_before_is_trued_up_or_reached() -> None:
    """20 tokens at 4.00 and then at 5.00 are 80.00 and 100.00 of a minimum of 100.00, if nothing was used before."""
    usage, dearer = [used("tokens", "2025-03-10", 20, "b")], priced(b="500")
    found = assessed("postpaid", usage, "2025-04-01", 1, dearer, "2025-03-01")
    assert found.billed == {"usd": Sides(Decimal(10_000), Decimal(10_000))}
    assert in_window(found.earlier.totals) == {"usd": Sides(Decimal(8000), Decimal(10_000))}


def test_balances_of_the_time_itself_leave_nothing_open() -> None:
    usage = [used("tokens", "2026-01-10", 4, "a")]
    found = assessed("by-quarter", usage, "2026-04-01", 3)
    assert found.earlier.customers == 0
    assert found.earlier.totals == found.yearly


def test_credits_are_a_cause_of_their_own() -> None:
    """A credit of 9.20 pays all of 4 × 1.50 = 6.00, and 9.20 of 4 × 2.505 = 10.02."""
    usage = [used("tokens", "2026-01-10", 4, "a")]
    found = assessed("by-quarter", usage, "2026-04-01", 3, priced(a="250.5"))
    assert found.billed["usd"] == Sides(Decimal(0), Decimal(82))
    assert in_window(found.causes, 3) == {
        (Cause.PRICE, "usd"): Sides(Decimal(600), Decimal(1002)),
        (Cause.CREDITS, "usd"): Sides(Decimal(-600), Decimal(-920)),
    }
