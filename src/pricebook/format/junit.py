"""Cases as JUnit XML, which every CI system shows: what failed and why, without time or machine in it."""

from collections.abc import Iterator

from pricebook.format.markup import escape_xml
from pricebook.format.page import Page
from pricebook.view.check import Case, Checked, Checks

_MESSAGE = 300
"""Characters of a failure's headline; the whole of it stands in the element."""


def junit(view: Checked, _: Page) -> str:
    """The test report of an answer."""
    return junit_document(view.checks)


def junit_document(checks: Checks) -> str:
    """The document of one suite."""
    listed = checks.cases
    failed = sum(bool(case.failures) for case in listed)
    skipped = sum(bool(case.skipped) and not case.failures for case in listed)
    counts = f'tests="{len(listed)}" failures="{failed}" errors="0" skipped="{skipped}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="pricebook" {counts}>',
        f'  <testsuite name="{escape_xml(checks.title)}" {counts}>',
        *(line for case in listed for line in _case(case)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


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
