"""What rules say about a plan, on a terminal: like problems, with what each is about; waived ones only counted."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pricebook.problem import Problem
from pricebook.render.page import Paint, counted
from pricebook.render.refusal import draw_problems


def draw_findings(findings: Iterable[Problem], width: int, paint: Paint) -> Iterator[str]:
    """The lines of a section of findings; none without any."""
    told = tuple(findings)
    waived = sum(1 + finding.more for finding in told if finding.waived)
    open_ = [_about(finding) for finding in told if not finding.waived]
    if open_:
        yield "Findings"
        yield from draw_problems(open_, width, paint.on)
    if waived:
        yield paint("dim", f"{counted(waived, 'finding')} {'is' if waived == 1 else 'are'} waived.")


def _about(finding: Problem) -> Problem:
    return replace(finding, message=f"{finding.subject}: {finding.message}") if finding.subject else finding
