"""A price is a timeline: a piecewise-constant function of time.

One timeline belongs to one key (product, billing frequency, pricing group values) on one rate card. It is a list of
segments `(starting_at, ending_before, terms)`: instants as RFC 3339 UTC text, which sorts as time does, `None` for "no
end"; terms are equal when their texts are (`catalog.terms`). A *normal* timeline is sorted, without overlaps, and
without two equal neighbours; where no segment covers an instant there is no rate.

A timeline's canonical text is its *schedule*: what tables, stores, plans and the wire keep. It is read when somebody
asks for segments, and not before: of two schedules with equal texts nobody does.

The vendor's rule [assumed]: a rate added over an existing one replaces it on the interval that it covers, and leaves
the rest as it was. That rule lives in `overlay` and nowhere else.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from pricebook.catalog.canonical import encode, quoted, scan
from pricebook.catalog.terms import Terms, read_terms


class Segment(NamedTuple):
    """What holds from `starting_at` (inclusive) until `ending_before` (exclusive; None: without end)."""

    starting_at: str
    ending_before: str | None
    terms: Terms

    def covers(self, instant: str) -> bool:
        """Whether the segment holds at the instant."""
        return self.starting_at <= instant and (self.ending_before is None or instant < self.ending_before)


Timeline = tuple[Segment, ...]


class RateKey(NamedTuple):
    """Which price on a card: product name, billing frequency or None, and sorted (key, value) pricing group values."""

    product: str
    billing_frequency: str | None
    pricing_group_values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        values = (f"{name}={value}" for name, value in self.pricing_group_values)
        return " · ".join((self.product, *filter(None, (self.billing_frequency,)), *values))


def key_text(key: RateKey) -> str:
    """The canonical text of a key: a JSON array `["pro-plan","MONTHLY",{}]`."""
    return encode((key.product, key.billing_frequency, dict(key.pricing_group_values)))


def read_key(text: str) -> RateKey:
    """The reverse of `key_text`."""
    product, frequency, values = json.loads(text)
    return RateKey(product, frequency, tuple(sorted(values.items())))


def heads_of(keys: Iterable[str]) -> list[str]:
    """How the texts of keys begin: what they say before their group values. Few heads stand before many keys."""
    found = []
    for key in keys:
        _, at = scan(key, 1)
        _, at = scan(key, at + 1)
        found.append(key[:at])
    return found


def head_text(product: str, frequency: str | None) -> str:
    """The head of the keys of a product and a billing frequency."""
    return f"[{quoted(product)},{quoted(frequency) if frequency else 'null'}"


def read_head(head: str) -> tuple[str, str | None]:
    """The reverse of `head_text`."""
    product, frequency = json.loads(head + "]")
    return product, frequency


def schedule_text(timeline: Iterable[Segment]) -> str:
    """The canonical text of a normal timeline: a JSON array of `[starting_at, ending_before, terms]`."""
    return f"[{','.join([segment_text(s, e, terms.text) for s, e, terms in timeline])}]"


def first_start(schedule: str) -> str:
    """When a schedule's text begins, without reading it."""
    start: str = scan(schedule, 2)[0]
    return start


def segment_count(schedule: str) -> int:
    """How many segments a schedule's text has, without reading it where it certainly is one."""
    return len(read_schedule(schedule)) if "}],[" in schedule else 1


def segment_text(starting_at: str, ending_before: str | None, terms: str) -> str:
    """The canonical text of one segment, by that of its terms."""
    return f"[{quoted(starting_at)},{quoted(ending_before) if ending_before else 'null'},{terms}]"


@lru_cache(maxsize=20_000)
def read_schedule(text: str) -> Timeline:
    """The reverse of `schedule_text`; remembered, because real prices repeat and every one is read several times."""
    found, at = [], 1
    while at < len(text) - 1:
        start, at = scan(text, at + 1)
        end, at = scan(text, at + 1)
        begin = at + 1
        fields, at = scan(text, begin)
        found.append(Segment(start, end, read_terms(text[begin:at], fields)))
        at += 2  # the end of the segment, and a comma or the end of all
    return tuple(found)


