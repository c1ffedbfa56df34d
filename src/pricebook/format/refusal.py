"""Answers that are problems alone: a refusal, how valid the manifests are, or files that were checked."""

from collections.abc import Iterator

from pricebook.format.escape import escape_terminal
from pricebook.format.page import Page
from pricebook.format.problem import draw_findings, draw_problems
from pricebook.problem import address
from pricebook.view.problems import CheckedView, ProblemsView, ValidityView

_PLACE = 1000


def problems_text(view: ProblemsView, page: Page) -> Iterator[str]:
    """Every problem and where to read about them, or the sentence when nothing is wrong."""
    yield from draw_problems(view.problems, page.width, page.colour)
    pages = {problem.url for problem in view.problems if problem.url}
    if pages:
        yield page.paint("dim", f"more: {pages.pop() if len(pages) == 1 else address('').rstrip('#')}")
    if view.sentence:
        yield view.sentence


def validity_text(view: ValidityView, page: Page) -> Iterator[str]:
    """How much there is in the manifests, and what the rules say."""
    yield view.sentence
    yield from draw_findings(view.findings, page.width, page.paint, notes=page.notes)


def checked_text(view: CheckedView, _: Page) -> Iterator[str]:
    """Each file with the schemas by which it was judged."""
    return (escape_terminal(f"{one.file}: {', '.join(one.schemas)}", _PLACE) for one in view.files)
