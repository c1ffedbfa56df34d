"""The place of a piece of data in its text: where it starts, for people, and how far it reaches, for who edits it.

Looked up once something is wrong or to be edited, in one walk of the text's events, because reading keeps no positions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pricebook.catalog.violation import Path
from pricebook.manifest.syntax import Node, Token, node_tokens
from pricebook.manifest.syntax_problem import span_of
from pricebook.span import Span


class EntryPart(Enum):
    """The part of a mapping's entry that is not its value."""

    KEY = "key"


KEY: Final = EntryPart.KEY
"""Ends a path to mean the key instead of the value: `("spec", "colour", KEY)`."""

NodePath = tuple[str | int | EntryPart, ...]
"""Keys and indexes from a document's root."""
_BLOCKS = ("|", ">")
_OPENING = (Token.MAPPING, Token.SEQUENCE)
_MERGE: Final = object()
"""The key `<<`."""
_NO_KEY: Final = object()
"""The key of an entry whose own key was refused."""
_ALL: Final = object()
"""Wanted is everything below, because an alias may lead there."""


def locate(file: str, text: str, index: int, paths: Iterable[NodePath]) -> dict[NodePath, Span]:
    """Where the values at the paths of the document with that index start, or their keys where a path ends with KEY.

    An alias leads to the content of its anchor, `<<` to what it merges. A path that leads nowhere has the place where
    it gets lost: the key, or the item, of its last node that exists; a text that stands there, in a short form, itself.
    Without such a document all places are the start of the file.
    """
    paths = tuple(paths)
    found = _located(file, text, {index: paths})
    return {path: found[index, path] for path in paths}


def located(read: Callable[[str], str | None], nodes: Iterable[Node]) -> dict[Node, Span]:
    """The same for nodes of several files: one walk over each text that `read` gives. What it gives None for has no
    place."""
    files: dict[str, dict[int, list[NodePath]]] = defaultdict(lambda: defaultdict(list))
    for file, index, path in nodes:
        files[file][index].append(path)
    found: dict[Node, Span] = {}
    for file, documents in files.items():
        text = read(file)
        if text is not None:
            places = _located(file, text, documents)
            found |= {(file, index, path): at for (index, path), at in places.items()}
    return found


class Extent(NamedTuple):
    """A node of a text: from where to where it reaches, in which column it starts, and how it is written. A block ends
    with the last character of its content."""

    start: int
    end: int
    column: int
    token: Token
    flow: bool
    style: str | None


def extents(text: str, index: int) -> dict[Path, Extent]:
    """Every node of a document that is written out, and the aliases in place of others."""
    tree = _trees(text, {index: _ALL}).get(index)
    found: dict[Path, Extent] = {}
    pending: list[tuple[Path, _Node]] = [((), tree)] if tree is not None else []
    while pending:
        path, node = pending.pop()
        found[path] = node.extent
        for key, entry in node.children.items():
            if entry.alias is not None and key is not _MERGE:
                found[(*path, key)] = entry.alias
            elif key is not _MERGE and key is not _NO_KEY:
                pending.append(((*path, key), entry.node))
    return found


def _located(file: str, text: str, paths: Mapping[int, Iterable[NodePath]]) -> dict[tuple[int, NodePath], Span]:
    wanted: dict[int, dict[Any, Any]] = {index: {} for index in paths}
    for index in paths:
        for path in paths[index]:
            branch = wanted[index]
            for part in path:
                branch = branch.setdefault(part, {})
    roots = _trees(text, wanted)
    return {(index, path): _find(file, roots.get(index), path) for index in paths for path in paths[index]}


@dataclass(slots=True)
class _Node:
    """A node that a path leads to: its start, a scalar's text, how far it reaches, and its entries."""

    mark: Any
    text: str | None
    extent: Extent
    children: dict[Any, "_Entry"] = field(default_factory=dict)


class _Entry(NamedTuple):
    """An entry of a collection: the place of its key or item, its node, and the alias that leads there if one does."""

    mark: Any
    node: _Node
    alias: Extent | None


