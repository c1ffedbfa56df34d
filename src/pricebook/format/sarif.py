"""Problems as SARIF 2.1.0, the format of code scanning: results at lines of manifests, waived ones as suppressed.

The document has no time and no machine in it: the same plan gives the same bytes. Source: OASIS, "Static Analysis
Results Interchange Format (SARIF) Version 2.1.0"; limits as in GitHub's "SARIF support for code scanning".
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pricebook import SITE, __version__
from pricebook.catalog.canonical import digest, encode
from pricebook.format.escape import escape_json, escape_sarif
from pricebook.format.page import Page
from pricebook.problem import Problem, Severity
from pricebook.span import Span
from pricebook.view.check import Checked

RESULTS = 5000
"""Results of one run that code scanning shows; of more, how many there are stands in a notification."""
PROJECT = Span("pricebook.yaml")
"""Where a result stands that belongs to no line: code scanning shows nothing without a place."""
_ROOT = "%SRCROOT%"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "note"}


def sarif(view: Checked, page: Page) -> str:
    """The document of one run. What an answer says besides its verdict is no result, and stands among the run's
    notifications."""
    checks, base = view.checks, page.base
    found, rules = checks.problems, checks.meanings
    shown = found[:RESULTS]
    pages = {problem.code: problem.url for problem in shown}
    codes = sorted(pages)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "pricebook",
                "version": __version__,
                "informationUri": SITE,
                "rules": [
                    {
                        "id": code,
                        "shortDescription": {"text": rules.get(code, code)},
                        **({"helpUri": pages[code]} if pages[code] else {}),
                    }
                    for code in codes
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(problem, codes, base) for problem in shown],
    }
    left_out = len(found) - len(shown) + sum(problem.more for problem in shown)
    notes = [f"{title}: {sentence}" for title, sentence in checks.sentences[1:]]
    notes += [f"{left_out} more results are not listed."] if left_out else []
    if notes:
        notifications = [{"level": "note", "message": {"text": escape_sarif(note, 4000)}} for note in notes]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notifications}]
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return escape_json(encode({"$schema": schema, "version": "2.1.0", "runs": [run]}))


def _result(problem: Problem, codes: Sequence[str], base: str) -> dict[str, Any]:
    text = ". ".join(part.rstrip(".") for part in (problem.message, problem.hint) if part) + "."
    if problem.more:
        text += f" And {problem.more:,} more like this."
    about = (problem.code, problem.subject, problem.message)
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": _LEVELS[problem.severity],
        "message": {"text": escape_sarif(text, 4000)},
        "locations": [_location(problem.at or PROJECT, base)],
        "partialFingerprints": {"pricebook/v1": digest(encode([*map(escape_sarif, about)]))},
    }
    if problem.related:
        result["relatedLocations"] = [
            {"id": number, **_location(at, base), **({"message": {"text": escape_sarif(word)}} if word else {})}
            for number, (word, at) in enumerate(problem.related, 1)
        ]
    if problem.waived:
        result["suppressions"] = [{"kind": "external", "justification": escape_sarif(problem.waived)}]
    return result


def _location(at: Span, base: str) -> dict[str, Any]:
    file = f"{base}/{at.file}" if base else at.file
    place = quote(file.encode("utf-8", "surrogatepass").replace(b"\\", b"/"), safe="/-_.~")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": place, "uriBaseId": _ROOT},
            "region": {"startLine": at.line, "startColumn": at.column},
        }
    }
