"""Rewriting values in a manifest where they stand, with everything around them left as it is: comments, order, layout.

A scalar is replaced by a scalar. A list or mapping is replaced as a whole, in the style in which it stands, and
comments inside it are lost. The rule it keeps: nothing outside of what is replaced changes by one character, and the
new text is read again: it says what it should, and of everything else what it said.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from pricebook.catalog.money import plain
from pricebook.catalog.violation import Path
from pricebook.edit.layout import inline, lay_out
from pricebook.manifest.locate import Extent, extents
from pricebook.manifest.syntax import Token, read_documents

_SIMPLE = re.compile(r"[\w .,$€£<>/()+-]+")
"""A text that means itself in any quotes."""


class Unplaceable(Exception):  # noqa: N818 - what is to be replaced is not there, or stands behind an alias
    """The value has no place of its own in the text."""


class Nothing(Enum):
    """In place of a value: its entry of a mapping is taken out."""

    GONE = "gone"


GONE: Final = Nothing.GONE


@dataclass(frozen=True, slots=True)
class Further:
    """In place of a list: what it gets at its end."""

    items: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Written:
    """In place of a value: what is to stand in the text, on one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """In place of an entry of a mapping: an entry of another key, with a list of what stands on one line each."""

    key: str
    items: Sequence[Written]


@dataclass(frozen=True, slots=True)
class CopiedItem:
    """At an item of a list: copies that follow it, each with other values at some paths below it."""

    copies: Sequence[Mapping[Path, Any]]


def rewritten(text: str, index: int, values: Mapping[Path, Any]) -> str:
    """The text with new values at the paths of a document. A path whose last key is new is added to its mapping.

    Values are plain data, `GONE`, `Further`, `Written`, `Renamed` or `CopiedItem`; a text that is money is written as
    it is. Raises Unplaceable, also for what would come to mean something else elsewhere, as what stands behind an
    anchor does.
    """
    places = extents(text, index)
    new = _edited(text, [_change(text, places, path, value) for path, value in values.items()])
    _verify(text, new, index, values)
    return new


