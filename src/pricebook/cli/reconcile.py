"""`pricebook reconcile`."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import click

from pricebook import wiring
from pricebook.apply.ports import InvoiceStore
from pricebook.catalog.calendar import later
from pricebook.catalog.money import percent
from pricebook.cli.invocation import CHANGES, Invocation, invoked
from pricebook.cli.options import FILE, report_option
from pricebook.problem import quote, reject
from pricebook.view.reconciled import reconciled_view
from pricebook.workflow.present import present_store
from pricebook.workflow.reconcile import Usage, counted_in, invoices_in, quantities_in, reconcile


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="The month: usage of it, and what was charged in it.")
@click.option("--invoices", type=FILE, metavar="FILE", help="The vendor's invoices, as its API shows them, in a file.")
@click.option("--usage", type=FILE, metavar="FILE", help="What was used, in quantities; otherwise the vendor's own.")
@click.option("--events", type=FILE, multiple=True, metavar="FILE", help="Usage as events, to be counted; repeatable.")
@click.option("--min-explained", default="99%", show_default=True, metavar="SHARE", help="The least that is accepted.")
@report_option
@invoked("reconciled")
def command(
    invocation: Invocation,
    month: str,
    invoices: Path | None,
    usage: Path | None,
    events: tuple[Path, ...],
    min_explained: str,
) -> None:
    """Compare our bill of each contract with the vendor's finalized invoices of a month, line by line.

    A line is equal, explained (rounding, tax, an older balance, an edit of the contract), or not explained. The exit
    code is 2 where less of the money is explained than --min-explained says. Reads only.
    """
    start, bound = _month(month), _share(min_explained)
    if usage is not None and events:
        raise reject("conflict", "--usage stands beside --events", hint="keep one of them")
    project, environment = invocation.project, invocation.environment[0]
    opened = invocation.store()
    store = present_store(opened, project, environment)
    namespace = project.settings.namespace
    snapshot = store.snapshot(namespace, invocation.as_of)
    contracts = list(store.cohort(namespace, start, ended=True))
    if invoices is not None:
        items = invoices_in(invoices, str(invoices))
    elif isinstance(opened, InvoiceStore):
        end = later(start, 1, "MONTHS")
        running = (one for one in contracts if one.archived_at is None and one.starting_at < end and one.end > start)
        items = opened.invoices(sorted({one.customer for one in running}), start)
    else:
        hint = "give them in a file, as the vendor's API shows them: --invoices FILE"
        raise reject("no-invoices", "the store of this environment has no invoices", hint=hint)
    billed = store.as_billed(contracts, opened, namespace, invocation.as_of)
    used: Usage | None = None
    if usage is not None:
        given = quantities_in(usage, str(usage), snapshot.catalog)
        used = lambda _: given  # noqa: E731 - whatever the statements are
    elif events:
        used = counted_in(partial(wiring.open_engine, "duckdb"), events, snapshot.catalog)
    found = reconcile(snapshot, billed, items, start, used)
    view = reconciled_view(found, bound, snapshot.catalog.scales)
    invocation.answer(view)
    if not view.accepted:
        raise click.exceptions.Exit(CHANGES)


def _month(text: str) -> datetime:
    """The first instant of a month. Raises Rejected."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}", text):
            raise ValueError
        return datetime.fromisoformat(f"{text}-01").replace(tzinfo=UTC)
    except ValueError:
        raise reject("instant", f"--month {quote(text)} is no month", hint="write 2026-10") from None


def _share(text: str) -> Decimal:
    """A percentage of a whole. Raises Rejected."""
    share = percent(text)
    if share is None or not 0 <= share <= 1:
        raise reject("percent", f"--min-explained {quote(text)} is no percentage of a whole", hint="write 99%")
    return share
