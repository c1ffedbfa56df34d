"""Walking a noun by its types: the names that it says of other nouns and of terms, and the same noun with others."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pricebook.catalog.amount import Scale
from pricebook.catalog.declared import Declared, fields_of
from pricebook.catalog.model import Model
from pricebook.catalog.reference import Kind
from pricebook.catalog.violation import Path

M = TypeVar("M", bound=Model)


def references(value: Model) -> Iterator[tuple[Path, Kind, str]]:
    """Every reference that the noun makes, in field order: where below it, to which kind, under which name."""
    for path, field, text in names(value):
        if field.refers is not None:
            yield path, field.refers, text


def links(value: Model) -> Iterator[tuple[Path, tuple[str, ...], str]]:
    """Every link to a term below the model: where, the lists in which its target may stand, and the target's key."""
    for path, field, text in names(value):
        if field.links:
            yield path, field.links, text


def rewritten(value: M, rename: Callable[[Kind, str], str]) -> M:
    """The same noun with every referenced name replaced by `rename(kind, name)`."""
    return _mapped(value, lambda field, text: rename(field.refers, text) if field.refers is not None else text)


def relinked(value: M, renamed: Mapping[str, str]) -> M:
    """The model with its links to other terms under their new keys."""
    return _mapped(value, lambda field, text: renamed.get(text, text) if field.links else text)


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


def spelled_out(model: type[Model], data: Any, scales: Mapping[str, Scale]) -> Any:
    """Data of a model with long forms in place of the short ones, so that paths lead below them."""
    if isinstance(data, str):
        fields = model.spelled_out(data.strip(), scales)
        return data if fields is None else dict(fields)
    if not isinstance(data, Mapping):
        return data
    fields_ = _fields(model)
    return {name: _spelled(value, fields_.get(name), scales) for name, value in data.items()}


def _spelled(value: Any, field: Declared | None, scales: Mapping[str, Scale]) -> Any:
    if field is None or field.model is None:
        return value
    if isinstance(value, tuple):
        return tuple(_spelled(item, field, scales) for item in value)
    return spelled_out(field.model, value, scales)


def names(value: Model) -> Iterator[tuple[Path, Declared, str]]:
    """The names that the noun says of other nouns and of terms: where, as which field, and the name."""
    for name, field in _fields(type(value)).items():
        yield from _within(getattr(value, name), field, (name,))


def _within(value: Any, field: Declared, at: Path) -> Iterator[tuple[Path, Declared, str]]:
    if isinstance(value, str):
        yield at, field, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, field, (*at, index))
    elif isinstance(value, Model):
        for path, inner, text in names(value):
            yield (*at, *path), inner, text


def _mapped(value: M, change: Callable[[Declared, str], str]) -> M:
    """The model with its names changed; itself when none is."""
    changes = {}
    for name, field in _fields(type(value)).items():
        before = getattr(value, name)
        after = _changed(before, field, change)
        if after is not before:
            changes[name] = after
    return value.model_copy(update=changes) if changes else value


def _changed(value: Any, field: Declared, change: Callable[[Declared, str], str]) -> Any:
    if isinstance(value, str):
        text = change(field, value)
        return value if text == value else text
    if isinstance(value, tuple):
        items = tuple(_changed(item, field, change) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return _mapped(value, change) if isinstance(value, Model) else value


@cache
def _fields(model: type[Model]) -> Mapping[str, Declared]:
    """The fields that can hold names: references, links, and models that may hold some."""
    return {name: field for name, field in fields_of(model).items() if field.refers or field.links or field.model}
