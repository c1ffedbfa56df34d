"""YAML text to plain data: the only YAML reader.

The rule it keeps: one walk over libyaml's events, with no tree in between and no positions kept, because a rate list of
22 MB has to cost little more than its events. Whoever finds something wrong asks `locate`, which walks the text again.
A text can neither run code nor grow beyond bounds: no custom tags, limits on depth, on numbers and on what aliases
expand to.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from pricebook.manifest.scalar import CORE_TYPES, NUMBER_START, WORDS, as_type, read_number
from pricebook.manifest.syntax_problem import (
    MAX_DEPTH,
    MAX_EXPANSION,
    UNPRINTABLE,
    span_of,
    syntax_problem,
    unprintable,
    yaml_problem,
)
from pricebook.problem import Problem, Related, quote
from pricebook.span import Span


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file.

    `index` counts the file's documents from 0, empty ones included. `data` is a dict with str keys, a tuple, str, int,
    Decimal, bool or None; what stands behind several aliases is one object, so nobody may change it. `at` is where the
    root starts.

    One of several nouns under one header (`manifest.envelope.listed`) has the file and index of its document; `base` is
    where in it the noun stands. `origins` are the nodes of a noun that stand elsewhere (`manifest.pattern`), by their
    paths below the noun; one that is `derived` is not what its text says.
    """

    file: str
    index: int
    data: object
    at: Span
    base: tuple[str | int, ...] = ()
    origins: Mapping[tuple[str | int, ...], "Node"] = field(default_factory=dict)
    derived: bool = False

    def node(self, path: tuple[Any, ...]) -> "Node":
        """Where what stands at a path below its root is written."""
        return origin_of((self.file, self.index, self.base), self.origins, path)


Node = tuple[str, int, tuple[Any, ...]]
"""A file, the index of a document, and a path in it."""


def origin_of(root: Node, origins: Mapping[tuple[str | int, ...], Node], path: tuple[Any, ...]) -> Node:
    """Where what stands at a path below a noun is written, by the longest way to it that is known to lead elsewhere."""
    for length in range(len(path), 0, -1) if origins else ():
        if path[:length] in origins:
            file, index, start = origins[path[:length]]
            return file, index, (*start, *path[length:])
    file, index, base = root
    return file, index, (*base, *path)


@dataclass(slots=True)
class _Anchor:
    """What an alias stands for. `size` counts its nodes with aliases expanded; 0 while it is still being read."""

    data: object = None
    size: int = 0
    height: int = 0


# libyaml where PyYAML was built with it; the pure Python parser gives the same events, slowly.
_PARSER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_CORE = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {MappingStartEvent: _CORE + "map", SequenceStartEvent: _CORE + "seq"}

_ITEM: Final = object()
"""Stands for the key while a sequence is read. None means that a mapping's next node is a key."""
_MERGE: Final = object()
_DROPPED: Final = object()
"""The key of an entry whose own key was refused: its value is read for its problems and then forgotten."""


