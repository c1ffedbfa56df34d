"""The rows of a CSV rate table: one pass, a batch at a time and column by column, nothing built per row that need not.

Bad rows are counted, and the first of them listed: a batch in which something is wrong is read again row by row.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO, TextIOWrapper
from itertools import accumulate, compress, islice
from pathlib import Path as FilePath
from typing import Any, NamedTuple, TextIO

from pricebook.catalog.model import Path
from pricebook.catalog.timeline import Segment
from pricebook.manifest.cells import Cells, Unusable
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.text import check_bytes, open_file, unreadable
from pricebook.problem import Problem, Rejected, Related, did_you_mean, quote
from pricebook.span import Span

SHOWN = 20
"""So many bad rows of a table are listed; all are counted."""
MAX_BYTES = 1 << 30
BATCH = 1000
"""So many rows are read at once: enough that the interpreter's work per batch is little, few enough for the caches of
the processor."""

_LINE_END = re.compile("\r\n?|\n")

Rows = tuple[Sequence[int], list[list[str]]]
"""Rows, and the line at which each ends."""


@dataclass(frozen=True)
class TableSource:
    """A table to read: its file, its name for people, what the card says of it, where a path below that stands in the
    card's manifest, and what rates of the card may say."""

    path: FilePath
    shown: str
    spec: RatesFrom
    said_at: Callable[[Path], Span]
    facts: RateFacts

    @classmethod
    def beside(
        cls, root: FilePath, manifest: str, spec: RatesFrom, facts: RateFacts, said_at: Callable[[Path], Span]
    ) -> "TableSource":
        """The table that an entry of `rates_from` names, in a manifest whose name is relative to the root."""
        path = (root / manifest).parent / spec.table
        return cls(path, os.path.relpath(path, root), spec, said_at, facts)


class Batch(NamedTuple):
    """Good rows: the line of each, its key's text up to the group values, its key's text, its schedule's text."""

    lines: Sequence[int]
    heads: Sequence[str]
    keys: Sequence[str]
    schedules: Sequence[str]


