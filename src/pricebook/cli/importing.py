"""`pricebook import`."""

from pathlib import Path

import click

from pricebook import wiring
from pricebook.catalog.reference import Kind, stored_kinds
from pricebook.cli.invocation import Invocation, invoked
from pricebook.cli.options import FILE
from pricebook.metronome.export import AccountRecord
from pricebook.problem import reject
from pricebook.project.project import METRONOME
from pricebook.view.manifests import import_view
from pricebook.view.storage import export_view
from pricebook.workflow.importing import ImportChoice, import_account
from pricebook.workflow.writing import FileChange, write_all


@click.command("import")
@click.option(
    "-o", "--output", metavar="DIR", help="Where new manifests go; the project's first manifest folder otherwise."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in stored_kinds()]),
    help="Only of this kind.",
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Products with this tag.")
@click.option("--card", "cards", multiple=True, metavar="PATTERN", help="Rate cards by name or alias: 'EU *'.")
@click.option("--name", "names", multiple=True, metavar="PATTERN", help="Whatever has such a name or alias.")
@click.option(
    "--save",
    type=FILE,
    metavar="FILE",
    help="Write no manifests, but what was read of the account, as one file to import --from.",
)
@click.option("--from", "export", type=FILE, metavar="FILE", help="Read such a file instead of the account.")
@click.option("--dry-run", is_flag=True, help="Print the manifests as a unified diff, and write nothing.")
@click.option("--allow-dirty", is_flag=True, help="Also change files that git has no copy of as they are now.")
@invoked("import")
def command(
    invocation: Invocation,
    output: str | None,
    kinds: tuple[str, ...],
    tags: tuple[str, ...],
    cards: tuple[str, ...],
    names: tuple[str, ...],
    save: Path | None,
    export: Path | None,
    dry_run: bool,
    allow_dirty: bool,
) -> None:
    """Write manifests of what an account has, or update them. Reads the account only.

    Names are made from display names, references are by name, and each manifest says which object it adopts. What is
    chosen brings along what it needs; --tag, --card, --name and --kind may be repeated. Run again, it updates the
    manifests where they stand, keeps comments and order, and deletes nothing. What manifests cannot say is listed.
    """
    if save is not None and export is not None:
        hint = "--save reads the account, --from reads what was saved"
        raise reject("conflict", "--save stands beside --from", hint=hint)
    if save is not None:
        _save(invocation, save)
        return
    name, environment = invocation.environment
    exported = wiring.open_export(environment, export) if export is not None else None
    at = exported.read_at if exported is not None and invocation.as_of_text is None else invocation.as_of
    made = import_account(
        invocation.project,
        name,
        exported or invocation.store(),
        at,
        choice=ImportChoice(tuple(map(Kind, kinds)), tags, cards, names),
        output=output,
        dry_run=dry_run,
        dirty=allow_dirty,
    )
    invocation.answer(import_view(made, dry_run=dry_run))


def _save(invocation: Invocation, file: Path) -> None:
    """Write what is read of the account into a file."""
    name, environment = invocation.environment
    if environment.store != METRONOME:
        hint = "copy the store's file, or import from it"
        raise reject("not-applicable", f"--save is for an account; the store of {name} is none", hint=hint)
    record, at = AccountRecord(), invocation.as_of
    snapshot = invocation.store(record).snapshot(invocation.project.settings.namespace, at, strangers=True)
    # They are read, and so recorded, once they are counted.
    contracts = sum(each.contracts for ref, each in snapshot.objects.items() if ref.kind is Kind.PACKAGE)
    path = file.absolute()
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    write_all(path.parent, [FileChange(path.name, before, record.text(at))], lambda: None)
    counts = {kind: sum(ref.kind is kind for ref in snapshot.catalog.nouns) for kind in stored_kinds()}
    prices = sum(map(len, snapshot.catalog.rates.values()))
    invocation.answer(export_view(str(file), counts, prices, contracts))
