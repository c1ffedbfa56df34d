"""The semantic difference of two nouns of a kind: which term, which field, from what to what, and whether it is money.

Terms are matched as `catalog.pairing` says. The models know which fields are amounts, in which unit, and which are
cosmetic: the nouns are walked, not their text.
"""

from collections.abc import Iterator

from pricebook.catalog.declared import fields_of
from pricebook.catalog.leaf import NO_UNITS, Units, plain, units_below, units_of
from pricebook.catalog.model import Model
from pricebook.catalog.pairing import matched
from pricebook.catalog.path import FieldPath
from pricebook.catalog.role import Role
from pricebook.plan.change import FieldChange


def field_changes(observed: Model, desired: Model) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the model's fields."""
    return tuple(_between(observed, desired, (), NO_UNITS, NO_UNITS, Role.PLAIN))


def _between(
    observed: Model, desired: Model, at: FieldPath, before: Units, after: Units, role: Role
) -> Iterator[FieldChange]:
    before, after = units_of(observed, before), units_of(desired, after)
    for name, field in fields_of(type(desired)).items():
        was, now = getattr(observed, name), getattr(desired, name)
        if was == now or field.role is Role.IDENTITY:
            continue
        path, mark = (*at, name), field.role or role
        units = units_below(before, name), units_below(after, name)
        if field.model is not None and field.many:
            yield from _terms(was or (), now or (), path, *units, mark)
        elif isinstance(was, Model) and isinstance(now, Model):
            yield from _between(was, now, path, *units, mark)
        else:
            was_unit, unit = (each.get(()) if field.money else None for each in units)
            known = unit if was_unit == unit or was is None else None
            yield FieldChange(path, plain(was), plain(now), known, mark is Role.COSMETIC)


def _terms(
    observed: tuple[Model, ...], desired: tuple[Model, ...], at: FieldPath, before: Units, after: Units, role: Role
) -> Iterator[FieldChange]:
    units = units_below(before, "*"), units_below(after, "*")
    for was, now, label in matched(observed, desired):
        if was is not None and now is not None:
            yield from _between(was, now, (*at, label), *units, role)
        else:
            yield FieldChange((*at, label), plain(was), plain(now), None, role is Role.COSMETIC)
