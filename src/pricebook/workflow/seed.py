"""Seeding: an empty account is made to say what a project says, as anybody would: planned, and applied."""

from pricebook.apply.ports import AccountStore, Clock, Journal
from pricebook.apply.runner import run
from pricebook.problem import quote, reject
from pricebook.project.project import Project
from pricebook.workflow.plan import plan


def seed(project: Project, environment: str, store: AccountStore, journal: Journal, *, owner: str, clock: Clock) -> int:
    """Apply all that an environment of the project says; how many changes that took. Raises Rejected when the account
    does not take it, StoreError when it cannot be used."""
    made = plan(project, environment, store, clock())
    receipt = run(made, store, journal, owner=owner, clock=clock, tell=lambda event: None)
    if not receipt.complete:
        failed = next((result.detail for result in receipt.results if result.detail), "")
        raise reject("seed", f"the account does not take {quote(str(project.root))}: {failed}")
    return len(made.steps)
