"""What rules say about a plan or a catalogue, on a terminal: like problems, with what each is about.

Waived findings are folded to a line each, and stay visible.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pricebook.format.escape import escape_terminal
from pricebook.format.page import Paint, wrapped
from pricebook.format.problem_text import draw_problems
from pricebook.problem import Problem
from pricebook.view.words import counted

WAIVED = 5
"""Waived findings that are drawn; all are counted."""


def draw_findings(findings: Iterable[Problem], width: int, paint: Paint, *, notes: bool | None = None) -> Iterator[str]:
    """The lines of a section of findings; none without any. Notes are drawn one by one (True), folded to a line (False)
    or left out (None): a reviewer of a plan has enough to read."""
    told = tuple(findings)
    waived = [finding for finding in told if finding.waived]
    open_ = [finding for finding in told if not finding.waived]
    drawn = [_about(finding) for finding in open_ if notes or finding.severity != "note"]
    folded = [finding for finding in open_ if finding.severity == "note"]
    if drawn:
        yield "Findings"
        yield from draw_problems(drawn, width, paint.on)
    if folded and notes is False:
        counts = Counter[str]()
        for finding in folded:
            counts[escape_terminal(finding.code)] += 1 + finding.more
        rules = ", ".join(f"{rule} {count:,}" for rule, count in sorted(counts.items()))
        text = f"{counted(counts.total(), 'note')}: {rules} (--notes shows them)"
        yield from (paint("dim", line) for line in wrapped(text, width))
    for finding in waived[:WAIVED]:
        subject = f" {finding.subject}" if finding.subject else ""
        text = escape_terminal(f"waived: {finding.code}{subject}: {finding.message}; {finding.waived}", 500)
        yield from (paint("dim", line) for line in wrapped(text, width))
    total = sum(1 + finding.more for finding in waived)
    if total > 1:
        yield paint("dim", f"{counted(total, 'finding')} are waived.")


def _about(finding: Problem) -> Problem:
    return replace(finding, message=f"{finding.subject}: {finding.message}") if finding.subject else finding
