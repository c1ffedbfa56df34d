"""Options that several commands share."""

import click

rows_option = click.option(
    "--rows", metavar="all|N|TEXT", help="List price changes: all, the first N, or those with TEXT in their name."
)
prune_option = click.option(
    "--prune", is_flag=True, help="Archive what no manifest declares any more, and superseded package versions."
)
