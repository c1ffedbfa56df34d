"""Money is `Decimal`, from the text of a manifest to the wire. No float is constructed here, or anywhere before this.

A price is a number in the *API unit* of its pricing unit (cents for USD), or text with its currency (`$10.00`,
`10.00 USD`) in the major unit. The scale between the two is the currency's (`CURRENCIES`), so nothing else may assume
one.
"""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Literal, NamedTuple, get_args

EXACT = Context(prec=60)
RATIO = Context(prec=12)
"""For what is shown as a proportion, and never paid."""
MAX_DIGITS = 17
"""Significant digits of an amount [assumed]: what a JSON number keeps at a reader that holds it as a double."""
MAX_PLACES = 30
"""Decimal places of an amount [assumed]: far below the smallest real price (1.3e-10 USD), a bound on hostile input."""

NUMBER_TEXT = re.compile(r"[-+]?(?:\d{1,100}(?:\.\d{0,100})?|\.\d{1,100})(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
CurrencyCode = Literal[
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "INR", "MXN", "NGN", "NOK", "NZD", "PLN", "SEK",
    "SGD", "TRY", "USD", "ZAR",
]  # fmt: skip
CURRENCIES: Mapping[str, int] = {code: 2 if code == "USD" else 0 for code in get_args(CurrencyCode)}
"""The currencies that the vendor has, each with the decimal digits between its major unit and the API's: "USD is the
only currency in Metronome that uses cents", all others are in whole units (page "Set currencies and custom pricing
units")."""
SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP"}
_NUMBER = (
    r"(?P<sign{0}>-?)(?P<number{0}>[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d{{1,3}})?|\.\d+)"
)
MONEY_TEXT = re.compile(
    rf"(?P<minus>-(?![$€£]-))?(?P<symbol>[$€£]){_NUMBER.format(1)}\Z|{_NUMBER.format(2)}\s*(?P<code>[A-Za-z]{{3}})\Z"
)
_SHAPE = r"(?!0\d*,)\d[\d,]*(\.\d+)?([eE][+-]?\d{1,3})?"
MONEY_PATTERN = rf"^([$€£]{_SHAPE}|{_SHAPE}\s*[A-Za-z]{{3}})$"
"""The same from zero up, for JSON Schema, a little wider: commas are placed freely."""
SIGNED_MONEY_PATTERN = rf"^(([$€£]-?|-[$€£]){_SHAPE}|-?{_SHAPE}\s*[A-Za-z]{{3}})$"
"""And below zero too."""


PERCENT_PATTERN = r"^\d{1,6}(\.\d{1,6})?\s*%$"
_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*%\Z", re.ASCII)


class Money(NamedTuple):
    """An amount in the major unit of an ISO currency: `$10.00` is (Decimal("10.00"), "USD")."""

    amount: Decimal
    currency: str


def parse_money(text: str) -> Money | None:
    """`$10.00`, `-€5`, `10.00 USD`, `1,000.50 usd`; None when the text is not money with its currency."""
    match = MONEY_TEXT.match(text.strip())
    if match is None:
        return None
    number = (match["number1"] or match["number2"]).replace(",", "")
    sign = match["minus"] or match["sign1"] or match["sign2"] or ""
    currency = SYMBOLS[match["symbol"]] if match["symbol"] else match["code"].upper()
    return Money(Decimal(sign + number), currency)


def percent(text: str) -> Decimal | None:
    """The share that a text such as `20%` says; None when it says none."""
    match = _PERCENT.match(text)
    return Decimal(match[1]).scaleb(-2, EXACT) if match is not None else None


def to_api_unit(major: Decimal, scale: int) -> Decimal:
    """Major units (dollars) to the pricing unit's API unit (cents), exactly."""
    return major.scaleb(scale, EXACT)


def to_major_unit(amount: Decimal, scale: int) -> Decimal:
    """The pricing unit's API unit (cents) to major units (dollars), exactly."""
    return amount.scaleb(-scale, EXACT)


def ratio(observed: Decimal, desired: Decimal) -> Decimal | None:
    """The relative change, -0.2 for a fifth less, to 12 digits; None when there is nothing to be relative to."""
    return RATIO.divide(EXACT.subtract(desired, observed), abs(observed)) if observed else None


def plain(value: Decimal) -> str:
    """The shortest plain notation, without exponent or trailing zeros: `0.00000000013`, `10`, `0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def read_number(text: str) -> Decimal | None:
    """A decimal from its text, or None. `1_000`, `Infinity` and digits of other scripts are no numbers."""
    return EXACT.create_decimal(text) if NUMBER_TEXT.match(text) else None


def carries(value: Decimal) -> bool:
    """Whether the amount survives the wire: at most MAX_DIGITS significant digits and MAX_PLACES decimal places."""
    _, written, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if len(written) <= MAX_DIGITS and -MAX_PLACES <= exponent <= 0:
        return True  # what nearly every price is, without making its text
    digits = plain(abs(value)).replace(".", "").strip("0")
    _, _, places = plain(value).partition(".")
    return len(digits) <= MAX_DIGITS and len(places) <= MAX_PLACES and value.adjusted() <= MAX_DIGITS
