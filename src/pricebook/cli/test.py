"""`pricebook test`."""

import sys
from typing import TYPE_CHECKING

import click

from pricebook.cli.invocation import Invocation, refusals
from pricebook.cli.options import report_option
from pricebook.problem import reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pricebook.catalog.catalog import Catalog
    from pricebook.format.table import Format
    from pricebook.workflow.policy_test import Checked
    from pricebook.workflow.test import Outcome


@click.command()
@click.argument("names", nargs=-1, metavar="[NAMES]...")
@click.option("--update", is_flag=True, help="Write what comes into the scenarios that fail, after asking.")
@click.option("--yes", "-y", is_flag=True, help="With --update: do not ask.")
@report_option
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], update: bool, yes: bool) -> None:
    """Run the price tests: the scenarios and policy tests among the manifests, or those named.

    A scenario bills a contract on a package for some usage and compares the invoices; a policy test asks a rule of the
    company about cases. Reads the project's files only; no store, no network. Exit code 0 when all pass, 1 when not.
    docs/bills.md says by which rules is billed, docs/policy.md what rules see.
    """
    invocation = Invocation.of(ctx)
    with refusals(invocation):
        from pricebook.format.outcome import draw_checked, verdict_words
        from pricebook.format.table import Format
        from pricebook.manifest.load import load
        from pricebook.workflow.policy_test import policy_tests, run_policy_tests
        from pricebook.workflow.test import run_tests, updates
        from pricebook.workflow.writing import write_all

        invocation.answers_in("text", "json", "junit")
        loaded = load(invocation.project, invocation.environment[0])
        ruled = policy_tests(loaded)
        scenarios = [name for name in names if name not in ruled]
        outcomes = run_tests(loaded, invocation.project, scenarios) if scenarios or not names else []
        checked = run_policy_tests(loaded, invocation.project, invocation.environment[0], names)
        failed = sum(bool(one.failures) for one in outcomes) + sum(bool(one.failures) for one in checked)

        def document(form: Format) -> str:
            return _document(form, outcomes, checked, loaded.catalog)

        if invocation.text:
            for outcome in outcomes:
                invocation.print(_drawn(outcome, loaded.catalog, invocation.width, invocation.colour))
            for test in checked:
                invocation.print(draw_checked(test.name, test.failures, invocation.width, invocation.colour))
            invocation.print([verdict_words(len(outcomes) + len(checked), failed)])
        else:
            invocation.print([document(Format(invocation.format)).rstrip("\n")])
        invocation.report(document)
        if update and any(outcome.failures for outcome in outcomes):
            changes = updates(outcomes, loaded, invocation.project)
            _ask([change.file for change in changes], yes)
            write_all(invocation.project.root, changes, lambda: None)
            if invocation.text:
                invocation.print([f"wrote {change.file}" for change in changes])
            return
    if failed:
        ctx.exit(1)


def _drawn(outcome: "Outcome", catalog: "Catalog", width: int, colour: bool) -> "Iterator[str]":
    from pricebook.format.outcome import draw_outcome
    from pricebook.view.bill import bill_view, scales_of
    from pricebook.view.price import Units

    verdict = outcome.verdict
    view = bill_view(outcome.name, verdict.terms, verdict.bill, catalog, verdict.card)
    units = Units(scales_of(catalog))
    return draw_outcome(outcome.name, outcome.at, outcome.failures, view, units, width, colour)


def _document(form: "Format", outcomes: "list[Outcome]", checked: "list[Checked]", catalog: "Catalog") -> str:
    """The whole answer as JSON or JUnit XML."""
    if form == "json":
        from pricebook.format.bill_json import outcomes_json

        listed = ((o.name, o.at, o.verdict.package, o.verdict.bill, o.failures) for o in outcomes)
        return outcomes_json(listed, [(test.name, test.cases, test.failures) for test in checked])
    from pricebook.format.junit import Case, junit_document, problem_words
    from pricebook.format.outcome import difference
    from pricebook.view.bill import scales_of
    from pricebook.view.price import Units

    units = Units(scales_of(catalog))
    cases = []
    for o in outcomes:
        failures = tuple(f"{difference(mismatch, units)} ({place})" for mismatch, place in o.failures)
        worked = "\n".join(_drawn(o, catalog, 100, False)) if failures else ""
        cases.append(Case(f"pricebook.{o.group}", o.name, failures, "", o.at.file, o.at.line, worked))
    for test in checked:
        told = tuple(map(problem_words, test.failures))
        cases.append(Case("pricebook.policy-test", test.name, told, "", test.at.file, test.at.line, ""))
    return junit_document("price tests", cases)


def _ask(files: list[str], yes: bool) -> None:
    """Raises Rejected when nobody can be asked, or says no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise reject("confirmation", "nobody can be asked here", hint="--yes, once the differences were read")
    if not click.confirm(f"Expect in {', '.join(files)} what came?"):
        raise reject("declined", "you said no; nothing was written")
