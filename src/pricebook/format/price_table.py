"""The prices of one card on a terminal: the shape when there are many, and plain rows in columns that fit the width.

A row costs a few microseconds: no row goes through a table widget.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pricebook.format.escape import cut, cut_even, escape_all, escape_terminal, is_even, padded, width_of
from pricebook.format.page import Paint, filled, wrapped
from pricebook.plan.hazard import Hazard
from pricebook.view.object import HazardCount
from pricebook.view.price import with_key
from pricebook.view.rate_row import RateRow
from pricebook.view.rate_shape import RateShape
from pricebook.view.words import counted

_INDENT = "      "
_GAP = 3
_MIN_KEY, _MAX_KEY, _MAX_PRICE = 24, 72, 46
LONG = 4000
"""Characters of a price: every tier of it is money, and is not cut."""
_UNSAID = frozenset((Hazard.REACHES_LIVE_CONTRACTS,))
"""Said once, of the whole card."""
_SIGNED = frozenset((Hazard.PRICE_UP.value, Hazard.PRICE_DOWN.value))
_SIGNS = ("+", "-")
_SHAPE_FROM = 2
"""A shape says more than the rows from so many changes on."""
_COLUMNS = {
    "prices": "total",
    **{name: name for name in ("down", "up")},
    "free until now": "charged",
    **{name: name for name in ("new", "ended", "other")},
}
"""Of a table of products, with what of their counts is in them."""


class RowCells(NamedTuple):
    """The texts of a listing, escaped, column by column."""

    keys: list[str]
    prices: list[str]
    changes: list[str]
    whens: list[str]
    hazards: list[str]


class RowColumns(NamedTuple):
    """The widths of a listing's columns. `when` is 0 where the time is the same for all rows and said once."""

    key: int
    price: int
    change: int
    when: int


def draw_rates(shape: RateShape, hazards: Sequence[HazardCount], width: int, paint: Paint) -> Iterator[str]:
    """The lines below a card's headline."""
    shown = len(shape.rows)
    if shown < shape.rows_total:
        yield from _shape(shape, width, paint)
    if shown:
        refused = frozenset(hazard.hazard.value for hazard in hazards if hazard.refused)
        yield from draw_rows(shape.rows, refused, width, paint)
    if shown < shape.rows_total:
        what = f"{counted(shape.rows_total - shown, 'row')} not shown" if shown else counted(shape.rows_total, "row")
        example = escape_terminal(shape.products[0].product, 30)
        ways = "--rows all" if not shown else "--rows all lists them"
        rest = f", --rows N the first, --rows TEXT those with it in their name (--rows {example})"
        yield from (_INDENT + paint("dim", line) for line in wrapped(f"{what}: {ways}{rest}", width - len(_INDENT)))


def draw_rows(rows: Sequence[RateRow], refused: frozenset[str], width: int, paint: Paint) -> Iterator[str]:
    """A line for each row, two for what does not fit."""
    cells = _cells(rows)
    room, gap = width - len(_INDENT), " " * _GAP
    even = is_even(cells.keys) and is_even(cells.prices)
    measure, pad, shorten = (len, str.ljust, cut_even) if even else (width_of, padded, cut)
    cells, columns = _laid_out(cells, room, measure)
    key_width, price_width, change_width, when_width = columns
    together = "" if when_width else cells.whens[0]
    if together:
        yield f"{_INDENT}all {together}"
    marked = {words: _painted(words, refused, paint) for words in set(cells.hazards)}
    for row, key, price, change, when, hazard in zip(rows, *cells, strict=True):
        shown = key if measure(key) <= key_width else shorten(key, max(key_width, _MIN_KEY))
        line = f"{pad(shown, key_width)}{gap}{pad(price, price_width)}{gap}{change:>{change_width}}"
        if when_width:
            line = f"{line}{gap}{when:<{when_width}}"
        if measure(line) + (len(hazard) + _GAP if hazard else 0) > room:
            parts = [part for part in (change, "" if together else when, hazard) if part]
            if measure(price) <= room - 4:
                *lines, last = filled([price, *parts], room - 4, gap)
            else:  # every word of a price is money: it is told whole, in as many lines as it takes
                *lines, last = (*wrapped(price, room - 4), *filled(parts, room - 4, gap))
            yield _INDENT + cut(key, room)
            yield from (f"{_INDENT}    {line}" for line in lines)
            yield f"{_INDENT}    {last.removesuffix(hazard)}{marked[hazard]}"
        elif hazard:
            yield f"{_INDENT}{line}{gap}{marked[hazard]}"
        else:
            yield _INDENT + line.rstrip()
        if row.tiers:
            yield from _tiers(row, room - 4)


def _tiers(row: RateRow, room: int) -> Iterator[str]:
    """Both sides of a price in tiers, whole, and where the one is cheaper than the other."""
    indent = f"{_INDENT}    "
    table = [(escape_terminal(row.per), "until then", "after"), *row.tiers]
    sizes = [max(width_of(line[column]) for line in table) for column in range(3)]
    for first, second, third in table:
        mark = "  *" if second != third and first != table[0][0] else ""
        yield f"{indent}{padded(first, sizes[0])}   {second:>{sizes[1]}}   {third:>{sizes[2]}}{mark}"
    for words in row.curve:
        yield from (indent + line for line in wrapped(words, room))