class RowReader:
    """One pass over a table. `problems` are those of the file and of the first bad rows; `bad` counts all bad rows.
    `text` stands for what the file says."""

    def __init__(self, source: TableSource, text: str | None = None) -> None:
        self.source, self.text = source, text
        self.problems: list[Problem] = []
        self.bad = 0
        self.price_column = 1
        columns = source.spec.columns
        self.is_dated = columns.starting_at is not None or columns.ending_before is not None

    def rates(self) -> Iterator[Batch]:
        """Every good row of a table whose rows each are a whole rate."""
        for cells, batches in self._read() if not self.is_dated else ():
            for lines, rows in batches:
                try:
                    yield Batch(lines, *cells.rates(rows))
                except Unusable:
                    yield from self._one_by_one(cells, lines, rows)

    def dated(self) -> Iterator[tuple[str, Segment, int]]:
        """Key, segment and line of every good row of a table whose rows have periods of their own: several may make one
        rate."""
        for cells, batches in self._read() if self.is_dated else ():
            for lines, rows in batches:
                for line, row in zip(lines, rows, strict=True):
                    try:
                        _, key, segment = cells.segment(row)
                    except Unusable as error:
                        self._refuse(line, error)
                    else:
                        yield key, segment, line

    def _one_by_one(self, cells: Cells, lines: Sequence[int], rows: list[list[str]]) -> Iterator[Batch]:
        for line, row in zip(lines, rows, strict=True):
            try:
                yield Batch((line,), *cells.rates([row]))
            except Unusable as error:
                self._refuse(line, error)

    def _read(self) -> Iterator[tuple[Cells, Iterator[Rows]]]:
        """The opened table: what its columns are, and its rows. Nothing when it cannot be used."""
        source = self.source
        if self.text is not None:
            yield from self._parse(StringIO(self.text.removeprefix("\ufeff"), newline=""))
            return
        try:
            with open_file(source.path) as stream:
                if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    message = f"the file has more than {MAX_BYTES:,} bytes"
                    self.problems.append(Problem("too-large", message, Span(source.shown), "split the table"))
                else:
                    check_bytes(stream, source.shown)
                    with TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                        yield from self._parse(text)
        except Rejected as rejected:
            self.problems.extend(rejected.problems)
        except OSError as error:
            self._refuse_file(error)

    def _parse(self, text: TextIO) -> Iterator[tuple[Cells, Iterator[Rows]]]:
        source, count = self.source, len(self.problems)
        reader = csv.reader(text, delimiter=source.spec.delimiter, strict=True)
        header: list[str] = []
        with self._syntax(reader):
            header = [name.strip() for name in next(reader, [])]
        if len(self.problems) > count or not self._check_header(header):
            return
        try:
            cells = Cells.of(source.spec, source.facts, header)
        except Unusable as error:
            problem = Problem(error.code, error.message, source.said_at(error.said_at), error.hint)
            self.problems.append(problem)
            return
        self.price_column = cells.price + 1
        yield cells, self._batches(reader)

    def _batches(self, reader: Any) -> Iterator[Rows]:
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
            self.problems.append(_not_utf8(self.source))

    def _refuse_file(self, error: OSError) -> None:
        """The table cannot be opened: the card is where that is mended."""
        source = self.source
        for problem in unreadable(source.path, source.shown, error).problems:
            hint = problem.hint
            if isinstance(error, FileNotFoundError) and source.path.parent.is_dir():
                near = (path.name for path in source.path.parent.iterdir() if path.suffix == source.path.suffix)
                hint = did_you_mean(source.path.name, near)
            self.problems.append(replace(problem, at=source.said_at(("table",)), hint=hint))

    def _check_header(self, names: list[str]) -> bool:
        shown, count = self.source.shown, len(self.problems)
        if not names:
            self.problems.append(Problem("empty-table", f"{quote(shown)} has no header line", Span(shown)))
            return False
        for column, path in self.source.spec.columns.named.items():
            self.problems += check_column(column, names, shown, partial(self.source.said_at, path), "rates_from")
        return len(self.problems) == count

    def _refuse(self, line: int, error: Unusable) -> None:
        self.bad += 1
        if self.bad <= SHOWN:
            at = Span(self.source.shown, line, error.column)
            self.problems.append(Problem(error.code, error.message, at, error.hint))


def check_column(
    column: str, names: Sequence[str], shown: str, said_at: Callable[[], Span], under: str = ""
) -> Iterator[Problem]:
    """A column that something names stands in the header, and once. `said_at` is where it is named; `under` is what may
    say another delimiter."""
    if column not in names:
        hint = did_you_mean(column, names) or f"columns: {', '.join(names[:20])}"
        if under and len(names) == 1 and any(other in names[0] for other in ";\t|"):
            hint = f"the table seems to have another delimiter: say delimiter under {under}"
        related = (Related("named here", said_at()),)
        yield Problem("missing-column", f"the table has no column {quote(column)}", Span(shown), hint, related)
    elif names.count(column) > 1:
        yield Problem("duplicate-column", f"column {quote(column)} stands twice", Span(shown), "which one is meant?")


def csv_problem(error: csv.Error, shown: str, line: int) -> Problem:
    """Where a text is no CSV any more."""
    hint = "a quotation mark is not closed; inside of a quoted cell it is written twice"
    return Problem("csv-syntax", str(error), Span(shown, line or 1), hint)


def _counted(rows: list[list[str]], before: int) -> list[int]:
    """The line at which each row ends, of rows with line ends in quoted cells; `before` is that of the row before."""
    heights = [1 + sum(len(_LINE_END.findall(cell)) for cell in row) for row in rows]
    return list(accumulate(heights, initial=before))[1:]


def _not_utf8(source: TableSource) -> Problem:
    """The place of the first byte that is not UTF-8."""
    hint = "save it as UTF-8"
    with source.path.open("rb") as file:
        for number, content in enumerate(file, 1):
            try:
                content.decode()
            except UnicodeDecodeError as found:
                message = f"the byte 0x{content[found.start]:02X} is not UTF-8"
                return Problem("encoding", message, Span(source.shown, number, found.start + 1), hint)
    return Problem("encoding", "the file is not UTF-8 text", Span(source.shown), hint)
