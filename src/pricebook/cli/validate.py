"""`pricebook validate`."""

import click

from pricebook.cli.invocation import Invocation, refusals
from pricebook.cli.options import report_option


@click.command()
@report_option
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check the manifests and say everything that is wrong with them, all at once.

    Reads the project's files only; no store, no network. Exit code 0 when all is well, 1 when not.
    """
    invocation = Invocation.of(ctx)
    with refusals(invocation):
        from pricebook.manifest.load import load
        from pricebook.render.census import census_json, census_text
        from pricebook.render.format import Format, problems_document
        from pricebook.workflow.hazards import check_policy

        check_policy(invocation.project.settings.policy)
        loaded = load(invocation.project)

        def document(form: Format) -> str:
            if form is Format.JSON:
                return census_json(loaded.catalog, loaded.tests)
            sentence = census_text(loaded.catalog, loaded.tests)
            return problems_document(form, (), sentence, invocation.base, invocation.target)

        invocation.print([document(Format(invocation.format)).rstrip("\n")])
        invocation.report(document)
