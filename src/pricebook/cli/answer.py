"""Printing a plan, as asked for. What draws changes is imported only when there are some."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pricebook.cli.invocation import Invocation
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Plan

if TYPE_CHECKING:
    from pricebook.view.impact import ImpactView


def print_digest(invocation: Invocation, plan: Plan) -> None:
    """Print the digest of the plan and nothing else."""
    from pricebook.catalog.canonical import encode
    from pricebook.plan.digest import plan_digest

    found = plan_digest(plan)
    invocation.print([encode({"digest": found})] if invocation.json else [found])


def show(
    invocation: Invocation,
    plan: Plan,
    rows: str | None,
    refused: Iterable[Hazard],
    impact: "ImpactView | None" = None,
) -> None:
    """Print the plan; `rows` says which price changes to list, `refused` which hazards nobody allowed, `impact` what it
    does to bills."""
    if not invocation.text:
        from pricebook.format.table import Format, plan_document

        document = plan_document(Format(invocation.format), plan, rows, refused, invocation.base, impact)
        invocation.print([document.rstrip("\n")])
    elif not plan.steps and plan.besides is None and impact is None:
        from pricebook.format.nothing import draw_nothing

        invocation.print(draw_nothing(plan, invocation.width, invocation.colour))
    else:
        from pricebook.format.plan_text import draw_plan
        from pricebook.view.plan import RowChoice, plan_view

        view = plan_view(plan, RowChoice.parse(rows), refused, impact)
        invocation.print(draw_plan(view, invocation.width, invocation.colour))


def report(
    invocation: Invocation,
    plan: Plan,
    rows: str | None,
    refused: Iterable[Hazard],
    impact: "ImpactView | None" = None,
) -> None:
    """Write the plan to the files that were asked for besides."""
    if invocation.reports:
        from pricebook.format.table import plan_document

        listed = tuple(refused)
        invocation.report(lambda form: plan_document(form, plan, rows, listed, invocation.base, impact))
