"""Amounts are exact in every scale; only ratios are rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import UNITS

from pricebook.catalog.money import MAX_DIGITS
from pricebook.catalog.terms import Terms
from pricebook.catalog.unit import money
from pricebook.view.price import Per, Units, change_text, factor_text, percentage
from pricebook.view.rate_terms import terms_text

units = Units(UNITS)


def price(cents: str, unit: str = "usd") -> str:
    return money(Decimal(cents), units[unit])


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        ("1000", "$10.00"),
        ("0", "$0.00"),
        ("123456789", "$1,234,567.89"),
        ("12.5", "$0.125"),
        ("1", "$0.01"),
        ("0.99", "$0.0099"),
        ("0.1", "$0.001"),
        ("0.003", "$0.00003"),
        ("0.00025", "$0.0000025"),
        ("0.0000075", "$0.000000075"),
        ("0.000000013", "$0.00000000013"),
        ("0.00000000000000000000000000013", "$0.0000000000000000000000000000013"),
        ("-500", "-$5.00"),
        ("1E+3", "$10.00"),
    ],
)
def test_dollars(cents: str, text: str) -> None:
    assert price(cents) == text


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        ("10", "eur", "€10.00"),
        ("1000", "chf", "10.00 CHF"),
        ("12", "ai-credits", "12 ai-credits"),
        ("0.0000025", "ai-credits", "0.0000025 ai-credits"),
        ("7", "nobody-knows", "7 nobody-knows"),
    ],
)
def test_other_units(amount: str, unit: str, text: str) -> None:
    assert price(amount, unit) == text


@given(st.integers(0, 10**MAX_DIGITS - 1), st.integers(-30, 3), st.sampled_from([0, 6]))
def test_no_digit_is_lost(digits: int, exponent: int, power: int) -> None:
    amount = Decimal(digits).scaleb(exponent)
    shown = money(amount, units["usd"], power).removeprefix("$").replace(",", "")
    assert Decimal(shown) == Decimal(f"{digits}e{exponent + power - 2}")
    assert len(shown.partition(".")[2]) >= 2


def flat(price: str, entitled: bool = True) -> Terms:
    return Terms.of({"entitled": entitled, "price": Decimal(price), "rate_type": "FLAT"})


def test_both_sides_are_for_what_the_product_says_and_never_for_what_their_size_suggests() -> None:
    tokens = Per("per 1M tokens", 6)
    assert terms_text(flat("1000"), flat("0.00025"), units) == ("$10.00", "$0.0000025", "")
    assert terms_text(flat("1000"), flat("0.00025"), units, (tokens, tokens)) == (
        "$10,000,000.00",
        "$2.50",
        "per 1M tokens",
    )
    converted = Per("per 1M tokens", 0)
    assert terms_text(flat("0"), flat("0.00025"), units, (converted, converted)).desired == "$0.0000025"


def test_where_what_a_price_is_for_changes_each_side_says_its_own() -> None:
    sides = Per("per 1K tokens"), Per("per 1M tokens")
    assert terms_text(flat("250"), flat("250"), units, sides) == ("$2.50 per 1K tokens", "$2.50 per 1M tokens", "")


def test_what_packages_sell_is_not_called_forbidden() -> None:
    found = terms_text(None, flat("500", False), units, (Per("per seat a month"),) * 2, "in packages only")
    assert found == ("", "$5.00 per seat a month, in packages only", "")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("-0.2", "-20.0 %"),
        ("0.333333333333", "+33.3 %"),
        ("99", "+9,900.0 %"),
        ("-1", "-100.0 %"),
        ("-0.99999", "-99.999 %"),
        ("0.0001", "+0.01 %"),
        ("0.00001234", "+0.001 %"),
        ("-0.0000004", "-0.00004 %"),
    ],
)
def test_a_change_never_reads_as_none(change: str, text: str) -> None:
    assert change_text(Decimal(change)) == text


def test_factors() -> None:
    assert factor_text(Decimal("2.5"), Decimal(250)) == "×100"
    assert factor_text(Decimal(250), Decimal("2.5")) == "÷100"
    assert factor_text(Decimal(3), Decimal(100)) == "×33.3"
    assert factor_text(Decimal(0), Decimal(100)) == ""


def test_percentages_are_exact() -> None:
    assert percentage(Decimal("0.125")) == "12.5 %"
    assert percentage(Decimal("0.00000001")) == "0.000001 %"
