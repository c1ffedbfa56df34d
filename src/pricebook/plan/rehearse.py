"""Folding changes over a snapshot: what the store will hold afterwards, if it keeps the vendor's rules.

A plan is rehearsed before anybody sees it: folded over what was observed, then planned again. The answer must be empty;
anything else is our bug, and is caught here.
"""

from collections.abc import Iterable
from dataclasses import replace

from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Ref
from pricebook.catalog.renaming import Renaming
from pricebook.observe.renames import renamed, under
from pricebook.observe.snapshot import Snapshot, without
from pricebook.plan.step import Plan
from pricebook.plan.verb.verb import Fold, Verb


def rehearse(snapshot: Snapshot, changes: Iterable[Verb], namespace: str = "") -> Snapshot:
    """The snapshot as it will be after the changes. `namespace` is whose marks it has, for whoever wants to know of
    what is let go that it was."""
    world = Fold(snapshot.observed_at, dict(snapshot.objects))
    for change in changes:
        change.fold(world)
    for ref, entries in world.added.items():
        held = world.of(ref)
        if not held.archived:
            # All of a card's steps at once: its rates are many, and each book is made of the whole of them.
            book = RateBook(dict(held.rates.items()) | entries if len(held.rates) else entries)
            world.objects[ref] = replace(held, rates=book)
    foreign = tuple(each._replace(archived=each.archived or each.id in world.seconds) for each in snapshot.foreign)
    after_all = replace(snapshot, objects=world.objects, foreign=foreign if world.seconds else snapshot.foreign)
    return _without(after_all, world.released, namespace) if world.released else after_all


def applied_to(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The snapshot as it will be once the plan has been applied to it."""
    return rehearse(renamed(snapshot, plan.moved), (step.change for step in plan.steps), plan.namespace)


def _without(snapshot: Snapshot, released: set[Ref], namespace: str) -> Snapshot:
    """The snapshot without what was let go. What refers to it names it by its id, as somebody else's."""
    names = {(ref.kind, ref.name): snapshot.of(ref).id for ref in released}
    return under(Renaming(names), without(snapshot, released, namespace))