def units_of_schedule(text: str) -> frozenset[str]:
    """The pricing units of the prices of a schedule; a percentage is in none. A rate has one for good: "Once the rate
    is saved in one pricing unit for a given product, you cannot change the pricing unit for that rate afterwards" (page
    "Set currencies and custom pricing units")."""
    return frozenset(segment.terms.unit for segment in read_schedule(text) if not segment.terms.is_fraction)


def normal(segments: Iterable[Segment]) -> Timeline:
    """The normal form: sorted by start, equal neighbours joined. The segments must not overlap."""
    joined: list[Segment] = []
    for segment in sorted(segments, key=lambda s: s.starting_at):
        if joined and joined[-1].ending_before == segment.starting_at and joined[-1].terms == segment.terms:
            joined[-1] = joined[-1]._replace(ending_before=segment.ending_before)
        else:
            joined.append(segment)
    return tuple(joined)


def overlap(segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Indexes of two segments that share an instant, the one that starts earlier first; None when no two do."""
    order = sorted(range(len(segments)), key=lambda i: segments[i].starting_at)
    for before, after in pairwise(order):
        end = segments[before].ending_before
        if end is None or segments[after].starting_at < end:
            return before, after
    return None


def overlay(timeline: Timeline, added: Iterable[Segment]) -> Timeline:
    """The timeline after `added` segments were laid over it, each replacing what it covers, later ones over earlier."""
    for new in added:
        kept: list[Segment] = [new]
        for old in timeline:
            if old.starting_at < new.starting_at:
                kept.append(old._replace(ending_before=_earlier(old.ending_before, new.starting_at)))
            if new.ending_before is not None and _later_end(old.ending_before, new.ending_before):
                kept.append(old._replace(starting_at=max(old.starting_at, new.ending_before)))
        timeline = normal(kept)
    return timeline


def terms_at(timeline: Timeline, instant: str) -> Terms | None:
    """The terms that hold at the instant, or None where there is no rate."""
    return next((segment.terms for segment in timeline if segment.covers(instant)), None)


def terms_from(timeline: Timeline, instant: str) -> Terms | None:
    """The terms that hold at the instant, or else the first that will; None where none ever does."""
    found = terms_at(timeline, instant)
    return found if found is not None else next((s.terms for s in timeline if s.starting_at > instant), None)


def cut(timeline: Timeline, start: str, end: str | None) -> Iterator[tuple[str, str | None, Terms | None]]:
    """The timeline from `start` until `end`, without holes: (from, until, terms or None where there is no rate)."""
    at = start
    for segment in timeline:
        stop = segment.ending_before
        if stop is not None and stop <= at:
            continue
        if end is not None and segment.starting_at >= end:
            break
        if segment.starting_at > at:
            yield at, segment.starting_at, None
            at = segment.starting_at
        if end is not None and (stop is None or stop > end):
            stop = end
        yield at, stop, segment.terms
        if stop is None:
            return
        at = stop
    if end is None or at < end:
        yield at, end, None


def gaps(timeline: Timeline, since: str) -> Iterator[tuple[str, str | None]]:
    """Where the timeline has no rate, from an instant on."""
    return ((start, end) for start, end, terms in cut(timeline, since, None) if terms is None)


def _earlier(end: str | None, other: str) -> str:
    return other if end is None else min(end, other)


def _later_end(end: str | None, other: str) -> bool:
    return end is None or end > other


def joined(segments: list[Segment]) -> str | tuple[int, int]:
    """The schedule text of the segments of one key, each without an end lasting until the next one starts; or the
    positions of two that overlap."""
    order = sorted(range(len(segments)), key=lambda i: segments[i].starting_at)
    filled = [segments[order[-1]]]
    for here, after in pairwise(order):
        begin, end, terms = segments[here]
        following = segments[after].starting_at
        if begin == following or (end is not None and end > following):
            return here, after
        filled.append(Segment(begin, end or following, terms))
    return schedule_text(normal(filled))
