"""Rate tables, used as they come: light texts, nothing built per row that need not be.

A card names its tables under `rates_from`. The result of a row is an entry of a `RateBook` for each of its prices.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from pricebook.catalog.timeline import Segment, joined, read_key, read_schedule
from pricebook.manifest.row import SHOWN, RowReader
from pricebook.manifest.table_source import TableSource, cell_spans
from pricebook.problem import Problem, Related, unlisted
from pricebook.span import Span


@dataclass
class ReadTable:
    """What was read: the entries of good rows, and the problems of bad ones.

    Of a table whose rows say whole rates `counts` are those of a `RateBook`, and `lines` and `cells` the line of each
    entry and the number of the cell with its price, in their order; of any other all are empty.
    """

    entries: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: Sequence[int] = ()
    cells: Sequence[int] = ()


def read_table(source: TableSource) -> ReadTable:
    """Read a table whole."""
    rows = RowReader(source)
    entries: dict[str, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    lines, cells = array("I"), array("H")
    for batch in rows.rates():
        entries.update(zip(batch.keys, batch.schedules, strict=True))
        counts.update(zip(batch.heads, batch.schedules, strict=True))
        lines.extend(batch.lines)
        cells.extend(repeat(batch.cell, len(batch.lines)))
    dated: dict[str, list[tuple[Segment, int]]] = {}
    for key, segment, line, _ in rows.dated():
        dated.setdefault(key, []).append((segment, line))
    table = ReadTable(entries, rows.problems, counts, lines, cells)
    for key, segments in dated.items():
        _join(source, table, key, segments)
    if len(lines) > len(entries) and not dated:
        _report_twice(source, table)
    table.problems += unlisted(rows.bad - SHOWN, "bad rows of this table", Span(source.shown))
    return table


def places(source: TableSource, keys: Iterable[str]) -> dict[str, Span]:
    """Where the rows of these keys stand; the table is read again for it, on demand."""
    return {key: Span(at.file, at.line) for (key, _), at in price_places(source, keys).items()}


def price_places(source: TableSource, keys: Iterable[str], text: str | None = None) -> dict[tuple[str, str], Span]:
    """Where the prices of these keys stand, each with the instant from which it holds; reads the table again, or takes
    `text` for it."""
    wanted = set(keys)
    rows = RowReader(source, text)
    found = {
        (key, read_schedule(schedule)[0].starting_at): (line, batch.cell)
        for batch in rows.rates()
        for line, key, schedule in zip(batch.lines, batch.keys, batch.schedules, strict=True)
        if key in wanted
    }
    found |= {(key, s.starting_at): (line, cell) for key, s, line, cell in rows.dated() if key in wanted}
    spans = cell_spans(source, found.values(), text)
    return {price: spans[cell] for price, cell in found.items()}


def _join(source: TableSource, table: ReadTable, key: str, segments: list[tuple[Segment, int]]) -> None:
    schedule = joined([segment for segment, _ in segments])
    if isinstance(schedule, str):
        table.entries[key] = schedule
        return
    first, second = sorted(segments[i][1] for i in schedule)
    message = f"the same rate has overlapping periods: {read_key(key)}"
    related = (Related("first", Span(source.shown, first)),)
    hint = "end the one before the other starts"
    table.problems.append(Problem("overlapping-schedule", message, Span(source.shown, second), hint, related))


def _report_twice(source: TableSource, table: ReadTable) -> None:
    """A second pass over the file, only when rows collide: the first place of a key stands with the later one."""
    first: dict[str, int] = {}
    found = 0
    for batch in RowReader(source).rates():
        for key, line in zip(batch.keys, batch.lines, strict=True):
            if first.setdefault(key, line) == line:
                continue
            found += 1
            if found <= SHOWN:
                message = f"the same rate stands twice: {read_key(key)}"
                at, related = Span(source.shown, line), (Related("first", Span(source.shown, first[key])),)
                table.problems.append(Problem("duplicate-rate", message, at, "remove one", related))
    table.problems += unlisted(found - SHOWN, "duplicate rows of this table", Span(source.shown))