def _edited(text: str, edits: Iterable[tuple[int, int, str]], base: int = 0) -> str:
    """The text after edits that do not overlap; their places count from `base` before it."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[: start - base] + new + text[end - base :]
    return text


def _verify(before: str, after: str, index: int, values: Mapping[Path, Any]) -> None:
    """Whether the new text says what it should. Raises Unplaceable."""
    documents, problems = read_documents("", after)
    wanted = {document.index: document.data for document in read_documents("", before)[0]}
    wanted[index] = _after(wanted[index], values)
    if problems or {document.index: document.data for document in documents} != wanted:
        raise Unplaceable(tuple(values))


def _after(data: object, values: Mapping[Path, Any]) -> object:
    """The data as it is to be read with new values at paths below it. A copy is one of what stood there before."""
    below: dict[str | int, dict[Path, Any]] = {}
    for path, value in values.items():
        below.setdefault(path[0], {})[path[1:]] = value
    if isinstance(data, tuple):
        items: list[object] = []
        for index, item in enumerate(data):
            inner = below.get(index, {})
            own = inner.pop((), None)
            items.append(
                _read_back(own) if own is not None and not isinstance(own, CopiedItem) else _after(item, inner)
            )
            items += [_after(item, copy) for copy in own.copies] if isinstance(own, CopiedItem) else []
        return tuple(items)
    if not below:
        return data
    fields: dict[str | int, object] = dict(data) if isinstance(data, Mapping) else {}
    for name, inner in below.items():
        match inner.pop((), None):
            case None:
                fields[name] = _after(fields.get(name), inner)
            case Nothing.GONE:
                fields.pop(name, None)
            case Renamed(key, renamed):
                fields.pop(name, None)
                fields[key] = tuple(map(_read_back, renamed))
            case Further(further):
                listed = fields.get(name)
                fields[name] = (*(listed if isinstance(listed, tuple) else ()), *map(_read_back, further))
            case value:
                fields[name] = _read_back(value)
    return fields


def _read_back(value: Any) -> object:
    """A value as it is read once it is written."""
    (document,), _ = read_documents("", f"x: {value.text}\n" if isinstance(value, Written) else lay_out({"x": value}))
    return document.data["x"] if isinstance(document.data, dict) else None


def _change(text: str, places: Mapping[Path, Extent], path: Path, value: Any) -> tuple[int, int, str]:
    found = places.get(path)
    if value is GONE:
        return _removed(text, places, path)
    if isinstance(value, Renamed):
        return _renamed(text, places, path, value)
    if isinstance(value, CopiedItem):
        return _copied(text, places, path, value.copies)
    if isinstance(value, Further) and found is not None:
        return _appended(text, found, value.items)
    if isinstance(value, Further):
        value = list(value.items)
    if found is None:
        parent = places.get(path[:-1])
        if parent is None or parent.token is not Token.MAPPING:
            raise Unplaceable(path)
        return _added(text, parent, str(path[-1]), value)
    if found.token is Token.ALIAS:
        raise Unplaceable(path)
    if not isinstance(value, (Mapping, list)):
        head = text[: found.start].rstrip()
        if found.token in (Token.MAPPING, Token.SEQUENCE) and not found.flow and head.endswith(":"):
            return len(head), found.end, f" {_scalar(value, found)}"  # a block stood below its key
        return found.start, found.end, _scalar(value, found)
    if found.flow:
        return found.start, found.end, inline(value)
    return found.start, found.end, _block(value, found.column)


def _removed(text: str, places: Mapping[Path, Extent], path: Path) -> tuple[int, int, str]:
    """An entry of a mapping, with the comma before it or with its lines; a comment behind it gets its own line."""
    start, end = _entry(text, places, path)
    if places[path[:-1]].flow:
        comma = text.rfind(",", 0, start)
        if comma >= 0 and not text[comma + 1 : start].strip():
            return comma, end, ""
        after = re.match(r"\s*,\s*", text[end:])
        return start, end + after.end() if after else end, ""
    line, stop = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    if text[line:start].strip():  # the first entry of an item stands behind its dash
        raise Unplaceable(path)
    if "\n" not in text[start:end] and text[end:stop].strip().startswith("#"):
        return start, stop, text[end:stop].strip()
    return line, min(stop + 1, len(text)), ""


def _renamed(text: str, places: Mapping[Path, Extent], path: Path, value: Renamed) -> tuple[int, int, str]:
    start, end = _entry(text, places, path)
    items = [item.text for item in value.items]
    if places[path[:-1]].flow:
        return start, end, f"{value.key}: [{', '.join(items)}]"
    margin = " " * (start - (text.rfind("\n", 0, start) + 1))
    return start, end, f"{value.key}:" + "".join(f"\n{margin}  - {item}" for item in items)


def _copied(
    text: str, places: Mapping[Path, Extent], path: Path, copies: Sequence[Mapping[Path, Any]]
) -> tuple[int, int, str]:
    item, parent = places.get(path), places.get(path[:-1])
    if item is None or parent is None or item.token is Token.ALIAS or parent.token is not Token.SEQUENCE:
        raise Unplaceable(path)
    blocks = [
        _edited(
            text[item.start : item.end],
            [_change(text, places, (*path, *below), new) for below, new in values.items()],
            item.start,
        )
        for values in copies
    ]
    if parent.flow:
        return item.end, item.end, "".join(f", {block}" for block in blocks)
    lead = text[text.rfind("\n", 0, item.start) + 1 : item.start]
    if lead.strip() != "-":
        raise Unplaceable(path)
    at = _line_end(text, item.end)
    return at, at, "".join(f"\n{lead}{block}" for block in blocks)


def _entry(text: str, places: Mapping[Path, Extent], path: Path) -> tuple[int, int]:
    """Where an entry of a mapping begins, with its key, and where its value ends."""
    found, parent = places.get(path), places.get(path[:-1])
    if found is None or parent is None or parent.token is not Token.MAPPING:
        raise Unplaceable(path)
    # Between a key and its value stand spaces, and before a block perhaps its line's end, comments and a dash.
    key = re.search(
        rf"""(?<![\w"'])["']?{re.escape(str(path[-1]))}["']?\s*:[^\n]*\n?[\s-]*\Z""", text[parent.start : found.start]
    )
    if key is None:
        raise Unplaceable(path)
    return parent.start + key.start(), found.end


def _appended(text: str, listed: Extent, items: Sequence[Any]) -> tuple[int, int, str]:
    """Further items of a list."""
    if listed.token is not Token.SEQUENCE:
        raise Unplaceable(listed)
    if listed.flow:
        return _inside(text, listed, "]", ", ".join(map(inline, items)))
    at = _line_end(text, listed.end)
    return at, at, "".join(f"\n{' ' * listed.column}- {inline(item)}" for item in items)


def _added(text: str, parent: Extent, key: str, value: Any) -> tuple[int, int, str]:
    """A new last entry of a mapping."""
    if parent.flow:
        return _inside(text, parent, "}", f"{key}: {inline(value)}")
    margin = " " * parent.column
    lines = lay_out({key: value}).rstrip("\n").split("\n")
    at = _line_end(text, parent.end)
    return at, at, "".join(f"\n{margin}{line}" for line in lines)


def _inside(text: str, place: Extent, bracket: str, words: str) -> tuple[int, int, str]:
    """Words as the last ones within brackets."""
    at = text.rindex(bracket, place.start, place.end)
    before = text[place.start : at].rstrip()
    comma = "" if before.endswith((",", "[", "{")) else ", "
    return at, at, f"{comma}{words}"


def _line_end(text: str, at: int) -> int:
    """The end of a line: what still stands on it is a comment."""
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _block(value: Any, column: int) -> str:
    """A list or mapping in block style, its first line without margin."""
    head, *rest = lay_out({"x": value}).rstrip("\n").split("\n")
    if not rest:
        return head.removeprefix("x: ")
    margin = " " * column
    lines = [line.removeprefix("  ") for line in rest]
    return "\n".join([lines[0], *(f"{margin}{line}" for line in lines[1:])])


def _scalar(value: Any, place: Extent) -> str:
    """A text keeps the quotes that stand there while it needs no others."""
    if isinstance(value, Written):
        return value.text
    if isinstance(value, Decimal):
        return plain(value)
    if not isinstance(value, str):
        return inline(value)
    quote = place.style if place.style in ("'", '"') and _SIMPLE.fullmatch(value) else ""
    return f"{quote}{value}{quote}" if quote else inline(value)
