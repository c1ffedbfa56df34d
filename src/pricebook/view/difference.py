"""What changes about prices: the pieces of time in which desired terms differ from observed ones, and by how much.

A plan's rates are canonical text, and a price list repeats itself: 8,213 public rates have 543 different prices. So
what changes is found once for each pair of texts, and only keys are read one by one.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.timeline import MAGNITUDE
from pricebook.view.price import ratio

Terms = dict[str, Any]
"""The decoded terms of a rate; every number is a Decimal."""
Fate = Literal["new", "ended", "up", "down", "both", "other"]
"""What becomes of a price. `both`: up at one time or in one tier and down in another; `other`: neither."""

_DECODE = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).decode
_PLAIN = {"entitled", "price", "rate_type"}
_BATCH = 50
"""Keys that are decoded in one go: enough to be quick, too few to make work for the garbage collector."""
_WAYS: dict[tuple[bool, bool], Fate] = {
    (True, False): "up",
    (False, True): "down",
    (True, True): "both",
    (False, False): "other",
}


class Move(NamedTuple):
    """Where the prices of a piece go: `low` and `high` are the relative changes, None when nothing can be said."""

    up: bool
    down: bool
    tenfold: bool
    low: Decimal | None
    high: Decimal | None


STILL = Move(False, False, False, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """From `starting_at` until `ending_before` (None: without end) `desired` replaces `observed` (None: no rate)."""

    starting_at: str
    ending_before: str | None
    observed: Terms | None
    desired: Terms
    move: Move

    @property
    def is_lost(self) -> bool:
        """Whether what could be used no longer can."""
        return bool(self.observed and self.observed["entitled"] and not self.desired["entitled"])


class Difference(NamedTuple):
    """Where one timeline differs from another, in order of time. `lowest` and `highest` are the pieces with the largest
    fall and rise in proportion, `strongest` the one of them that is further from nothing, and `relative` its change;
    None where nothing moves."""

    fate: Fate
    pieces: tuple[Piece, ...]
    lowest: Piece | None = None
    highest: Piece | None = None
    strongest: Piece | None = None
    relative: Decimal | None = None


class PriceChange(NamedTuple):
    """One price of a card: product, billing frequency, pricing group values, what changes, and the texts of the
    observed schedule and of what is added to it, as in the plan."""

    product: str
    frequency: str | None
    groups: dict[str, str]
    difference: Difference
    hazards: tuple[Hazard, ...]
    observed: str | None
    segments: str

    @property
    def key(self) -> str:
        """The key in the same words as `str(RateKey)`: `pro-plan · MONTHLY · region=us`."""
        product, frequency, groups, *_ = self
        head = f"{product} · {frequency}" if frequency else product
        return f"{head} · {' · '.join([f'{k}={v}' for k, v in groups.items()])}" if groups else head


def price_changes(rates: Sequence[RateChange]) -> Iterator[PriceChange]:
    """The changes in the order given."""
    for start in range(0, len(rates), _BATCH):
        batch = rates[start : start + _BATCH]
        keys = _DECODE("[" + ",".join([rate.key for rate in batch]) + "]")
        for (product, frequency, groups), (_, observed, segments, hazards) in zip(keys, batch, strict=True):
            found = difference(observed, segments)
            yield PriceChange(product, frequency, groups, found, hazards, observed, segments)


@lru_cache(maxsize=10_000)
def difference(observed: str | None, segments: str) -> Difference:
    """What the segments, as canonical text, change about the observed schedule's text (None: there was no rate)."""
    timeline, added = _DECODE(f"[{observed or 'null'},{segments}]")
    pieces = tuple(_pieces(timeline, added))
    fate = _fate(timeline, pieces)
    lows = [(piece.move.low, piece) for piece in pieces if piece.move.low is not None]
    highs = [(piece.move.high, piece) for piece in pieces if piece.move.high is not None]
    if not lows or not highs:
        return Difference(fate, pieces)
    low, lowest = lows[0] if len(lows) == 1 else min(lows, key=itemgetter(0))
    high, highest = highs[0] if len(highs) == 1 else max(highs, key=itemgetter(0))
    strongest, relative = (highest, high) if high + low >= 0 else (lowest, low)
    return Difference(fate, pieces, lowest, highest, strongest, relative)


def prices(terms: Terms) -> list[Decimal]:
    """The prices of terms: its own, one per tier, and the commit rate's."""
    found = [terms["price"]] if terms.get("price") is not None else []
    if "tiers" in terms or "commit_rate" in terms:
        commit = terms.get("commit_rate") or {}
        found += [tier["price"] for tier in terms.get("tiers", ())]
        found += [commit["price"]] if commit.get("price") is not None else []
        found += [tier["price"] for tier in commit.get("tiers", ())]
    return found


def _fate(observed: object, pieces: Sequence[Piece]) -> Fate:
    if observed is None:
        return "new"
    up = down = False
    for piece in pieces:
        up, down = up or piece.move.up, down or piece.move.down
    if up or down or not pieces:
        return _WAYS[up, down]
    return "ended" if all(piece.is_lost for piece in pieces) else "other"


def _pieces(observed: Sequence[Any] | None, segments: Sequence[Any]) -> Iterator[Piece]:
    for begin, stop, desired in segments:
        for start, end, was in _cut(observed or (), begin, stop):
            if was != desired:
                yield Piece(start, end, was, desired, _move(was, desired))


def _cut(observed: Sequence[Any], start: str, end: str | None) -> Iterator[tuple[str, str | None, Terms | None]]:
    """The observed timeline cut to [start, end), without holes; terms None where there is no rate."""
    at = start
    for begin, stop, terms in observed:
        if stop is not None and stop <= at:
            continue
        if end is not None and begin >= end:
            break
        if begin > at:
            yield at, begin, None
            at = begin
        until = end if stop is None or (end is not None and end < stop) else stop
        yield at, until, terms
        if until is None or until == end:
            return
        at = until
    yield at, end, None


def _move(observed: Terms | None, desired: Terms) -> Move:
    """As `plan.timeline.compare_terms` sees it: only prices of the same type and unit are compared."""
    if observed is None or observed["rate_type"] != desired["rate_type"]:
        return STILL
    if observed.get("credit_type") != desired.get("credit_type"):
        return STILL
    if _PLAIN == observed.keys() == desired.keys():
        was, now = observed["price"], desired["price"]
        return _step(was, now) if was != now else STILL
    steps = [_step(was, now) for was, now in zip(prices(observed), prices(desired), strict=False) if was != now]
    if len(steps) <= 1:
        return steps[0] if steps else STILL
    relative = [step.low for step in steps if step.low is not None]
    return Move(
        any(step.up for step in steps),
        any(step.down for step in steps),
        any(step.tenfold for step in steps),
        min(relative, default=None),
        max(relative, default=None),
    )


def _step(observed: Decimal, desired: Decimal) -> Move:
    """Where one price goes."""
    up = desired > observed
    small, large = (observed, desired) if up else (desired, observed)
    change = ratio(observed, desired)
    return Move(up, not up, bool(small) and large >= MAGNITUDE * small, change, change)
