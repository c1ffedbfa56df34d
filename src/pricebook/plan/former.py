"""Moves: objects of ours that manifests call by another name now, and that are not made anew.

An object's name stands in its mark, and the names of what it refers to in the digest of its mark, in the uniqueness key
of a package and in the mark of a card's rates. So a snapshot is read under the present names, and a mark that an
earlier name explains is taken for the one that it would be today. Keys of packages can never be written again: their
entries are the memory of what they were called.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.traverse import rewritten
from pricebook.plan.diff import NO_RATES
from pricebook.plan.mark import RateMark, alias_digest, order_digest, sums_of
from pricebook.plan.meaning import as_meant
from pricebook.plan.snapshot import Snapshot, digest_of

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
        found.setdefault(Ref(ref.kind, ref.name), set()).add(ref.version)
    return found


def renamed(snapshot: Snapshot, moves: Moves) -> Snapshot:
    """The snapshot under the present names. What bears the mark of an earlier one, and can be marked anew, stands in
    `unmarked`."""
    moving = pending(snapshot, moves)
    if not moving:
        return snapshot
    renaming = Renaming({(old.kind, old.name): new.name for old, new in moving})
    ref = renaming.ref

    def under(values: Any) -> dict[Ref, Any]:
        return {ref(each): value for each, value in values.items()}

    named = {new for _, new in moving if new.kind is not Kind.PACKAGE}
    archived = frozenset(map(ref, snapshot.archived))
    return replace(
        snapshot,
        catalog=renaming.catalog(snapshot.catalog) if _renames_rates(moving) else _nouns(renaming, snapshot.catalog),
        ids=under(snapshot.ids),
        marks=under(snapshot.marks),
        rate_marks=under(snapshot.rate_marks),
        alias_marks=under(snapshot.alias_marks),
        order_marks=under(snapshot.order_marks),
        underway=under(snapshot.underway),
        contracts=under(snapshot.contracts),
        standing={(ref(card), ref(package)): count for (card, package), count in snapshot.standing.items()},
        made=under(snapshot.made),
        archived=archived,
        unmarked=frozenset(map(ref, snapshot.unmarked)) | (named - archived),
    )


def _renames_rates(moves: Moves) -> bool:
    return any(old.kind in (Kind.PRODUCT, Kind.RATE_CARD) for old, _ in moves)


def _nouns(renaming: Renaming, catalog: Catalog) -> Catalog:
    """The catalogue, whose rates name nothing that is renamed and need not be read."""
    return Catalog(renaming.catalog(Catalog(catalog.nouns)).nouns, catalog.rates)


def present(snapshot: Snapshot, moves: Moves, desired: Catalog) -> Snapshot:
    """The snapshot as the desired catalogue lets it be read (`plan.meaning`), under the present names."""
    if not moves and not _released(snapshot).names:
        return as_meant(snapshot, desired.nouns)
    # What a store does not show is known by marks, so they are told first; and by what is shown, so again afterwards.
    told = retold(renamed(snapshot, moves), moves, desired)
    return retold(as_meant(told, desired.nouns), moves, desired)


def retold(snapshot: Snapshot, moves: Moves, desired: Catalog) -> Snapshot:
    """The snapshot with the marks as they would be under the present names, where earlier names explain them."""
    earlier = [*_earlier(moves), *([released] if (released := _released(snapshot)).names else [])]
    if not earlier:
        return snapshot
    marks, rate_marks = dict(snapshot.marks), dict(snapshot.rate_marks)
    alias_marks, order_marks = dict(snapshot.alias_marks), dict(snapshot.order_marks)
    for ref, mark in snapshot.marks.items():
        nouns = [snapshot.catalog.nouns.get(ref), desired.nouns.get(Ref(ref.kind, ref.name))]
        for noun in nouns:
            if noun is not None and any(digest_of(_named(noun, names)) == mark for names in earlier):
                marks[ref] = digest_of(noun)
    for ref, mark in snapshot.rate_marks.items():
        observed = snapshot.catalog.rates.get(ref.name, NO_RATES)
        rate_marks[ref] = _rate_mark(mark, observed, desired.rates.get(ref.name, NO_RATES), earlier)
    for cards in (desired.cards, snapshot.catalog.cards):
        for name, card in cards.items():
            ref = Ref(Kind.RATE_CARD, name)
            for names in earlier:
                order = _order(card, names)
                if order_marks.get(ref) == order_digest(order):
                    order_marks[ref] = order_digest(card.product_order)
                if alias_marks.get(ref) == alias_digest(card.aliases, order):
                    alias_marks[ref] = alias_digest(card.aliases, card.product_order)
    return replace(snapshot, marks=marks, rate_marks=rate_marks, alias_marks=alias_marks, order_marks=order_marks)


def as_held(snapshot: Snapshot, released: Collection[Ref], namespace: str) -> Snapshot:
    """The snapshot in which what was let go still goes by its name, where others refer to it: in the rates of a card
    that stays, above all."""
    marks = {f"{namespace}/{ref}" for ref in released}
    renaming = _released(snapshot, marks)
    return replace(snapshot, catalog=renaming.catalog(snapshot.catalog)) if renaming.names else snapshot


def _released(snapshot: Snapshot, marks: Collection[str] | None = None) -> Renaming:
    """What objects were called that were let go: those that bore these marks, or all of them."""
    former = {(each.kind, each.id): each.former for each in snapshot.foreign if each.former}
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


def _named(noun: Noun, names: Renaming) -> Noun:
    found = rewritten(noun, names.name)
    assert isinstance(found, Noun)
    return found


def _order(card: RateCard, names: Renaming) -> tuple[str, ...]:
    return tuple(names.name(Kind.PRODUCT, product) for product in card.product_order)


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
