"""What fees of every frequency come to in a year, and what that means for an impact; amounts are cents."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from billing import day, prices_of
from test_worked import worked

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.catalog.usage import SeatChange
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billing
from pricebook.preview.impact import Sides
from pricebook.preview.population import AS_STARTED, impact
from pricebook.preview.run_rate import recurring
from pricebook.preview.terms import Window, quantities

JUNE = Window(day("2026-06-01"), day("2026-07-01"))


def rate_of(package: str, start: str, at: str, *seats: SeatChange) -> list[tuple[Decimal, datetime | None]]:
    prices = prices_of(worked().catalog, package, start)
    return [(one.yearly, one.due) for one in recurring(prices, quantities(prices.terms, seats), day(at))]


@pytest.mark.parametrize(
    ("package", "yearly", "due"),
    [
        ("weekly", 700 * 52, "2026-06-07"),  # eighteen weeks after the first of February
        ("monthly", 3100 * 12, "2026-06-02"),
        ("calendar", 3100 * 12, "2026-06-01"),
        ("quarterly", 9200 * 4, "2026-07-01"),
        ("leap-year", 36_500, "2027-02-02"),
        ("arrears", 3100 * 12, "2026-07-01"),  # of June, at its end
        ("seats-at-once", 2 * 3000 * 12, "2026-06-01"),
    ],
)
def test_a_fee_counts_with_its_periods_of_a_year(package: str, yearly: int, due: str) -> None:
    ((amount, when),) = rate_of(package, "2026-02-02", "2026-06-01")
    assert amount == yearly
    assert when == day(due)


def test_a_fee_that_is_not_charged_again_counts_with_what_it_was() -> None:
    """A year from February on, paid in February: 365.00, and never again."""
    assert rate_of("annual", "2026-02-01", "2026-06-01") == [(Decimal(36_500), None)]


def test_a_fee_that_is_due_that_day_is_due_then() -> None:
    assert rate_of("leap-year", "2026-02-01", "2027-02-01") == [(Decimal(36_500), day("2027-02-01"))]


def test_seats_count_as_many_as_there_are() -> None:
    """Two at the start, five since May: 5 × 30.00 × 12; those of July are none yet."""
    changes = (SeatChange("seats", day("2026-05-10"), Decimal(5)), SeatChange("seats", day("2027-07-01"), Decimal(9)))
    ((yearly, _),) = rate_of("seats-at-once", "2026-02-01", "2026-06-01", *changes)
    assert yearly == 5 * 3000 * 12


def test_a_recurring_commit_counts_with_what_it_is_billed_for() -> None:
    assert rate_of("recurring-commit", "2026-05-01", "2026-06-01") == [(Decimal(3000 * 12), day("2026-06-01"))]


def test_what_is_charged_on_dates_counts_with_the_year_that_begins() -> None:
    prices = prices_of(worked().catalog, "charges-apart", "2026-02-01")
    total = sum(charge.unit_price * charge.quantity for charge in prices.terms.charges)
    first, last = min(c.at for c in prices.terms.charges), max(c.at for c in prices.terms.charges)
    assert sum(one.yearly for one in recurring(prices, {}, first)) == total
    assert list(recurring(prices, {}, last.replace(year=last.year + 1))) == []


def priced(**cents: int) -> Catalog:
    """The worked catalogue with other prices of the platform fee."""
    catalog = worked().catalog
    rates = dict(catalog.rates["main"].items())
    for frequency, price in cents.items():
        terms = Terms.of({"entitled": True, "rate_type": "FLAT", "price": Decimal(price)})
        key = key_text(RateKey("platform", frequency, ()))
        rates[key] = schedule_text([Segment("2024-01-01T00:00:00Z", None, terms)])
    return Catalog(catalog.nouns, {**catalog.rates, "main": RateBook(rates)})


def contract(package: str, *quantities: SeatChange, version: int | None = None) -> Contract:
    ref = Ref(Kind.PACKAGE, package, version)
    return Contract(
        id="c",
        customer="acme",
        package=ref,
        card=Ref(Kind.RATE_CARD, "main"),
        starting_at=day("2026-02-01"),
        quantities=quantities,
    )


def test_a_fee_of_a_year_moves_bills_in_every_month() -> None:
    """365.00 -> 500.00, next charged in February: nothing on the invoices of June, and 135.00 a year."""
    found = impact([Billing(contract("leap-year"))], worked().catalog, priced(ANNUAL=50_000), JUNE, 1)
    assert found.billed == {"usd": Sides()}
    assert found.yearly == {"usd": Sides(Decimal(36_500), Decimal(50_000))}
    assert (found.up, found.due) == (1, {"usd": day("2027-02-01")})
    february = Window(day("2027-01-15"), day("2027-02-15"))
    found = impact([Billing(contract("leap-year"))], worked().catalog, priced(ANNUAL=50_000), february, 1)
    assert found.billed == {"usd": Sides(Decimal(36_500), Decimal(50_000))}
    assert found.yearly == {"usd": Sides(Decimal(36_500), Decimal(50_000))}


def test_from_monthly_to_annual_nothing_changes_where_a_year_costs_twelve_months() -> None:
    catalog = priced(ANNUAL=3100 * 12)
    nouns = {ref: noun for ref, noun in catalog.nouns.items() if ref.kind is not Kind.PACKAGE}
    nouns[Ref(Kind.PACKAGE, "p", 1)] = catalog.packages["monthly"]
    nouns[Ref(Kind.PACKAGE, "p", 2)] = catalog.packages["leap-year"]
    known = Catalog(nouns, catalog.rates)
    found = impact([Billing(contract("p", version=1))], known, known, JUNE, 1, assume_migrated=True)
    assert found.yearly == {"usd": Sides(Decimal(37_200), Decimal(37_200))}
    assert (found.up, found.down, found.same) == (0, 0, 1)


def test_seats_that_nobody_named_are_not_known() -> None:
    found = impact([Billing(contract("individual"))], worked().catalog, worked().catalog, JUNE, 1)
    assert found.unknown == {"the seats (seat)": 1}
    named = SeatChange("seats", day("2026-03-01"), Decimal(2), ("ann", "bob"))
    found = impact([Billing(contract("individual", named))], worked().catalog, worked().catalog, JUNE, 1)
    assert (found.unknown, found.yearly["usd"].before) == ({}, 2 * 3000 * 12)


def test_a_quantity_that_may_have_changed_is_noted() -> None:
    unread = replace(contract("monthly"), quantities=None)
    found = impact([Billing(unread)], worked().catalog, worked().catalog, JUNE, 1)
    assert found.notes == {AS_STARTED: 1}
