"""Where a step stands against what the store holds now: still to do, done already, or overtaken by somebody else.

This is how apply resumes after a crash, with the journal or without it: it looks, and never sends twice what is there.
Plans are stale only where their own objects changed; what happened to others does not matter.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import RateMark, alias_digest
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot, digest_of
from pricebook.plan.change import AddRates, Adopt, Archive, Create, RateChange, Release, Repoint, Revise, Supersede
from pricebook.plan.diff import holders_of
from pricebook.plan.handover import fits, is_given
from pricebook.plan.rehearse import after
from pricebook.plan.step import Step


class Standing(StrEnum):
    """What to make of a step now."""

    READY = "ready"
    DONE = "done"
    STALE = "stale"


def standings(steps: Iterable[Step], snapshot: Snapshot) -> list[Standing]:
    """Where each step stands."""
    steps = list(steps)
    snapshot = normalise(snapshot, _meant(steps, snapshot))
    schedules = _schedules(steps, snapshot)
    return [_standing(step, snapshot, schedules) for step in steps]


def _standing(step: Step, snapshot: Snapshot, schedules: dict[str, dict[str, str] | None]) -> Standing:
    change = step.change
    match change:
        case Create() | Supersede() if change.ref.kind is Kind.PACKAGE:
            if snapshot.of(change.ref).marks.content == change.digest:
                return Standing.DONE
            previous = change.previous if isinstance(change, Supersede) else None
            return Standing.READY if snapshot.latest(change.ref.name) == previous else Standing.STALE
        case Create() | Revise() | Supersede():
            observed = snapshot.catalog.nouns.get(change.ref)
            if change.ref in snapshot.archived:
                return Standing.STALE
            present = digest_of(observed) if observed is not None else None
            if present == change.digest:
                marked = snapshot.of(change.ref).marks.content == change.digest or _unmarked(change.ref, snapshot)
                return Standing.DONE if marked else Standing.READY
            ours = snapshot.of(change.ref).marks.underway == change.digest
            return Standing.READY if ours or present == step.expects else Standing.STALE
        case AddRates():
            standing = _of_rates(change.rates, schedules.get(change.card, {}))
            # The rates may be in and the mark not yet; a mark that is neither was put there by a later apply.
            unmarked = change.mark != change.marked == (snapshot.of(change.ref).marks.rates or "")
            return Standing.READY if standing is Standing.DONE and change.mark and unmarked else standing
        case Repoint():
            card = snapshot.catalog.nouns.get(change.ref)
            if not isinstance(card, RateCard):
                return Standing.READY if not change.observed else Standing.STALE
            if is_given(change, card.aliases) and card.product_order == change.product_order:
                marked = snapshot.of(change.ref).marks.aliases == alias_digest(change.aliases, change.product_order)
                return Standing.DONE if marked else Standing.READY
            holders = holders_of(change.given, change.ref, snapshot.catalog)
            seen = fits(change, card.aliases, card.product_order, holders)
            return Standing.READY if seen else Standing.STALE
        case Adopt():
            return _of_adoption(change, step.expects, snapshot)
        case Release():
            return Standing.READY if change.ref in snapshot.ids else Standing.DONE
        case Archive():
            # A vendor may list an archived object no more.
            unlisted = snapshot.partial and change.ref not in snapshot.ids
            return Standing.DONE if change.ref in snapshot.archived or unlisted else Standing.READY
        case _:
            assert_never(change)


def _of_adoption(change: Adopt, expects: str | None, snapshot: Snapshot) -> Standing:
    """Done when the object bears the mark; stale when it is not there, or was adopted as something that it is not."""
    observed = snapshot.catalog.nouns.get(change.ref)
    if observed is None or change.ref in snapshot.archived or snapshot.ids.get(change.ref) != change.id:
        return Standing.STALE
    if change.ref not in snapshot.unmarked:
        return Standing.DONE
    if change.was is not None:
        return Standing.READY  # whatever it says, it has another name now
    rates, mark = snapshot.catalog.rates.get(change.ref.name, NO_RATES), RateMark.read(change.rates)
    moved = change.ref.kind is Kind.RATE_CARD and (mark is None or not mark.speaks_for(rates))
    return Standing.STALE if moved or digest_of(observed) != expects else Standing.READY


def _unmarked(ref: Ref, snapshot: Snapshot) -> bool:
    """Whether the store has nowhere to put a mark on such an object: a pricing unit is known by its name."""
    return snapshot.partial and ref.kind is Kind.PRICING_UNIT


def _meant(steps: list[Step], snapshot: Snapshot) -> dict[Ref, Noun]:
    """The nouns as the steps mean them to be."""
    meant: dict[Ref, Noun] = {}
    for step in steps:
        change = step.change
        if isinstance(change, Create | Revise | Supersede | Adopt):
            meant[change.ref] = change.noun
    for step in steps:
        change = step.change
        if isinstance(change, Repoint):
            card = meant.get(change.ref) or snapshot.catalog.nouns.get(change.ref)
            if isinstance(card, RateCard):
                meant[change.ref] = card.model_copy(update={"product_order": change.product_order})
    return meant


def _of_rates(rates: Iterable[RateChange], held: dict[str, str] | None) -> Standing:
    """Ready when any price is still to be changed and the others are as they were, or done already. `held` is None for
    a card that holds what the last of its steps leads to."""
    if held is None:
        return Standing.DONE
    if not held:
        return Standing.STALE if any([rate.observed for rate in rates]) else Standing.READY  # noqa: C419 - faster
    standing = Standing.DONE
    for rate in rates:
        schedule = held.get(rate.key)
        if schedule == rate.observed:
            standing = Standing.READY
        elif schedule != after(rate):
            return Standing.STALE
    return standing


def _schedules(steps: list[Step], snapshot: Snapshot) -> dict[str, dict[str, str] | None]:
    """Card -> the schedules that it holds now of the prices that the steps change; None for a card whose rates, all of
    them, are those that its last step's mark speaks of. No other card is read, and those once."""
    changes: dict[str, list[AddRates]] = {}
    for step in steps:
        if isinstance(step.change, AddRates):
            changes.setdefault(step.change.card, []).append(step.change)
    found: dict[str, dict[str, str] | None] = {}
    for card, adding in changes.items():
        rates = snapshot.catalog.rates.get(card, NO_RATES)
        if not len(rates):
            found[card] = {}
            continue
        mark = RateMark.read(adding[-1].mark)
        if adding[-1].mark and mark is not None and mark.speaks_for(rates):
            found[card] = None
            continue
        keys = {rate.key for change in adding for rate in change.rates}
        every = len(keys) >= len(rates)
        found[card] = dict(rates.items()) if every else {key: text for key, text in rates.items() if key in keys}
    return found
