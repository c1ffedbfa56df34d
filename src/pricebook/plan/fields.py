"""The semantic difference of two nouns of a kind, and of a plan and the one that was approved: the door of deepdiff.

Which terms belong together says `catalog.pairing`, what a field is say the models; deepdiff compares what was matched,
and its paths lead back to ours. It is imported when something differs, which most plans find of nothing.
"""

from collections.abc import Iterator
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.declared import fields_of
from pricebook.catalog.leaf import NO_UNITS, AmountUnits, plain, units_below, units_of
from pricebook.catalog.model import Model
from pricebook.catalog.pairing import matched
from pricebook.catalog.path import FieldPath, Label
from pricebook.catalog.role import Role
from pricebook.plan.change import FieldChange

Tree = dict[str | Label, Any]
"""A model as deepdiff compares it: values as canonical text, lists of terms as mappings."""


def field_changes(observed: Model, desired: Model) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the model's fields."""
    if observed == desired:
        return ()
    fields: dict[FieldPath, FieldChange] = {}
    trees = _trees(observed, desired, (), (NO_UNITS, NO_UNITS), Role.PLAIN, fields)
    found = set(differing(*trees))
    return tuple(change for path, change in fields.items() if path in found)


def _trees(
    observed: Model,
    desired: Model,
    at: FieldPath,
    units: tuple[AmountUnits, AmountUnits],
    role: Role,
    fields: dict[FieldPath, FieldChange],
) -> tuple[Tree, Tree]:
    """The two models as deepdiff compares them, and in `fields` what it would mean if a field of them differed."""
    before: Tree = {}
    after: Tree = {}
    units = units_of(observed, units[0]), units_of(desired, units[1])
    for name, field in fields_of(type(desired)).items():
        was, now = getattr(observed, name), getattr(desired, name)
        if field.role in (Role.IDENTITY, Role.OURS):
            continue
        path, mark = (*at, name), field.role or role
        below = units_below(units[0], name), units_below(units[1], name)
        if field.model is not None and field.many:
            before[name], after[name] = _lists(was or (), now or (), path, below, mark, fields)
        elif isinstance(was, Model) and isinstance(now, Model):
            before[name], after[name] = _trees(was, now, path, below, mark, fields)
        else:
            was_unit, unit = (each.get(()) if field.money else None for each in below)
            known = unit if was_unit == unit or was is None else None
            fields[path] = FieldChange(path, plain(was), plain(now), known, mark is Role.COSMETIC)
            before[name], after[name] = encode(fields[path].observed), encode(fields[path].desired)
    return before, after


def _lists(
    observed: tuple[Model, ...],
    desired: tuple[Model, ...],
    at: FieldPath,
    units: tuple[AmountUnits, AmountUnits],
    role: Role,
    fields: dict[FieldPath, FieldChange],
) -> tuple[Tree, Tree]:
    """The terms of a list by their names: deepdiff must not match them by where they stand."""
    before: Tree = {}
    after: Tree = {}
    below = units_below(units[0], "*"), units_below(units[1], "*")
    for was, now, label in matched(observed, desired):
        if was is not None and now is not None:
            before[label], after[label] = _trees(was, now, (*at, label), below, role, fields)
        else:
            # A term that goes and one that comes may be called alike, and are two.
            name = Label(f"{label.text} {'goes' if now is None else 'comes'}")
            fields[*at, name] = FieldChange((*at, label), plain(was), plain(now), None, role is Role.COSMETIC)
            (before if now is None else after)[name] = {}
    return before, after


def differing(before: Tree, after: Tree) -> Iterator[FieldPath]:
    """The paths at which two trees differ."""
    from deepdiff import DeepDiff  # takes longer to import than a plan that finds nothing takes altogether

    for levels in DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0).values():
        for level in levels:
            yield tuple(level.path(output_format="list"))
