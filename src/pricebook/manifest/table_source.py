"""The tables that cards name, and where the cells of one stand in its text."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import StringIO, TextIOWrapper
from pathlib import Path as FilePath
from typing import NamedTuple, TextIO

from pricebook.catalog.violation import Path
from pricebook.machine import shown
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.text import open_file
from pricebook.span import Span


class TableSource(NamedTuple):
    """A table to read: its file, its name for people, what the card says of it, where a path below that stands in the
    card's manifest, and what rates of the card may say."""

    path: FilePath
    shown: str
    spec: RatesFrom
    span_at: Callable[[Path], Span]
    facts: RateFacts
    named: Path = ("table",)

    @classmethod
    def beside(
        cls, root: FilePath, manifest: str, entry: RatesFrom, facts: RateFacts, span_at: Callable[[Path], Span]
    ) -> Iterator["TableSource"]:
        """The tables that an entry of `rates_from` names, one or its editions, in a manifest whose name is relative to
        the root."""
        for spec, named in entry.tables():
            path = (root / manifest).parent / (spec.table or "")
            yield cls(path, shown(path, root), spec, span_at, facts, named)

    @property
    def is_csv(self) -> bool:
        """Whether it is a text of lines and delimiters; else a workbook, JSON, or Parquet."""
        return self.path.suffix.lower() not in (".xlsx", ".json", ".parquet")


def cells_of(line: str, delimiter: str) -> list[tuple[int, int]] | None:
    """Where each cell of a line begins and ends, quotes included; None for one that goes on in the next line."""
    found: list[tuple[int, int]] = []
    start, at = 0, 0
    while True:
        if line[at : at + 1] == '"' and at == start:
            at += 1
            while True:
                at = line.find('"', at)
                if at < 0:
                    return None
                if line[at + 1 : at + 2] != '"':
                    break
                at += 2
            at += 1
        stop = line.find(delimiter, at)
        found.append((start, stop if stop >= 0 else len(line)))
        if stop < 0:
            return found
        start = at = stop + 1


def cell_spans(
    source: TableSource, wanted: Iterable[tuple[int, int]], text: str | None = None
) -> dict[tuple[int, int], Span]:
    """The places of cells, each given by the line of its row and its number from 1: the column is that of its first
    character. Of what is no CSV, and of a row with line ends in its cells, it stays the number of the cell. The table
    is read again for it."""
    found = {cell: Span(source.shown, *cell) for cell in wanted}
    if source.is_csv:
        lines = {line for line, _ in found}
        texts: dict[int, list[tuple[int, int]]] = {}
        with suppress(OSError, UnicodeDecodeError), _text_of(source, text) as stream:
            for number, line in enumerate(stream, 1):
                if number in lines:
                    texts[number] = cells_of(line.removeprefix("\ufeff"), source.spec.delimiter) or []
        for number, cell in found:
            if cell <= len(texts.get(number, ())):
                found[number, cell] = Span(source.shown, number, texts[number][cell - 1][0] + 1)
    return found


def _text_of(source: TableSource, text: str | None) -> TextIO:
    if text is not None:
        return StringIO(text, newline="")
    return TextIOWrapper(open_file(source.path), encoding="utf-8-sig", newline="")
