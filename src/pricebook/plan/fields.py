"""The semantic difference of two nouns of a kind: which term, which field, from what to what, and whether it is money.

Terms are matched as `catalog.pairing` says. The models know which fields are amounts, in which unit, and which are
cosmetic: the nouns are walked, not their text.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import USD, Model, Monetary
from pricebook.catalog.pairing import matched
from pricebook.catalog.traverse import marks
from pricebook.plan.change import FieldChange


def field_changes(observed: Model, desired: Model) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the model's fields."""
    return tuple(_between(observed, desired, "", USD, cosmetic=False))


def _between(observed: Model, desired: Model, at: str, unit: str | None, *, cosmetic: bool) -> Iterator[FieldChange]:
    if type(observed) is not type(desired):
        yield FieldChange(at, spec_of(observed), spec_of(desired), None, cosmetic)
        return
    was_unit, now_unit = _unit(observed, unit), _unit(desired, unit)
    for name in type(desired).model_fields:
        was, now = getattr(observed, name), getattr(desired, name)
        if was == now or name == "key":
            continue
        path = f"{at}.{name}" if at else name
        minor = cosmetic or name in type(desired).cosmetic
        if isinstance(was, Model) and isinstance(now, Model):
            yield from _between(was, now, path, now_unit, cosmetic=minor)
        elif _holds_models(was) or _holds_models(now):
            yield from _terms(was or (), now or (), path, now_unit, cosmetic=minor)
        elif _is_amount(type(desired), name) and not _is_fraction(desired):
            yield FieldChange(path, was, now, now_unit if was_unit == now_unit or was is None else None, minor)
        else:
            yield FieldChange(path, _plain(was), _plain(now), None, minor)


def _terms(
    observed: tuple[Model, ...], desired: tuple[Model, ...], at: str, unit: str | None, *, cosmetic: bool
) -> Iterator[FieldChange]:
    for was, now, label in matched(observed, desired):
        path = f"{at}[{label}]"
        if was is not None and now is not None:
            yield from _between(was, now, path, unit, cosmetic=cosmetic)
        else:
            yield FieldChange(path, _plain(was), _plain(now), None, cosmetic)


def _unit(model: Model, inherited: str | None) -> str | None:
    """The pricing unit of a model's amounts; None where they count units used, which is no money."""
    if getattr(model, "access_type", None) == "QUANTITY":
        return None
    unit = getattr(model, type(model).unit_field, None)
    return unit if isinstance(unit, str) else inherited


def _is_fraction(model: Model) -> bool:
    return "PERCENTAGE" in str(getattr(model, "rate_type", ""))


@cache
def _is_amount(model: type[Model], name: str) -> bool:
    field = model.model_fields[name]
    return any(isinstance(mark, Monetary) for mark in (*field.metadata, *marks(field.annotation)))


def _holds_models(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(item, Model) for item in value)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return spec_of(value)
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value
