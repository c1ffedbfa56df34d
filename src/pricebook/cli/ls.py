"""`pricebook ls`."""

import click

from pricebook.catalog.reference import Kind
from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import csv_option
from pricebook.manifest.load import load
from pricebook.problem import fits_nothing
from pricebook.view.objects import matching, objects_view


@click.command()
@click.argument("pattern", required=False, metavar="[PATTERN]", shell_complete=complete_objects())
@click.option("--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in Kind]), help="Of this kind.")
@csv_option
@invoked("objects")
def command(invocation: Invocation, pattern: str | None, kinds: tuple[str, ...]) -> None:
    """List what the manifests declare: names, what it is called, how many prices, where it stands.

    PATTERN is a name, or one with * in it: 'package:team-*'. Reads the project's files only.
    """
    loaded = load(invocation.project, invocation.environment_name)
    view = objects_view(loaded, matching(pattern, kinds))
    if pattern is not None and not view.objects:
        names = {each.ref for each in objects_view(loaded, matching(None, kinds)).objects}
        invocation.fail([fits_nothing("PATTERN", pattern, names)])
    invocation.answer(view)
