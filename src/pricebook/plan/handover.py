"""How an alias goes from one object to another: it is given before it is taken.

Then somebody stands behind it at every instant. An alias stands for one object at a time. Giving it to a second ends
it on the first from the moment when the second one's stretch starts, and for good: what the first had after the end of
that stretch is gone too. So

- who is to lose an alias comes after who is given it. Where both cannot be (two cards swap theirs), who comes first
  keeps what it is to lose (`Repoint.yields`) until it is taken;
- of what is given, what starts later is given first: then nothing is lost that somebody is still to be given.

One change of each object is not enough where an alias has a stretch of one object between two of another, and where
two objects give each other stretches of two aliases, both before later ones that are to stay.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref

if TYPE_CHECKING:  # a verb asks this module
    from pricebook.plan.verb.repoint import Repoint
    from pricebook.plan.verb.verb import Verb

Stretch = tuple[datetime, datetime]
"""From when until when."""
_ALWAYS, _FOREVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def holders_of(names: Collection[str], card: Ref, *catalogs: Catalog) -> tuple[str, ...]:
    """The other cards that have an alias of one of these names in any of the catalogues."""
    found = {
        other
        for catalog in catalogs
        for other, each in catalog.cards.items()
        if other != card.name and any(alias.name in names for alias in each.aliases)
    }
    return tuple(sorted(found))


def fits(change: "Repoint", present: Collection[Alias], order: tuple[str, ...], holders: Iterable[str]) -> bool:
    """Whether a card is as the change saw it, or as it makes it, so that making it undoes nobody's work. `present` and
    `order` are the aliases and the product order that it has now, `holders` the other cards that have an alias of one
    of the names that it is given.

    What it lost to another card is no surprise, as long as the change does not claim it; whatever else is different was
    done by somebody who did not know of the change, or of whom it does not know.
    """
    if order not in (change.observed_order, change.product_order):
        return False
    if set(present) == set(change.aliases):
        return True
    starts = {(alias.name, alias.starting_at) for alias in (*change.observed, *change.aliases)}
    if any((alias.name, alias.starting_at) not in starts for alias in present):
        return False
    for name in {alias.name for alias in (*present, *change.observed)}:
        now, was, wanted = (_stretches(found, name) for found in (present, change.observed, change.aliases))
        if _common(_minus(was, now), wanted) or _minus(_minus(now, was), wanted):
            return False
    return set(holders) <= set(change.held_by)


def is_given(change: "Repoint", present: Collection[Alias]) -> bool:
    """Whether a card has the aliases of the change, and besides them only what another one has not taken yet."""
    if set(present) == set(change.aliases):
        return True
    for name in {alias.name for alias in (*present, *change.aliases)}:
        now, wanted, waiting = (_stretches(found, name) for found in (present, change.aliases, change.yields))
        if _minus(wanted, now) or _minus(_minus(now, wanted), waiting):
            return False
    return True


def written(change: "Repoint", present: Collection[Alias], at: datetime) -> tuple[Alias, ...]:
    """The aliases to give a card now: those of the change, and what of the others nobody has taken yet."""
    kept = [
        _alias(name, start, end)
        for name in sorted({alias.name for alias in change.yields})
        for start, end in _common(_stretches(change.yields, name), _stretches(present, name))
        if end > at.replace(minute=0, second=0, microsecond=0)  # else it was taken in this hour, or is history
    ]
    return (*change.aliases, *kept)


def yielded(card: str, observed: RateCard | None, cards: Mapping[str, RateCard]) -> tuple[Alias, ...]:
    """The stretches of aliases that a card has and that one of the others of the desired `cards` is to have."""
    held, desired = observed.aliases if observed is not None else (), cards[card].aliases
    found = []
    for name in dict.fromkeys(alias.name for alias in held):
        lost = _minus(_stretches(held, name), _stretches(desired, name))
        for other, wanted in sorted(cards.items()):
            if other != card:
                found += [_alias(name, *stretch) for stretch in _common(lost, _stretches(wanted.aliases, name))]
    return tuple(found)


def precedence(changes: Mapping[str, "Verb"]) -> dict[str, tuple[str, ...]]:
    """By the id of its step, the steps that come before a change, so that no alias stands for nobody in between."""
    giving = _by_alias(changes, lambda change: change.gives)
    having = _by_alias(changes, lambda change: change.has if change.gives else ())
    needs: dict[str, set[str]] = {}

    def before(first: str, then: str) -> None:
        if not _reaches(needs, first, then):  # otherwise whoever comes first keeps what it yields
            needs.setdefault(then, set()).add(first)

    for one, first in changes.items():
        for other in _sharing(first.gives, first, giving):
            second = changes[other]
            between = _ends_before(second, first)  # of one that comes back its last stretch counts
            if one != other and _ends_before(first, second) and (not between or _last(second) > _last(first)):
                before(other, one)
    for loser, change in changes.items():
        for giver in _sharing(change.keeps, change, having):
            if giver != loser and _meet(change.keeps, changes[giver].has):
                before(giver, loser)
    return {id_: tuple(sorted(found)) for id_, found in needs.items()}


def _by_alias(
    changes: Mapping[str, "Verb"], aliases: Callable[["Verb"], Sequence[Alias]]
) -> Mapping[tuple[Kind, str], Mapping[str, int]]:
    """By kind and name of some of their aliases: the changes, each with its place among all."""
    found: defaultdict[tuple[Kind, str], dict[str, int]] = defaultdict(dict)
    for place, (id_, change) in enumerate(changes.items()):
        for alias in aliases(change):
            found[change.ref.kind, alias.name][id_] = place
    return found


def _sharing(aliases: Iterable[Alias], of: "Verb", found: Mapping[tuple[Kind, str], Mapping[str, int]]) -> list[str]:
    """The changes of one kind that are about one of the aliases, in their order."""
    places = {id_: place for alias in aliases for id_, place in found.get((of.ref.kind, alias.name), {}).items()}
    return sorted(places, key=places.__getitem__)


def _ends_before(one: "Verb", other: "Verb") -> bool:
    """Whether an alias that the one takes from somebody ends before, or when, the other's stretch of it starts."""
    return one.ref.kind is other.ref.kind and any(
        alias.ending_before is not None
        and any(
            later.name == alias.name and later.starting_at is not None and later.starting_at >= alias.ending_before
            for later in other.gives
        )
        and bool(_minus(_stretches([alias], alias.name), _stretches(one.had, alias.name)))
        for alias in one.gives
    )


