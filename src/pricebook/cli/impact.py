"""`plan --impact`: what a plan does to the bills of the customers who are there."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation
from pricebook.plan.step import Plan

if TYPE_CHECKING:
    from pricebook.manifest.policy import Policy
    from pricebook.render.impact import ImpactView


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; without `files`, nothing."""

    files: Sequence[Path]
    starting_at: datetime | None
    assume_migrated: bool
    engine: str


def assessed(invocation: Invocation, plan: Plan, policy: "Policy", wish: Wish) -> "tuple[Plan, ImpactView | None]":
    """The plan with what exceeds the policy's limits among its findings, and the view of its impact; None when it was
    not asked for. Raises Rejected, StoreError."""
    if not wish.files:
        return plan, None
    from pricebook.render.impact import impact_view
    from pricebook.workflow.impact import assess_impact, exceeded

    project, environment = invocation.project, invocation.environment[1]
    engine = wiring.open_engine(wish.engine)
    tell = _tell if invocation.text else lambda _: None
    start = wish.starting_at.replace(tzinfo=UTC) if wish.starting_at is not None else None
    try:
        found = assess_impact(
            plan,
            wiring.open_store(project, environment),
            wish.files,
            engine,
            starting_at=start,
            assume_migrated=wish.assume_migrated,
            tell=tell,
        )
    finally:
        tell("")
        engine.close()
    findings = (*plan.findings, *exceeded(found.impact, policy, project))
    return replace(plan, findings=findings), impact_view(plan, found, policy.impact.max_customer_increase)


def _tell(words: str) -> None:
    """A line on a terminal, which the next one replaces, or a line of a log. No words: that is all."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{words}", err=True, nl=False)
    elif words:
        click.echo(words, err=True)
