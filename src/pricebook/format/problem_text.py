"""Problems as they are told to a person: code and place, what is wrong, the way out, and what belongs to it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pricebook.format.escape import escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.problem import Problem
from pricebook.view.words import counted

PER_FILE = 20
"""Problems of one file that are shown; all are counted."""
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
