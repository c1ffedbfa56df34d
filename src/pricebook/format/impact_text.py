"""What a plan does to bills, as lines for a terminal."""

from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Paint, wrapped
from pricebook.view.impact import ImpactView, Table

DETAILS = 3
"""Customers whose bills are shown by line; other formats have all of the largest moves."""


def draw_impact(view: ImpactView, width: int, paint: Paint) -> Iterator[str]:
    """The lines of an impact for a terminal."""
    yield from (paint("bold", line) for line in wrapped(f"Bills: {escape_terminal(view.headline, 400)}", width))
    for sentence in view.sentences:
        yield from (f"  {line}" for line in wrapped(escape_terminal(sentence, 400), width - 2))
    details = [table for table in view.tables if table.detail]
    for table in view.tables:
        if table.detail and table not in details[:DETAILS]:
            continue
        yield ""
        yield from _drawn(table, width, paint)
    if view.caveats:
        yield ""
        yield "  What this does not cover"
    for caveat in view.caveats:
        lines = list(wrapped(escape_terminal(caveat, 400), width - 6))
        yield from (f"    {'- ' if at == 0 else '  '}{line}" for at, line in enumerate(lines))


def _drawn(table: Table, width: int, paint: Paint) -> Iterator[str]:
    yield f"  {paint('bold', escape_terminal(table.title))}"
    cells = [[escape_terminal(cell) for cell in row] for row in (table.heads, *table.rows)]
    widths = [max(width_of(row[at]) for row in cells) for at in range(len(table.heads))]
    room = width - 4 - 2 * (len(widths) - 1) - sum(widths[table.texts :])
    for at in range(table.texts):
        widths[at] = min(widths[at], max(room // table.texts, 8))
    for number, row in enumerate(cells):
        line = "  ".join(_cell(cell, widths[at], at < table.texts) for at, cell in enumerate(row)).rstrip()
        if line.strip():
            yield f"    {paint('dim', line) if number == 0 else line}"
    if table.more:
        yield f"    {table.more}"


def _cell(text: str, width: int, left: bool) -> str:
    shown = cut(text, width)
    return padded(shown, width) if left else " " * (width - width_of(shown)) + shown
