"""`pricebook init`."""

import re

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.manifest.schema import schema_files
from pricebook.project.project import ProjectSettings
from pricebook.workflow.init import example_files, init, starter_files


@click.command()
@click.option(
    "--namespace", metavar="NAME", help="Marks what this project owns in a store; the directory's name otherwise."
)
@click.option("--bare", is_flag=True, help="Without a sample catalogue, as for `pricebook import`.")
@click.option(
    "--example",
    metavar="NAME",
    help="Start from an example: starter-plan, migration, seats, api-prices, cloud or more.",
)
@invoked()
def command(invocation: Invocation, namespace: str | None, bare: bool, example: str | None) -> None:
    """Start a project: pricebook.yaml, a first catalogue, editor settings.

    Other files that exist are left as they are; in a directory that is a project already nothing is written.
    """
    schemas = schema_files(ProjectSettings)
    if bare and example:
        raise click.UsageError("--bare is without manifests, and --example with those of an example: say one of them")
    if example:
        files = example_files(wiring.examples(), example, namespace or "", schemas)
    else:
        folder = invocation.directory.absolute().name.lower()
        name = namespace or re.sub(r"[^a-z0-9_.-]+", "-", folder).strip("-._")[:24]
        files = starter_files(name or "pricing", schemas, bare=bare)
    written = init(invocation.directory, files)
    after = "pricebook import, or a first manifest in catalog" if bare else "pricebook plan"
    invocation.print([*(f"wrote {file}" for file in written), "", f"Next: {after}"])
