"""The one comparison of two schedules: when a price is another one, from what to what, and which way it goes.

A move is a stretch of time in which desired terms replace observed ones. Everybody who asks what changes about a price
reads moves: hazards, rules, and whatever is drawn. Nothing else compares two prices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from pricebook.catalog.terms import STILL, Shift, Terms, shift
from pricebook.catalog.timeline import Segment, Timeline, cut, gaps, read_schedule

Fate = Literal["new", "ended", "up", "down", "both", "other", "cancelled"]
"""What becomes of a price. `both`: dearer at one time or for one quantity and cheaper for another; `other`: neither;
`cancelled`: customers go on to pay what they pay, and only what was planned is taken back."""
_WAYS: dict[tuple[bool, bool], Fate] = {
    (True, False): "up",
    (False, True): "down",
    (True, True): "both",
    (False, False): "other",
}


@dataclass(frozen=True, slots=True)
class Move:
    """From `starting_at` until `ending_before` (None: without end) `desired` replaces what customers pay.

    `observed` is what they pay until then, None where that is nothing. `planned` is what was to hold in that time
    (None: no rate), which is another one where a change was to come that nobody has paid yet. A price of $5.00 that
    was to be $6.00 next year and becomes $7.00 then moves from $5.00, and $6.00 was planned.
    """

    starting_at: str
    ending_before: str | None
    observed: Terms | None
    planned: Terms | None
    desired: Terms
    shift: Shift = field(compare=False)
    """Where prices go for customers."""

    @classmethod
    def of(
        cls,
        starting_at: str,
        ending_before: str | None,
        observed: Terms | None,
        planned: Terms | None,
        desired: Terms,
    ) -> "Move":
        """The move, with where prices go."""
        way = shift(observed, desired) if observed is not None else STILL
        return cls(starting_at, ending_before, observed, planned, desired, way)

    @property
    def is_new(self) -> bool:
        """Whether there was no rate."""
        return self.observed is None

    @property
    def is_lost(self) -> bool:
        """Whether what could be used no longer can."""
        return self.observed is not None and self.observed.entitled and not self.desired.entitled

    @property
    def is_charged_now(self) -> bool:
        """Whether something that was free, however much of it, no longer is."""
        return self.shift.up and self.observed is not None and not any(self.observed.prices)

    @property
    def cancels(self) -> bool:
        """Whether what was only planned is taken back, so that what holds until then goes on."""
        return self.observed == self.desired


@lru_cache(maxsize=20_000)
def schedule_moves(observed: str | None, segments: str, now: str | None) -> tuple[Move, ...]:
    """`moves_of` for schedule texts (None: there was no rate), found once for each pair: price lists repeat."""
    return moves_of(read_schedule(observed) if observed else (), read_schedule(segments), now)


def moves_of(observed: Timeline, added: Timeline, now: str | None) -> tuple[Move, ...]:
    """What segments laid over the observed timeline do, in order of time.

    What begins before `now` was paid as it was observed. From then on customers come from what they pay just before the
    first of the moves that follow each other, unless that is nothing: the steps of a rise are each told from where it
    begins. Without a `now` both timelines are held against each other as they are.
    """
    stretches = [
        (start, end, was, segment.terms)
        for segment in added
        for start, end, was in cut(observed, segment.starting_at, segment.ending_before)
        if was != segment.terms
    ]
    stretches.sort(key=itemgetter(0))
    found: list[Move] = []
    since = ""
    for start, end, was, terms in stretches:
        since = since if found and found[-1].ending_before == start else start
        paid = _just_before(observed, max(since, now)) if now is not None and start >= now else None
        found.append(Move.of(start, end, was if paid is None else paid, was, terms))
    return tuple(found)


def fate(observed: str | None, moves: tuple[Move, ...]) -> Fate:
    """What becomes of the price whose schedule was observed (None: there was none)."""
    if observed is None:
        return "new"
    if moves and all(move.cancels for move in moves):
        return "cancelled"
    shifts = [move.shift for move in moves]
    found = _WAYS[any(one.up for one in shifts), any(one.down for one in shifts)]
    lost = (move.is_lost for move in moves if not move.cancels)
    return "ended" if found == "other" and moves and all(lost) else found


def _just_before(timeline: Timeline, instant: str) -> Terms | None:
    """The terms that hold until the instant, or on beyond it; None where there is no rate."""
    return next((terms for start, end, terms in timeline if start < instant <= (end or instant)), None)


def missing_segments(desired: Timeline, observed: Timeline, as_of: str) -> Iterator[Segment]:
    """The shortest list of segments that, laid over `observed`, gives `desired`.

    What lies before `as_of` is history. A manifest that says nothing about it, or says the same, leaves it alone;
    saying otherwise rewrites it. Nor does a manifest say anything about the time before its first segment, past or
    still to come: a table whose `starting_at` moved on changes only the prices that differ. Rates are never deleted:
    where the manifest has no rate any more and the store has one, the store's rate is added again, not entitled, and
    "no rate" and "not entitled" count as the same end. Each desired segment that differs somewhere is added once, from
    its first difference to its last.
    """
    for segment in desired:
        spans = [
            (start, end)
            for start, end, terms in cut(observed, segment.starting_at, segment.ending_before)
            if terms != segment.terms
        ]
        if spans:
            yield Segment(spans[0][0], spans[-1][1], segment.terms)
    for start, end in gaps(desired, max(as_of, desired[0].starting_at) if desired else as_of):
        for begin, stop, terms in cut(observed, start, end):
            if terms is not None and (ended := terms.ended) != terms:
                yield Segment(begin, stop, ended)
