"""What an environment holds, wanted in another one."""

from datetime import UTC, datetime
from decimal import Decimal

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Segment, key_text, schedule_text
from pricebook.plan.applied import from_now_on

NOW = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)
START, PAST, SOON = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2025-09-01T00:00:00Z"


def card(**schedules: tuple[Segment, ...]) -> Catalog:
    """A catalogue that is nothing but the rates of one card, by product."""
    entries = {key_text(RateKey(product, None, ())): schedule_text(kept) for product, kept in schedules.items()}
    return Catalog({}, {"card": RateBook(entries)})


def flat(price: int, start: str = START, end: str | None = None) -> Segment:
    return Segment(start, end, Terms.of({"rate_type": "FLAT", "price": Decimal(price)}))


def test_only_what_holds_from_now_on_is_wanted_where_the_past_differs() -> None:
    here = card(tokens=(flat(1, end=PAST), flat(2, start=PAST)), seats=(flat(5),))
    there = card(tokens=(flat(3),), seats=(flat(5),))
    since = flat(2, start="2025-06-01T10:00:00Z")
    assert from_now_on(here, there, NOW).rates == card(tokens=(since,), seats=(flat(5),)).rates


def test_a_price_that_has_ended_is_no_price_elsewhere() -> None:
    here, there = card(tokens=(flat(1, end=PAST),), seats=(flat(5, end=SOON),)), card(tokens=(flat(1),), seats=())
    assert from_now_on(here, there, NOW).rates == card(seats=(flat(5, start="2025-06-01T10:00:00Z", end=SOON),)).rates


def test_prices_that_are_not_there_at_all_stay_whole() -> None:
    here, there = card(tokens=(flat(1, end=PAST), flat(2, start=PAST))), card(seats=(flat(5),))
    assert from_now_on(here, there, NOW).rates == here.rates
