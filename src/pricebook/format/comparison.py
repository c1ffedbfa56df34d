"""Our list against another one: as plain lines, and as Markdown for an issue. Drawn as drift is, with margins below."""

from collections.abc import Iterator

from pricebook.format.drift import report_comment, report_lines
from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.markdown import BUDGET, finding_line, marker, size
from pricebook.format.markup import escape_markdown
from pricebook.format.page import Page
from pricebook.format.problem import draw_problems
from pricebook.view.comparison import ComparisonView, MarginRow, margin_heads

_SHARE = 20_000
"""Bytes of one section in Markdown."""
_PRODUCTS = 200
"""Products whose margins a comment lists."""


def comparison_text(view: ComparisonView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    yield from report_lines(view, page)
    if view.margins:
        yield ""
        yield page.paint("bold", "Margins")
        yield from _table(view.margins, page.columns)
    if view.findings:
        yield ""
        yield from draw_problems(view.findings, page.columns, page.colour)


def _table(rows: tuple[MarginRow, ...], width: int) -> Iterator[str]:
    heads = margin_heads(rows)
    table = [("", *heads), *((row.name, *row.words) for row in rows)]
    texts = [[cut(escape_terminal(cell), 28) for cell in line] for line in table]
    columns = [max(map(width_of, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        yield cut("  " + "  ".join(map(padded, line, columns)).rstrip(), width)


def comparison_markdown(view: ComparisonView, _: Page) -> str:
    """The report for an issue: always shorter than GitHub takes."""
    foot = marker(f"compare/{view.namespace}/{view.rate_card}/{view.list_name.rpartition('/')[2]}")
    comment = report_comment(view, foot, "compare", _SHARE, "")
    heads = margin_heads(view.margins)
    lines = [_row((row.name, *row.words)) for row in view.margins]
    comment.add_list(
        ("", "#### Margins", "", _row(("product", *heads)), _row(("---",) * (len(heads) + 1))) if lines else (),
        ([line] for line in lines),
        len(lines),
        lambda n: ("", f"and {n:,} more products (`pricebook compare --format json` has them)"),
        share=_SHARE,
        most=_PRODUCTS,
    )
    for finding in view.findings:
        comment.add("", finding_line(finding))
    assert size([comment.text, foot]) <= BUDGET
    return f"{comment.text}{foot}\n"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(escape_markdown(cell, 100) if cell != '---' else cell for cell in cells)} |"
