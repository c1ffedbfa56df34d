"""`pricebook init`."""

import re

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.manifest.schema import schema_files
from pricebook.project.project import ProjectSettings
from pricebook.workflow.init import init, starter_files


@click.command()
@click.option(
    "--namespace", metavar="NAME", help="Marks what this project owns in a store; the directory's name otherwise."
)
@invoked()
def command(invocation: Invocation, namespace: str | None) -> None:
    """Start a project: pricebook.yaml, a first catalogue, editor settings.

    Files that exist are left as they are.
    """
    name = namespace or re.sub(r"[^a-z0-9_.-]+", "-", invocation.directory.absolute().name.lower()).strip("-._")[:24]
    written = init(invocation.directory, starter_files(name or "pricing", schema_files(ProjectSettings)))
    invocation.print([*(f"wrote {file}" for file in written), "", "Next: pricebook plan"])
