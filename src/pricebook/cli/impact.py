"""`plan --impact`: what a plan does to the bills of the customers who are there."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation
from pricebook.format.customer_bills import NOTICE, cells, listing
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Lives
from pricebook.plan.step import Plan
from pricebook.preview.impact import CustomerRow
from pricebook.preview.terms import Window
from pricebook.project.policy import Policy
from pricebook.usage.assessment import Assessment
from pricebook.usage.engine import Engine, Target
from pricebook.usage.source import is_address
from pricebook.view.impact import CUSTOMER_BILL, PLACES, ImpactView
from pricebook.view.impact_table import impact_view, limits_of
from pricebook.view.impact_verdict import customer_bill
from pricebook.workflow.impact import assess_impact, assess_migration, exceeded, policy_place


@dataclass(frozen=True, slots=True)
class ImpactRequest:
    """What was asked for; without `files`, nothing."""

    files: Sequence[str]
    starting_at: datetime | None
    assume_migrated: bool
    engine: str
    output: str | None = None
    """Where all customers are listed, before and after: a file, or an address that the engine writes to."""
    notice: Path | None = None
    """Where those are listed who pay more."""

    @property
    def start(self) -> datetime | None:
        """The first month, in UTC."""
        return self.starting_at.replace(tzinfo=UTC) if self.starting_at is not None else None


def assessed(invocation: Invocation, plan: Plan, policy: Policy, request: ImpactRequest) -> tuple[Plan, ImpactView]:
    """The plan with what exceeds the policy's limits among its findings, and the view of its impact. Raises Rejected,
    StoreError."""
    project, environment = invocation.project, invocation.environment[1]
    address = request.output if request.output is not None and is_address(request.output) else None
    table = Target(address, CUSTOMER_BILL, PLACES) if address is not None else None
    with _listings(plan, request) as keep, usage_engine(invocation, request.engine) as (engine, tell):
        found = assess_impact(
            plan,
            wiring.open_store(project, environment),
            request.files,
            engine,
            starting_at=request.start,
            assume_migrated=request.assume_migrated,
            limits=limits_of(limit := policy.impact.max_customer_increase),
            keep=keep,
            shown=partial(cells, plan.units) if table is not None else None,
            target=table,
            tell=tell,
        )
    findings = (*plan.findings, *exceeded(found, policy.impact, *policy_place(project)))
    return replace(plan, findings=findings), impact_view(plan.units, found, limit)


def assessed_migration(
    invocation: Invocation, plan: Plan, snapshot: Snapshot, lives: Lives, request: ImpactRequest, limit: Decimal | None
) -> Assessment:
    """What a migration does to bills; `limit` is that of one customer's increase. Raises Rejected, StoreError."""
    with usage_engine(invocation, request.engine) as (engine, tell):
        asked = plan, snapshot, lives, request.files, engine
        return assess_migration(*asked, starting_at=request.start, limits=limits_of(limit), tell=tell)


@contextmanager
def _listings(plan: Plan, request: ImpactRequest) -> Iterator[Callable[[CustomerRow, Window], None] | None]:
    """What customers are told to, where they are to be listed. Raises Rejected."""
    output = Path(request.output) if request.output is not None and not is_address(request.output) else None
    if output is None and request.notice is None:
        yield None
        return
    with ExitStack() as files:
        every = files.enter_context(listing(output)) if output is not None else None
        risen = files.enter_context(listing(request.notice, NOTICE)) if request.notice is not None else None

        def keep(row: CustomerRow, window: Window) -> None:
            shown = customer_bill(plan.units, row, window)
            if every is not None:
                every(shown)
            if risen is not None and shown["change"] > 0:
                risen(shown)

        yield keep


@contextmanager
def usage_engine(invocation: Invocation, name: str) -> Iterator[tuple[Engine, Callable[[str], None]]]:
    """The engine of that name, and a function to tell how far it is."""
    engine = wiring.open_engine(name)
    tell = _tell if invocation.text else lambda _: None
    try:
        yield engine, tell
    finally:
        tell("")
        engine.close()


def _tell(words: str) -> None:
    """A line on a terminal, which the next one replaces, or a line of a log. No words: that is all."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{words}", err=True, nl=False)
    elif words:
        click.echo(words, err=True)
