"""Where an answer is drawn: the page; colour codes and text in a width for a terminal; the rows of a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import NamedTuple

from pricebook.format.escape import cut, escape_cell, width_of

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
    "alarm": "1;31",
}
MIN_WIDTH = 60
"""A narrower terminal breaks the lines itself."""


class Paint:
    """Colours text when it is on, and returns it as it is when it is not."""

    def __init__(self, colour: bool) -> None:
        self.on = colour

    def __call__(self, style: str, text: str) -> str:
        """The text in a style; the empty style changes nothing."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.on and style and text else text


class Page(NamedTuple):
    """What a format may know besides the answer. `width` and `colour` are those of a terminal; `base` is the project's
    folder as seen from the repository's root, for formats that mark files in it. `notes`: findings that are only notes
    are drawn one by one (True), folded to a line (False) or left out (None)."""

    width: int = 100
    colour: bool = False
    base: str = ""
    notes: bool | None = None

    @property
    def columns(self) -> int:
        """The width in which to draw."""
        return max(self.width, MIN_WIDTH)

    @property
    def paint(self) -> Paint:
        """The colours."""
        return Paint(self.colour)


def wrapped(text: str, width: int, first: int = 0) -> Iterator[str]:
    """The words of an escaped text in lines of a width; the first line has only `first` columns when that is given."""
    return (line.rstrip() for line in filled(text.split(" "), width, " ", first))


def filled(parts: Iterable[str], width: int, gap: str, first: int = 0) -> Iterator[str]:
    """Escaped parts with a gap between them in lines of a width. A part that is longer is cut in the middle."""
    room = first or width
    line: list[str] = []
    used = 0
    for whole in parts:
        part = cut(whole, width)
        size = width_of(part)
        if line and used + len(gap) + size > room:
            yield gap.join(line)
            line, used, room = [], 0, width
        used += size + (len(gap) if line else 0)
        line.append(part)
    yield gap.join(line)


def sheet(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as CSV, a line each, made while they are read: no cell is a formula."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="")
    for row in rows:
        writer.writerow([escape_cell(str(cell)) for cell in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
