"""`pricebook init`."""

import re

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.manifest.schema import schema_files
from pricebook.project.project import ProjectSettings
from pricebook.view.manifests import import_view
from pricebook.view.storage import FilesView
from pricebook.workflow.importing import ImportChoice, import_account
from pricebook.workflow.init import account_files, example_files, init, starter_files, undo
from pricebook.workflow.owners import owners_of


@click.command()
@click.option(
    "--namespace", metavar="NAME", help="Marks what this project owns in a store; the directory's name otherwise."
)
@click.option("--bare", is_flag=True, help="Without a sample catalogue, as for `pricebook import`.")
@click.option(
    "--example", metavar="NAME", help="Start from an example: api, seats, cloud, credits, starter-plan or more."
)
@click.option("--from-account", is_flag=True, help="With what a Metronome account has, imported; no sample.")
@click.option("--base-url", metavar="URL", help="With --from-account: where its API is.")
@invoked("files")
def command(
    invocation: Invocation,
    namespace: str | None,
    bare: bool,
    example: str | None,
    from_account: bool,
    base_url: str | None,
) -> None:
    """Start a project: pricebook.yaml, a first catalogue, editor settings.

    Other files that exist are left as they are; in a directory that is a project already nothing is written. Who may
    sign waivers is taken from the repository's CODEOWNERS file, where there is one. With --from-account the token is
    that of METRONOME_BEARER_TOKEN, and where nothing can be imported nothing is written.
    """
    schemas = schema_files(ProjectSettings)
    if bare + bool(example) + from_account > 1 or (base_url is not None and not from_account):
        words = "--bare, --example and --from-account (which --base-url is of) exclude each other"
        raise click.UsageError(f"{words}: say one of them")
    if example:
        files = example_files(wiring.examples(), example, namespace or "", schemas)
    else:
        folder = invocation.directory.absolute().name.lower()
        name = namespace or re.sub(r"[^a-z0-9_.-]+", "-", folder).strip("-._")[:24]
        owners = owners_of(invocation.directory)
        files = starter_files(name or "pricing", schemas, bare=bare or from_account, owners=owners)
    if from_account:
        _adopt(invocation, account_files(files, base_url))
        return
    written = init(invocation.directory, files)
    after = "pricebook import, or a first manifest in catalog" if bare else "pricebook plan"
    invocation.answer(FilesView(tuple(written), ("", f"Next: {after}")))


def _adopt(invocation: Invocation, files: dict[str, str]) -> None:
    """A project of what an account has; nothing at all where it cannot be read."""
    written = init(invocation.directory, files)
    try:
        name, store = invocation.environment[0], invocation.store()
        made = import_account(invocation.project, name, store, invocation.as_of, choice=ImportChoice(), dirty=True)
    except BaseException:
        undo(invocation.directory, written)
        raise
    invocation.answer(import_view(made, dry_run=False, started=written))
