"""The marks of a card's rates and aliases: short, carried on price by price, and true to what the card holds."""

from datetime import UTC, datetime
from string import printable

from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook, shares
from pricebook.catalog.timeline import RateKey, key_text
from pricebook.observe.mark import NO_ALIASES, RateMark, alias_digest, moved, sums_of

KEYS = st.text(max_size=5).map(lambda value: key_text(RateKey("tokens", None, (("model", value),))))
BOOKS = st.dictionaries(KEYS, st.sampled_from(["[1]", "[2]", "[3]"]), max_size=40)


@given(BOOKS)
def test_a_mark_fits_a_custom_field_and_is_read_back(entries: dict[str, str]) -> None:
    mark = RateMark(RateBook(entries).digest, sums_of(entries.items()))
    assert len(mark.text) <= 200
    assert RateMark.read(mark.text) == mark
    assert mark.speaks_for(RateBook(entries))


@given(BOOKS, BOOKS)
def test_a_mark_is_carried_on_without_reading_the_card(before: dict[str, str], changed: dict[str, str]) -> None:
    changes = [(key, before.get(key)) for key in changed]
    after = before | changed
    sums = moved(sums_of(before.items()), changes, shares(changed.items()))
    assert sums == sums_of(after.items())
    assert RateMark("", sums).speaks_for(RateBook(after))
    assert RateMark("", sums).speaks_for(RateBook(before)) == (before == after)


def test_no_text_is_the_mark_of_a_card_without_rates() -> None:
    assert RateMark.read("") == RateMark.read(None) == RateMark(RateBook({}).digest, sums_of(()))


@given(st.text(printable, min_size=1, max_size=200))
def test_what_is_no_mark_is_none(text: str) -> None:
    mark = RateMark.read(text)
    assert mark is None or mark.text == text


def test_a_mark_that_was_cut_short_or_is_of_another_form_is_none() -> None:
    text = RateMark().text
    assert [RateMark.read(other) for other in (text[:-4], "2" + text[1:], text.replace(".", ""))] == [None, None, None]


def test_the_order_in_which_aliases_are_listed_says_nothing() -> None:
    now, later = Alias(name="now"), Alias(name="later", starting_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert alias_digest((now, later), ("a", "b")) == alias_digest((later, now), ("a", "b"))
    assert len({alias_digest((now,), ()), alias_digest((now,), ("a",)), alias_digest((later,), ()), NO_ALIASES}) == 4
