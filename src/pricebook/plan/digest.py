"""The digest of what a plan means: who approved it, approved this and nothing else.

It covers where the plan goes, every change with what it leads to and what it was seen to start from, and its hazards.
It says nothing of what does not change the meaning: the machine, the order and layout of files, where a manifest
stands, what other objects there are, what rules found, the minute in which the plan was made. A price that left the
manifests ends when the plan is applied, whenever that is; a date that has passed since makes a plan RETROACTIVE, and so
another one.
"""

from typing import Any

from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.rate_book import digest_text
from pricebook.plan.step import Plan
from pricebook.plan.verb.add_rates import AddRates

_MEANING = 1
"""Counts up when the same plan comes to mean something else to a newer pricebook."""


def plan_digest(plan: Plan) -> str:
    """24 hexadecimal digits; the same for every plan that means the same. Worked out once for a plan: one that is
    applied is asked for it when it is shown, approved and written to the journal."""
    if not plan.remembered:
        plan.remembered.append(_digest(plan))
    return plan.remembered[0]


def _digest(plan: Plan) -> str:
    now = instant_text(next_hour(plan.as_of))
    rates: dict[str, int] = {}
    steps: list[tuple[Any, ...]] = []
    for step in plan.steps:
        if isinstance(step.change, AddRates):
            # Card by card, so that it says nothing in how many batches the prices come.
            rates[step.change.card] = rates.get(step.change.card, 0) + step.change.meaning_share(now)
        else:
            steps.append((str(step.change.ref), *step.change.meaning(), step.expects, step.hazards))
    cards = {card: digest_text(total) for card, total in rates.items()}
    meaning: tuple[Any, ...] = (_MEANING, plan.namespace, plan.environment, sorted(map(encode, steps)), cards)
    if (moving := plan.migration) is not None:
        # The guard lets contracts move, so what it came to is approved with them.
        meaning = (*meaning, moving.name, str(moving.target), moving.direction, moving.verdict)
    # A package is what its manifest's id says; a new version of it follows that one.
    named = {step.change.ref.unversioned for step in plan.steps if step.change.ref.kind.versioned}
    adopted = {ref.name: id_ for ref, id_ in plan.adopted.items() if ref in named}
    moved = [[old.name, new.name] for old, new in plan.moved if new in named]
    return digest(encode((*meaning, adopted, moved) if adopted or moved else meaning))
