"""Options that several commands share: those of every command, and what some of them have in common."""

import os
from functools import partial
from pathlib import Path

import click

from pricebook.cli.complete import complete_environments, complete_objects
from pricebook.format.table import formats_of

FORMATS = formats_of()
FILE = click.Path(path_type=Path, dir_okay=False)
PATH = click.Path(path_type=Path)


def _record(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """What was said of a shared option, for `Invocation.of`; of two places the later one counts."""
    said = ctx.find_root().ensure_object(dict)
    if value is not None:
        said[param.name] = value


_shared = partial(click.Option, expose_value=False, callback=_record)


def _trusted(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ["PRICEBOOK_TRUST_HOST"] = value


def _log(ctx: click.Context, __: click.Parameter, value: str | bool | None) -> None:
    if value:
        # Most commands are told neither, and do without it.
        from pricebook.cli.log import start

        start(ctx, "text" if value is True else value)


SHARED = (
    _shared(["-C", "directory"], type=PATH, metavar="DIR", help="Work in DIR."),
    _shared(
        ["--env", "environment"],
        metavar="NAME",
        shell_complete=complete_environments,
        help="The environment; the project's default one otherwise.",
    ),
    _shared(
        ["--as-of"], metavar="INSTANT", help="Plan as of this instant (2026-01-01 or 2026-01-01T09:00:00Z), not now."
    ),
    _shared(["--trust-host"], metavar="HOST", callback=_trusted, help="Give the token to this host, too."),
    _shared(["--format", "format_"], type=click.Choice(FORMATS), help="How to print results."),
    _shared(["-v", "--verbose"], is_flag=True, callback=_log, help="Say on standard error what is read, and how long."),
    _shared(["--log"], type=click.Choice(["text", "json"]), callback=_log, help="The same; json: an object a line."),
)
"""Options of every command."""


def _as_csv(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().ensure_object(dict)["format_"] = "csv"


csv_option = click.option("--csv", is_flag=True, expose_value=False, callback=_as_csv, help="Short for --format csv.")


def _reports(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> None:
    found = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS or not equals or not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE, with FORMAT one of {', '.join(FORMATS)}")
        found.append((name, Path(file)))
    ctx.find_root().ensure_object(dict)["reports"] = tuple(found)


report_option = click.option(
    "--report",
    multiple=True,
    metavar="FORMAT=FILE",
    expose_value=False,
    callback=_reports,
    help="Also write the answer to a file in another format, also when it is a refusal; repeatable.",
)


def _rows(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value and value[0] == "-" and value[1:].isdecimal():
        raise click.BadParameter(f"{value} is not a number of rows; write all, the first N, or a text")
    return value


rows_option = click.option(
    "--rows",
    metavar="all|N|TEXT",
    callback=_rows,
    help="List price changes: all, the first N, or those with TEXT in their name.",
)
_instant = click.DateTime(formats=["%Y-%m-%d", "%Y-%m"])
impact_option = click.option(
    "--impact",
    multiple=True,
    metavar="USAGE",
    help="Bill the customers' usage before and after: files, folders, patterns or addresses (s3://, gs://, https://) "
    "with JSONL, CSV or Parquet, of events or of quantities that were counted already; Delta and Iceberg tables; or "
    "account, what the account counted last month; repeatable.",
)
impact_from_option = click.option(
    "--impact-from",
    type=_instant,
    metavar="MONTH",
    help="Bill that usage as if it came from this month on; by default the first one in which every change holds.",
)
impact_out_option = click.option(
    "--impact-out",
    metavar="FILE",
    help="With --impact, also list all customers, before and after: .csv, .jsonl or .parquet; on Spark also an address "
    "(s3://, ...), where the cluster writes Parquet.",
)
notice_option = click.option(
    "--notice",
    type=PATH,
    metavar="FILE",
    help="With --impact, also list those who pay more, to tell them: .csv, .jsonl or .parquet.",
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
plan_file_option = click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Also write the plan, to apply it later."
)
card_option = click.option(
    "--card", metavar="NAME", shell_complete=complete_objects("rate-card"), help="Only prices of this rate card."
)
edits_option = click.option("--dry-run", is_flag=True, help="Print the edits as a unified diff, and write nothing.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask; for CI.")
notes_option = click.option("--notes", is_flag=True, help="Show findings one by one that are only notes.")
