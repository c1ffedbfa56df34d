"""What changes in a noun's fields, in words: money as money, a whole term with everything that it says."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import ValidationError

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of, tupled
from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import USD, Model, Monetary
from pricebook.catalog.traverse import marks
from pricebook.plan.change import FieldChange
from pricebook.view.price import PER, Unit, Units, change_text, major, money, number, power_for, ratio

NOT_SET = "not set"
_LABEL = re.compile(r"\[.*?\](?=\.|\[|$)", re.DOTALL)
_UNIT_PRICES = ("price", "unit_price", "fiat_per_custom_credit")
_PERCENTAGE = "PERCENTAGE"


class FieldRow(NamedTuple):
    """One field: where, from what to what, and by how much.

    `sign` is `+` for what is added, `-` for what is removed, empty for what changes. The lines of a term that comes or
    goes as a whole follow its own line, with `depth` 1. `observed_value` and `desired_value` are the plain data,
    amounts in API units of `unit`.
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


def field_rows(noun: type[Model], changes: Iterable[FieldChange], units: Units) -> Iterator[FieldRow]:
    """The rows of a noun's field changes, in their order."""
    for change in changes:
        path, was, now, unit, cosmetic = change
        term = was if now is None else now if was is None else None
        parsed = _parsed(_model_at(noun, path), term) if isinstance(term, Mapping) else None
        if parsed is not None:
            sign = "+" if was is None else "-"
            yield FieldRow(path, "", "", "added" if was is None else "removed", sign, 0, cosmetic, was, now)
            yield from _said(parsed, units, sign, cosmetic)
        else:
            yield _row(path, was, now, unit, units, cosmetic)


def said_rows(noun: Model, units: Units, without: Iterable[str] = ()) -> Iterator[FieldRow]:
    """Everything that a new noun says, apart from some of its own fields."""
    hidden = set(without)
    for path, value, unit in _leaves(noun, USD, "", hidden):
        yield _line(path, value, unit, units, "+", 0, False)


def _said(model: Model, units: Units, sign: str, cosmetic: bool) -> Iterator[FieldRow]:
    for path, value, unit in _leaves(model, USD, "", ()):
        yield _line(path, value, unit, units, sign, 1, cosmetic)


def _line(path: str, value: Any, unit: str | None, units: Units, sign: str, depth: int, cosmetic: bool) -> FieldRow:
    text = _text(path, value, unit, units)
    if sign == "+":
        return FieldRow(path, "", text, "", sign, depth, cosmetic, None, value, unit)
    return FieldRow(path, text, "", "", sign, depth, cosmetic, value, None, unit)


def _row(path: str, was: Any, now: Any, unit: str | None, units: Units, cosmetic: bool) -> FieldRow:
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
        return FieldRow(path, texts[0], texts[1] + per, change, "", 0, cosmetic, was, now, unit)
    observed, desired = _text(path, was, unit, units), _text(path, now, unit, units)
    if observed == desired:  # true and "true", 1 and "1"
        observed, desired = encode(was), encode(now)
    return FieldRow(path, observed, desired, change, "", 0, cosmetic, was, now, unit)


def _text(path: str, value: Any, unit: str | None, units: Units) -> str:
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
    if isinstance(value, Mapping) and value.keys() == {"value", "unit"}:
        return f"{_text('', value['value'], None, units)} {value['unit']}"
    if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return encode(value)


def _power(path: str, amounts: Iterable[Decimal], unit: Unit) -> int:
    """The power of ten for which a field's amounts are shown: 0 for what is not the price of one of many."""
    return power_for(major(amount, unit) for amount in amounts) if path.rsplit(".", 1)[-1] in _UNIT_PRICES else 0


def _leaves(model: Model, unit: str | None, at: str, hidden: Iterable[str]) -> Iterator[tuple[str, Any, str | None]]:
    """Every field that is said, below terms and lists too: (path, value, pricing unit of an amount or None)."""
    unit = _unit(model, unit)
    fraction = _PERCENTAGE in str(getattr(model, "rate_type", ""))
    for name, plain in spec_of(model).items():
        if name == "key" or name in hidden:
            continue
        value, path = getattr(model, name), f"{at}.{name}" if at else name
        if isinstance(value, Model) and not (isinstance(plain, dict) and plain.keys() == {"value", "unit"}):
            yield from _leaves(value, unit, path, ())
        elif isinstance(value, tuple) and value and all(isinstance(item, Model) for item in value):
            for index, item in enumerate(value):
                yield from _leaves(item, unit, f"{path}[{_label(item, index)}]", ())
        else:
            yield path, plain, unit if _is_amount(type(model), name) and not fraction else None


def _label(term: Model, index: int) -> str:
    for name in ("key", "alias", "name", "product", "custom_credit_type"):
        if isinstance(value := getattr(term, name, None), str):
            return value
    return str(index + 1)


def _unit(model: Model, inherited: str | None) -> str | None:
    """The pricing unit of a model's amounts; None when what it counts is not money."""
    if getattr(model, "access_type", None) == "QUANTITY":
        return None
    named = getattr(model, type(model).unit_field, None)
    return named if isinstance(named, str) else inherited


def _is_amount(model: type[Model], name: str) -> bool:
    declared = model.model_fields[name]
    return any(isinstance(mark, Monetary) for mark in (*declared.metadata, *marks(declared.annotation)))


def _model_at(noun: type[Model], path: str) -> type[Model] | None:
    """The model of the term that stands at a field change's path; None when no model does."""
    found = noun
    for name in _LABEL.sub("", path).split("."):
        declared = found.model_fields.get(name)
        parts = marks(declared.annotation) if declared is not None else ()
        model = next((part for part in parts if isinstance(part, type) and issubclass(part, Model)), None)
        if model is None:
            return None
        found = model
    return found


def _parsed(model: type[Model] | None, term: Mapping[str, Any]) -> Model | None:
    if model is None or term.keys() == {"value", "unit"}:
        return None  # a length of time reads best on one line
    try:
        return model.model_validate(tupled(term))
    except ValidationError:
        return None
