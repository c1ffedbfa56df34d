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
@click.option("--bare", is_flag=True, help="Without a sample catalogue, as for `pricebook import`.")
@invoked()
def command(invocation: Invocation, namespace: str | None, bare: bool) -> None:
    """Start a project: pricebook.yaml, a first catalogue, editor settings.

    Other files that exist are left as they are; in a directory that is a project already nothing is written.
    """
    name = namespace or re.sub(r"[^a-z0-9_.-]+", "-", invocation.directory.absolute().name.lower()).strip("-._")[:24]
    files = starter_files(name or "pricing", schema_files(ProjectSettings), bare=bare)
    written = init(invocation.directory, files)
    after = "pricebook import, or a first manifest in catalog" if bare else "pricebook plan"
    invocation.print([*(f"wrote {file}" for file in written), "", f"Next: {after}"])
