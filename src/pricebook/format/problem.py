"""Problems as they are told to a person: code and place, what is wrong, the way out, and what belongs to it.

Findings of rules are drawn like problems, with what each is about. Waived ones are folded to a line each, and stay
visible.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pricebook.format.escape import escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.problem import Problem
from pricebook.view.words import counted

PER_FILE = 20
"""Problems of one file that are shown; all are counted."""
WAIVED = 5
"""Waived findings that are drawn; all are counted."""
_TEXT, _PLACE = 1000, 1000


def draw_problems(problems: Iterable[Problem], width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of a refusal, file by file in the order in which they come."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    files: dict[str, list[Problem]] = {}
    for problem in problems:
        files.setdefault(problem.at.file if problem.at is not None else "", []).append(problem)
    shown, counts = 0, Counter[str]()
    for found in files.values():
        for problem in found[:PER_FILE]:
            yield from _draw(problem, width, paint)
            shown += 1
        for problem in found:
            counts[problem.severity] += 1 + problem.more
    if counts.total() > 1:
        yield ""
        yield paint("bold", _summary(counts, shown, len([name for name in files if name])))


def _draw(problem: Problem, width: int, paint: Paint) -> Iterator[str]:
    style = "alarm" if problem.severity == "error" else "yellow"
    at = f" {escape_terminal(str(problem.at), _PLACE)}" if problem.at is not None else ""
    yield f"{paint(style, f'{problem.severity}[{escape_terminal(problem.code)}]')}{at}"
    yield from (f"  {line}" for line in wrapped(escape_terminal(problem.message, _TEXT), width - 2))
    related = [(escape_terminal(word), escape_terminal(f"{at.file}:{at.line}", _PLACE)) for word, at in problem.related]
    if problem.hint:
        places = ""
        if len(related) == 1:
            word, place = related.pop()
            places = f" ({word}: {place})" if word else f" ({place})"
        yield from (f"  {line}" for line in wrapped(escape_terminal(problem.hint, _TEXT) + places, width - 2))
    for word, place in related:
        yield from (f"  {line}" for line in wrapped(f"{word}: {place}" if word else place, width - 2))
    if problem.more and problem.code != "more":  # whose message says the number itself
        yield f"  and {problem.more:,} more like this"


def _summary(counts: Counter[str], shown: int, files: int) -> str:
    total = counts.total()
    where = f" in {files:,} files" if files > 1 else ""
    hidden = f", {shown:,} shown" if shown < total else ""
    if counts["error"] == total:
        return f"{counted(total, 'problem')}{where}{hidden}"
    told = [counted(counts[severity], severity) for severity in ("error", "warning", "note") if counts[severity]]
    return f"{', '.join(told)}{where}{hidden}"


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
