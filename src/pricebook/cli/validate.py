"""`pricebook validate`."""

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import notes_option, report_option
from pricebook.view.problems import validity_view
from pricebook.workflow.validate import validate


@click.command()
@report_option
@notes_option
@invoked("validity")
def command(invocation: Invocation, notes: bool) -> None:
    """Check the manifests and say everything that is wrong with them, all at once.

    Every environment is checked with its overlays and its policy, or the one that --env names; what is not wrong in all
    of them says in which. Reads the project's files only; no store, no network. Rules look at the catalogue: see
    `pricebook rules`. Exit code 0 when all is well, 1 when something is wrong or a rule finds what the policy does not
    let pass.
    """
    chosen = invocation.environment[0]
    named = [chosen] if invocation.environment_name else list(invocation.project.settings.environments)
    environments = sorted(named, key=lambda name: name != chosen)
    found = validate(invocation.project, environments, invocation.as_of, wiring.reviewer())
    view = validity_view(found.loaded.catalog, found.loaded.beside, found.findings, invocation.target, found.against)
    invocation.answer(view, notes=notes)
    if found.against:
        raise click.exceptions.Exit(1)
