"""The results of price tests: what failed, what came instead, and the arithmetic of it."""

from collections.abc import Iterator

from pricebook.catalog.instant import instant_words
from pricebook.format.bill import draw_invoice
from pricebook.format.escape import escape_terminal
from pricebook.format.junit import junit_document
from pricebook.format.page import Page, wrapped
from pricebook.format.problem import draw_problems
from pricebook.view.check import Case, Checks, problem_words
from pricebook.view.tests import PolicyTestView, ScenarioView, TestsView


def tests_text(view: TestsView, page: Page) -> Iterator[str]:
    """Every test, and how many failed."""
    for scenario in view.scenarios:
        yield from _scenario(scenario, page)
    for test in view.policy_tests:
        yield from _policy_test(test, page)
    if view.source:
        yield from wrapped(f"Billed {escape_terminal(view.source, 400)}.", page.columns)
    yield view.sentence


def tests_junit(view: TestsView, _: Page) -> str:
    """A case for each test; of a scenario that failed the invoices are worked out."""
    cases = []
    for one in view.scenarios:
        failures = tuple(f"{mismatch.words} ({mismatch.at})" for mismatch in one.mismatches)
        output = "\n".join(_scenario(one, Page())) if failures else ""
        cases.append(
            Case(
                group=f"pricebook.{one.group}",
                name=one.name,
                failures=failures,
                skipped="",
                file=one.place.file,
                line=one.place.line,
                output=output,
            )
        )
    for test in view.policy_tests:
        told = tuple(map(problem_words, test.problems))
        cases.append(
            Case(
                group="pricebook.policy-test",
                name=test.name,
                failures=told,
                skipped="",
                file=test.place.file,
                line=test.place.line,
                output="",
            )
        )
    return junit_document(Checks("price tests", tuple(cases)))


def _scenario(view: ScenarioView, page: Page) -> Iterator[str]:
    """One line when it passed; otherwise every difference with its place, and the invoices worked out."""
    width, paint = page.columns, page.paint
    if view.passed:
        yield f"{paint('green', 'ok')}    {escape_terminal(view.name)}"
        return
    where = escape_terminal(f"{view.place.file}:{view.place.line}")
    yield f"{paint('alarm', 'FAIL')}  {paint('bold', escape_terminal(view.name))}   {where}"
    for mismatch in view.mismatches:
        yield from (f"      {line}" for line in wrapped(escape_terminal(mismatch.words, 1000), width - 6))
        yield paint("dim", f"        {escape_terminal(mismatch.at)}")
    days = {instant_words(one.issued_at) for one in view.mismatches if one.issued_at is not None}
    for invoice in view.invoices:
        if not days or invoice.title[:10] in days:
            yield ""
            yield from (f"      {line}" for line in draw_invoice(invoice, width - 6, paint))
    yield ""


def _policy_test(view: PolicyTestView, page: Page) -> Iterator[str]:
    """One line when it passed; otherwise every case that is not as expected."""
    mark = page.paint("green", "ok") if view.passed else page.paint("alarm", "FAIL")
    yield f"{mark}    {escape_terminal(view.name)}"
    yield from draw_problems(view.problems, page.width, page.colour)
