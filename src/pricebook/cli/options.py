"""Options that several commands share."""

from pathlib import Path

import click

FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "github")
"""`format.table.Format`, whose module a lean command does not import."""


def _reports(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> None:
    found = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS or not equals or not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE, with FORMAT one of {', '.join(FORMATS)}")
        found.append((name, Path(file)))
    ctx.find_root().obj["reports"] = tuple(found)


report_option = click.option(
    "--report",
    multiple=True,
    metavar="FORMAT=FILE",
    expose_value=False,
    callback=_reports,
    help="Also write the answer to a file in another format, also when it is a refusal; repeatable.",
)

rows_option = click.option(
    "--rows", metavar="all|N|TEXT", help="List price changes: all, the first N, or those with TEXT in their name."
)
_instant = click.DateTime(formats=["%Y-%m-%d", "%Y-%m"])
impact_option = click.option(
    "--impact",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="USAGE",
    help="Bill the customers' usage before and after: events as JSONL, CSV or Parquet; repeatable.",
)
impact_from_option = click.option(
    "--impact-from",
    type=_instant,
    metavar="MONTH",
    help="Bill that usage as if it came from this month on; by default the first one in which every change holds.",
)
assume_migrated_option = click.option(
    "--assume-migrated", is_flag=True, help="Bill as if every contract were on the newest version of its package."
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What counts the usage.",
)
prune_option = click.option(
    "--prune", is_flag=True, help="Archive what no manifest declares any more, and superseded package versions."
)
notes_option = click.option("--notes", is_flag=True, help="Show findings one by one that are only notes.")
