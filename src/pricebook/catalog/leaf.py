"""One walk of a noun: every field that it says, under its path, with its value, its pricing unit and its role.

What is drawn, compared, dumped or judged of a noun is a loop over its leaves. A value that differs from nothing said
(its default, or None) is a leaf; a list of terms is not one, its terms' fields are, each term under its `Label`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from pricebook.catalog.declared import Declared, fields_of
from pricebook.catalog.model import Model
from pricebook.catalog.path import FieldPath, labels
from pricebook.catalog.role import Role
from pricebook.catalog.violation import Path

LENGTH = {"value", "unit"}
"""What a length of time says, whose number says nothing without its unit: the two are one leaf."""
AmountUnits = Mapping[tuple[str, ...], str | None]
"""The pricing units of amounts below a model, by the steps to them, `*` for every entry of a list; None: no money."""


NO_UNITS: AmountUnits = {}


class Leaf(NamedTuple):
    """What a noun says at a path. `unit` is the pricing unit of an amount, None of anything that is not money."""

    value: object
    unit: str | None
    role: Role


def leaves(noun: Model) -> dict[FieldPath, Leaf]:
    """Everything that the noun says, in the order of its fields. Keys of terms stand in the paths alone."""
    return dict(_walk(noun, (), NO_UNITS, Role.PLAIN))


def _walk(model: Model, at: FieldPath, units: AmountUnits, role: Role) -> Iterator[tuple[FieldPath, Leaf]]:
    units = units_of(model, units)
    for name, field, value in given_fields(model):
        if field.role is Role.IDENTITY:
            continue
        path, inner, mark = (*at, name), units_below(units, name), field.role or role
        if isinstance(value, Model):
            whole = plain(value)
            if whole.keys() == LENGTH:
                yield path, Leaf(whole, None, mark)
            else:
                yield from _walk(value, path, inner, mark)
        elif field.model is not None and value:
            entries = units_below(inner, "*")
            for label, term in zip(labels(value), value, strict=True):
                yield from _walk(term, (*path, label), entries, mark)
        else:
            yield path, Leaf(plain(value), inner.get(()) if field.money else None, mark)


def amounts(noun: Model, at: Path = (), units: AmountUnits = NO_UNITS) -> Iterator[tuple[Path, Decimal, str, Model]]:
    """Every amount of money below a model: where, how much, in which pricing unit, and the model that says it."""
    units = units_of(noun, units)
    for name, field, value in given_fields(noun):
        inner = units_below(units, name)
        if isinstance(value, Model):
            yield from amounts(value, (*at, name), inner)
        elif field.model is not None:
            for index, term in enumerate(value):
                yield from amounts(term, (*at, name, index), units_below(inner, "*"))
        elif field.money and (unit := inner.get(())) is not None:
            yield (*at, name), value, unit, noun


def given_fields(model: Model) -> Iterator[tuple[str, Declared, Any]]:
    """The fields of a model that are not as when nothing is said."""
    for name, field in fields_of(type(model)).items():
        value = getattr(model, name)
        if value is None:
            continue
        info = type(model).model_fields[name]
        if info.is_required() or value != info.get_default(call_default_factory=True):
            yield name, field, value


def units_of(model: Model, outer: AmountUnits) -> AmountUnits:
    """The units of the amounts below a model: those that it tells itself, and those that were told above it."""
    units, spec = dict(outer), None
    for path in model.amounts:
        steps = tuple(path.split("."))
        if getattr(model, steps[0]) not in (None, ()):
            spec = plain(model) if spec is None else spec
            unit = model.unit_for(path, spec)
            units[steps] = unit if isinstance(unit, str) else None
    return units


def units_below(units: AmountUnits, step: str) -> AmountUnits:
    """The units of the amounts below a field, or below an entry of a list."""
    return {steps[1:]: unit for steps, unit in units.items() if steps and steps[0] == step}


def plain(value: Any) -> Any:
    """The value as plain data: a model as what it says."""
    if isinstance(value, Model):
        return value.model_dump(exclude_defaults=True, exclude_none=True)
    return tuple(map(plain, value)) if isinstance(value, tuple) else value
