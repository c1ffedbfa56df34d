"""Amounts that are written as text with their currency: "$10.00" is 1000, where the API counts cents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricebook.catalog.money import MAX_DIGITS, MAX_PLACES, carries, parse_money, percent, to_api_unit
from pricebook.catalog.violation import RefusedValue, Violation
from pricebook.problem import quote

USD = "usd"
"""The name of the built-in pricing unit: USD, whose API unit is the cent."""
USD_ID = "2714e483-4ff1-48e4-9e25-ac732e8f24f2"
"""The vendor's id of USD (cents): the same in every account (the vendor's API reference)."""

_AFTER_COMMA = re.compile(r"\d{3}(?:\.\d+)?")
DIGITS_HINT = f"at most {MAX_DIGITS} significant digits and {MAX_PLACES} decimal places"
MOST_SHARE = 5
"""The greatest fraction of a percentage [assumed]: "can exceed 100% (for example, 150%)" (page "Composite charges"),
but 10 is what somebody wrote who meant ten percent."""
SHARE = Violation("not-money", f"a percentage is a fraction in 0..{MOST_SHARE}", (), "write 10%, or 0.1")
"""In place of the unit of an amount that is no money but a share."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What an amount's text needs to know of its pricing unit: ISO currency (None for a custom unit) and scale."""

    currency: str | None
    scale: int


def _is_cut(data: Mapping[str, Any], name: str) -> bool:
    """Whether the field's text goes on in what stands as the next field."""
    names = list(data)
    following = names[names.index(name) + 1 :][:1]
    return bool(following) and data[following[0]] is None and _AFTER_COMMA.fullmatch(following[0]) is not None


def cut_amounts(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Violation]]:
    """A mapping in braces whose amounts were cut at their commas, as in `{amount: $1,000.00}`: without the further
    pieces, and what to say of each amount, at the first piece that stands as a field."""
    kept: dict[str, Any] = {}
    cut: dict[str, Violation] = {}
    whole = amount = first = ""
    for name, value in data.items():
        if not (whole and value is None and _AFTER_COMMA.fullmatch(name)):
            kept[name], amount, first = value, name, ""
            whole = value if isinstance(value, str) else str(value) if type(value) is int else ""
            continue
        whole, first = f"{whole},{name}", first or name
        kept[amount], kept[first] = Decimal(1), None  # a number that nothing else complains of
        message = f"{quote(whole)} is cut at its comma: in braces a comma ends a value"
        cut[first] = Violation("cut-amount", message, (), f'put the amount in quotes: "{whole}"')
    return kept, cut


def amount_of(text: str, unit: str, scales: Mapping[str, Scale]) -> Decimal | Violation:
    """An amount written as text, in the API unit of `unit`; or what is wrong with it."""
    money = parse_money(text)
    scale = scales.get(unit)
    if money is None:
        return Violation(
            "amount",
            f'"{text[:60]}" is not an amount',
            hint="write a number in the pricing unit's API unit (cents for USD), or text with its currency: $10.00"
            + ("; decimals stand behind a point" if "," in text else ""),
        )
    if scale is None:
        return to_api_unit(money.amount, 2)  # the unit is reported where it is named
    if scale.currency is None:
        hint = f"write a plain number of {unit}"
        message = f'"{text}" is in {money.currency}, but the unit {unit} is no currency'
        return Violation("currency-mismatch", message, (), hint)
    if scale.currency != money.currency:
        message = f'"{text}" is in {money.currency}, but its pricing unit {unit} is in {scale.currency}'
        hint = f"write it in {scale.currency}, or name another pricing unit"
        return Violation("currency-mismatch", message, (), hint)
    amount = to_api_unit(money.amount, scale.scale)
    if not carries(amount):
        return Violation("too-precise", f"{quote(text)} has more digits than can be carried", (), DIGITS_HINT)
    return amount


def converted(data: Any, path: tuple[str, ...], unit: str | Violation, scales: Mapping[str, Scale]) -> Any:
    """A copy of the data with text amounts below `path` converted; everything else is left for its own field."""
    if not path:
        if not isinstance(data, str):
            return data
        if unit is SHARE and (share := percent(data)) is not None:
            return share
        if isinstance(unit, Violation):
            return RefusedValue(unit._replace(message=f"{quote(data)} cannot be here: {unit.message}"))
        amount = amount_of(data, unit, scales)
        return RefusedValue(amount) if isinstance(amount, Violation) else amount
    if path[0] == "*":
        if not isinstance(data, (list, tuple)):
            return data
        return tuple(converted(item, path[1:], unit, scales) for item in data)
    if (
        not isinstance(data, Mapping)
        or path[0] not in data
        or (isinstance(data[path[0]], str) and _is_cut(data, path[0]))
    ):
        return data  # of an amount that was cut its pieces tell
    return {**data, path[0]: converted(data[path[0]], path[1:], unit, scales)}
