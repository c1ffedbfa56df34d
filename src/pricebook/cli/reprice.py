"""`pricebook reprice`."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from pricebook.catalog.money import percent, read_number
from pricebook.cli.invocation import Invocation, hour_of, invoked
from pricebook.cli.options import FILE, card_option, edits_option, yes_option
from pricebook.format.page import sheet
from pricebook.manifest.load import load
from pricebook.problem import reject
from pricebook.view.manifests import repricing_view
from pricebook.workflow.notice import NoticeRow, noticed
from pricebook.workflow.reprice import RepriceRequest, Repricing, Scaling, reprice, write


@click.command()
@click.option("--increase", metavar="PERCENT", help="Raise prices by this share: 5%.")
@click.option("--decrease", metavar="PERCENT", help="Lower prices by this share: 5%.")
@click.option("--from", "day", required=True, metavar="INSTANT", help="From when the new prices hold: 2027-01-01.")
@click.option("--where", metavar="CEL", help="Only prices of which this is true: 'tag == \"compute\"'.")
@click.option("--currency", metavar="CODE", help="Only prices in this currency.")
@card_option
@click.option(
    "--overrides", is_flag=True, help="Also prices in overrides of packages: new versions, which hold once applied."
)
@click.option("--round", "step", metavar="STEP", help="Round to a multiple of this, in the major unit: 0.01.")
@click.option(
    "--notice",
    type=FILE,
    metavar="FILE",
    help="Also list the contracts that pay these prices, to tell their customers: CSV. Reads the store.",
)
@edits_option
@yes_option
@invoked("repricing")
def command(
    invocation: Invocation,
    increase: str | None,
    decrease: str | None,
    day: str,
    where: str | None,
    currency: str | None,
    card: str | None,
    overrides: bool,
    step: str | None,
    notice: Path | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write other prices into the manifests, from a day on, for review. The store is not touched.

    The prices that hold until then stay where they are, and so do comments, order and quotes: a rate gets a further
    entry in its schedule, a table a further row, or a table beside it. Prices that begin later change as well,
    and so do commit rates, tiers and minimums. Percentages are left alone, and so are prices in overrides of packages,
    which are named: they have no date, and hold for new contracts once a new version is applied; --overrides changes
    them too.

    --notice lists whose contracts pay a price that is written anew: customer, contract, package, price, from what to
    what, from when. Prices in overrides stay as they are for contracts that are there.

    --where chooses by card, product, frequency, groups, tag, tags, rate_type, price, unit.
    """
    at = hour_of(day, "--from")
    scaling = Scaling(_factor(increase, decrease), _step(step))
    made = reprice(
        invocation.project, RepriceRequest(scaling, at, where, currency.upper() if currency else None, card, overrides)
    )
    told = _noticed(invocation, made, at, notice) if notice is not None else None
    answered(invocation, made, dry_run=dry_run, yes=yes, told=told)


def answered(
    invocation: Invocation, made: Repricing, *, dry_run: bool, yes: bool, told: tuple[int, int, str] | None = None
) -> None:
    """Show the prices and who is `told`, ask, and write them. Raises Rejected."""
    invocation.answer(repricing_view(made, dry_run=dry_run, told=told))
    if dry_run or not made.files:
        return
    if not yes:
        invocation.confirm(f"Write {len(made.files)} files?", "say --yes, or look at the edits with --dry-run")
    write(invocation.project, made)
    invocation.say([*sorted(f"wrote {one.file}" for one in made.files), "", "Next: pricebook plan"])


def _noticed(invocation: Invocation, made: Repricing, day: datetime, file: Path) -> tuple[int, int, str]:
    """Write whom to tell: how many contracts of how many customers, and what the store cannot list."""
    store, project = invocation.store(), invocation.project
    namespace, as_of = project.settings.namespace, invocation.as_of
    adopted = load(project, invocation.environment[0]).adopted(invocation.environment[0])
    snapshot = store.snapshot(namespace, as_of, adopted)
    rows = list(noticed(made, snapshot, store.billed(namespace, as_of, shared=False), day))
    file.write_text("\n".join(sheet((NoticeRow._fields, *rows))) + "\n", encoding="utf-8", newline="\n")
    return len({row.contract for row in rows}), len({row.customer for row in rows}), store.unlisted


def _factor(increase: str | None, decrease: str | None) -> Decimal:
    if (increase is None) == (decrease is None):
        raise reject("conflict", "say one of --increase and --decrease", hint="--increase 5%")
    share = percent((increase or decrease or "").strip())
    if share is None or not share or (decrease is not None and share >= 1):
        raise reject("percent", f"{increase or decrease!r} is not a percentage", hint="write it with its sign: 5%")
    return 1 + share if increase is not None else 1 - share


def _step(text: str | None) -> Decimal | None:
    if text is None:
        return None
    step = read_number(text)
    if step is None or step <= 0:
        raise reject("amount", f"--round {text!r} is not a number above 0", hint="0.01 is a cent")
    return step
