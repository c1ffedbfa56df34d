"""`pricebook rules`."""

from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.problem import Rejected
from pricebook.project.policy import Policy
from pricebook.view.manifests import RulesView
from pricebook.workflow.policy import checked_policy
from pricebook.workflow.rules import listed_rules, write_pages


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the page of each rule to DIR.",
)
@invoked("rules")
def command(invocation: Invocation, output: Path | None) -> None:
    """List the rules, with the severity that each has in this environment.

    Works without a project too: then the severities are those that hold out of the box.
    """
    if output is not None:
        invocation.print(f"wrote {output / name}" for name in write_pages(output))
        return
    try:
        project = invocation.project
    except Rejected as rejected:
        if [problem.code for problem in rejected.problems] != ["no-project"]:
            raise
        found = listed_rules(Policy())
    else:
        found = listed_rules(checked_policy(project, invocation.environment[0]))
    invocation.answer(RulesView(tuple(found)))