def read_documents(file: str, text: str) -> tuple[list[Document], list[Problem]]:
    """The documents of a text that `file` names, and everything that is wrong with them; never raises for a bad text.

    An empty document is left out. A document with problems is there all the same, with a substitute for what was
    refused: the text of a number or of a tagged scalar, an empty mapping for an alias, nothing for a key's entry; of
    duplicate keys the first counts. After a syntax error or a broken limit that document and the rest are missing.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    try:
        _walk(file, text, documents, problems)
    except (ReaderError, UnicodeEncodeError):
        # The parser reads ahead, so a forbidden character far below hides everything: read on without them.
        documents, problems = [], unprintable(file, text)
        _walk(file, UNPRINTABLE.sub("\ufffd", text), documents, problems)
    return documents, problems


def _walk(file: str, text: str, documents: list[Document], problems: list[Problem]) -> None:  # noqa: PLR0912, PLR0915
    """One pass over the events. One long function: a call per event would cost more than all the rest."""
    parser = _PARSER(text)
    get_event = parser.get_event
    number, number_start, words = read_number, NUMBER_START, WORDS
    marked = "&" in text or "!" in text  # else no node has an anchor or a tag
    known: dict[Any, Any] = {}  # one object for each key, however often it is written
    anchors: dict[str, _Anchor] = {}
    nodes = expanded = 0  # the children of closed collections, and what aliases added to them
    index, empty, at = -1, True, Span(file)

    # The open collection: a mapping has `marks`, the places of its keys; a sequence has None there, and `items`.
    entries: dict[Any, object] = {}
    marks: dict[str, Any] | None = None
    items: list[object] = []
    append = items.append
    key: Any = _ITEM
    opening: Any = None
    anchor: _Anchor | None = None
    start = height = 0
    stack: list[Any] = []

    try:
        while True:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                value: Any = event.value
                if marked and event.tag is not None:
                    tagged = _tagged(file, event, problems)
                    if key is not None:
                        value = tagged
                elif key is not None and not event.style:
                    if value[:1] in number_start:
                        value = number(value)
                        if value is None:
                            value = event.value
                            problems.append(yaml_problem("not-a-number", span_of(file, event.start_mark), quote(value)))
                    elif value in words:
                        value = words[value]
                if marked and event.anchor is not None:
                    anchors[event.anchor] = _Anchor(value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if len(stack) >= MAX_DEPTH:
                    problems.append(yaml_problem("too-deep", span_of(file, event.start_mark)))
                    return
                stack.append((entries, marks, items, append, key, opening, anchor, start, height))
                opening, start, height, anchor = event, nodes, 0, None
                if event.anchor is not None:
                    anchor = anchors[event.anchor] = _Anchor()
                if event.tag is not None and event.tag != _COLLECTION_TAGS[kind]:
                    problems.append(
                        yaml_problem("tag", span_of(file, event.start_mark), quote(event.tag.replace(_CORE, "!!")))
                    )
                if kind is MappingStartEvent:
                    entries, marks, key = {}, {}, None
                else:
                    items, marks, key = [], None, _ITEM
                    append = items.append
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if marks is None:
                    value = tuple(items)
                    nodes += len(items)
                else:
                    nodes += 2 * len(entries)
                    entries.pop(_DROPPED, None)
                    value = _merged(file, entries, marks, problems) if _MERGE in entries else entries
                event, below = opening, height + 1
                if anchor is not None:
                    anchor.data, anchor.size, anchor.height = value, nodes - start + 1, below
                entries, marks, items, append, key, opening, anchor, start, height = stack.pop()
                height = max(height, below)
            elif kind is AliasEvent:
                source = anchors.get(event.anchor)
                if source is None or not source.size:
                    code = "unknown-alias" if source is None else "recursive-alias"
                    problems.append(yaml_problem(code, span_of(file, event.start_mark), quote(event.anchor)))
                    source = _Anchor({}, 1)
                value = source.data
                nodes += source.size
                expanded += source.size
                height = max(height, source.height)
                if expanded > MAX_EXPANSION and expanded > 10 * (nodes - expanded):
                    problems.append(yaml_problem("alias-bomb", span_of(file, event.start_mark), quote(event.anchor)))
                    return
                if len(stack) + source.height > MAX_DEPTH:
                    problems.append(yaml_problem("too-deep", span_of(file, event.start_mark)))
                    return
            elif kind is DocumentStartEvent:
                root = parser.peek_event()
                empty = type(root) is ScalarEvent and not (root.value or root.style or root.tag or root.anchor)
                index, at, anchors = index + 1, span_of(file, root.start_mark), {}
                items.clear()
                continue
            elif kind is DocumentEndEvent:
                if not empty:
                    documents.append(Document(file, index, items[0], at))
                continue
            elif kind is StreamEndEvent:
                return
            else:
                continue

            if marks is None:
                append(value)
            elif key is not None:
                entries[key] = value
                key = None
            elif type(value) is not str:
                problems.append(yaml_problem("complex-key", span_of(file, event.start_mark)))
                key = _DROPPED
            elif value in marks:
                second, first = span_of(file, event.start_mark), span_of(file, marks[value])
                message = f"{quote(value)} is given twice in one mapping"
                problems.append(Problem("duplicate-key", message, second, related=(Related("first", first),)))
                key = _DROPPED
            else:
                key = known.get(value)
                if key is None:
                    if value != "<<":
                        key = known[value] = value
                    elif kind is ScalarEvent and not event.style and event.tag is None:
                        key = _MERGE
                    else:
                        key = value
                marks[value] = event.start_mark
    except yaml.MarkedYAMLError as error:
        problems.append(syntax_problem(file, text, error))
    finally:
        parser.dispose()


def _tagged(file: str, event: Any, problems: list[Problem]) -> object:
    """The value of a scalar with a tag: a core tag says what it is, whatever its quotes; any other is a problem."""
    text: str = event.value
    name = event.tag.removeprefix(_CORE)
    if name in ("!", "str"):
        return text
    if name not in CORE_TYPES:
        problems.append(yaml_problem("tag", span_of(file, event.start_mark), quote(event.tag.replace(_CORE, "!!"))))
        return text
    try:
        return as_type(name, text)
    except ValueError:
        problems.append(Problem("tag", f"{quote(text)} cannot be read as !!{name}", span_of(file, event.start_mark)))
        return text


def _merged(file: str, entries: dict[Any, object], marks: dict[str, Any], problems: list[Problem]) -> dict[Any, object]:
    """The mapping with what its `<<` brings in: its own entries win, then the earlier source."""
    source = entries.pop(_MERGE)
    merged: dict[Any, object] = {}
    for one in reversed(source if isinstance(source, tuple) else (source,)):
        if not isinstance(one, dict):
            problems.append(yaml_problem("merge", span_of(file, marks["<<"])))
            return entries
        merged |= one
    return merged | entries


class Token(Enum):
    """What an event of a document is."""

    SCALAR = "scalar"
    ALIAS = "alias"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    END = "end"


_TOKENS = {
    ScalarEvent: Token.SCALAR,
    AliasEvent: Token.ALIAS,
    MappingStartEvent: Token.MAPPING,
    SequenceStartEvent: Token.SEQUENCE,
    MappingEndEvent: Token.END,
    SequenceEndEvent: Token.END,
}


def node_tokens(text: str, indexes: Collection[int]) -> Iterator[tuple[int, Token, Any]]:
    """The events of the nodes of the documents with these indexes: the document's index, what the event is, and the
    event. They end where the text cannot be parsed, which reading it has reported. An event has a `start_mark`, and but
    for an end an `anchor`; a scalar has `value`, `style` and `tag` besides."""
    parser, current, last = _PARSER(UNPRINTABLE.sub("\ufffd", text)), -1, max(indexes, default=-1)
    asked = False
    try:
        while type(event := parser.get_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                current += 1
                asked = current in indexes
            elif type(event) is DocumentEndEvent:
                asked = False
                if current >= last:
                    return
            elif asked:
                yield current, _TOKENS[type(event)], event
    except yaml.YAMLError:
        return
    finally:
        parser.dispose()
