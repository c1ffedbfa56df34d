"""The rows of a CSV rate table: one pass, a batch at a time and column by column, nothing built per row that need not.

Bad rows are counted, and the first of them listed: a batch in which something is wrong is read again row by row.
"""

import csv
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import StringIO, TextIOWrapper
from itertools import accumulate, compress, islice
from typing import Any, TextIO

from pricebook.catalog.timeline import Segment
from pricebook.manifest.cell_amount import Unusable
from pricebook.manifest.cells import Batch, Cells, Lane, TierRows
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row_problem import Mistake, check_column, csv_problem, not_utf8, summary
from pricebook.manifest.table_source import TableSource, cell_spans
from pricebook.manifest.text import check_bytes, open_file, unreadable
from pricebook.problem import Problem, Rejected, Related, did_you_mean, quote
from pricebook.span import Span

SHOWN = 20
"""So many bad rows of a table are listed; all are counted."""
MAX_BYTES = 1 << 30
BATCH = 1000
"""So many rows are read at once: enough that the interpreter's work per batch is little, few enough for the caches of
the processor."""

LinedRows = tuple[Sequence[int], list[list[str]]]
"""Rows, and the line at which each ends."""


class RowReader:
    """One pass over a table. `problems` are those of the file and of the first bad rows; `bad` counts all bad rows.
    `text` stands for what the file says."""

    def __init__(self, source: TableSource, text: str | None = None) -> None:
        self.source, self.text = source, text
        self.problems: list[Problem] = []
        self.bad = 0
        self._refused: list[tuple[int, Unusable]] = []
        self._mistakes: dict[tuple[str, ...], Mistake] = {}
        columns = source.spec.columns
        self.is_dated = any(
            column is not None
            for column in (columns.starting_at, columns.ending_before, columns.tier_size, columns.tier_up_to)
        )

    def rates(self) -> Iterator[Batch]:
        """Every good price of a table whose rows each say whole rates."""
        for cells, batches in self._read() if not self.is_dated else ():
            for lines, rows in batches:
                for lane in cells.lanes:
                    try:
                        yield cells.rates(lane, lines, rows)
                    except Unusable:
                        yield from self._one_by_one(cells, lane, lines, rows)

    def dated(self) -> Iterator[tuple[str, Segment, int, int]]:
        """Key, segment, line and number of the cell of every good price of a table whose rows have periods of their
        own, or are tiers: several may make one rate."""
        for cells, batches in self._read() if self.is_dated else ():
            tiers = TierRows(cells) if cells.tier is not None else None
            for lines, rows in batches:
                for lane in cells.lanes:
                    for line, row in zip(lines, rows, strict=True):
                        try:
                            if cells.is_empty(lane, row):
                                continue
                            _, key, segment = cells.segment(lane, row)
                            if tiers is not None:
                                tiers.add(key, segment, row, line)
                                continue
                        except Unusable as error:
                            self._refuse(line, error)
                        else:
                            yield key, segment, line, lane.price + 1
            for key, segment, line, wrong in tiers.joined() if tiers is not None else ():
                if wrong is None:
                    yield key, segment, line, cells.lanes[0].price + 1
                else:
                    self._refuse(line, wrong)

    def _one_by_one(self, cells: Cells, lane: Lane, lines: Sequence[int], rows: list[list[str]]) -> Iterator[Batch]:
        for line, row in zip(lines, rows, strict=True):
            try:
                yield cells.rates(lane, (line,), [row])
            except Unusable as error:
                self._refuse(line, error)

    def _read(self) -> Iterator[tuple[Any, Iterator[LinedRows]]]:
        """The opened table: what its columns are, and its rows. Nothing when it cannot be used."""
        yield from self._opened()
        self._tell()

    def _opened(self) -> Iterator[tuple[Any, Iterator[LinedRows]]]:
        source = self.source
        if self.text is not None:
            yield from self._parse(StringIO(self.text.removeprefix("\ufeff"), newline=""))
            return
        try:
            with open_file(source.path) as stream:
                if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    message = f"the file has more than {MAX_BYTES:,} bytes"
                    self.problems.append(Problem("too-large", message, Span(source.shown), "split the table"))
                elif not source.is_csv:
                    # Few tables are something else.
                    from pricebook.manifest.sheet import rows_of

                    rows = rows_of(source, stream)
                    yield from self._bound(next(rows, (0, []))[1], _batched(rows))
                else:
                    check_bytes(stream, source.shown)
                    with TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines:
                        yield from self._parse(lines)
        except Rejected as rejected:
            self.problems.extend(rejected.problems)
        except OSError as error:
            self._refuse_file(error)

    def _parse(self, text: TextIO) -> Iterator[tuple[Any, Iterator[LinedRows]]]:
        count = len(self.problems)
        reader = csv.reader(text, delimiter=self.source.spec.delimiter, strict=True)
        header: list[str] = []
        with self._syntax(reader):
            header = next(reader, [])
        if len(self.problems) == count:
            yield from self._bound(header, self._batches(reader))

    def _bound(self, header: list[str], batches: Iterator[LinedRows]) -> Iterator[tuple[Any, Iterator[LinedRows]]]:
        """A table with this header, and those of its rows that are wanted."""
        names = [name.strip() for name in header]
        spec = self.source.spec.matched(names)
        if not self._check_header(names, spec):
            return
        try:
            cells = self._cells(spec, names)
        except Unusable as error:
            problem = Problem(error.code, error.message, self.source.span_at(error.entry_path), error.hint)
            self.problems.append(problem)
            return
        kept = [(names.index(column), frozenset(values)) for column, values in spec.where.items()]
        renamed = [(names.index(column), named) for column, named in spec.map.items()]
        yield cells, self._wanted(names, kept, renamed, batches)

    def _cells(self, spec: RatesFrom, names: list[str]) -> Any:
        """What the cells of a row mean. Raises Unusable."""
        return Cells.of(spec, self.source.facts, names)

    def _wanted(
        self,
        names: list[str],
        kept: list[tuple[int, frozenset[str]]],
        renamed: list[tuple[int, dict[str, str]]],
        batches: Iterator[LinedRows],
    ) -> Iterator[LinedRows]:
        """The rows as wide as the header that pass, with our names in place of theirs."""
        seen: dict[int, set[str]] = {at: set() for at, _ in kept}
        passed = not kept
        for batch in batches:
            lines, rows = batch
            if set(map(len, rows)) != {len(names)}:
                fits = [len(row) == len(names) for row in rows]
                for line, row in zip(lines, rows, strict=True):
                    if len(row) != len(names):
                        message = f"{len(row)} cells, but the header has {len(names)}"
                        self._refuse(line, Unusable("row-width", message))
                lines, rows = list(compress(lines, fits)), list(compress(rows, fits))
            for at, values in kept:
                cells = [row[at].strip() for row in rows]
                if len(seen[at]) < BATCH:
                    seen[at].update(cells)
                fits = [cell in values for cell in cells]
                lines, rows = list(compress(lines, fits)), list(compress(rows, fits))
            for at, named in renamed:
                for row in rows:
                    row[at] = named.get(row[at].strip(), row[at])
            passed = passed or bool(rows)
            if rows:
                yield lines, rows
        if not passed and any(seen.values()):
            for at, values in kept:
                if lost := sorted(values - seen[at]):
                    hint = did_you_mean(lost[0], seen[at]) or f"there: {', '.join(sorted(seen[at])[:10])}"
                    at_card = self.source.span_at(("where", names[at]))
                    message = f"no row has {quote(lost[0])} in column {quote(names[at])}: the table gives no price"
                    self.problems.append(Problem("nothing-fits", message, at_card, hint))

    def _batches(self, reader: Any) -> Iterator[LinedRows]:
        """The rows that are not empty, up to where the text is no CSV or no UTF-8 any more."""
        full = True
        while full:
            rows: list[list[str]] = []
            before = reader.line_num
            with self._syntax(reader):
                rows.extend(islice(reader, BATCH))  # those before an error are kept
            full = len(rows) == BATCH
            lines: Sequence[int] = range(before + 1, before + len(rows) + 1)
            if reader.line_num != before + len(rows):
                lines = _counted(rows, before)
            if not all(rows):
                lines, rows = list(compress(lines, rows)), list(filter(None, rows))
            if rows:
                yield lines, rows

    @contextmanager
    def _syntax(self, reader: Any) -> Iterator[None]:
        """What cannot be read ends the reading, as a problem at its place."""
        try:
            yield
        except csv.Error as error:
            self.problems.append(csv_problem(error, self.source.shown, reader.line_num))
        except UnicodeDecodeError:
            self.problems.append(not_utf8(self.source))

    def _refuse_file(self, error: OSError) -> None:
        """The table cannot be opened: the card is where that is mended."""
        source = self.source
        for problem in unreadable(source.path, source.shown, error).problems:
            hint = problem.hint
            if isinstance(error, FileNotFoundError) and source.path.parent.is_dir():
                near = (path.name for path in source.path.parent.iterdir() if path.suffix == source.path.suffix)
                hint = did_you_mean(source.path.name, near)
            self.problems.append(replace(problem, at=source.span_at(source.named), hint=hint))

    def _check_header(self, names: list[str], spec: RatesFrom) -> bool:
        source, count = self.source, len(self.problems)
        if not names:
            message = f"{quote(source.shown)} has no header line"
            self.problems.append(Problem("empty-table", message, Span(source.shown)))
            return False
        for column, path in spec.named.items():
            self.problems += check_column(column, names, source.shown, partial(source.span_at, path), "rates_from")
        return len(self.problems) == count

    def _refuse(self, line: int, error: Unusable) -> None:
        if error.about is None:
            self.bad += 1
            if self.bad <= SHOWN:
                self._refused.append((line, error))
            return
        product, _, frequency = error.about.partition("\0")
        # What is wrong with the mapping is one mistake for all products, and so are names that nobody knows.
        same = "" if error.entry_path or error.code == "unknown-reference" else product
        key = (error.code, same, frequency if error.code == "not-a-choice" else "", str(error.entry_path))
        mistake = self._mistakes.setdefault(key, Mistake(error))
        mistake.rows += 1
        mistake.names.setdefault(product, line)

    def _tell(self) -> None:
        """What is wrong with rows, where it stands."""
        told = [(line, error, "") for line, error in self._refused]
        for mistake in self._mistakes.values():
            line = next(iter(mistake.names.values()))
            error = summary(self.source, mistake)
            if error.entry_path:
                at = self.source.span_at(error.entry_path)
                related = (Related("first row", Span(self.source.shown, line)),)
                self.problems.append(Problem(error.code, error.message, at, error.hint, related))
            else:
                told.append((line, error, f" (in {mistake.rows:,} rows)" if mistake.rows > 1 else ""))
        spans = cell_spans(self.source, {(line, error.column) for line, error, _ in told}, self.text) if told else {}
        for line, error, more in told:
            at = spans[line, error.column]
            self.problems.append(Problem(error.code, error.message + more, at, error.hint))


def _batched(rows: Iterator[tuple[int, list[str]]]) -> Iterator[LinedRows]:
    while batch := list(islice(rows, BATCH)):
        yield [line for line, _ in batch], [row for _, row in batch]


def _counted(rows: list[list[str]], before: int) -> list[int]:
    """The line at which each row ends, of rows with line ends in quoted cells; `before` is that of the row before."""
    heights = [1 + sum(len(re.findall("\r\n?|\n", cell)) for cell in row) for row in rows]
    return list(accumulate(heights, initial=before))[1:]
