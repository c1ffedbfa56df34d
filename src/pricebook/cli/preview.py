"""`pricebook preview`."""

from datetime import datetime
from pathlib import Path

import click

from pricebook import wiring
from pricebook.catalog.calendar import first_of_month, later
from pricebook.catalog.instant import next_hour
from pricebook.cli.complete import complete_objects
from pricebook.cli.invocation import Invocation, hour_of, invoked
from pricebook.cli.options import FILE, engine_option, report_option
from pricebook.manifest.load import load
from pricebook.problem import reject
from pricebook.view.bill import BillsView
from pricebook.view.billing import customer_bill_view, events_view, lost_words
from pricebook.workflow.present import with_history
from pricebook.workflow.preview import PreviewRequest, preview
from pricebook.workflow.site import observed


@click.command()
@click.argument("package", shell_complete=complete_objects("package"))
@click.option(
    "--starting-at", metavar="INSTANT", help="When the contract starts; otherwise on the first of this month."
)
@click.option(
    "--months", type=click.IntRange(1, 1200), metavar="N", help="Bill so many months (3 when nothing is said)."
)
@click.option("--until", metavar="INSTANT", help="Bill until then instead.")
@click.option("--usage", type=FILE, metavar="FILE", help="What is used, in quantities: .csv, .jsonl or .yaml.")
@click.option(
    "--events",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="What is used, as events that the metrics count: JSONL, CSV or Parquet; repeatable.",
)
@engine_option
@click.option("--customer", default="", metavar="NAME", help="Only this customer's bill.")
@click.option(
    "--billing-anchor", metavar="INSTANT", help="The contract's billing anchor, for statements on a CUSTOM_DATE."
)
@click.option("--renew", is_flag=True, help="When the contract ends, another one follows; what rolls over comes along.")
@click.option("--from-store", is_flag=True, help="Bill by what the environment's store holds, not by the manifests.")
@report_option
@invoked("bills")
def command(
    invocation: Invocation,
    package: str,
    starting_at: str | None,
    months: int | None,
    until: str | None,
    usage: Path | None,
    events: tuple[Path, ...],
    engine: str,
    customer: str,
    billing_anchor: str | None,
    renew: bool,
    from_store: bool,
) -> None:
    """Show what a contract on PACKAGE is billed, line by line, and why.

    PACKAGE is a package's name (with --from-store also NAME@VERSION) or an alias of one. Every invoice that is issued
    in the time is shown whole, one that is issued on its last day included. Without --usage or --events only fees and
    scheduled charges are billed. Prices are those of the manifests, and before they begin there those of the store; it
    is said where that cannot be read. docs/bills.md says by which rules, and what is not modelled.
    """
    start = _instant(starting_at, "--starting-at") or first_of_month(next_hour(invocation.as_of))
    end = _instant(until, "--until")
    if end is not None and months is not None:
        raise reject("conflict", "--until stands beside --months", hint="keep one of them")
    if end is not None and end < start:
        raise reject("empty-period", "--until lies before the contract's start", hint="end later, or start earlier")
    asked = PreviewRequest(
        package=package,
        starting_at=start,
        until=end or later(start, months or 3, "MONTHS"),
        usage=usage,
        events=events,
        customer=customer,
        billing_anchor=_instant(billing_anchor, "--billing-anchor"),
        renew=renew,
    )
    if from_store:
        name = invocation.environment[0]
        catalog = observed(invocation.project, name, invocation.store(), invocation.as_of).catalog
        source = f"by the prices of {invocation.target}"
    else:
        loaded = load(invocation.project, invocation.environment[0])
        loaded, source = with_history(
            loaded, invocation.project, invocation.environment[0], invocation.store, invocation.as_of, start
        )
        catalog = loaded.catalog
    counter = wiring.open_engine(engine) if events else None
    try:
        answer = preview(asked, catalog, counter)
    finally:
        if counter is not None:
            counter.close()
    metered = answer.metered
    view = BillsView(
        answer.package,
        tuple(
            customer_bill_view(one.package, one.customer, one.terms, one.bill, catalog, one.card)
            for one in answer.bills
        ),
        events_view(metered.census) if metered is not None else None,
        source or None,
        tuple(lost_words(metered.census, metered.uncounted)) if metered is not None else (),
    )
    invocation.answer(view)


def _instant(text: str | None, option: str) -> datetime | None:
    """The instant of an option, None when it is not given. Raises Rejected."""
    return hour_of(text, option) if text is not None else None
