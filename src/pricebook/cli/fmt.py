"""`pricebook fmt`."""

from pathlib import Path

import click

from pricebook.cli.invocation import Invocation, invoked
from pricebook.machine import shown
from pricebook.view.manifests import edits_view
from pricebook.workflow.formatting import formatted, write


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; show what is otherwise, and exit with 1.")
@invoked("edits")
def command(invocation: Invocation, files: tuple[Path, ...], check: bool) -> None:
    """Write manifests in the house form, where they stand: comments stay, and what they say stays the same.

    Short forms (12 months, $10.00) for long ones, amounts of a currency as money, the vendor's words in capitals, dates
    without a time, no blanks at the ends of lines. All manifests of the project, or the FILEs named.
    """
    root = invocation.project.root.resolve()
    names = [shown(file.resolve(), root) for file in files]
    made = formatted(invocation.project, names)
    if not check and made.files:
        write(invocation.project, made)
    invocation.answer(edits_view(made.files, made.left, written=not check))
    if check and made.files:
        raise click.exceptions.Exit(1)
