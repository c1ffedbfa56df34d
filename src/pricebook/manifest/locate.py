"""The place of a piece of data in its text: looked up once something is wrong, because reading keeps no positions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from pricebook.manifest.syntax import Token, node_tokens, span_of
from pricebook.span import Span


class Part(Enum):
    """The part of a mapping's entry that is not its value."""

    KEY = "key"


KEY: Final = Part.KEY
"""Ends a path to mean the key instead of the value: `("spec", "colour", KEY)`."""

NodePath = tuple[str | int | Part, ...]
"""Keys and indexes from a document's root."""

_MERGE: Final = object()
"""The key `<<`."""
_NO_KEY: Final = object()
"""The key of an entry whose own key was refused."""
_ALL: Final = object()
"""Wanted is everything below, because an alias may lead there."""


def locate(file: str, text: str, index: int, paths: Iterable[NodePath]) -> dict[NodePath, Span]:
    """Where the values at the paths of the document with that index start, or their keys where a path ends with KEY.

    An alias leads to the content of its anchor, `<<` to what it merges. A path that leads nowhere has the place where
    it gets lost: the key, or the item, of its last node that exists. Without such a document all places are the start
    of the file.
    """
    paths = tuple(paths)
    found = locate_all(file, text, {index: paths})
    return {path: found[index, path] for path in paths}


def locate_all(file: str, text: str, paths: Mapping[int, Iterable[NodePath]]) -> dict[tuple[int, NodePath], Span]:
    """The same for the paths of several documents, by index: one walk over the text."""
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
    """A node that a path leads to: its place, a scalar's text, the children with the places of their keys."""

    mark: Any
    text: str | None = None
    children: dict[Any, tuple[Any, "_Node"]] = field(default_factory=dict)


def _trees(text: str, wanted: Mapping[int, dict[Any, Any]]) -> dict[int, _Node]:
    """The roots of the documents, each with the nodes that are wanted of it; up to a syntax error."""
    tokens = node_tokens(text, wanted)
    trees: dict[int, _Node] = {}
    for index, group in groupby(tokens, itemgetter(0)):
        tree = _tree((item[1:] for item in group), wanted[index])
        if tree is not None:
            trees[index] = tree
    return trees


def _tree(tokens: Iterable[tuple[Token, Any]], wanted: dict[Any, Any]) -> _Node | None:
    """The root of a document, with the nodes that are wanted and those with an anchor."""
    anchors: dict[str, _Node] = {}
    # The open collection: its node, and what is wanted below it (None: nothing, and then the node is None too).
    # `key` is the number of a list's next item, the key of a mapping's next value, or None when a key is due.
    document = _Node(None)
    parent: _Node | None = document
    below: Any = {0: wanted}
    key: Any = 0
    key_mark: Any = None
    stack: list[Any] = []
    for token, event in tokens:
        if token is Token.END:
            parent, below, key, key_mark = stack.pop()
            continue
        node: _Node | None = None
        want: Any = None
        if key is None:
            key_mark, after = event.start_mark, _NO_KEY
            if token is Token.SCALAR:
                after = _MERGE if event.value == "<<" and not event.style and event.tag is None else event.value
                if event.anchor is not None:
                    anchors[event.anchor] = _Node(key_mark, event.value)
            elif token is Token.ALIAS and event.anchor in anchors:
                after = _NO_KEY if anchors[event.anchor].text is None else anchors[event.anchor].text
        else:
            if below is not None:
                want = _ALL if below is _ALL or key is _MERGE else below.get(key)
            if token is Token.ALIAS:
                node = anchors.get(event.anchor) or _Node(event.start_mark)
            elif want is not None or event.anchor is not None:
                node = _Node(event.start_mark, event.value if token is Token.SCALAR else None)
                if event.anchor is not None:
                    anchors[event.anchor], want = node, _ALL
            if parent is not None and node is not None:
                place = event.start_mark if type(key) is int else key_mark
                parent.children.setdefault(key, (place, node))
            after = key + 1 if type(key) is int else None
        if token is Token.MAPPING or token is Token.SEQUENCE:
            stack.append((parent, below, after, key_mark))
            parent, below, key = node, want, None if token is Token.MAPPING else 0
        else:
            key = after
    return document.children[0][1] if document.children else None


def _find(file: str, root: _Node | None, path: NodePath) -> Span:
    if root is None:
        return Span(file)
    key_mark, node = root.mark, root
    for part in path:
        found = None if part is KEY else _entry(node, part)
        if found is None:
            return span_of(file, key_mark)
        key_mark, node = found
    return span_of(file, node.mark)


def _entry(node: _Node, key: object) -> tuple[Any, _Node] | None:
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
            source = node.children[_MERGE][1]
            pending += [source] if 0 not in source.children else [c for _, c in reversed(source.children.values())]
    return None