def _cells(rows: Sequence[RateRow]) -> RowCells:
    words: dict[tuple[Hazard, ...], str] = {}
    for hazards in {row.hazards for row in rows}:
        words[hazards] = " ".join([hazard.value for hazard in hazards if hazard not in _UNSAID])
    return RowCells(
        escape_all([with_key(row.name, row.product) for row in rows]),
        escape_all(["tiers change" if row.tiers else row.price for row in rows], LONG),
        [row.change for row in rows],
        escape_all([row.when for row in rows]),
        [words[row.hazards] for row in rows],
    )


def _laid_out(cells: RowCells, room: int, measure: Callable[[str], int]) -> tuple[RowCells, RowColumns]:
    """Columns for the room. Where it is not enough a date that is the same for all is said once, then the hazards that
    the sign of the change says already are left out; then columns hold most rows, and the rest takes two lines."""
    key = min(max(map(measure, cells.keys)), _MAX_KEY)
    sizes = [sorted(map(measure, cells.prices)), *(sorted(map(len, column)) for column in cells[2:])]
    whole = [column[-1] for column in sizes]
    if whole[0] <= _MAX_PRICE and _left(room, whole) >= key:
        return cells, RowColumns(key, *whole[:3])
    if len(cells.whens) > 1 and len(set(cells.whens)) == 1:
        whole[2], sizes[2] = 0, [0]
        if whole[0] <= _MAX_PRICE and _left(room, whole) >= key:
            return cells, RowColumns(key, *whole[:3])
    plain = [
        " ".join([word for word in hazard.split() if word not in _SIGNED]) if change[:1] in _SIGNS else hazard
        for change, hazard in zip(cells.changes, cells.hazards, strict=True)
    ]
    sizes[3] = sorted(map(len, plain))
    most = [column[(len(column) - 1) * 4 // 5] for column in sizes]
    left = _left(room, most)
    if left < min(key, _MIN_KEY):
        return cells, RowColumns(min(key, room), *most[:3])
    for index, widest in enumerate(whole[:3]):  # columns grow while there is room
        more = max(min(widest - most[index], left - key), 0)
        most[index] += more
        left -= more
    return cells._replace(hazards=plain), RowColumns(min(key, left), *most[:3])


def _left(room: int, sizes: Sequence[int]) -> int:
    """What is left for the key beside the other columns."""
    return room - sum(size + _GAP for size in sizes if size)


def _painted(hazards: str, refused: frozenset[str], paint: Paint) -> str:
    return " ".join([paint("alarm" if word in refused else "yellow", word) for word in hazards.split()])


def _shape(shape: RateShape, width: int, paint: Paint) -> Iterator[str]:
    room = width - len(_INDENT)
    if len(directions := shape.directions) > 1:  # one alone is the headline already
        yield from (_INDENT + line for line in wrapped(" · ".join(directions), room))
    for name, moves in (("largest rise", shape.largest_rises), ("largest fall", shape.largest_falls)):
        for row in moves[:1]:
            yield from _named(f"{name}  {row.change}", row, room)
    yield from _products(shape, room, paint)
    if shape.tenfold:
        n = shape.tenfold_total
        line = f"{counted(n, 'price')} {'changes' if n == 1 else 'change'} tenfold or more"
        worst = f", the worst {len(shape.tenfold)}:" if n > len(shape.tenfold) else ":"
        yield _INDENT + paint("alarm", line + worst)
        for suspect in shape.tenfold:
            yield from _named(f"  {suspect.factor or suspect.row.change}", suspect.row, room, 10)


def _named(label: str, row: RateRow, room: int, size: int = 24) -> Iterator[str]:
    price, key = escape_terminal(row.price, LONG), escape_terminal(with_key(row.name, row.product))
    head = f"{label.ljust(size)}  "
    left = room - len(head) - width_of(price) - _GAP
    if left >= min(width_of(key), _MIN_KEY):
        yield f"{_INDENT}{head}{cut(key, left)}{' ' * _GAP}{price}"
    else:
        yield f"{_INDENT}{head}{cut(key, room - len(head))}"
        yield from (f"{_INDENT}    {line}" for line in wrapped(price, room - 4))


def _products(shape: RateShape, room: int, paint: Paint) -> Iterator[str]:
    """The products with the most changes, in columns; a column that would be empty is left out."""
    if len(shape.products) + shape.more_products < _SHAPE_FROM:
        return
    every = {name: [getattr(item.counts, field) for item in shape.products] for name, field in _COLUMNS.items()}
    columns = [(name, values) for name, values in every.items() if any(values)]
    sizes = [max(len(name), *(len(f"{n:,}") for n in values)) for name, values in columns]
    names = [escape_terminal(with_key(item.name, item.product)) for item in shape.products]
    column = max(12, min(max(map(width_of, names)), room - sum(sizes) - 3 * len(sizes) - 2, 48))
    head = "   ".join(name.rjust(size) for (name, _), size in zip(columns, sizes, strict=True))
    yield _INDENT + paint("dim", f"{'by product'.ljust(column)}   {head}")
    for index, name in enumerate(names):
        numbers = "   ".join(
            (f"{values[index]:,}" if values[index] else "").rjust(size)
            for (_, values), size in zip(columns, sizes, strict=True)
        )
        yield f"{_INDENT}{padded(cut(name, column), column)}   {numbers}".rstrip()
    if shape.more_products:
        yield f"{_INDENT}and {counted(shape.more_products, 'more product')}"
