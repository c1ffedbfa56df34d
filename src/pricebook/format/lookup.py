"""What was looked up, as plain lines: a few by default however long the price list is, each on one line."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.object_text import draw_offer
from pricebook.format.page import Page, wrapped
from pricebook.view.field import FieldDifference, OfferView
from pricebook.view.lookup import (
    FOREIGN,
    LINES,
    AliasLine,
    DifferencesView,
    MovesView,
    PriceLine,
    PricesView,
    TimelinesView,
    VersionsView,
)
from pricebook.view.words import counted

LONG = 4000
"""Characters of a cell: every tier of a price is money."""
_NONE = "There is nothing of this."


def prices_text(view: PricesView, page: Page) -> Iterator[str]:
    """Prices at an instant, card by card, and the aliases."""
    width, notes = page.width, _notes(view.prices)
    for card, found in groupby(view.prices, key=lambda line: line.card):
        yield f"{escape_terminal(f'rate-card:{card}')} on {view.moment}"
        cells = [(line.title, line.price, _times(line.since, line.until), notes.get(line.set_by, "")) for line in found]
        yield from columns(cells, width)
    yield from _rest(len(view.prices), view.total, "price")
    yield from _decided(notes, width)
    if view.aliases:
        yield from [""] if view.total else []
        yield from _aliases(view.aliases, width)
    elif not view.total:
        yield _NONE


def timelines_text(view: TimelinesView, page: Page) -> Iterator[str]:
    """Each price's whole timeline."""
    shown, width, notes = 0, page.width, _notes(view.prices)
    for (card, _, told), found in groupby(view.prices, key=lambda line: (line.card, line.name, line.title)):
        shown += 1
        yield cut(f"{escape_terminal(told)} on {escape_terminal(f'rate-card:{card}')}", width)
        yield from columns(
            [(_times(line.since, line.until), line.price, notes.get(line.set_by, "")) for line in found], width
        )
    yield from _rest(shown, view.total, "price")
    yield from _decided(notes, width)
    if not view.total:
        yield _NONE


def moves_text(view: MovesView, page: Page) -> Iterator[str]:
    """Prices that differ between two dates."""
    before, after = view.moments
    if not view.total:
        yield f"No price is another on {after} than on {before}."
        return
    many = "price is" if view.total == 1 else "prices are"
    yield f"{view.total:,} {many} not the same on {before} and on {after}"
    for card, found in groupby(view.prices, key=lambda line: line.card):
        yield escape_terminal(f"rate-card:{card}")
        yield from columns([(line.called, line.price, line.change) for line in found], page.width)
    yield from _rest(len(view.prices), view.total, "price")


def versions_text(view: VersionsView, page: Page) -> Iterator[str]:
    """The versions of a package with what each of them changed, and its aliases."""
    for index, line in enumerate(view.versions):
        made = f"made {line.made}" if line.made else ""
        notes = ", ".join(filter(None, (made, "archived" if line.archived else "")))
        yield f"{page.paint('bold', escape_terminal(line.ref))}{f'   {notes}' if notes else ''}"
        if not index:
            yield from draw_offer(OfferView(line.ref, None, None, "", line.offer), page.width, page.paint, whole=True)
        yield from draw_fields(line.fields, page.width)
    if view.aliases:
        yield from [""] if view.versions else []
        yield from _aliases(view.aliases, page.width)
    elif not view.versions:
        yield _NONE


def differences_text(view: DifferencesView, page: Page) -> Iterator[str]:
    """What differs between two versions."""
    if not view.fields:
        yield f"{view.ref}@{view.from_} and @{view.to} say the same."
    yield from draw_fields(view.fields, page.width)


def draw_fields(differences: Sequence[FieldDifference], width: int) -> Iterator[str]:
    """Fields that differ."""
    cells = []
    for row in (each.row for each in differences[:LINES]):
        cells.append(("  " * row.depth + row.path, row.moved, row.change if not row.sign else ""))
    yield from columns(cells, width)
    yield from _rest(len(cells), len(differences), "field")


def columns(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Cells under each other as far as they fit. Of a line that is too long the first cell stands alone, and the others
    below it, whole: a name that is cut is of no use to who wants to type it."""
    shown = [tuple(escape_terminal(cell, LONG) for cell in row) for row in rows]
    widths = [max(width_of(row[i]) for row in shown) for i in range(len(shown[0]))] if shown else []
    if widths:
        room = max(width - 2 - sum(widths[1:]) - 3 * (len(widths) - 1), width // 4)
        widths[0] = max((size for row in shown if (size := width_of(row[0])) <= room), default=0)
    for row in shown:
        line = "   ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
        if width_of(row[0]) <= widths[0] and width_of(line) <= max(width - 2, 40):
            yield f"  {line}"
        else:
            yield f"  {cut(row[0], max(width - 2, 40))}"
            yield from (f"      {rest}" for rest in wrapped("   ".join(filter(None, row[1:])), max(width - 6, 36)))


def _aliases(lines: Sequence[AliasLine], width: int) -> Iterator[str]:
    """Who an alias stands for, when."""
    yield "Aliases"
    yield from columns([(line.alias, line.ref, _times(line.since, line.until)) for line in lines], width)


def _notes(lines: Sequence[PriceLine]) -> dict[str, str]:
    """Who decided prices, each with the number of a note."""
    found = dict.fromkeys(line.set_by for line in lines if line.set_by)
    return {words: f"[{number}]" for number, words in enumerate(found, 1)}


def _decided(notes: dict[str, str], width: int) -> Iterator[str]:
    for words, number in notes.items():
        verb = "" if words.startswith(FOREIGN) else "applied "
        yield cut(f"{number} {verb}{escape_terminal(words, 300)}", width)


def _times(since: str, until: str) -> str:
    return " ".join(filter(None, (f"from {since}" if since else "", f"until {until}" if until else ""))) or "always"


def _rest(shown: int, total: int, noun: str) -> Iterator[str]:
    if shown < total:
        yield f"and {counted(total - shown, f'more {noun}')}: --rows all, --rows N, --rows TEXT, --where KEY=VALUE"
