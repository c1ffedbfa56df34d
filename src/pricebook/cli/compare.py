"""`pricebook compare`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import click

from pricebook.cli.impact import usage_engine
from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import FILE, engine_option, report_option, rows_option
from pricebook.manifest.load import load
from pricebook.project.other_list import Told
from pricebook.view.comparison import comparison_view
from pricebook.view.rate_terms import units_of
from pricebook.view.rows import RowChoice
from pricebook.workflow.compare import CompareRequest, compare
from pricebook.workflow.margin import margins, over_usage

_RATE_FIELDS = ("product", "billing_frequency")


@click.command()
@click.argument("name", required=False)
@click.option("--with", "theirs", type=FILE, metavar="THEIRS", help="The other list: CSV, a workbook or JSON.")
@click.option("--card", "rate_card", metavar="NAME", help="Our rate card; the only one otherwise.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME[=COLUMN]",
    help="Where theirs says product, billing_frequency or a pricing group key; repeatable.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="[PRODUCT=]COLUMN",
    help="The column of prices, or the one of a product; repeatable.",
)
@click.option("--currency", metavar="CODE", help="The currency of their numbers; the card's otherwise.")
@click.option("--per", metavar="COUNT", help="Their prices are for so many: 1M.")
@click.option("--cost", is_flag=True, help="THEIRS is what we pay: tell margins, and prices below it.")
@click.option("--least-margin", metavar="PERCENT", help="With --cost, so much of a price has to be left: 20%.")
@click.option("--tolerance", metavar="PERCENT", help="What differs by no more than this is the same: 1%.")
@click.option(
    "--tell",
    "told",
    multiple=True,
    type=click.Choice(get_args(Told)),
    help="Tell, and fail for, this alone; repeatable.",
)
@click.option("--accept", type=FILE, metavar="PINS.YAML", help="What differs and is meant to: what, why, until when.")
@click.option("--since", type=FILE, metavar="LAST.JSON", help="Also tell what changed since this answer in JSON.")
@click.option(
    "--impact", multiple=True, metavar="USAGE", help="With --cost, margins over usage, too; as for plan; repeatable."
)
@engine_option
@rows_option
@report_option
@invoked("comparison")
def command(
    invocation: Invocation,
    /,
    name: str | None,
    theirs: Path | None,
    keys: tuple[str, ...],
    prices: tuple[str, ...],
    currency: str | None,
    accept: Path | None,
    since: Path | None,
    impact: tuple[str, ...],
    engine: str,
    rows: str | None,
    **said: Any,
) -> None:
    """Hold our list against another one: a provider's, a competitor's, or what we pay.

    NAME is a comparison that pricebook.yaml declares. Without one THEIRS is read by --key and --price, or like the
    table that our card names (its next release, say). Says what they price and we do not and the other way round, what
    is dearer and cheaper, and with --cost which prices leave too little. The store is not asked.

    Exit code 0 when nothing differs that is not pinned, 2 when something does, 1 when that cannot be found out.
    """
    if impact and not (said["cost"] or name):
        raise click.UsageError("--impact tells margins, which are above a cost: say --cost")
    told = {field: value for field, value in said.items() if value not in (None, False, ())}
    told |= {"tell": told.pop("told")} if "told" in told else {}
    if keys or prices:
        told["columns"] = _columns(keys, prices)
    if currency is not None:
        told["defaults"] = {"currency": currency}
    request = CompareRequest(name, theirs, told, accept, since)
    loaded = load(invocation.project, invocation.environment[0])
    found = compare(invocation.project, loaded, request, invocation.as_of)
    made = margins(found) if found.spec.cost else None
    if made is not None and impact:
        with usage_engine(invocation, engine) as (counter, tell):
            over_usage(found, made, loaded.catalog, impact, counter, tell)
    card = loaded.catalog.cards[found.ref.name]
    choice = RowChoice.parse(rows)
    namespace = invocation.project.settings.namespace
    view = comparison_view(namespace, found, made, units_of(loaded.catalog), card.fiat_credit_type, choice)
    invocation.answer(view)
    if view.differs:
        raise click.exceptions.Exit(CHANGES)


def _columns(keys: Iterable[str], prices: Iterable[str]) -> dict[str, object]:
    """The columns as `rates_from` says them."""
    named = {key: column or key for key, _, column in (text.partition("=") for text in keys)}
    columns: dict[str, object] = {key: named.pop(key) for key in _RATE_FIELDS if key in named}
    columns["pricing_group_values"] = named
    columns["price"] = dict(map(_price, prices))
    return columns


def _price(text: str) -> tuple[str, str]:
    product, equals, column = text.rpartition("=")
    return (product, column) if equals else ("", text)
