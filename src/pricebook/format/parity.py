"""A parity report as plain lines, as Markdown, and as JSON: the objects are drawn as those of a drift report."""

from collections.abc import Iterator

from pricebook.catalog.canonical import encode
from pricebook.catalog.instant import instant_text, moment_words
from pricebook.format.budget import Sheet, size
from pricebook.format.drift_document import item_data
from pricebook.format.drift_markdown import add_section, add_unverified
from pricebook.format.drift_text import draw_section, draw_unverified
from pricebook.format.escape import cut, escape_json, escape_markdown, escape_terminal
from pricebook.format.markdown import BUDGET, marker
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.view.parity import SECTIONS, ParityView

_STYLES = {"differs": "alarm", "missing": "yellow", "only_there": "yellow", "intended": "dim"}
_SHARE = 20_000
"""Bytes of one section in Markdown."""


def draw_parity(view: ParityView, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of a report. They fit the width; data is inert."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    line = f"{view.namespace} · {view.one} against {view.other} · as of {moment_words(view.as_of)}"
    yield paint("dim", cut(escape_terminal(line), width))
    yield from (paint("bold", line) for line in wrapped(escape_terminal(view.verdict, 1000), width))
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_terminal(view.titles[section], 200)
        yield from draw_section(title, _STYLES[section], items, (view.one, view.other), width, paint)
    yield from draw_unverified(view.unverified, width, paint)


def parity_markdown(view: ParityView) -> str:
    """The report for a comment or an issue: always shorter than GitHub takes."""
    foot = [marker(f"diff/{view.namespace}/{view.one}/{view.other}")]
    sheet = Sheet(BUDGET - size(foot))
    names = " · ".join(escape_markdown(name, 60) for name in (view.namespace, f"{view.one} against {view.other}"))
    sheet.add(f"### {escape_markdown(view.verdict, 600)}", "", f"{names} · as of {moment_words(view.as_of)}")
    for section in SECTIONS:
        items = [item for item in view.items if item.section == section]
        title = escape_markdown(view.titles[section], 200)
        share = _SHARE if section != "intended" else _SHARE // 2
        add_section(sheet, title, items, (view.one, view.other), "diff", share)
    add_unverified(sheet, view.unverified)
    return sheet.text + "\n".join(foot) + "\n"


def parity_json(view: ParityView) -> str:
    """The report for programs. In `rows`, `one` and `other` are what the two environments have."""
    data = {
        "namespace": view.namespace,
        "one": view.one,
        "other": view.other,
        "as_of": view.as_of.isoformat() if view.as_of.microsecond else instant_text(view.as_of),
        "apart": view.apart,
        "verdict": view.verdict,
        "counts": {**view.counts, "same": len(view.same)},
        "prices": view.prices,
        "items": [item_data(item, ("one", "other")) for item in view.items],
        "same": view.same,
        "unverified": [{"subject": subject, "words": words} for subject, words in view.unverified],
    }
    return escape_json(encode(data))
