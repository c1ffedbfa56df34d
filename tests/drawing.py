"""Answers drawn in a format by name, as the command line draws them."""

from collections.abc import Iterable

from pricebook.apply.runner import Receipt
from pricebook.format.page import Page
from pricebook.format.table import draw, text_of
from pricebook.plan.step import Plan
from pricebook.problem import Problem
from pricebook.view.impact import ImpactView
from pricebook.view.plan import plan_view
from pricebook.view.problems import ProblemsView
from pricebook.view.receipt import receipt_view
from pricebook.view.rows import RowChoice

__all__ = ["plan_document", "plan_lines", "problems_document", "receipt_document"]


def plan_document(
    form: str,
    plan: Plan,
    rows: str | None = None,
    refused: Iterable[str] | None = None,
    base: str = "",
    impact: ImpactView | None = None,
) -> str:
    """A plan in a format."""
    return text_of(plan_view(plan, RowChoice.parse(rows), refused, impact), form, Page(base=base))


def plan_lines(plan: Plan, rows: str | None = None, width: int = 100, colour: bool = False) -> list[str]:
    """A plan on a terminal."""
    return list(draw(plan_view(plan, RowChoice.parse(rows)), "text", Page(width, colour)))


def problems_document(
    form: str, problems: Iterable[Problem], sentence: str = "", base: str = "", target: str = ""
) -> str:
    """Problems in a format."""
    listed = tuple(problems)
    view = ProblemsView(sum(1 + problem.more for problem in listed), listed, sentence, target)
    return text_of(view, form, Page(base=base))


def receipt_document(form: str, receipt: Receipt, plan: Plan, width: int = 100) -> str:
    """What was done of a plan, in a format."""
    return text_of(receipt_view(receipt, plan), form, Page(width))
