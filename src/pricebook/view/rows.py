"""Which rows of prices an answer lists, and how many prices it counts of which sort.

Both are asked for before anybody knows whether there is a row at all.
"""

from collections import Counter
from dataclasses import dataclass, fields
from typing import NamedTuple


class RowChoice(NamedTuple):
    """Which rows to list: those of cards with few changes (the default), every one, the first N, or by a pattern."""

    every: bool = False
    first: int | None = None
    pattern: str = ""

    @classmethod
    def parse(cls, text: str | None) -> "RowChoice":
        """`all`, a number, or a text that the key must contain in any case; None and the empty text are the default."""
        if not text:
            return cls()
        if text == "all":
            return cls(every=True)
        return cls(first=int(text)) if text.isdecimal() and len(text) < 10 else cls(pattern=text)

    @property
    def automatic(self) -> bool:
        """Whether nothing was asked for."""
        return not self.every and self.first is None and not self.pattern

    def most(self, few: int) -> int | None:
        """How many rows are listed, a `few` when nothing was asked for; None: all that fit."""
        return None if self.every or self.pattern else self.first if self.first is not None else few

    def fits(self, *names: str) -> bool:
        """Whether a row of these names has the text that was asked for in one of them."""
        return not self.pattern or self.pattern.casefold() in "\n".join(names).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCounts:
    """How many prices: new, ended, up, down, or otherwise changed. One that goes both up and down counts as both."""

    total: int = 0
    new: int = 0
    ended: int = 0
    up: int = 0
    down: int = 0
    other: int = 0
    changed: int = 0
    """Those that were there before and are there afterwards."""
    cancelled: int = 0
    """Those that go on as they are: what was planned of them is taken back."""
    charged: int = 0
    """Those of the ones that go up that were free until now."""

    @classmethod
    def of(cls, fates: Counter[str], charged: int = 0) -> "PriceCounts":
        """The counts of what became of prices, in the words of `catalog.move.Fate`; `charged` of them were free."""
        both, new, ended, cancelled = (fates[fate] for fate in ("both", "new", "ended", "cancelled"))
        changed = fates.total() - new - ended - cancelled
        up, down = fates["up"] + both, fates["down"] + both
        return cls(
            total=fates.total(),
            new=new,
            ended=ended,
            up=up,
            down=down,
            other=fates["other"],
            changed=changed,
            cancelled=cancelled,
            charged=charged,
        )

    def plus(self, more: "PriceCounts") -> "PriceCounts":
        """The sum."""
        return PriceCounts(**{f.name: getattr(self, f.name) + getattr(more, f.name) for f in fields(PriceCounts)})
