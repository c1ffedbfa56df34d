"""CSV rate tables, used as they come: one pass, light texts, nothing built per row that need not be.

A card names its tables under `rates_from`. A table says its currency once, and then its numbers are in that currency's
major unit (dollars); with `credit_type` instead they are in the pricing unit's API unit (cents). The result of a row is
one entry of a `RateBook`. Bad rows are counted, and the first of them listed.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO, TextIOWrapper
from pathlib import Path as FilePath
from typing import Any, TextIO

from pricebook.catalog.canonical import quoted
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Path
from pricebook.catalog.timeline import Segment, read_key, read_schedule
from pricebook.manifest.cells import Cells, Unusable
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import joined
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.text import check_bytes, open_file, unreadable
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.span import Span

SHOWN = 20
"""So many bad rows of a table are listed; all are counted."""
MAX_BYTES = 1 << 30
MEMO = 50_000
"""So many distinct prices are remembered: real tables repeat few prices over many rows."""

NOWHERE: Mapping[str, int] = {}
"""No key's line is known."""

Rows = Iterator[tuple[int, list[str]]]
Entry = tuple[str, str, int]
"""Key text, schedule text, line."""


@dataclass
class Table:
    """What was read: the entries of good rows, and the problems of bad ones."""

    entries: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """A table to read: its file, its name for people, what the card says of it, where a path below that stands in the
    card's manifest, and what rates of the card may say."""

    path: FilePath
    shown: str
    spec: RatesFrom
    said_at: Callable[[Path], Span]
    facts: RateFacts


def read_table(source: Source) -> Table:
    """Read a table whole."""
    table = Table()
    rows = _Rows(source, table)
    dated: dict[str, list[tuple[Segment, int]]] = {}
    entries, twice = table.entries, set()
    for key, schedule, _ in rows.entries():
        if key in entries:
            twice.add(key)
        entries[key] = schedule
    for key, segment, line in rows.dated():
        dated.setdefault(key, []).append((segment, line))
    for key, segments in dated.items():
        _join(source, table, key, segments)
    if twice:
        _report_twice(source, table, twice)
    if rows.bad > SHOWN:
        more = rows.bad - SHOWN
        message = f"{more:,} more bad rows of this table are not listed"
        table.problems.append(Problem("more", message, Span(source.shown), more=more))
    return table


def places(source: Source, keys: Iterable[str]) -> dict[str, Span]:
    """Where the rows of these keys stand; the table is read again for it, on demand."""
    wanted = set(keys)
    rows = _Rows(source, Table())
    found = {key: line for key, _, line in rows.entries(wanted) if key in wanted}
    found |= {key: line for key, _, line in rows.dated() if key in wanted}
    return {key: Span(source.shown, line) for key, line in found.items()}


def price_places(
    source: Source, keys: Iterable[str], likely: Mapping[str, int] = NOWHERE
) -> dict[tuple[str, str], Span]:
    """Where the prices of these keys stand, each with the instant from which it holds; reads the table again.

    `likely` says on which line each key should stand; where all of them do, no other row is parsed.
    """
    wanted = set(keys)
    if likely and (there := _on_lines(source, likely)) is not None:
        return there
    rows = _Rows(source, Table())
    held = rows.entries(wanted)
    found = [(key, read_schedule(text)[0].starting_at, line) for key, text, line in held if key in wanted]
    found += [(key, segment.starting_at, line) for key, segment, line in rows.dated() if key in wanted]
    return {(key, start): Span(source.shown, line, rows.price_column) for key, start, line in found}


def _on_lines(source: Source, likely: Mapping[str, int]) -> dict[tuple[str, str], Span] | None:
    """What `price_places` says, when each key stands on its line; None when one does not, or lines may be no rows."""
    by_line = {line: key for key, line in likely.items()}
    last, picked = max(by_line), []
    try:
        with open_file(source.path) as stream:
            for number, content in enumerate(stream, 1):
                if b'"' in content:  # a quoted cell can hold line ends
                    return None
                if number == 1 or number in by_line:
                    picked.append(content)
                if number == last:
                    break
        text = StringIO(b"".join(picked).decode("utf-8-sig"), newline="")
    except (Rejected, OSError, UnicodeDecodeError):  # changed since it was read
        return None
    rows = _Rows(source, Table(), text)
    found = [(key, read_schedule(schedule)[0].starting_at) for key, schedule, _ in rows.entries()]
    lines = sorted(by_line)
    if [key for key, _ in found] != [by_line[line] for line in lines]:
        return None
    return {at: Span(source.shown, line, rows.price_column) for at, line in zip(found, lines, strict=True)}


