"""Amounts, from their text to the wire: exact, and nothing else is taken for one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.money import carries, parse_money, plain, read_number, to_api_unit, to_major_unit

DECIMALS = st.builds(lambda n, e: Decimal(n).scaleb(e), st.integers(-(10**20), 10**20), st.integers(-40, 10))


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$10.00", "10.00", "USD"),
        ("€5", "5", "EUR"),
        ("$1,000.50", "1000.50", "USD"),
        ("10.00 USD", "10.00", "USD"),
        ("10 chf", "10", "CHF"),
        (" $1.3e-10 ", "1.3E-10", "USD"),
        ("$-5", "-5", "USD"),
    ],
)
def test_money_is_read(text: str, amount: str, currency: str) -> None:
    assert parse_money(text) == (Decimal(amount), currency)


@pytest.mark.parametrize("text", ["10", "10.00", "$", "USD", "$1,00", "1,0000 USD", "$1_000", "ten USD", "$10 USD", ""])
def test_what_is_no_money(text: str) -> None:
    assert parse_money(text) is None


@pytest.mark.parametrize("text", ["1_000", "Infinity", "nan", "١٢", "0x10", "1,5", "", "1e9999", "--1", " 1"])
def test_what_is_no_number(text: str) -> None:
    assert read_number(text) is None


@given(DECIMALS)
def test_plain_text_is_the_same_number(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert "e" not in text.lower()
    assert read_number(text) == value or len(text) > 100


@given(DECIMALS, st.integers(0, 9))
def test_units_are_exact_both_ways(value: Decimal, scale: int) -> None:
    assert to_major_unit(to_api_unit(value, scale), scale) == value


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("0.000000000013", True),
        ("0.0033333333333333335", True),
        ("12345678901234567", True),
        ("123456789012345678", False),
        ("0.123456789012345678", False),
        ("1e-30", True),
        ("1e-31", False),
        ("1e17", True),
        ("1e18", False),
        ("100000000000000000000", False),
    ],
)
def test_what_can_be_carried(text: str, carried: bool) -> None:
    assert carries(Decimal(text)) is carried