def _last(change: "Verb") -> datetime:
    """When the last stretch starts that it gives."""
    return max((alias.starting_at or _ALWAYS for alias in change.gives), default=_ALWAYS)


def _reaches(needs: Mapping[str, set[str]], start: str, goal: str) -> bool:
    left, seen = [start], {start}
    while left:
        fresh = needs.get(left.pop(), set()) - seen
        seen |= fresh
        left += fresh
    return goal in seen


def _meet(some: Iterable[Alias], others: Collection[Alias]) -> bool:
    return any(_common(_stretches([alias], alias.name), _stretches(others, alias.name)) for alias in some)


def _alias(name: str, start: datetime, end: datetime) -> Alias:
    ends = end if end != _FOREVER else None
    return Alias(name=name, starting_at=start if start != _ALWAYS else None, ending_before=ends)


def _stretches(aliases: Iterable[Alias], name: str) -> list[Stretch]:
    return sorted((a.starting_at or _ALWAYS, a.ending_before or _FOREVER) for a in aliases if a.name == name)


def _minus(left: Iterable[Stretch], right: Iterable[Stretch]) -> list[Stretch]:
    left = list(left)
    for start, end in right:
        parts = [part for a, b in left for part in ((a, min(b, start)), (max(a, end), b))]
        left = [(a, b) for a, b in parts if a < b]
    return left


def _common(left: Iterable[Stretch], right: Collection[Stretch]) -> list[Stretch]:
    parts = [(max(a, c), min(b, d)) for a, b in left for c, d in right]
    return [(a, b) for a, b in parts if a < b]
