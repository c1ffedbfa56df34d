"""What an answer is to a CI system: problems with a place, the cases of a test report, and the sentences beside them.

Formats that mark lines of files or list cases (SARIF, JUnit, annotations) are drawn from this alone, for every answer
alike. What a plan is allowed to do is for a reviewer to read, and no mark.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from pricebook.problem import Problem


class Case(NamedTuple):
    """One case: passed when it has neither a failure nor a reason to be skipped. `group` and `name` identify it;
    `output` may have several lines."""

    group: str
    name: str
    failures: tuple[str, ...] = ()
    skipped: str = ""
    file: str = ""
    line: int = 0
    output: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """`title` is that of the report. `meanings` says what codes of problems mean. `sentences` are what there is to say
    besides, each with a title: the verdict first."""

    title: str
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    sentences: tuple[tuple[str, str], ...] = ()


class Checked(Protocol):
    """A view that a CI system can show."""

    @property
    def checks(self) -> Checks:
        """What it shows."""


def problem_cases(group: str, problems: Iterable[Problem]) -> Iterator[Case]:
    """A case for each problem: an error fails, what is waived is skipped, a warning or a note passes and is told.

    Its name has no line in it, so that it stays the same case when lines move.
    """
    seen: Counter[str] = Counter()
    for problem in problems:
        file, line = (problem.at.file, problem.at.line) if problem.at is not None else ("", 0)
        name = f"{problem.code} {problem.subject or file}".rstrip()
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name} ({seen[name]})"
        text = problem_words(problem)
        fails = problem.severity == "error" and not problem.waived
        skipped = f"{text}. Waived: {problem.waived}" if problem.waived else ""
        told = "" if fails or skipped else f"{problem.severity}: {text}"
        yield Case(
            group=group,
            name=name,
            failures=(text,) if fails else (),
            skipped=skipped,
            file=file,
            line=line,
            output=told,
        )


def problem_words(problem: Problem) -> str:
    """The problem in one line."""
    more = f"and {problem.more:,} more like this" if problem.more else ""
    return "; ".join(part for part in (problem.message, problem.hint, more) if part)
