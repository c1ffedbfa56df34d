"""Who an alias stands for, when: read from a snapshot, whose cards and package versions say which aliases they got.

It is what the store decides by when a contract is made (`account.alias`), as far as a snapshot can tell: a package's
aliases are those of its create call, and the moment of that call is when they were given.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pricebook.catalog.instant import bound_text
from pricebook.catalog.model import Alias
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot


class Holding(NamedTuple):
    """An alias and the card or package version that it stands for, between two instants; None is without bound."""

    alias: str
    ref: Ref
    starting_at: str | None
    ending_before: str | None

    def covers(self, instant: str) -> bool:
        """Whether it stands for it at an instant."""
        return (self.starting_at or "") <= instant and (self.ending_before is None or instant < self.ending_before)


def holdings(snapshot: Snapshot) -> Iterator[Holding]:
    """Every alias of the snapshot with whom it stands for, when: rate cards first, by alias and in time."""
    given: dict[tuple[Kind, str], list[tuple[Ref, Alias, str]]] = {}
    for name, card in sorted(snapshot.catalog.cards.items()):
        for alias in card.aliases:
            given.setdefault((Kind.RATE_CARD, alias.name), []).append((Ref(Kind.RATE_CARD, name), alias, ""))
    found = sorted(snapshot.objects.items(), key=lambda item: item[0])
    packages = [(ref, each.noun, bound_text(each.made) or "") for ref, each in found if isinstance(each.noun, Package)]
    for ref, package, made in sorted(packages, key=lambda item: (item[2], item[0].version or 0)):
        hour = f"{made[:13]}:00:00Z" if made else ""
        for alias in package.aliases:
            given.setdefault((Kind.PACKAGE, alias.name), []).append((ref, alias, hour))
    for _, gifts in sorted(given.items()):
        yield from _in_time(gifts)


def _in_time(gifts: list[tuple[Ref, Alias, str]]) -> Iterator[Holding]:
    """Who holds one alias when; `gifts` are in the order in which it was given, each with the hour, empty if unknown.

    The last assignment wins, from its start or else from the hour in which it was made; what the alias meant before
    stays as it was. One without a start stands for the past too, as far as nobody else did.
    """
    for index, (ref, alias, made) in enumerate(gifts):
        start, end = bound_text(alias.starting_at), bound_text(alias.ending_before)
        ends = [end] if end else []
        for other, more, at in gifts[index + 1 :]:
            takes, until = bound_text(more.starting_at) or at, bound_text(more.ending_before)
            meet = (end is None or end > takes) and (until is None or until > max(takes, start or ""))
            if other != ref and takes and meet:
                ends.append(takes)
        if start is None and (before := [gift for gift in gifts[:index] if gift[0] != ref]):
            start = made or max((bound_text(gift[1].ending_before) or "" for gift in before), default="") or None
        until = min(ends, default=None)
        if start is None or until is None or start < until:
            yield Holding(alias.name, ref, start, until)
