"""The price changes of one card as a whole, and the rows that were chosen, in one pass over them.

Eight thousand changes are a shape: how many, of which products, up or down, by how much at the middle and at the ends,
and which of them look like a mistake. Rows are formatted for what is shown and for nothing else.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import nlargest, nsmallest
from operator import itemgetter
from statistics import median

from pricebook.catalog.move import Move, fate
from pricebook.catalog.terms import ZERO
from pricebook.catalog.timeline import read_key
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.view.plain import flat, hidden
from pricebook.view.price import Units, change_text, factor_text
from pricebook.view.rate_row import RateRow, rate_rows, row_of
from pricebook.view.rows import PriceCounts, RowChoice

TOP = 10
"""Products, and suspicious prices, that are named."""
MOVES = 15
"""Largest rises, and falls, that are named."""
SAMPLE = 3
"""Prices that start, and that end, that are named."""
BOUNDS = tuple(map(Decimal, ("-0.9", "-0.5", "-0.2", "-0.1", "-0.05", "0", "0.05", "0.1", "0.2", "0.5", "1", "9")))
"""Relative changes that divide a spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A price that changes tenfold or more, and how many times as much it is: `×100`, empty where there are several."""

    row: RateRow = flat()
    factor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductShape:
    """The changes of one product, `name` to people; the median is that of its relative changes, None when nothing goes
    up or down."""

    product: str
    name: str
    counts: PriceCounts = flat()
    median_change: Decimal | None


@dataclass(frozen=True, slots=True)
class RateShape:
    """A card's changes. `products` are the TOP with the most; the median is that of the relative changes; of the
    largest there are MOVES; `started` and `ended` are the first SAMPLE; `tenfold` are the worst TOP; `spread`
    counts relative changes between the BOUNDS, from below the first to above the last; `rows` are those chosen."""

    counts: PriceCounts
    products: tuple[ProductShape, ...]
    more_products: int
    median_change: Decimal | None
    largest_rises: tuple[RateRow, ...]
    largest_falls: tuple[RateRow, ...]
    tenfold: tuple[Suspect, ...]
    tenfold_total: int
    rows: tuple[RateRow, ...]
    rows_total: int
    started: tuple[RateRow, ...] = hidden()
    ended: tuple[RateRow, ...] = hidden()
    spread: tuple[int, ...] = hidden()

    @property
    def directions(self) -> list[str]:
        """How many go which way, and the middle: `["3 down", "1 new", "median -20.0 %"]`."""
        counts = self.counts
        ways = (
            (counts.down, "down"),
            (counts.up, f"up, {counts.charged:,} of them free until now" if counts.charged else "up"),
            (counts.new, "new"),
            (counts.ended, "ended"),
            (counts.cancelled, "stay"),
        )
        parts = [f"{n:,} {word}" for n, word in (*ways, (counts.other, "otherwise")) if n]
        return parts + ([f"median {change_text(self.median_change)}"] if self.median_change is not None else [])


_FROM_NOTHING = Decimal("Infinity")
_Moved = tuple[Decimal, RateChange, Move]


class _Furthest:
    """The MOVES furthest moves that were offered, of equal ones the first; no more than a few others are kept alive."""

    def __init__(self) -> None:
        self._found: list[_Moved] = []
        self._least = Decimal(0)

    def offer(self, far: Decimal, change: RateChange, move: Move) -> None:
        """One more, so far away from nothing."""
        if far > self._least:
            self._found.append((far, change, move))
            if len(self._found) == 8 * MOVES:
                self._found = nlargest(MOVES, self._found, key=itemgetter(0))
                self._least = self._found[-1][0]

    def rows(self, units: Units) -> tuple[RateRow, ...]:
        """Their rows, the furthest first."""
        found = nlargest(MOVES, self._found, key=itemgetter(0))
        return tuple(row_of(change, move, units) for _, change, move in found)


@dataclass(slots=True)
class _Pass:
    fates: Counter[tuple[str, str]] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    moves: dict[str, list[Decimal]] = field(default_factory=dict)
    rises: _Furthest = field(default_factory=_Furthest)
    falls: _Furthest = field(default_factory=_Furthest)
    started: list[RateChange] = field(default_factory=list)
    ended: list[RateChange] = field(default_factory=list)
    suspects: list[_Moved] = field(default_factory=list)
    rows: list[RateRow] = field(default_factory=list)
    total: int = 0


def rate_shape(
    batches: Iterable[Sequence[RateChange]], units: Units, choice: RowChoice, as_of: str, *, few: bool
) -> RateShape:
    """The shape of a card's changes.

    `as_of` is the first instant, as text, that is not history. `few`: list every row when nothing was asked for.
    """
    seen = _Pass()
    pattern = choice.pattern.casefold()
    every = choice.every or bool(pattern) or (few and choice.automatic)
    for batch in batches:
        for change in batch:
            key = read_key(change.key)
            _see(seen, change, key.product, as_of)
            # Rows are made of what is shown only: counts need none, and a card can have a million changes.
            wanted = every or (choice.first is not None and len(seen.rows) < choice.first)
            if wanted and (not pattern or pattern in f"{key}\n{units.label(key)}".casefold()):
                seen.rows += rate_rows(key, change, units, as_of)
    every_fate: Counter[str] = Counter()
    products: dict[str, Counter[str]] = {}
    for (product, way), count in seen.fates.items():
        every_fate[way] += count
        products.setdefault(product, Counter())[way] += count
    ranked = nsmallest(TOP, products.items(), key=lambda item: (-item[1].total(), units.called(item[0]).place, item[0]))
    suspects = nlargest(TOP, seen.suspects, key=lambda ranked: times(ranked[0]))
    moves = [move for found in seen.moves.values() for move in found]
    return RateShape(
        counts=PriceCounts.of(every_fate, seen.charged.total()),
        products=tuple(
            ProductShape(
                product=product,
                name=units.called(product).name,
                counts=PriceCounts.of(fates, seen.charged[product]),
                median_change=_median(seen.moves.get(product)),
            )
            for product, fates in ranked
        ),
        more_products=len(products) - len(ranked),
        median_change=_median(moves),
        largest_rises=seen.rises.rows(units),
        largest_falls=seen.falls.rows(units),
        started=tuple(row_of(change, change.moves(as_of)[0], units) for change in seen.started),
        ended=tuple(row_of(change, change.moves(as_of)[0], units) for change in seen.ended),
        tenfold=tuple(Suspect(row=row_of(change, move, units), factor=_factor(move)) for _, change, move in suspects),
        tenfold_total=len(seen.suspects),
        spread=_spread(moves, seen.charged.total()),
        rows=tuple(seen.rows[: choice.first]),
        rows_total=seen.total,
    )


def _see(seen: _Pass, change: RateChange, product: str, as_of: str) -> None:
    moves = change.moves(as_of)
    found = fate(change.observed, moves)
    seen.total += len(moves)
    seen.fates[product, found] += 1
    ways = [(move.shift, move) for move in moves if move.shift.low is not None]
    charged = next((move for move in moves if move.is_charged_now), None)
    if charged is not None:
        seen.charged[product] += 1
        seen.rises.offer(_FROM_NOTHING, change, charged)
        seen.suspects.append((_FROM_NOTHING, change, charged))
    if not ways:
        if found == "new" and len(seen.started) < SAMPLE and moves:
            seen.started.append(change)
        elif found == "ended" and len(seen.ended) < SAMPLE:
            seen.ended.append(change)
        return
    low, lowest = min(((shift.low or ZERO, move) for shift, move in ways), key=itemgetter(0))
    high, highest = max(((shift.high or ZERO, move) for shift, move in ways), key=itemgetter(0))
    strongest, relative = (highest, high) if high + low >= 0 else (lowest, low)
    if low * high >= 0:  # of what is dearer for some and cheaper for others there is no middle
        seen.moves.setdefault(product, []).append(relative)
    if high > 0:
        seen.rises.offer(high, change, highest)
    if low < 0:
        seen.falls.offer(-low, change, lowest)
    if Hazard.MAGNITUDE in change.hazards and charged is None:
        seen.suspects.append((relative, change, strongest))


def _median(moves: Sequence[Decimal] | None) -> Decimal | None:
    return median(moves) if moves else None


def _spread(moves: Iterable[Decimal], charged: int) -> tuple[int, ...]:
    """What was free rises without bound."""
    found = Counter(bisect(BOUNDS, move) for move in moves)
    found[len(BOUNDS)] += charged
    return tuple(found[index] for index in range(len(BOUNDS) + 1))


def times(relative: Decimal) -> Decimal:
    """How many times as much, or as little, a relative change makes."""
    if relative >= 0:
        return 1 + relative
    return 1 / (1 + relative) if relative > -1 else Decimal("Infinity")


def _factor(move: Move) -> str:
    was, now = move.observed.price if move.observed is not None else None, move.desired.price
    return factor_text(was, now) if was is not None and now is not None else ""