def _join(source: Source, table: Table, key: str, segments: list[tuple[Segment, int]]) -> None:
    schedule = joined([segment for segment, _ in segments])
    if isinstance(schedule, str):
        table.entries[key] = schedule
        return
    first, second = sorted(segments[i][1] for i in schedule)
    message = f"the same rate has overlapping periods: {source.facts.words(key)}"
    related = (("first", Span(source.shown, first)),)
    hint = "end the one before the other starts"
    table.problems.append(Problem("overlapping-schedule", message, Span(source.shown, second), hint, related))


def _report_twice(source: Source, table: Table, keys: set[str]) -> None:
    """A second pass over the file, only when rows collide: the first place of a key stands with the later one."""
    first: dict[str, int] = {}
    found = 0
    for key, _, line in _Rows(source, Table()).entries():
        if key not in keys:
            continue
        if key not in first:
            first[key] = line
            continue
        found += 1
        if found <= SHOWN:
            message = f"the same rate stands twice: {source.facts.words(key)}"
            related = (("first", Span(source.shown, first[key])),)
            table.problems.append(Problem("duplicate-rate", message, Span(source.shown, line), "remove one", related))
    if found > SHOWN:
        message = f"{found - SHOWN:,} more duplicate rows of this table are not listed"
        table.problems.append(Problem("more", message, Span(source.shown), more=found - SHOWN))


