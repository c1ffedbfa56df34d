"""What commands that use a store can meet, in one place: each becomes one clear answer and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

from pricebook.apply.ports import LeaseHeld, LeaseLost, StalePlan, StoreError
from pricebook.cli.invocation import STALE, Invocation, refusals
from pricebook.problem import Problem


@contextmanager
def errors(invocation: Invocation) -> Iterator[None]:
    """`refusals`, and what a store, its lock and its plan can say."""
    with refusals(invocation):
        try:
            yield
        except StoreError as error:
            invocation.fail([Problem("store", error.message, hint=error.hint)])
        except LeaseHeld as held:
            message = f"{held.owner} is applying to this environment since {held.since:%Y-%m-%d %H:%M:%S} UTC"
            hint = f"wait for it; when it has died, its lease ends at {held.expires_at:%H:%M:%S} UTC and apply goes on"
            invocation.fail([Problem("locked", message, hint=hint)])
        except LeaseLost as lost:
            hint = "somebody else applies now; look at `pricebook plan` when they are done"
            invocation.fail([Problem("lease-lost", f"the lock was taken over: {lost}", hint=hint)])
        except StalePlan as stale:
            hint = "nothing was written; plan again and review what is different"
            problems = [
                Problem("stale-plan", f"{step.change.ref} changed since the plan was made ({step.id})", hint=hint)
                for step in stale.steps
            ]
            invocation.fail(problems, STALE)
