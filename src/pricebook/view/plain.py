"""An answer as plain data: the fields of its view, and nothing else. What programs read is what all formats draw.

Amounts stay exact decimals, instants stay instants (canonical JSON writes both), a reference is its text, an end that
never comes is null. A key is a field's name, without the underscore that keeps it apart from a word of Python.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any, ClassVar, Protocol, cast

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.canonical import encode, quoted
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref

PREFIX = "pricebook-answer/"
"""`format` of a document begins with this; the sort of answer follows."""


class View(Protocol):
    """A frozen dataclass that is an answer. `answer` names its sort, in documents, in schemas and in `FORMATS`."""

    answer: ClassVar[str]


def hidden(**options: Any) -> Any:
    """A field that formats draw and programs do not need: words for what other fields say in numbers."""
    return field(metadata={"hidden": True}, **options)


def optional(default: Any = None) -> Any:
    """A field that a document leaves out while it is the default."""
    return field(default=default, metadata={"optional": True})


def key_of(name: str) -> str:
    """The key of a field: `from_` is `from`."""
    return name.removesuffix("_")


def flat() -> Any:
    """A field whose own fields stand in its place in a document."""
    return field(metadata={"flat": True})


def is_left_out(kind: Any, one: Field[Any]) -> bool:
    """Whether a document leaves a field out while it is the default: the field says so, or its class does of all."""
    return bool(one.metadata.get("optional")) or getattr(kind, "sparse", False)


def document_fields(kind: Any) -> tuple[Field[Any], ...]:
    """The fields of a dataclass that a document has."""
    return tuple(one for one in fields(kind) if not one.metadata.get("hidden"))


@cache
def _reader(kind: Any) -> Callable[[Any], object]:
    """How values of a type become plain data."""
    if issubclass(kind, Ref):
        return str
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, (str, int, Decimal)) or kind is type(None):
        return lambda value: value
    if issubclass(kind, datetime):
        return _instant
    if is_dataclass(kind):
        return _fields_reader(kind)
    if hasattr(kind, "_fields"):
        listed = [(name, key_of(name)) for name in named(kind)]
        return lambda value: {key: plain(getattr(value, name)) for name, key in listed}
    if issubclass(kind, Mapping):
        return lambda value: {str(plain(key)): plain(found) for key, found in value.items()}
    if issubclass(kind, Iterator):
        return partial(map, plain)
    if issubclass(kind, Iterable):
        return lambda value: list(map(plain, value))
    raise TypeError(f"no plain form for {kind.__name__}")


def named(kind: Any) -> tuple[str, ...]:
    """The fields of a named tuple that a document has: all but those that it says are only drawn."""
    drawn: Callable[[], tuple[str, ...]] = getattr(kind, "drawn", tuple)
    return tuple(name for name in kind._fields if name not in drawn())


def _fields_reader(kind: Any) -> Callable[[Any], object]:
    every = document_fields(kind)
    parts = [one.name for one in every if one.metadata.get("flat")]
    # Of most fields nothing is equal to what they are left out with.
    without = {one.name: one.default if is_left_out(kind, one) else MISSING for one in every if one.name not in parts}
    listed = [(name, key_of(name), left_out) for name, left_out in without.items()]

    def read(value: Any) -> object:
        data = {key: plain(found) for name, key, left_out in listed if (found := getattr(value, name)) != left_out}
        for name in parts:
            data |= plain(getattr(value, name))
        return data

    return read


def _instant(at: datetime) -> object:
    if at >= FOREVER:
        return None
    return at.isoformat() if at.microsecond else instant_text(at)


def plain(value: object) -> Any:
    """A view, or a part of one, as plain data."""
    return _reader(cast("Hashable", type(value)))(value)


def document(view: View) -> Iterator[str]:
    """The lines of an answer for programs: keys in order, its sort in `format`. It is one line, unless a list of the
    view is made while it is read (an iterator): then it is a document all the same, and each item is a line."""
    data = {"format": f"{PREFIX}{view.answer}", **plain(view)}
    line = "{"
    for key in sorted(data):
        line += f"{'' if line == '{' else ','}{quoted(key)}:"
        if not isinstance(data[key], Iterator):
            line += encode(data[key])
            continue
        line += "["
        for many, item in enumerate(data[key]):
            yield line + ("," if many else "")
            line = encode(item)
        line += "]"
    yield line + "}"
