"""What a store has no way to do, of what a plan would do: told before anything is applied, all of it at once."""

from collections.abc import Iterator, Mapping

from pricebook.apply.ports import Store
from pricebook.catalog.reference import Ref
from pricebook.plan.step import Plan
from pricebook.problem import Problem, Rejected
from pricebook.span import Span


def check_limits(plan: Plan, store: Store, places: Mapping[Ref, Span] | None = None) -> None:
    """Raises Rejected when the store cannot do something that the plan wants. Asks the store nothing."""
    problems = list(_problems(plan, store, places or {}))
    if problems:
        raise Rejected(problems)


def _problems(plan: Plan, store: Store, places: Mapping[Ref, Span]) -> Iterator[Problem]:
    for step in plan.steps:
        ref = step.change.ref
        at = places.get(Ref(ref.kind, ref.name))
        for violation in store.cannot(plan.namespace, step.change):
            yield Problem(violation.code, violation.message, at, violation.hint, subject=str(ref))
