"""Amounts are exact in every scale; only ratios are rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import UNITS

from pricebook.catalog.money import MAX_DIGITS
from pricebook.catalog.terms import Terms
from pricebook.view.price import PER, Units, change_text, factor_text, major, money, percentage, power_for
from pricebook.view.rate_terms import terms_text

units = Units(UNITS)


def price(cents: str, unit: str = "usd") -> str:
    amount = Decimal(cents)
    power = power_for([major(amount, units[unit])])
    return f"{money(amount, units[unit], power)} {PER[power]}".rstrip()


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        ("1000", "$10.00"),
        ("0", "$0.00"),
        ("123456789", "$1,234,567.89"),
        ("12.5", "$0.125"),
        ("1", "$0.01"),
        ("0.99", "$9.90 per 1K"),
        ("0.1", "$1.00 per 1K"),
        ("0.003", "$30.00 per 1M"),
        ("0.00025", "$2.50 per 1M"),
        ("0.0000075", "$0.075 per 1M"),
        ("0.000000013", "$0.13 per 1B"),
        ("0.00000000000000000000000000013", "$0.0000000000000000000013 per 1B"),
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
        ("0.0000025", "ai-credits", "2.5 ai-credits per 1M"),
        ("7", "nobody-knows", "7 nobody-knows"),
    ],
)
def test_other_units(amount: str, unit: str, text: str) -> None:
    assert price(amount, unit) == text


@given(st.integers(0, 10**MAX_DIGITS - 1), st.integers(-30, 3))
def test_no_digit_is_lost(digits: int, exponent: int) -> None:
    amount = Decimal(digits).scaleb(exponent)
    power = power_for([major(amount, units["usd"])])
    shown = money(amount, units["usd"], power).removeprefix("$").replace(",", "")
    assert Decimal(shown) == Decimal(f"{digits}e{exponent + power - 2}")
    assert len(shown.partition(".")[2]) >= 2


def test_both_sides_have_one_scale_which_the_smaller_one_chooses() -> None:
    def flat(price: str) -> Terms:
        return Terms.of({"entitled": True, "price": Decimal(price), "rate_type": "FLAT"})

    assert terms_text(flat("1000"), flat("0.00025"), units) == ("$10,000,000.00", "$2.50", "per 1M")
    assert terms_text(flat("0"), flat("0.00025"), units) == ("$0.00", "$2.50", "per 1M")
    assert terms_text(flat("0.5"), flat("0"), units) == ("$5.00", "$0.00", "per 1K")


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
