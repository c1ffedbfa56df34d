"""The page: what is to be read is written into it; long lists are drawn in the browser from data that it carries."""

from collections.abc import Iterator
from typing import NamedTuple

from pricebook.catalog.canonical import encode
from pricebook.format.escape import escape_script
from pricebook.format.page import Page
from pricebook.format.report.data import report_data
from pricebook.format.shell.page import one_file
from pricebook.view.leftover import WAYS_OUT
from pricebook.view.plan import PlanView, as_of_words
from pricebook.view.price import change_text, change_words
from pricebook.view.problems import CheckedView, ProblemsView, ValidityView
from pricebook.view.rate_shape import BOUNDS, RateShape

_LOOK = ("report.css", "report.js")
_FINDINGS = 8
"""Findings that are not folded, notes never among them."""
_SPREAD_FROM = 20
"""So many moves have a distribution."""
_WIDTH, _HEIGHT, _ROOM = 60, 110, 18
"""Of a bar, of the highest one, and above it for its number."""


class Bar(NamedTuple):
    """One bar of a distribution: its words, how many, and where it stands."""

    words: str
    total: int
    x: int
    y: int
    height: int
    way: str


def plan_page(view: PlanView, _: Page) -> str:
    """The page of a plan, with every row, and all terms."""
    view = view.details()
    severities = ("error", "warning", "note")
    findings = sorted((f for f in view.findings if not f.waived), key=lambda f: severities.index(f.severity))
    return one_file(
        __package__,
        "plan.html",
        *_LOOK,
        title=f"{view.namespace} · {view.environment}",
        view=view,
        as_of=as_of_words(view.as_of),
        summary=view.summary,
        ways_out=WAYS_OUT,
        cards=[(item, item.rates, list(_bars(item.rates))) for item in view.objects if item.rates is not None],
        objects=sum(item.rates is None for item in view.objects),
        findings=findings,
        shown=min(_FINDINGS, sum(finding.severity != "note" for finding in findings)),
        waived=[f for f in view.findings if f.waived],
        data=escape_script(encode(report_data(view))),
    )


def problems_page(told: CheckedView | ProblemsView | ValidityView, _: Page) -> str:
    """The page of manifests of which no plan can be made, or the sentence when nothing is wrong with them."""
    view = told if isinstance(told, ProblemsView) else told.problems
    return one_file(
        __package__,
        "problems.html",
        *_LOOK,
        title=view.target or "manifests",
        problems=view.problems,
        total=view.total,
        sentence=view.sentence,
    )


def _bars(shape: RateShape) -> Iterator[Bar]:
    """The distribution of relative changes, none for few."""
    if sum(shape.spread) < _SPREAD_FROM:
        return
    most = max(shape.spread)
    for index, count in enumerate(shape.spread):
        height = -(-count * _HEIGHT // most)
        way = "down" if index <= BOUNDS.index(0) else "up"
        yield Bar(_between(index), count, index * _WIDTH, _ROOM + _HEIGHT - height, height, way)


def _between(index: int) -> str:
    """The words of one part of a spread: `-20 % to -10 %`."""
    texts = [change_words(change_text(bound)).replace(".0 %", " %") if bound else "0 %" for bound in BOUNDS]
    if index == 0:
        return f"below {texts[0]}"
    if index == len(BOUNDS):
        return f"{texts[-1]} and more"
    return f"{texts[index - 1]} to {texts[index]}"
