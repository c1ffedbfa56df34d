"""Text that comes from data is inert in every output: one escaping function per format.

Names, keys, values, file names and messages are data. What could steer a terminal or lie to a reader (control
characters, changes of direction, invisible characters, line breaks) becomes visible: `\\x1b`, `\\u202e`, `\\n`. A
backslash is left as it is, so this is for reading and not for reading back. What a terminal shows is the first step of
every other format: none of them shows a character that a terminal would not.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category, east_asian_width

LIMIT = 160
"""Characters of one piece of data on a terminal."""
_STACK = 2
"""Marks that may stand over one letter; more of them smear over the lines around it."""

_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_LOOK_CLOSER = re.compile(f"[{_RTL}{_UNSEEN}{_MARKS}]")
_RIGHT_TO_LEFT = re.compile(f"[{_RTL}]")
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_UNEVEN = re.compile("[^\x00-\u02ff\u2010-\u2026\u2030-\u203a\u20a0-\u20bf\u2190-\u21ff]")
"""What may take no column, or two."""
_COMMAND = re.compile(r"(?<!\S)::(?=[A-Za-z])|##(?=\[|(?i:vso)\[)")
"""What a CI runner that reads the log takes for a command, at the start of a line or, of the older form, anywhere."""
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LEFT_TO_RIGHT_MARK = "\u200e"
# Outside of its strings JSON is ASCII, so this may be applied to a whole document.
_NOT_IN_JSON = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
    r"|(?<=#)#(?=\[|(?i:vso)\[)"
)


def escape_terminal(text: str, limit: int = LIMIT) -> str:
    """The text for a terminal, on one line, at most about `limit` characters; what is cut ends with `…`.

    Right-to-left writing is kept, and closed by a mark, so that it cannot reorder the prices that stand beside it.
    """
    if len(text) <= limit and text.isprintable() and (text.isascii() or not _LOOK_CLOSER.search(text)):
        return text if "::" not in text and "##" not in text else _disarmed(text)
    if len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return _disarmed(_visible(text))


def escape_all(texts: list[str], limit: int = LIMIT) -> list[str]:
    """`escape_terminal` of each; thousands of harmless ones are looked at in one go."""
    joined = "".join(texts)
    harmless = joined.isprintable() and "::" not in joined and "##" not in joined and not _LOOK_CLOSER.search(joined)
    harmless = harmless and max(map(len, texts), default=0) <= limit
    return texts if harmless else [escape_terminal(text, limit) for text in texts]


def is_even(texts: Iterable[str]) -> bool:
    """Whether every character of the escaped texts takes one column."""
    return not _UNEVEN.search("".join(texts))


def escape_script(document: str) -> str:
    """The same JSON value for the inside of a `<script>` element, which nothing in it can end."""
    return escape_json(document).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def escape_sarif(text: str, limit: int = 1000) -> str:
    """The text for a plain message of SARIF, where brackets make a link and `{0}` stands for an argument."""
    shown = re.sub(r"[\\\[\]]", r"\\\g<0>", escape_terminal(text, limit))
    return re.sub(r"\{(\d+)\}", r"{{\1}}", shown)


def escape_annotation(text: str, limit: int = 1000) -> str:
    """The text for the message of a GitHub workflow command."""
    return escape_terminal(text, limit).replace("%", "%25")


def escape_property(text: str, limit: int = 1000) -> str:
    """The text for a property (`title`, `file`) of a GitHub workflow command."""
    return escape_annotation(text, limit).replace(":", "%3A").replace(",", "%2C")


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(text: str) -> str:
    """The text for a cell of a spreadsheet, where none is taken for a formula. The quotes of CSV are its writer's."""
    shown = escape_terminal(text, 4000)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def escape_json(document: str) -> str:
    """The same JSON value with every unseen or directing character as `\\uXXXX`, and so what a CI runner takes for a
    command wherever it stands."""
    return _NOT_IN_JSON.sub(lambda match: _json_escape(match[0]), document)


def width_of(text: str) -> int:
    """Columns that an escaped text takes on a terminal."""
    return len(text) if text.isascii() or not _UNEVEN.search(text) else _width(text)


def padded(text: str, width: int) -> str:
    """The escaped text, filled with blanks to a number of columns."""
    return text + " " * (width - width_of(text))


def cut(text: str, width: int) -> str:
    """The escaped text within a number of columns; what is too long is cut in the middle, where names differ least."""
    if width_of(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    if is_even((text,)):
        return cut_even(text, width)
    tail = (width - 1) // 2
    head = width - 1 - tail
    start, end = 0, len(text)
    while start < end and width_of(text[: start + 1]) <= head:
        start += 1
    while end > start and width_of(text[end - 1 :]) <= tail:
        end -= 1
    closed = _LEFT_TO_RIGHT_MARK if _RIGHT_TO_LEFT.search(text) else ""
    return text[:start] + closed + "…" + text[end:]


def cut_even(text: str, width: int) -> str:
    """The same for a text that is longer than `width` and whose characters all take one column."""
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _disarmed(text: str) -> str:
    return _COMMAND.sub(lambda match: f"\\x{ord(match[0][0]):02x}{match[0][1:]}", text)


@lru_cache(maxsize=4096)
def _visible(text: str) -> str:
    parts: list[str] = []
    stacked = 0
    for char in text:
        stacked = stacked + 1 if category(char) in ("Mn", "Me") else 0
        if not char.isprintable() or stacked > _STACK or _INVISIBLE.match(char):
            parts.append(_NAMED.get(char) or _escaped(ord(char)))
        else:
            parts.append(char)
    shown = "".join(parts)
    return shown + _LEFT_TO_RIGHT_MARK if _RIGHT_TO_LEFT.search(shown) else shown


def _escaped(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@lru_cache(maxsize=1024)
def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


@lru_cache(maxsize=4096)
def _width(text: str) -> int:
    return sum(0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in "WF" else 1 for c in text)
