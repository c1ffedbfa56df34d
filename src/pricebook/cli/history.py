"""`pricebook history`."""

import click

from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, instant_of, invoked
from pricebook.cli.options import csv_option, rows_option
from pricebook.view.history import history_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.history import history, object_of

LAST = 20
"""Runs that are listed when nothing was asked for."""


@click.command()
@click.argument("about", required=False, metavar="[OBJECT]", shell_complete=complete_objects())
@click.option("--since", metavar="INSTANT", help="Only what began then or later.")
@click.option("--until", metavar="INSTANT", help="Only what began before.")
@click.option("--last", type=click.IntRange(1), default=LAST, show_default=True, help="The newest N.")
@csv_option
@rows_option
@invoked("history")
def command(
    invocation: Invocation,
    about: str | None,
    since: str | None,
    until: str | None,
    last: int,
    rows: str | None,
) -> None:
    """The journal as an audit log: when, who, from which commit, which plan, what was done.

    OBJECT is a name as plans show it: package:starter, package:starter@3, rate-card:tokens, or a product, whose prices
    are meant as well. The newest run comes first. Reads the journal and nothing else.
    """
    found, total = history(
        invocation.journal(),
        invocation.environment[0],
        about=object_of(about) if about else None,
        since=instant_of(since, "--since"),
        until=instant_of(until, "--until"),
        last=last,
    )
    invocation.answer(history_view(found, total, RowChoice.parse(rows)))
