"""A parity report as plain lines and as Markdown: the objects are drawn as those of a drift report."""

from collections.abc import Iterator

from pricebook.catalog.instant import moment_words
from pricebook.format.drift import add_section, add_unverified, draw_section, draw_unverified
from pricebook.format.escape import cut, escape_markdown, escape_terminal
from pricebook.format.markdown import BUDGET, Comment, marker, size
from pricebook.format.page import Page, wrapped
from pricebook.view.parity import SECTIONS, ParityView

_STYLES = {"differs": "alarm", "missing": "yellow", "only_there": "yellow", "intended": "dim"}
_SHARE = 20_000
"""Bytes of one section in Markdown."""


def parity_text(view: ParityView, page: Page) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    width, paint = page.columns, page.paint
    line = f"{view.namespace} · {view.one} against {view.other} · as of {moment_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(line), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_terminal(view.titles[section], 200)
        yield from draw_section(title, _STYLES[section], items, (view.one, view.other), width, paint)
    yield from draw_unverified(view.unverified, width, paint)


def parity_markdown(view: ParityView, _: Page) -> str:
    """The report for a comment or an issue: always shorter than GitHub takes."""
    foot = [marker(f"diff/{view.namespace}/{view.one}/{view.other}")]
    comment = Comment(BUDGET - size(foot))
    names = " · ".join(escape_markdown(name, 60) for name in (view.namespace, f"{view.one} against {view.other}"))
    comment.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{names} · as of {moment_words(view.as_of)}")
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_markdown(view.titles[section], 200)
        share = _SHARE if section != "intended" else _SHARE // 2
        add_section(comment, title, items, (view.one, view.other), "diff", share)
    add_unverified(comment, view.unverified)
    return comment.text + "\n".join(foot) + "\n"
