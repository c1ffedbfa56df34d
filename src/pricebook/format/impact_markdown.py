"""What a plan does to bills, in a comment on a pull request: the sentence in sight, the tables folded."""

from pricebook.format.budget import Sheet
from pricebook.format.escape import escape_html, escape_markdown
from pricebook.view.impact import ImpactView, Table

_SENTENCE, _CELL = 600, 120
_TABLES, _CAVEATS = 14_000, 4_000
"""Shares of the budget."""
_END = ("", "</details>", "")


def add_headline(sheet: Sheet, view: ImpactView) -> None:
    """Add what bills do, in one sentence."""
    sheet.add(f"**Bills:** {escape_markdown(view.headline, _SENTENCE)}", "")


def add_impact(sheet: Sheet, view: ImpactView) -> None:
    """Add the tables, and what they do not cover, as far as the budget goes."""
    before = sheet.left
    for table in (table for table in view.tables if not table.detail):
        _add_table(sheet, table, min(sheet.left, _TABLES - (before - sheet.left)))
    sheet.add_list(
        ("<details><summary>Bills: what the numbers are of, and what they do not cover</summary>", ""),
        ([f"- {escape_markdown(sentence, _SENTENCE)}"] for sentence in (*view.sentences, *view.caveats)),
        len(view.sentences) + len(view.caveats),
        lambda n: (f"- and {n:,} more",),
        share=_CAVEATS,
        foot=_END,
    )


def _add_table(sheet: Sheet, table: Table, share: int) -> None:
    heads = table.heads if any(table.heads) else ("",) * len(table.heads)
    rule = "|".join(":--" if at < table.texts else "--:" for at in range(len(heads)))
    sheet.add_list(
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
