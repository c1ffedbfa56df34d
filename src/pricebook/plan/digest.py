"""The digest of what a plan means: who approved it, approved this and nothing else.

It covers where the plan goes, every change with what it leads to and what it was seen to start from, and its hazards.
It says nothing of what does not change the meaning: the machine, the order and layout of files, where a manifest
stands, what other objects there are, what rules found, the minute in which the plan was made. A price that left the
manifests ends when the plan is applied, whenever that is; a date that has passed since makes a plan RETROACTIVE, and so
another one.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, assert_never

from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.fingerprint import content_text, spec_of
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.rate_book import book_digest, digest_text
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import read_schedule, schedule_text
from pricebook.plan.change import AddRates, Adopt, Archive, Create, Release, Repoint, Revise, Supersede
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Plan, Step

_MEANING = 1
"""Counts up when the same plan comes to mean something else to a newer pricebook."""
_WHEN_APPLIED = "when applied"


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
            share = book_digest([(key, _rate_text(*meant, now)) for key, *meant in step.change.rates])
            rates[step.change.card] = rates.get(step.change.card, 0) + share
        else:
            steps.append((str(step.change.ref), *_meaning(step), step.expects, step.hazards))
    cards = {card: digest_text(total) for card, total in rates.items()}
    meaning = (_MEANING, plan.namespace, plan.environment, sorted(map(encode, steps)), cards)
    # A package is what its manifest's id says; a new version of it follows that one.
    named = {step.change.ref.name for step in plan.steps if step.change.ref.kind is Kind.PACKAGE}
    adopted = {ref.name: id_ for ref, id_ in plan.adopted.items() if ref.kind is Kind.PACKAGE and ref.name in named}
    moved = [[old.name, new.name] for old, new in plan.moved if old.kind is Kind.PACKAGE and new.name in named]
    return digest(encode((*meaning, adopted, moved) if adopted or moved else meaning))


def _meaning(step: Step) -> Iterator[Any]:
    change = step.change
    match change:
        case Create() | Revise():
            yield from (type(change).__name__, content_text(change.noun))
        case Supersede():
            yield from ("Supersede", content_text(change.noun), str(change.previous))
        case Repoint():
            yield from ("Repoint", sorted(encode(spec_of(alias)) for alias in change.aliases), change.product_order)
            yield sorted(encode(spec_of(alias)) for alias in change.observed)
        case Adopt():
            yield from ("Adopt", change.id, change.rates, str(change.was or ""))
        case Release():
            yield "Release"
        case Archive():
            yield "Archive"
        case AddRates():
            raise AssertionError("rates are taken card by card")
        case _:
            assert_never(change)


@lru_cache(maxsize=20_000)
def _rate_text(observed: str | None, segments: str, hazards: tuple[Hazard, ...], now: str) -> str:
    """What a change of a price means; remembered, because real prices repeat."""
    return encode((observed, _timeless(segments, now), hazards))


def _timeless(segments: str, now: str) -> str:
    """The segments' text, with a word for the present where something that could be used ends."""
    if now not in segments:
        return segments
    return schedule_text(
        segment._replace(starting_at=_WHEN_APPLIED)
        if segment.starting_at == now and not segment.terms.entitled
        else segment
        for segment in read_schedule(segments)
    )
