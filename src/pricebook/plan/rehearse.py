"""Folding changes over a snapshot: what the store will hold afterwards, if it keeps the vendor's rules.

A plan is rehearsed before anybody sees it: folded over what was observed, then planned again. The answer must be empty;
anything else is our bug, and is caught here.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import RateBook, Rates, book_digest
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.timeline import overlay, read_schedule, schedule_text
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
from pricebook.plan.mark import alias_digest
from pricebook.plan.snapshot import Snapshot, without


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
    nouns: dict[Ref, Noun] = dict(snapshot.catalog.nouns)
    rates: dict[str, Rates] = dict(snapshot.catalog.rates)
    ids, marks, archived = dict(snapshot.ids), dict(snapshot.marks), set(snapshot.archived)
    rate_marks, alias_marks = dict(snapshot.rate_marks), dict(snapshot.alias_marks)
    made, unmarked = dict(snapshot.made), set(snapshot.unmarked)
    released: set[Ref] = set()
    added: dict[str, dict[str, str]] = {}
    for change in changes:
        match change:
            case Create() | Revise() | Supersede():
                ref = change.ref
                nouns[ref] = _keeping(nouns.get(ref), change.noun)
                ids.setdefault(ref, str(ref))
                marks[ref] = change.digest
                if ref.kind is Kind.PACKAGE:
                    made.setdefault(ref, snapshot.observed_at)
            case AddRates():
                added.setdefault(change.card, {}).update((rate.key, after(rate)) for rate in change.rates)
                if change.mark:
                    rate_marks[change.ref] = change.mark
            case Repoint():
                card = nouns[change.ref]
                nouns[change.ref] = card.model_copy(
                    update={"aliases": change.aliases, "product_order": change.product_order}
                )
                alias_marks[change.ref] = alias_digest(change.aliases, change.product_order)
            case Adopt():
                unmarked.discard(change.ref)
                ids[change.ref] = change.id
                given = ((marks, change.digest), (rate_marks, change.rates), (alias_marks, change.aliases))
                for held, mark in given:
                    if mark:
                        held[change.ref] = mark
            case Release():
                released.add(change.ref)
            case Archive():
                archived.add(change.ref)
                if change.ref.kind is not Kind.PACKAGE:
                    nouns.pop(change.ref, None)
                if change.ref.kind is Kind.RATE_CARD:
                    rates.pop(change.ref.name, None)
                    rate_marks.pop(change.ref, None)
                    alias_marks.pop(change.ref, None)
            case _:
                assert_never(change)
    for card_name, entries in added.items():
        before = rates.get(card_name)
        rates[card_name] = RateBook(dict(before.items()) | entries if before is not None and len(before) else entries)
    after_all = replace(
        snapshot,
        catalog=Catalog(nouns, rates),
        ids=ids,
        marks=marks,
        rate_marks=rate_marks,
        alias_marks=alias_marks,
        archived=frozenset(archived),
        made=made,
        unmarked=frozenset(unmarked),
    )
    return _without(after_all, released, namespace) if released else after_all


def _without(snapshot: Snapshot, released: set[Ref], namespace: str) -> Snapshot:
    """The snapshot without what was let go. What refers to it names it by its id, as somebody else's."""
    left = without(snapshot, released, namespace)
    names = {(ref.kind, ref.name): snapshot.ids[ref] for ref in released}
    return replace(left, catalog=Renaming(names).catalog(left.catalog))


def _keeping(observed: Noun | None, desired: Noun) -> Noun:
    """A revised card keeps the aliases and the order that it has."""
    if isinstance(observed, RateCard):
        return desired.model_copy(update={"aliases": observed.aliases, "product_order": observed.product_order})
    return desired
