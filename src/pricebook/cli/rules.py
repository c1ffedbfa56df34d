"""`pricebook rules`."""

from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.project.policy import Policy
from pricebook.view.manifests import RulesView
from pricebook.view.storage import FilesView
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
        invocation.answer(FilesView(tuple(str(output / name) for name in write_pages(output))))
        return
    project = invocation.project_if_any
    policy = checked_policy(project, invocation.environment[0]) if project is not None else Policy()
    invocation.answer(RulesView(tuple(listed_rules(policy))))