def _trees(text: str, wanted: Mapping[int, Any]) -> dict[int, _Node]:
    """The roots of the documents, each with the nodes that are wanted of it; up to a syntax error."""
    tokens = node_tokens(text, wanted)
    trees: dict[int, _Node] = {}
    for index, group in groupby(tokens, itemgetter(0)):
        tree = _tree(text, (item[1:] for item in group), wanted[index])
        if tree is not None:
            trees[index] = tree
    return trees


def _tree(text: str, tokens: Iterable[tuple[Token, Any]], wanted: Any) -> _Node | None:
    """The root of a document, with the nodes that are wanted and those with an anchor."""
    anchors: dict[str, _Node] = {}
    # The open collection: its node, and what is wanted below it (None: nothing, and then the node is None too).
    # `key` is the number of a list's next item, the key of a mapping's next value, or None when a key is due.
    document = _Node(None, None, Extent(0, 0, 0, Token.SEQUENCE, False, None))
    parent: _Node | None = document
    below: Any = {0: wanted}
    key: Any = 0
    key_mark: Any = None
    stack: list[Any] = []
    last = 0  # where the content ends that was read last
    for token, event in tokens:
        last = _end_of(text, token, event, last)
        if token is Token.END:
            if parent is not None:
                parent.extent = parent.extent._replace(end=last)
            parent, below, key, key_mark = stack.pop()
            continue
        node: _Node | None = None
        want: Any = None
        if key is None:
            key_mark, after = event.start_mark, _NO_KEY
            if token is Token.SCALAR:
                after = _MERGE if event.value == "<<" and not event.style and event.tag is None else event.value
                if event.anchor is not None:
                    anchors[event.anchor] = _Node(key_mark, event.value, _extent(token, event, last))
            elif token is Token.ALIAS and event.anchor in anchors:
                known = anchors[event.anchor].text
                after = _NO_KEY if known is None else known
        else:
            if below is not None:
                want = _ALL if below is _ALL or key is _MERGE else below.get(key)
            alias = _extent(token, event, last) if token is Token.ALIAS else None
            if alias is not None:
                node = anchors.get(event.anchor) or _Node(event.start_mark, None, alias)
            elif want is not None or event.anchor is not None:
                value = event.value if token is Token.SCALAR else None
                node = _Node(event.start_mark, value, _extent(token, event, last))
                if event.anchor is not None:
                    anchors[event.anchor], want = node, _ALL
            if parent is not None and node is not None:
                place = event.start_mark if type(key) is int else key_mark
                parent.children.setdefault(key, _Entry(place, node, alias))
            after = key + 1 if type(key) is int else None
        if token is Token.MAPPING or token is Token.SEQUENCE:
            stack.append((parent, below, after, key_mark))
            parent, below, key = node, want, None if token is Token.MAPPING else 0
        else:
            key = after
    return document.children[0].node if document.children else None


def _end_of(text: str, token: Token, event: Any, last: int) -> int:
    """Where the content ends that has been read by now."""
    start, end = event.start_mark.index, event.end_mark.index
    if token is Token.SCALAR and event.style in _BLOCKS:
        return start + len(text[start:end].rstrip())  # type: ignore[no-any-return]
    # A collection begins before its content, and what ends without a bracket ended with it.
    return last if token in _OPENING or (token is Token.END and start == end) else end


def _extent(token: Token, event: Any, end: int) -> Extent:
    """Of what an event begins; a collection's end is known when it is closed."""
    flow = bool(getattr(event, "flow_style", False))
    start = event.start_mark
    return Extent(start.index, end, start.column, token, flow, getattr(event, "style", None))


def _find(file: str, root: _Node | None, path: NodePath) -> Span:
    if root is None:
        return Span(file)
    key_mark, node = root.mark, root
    for part in path:
        found = None if part is KEY else _entry(node, part)
        if found is None:
            return span_of(file, node.mark if node.text is not None and part is not KEY else key_mark)
        key_mark, node = found.mark, found.node
    return span_of(file, node.mark)


def _entry(node: _Node, key: object) -> _Entry | None:
    """The child of that key, the node's own before what it merges, and the earlier source first."""
    pending, seen = [node], set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if key in node.children:
            return node.children[key]
        if _MERGE in node.children:
            source = node.children[_MERGE].node
            pending += [source] if 0 not in source.children else [e.node for e in reversed(source.children.values())]
    return None
