"""`pricebook promote`."""

from pathlib import Path

import click

from pricebook import wiring
from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import plan_file_option, report_option, rows_option
from pricebook.plan.document import write
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.policy import checked_policy, obstacles, refused_hazards
from pricebook.workflow.promote import promote


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@plan_file_option
@rows_option
@report_option
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are changes.")
@invoked("plan")
def command(
    invocation: Invocation, source: str, target: str, output: Path | None, rows: str | None, exit_code: bool
) -> None:
    """Plan to make environment TO hold what environment FROM holds. Writes to neither.

    The content is read from FROM's store, so what was tried there is what goes on, whatever the manifests say by now.
    What an overlay of either has a say in is taken as the manifests have it for TO. Prices go on as they hold from now
    on. Nothing of TO is taken away.

    Writes to neither store. With -o the plan is written to a file, and `pricebook --env TO apply FILE` does exactly it,
    under the same hazards and rules as any other. Exit code 1 when a rule finds what TO's policy does not let pass.
    """
    project = invocation.project
    project.environment(target)
    policy = checked_policy(project, target)
    made = promote(
        project,
        source,
        target,
        invocation.store_of,
        invocation.as_of,
        reviewer=wiring.reviewer(),
    )
    if output is not None:
        output.write_text(write(made), encoding="utf-8", newline="\n")
    refused = refused_hazards(made, (), policy, made.as_of)
    nothing = f"Nothing to promote: {target} holds what {source} holds, but for what overlays say."
    against = obstacles(made.findings, policy)
    invocation.answer(plan_view(made, RowChoice.parse(rows), refused, obstacles=against, nothing=nothing))
    if output is not None:
        apply = f"pricebook --env {target} apply {output}"
        invocation.say(["", f"The plan is in {output}. Apply exactly it with: {apply}"])
    if against:
        raise click.exceptions.Exit(1)
    if exit_code and made.steps:
        raise click.exceptions.Exit(CHANGES)
