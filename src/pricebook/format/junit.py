"""Cases as JUnit XML, which every CI system shows: what failed and why, without time or machine in it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pricebook.format.escape import escape_xml
from pricebook.problem import Problem

_MESSAGE = 300
"""Characters of a failure's headline; the whole of it stands in the element."""


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


def junit_document(suite: str, cases: Iterable[Case]) -> str:
    """The document of one suite."""
    listed = tuple(cases)
    failed = sum(bool(case.failures) for case in listed)
    skipped = sum(bool(case.skipped) and not case.failures for case in listed)
    counts = f'tests="{len(listed)}" failures="{failed}" errors="0" skipped="{skipped}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="pricebook" {counts}>',
        f'  <testsuite name="{escape_xml(suite)}" {counts}>',
        *(line for case in listed for line in _case(case)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


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
        yield Case(group, name, (text,) if fails else (), skipped, file, line, told)


def problem_words(problem: Problem) -> str:
    """The problem in one line."""
    more = f"and {problem.more:,} more like this" if problem.more else ""
    return "; ".join(part for part in (problem.message, problem.hint, more) if part)


def _case(case: Case) -> Iterator[str]:
    place = f' file="{escape_xml(case.file)}" line="{case.line}"' if case.file else ""
    head = f'    <testcase classname="{escape_xml(case.group)}" name="{escape_xml(case.name)}"{place}'
    if not case.failures and not case.skipped and not case.output:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if case.failures:
        headline = escape_xml("; ".join(case.failures), _MESSAGE)
        text = "\n".join(map(escape_xml, case.failures))
        yield f'      <failure message="{headline}">{text}</failure>'
    elif case.skipped:
        yield f'      <skipped message="{escape_xml(case.skipped)}"/>'
    if case.output:
        output = "\n".join(map(escape_xml, case.output.split("\n")))
        yield f"      <system-out>{output}</system-out>"
    yield "    </testcase>"
