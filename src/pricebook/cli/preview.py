"""`pricebook preview`."""

from datetime import datetime
from pathlib import Path

import click

from pricebook.cli.invocation import Invocation
from pricebook.cli.session import errors
from pricebook.problem import reject


@click.command()
@click.argument("package")
@click.option(
    "--starting-at", metavar="INSTANT", help="When the contract starts; otherwise on the first of this month."
)
@click.option(
    "--months", type=click.IntRange(1, 1200), metavar="N", help="Bill so many months (3 when nothing is said)."
)
@click.option("--until", metavar="INSTANT", help="Bill until then instead.")
@click.option(
    "--usage",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What is used: .csv, .jsonl or .yaml.",
)
@click.option("--customer", default="", metavar="NAME", help="Only this customer's bill.")
@click.option(
    "--billing-anchor", metavar="INSTANT", help="The contract's billing anchor, for statements on a CUSTOM_DATE."
)
@click.option("--renew", is_flag=True, help="When the contract ends, another one follows; what rolls over comes along.")
@click.option("--from-store", is_flag=True, help="Bill by what the environment's store holds, not by the manifests.")
@click.pass_context
def command(
    ctx: click.Context,
    package: str,
    starting_at: str | None,
    months: int | None,
    until: str | None,
    usage: Path | None,
    customer: str,
    billing_anchor: str | None,
    renew: bool,
    from_store: bool,
) -> None:
    """Show what a contract on PACKAGE is billed, line by line, and why.

    PACKAGE is a package's name (with --from-store also NAME@VERSION) or an alias of one. Every invoice that is issued
    in the time is shown whole, one that is issued on its last day included. Without --usage only fees and scheduled
    charges are billed. docs/bills.md says by which rules, and what is not modelled.
    """
    invocation = Invocation.of(ctx)
    with errors(invocation):
        from pricebook.catalog.calendar import first_of_month, later
        from pricebook.catalog.instant import next_hour
        from pricebook.workflow.preview import Asked, preview

        invocation.answers_in("text", "json")
        start = _instant(starting_at, "--starting-at") or first_of_month(next_hour(invocation.as_of))
        end = _instant(until, "--until")
        if end is not None and months is not None:
            raise reject("conflict", "--until stands beside --months", hint="keep one of them")
        if end is not None and end < start:
            raise reject("empty-period", "--until lies before the contract's start", hint="end later, or start earlier")
        asked = Asked(
            package,
            start,
            end or later(start, months or 3, "MONTHS"),
            usage,
            customer,
            _instant(billing_anchor, "--billing-anchor"),
            renew,
        )
        if from_store:
            catalog = invocation.store().snapshot(invocation.project.settings.namespace, invocation.as_of).catalog
        else:
            from pricebook.manifest.load import load

            catalog = load(invocation.project, invocation.environment[0]).catalog
        found = preview(asked, catalog)
        if invocation.json:
            from pricebook.render.bill_json import bills_json

            invocation.print(
                [bills_json(found[0].package if found else package, ((p.customer, p.terms, p.bill) for p in found))]
            )
            return
        from pricebook.render.bill_text import draw_bill
        from pricebook.render.bill_view import bill_view

        for number, one in enumerate(found):
            title = " · ".join(filter(None, (f"package {one.package}", one.customer and f"customer {one.customer}")))
            view = bill_view(title, one.terms, one.bill, catalog, one.card)
            invocation.print([*([""] if number else []), *draw_bill(view, invocation.width, invocation.colour)])


def _instant(text: str | None, option: str) -> datetime | None:
    """The instant of an option. Raises Rejected."""
    from pricebook.catalog.instant import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise reject("instant", f"{option}: {error}", hint="write 2025-10-01 or 2025-10-01T09:00:00Z") from None