class _Rows:
    """One pass over a table. Problems go to `table`; `bad` counts all bad rows. `text` stands for the file's."""

    def __init__(self, source: Source, table: Table, text: TextIO | None = None) -> None:
        self.source, self.table, self.text = source, table, text
        self.bad = 0
        self.price_column = 1
        columns = source.spec.columns
        self.is_dated = columns.starting_at is not None or columns.ending_before is not None

    def entries(self, keys: Iterable[str] | None = None) -> Iterator[Entry]:
        """Every good row of a table whose rows each are a whole rate. With `keys` at least those of these keys: of the
        others nothing is built."""
        if self.is_dated:
            return
        for cells, every in self._read():
            rows = every if keys is None or not cells.groups else _among(every, cells, keys)
            if cells.varied:
                for key, segment, line in self._varied(cells, rows):
                    yield key, _schedule(*segment), line
            else:
                yield from self._plain(cells, rows)

    def dated(self) -> Iterator[tuple[str, Segment, int]]:
        """Every good row of a table whose rows have periods of their own: several may make one rate."""
        if self.is_dated:
            for cells, rows in self._read():
                yield from self._varied(cells, rows)

    def _plain(self, cells: Cells, rows: Rows) -> Iterator[Entry]:
        """The hot loop. A row's key is its product's head and its group values; its schedule is remembered by price."""
        product_at, price_at, groups = cells.product, cells.price, cells.groups
        heads: dict[str, str] = {}
        schedules: dict[str, str] = {}
        defaults = self.source.spec.defaults
        product = defaults.product or ""
        start, end = instant_text(defaults.starting_at), None  # type: ignore[arg-type]  # a rule of RatesFrom
        if defaults.ending_before is not None:
            end = instant_text(defaults.ending_before)
        for line, row in rows:
            try:
                if product_at is not None:
                    product = row[product_at]
                head = heads.get(product)
                if head is None:
                    head = heads[product] = cells.head(product, defaults.billing_frequency)
                if "" in row:
                    cells.check_groups(row)
                price = row[price_at]
                schedule = schedules.get(price)
                if schedule is None:
                    schedule = _schedule(start, end, cells.terms(price, defaults.entitled))
                    if len(schedules) < MEMO:
                        schedules[price] = schedule
            except Unusable as error:
                self._refuse(line, error)
                continue
            yield head + "".join([name + quoted(row[at]) for name, at in groups]) + "}]", schedule, line

    def _varied(self, cells: Cells, rows: Rows) -> Iterator[tuple[str, Segment, int]]:
        """Rows whose frequency, entitlement or period stands in columns."""
        for line, row in rows:
            try:
                cells.check_groups(row)
                segment = cells.segment(row)
                key = cells.head(cells.product_of(row), cells.frequency_of(row))
            except Unusable as error:
                self._refuse(line, error)
                continue
            yield key + "".join([name + quoted(row[at]) for name, at in cells.groups]) + "}]", segment, line

    def _read(self) -> Iterator[tuple[Cells, Rows]]:
        """The opened table: what its columns are, and its rows with their lines. Nothing when it cannot be used."""
        source = self.source
        if self.text is not None:
            yield from self._parse(self.text)
            return
        try:
            with open_file(source.path) as stream:
                if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    message = f"the file has more than {MAX_BYTES:,} bytes"
                    self.table.problems.append(Problem("too-large", message, Span(source.shown), "split the table"))
                else:
                    check_bytes(stream, source.shown)
                    with TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                        yield from self._parse(text)
        except Rejected as rejected:
            self.table.problems.extend(rejected.problems)
        except OSError as error:
            self._refuse_file(error)

    def _parse(self, text: TextIO) -> Iterator[tuple[Cells, Rows]]:
        source = self.source
        reader = csv.reader(text, delimiter=source.spec.delimiter, strict=True)
        count, first = len(self.table.problems), next(self._lines(reader), (0, []))
        header = [name.strip() for name in first[1]]
        if len(self.table.problems) > count or not self._check_header(header):
            return
        try:
            cells = Cells.of(source.spec, source.facts, header)
        except Unusable as error:
            problem = Problem(error.code, error.message, source.said_at(error.said_at), error.hint)
            self.table.problems.append(problem)
            return
        self.price_column = cells.price + 1
        yield cells, self._lines(reader, len(header))

    def _lines(self, reader: Any, width: int | None = None) -> Rows:
        """The rows of a width, or of any, with their lines, up to where the text is no CSV or no UTF-8 any more."""
        shown = self.source.shown
        try:
            for row in reader:
                if width is None or len(row) == width:
                    yield reader.line_num, row
                elif row:
                    message = f"{len(row)} cells, but the header has {width}"
                    self._refuse(reader.line_num, Unusable("row-width", message))
        except csv.Error as error:
            hint = "a quotation mark is not closed; inside of a quoted cell it is written twice"
            self.table.problems.append(Problem("csv-syntax", str(error), Span(shown, reader.line_num or 1), hint))
        except UnicodeDecodeError:
            self.table.problems.append(_not_utf8(self.source))

    def _refuse_file(self, error: OSError) -> None:
        """The table cannot be opened: the card is where that is mended."""
        source = self.source
        for problem in unreadable(source.path, source.shown, error).problems:
            hint = problem.hint
            if isinstance(error, FileNotFoundError) and source.path.parent.is_dir():
                near = (path.name for path in source.path.parent.iterdir() if path.suffix == source.path.suffix)
                hint = did_you_mean(source.path.name, near)
            self.table.problems.append(replace(problem, at=source.said_at(("table",)), hint=hint))

    def _check_header(self, names: list[str]) -> bool:
        shown, count = self.source.shown, len(self.table.problems)
        if not names:
            self.table.problems.append(Problem("empty-table", f"{quote(shown)} has no header line", Span(shown)))
            return False
        for column, said_at in self.source.spec.columns.named.items():
            at = Span(shown)
            if column not in names:
                hint = did_you_mean(column, names) or f"columns: {', '.join(names[:20])}"
                if len(names) == 1 and any(other in names[0] for other in ";\t|"):
                    hint = "the table seems to have another delimiter: say delimiter under rates_from"
                related = (("named here", self.source.said_at(said_at)),)
                message = f"the table has no column {quote(column)}"
                self.table.problems.append(Problem("missing-column", message, at, hint, related))
            elif names.count(column) > 1:
                message = f"column {quote(column)} stands twice"
                self.table.problems.append(Problem("duplicate-column", message, at, "which one is meant?"))
        return len(self.table.problems) == count

    def _refuse(self, line: int, error: Unusable) -> None:
        self.bad += 1
        if self.bad <= SHOWN:
            at = Span(self.source.shown, line, error.column)
            self.table.problems.append(Problem(error.code, error.message, at, error.hint))


def _among(rows: Rows, cells: Cells, keys: Iterable[str]) -> Rows:
    """The rows whose group values are those of one of the keys."""
    held = [read_key(key).pricing_group_values for key in keys]
    values = {tuple(v for _, v in groups) for groups in held if tuple(n for n, _ in groups) == cells.group_names}
    columns = [at for _, at in cells.groups]
    return ((line, row) for line, row in rows if tuple([row[at] for at in columns]) in values)


def _schedule(start: str, end: str | None, terms: str) -> str:
    return f"[[{quoted(start)},{quoted(end) if end else 'null'},{terms}]]"


def _not_utf8(source: Source) -> Problem:
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
