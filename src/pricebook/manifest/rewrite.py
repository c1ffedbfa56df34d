"""Rewriting values in a manifest where they stand, with everything around them left as it is: comments, order, layout.

A scalar is replaced by a scalar. A list or mapping is replaced as a whole, in the style in which it stands, and
comments inside it are lost. The rule it keeps: nothing outside of what is replaced changes by one character.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricebook.catalog.model import Path
from pricebook.catalog.money import plain
from pricebook.manifest.layout import inline, lay_out
from pricebook.manifest.syntax import Token, node_tokens


class Unplaceable(Exception):  # noqa: N818 - what is to be replaced is not there, or stands behind an alias
    """The value has no place of its own in the text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node: from where to where in the text, in which column it starts, and how it is written."""

    start: int
    end: int
    column: int
    token: Token
    flow: bool
    style: str | None


def rewritten(text: str, index: int, values: Mapping[Path, Any]) -> str:
    """The text with new values at the paths of a document. A path whose last key is new is added to its mapping.

    Values are plain data; a text that is money is written as it is. Raises Unplaceable.
    """
    changes = [_change(text, index, path, value) for path, value in values.items()]
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _change(text: str, index: int, path: Path, value: Any) -> tuple[int, int, str]:
    places = places_of(text, index)
    found = places.get(path)
    if found is None:
        parent = places.get(path[:-1])
        if parent is None or parent.token is not Token.MAPPING:
            raise Unplaceable(path)
        return _added(text, parent, str(path[-1]), value)
    if found.token is Token.ALIAS:
        raise Unplaceable(path)
    if not isinstance(value, (Mapping, list)):
        return found.start, found.end, _scalar(value, found)
    if found.flow:
        return found.start, found.end, inline(value)
    return found.start, found.end, _block(value, found.column)


def _added(text: str, parent: Place, key: str, value: Any) -> tuple[int, int, str]:
    """A new last entry of a mapping."""
    if parent.flow:
        at = text.rindex("}", parent.start, parent.end)
        return at, at, f", {key}: {inline(value)}"
    margin = " " * parent.column
    lines = lay_out({key: value}).rstrip("\n").split("\n")
    end = text.find("\n", parent.end)  # what still stands on the last line is a comment of it
    at = end if end >= 0 else len(text)
    return at, at, "".join(f"\n{margin}{line}" for line in lines)


def _block(value: Any, column: int) -> str:
    """A list or mapping in block style, its first line without margin."""
    head, *rest = lay_out({"x": value}).rstrip("\n").split("\n")
    if not rest:
        return head.removeprefix("x: ")
    margin = " " * column
    lines = [line.removeprefix("  ") for line in rest]
    return "\n".join([lines[0], *(f"{margin}{line}" for line in lines[1:])])


def _scalar(value: Any, place: Place) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    quote = place.style if place.style in ("'", '"') else ""
    return f"{quote}{value}{quote}" if quote or not isinstance(value, str) else inline(value)


def places_of(text: str, index: int) -> dict[Path, Place]:
    """Where every node of a document stands. A block ends with the last character of its content."""
    found: dict[Path, Place] = {}
    stack: list[tuple[Path, Any, bool]] = []
    path: Path = ()
    key: Any = None
    waiting = False  # for a key of the mapping
    last = 0
    for _, token, event in node_tokens(text, [index]):
        if token is Token.END:
            place = found[path]
            end = event.end_mark.index if place.flow else last
            found[path] = Place(place.start, end, place.column, place.token, place.flow, None)
            last = max(last, end)
            path, key, waiting = stack.pop()
            continue
        start, end = event.start_mark.index, event.end_mark.index
        if waiting:
            key, waiting = getattr(event, "value", None), False
            last = end
            continue
        here: Path = (*path, key) if key is not None else path
        flow = bool(getattr(event, "flow_style", False))
        found[here] = Place(start, end, event.start_mark.column, token, flow, getattr(event, "style", None))
        after = key + 1 if isinstance(key, int) else key
        inside_mapping = bool(path in found and found[path].token is Token.MAPPING)
        if token in (Token.MAPPING, Token.SEQUENCE):
            stack.append((path, after, inside_mapping))
            path, key, waiting = here, 0 if token is Token.SEQUENCE else None, token is Token.MAPPING
        else:
            last = end
            key, waiting = after, inside_mapping
    return found
