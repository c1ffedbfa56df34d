"""`pricebook graph`."""

import click

from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, invoked
from pricebook.manifest.load import load
from pricebook.view.objects import graph_view
from pricebook.workflow.show import one_called


@click.command()
@click.argument("about", required=False, metavar="[OBJECT]", shell_complete=complete_objects())
@invoked("graph")
def command(invocation: Invocation, about: str | None) -> None:
    """Show what needs what among the manifests: as lines, or as a picture with --format mermaid or dot.

    With OBJECT (package:team, or a name that one object alone bears): what it needs, and what needs it.
    """
    loaded = load(invocation.project, invocation.environment_name)
    ref = one_called(about, loaded.catalog.nouns) if about is not None else None
    invocation.answer(graph_view(loaded, ref))
