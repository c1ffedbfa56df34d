"""What was looked up, as plain lines: a few by default however long the price list is, each on one line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from itertools import groupby

from pricebook.catalog.canonical import encode
from pricebook.format.escape import cut, escape_json, escape_terminal, padded, width_of
from pricebook.format.page import Paint
from pricebook.view.field import FieldRow
from pricebook.view.lookup import FOREIGN, AliasLine, PriceLine, PriceMove, VersionLine
from pricebook.view.words import counted

LINES = 20
"""Prices that are listed when nothing was asked for; all are counted."""


def draw_prices(lines: Sequence[PriceLine], total: int, instant: str, width: int) -> Iterator[str]:
    """Prices at an instant, card by card. `total` counts those too that are not listed."""
    notes = _notes(lines)
    for card, found in groupby(lines, key=lambda line: line.card):
        yield f"{escape_terminal(f'rate-card:{card}')} on {instant}"
        group = list(found)
        yield from columns(
            [(line.name, _price(line), _span(line), notes.get(line.set_by, "")) for line in group], width
        )
    yield from _rest(len(lines), total, "price")
    yield from _told(notes, width)


def draw_timelines(lines: Sequence[PriceLine], total: int, width: int) -> Iterator[str]:
    """Each price's whole timeline. `total` counts the prices that are not listed too."""
    shown, notes = 0, _notes(lines)
    for (card, name), found in groupby(lines, key=lambda line: (line.card, line.name)):
        shown += 1
        yield cut(f"{escape_terminal(name)} on {escape_terminal(f'rate-card:{card}')}", width)
        yield from columns([(_span(line), _price(line), notes.get(line.set_by, "")) for line in found], width)
    yield from _rest(shown, total, "price")
    yield from _told(notes, width)


def draw_moves(lines: Sequence[PriceMove], total: int, before: str, after: str, width: int) -> Iterator[str]:
    """Prices that differ between two dates."""
    if not total:
        yield f"No price is another on {after} than on {before}."
        return
    many = "price is" if total == 1 else "prices are"
    yield f"{total:,} {many} not the same on {before} and on {after}"
    for card, found in groupby(lines, key=lambda line: line.card):
        yield escape_terminal(f"rate-card:{card}")
        yield from columns([(line.name, line.price, line.change) for line in found], width)
    yield from _rest(len(lines), total, "price")


def draw_aliases(lines: Sequence[AliasLine], width: int) -> Iterator[str]:
    """Who an alias stands for, when."""
    if lines:
        yield "Aliases"
        yield from columns([(line.alias, line.ref, _times(line.since, line.until)) for line in lines], width)


def draw_versions(lines: Iterable[VersionLine], width: int, paint: Paint) -> Iterator[str]:
    """The versions of a package, and what each of them changed."""
    for line in lines:
        made = f"made {line.made}" if line.made else ""
        notes = ", ".join(filter(None, (made, "archived" if line.archived else "")))
        yield f"{paint('bold', escape_terminal(line.ref))}{f'   {notes}' if notes else ''}"
        yield from draw_fields(line.fields, width)


def draw_fields(rows: Sequence[FieldRow], width: int) -> Iterator[str]:
    """Fields that differ."""
    cells = []
    for row in rows[:LINES]:
        cells.append(("  " * row.depth + row.path, moved(row), row.change if not row.sign else ""))
    yield from columns(cells, width)
    yield from _rest(len(cells), len(rows), "field")


def moved(row: FieldRow) -> str:
    """A field before and after; of what came or went, its sign and what it is."""
    return f"{row.observed} -> {row.desired}" if not row.sign else f"{row.sign} {row.desired or row.observed}".rstrip()


def columns(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Cells under each other as far as they fit; a line that is too long is cut within its first cell."""
    shown = [tuple(escape_terminal(cell, 300) for cell in row) for row in rows]
    widths = [max(width_of(row[i]) for row in shown) for i in range(len(shown[0]))] if shown else []
    if widths:
        widths[0] = min(widths[0], max(width - 2 - sum(widths[1:]) - 3 * (len(widths) - 1), width // 4))
    for row in shown:
        line = "   ".join(padded(cut(cell, size), size) for cell, size in zip(row, widths, strict=True)).rstrip()
        yield f"  {cut(line, max(width - 2, 40))}"


def _notes(lines: Sequence[PriceLine]) -> dict[str, str]:
    """Who decided prices, each with the number of a note."""
    found = dict.fromkeys(line.set_by for line in lines if line.set_by)
    return {words: f"[{number}]" for number, words in enumerate(found, 1)}


def _told(notes: dict[str, str], width: int) -> Iterator[str]:
    for words, number in notes.items():
        verb = "" if words.startswith(FOREIGN) else "applied "
        yield cut(f"{number} {verb}{escape_terminal(words, 300)}", width)


def _price(line: PriceLine) -> str:
    return line.price if line.entitled else f"{line.price}, not entitled"


def _span(line: PriceLine) -> str:
    return _times(line.since, line.until)


def _times(since: str, until: str) -> str:
    return " ".join(filter(None, (f"from {since}" if since else "", f"until {until}" if until else ""))) or "always"


def _rest(shown: int, total: int, noun: str) -> Iterator[str]:
    if shown < total:
        yield f"and {counted(total - shown, f'more {noun}')}: --rows all, --rows N, --rows TEXT, --where KEY=VALUE"


def lookup_json(**parts: object) -> str:
    """The parts that were looked up, for programs."""
    return escape_json(encode({name: _plain(value) for name, value in parts.items()}))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, FieldRow):
        return {"path": value.path, "from": value.observed, "to": value.desired, "change": value.change}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
