"""A chart over time, drawn into the page: where its lines, dots and words stand, and what it says to who cannot see it.

It has the measure and the style of the charts that scripts draw (`.chart` in shell.css). Places are worked out here in
decimals; a template only writes them down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.instant import instant_words

WIDTH, HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 100, 14, 22, 30
_TENTH = Decimal("0.1")
_LINE, _DATE = 15, 80
"""How far apart words stand: below and beside each other."""
_LONGEST = 16
"""Characters of a label."""


class Shape(NamedTuple):
    """An element of SVG: its tag, its class, its other attributes, and its text; `title` is shown on hovering."""

    tag: str
    look: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    title: str = ""


@dataclass
class Chart:
    """A chart of amounts between two instants. `words` are its content in words."""

    start: datetime
    end: datetime
    high: Decimal
    words: str = ""
    low: Decimal = Decimal(0)
    shapes: list[Shape] = field(default_factory=list)

    def x(self, at: datetime) -> Decimal:
        """Where an instant stands."""
        span = max(self.end - self.start, timedelta(days=1))
        part = Decimal((at - self.start) // timedelta(minutes=1)) / Decimal(span // timedelta(minutes=1))
        return (_LEFT + part * (WIDTH - _LEFT - _RIGHT)).quantize(_TENTH)

    def y(self, amount: Decimal) -> Decimal:
        """Where an amount stands; more is higher, which is a smaller number."""
        part = (amount - self.low) / ((self.high - self.low) or 1)
        return (_TOP + (1 - part) * (HEIGHT - _TOP - _BOTTOM)).quantize(_TENTH)

    def levels(self, amounts: Iterable[tuple[Decimal, str]]) -> None:
        """A line across with its words for each amount, as far as there is room, from the highest down; and zero."""
        above = Decimal(-99)
        for amount, text in sorted(dict(amounts).items(), reverse=True):
            y = self.y(amount)
            if y - above >= _LINE:
                above = y
                self._across(y)
                cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
                self.text(Decimal(_LEFT - 8), y + 4, cut, "end")
        self._across(self.y(Decimal(0)))

    def dates(self, instants: Iterable[datetime]) -> None:
        """The dates below, as far as there is room."""
        free = Decimal(-99)
        for at in sorted(set(instants)):
            x = self.x(at)
            if x - free >= _DATE:
                free = x
                anchor = "start" if x < _LEFT + 34 else "end" if x > WIDTH - 40 else "middle"
                self.text(x, Decimal(HEIGHT - 9), instant_words(at)[:10], anchor)

    def path(self, look: str, points: Sequence[tuple[Decimal, Decimal]]) -> None:
        """A line through points."""
        if len(points) > 1:
            d = "M" + "L".join(f"{x} {y}" for x, y in points)
            self.shapes.append(Shape("path", look, (("d", d),)))

    def dot(self, look: str, x: Decimal, y: Decimal, title: str) -> None:
        """A dot that says something."""
        attributes = (("cx", str(x)), ("cy", str(y)), ("r", "4"))
        self.shapes.append(Shape("circle", look, attributes, "", title))

    def text(self, x: Decimal, y: Decimal, text: str, anchor: str, look: str = "") -> None:
        """Words."""
        self.shapes.append(Shape("text", look, (("x", str(x)), ("y", str(y)), ("text-anchor", anchor)), text))

    def _across(self, y: Decimal) -> None:
        attributes = (("x1", str(_LEFT)), ("x2", str(WIDTH - _RIGHT)), ("y1", str(y)), ("y2", str(y)))
        self.shapes.append(Shape("line", "grid", attributes))
