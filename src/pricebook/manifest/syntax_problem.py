"""What is wrong with a YAML text, in words: which rule it breaks, where, and what people usually mean by it."""

import re
from typing import Any

from pricebook.manifest.scalar import MAX_NUMBER
from pricebook.manifest.text import offset_span
from pricebook.problem import Problem, Related
from pricebook.span import Span

MAX_DEPTH = 100
"""Nested mappings and sequences, counted through aliases."""
MAX_EXPANSION = 1_000_000
"""Nodes that the aliases of one file may stand for; a large file may have ten for each node it writes out itself."""
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_SAYINGS = {
    "not-a-number": (
        "{} is not a number that can be carried",
        f"finite, at most {MAX_NUMBER} characters, exponent at most {MAX_NUMBER} either way; a text is quoted",
    ),
    "tag": ("the tag {} means nothing here", 'a text that starts with "!" is quoted'),
    "unknown-alias": (
        "no anchor {} comes before its alias",
        "an anchor stands above its aliases, in the same document; a text that starts with * is quoted",
    ),
    "recursive-alias": ("the anchor {} contains itself", ""),
    "alias-bomb": (
        f"the aliases of this file stand for more than {MAX_EXPANSION:,} nodes, the last is that of {{}}",
        "put long rate lists in a CSV table with rates_from",
    ),
    "too-deep": (f"mappings and lists nest deeper than {MAX_DEPTH} levels", ""),
    "complex-key": ("a key is a word, not a mapping, a list or a number", "quote a text that starts with { or ["),
    "merge": ("<< takes a mapping or a list of mappings", 'a key of that name is written "<<"'),
}
"""Message and hint of each code that is said in one way only."""

_SYNTAX_HINTS = {
    "mapping values are not allowed": "a text with ': ' in it is quoted; the keys of a mapping start in one column",
    "scanning a quoted scalar": "a quotation mark is not closed",
    "unknown escape": "in double quotes a backslash is written twice; single quotes take it as it is",
    "flow sequence": "a bracket [ is not closed, or a comma is missing",
    "flow mapping": "a brace { is not closed, or a comma is missing",
    "scanning an alias": "a text that starts with * is quoted",
    "scanning an anchor": "a text that starts with & is quoted",
    "scanning a block scalar": "a text that starts with | or > is quoted",
    "scanning a directive": "a text that starts with % is quoted",
    "tag": 'a text that starts with "!" is quoted',
    "block mapping": "the keys of a mapping start in one column; quotes go around the whole of a text",
    "block collection": "the items of a list start in one column",
    "could not find expected ':'": "a key is followed by a colon and a space",
}
"""What people usually meant, by words of libyaml's message."""


def span_of(file: str, mark: Any) -> Span:
    """The place of a mark of the parser."""
    return Span(file, mark.line + 1, mark.column + 1)


def yaml_problem(code: str, at: Span, what: object = "") -> Problem:
    """A problem that is said in one way only, of what it names."""
    message, hint = _SAYINGS[code]
    return Problem(code, message.format(what), at, hint)


def unprintable(file: str, text: str) -> list[Problem]:
    """One problem for all the characters that YAML forbids, at the first of them."""
    found = list(UNPRINTABLE.finditer(text))
    if not found:
        return []
    message = f"the character U+{ord(found[0][0]):04X} is not allowed in YAML"
    hint = "remove it, or write it as an escape in double quotes"
    return [Problem("yaml-syntax", message, offset_span(file, text[: found[0].start()]), hint, more=len(found) - 1)]


_TOO_DEEP = "exceeded maximum nesting depth"
"""libyaml's words for brackets that open a thousand deep, before it has told of any of them."""


def syntax_problem(file: str, text: str, error: Any) -> Problem:
    """libyaml's words and place, with what people usually mean by the mistake."""
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    message = ", ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return Problem("yaml-syntax", message, Span(file))
    at = span_of(file, mark)
    if error.problem == _TOO_DEEP:
        return yaml_problem("too-deep", at)
    related = (Related("began here", span_of(file, context)),) if context and span_of(file, context) != at else ()
    return Problem("yaml-syntax", message, at, _syntax_hint(message, text[mark.index : mark.index + 1]), related)


def _syntax_hint(message: str, character: str) -> str:
    if character == "\t" or "tab character" in message:
        return "indent with spaces: YAML does not allow tabs there"
    if "cannot start any token" in message:
        return f"a value cannot start with {character}: quote it"
    return next((hint for words, hint in _SYNTAX_HINTS.items() if words in message), "")
