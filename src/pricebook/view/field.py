"""What changes in a noun's fields, in words: money as money, a whole term with everything that it says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from pricebook.catalog.canonical import encode
from pricebook.catalog.declared import declared_at
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.instant import instant_words
from pricebook.catalog.leaf import LENGTH, Leaf, leaves
from pricebook.catalog.model import Model
from pricebook.catalog.money import ratio
from pricebook.catalog.path import FieldPath, path_text
from pricebook.plan.change import FieldChange
from pricebook.view.plain import hidden
from pricebook.view.price import PER, Unit, Units, change_text, major, money, number, power_for

NOT_SET = "not set"
_UNIT_PRICES = ("price", "unit_price", "fiat_per_custom_credit")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field: where, from what to what, and by how much.

    `sign` is `+` for what is added, `-` for what is removed, empty for what changes. The lines of a term that comes or
    goes as a whole follow its own line, with `depth` 1. `observed_value` and `desired_value` are the plain data,
    amounts in API units of `unit`. `at` is the path, and `path` its text.
    """

    path: str
    observed: str
    desired: str
    change: str = ""
    sign: str = ""
    depth: int = 0
    cosmetic: bool = False
    observed_value: object = None
    desired_value: object = None
    unit: str | None = None
    at: FieldPath = hidden(default=())


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """What of a field one version says and what another; `row` is the same for drawing."""

    path: str
    from_: str
    to: str
    change: str
    row: FieldRow = hidden()

    @classmethod
    def of(cls, rows: Iterable[FieldRow]) -> "tuple[FieldDifference, ...]":
        """Those of rows."""
        return tuple(cls(row.path, row.observed, row.desired, row.change, row) for row in rows)


def field_rows(noun: type[Model], changes: Iterable[FieldChange], units: Units) -> Iterator[FieldRow]:
    """The rows of a noun's field changes, in their order."""
    for change in changes:
        path, was, now, unit, cosmetic = change.path, change.observed, change.desired, change.unit, change.cosmetic
        term = was if now is None else now if was is None else None
        parsed = _parsed(declared_at(noun, path).model, term) if isinstance(term, Mapping) else None
        if parsed is not None:
            sign = "+" if was is None else "-"
            word = "added" if was is None else "removed"
            yield FieldRow(path_text(path), "", "", word, sign, 0, cosmetic, was, now, None, path)
            yield from _said(parsed, units, sign, cosmetic)
        else:
            yield _row(path, was, now, unit, units, cosmetic)


def said_rows(noun: Model, units: Units, without: Iterable[str] = ()) -> Iterator[FieldRow]:
    """Everything that a new noun says, apart from some of its own fields."""
    hidden = set(without)
    for path, leaf in leaves(noun).items():
        if path[0] not in hidden:
            yield _line(path, leaf, units, "+", 0, False)


def _said(model: Model, units: Units, sign: str, cosmetic: bool) -> Iterator[FieldRow]:
    for path, leaf in leaves(model).items():
        yield _line(path, leaf, units, sign, 1, cosmetic)


def _line(path: FieldPath, leaf: Leaf, units: Units, sign: str, depth: int, cosmetic: bool) -> FieldRow:
    value, unit = leaf.value, leaf.unit
    text = _text(path, value, unit, units)
    if sign == "+":
        return FieldRow(path_text(path), "", text, "", sign, depth, cosmetic, None, value, unit, path)
    return FieldRow(path_text(path), text, "", "", sign, depth, cosmetic, value, None, unit, path)


def _row(path: FieldPath, was: Any, now: Any, unit: str | None, units: Units, cosmetic: bool) -> FieldRow:
    change = ""
    numbers = all(isinstance(v, (int, Decimal)) and not isinstance(v, bool) for v in (was, now))
    if numbers:
        relative = ratio(Decimal(was), Decimal(now))
        change = change_text(relative) if relative is not None and unit is not None else ""
    if unit is not None and numbers:
        amounts = [Decimal(v) for v in (was, now)]
        power = _power(path, amounts, units[unit])
        texts = [money(amount, units[unit], power) for amount in amounts]
        per = f" {PER[power]}" if power else ""
        return FieldRow(path_text(path), texts[0], texts[1] + per, change, "", 0, cosmetic, was, now, unit, path)
    observed, desired = _text(path, was, unit, units), _text(path, now, unit, units)
    if observed == desired:  # true and "true", 1 and "1"
        observed, desired = encode(was), encode(now)
    return FieldRow(path_text(path), observed, desired, change, "", 0, cosmetic, was, now, unit, path)


def _text(path: FieldPath, value: Any, unit: str | None, units: Units) -> str:
    if value is None:
        return NOT_SET
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        if unit is None:
            return number(Decimal(value))
        power = _power(path, [Decimal(value)], units[unit])
        return f"{money(Decimal(value), units[unit], power)} {PER[power]}".rstrip()
    if isinstance(value, datetime):
        return instant_words(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value.keys() == LENGTH:
        return f"{_text((), value['value'], None, units)} {value['unit']}"
    if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return encode(value)


def _power(path: FieldPath, amounts: Iterable[Decimal], unit: Unit) -> int:
    """The power of ten for which a field's amounts are shown: 0 for what is not the price of one of many."""
    return power_for(major(amount, unit) for amount in amounts) if path[-1] in _UNIT_PRICES else 0


def _parsed(model: type[Model] | None, term: Mapping[str, Any]) -> Model | None:
    if model is None or term.keys() == LENGTH:
        return None  # a length of time reads best on one line
    try:
        return model.model_validate(tupled(term))
    except ValidationError:
        return None
