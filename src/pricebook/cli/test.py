"""`pricebook test`."""

import click

from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import report_option
from pricebook.manifest.load import load
from pricebook.view.tests import tests_view
from pricebook.workflow.policy_test import policy_tests, run_policy_tests
from pricebook.workflow.present import with_history
from pricebook.workflow.test import chosen_scenarios, run_tests, updates
from pricebook.workflow.writing import write_all


@click.command()
@click.argument("names", nargs=-1, metavar="[NAMES]...", shell_complete=complete_objects("scenario", "policy-test"))
@click.option("--update", is_flag=True, help="Write what comes into the scenarios that fail, after asking.")
@click.option("--yes", "-y", is_flag=True, help="With --update: do not ask.")
@report_option
@invoked("tests")
def command(invocation: Invocation, names: tuple[str, ...], update: bool, yes: bool) -> None:
    """Run the price tests: the scenarios and policy tests among the manifests, or those named.

    A scenario bills a contract on a package for some usage and compares the invoices; a policy test asks a rule of the
    company about cases. Reads the project's files, and the store of the environment only where a scenario begins before
    prices of the manifests do: then that is said, with what could be read. Exit code 0 when all pass, 1 when not.
    docs/bills.md says by which rules is billed, docs/policy.md what rules see.
    """
    loaded = load(invocation.project, invocation.environment[0])
    ruled = policy_tests(loaded)
    scenarios = [name for name in names if name not in ruled]
    chosen = chosen_scenarios(loaded, scenarios) if scenarios or not names else {}
    source = ""
    if chosen:
        since = min(scenario.starting_at for scenario in chosen.values())
        loaded, source = with_history(
            loaded, invocation.project, invocation.environment[0], invocation.store, invocation.as_of, since
        )
    outcomes = run_tests(loaded, invocation.project, chosen)
    checked = run_policy_tests(loaded, invocation.project, invocation.environment[0], names)
    view = tests_view(outcomes, checked, loaded.catalog, source)
    invocation.answer(view)
    if update and any(outcome.failures for outcome in outcomes):
        changes = updates(outcomes, loaded, invocation.project)
        if not yes:
            files = ", ".join(change.file for change in changes)
            invocation.confirm(f"Expect in {files} what came?", "say --yes, once the differences were read")
        write_all(invocation.project.root, changes, lambda: None)
        invocation.say(f"wrote {change.file}" for change in changes)
        return
    if view.failed:
        raise click.exceptions.Exit(1)
