"""Renames: objects of ours that manifests call by another name now, and that are not made anew.

An object's name stands in its mark, and the names of what it refers to in the digest of its mark, in the uniqueness key
of a package and in the mark of a card's rates. So a snapshot is read under the present names, and a mark that an
earlier name explains is taken for the one that it would be today. Keys of packages can never be written again: their
entries are the memory of what they were called.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.observe.mark import RateMark, alias_digest, order_digest, sums_of
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import (
    LiveContracts,
    Marks,
    Observed,
    OwnContracts,
    Snapshot,
    Uncounted,
    digest_of,
)

Moves = Sequence[tuple[Ref, Ref]]
"""From which name to which, without versions, in the order in which they happened. Never of pricing units: those stand
by name inside every price, so a manifest cannot say that one was renamed (`project.project.Move`)."""


def pending(snapshot: Snapshot, moves: Moves) -> tuple[tuple[Ref, Ref], ...]:
    """The moves that an object of the snapshot still has before it, each from the name that it has to its last one.
    Packages never get there: their keys keep the name that they were made under."""
    there = versions_of(snapshot)
    lasts = dict(moves)
    found = []
    for name, following in moves:
        last = following
        while last in lasts:
            last = lasts[last]
        if name in there and not there[name] & there.get(last, set()):
            found.append((name, last))
    return tuple(found)


def versions_of(snapshot: Snapshot) -> dict[Ref, set[int | None]]:
    """The versions that there are under each name; of what has no versions there is one, without a number."""
    found: dict[Ref, set[int | None]] = {}
    for ref in snapshot.ids:
        found.setdefault(ref.unversioned, set()).add(ref.version)
    return found


def under(renaming: Renaming, snapshot: Snapshot) -> Snapshot:
    """The snapshot under other names: its objects, and whatever they name."""
    objects = {renaming.ref(ref): _under(renaming, each) for ref, each in snapshot.objects.items()}
    return replace(snapshot, objects=objects)


def _under(renaming: Renaming, observed: Observed) -> Observed:
    return replace(
        observed,
        noun=renaming.noun(observed.noun) if observed.noun is not None else None,
        rates=renaming.rates(observed.rates),
        live=Uncounted(partial(_live_under, renaming, observed.live)),
    )


def _live_under(renaming: Renaming, live: LiveContracts | Uncounted) -> LiveContracts:
    found = live.counted
    return replace(
        found,
        by_package={renaming.ref(package): count for package, count in found.by_package.items()},
        own=tuple(
            OwnContracts(
                renaming.ref(on) if on is not None else None, renaming.noun(terms) if terms is not None else None, count
            )
            for on, terms, count in found.own
        ),
    )


def renamed(snapshot: Snapshot, moves: Moves) -> Snapshot:
    """The snapshot under the present names. What bears the mark of an earlier one, and can be marked anew, is
    `unmarked`."""
    moving = pending(snapshot, moves)
    if not moving:
        return snapshot
    named = {new for _, new in moving if not new.kind.versioned}
    found = under(Renaming({(old.kind, old.name): new.name for old, new in moving}), snapshot)
    objects = {
        ref: replace(each, unmarked=True) if ref in named and not each.archived else each
        for ref, each in found.objects.items()
    }
    return replace(found, objects=objects)


def present(snapshot: Snapshot, moves: Moves, desired: Catalog) -> Snapshot:
    """The snapshot as the desired catalogue lets it be read (`observe.normalise`), under the present names."""
    if not moves and not _released(snapshot).names:
        return normalise(snapshot, desired.nouns)
    # What a store does not show is known by marks, so they come first; and by what is shown, so again afterwards.
    first = rewrite_marks(renamed(snapshot, moves), moves, desired)
    return rewrite_marks(normalise(first, desired.nouns), moves, desired)


def rewrite_marks(snapshot: Snapshot, moves: Moves, desired: Catalog) -> Snapshot:
    """The snapshot with the marks as they would be under the present names, where earlier names explain them."""
    earlier = [*_earlier(moves), *([released] if (released := _released(snapshot)).names else [])]
    if not earlier:
        return snapshot
    return replace(
        snapshot,
        objects={
            ref: replace(each, marks=_marks(ref, each, desired, earlier)) for ref, each in snapshot.objects.items()
        },
    )


def _marks(ref: Ref, observed: Observed, desired: Catalog, earlier: Sequence[Renaming]) -> Marks:
    marks, wanted = observed.marks, desired.nouns.get(ref.unversioned)
    for noun in (observed.noun, wanted) if marks.content is not None else ():
        if noun is not None and any(digest_of(names.noun(noun)) == observed.marks.content for names in earlier):
            marks = marks._replace(content=digest_of(noun))
    if marks.rates is not None:
        rates = desired.rates.get(ref.name, NO_RATES)
        marks = marks._replace(rates=_rate_mark(marks.rates, observed.rates, rates, earlier))
    for card in (wanted, observed.noun):
        if isinstance(card, RateCard):
            for names in earlier:
                order = tuple(names.name(Kind.PRODUCT, product) for product in card.product_order)
                if marks.order == order_digest(order):
                    marks = marks._replace(order=order_digest(card.product_order))
                if marks.aliases == alias_digest(card.aliases, order):
                    marks = marks._replace(aliases=alias_digest(card.aliases, card.product_order))
    return marks


def under_released_names(snapshot: Snapshot, released: Collection[Ref], namespace: str) -> Snapshot:
    """The snapshot in which what was let go still goes by its name, where others refer to it: in the rates of a card
    that stays, above all."""
    renaming = _released(snapshot, {f"{namespace}/{ref}" for ref in released})
    return under(renaming, snapshot) if renaming.names else snapshot


def _released(snapshot: Snapshot, marks: Collection[str] | None = None) -> Renaming:
    """What objects were called that were let go: those that bore these marks, or all of them."""
    former = {(each.kind, each.id): each.released_mark for each in snapshot.foreign if each.released_mark}
    chosen = {key: mark for key, mark in former.items() if marks is None or mark in marks}
    return Renaming({key: mark.rpartition(":")[2] for key, mark in chosen.items()})


def _earlier(moves: Moves) -> Iterator[Renaming]:
    """What objects were called before the last moves: all of them, all but the first, and so on."""
    for first in range(len(moves)):
        names: dict[tuple[Kind, str], str] = {}
        for old, new in reversed(moves[first:]):
            names = {key: old.name if name == new.name and key[0] is old.kind else name for key, name in names.items()}
            names.setdefault((new.kind, new.name), old.name)
        yield Renaming(names)


def _rate_mark(text: str, observed: Rates, desired: Rates, earlier: Sequence[Renaming]) -> str:
    """The mark of a card's rates under the present names of products; as it is when no earlier name explains it."""
    mark = RateMark.read(text)
    if mark is None or mark.speaks_for(observed):
        return text
    for names in earlier:
        before = names.rates(observed)
        if mark.speaks_for(before):
            wanted = desired.digest if mark.wanted == names.rates(desired).digest else ""
            wanted = wanted or (observed.digest if mark.wanted == before.digest else "")
            return RateMark(wanted, sums_of(observed.items())).text
    return text
