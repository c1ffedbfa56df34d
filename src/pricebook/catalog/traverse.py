"""Walking a noun by its types: the references it makes, and the same noun with its references rewritten."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pricebook.catalog.declared import Declared, fields_of
from pricebook.catalog.model import Model, Path
from pricebook.catalog.reference import Kind


def references(value: Model) -> Iterator[tuple[Path, Kind, str]]:
    """Every reference that the noun makes, in field order: where below it, to which kind, under which name."""
    for name, field in _fields(type(value)).items():
        yield from _within(getattr(value, name), field.refers, (name,))


def written_references(model: type[Model], data: object) -> Iterator[tuple[Path, Kind, str]]:
    """The same for data that may be no valid `model`: what would be references in it if it were."""
    if not isinstance(data, Mapping):
        return
    for name, field in _fields(model).items():
        if name in data:
            yield from _written(data[name], field, (name,))


def _written(value: Any, field: Declared, at: Path) -> Iterator[tuple[Path, Kind, str]]:
    kind = field.refers
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _written(item, field, (*at, index))
    elif kind is not None and isinstance(value, str):
        yield at, kind, value.lower() if kind is Kind.PRICING_UNIT else value
    elif isinstance(value, Mapping) and field.model is not None:
        for path, found, name in written_references(field.model, value):
            yield (*at, *path), found, name


def rewritten(value: Model, rename: Callable[[Kind, str], str]) -> Model:
    """The same noun with every referenced name replaced by `rename(kind, name)`."""
    changes = {}
    for name, field in _fields(type(value)).items():
        before = getattr(value, name)
        after = _renamed(before, field.refers, rename)
        if after is not before:
            changes[name] = after
    return value.model_copy(update=changes) if changes else value


def _within(value: Any, kind: Kind | None, at: Path) -> Iterator[tuple[Path, Kind, str]]:
    if isinstance(value, Model):
        for path, inner, name in references(value):
            yield (*at, *path), inner, name
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, kind, (*at, index))
    elif kind is not None and isinstance(value, str):
        yield at, kind, value


def _renamed(value: Any, kind: Kind | None, rename: Callable[[Kind, str], str]) -> Any:
    if isinstance(value, Model):
        return rewritten(value, rename)
    if isinstance(value, tuple):
        items = tuple(_renamed(item, kind, rename) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if kind is not None and isinstance(value, str):
        name = rename(kind, value)
        return value if name == value else name
    return value


@cache
def _fields(model: type[Model]) -> Mapping[str, Declared]:
    """The fields that can hold references: names, and models that may hold some."""
    return {name: field for name, field in fields_of(model).items() if field.refers or field.model}
