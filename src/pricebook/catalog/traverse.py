"""Walking a noun by its types: the references it makes, and the same noun with its references rewritten."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pricebook.catalog.model import Model, Path
from pricebook.catalog.reference import Kind, Reference


def references(value: Model) -> Iterator[tuple[Path, Kind, str]]:
    """Every reference that the noun makes, in field order: where below it, to which kind, under which name."""
    for name, kind in _fields(type(value)).items():
        yield from _within(getattr(value, name), kind, (name,))


def written_references(model: type[Model], data: object) -> Iterator[tuple[Path, Kind, str]]:
    """The same for data that may be no valid `model`: what would be references in it if it were."""
    if not isinstance(data, Mapping):
        return
    for name, kind in _fields(model).items():
        if name in data:
            inner = [mark for mark in marks(model.model_fields[name].annotation) if _is_model(mark)]
            yield from _written(data[name], kind, inner, (name,))


def _written(value: Any, kind: Kind | None, inner: list[type[Model]], at: Path) -> Iterator[tuple[Path, Kind, str]]:
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _written(item, kind, inner, (*at, index))
    elif kind is not None and isinstance(value, str):
        yield at, kind, value.lower() if kind is Kind.PRICING_UNIT else value
    elif isinstance(value, Mapping):
        for model in inner:
            for path, found, name in written_references(model, value):
                yield (*at, *path), found, name


def rewritten(value: Model, rename: Callable[[Kind, str], str]) -> Model:
    """The same noun with every referenced name replaced by `rename(kind, name)`."""
    changes = {}
    for name, kind in _fields(type(value)).items():
        before = getattr(value, name)
        after = _renamed(before, kind, rename)
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
def _fields(model: type[Model]) -> dict[str, Kind | None]:
    """The fields that can hold references: with the kind for names, with None for models that may hold some."""
    found: dict[str, Kind | None] = {}
    for name, field in model.model_fields.items():
        kinds = [mark.kind for mark in (*field.metadata, *marks(field.annotation)) if isinstance(mark, Reference)]
        if kinds:
            found[name] = kinds[0]
        elif any(map(_is_model, marks(field.annotation))):
            found[name] = None
    return found


def _is_model(mark: object) -> bool:
    return isinstance(mark, type) and issubclass(mark, Model)


def marks(annotation: Any) -> Iterator[Any]:
    """Everything an annotation is made of: types and the marks of `Annotated`, however deep."""
    yield annotation
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from marks(part)
