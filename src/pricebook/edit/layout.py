"""Plain data as YAML that a person would write: blocks for what is long, one line for what is short.

The rule it keeps: `manifest.syntax` reads the text back as the same data. A text stands plain only where nothing else
can be meant; otherwise it is quoted, and a text of several lines is a literal block.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pricebook.catalog.money import plain
from pricebook.manifest.scalar import NUMBER_START, WORDS, read_number

WIDTH = 100
"""Columns of a line that holds more than one scalar."""

_PLAIN = re.compile(r"[^\W_](?:[\w ./+*()=@$€£%&;<>|~^-]|:(?=[\w/.-]))*|-?[$€£]-?[\d.]+")
_SWITCHES = frozenset(("y", "n", "yes", "no", "on", "off"))
"""Words here, true and false to readers of YAML 1.1."""
_SEEN = "\x20-\x7e\xa0-\u2027\u2030-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
"""What stands as it is: what YAML can print, but for characters that break lines or turn the direction of writing."""
_ESCAPED = re.compile(f'["\\\\]|[^{_SEEN}]')
_LITERAL = re.compile(f"[{_SEEN}\t\n]+")
_SHORT = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def lay_out(document: Mapping[str, Any]) -> str:
    """The text of a document: a mapping of text, numbers, true, false, null, lists and mappings. Its entries are blocks
    or lines of their own."""
    return "\n".join(_entries(document, 0)) + "\n"


def _entries(mapping: Mapping[str, Any], indent: int) -> Iterator[str]:
    margin = " " * indent
    for key, value in mapping.items():
        head = f"{margin}{_text(key)}:"
        block = not indent and isinstance(value, Mapping) and len(value) > 1  # what the document consists of
        if isinstance(value, str) and "\n" in value and _is_literal(value):
            yield f"{head} |" + ("" if value.endswith("\n") else "-")
            yield from (f"{margin}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
        elif (line := _line(value, 0 if block else WIDTH - len(head))) is not None:
            yield f"{head} {line}"
        elif isinstance(value, Mapping):
            yield head
            yield from _entries(value, indent + 2)
        else:
            yield head
            yield from _items(value, indent + 2)


def _items(items: list[Any], indent: int) -> Iterator[str]:
    margin = " " * indent
    for item in items:
        line = _line(item, WIDTH - indent)
        if line is not None:
            yield f"{margin}- {line}"
        else:
            lines = list(_entries(item, indent + 2) if isinstance(item, Mapping) else _items(item, indent + 2))
            yield f"{margin}- {lines[0].lstrip(' ')}"
            yield from lines[1:]


def _line(value: Any, room: int) -> str | None:
    """The value on one line; None when it has to be a block: it is too long, or a list of several mappings."""
    if not isinstance(value, (Mapping, list)):
        return _scalar(value)
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], Mapping):
        return None
    text = inline(value)
    return text if len(text) <= room or not value else None


def inline(value: Any) -> str:
    """The value on one line, however long: what stands inside of brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(Decimal(value)) if isinstance(value, (int, Decimal)) else _text(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text[-1] != " " and not _means_more(text):
        return text
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _means_more(text: str) -> bool:
    number = text[0] in NUMBER_START and not isinstance(read_number(text), str)
    return number or text in WORDS or text.lower() in _SWITCHES


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u{ord(match[0]):04X}"


def _is_literal(text: str) -> bool:
    body = text.removesuffix("\n")
    return _LITERAL.fullmatch(text) is not None and body == body.strip(" \t\n") != ""
