"""Which hazards of a plan need a person's word before it is applied."""

from collections.abc import Iterable
from datetime import datetime

from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.timeline import read_schedule
from pricebook.plan.hazard import REFUSED, Hazard
from pricebook.plan.step import Plan
from pricebook.plan.verb.add_rates import AddRates
from pricebook.problem import Problem, Rejected, did_you_mean, quote
from pricebook.project.policy import Policy

ALL = "all"
"""Allows every hazard."""


def refused_hazards(plan: Plan, allowed: Iterable[str], policy: Policy, now: datetime) -> list[Hazard]:
    """The hazards of the plan that the policy refuses and nobody allowed, sorted.

    A plan that is applied late re-prices what was metered since the dates in it: that is RETROACTIVE too. Hazards that
    need an approval are findings, and no flag allows them. Raises Rejected for a word that is no hazard.
    """
    words = list(allowed)
    refused = REFUSED if policy.refuse is None else frozenset(map(_hazard, policy.refuse))
    granted = set(Hazard) if ALL in words else set(map(_hazard, words))
    late = {Hazard.RETROACTIVE} if overtaken(plan, now) else set()
    signed = frozenset(map(_hazard, policy.need_approval))
    return sorted(((set(plan.hazards) - signed | late) & refused) - granted)


def overtaken(plan: Plan, now: datetime) -> bool:
    """Whether a price that customers may have been billed by changes from a date that was to come when the plan was
    made, and has passed."""
    made, present = (instant_text(next_hour(at)) for at in (plan.as_of, now))
    return made < present and any(
        made <= segment.starting_at < present
        for step in plan.steps
        if isinstance(step.change, AddRates)
        for rate in step.change.rates
        if rate.observed is not None or step.reach
        for segment in read_schedule(rate.segments)
    )


def _hazard(word: str) -> Hazard:
    try:
        return Hazard(word.upper())
    except ValueError:
        hint = did_you_mean(word, Hazard) or f"hazards: {', '.join(Hazard)}"
        raise Rejected([Problem("unknown-hazard", f"{quote(word)} is no hazard", hint=hint)]) from None
