"""`pricebook diff`."""

import click

from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import report_option, rows_option
from pricebook.view.parity import parity_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.parity import compare_environments


@click.command()
@click.argument("one", metavar="ENVIRONMENT")
@click.argument("other", metavar="OTHER")
@rows_option
@report_option
@invoked("parity")
def command(invocation: Invocation, one: str, other: str, rows: str | None) -> None:
    """Compare what two environments hold: the same, different, missing, only there. Reads only.

    Reads both stores and writes to neither; tokens that can only read are enough. Prices are compared from now on, not
    in what was billed before; packages by the content of their newest versions, whatever their numbers. What differs
    because an overlay says so is told apart.

    Exit code 0 when they hold the same, but for what overlays explain; 2 when they do not.
    """
    found, unverified = compare_environments(invocation.project, one, other, invocation.store_of, invocation.as_of)
    invocation.answer(parity_view(found, RowChoice.parse(rows), unverified))
    if found.apart:
        raise click.exceptions.Exit(CHANGES)
