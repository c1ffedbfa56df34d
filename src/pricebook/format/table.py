"""The formats of an answer, by name: the same plan, or the same problems, for people, programs and CI systems.

Each is drawn by a module of its own, imported when it is asked for. Whoever prints the plain text decides about width
and colour; here it has neither.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Plan
from pricebook.problem import Problem

if TYPE_CHECKING:
    from pricebook.apply.runner import Receipt
    from pricebook.view.impact import ImpactView


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    """For a terminal or a log."""
    JSON = "json"
    """For programs."""
    MARKDOWN = "markdown"
    """A comment on a pull request."""
    HTML = "html"
    """One page for a browser, with charts."""
    SARIF = "sarif"
    """Code scanning: problems at lines of manifests."""
    JUNIT = "junit"
    """The test report of a CI system."""
    GITHUB = "github"
    """Workflow commands: annotations in a pull request."""


def plan_document(
    form: Format,
    plan: Plan,
    rows: str | None = None,
    refused: Iterable[Hazard] | None = None,
    base: str = "",
    impact: "ImpactView | None" = None,
) -> str:
    """A plan as a whole document. `rows`, `refused` and `impact` as in `view.plan_view`; `base` is the project's folder
    as seen from the repository's root, for formats that mark files in it."""
    from pricebook.view.plan import RowChoice, plan_view

    choice = RowChoice.parse(rows)
    if form in (Format.MARKDOWN, Format.HTML) and choice.automatic:
        choice = RowChoice(every=True)
    view = plan_view(plan, choice, refused, impact, terms=form is Format.HTML)
    match form:
        case Format.TEXT:
            from pricebook.format.plan_text import draw_plan

            return "\n".join(draw_plan(view))
        case Format.JSON:
            from pricebook.format.document import plan_json

            return plan_json(view)
        case Format.MARKDOWN:
            from pricebook.format.markdown import plan_markdown

            return plan_markdown(view)
        case Format.HTML:
            from pricebook.format.report.page import plan_page

            return plan_page(view)
        case Format.SARIF:
            from pricebook.format.plan_problems import concerns, told
            from pricebook.format.sarif import sarif_document
            from pricebook.view.plan import HAZARD_WORDS

            rules = {hazard.value: words for hazard, words in HAZARD_WORDS.items()}
            return sarif_document(concerns(view), rules, base, list(told(view))[1:])
        case Format.JUNIT:
            from pricebook.format.junit import junit_document, problem_cases
            from pricebook.format.plan_problems import object_cases

            cases = [*object_cases(view), *problem_cases("finding", view.findings)]
            return junit_document(f"plan {view.namespace}/{view.environment}", cases)
        case Format.GITHUB:
            from pricebook.format.github import draw_annotations, draw_notice
            from pricebook.format.plan_problems import concerns, told

            notices = (draw_notice(f"pricebook {title}", sentence) for title, sentence in told(view))
            return "\n".join([*notices, *draw_annotations(concerns(view), base)])
        case _:
            assert_never(form)


def problems_document(
    form: Format, problems: Iterable[Problem], sentence: str = "", base: str = "", target: str = ""
) -> str:
    """Problems as a whole document. `sentence` is what there is to say when all is well; `target` is what they are
    about, as `namespace/environment` when that is known."""
    found = tuple(problems)
    match form:
        case Format.TEXT:
            return "\n".join(_told(found, sentence))
        case Format.JSON:
            from pricebook.format.document import problems_json

            return problems_json(found)
        case Format.MARKDOWN:
            from pricebook.format.markdown import problems_markdown

            return problems_markdown(found, sentence, target)
        case Format.HTML:
            from pricebook.format.report.page import problems_page

            return problems_page(found, sentence, target)
        case Format.SARIF:
            from pricebook.format.sarif import sarif_document

            return sarif_document(found, {}, base)
        case Format.JUNIT:
            from pricebook.format.junit import Case, junit_document, problem_cases

            return junit_document("manifests", [*problem_cases("problem", found)] or [Case("manifests", "valid")])
        case Format.GITHUB:
            from pricebook.format.github import draw_annotations, draw_notice

            lines = [draw_notice("pricebook", sentence)] if sentence else []
            return "\n".join([*lines, *draw_annotations(found, base)])
        case _:
            assert_never(form)


def _told(problems: tuple[Problem, ...], sentence: str) -> Iterator[str]:
    from pricebook.format.problem_text import draw_problems

    yield from draw_problems(problems)
    if sentence:
        yield sentence


def receipt_document(form: Format, receipt: "Receipt", plan: Plan) -> str:
    """What was done, as a whole document; of the formats that mark lines of files there is none."""
    from pricebook.format.receipt import draw_receipt, receipt_json, receipt_sentence

    match form:
        case Format.JSON:
            return receipt_json(receipt)
        case Format.MARKDOWN:
            from pricebook.format.markdown import receipt_markdown

            return receipt_markdown(receipt, plan)
        case Format.JUNIT:
            from pricebook.format.junit import Case, junit_document

            bad = ("failed", "unknown")
            cases = [
                Case(
                    "step",
                    result.step_id,
                    (f"{result.outcome}: {result.detail}",) if result.outcome in bad else (),
                    result.detail if result.outcome == "blocked" else "",
                )
                for result in receipt.results
            ]
            cases.append(Case("read back", receipt_sentence(receipt, plan), receipt.unverified))
            return junit_document(f"apply {plan.namespace}/{plan.environment}", cases)
        case _:
            return "\n".join(draw_receipt(receipt, plan))
