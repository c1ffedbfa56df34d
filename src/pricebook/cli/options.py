"""Options that several commands share."""

from pathlib import Path

import click

FORMATS = ("text", "json", "markdown", "sarif", "junit", "github")
"""`render.format.Format`, whose module a lean command does not import."""


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
prune_option = click.option(
    "--prune", is_flag=True, help="Archive what no manifest declares any more, and superseded package versions."
)
notes_option = click.option("--notes", is_flag=True, help="Show findings one by one that are only notes.")
