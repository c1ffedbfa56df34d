"""Apply: do what a plan says, and nothing else."""

from collections.abc import Callable
from pathlib import Path

from pricebook.apply.events import Event
from pricebook.apply.ports import Clock, Journal, Store
from pricebook.apply.runner import Receipt, run
from pricebook.manifest.text import read_text
from pricebook.plan.document import read
from pricebook.plan.step import Plan
from pricebook.problem import Problem, Rejected

MAX_PLAN = 1 << 30
"""Bytes of a plan file."""


def read_plan(path: Path) -> Plan:
    """The plan of a file. Raises Rejected."""
    return read(read_text(path, str(path), limit=MAX_PLAN), str(path))


def check_target(plan: Plan, namespace: str, environment: str) -> None:
    """A plan is applied where it was made for. Raises Rejected."""
    if (plan.namespace, plan.environment) != (namespace, environment):
        message = f"the plan is for {plan.namespace}/{plan.environment}, not for {namespace}/{environment}"
        raise Rejected([Problem("wrong-target", message, hint=f"say --env {plan.environment}, or plan again")])


def apply(
    plan: Plan, store: Store, journal: Journal, *, owner: str, clock: Clock, tell: Callable[[Event], None]
) -> Receipt:
    """Run the plan; see `apply.runner.run` for what it raises."""
    return run(plan, store, journal, owner=owner, clock=clock, tell=tell)
