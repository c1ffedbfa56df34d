"""From the observed timeline of a price to the desired one: the shortest list of segments, and what it means.

What lies before `as_of` is history. A manifest that says nothing about it, or says the same, leaves it alone; saying
otherwise rewrites it (RETROACTIVE). Nor does a manifest say anything about the time before its first segment, past or
still to come: a table whose `starting_at` moved on changes only the prices that differ. Rates are never deleted: where
the manifest has no rate any more and the store has one, the store's rate is added again with `entitled: false`, and "no
rate" and "not entitled" count as the same end.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.timeline import Segment, Timeline, read_schedule, schedule_text
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard

MAGNITUDE = 10
"""A price that grows or shrinks by this factor or more is suspicious in its own right."""


def rate_change(key: str, desired: str | None, observed: str | None, as_of: str, live: bool) -> RateChange | None:
    """What makes the observed schedule text the desired one from `as_of` on, or None when nothing does.

    `live` says whether customers are billed by the card already: only then does filling an empty past re-price usage.
    """
    if observed is None and desired is not None and not live:
        return RateChange(key, None, desired)
    after = read_schedule(desired) if desired else ()
    before = read_schedule(observed) if observed else ()
    segments = tuple(missing_segments(after, before, as_of))
    if not segments:
        return None
    return RateChange(key, observed, schedule_text(segments), tuple(sorted(_hazards(before, segments, as_of, live))))


def missing_segments(desired: Timeline, observed: Timeline, as_of: str) -> Iterator[Segment]:
    """The shortest list of segments that, laid over `observed`, gives `desired`.

    The result is `desired` wherever it says something. Where it has no rate, from `as_of` and its first segment on, the
    result is not entitled. Each desired segment that differs somewhere is added once, from its first difference to its
    last.
    """
    for segment in desired:
        spans = [
            (start, end)
            for start, end, terms in _pieces(observed, segment.starting_at, segment.ending_before)
            if terms != segment.terms
        ]
        if spans:
            yield Segment(spans[0][0], spans[-1][1], segment.terms)
    for start, end in _gaps(desired, max(as_of, desired[0].starting_at) if desired else as_of):
        for piece_start, piece_end, terms in _pieces(observed, start, end):
            if terms is not None and (ended := _ended(terms)) != terms:
                yield Segment(piece_start, piece_end, ended)


def _pieces(timeline: Timeline, start: str, end: str | None) -> Iterator[tuple[str, str | None, str | None]]:
    """The timeline cut to [start, end): (start, end, terms or None where there is no rate), without holes."""
    at = start
    for segment in timeline:
        if segment.ending_before is not None and segment.ending_before <= at:
            continue
        if end is not None and segment.starting_at >= end:
            break
        if segment.starting_at > at:
            yield at, segment.starting_at, None
            at = segment.starting_at
        stop = segment.ending_before
        if end is not None and (stop is None or stop > end):
            stop = end
        yield at, stop, segment.terms
        if stop is None:
            return
        at = stop
    if end is None or at < end:
        yield at, end, None


def _gaps(timeline: Timeline, since: str) -> Iterator[tuple[str, str | None]]:
    """Where the timeline has no rate, from an instant on."""
    for start, end, terms in _pieces(timeline, since, None):
        if terms is None:
            yield start, end


@lru_cache(maxsize=10_000)
def _ended(terms: str) -> str:
    data = decode(terms)
    assert isinstance(data, dict)
    return encode({**data, "entitled": False})


def _hazards(observed: Timeline, segments: Timeline, as_of: str, live: bool) -> set[Hazard]:
    hazards: set[Hazard] = set()
    for segment in segments:
        for start, end, terms in _pieces(observed, segment.starting_at, segment.ending_before):
            if start < as_of and terms != segment.terms and (terms is not None or live):
                hazards.add(Hazard.RETROACTIVE)
            if terms is not None and (end is None or end > as_of):
                hazards |= compare_terms(terms, segment.terms)
    # A price that begins where none was before is compared with the last one that was.
    return hazards


@lru_cache(maxsize=10_000)
def compare_terms(observed: str, desired: str) -> frozenset[Hazard]:
    """What it means for a customer when these terms replace those."""
    if observed == desired:
        return frozenset()
    before: Any = decode(observed)
    after: Any = decode(desired)
    hazards: set[Hazard] = set()
    if before.get("entitled") and not after.get("entitled"):
        hazards.add(Hazard.ENTITLEMENT_LOST)
    comparable = all(before.get(name) == after.get(name) for name in ("rate_type", "credit_type"))
    for was, now in zip(prices_of(before), prices_of(after), strict=False) if comparable else ():
        hazards |= compare_prices(was, now)
    return frozenset(hazards)


def compare_prices(observed: Decimal, desired: Decimal) -> frozenset[Hazard]:
    """Up, down, and by how much."""
    if desired == observed:
        return frozenset()
    hazards = {Hazard.PRICE_UP if desired > observed else Hazard.PRICE_DOWN}
    low, high = sorted((abs(observed), abs(desired)))
    if low and high >= MAGNITUDE * low:
        hazards.add(Hazard.MAGNITUDE)
    return frozenset(hazards)


def prices_of(terms: dict[str, Any]) -> tuple[Decimal, ...]:
    """The prices of terms: one, one per tier, and the commit rate's."""
    own = [terms.get("price"), *(tier["price"] for tier in terms.get("tiers", ()))]
    commit = terms.get("commit_rate", {})
    own += [commit.get("price"), *(tier["price"] for tier in commit.get("tiers", ()))]
    return tuple(Decimal(price) for price in own if price is not None)
