"""Folding changes over a snapshot: what the store will hold afterwards, if it keeps the vendor's rules.

A plan is rehearsed before anybody sees it: folded over what was observed, then planned again. The answer must be empty;
anything else is our bug, and is caught here.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES, RateBook, book_digest
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.timeline import overlay, read_schedule, schedule_text
from pricebook.observe.mark import alias_digest
from pricebook.observe.renames import under
from pricebook.observe.snapshot import ABSENT, Marks, Snapshot, without
from pricebook.plan.change import (
    AddRates,
    Adopt,
    Archive,
    Change,
    Create,
    RateChange,
    Release,
    Repoint,
    Revise,
    Supersede,
)


def after(rate: RateChange) -> str:
    """The schedule's text once the segments were laid over the observed one."""
    if rate.observed is None:
        return schedule_text(overlay((), read_schedule(rate.segments))) if "],[" in rate.segments else rate.segments
    return schedule_text(overlay(read_schedule(rate.observed), read_schedule(rate.segments)))


def share_of(change: AddRates) -> int:
    """What the timelines that the change leads to add to the digest of a card (`catalog.rate_book`). Worked out once:
    it is asked for when the change is planned and when it is written."""
    if not change.remembered:
        change.remembered.append(book_digest([(rate.key, after(rate)) for rate in change.rates]))
    return change.remembered[0]


def rehearse(snapshot: Snapshot, changes: Iterable[Change], namespace: str = "") -> Snapshot:
    """The snapshot as it will be after the changes. `namespace` is whose marks it has, for whoever wants to know of
    what is let go that it was."""
    objects = dict(snapshot.objects)
    released: set[Ref] = set()
    added: dict[Ref, dict[str, str]] = {}
    for change in changes:
        ref, held = change.ref, objects.get(change.ref, ABSENT)
        match change:
            case Create() | Revise() | Supersede():
                made = held.made or snapshot.observed_at if ref.kind is Kind.PACKAGE else None
                noun, marks = _keeping(held.noun, change.noun), held.marks._replace(content=change.digest)
                objects[ref] = replace(held, noun=noun, id=held.id or str(ref), marks=marks, made=made)
            case AddRates():
                added.setdefault(ref, {}).update((rate.key, after(rate)) for rate in change.rates)
                if change.mark:
                    objects[ref] = replace(held, marks=held.marks._replace(rates=change.mark))
            case Repoint():
                assert held.noun is not None
                after_rates = {"aliases": change.aliases, "product_order": change.product_order}
                marks = held.marks._replace(aliases=alias_digest(change.aliases, change.product_order))
                objects[ref] = replace(held, noun=held.noun.model_copy(update=after_rates), marks=marks)
            case Adopt():
                given = {"content": change.digest, "rates": change.rates, "aliases": change.aliases}
                marks = held.marks._replace(**{name: mark for name, mark in given.items() if mark})
                objects[ref] = replace(held, id=change.id, unmarked=False, marks=marks)
            case Release():
                released.add(ref)
            case Archive() if ref.kind is Kind.PACKAGE:
                objects[ref] = replace(held, archived=True)
            case Archive():
                marks = Marks(held.marks.content) if ref.kind is Kind.RATE_CARD else held.marks
                objects[ref] = replace(held, archived=True, noun=None, rates=NO_RATES, marks=marks)
            case _:
                assert_never(change)
    for ref, entries in added.items():
        held = objects.get(ref, ABSENT)
        if not held.archived:
            # All of a card's steps at once: its rates are many, and each book is made of the whole of them.
            objects[ref] = replace(
                held, rates=RateBook(dict(held.rates.items()) | entries if len(held.rates) else entries)
            )
    after_all = replace(snapshot, objects=objects)
    return _without(after_all, released, namespace) if released else after_all


def _without(snapshot: Snapshot, released: set[Ref], namespace: str) -> Snapshot:
    """The snapshot without what was let go. What refers to it names it by its id, as somebody else's."""
    names = {(ref.kind, ref.name): snapshot.of(ref).id for ref in released}
    return under(Renaming(names), without(snapshot, released, namespace))


def _keeping(observed: Noun | None, desired: Noun) -> Noun:
    """A revised card keeps the aliases and the order that it has."""
    if isinstance(observed, RateCard):
        return desired.model_copy(update={"aliases": observed.aliases, "product_order": observed.product_order})
    return desired
