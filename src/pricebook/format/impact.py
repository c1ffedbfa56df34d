"""What a plan does to bills: as lines for a terminal, and in a comment, the sentence in sight and the tables folded."""

from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.markdown import Comment
from pricebook.format.markup import escape_html, escape_markdown
from pricebook.format.page import Paint, wrapped
from pricebook.view.impact import ImpactTable, ImpactView

DETAILS = 3
"""Customers whose bills are shown by line; other formats have all of the largest moves."""
_SENTENCE, _CELL = 600, 120
_TABLES, _CAVEATS = 14_000, 4_000
"""Shares of the budget."""
_END = ("", "</details>", "")


def draw_impact(view: ImpactView, width: int, paint: Paint) -> Iterator[str]:
    """The lines of an impact for a terminal."""
    yield from (paint("bold", line) for line in wrapped(f"Bills: {escape_terminal(view.verdict, 400)}", width))
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


def _drawn(table: ImpactTable, width: int, paint: Paint) -> Iterator[str]:
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


def add_headline(comment: Comment, view: ImpactView) -> None:
    """Add what bills do, in one sentence."""
    comment.add(f"**Bills:** {escape_markdown(view.verdict, _SENTENCE)}", "")


def add_impact(comment: Comment, view: ImpactView) -> None:
    """Add the tables, and what they do not cover, as far as the budget goes."""
    before = comment.left
    for table in (table for table in view.tables if not table.detail):
        _add_table(comment, table, min(comment.left, _TABLES - (before - comment.left)))
    comment.add_list(
        ("<details><summary>Bills: what the numbers are of, and what they do not cover</summary>", ""),
        ([f"- {escape_markdown(sentence, _SENTENCE)}"] for sentence in (*view.sentences, *view.caveats)),
        len(view.sentences) + len(view.caveats),
        lambda n: (f"- and {n:,} more",),
        share=_CAVEATS,
        foot=_END,
    )


def _add_table(comment: Comment, table: ImpactTable, share: int) -> None:
    heads = table.heads if any(table.heads) else ("",) * len(table.heads)
    rule = "|".join(":--" if at < table.texts else "--:" for at in range(len(heads)))
    comment.add_list(
        (
            f"<details><summary>Bills: {escape_html(table.title, _CELL)}</summary>",
            "",
            f"| {' | '.join(heads)} |",
            f"|{rule}|",
        ),
        ([f"| {' | '.join(escape_markdown(cell, _CELL) for cell in row)} |"] for row in table.rows),
        len(table.rows),
        lambda n: ("", f"and {n:,} more rows"),
        share=share,
        foot=(*(("", table.more) if table.more else ()), *_END),
    )
