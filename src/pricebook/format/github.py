"""Problems as GitHub workflow commands: lines of a log that mark lines of files in a pull request.

GitHub shows ten of a kind for one step and drops the rest without a word, so the tenth says how many more there are.
Source: "Workflow commands for GitHub Actions" and the limits of annotations in GitHub's documentation.
"""

from collections.abc import Iterator

from pricebook.format.escape import escape_annotation, escape_property
from pricebook.format.page import Page
from pricebook.problem import Problem, Severity
from pricebook.view.check import Checked

SHOWN = 10
"""Annotations of one kind and step that GitHub shows."""
_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
_BREAK = "%0A"


def github(view: Checked, page: Page) -> Iterator[str]:
    """A line for each sentence that there is to say, and one for each problem that nobody waived."""
    checks = view.checks
    for title, sentence in checks.sentences:
        yield f"::notice title={escape_property(f'pricebook {title}'.rstrip())}::{escape_annotation(sentence)}"
    kinds: dict[Severity, list[Problem]] = {severity: [] for severity in _COMMANDS}
    for problem in checks.problems:
        if not problem.waived:
            kinds[problem.severity].append(problem)
    for severity, found in kinds.items():
        shown = found if len(found) <= SHOWN else found[: SHOWN - 1]
        yield from (_line(problem, page.base) for problem in shown)
        if len(shown) < len(found):
            yield f"::{_COMMANDS[severity]} title=pricebook::{len(found) - len(shown):,} more are not shown here"


def _line(problem: Problem, base: str) -> str:
    properties = [f"title={escape_property(problem.code)}"]
    if problem.at is not None:
        file = f"{base}/{problem.at.file}" if base else problem.at.file
        properties[:0] = f"file={escape_property(file)}", f"line={problem.at.line}", f"col={problem.at.column}"
    parts = [problem.message, problem.hint, f"and {problem.more:,} more like this" if problem.more else ""]
    text = _BREAK.join(escape_annotation(part) for part in parts if part)
    return f"::{_COMMANDS[problem.severity]} {','.join(properties)}::{text}"
