"""`pricebook validate`."""

import click

from pricebook.cli.invocation import Invocation, refusals


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check the manifests and say everything that is wrong with them, all at once.

    Reads the project's files only; no store, no network. Exit code 0 when all is well, 1 when not.
    """
    invocation = Invocation.of(ctx)
    with refusals(invocation):
        from pricebook.manifest.load import load
        from pricebook.render.census import census_json, census_text
        from pricebook.workflow.hazards import check_policy

        check_policy(invocation.project.settings.policy)
        loaded = load(invocation.project)
        invocation.print([(census_json if invocation.json else census_text)(loaded.catalog, loaded.tests)])
