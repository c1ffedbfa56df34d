"""`pricebook import`."""

import click

from pricebook.catalog.reference import STORED, Kind
from pricebook.cli.invocation import Invocation
from pricebook.cli.session import errors


@click.command("import")
@click.option("--output", metavar="DIR", help="Where new manifests go; the project's first manifest folder otherwise.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in STORED]), help="Only of this kind."
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Products with this tag.")
@click.option("--card", "cards", multiple=True, metavar="PATTERN", help="Rate cards by name or alias: 'EU *'.")
@click.option("--name", "names", multiple=True, metavar="PATTERN", help="Whatever has such a name or alias.")
@click.option("--dry-run", is_flag=True, help="Print the manifests as a unified diff, and write nothing.")
@click.option("--allow-dirty", is_flag=True, help="Also change files that git has no copy of as they are now.")
@click.pass_context
def command(
    ctx: click.Context,
    output: str | None,
    kinds: tuple[str, ...],
    tags: tuple[str, ...],
    cards: tuple[str, ...],
    names: tuple[str, ...],
    dry_run: bool,
    allow_dirty: bool,
) -> None:
    """Write manifests of what the account has. The account is only read.

    Names are made from display names, references are by name, and each manifest says which object it adopts. What is
    chosen brings along what it needs; --tag, --card, --name and --kind may be repeated. Run again, it updates the
    manifests where they stand, keeps comments and order, and deletes nothing. What manifests cannot say is listed.
    """
    invocation = Invocation.of(ctx)
    with errors(invocation):
        invocation.answers_in("text", "json")
        from pricebook.render.importing import draw_import, import_json
        from pricebook.workflow.importing import Choice, import_account

        made = import_account(
            invocation.project,
            invocation.environment[0],
            invocation.store(),
            invocation.as_of,
            choice=Choice(tuple(map(Kind, kinds)), tags, cards, names),
            output=output,
            dry_run=dry_run,
            dirty=allow_dirty,
        )
        if not invocation.text:
            invocation.print([import_json(made, dry_run=dry_run)])
            return
        if dry_run:
            from pricebook.render.escape import escape_terminal

            invocation.print(escape_terminal(line, 1000) for change in made.files for line in change.diff())
        invocation.print(draw_import(made, invocation.width, dry_run=dry_run))
