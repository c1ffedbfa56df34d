"""From the observed schedule of a price to the desired one: what to add, and what that means.

Which segments those are, and from what to what they move the price, is `catalog.move`'s affair; here are the hazards of
it. Saying otherwise about what lies before `as_of` is RETROACTIVE. A manifest speaks from its first `starting_at` on:
what holds before that is what the store has, and whoever judges or bills by manifests sees both as one (`with_past`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.move import Move, missing_segments, schedule_moves
from pricebook.catalog.rate_book import NO_RATES, RateBook, Rates
from pricebook.catalog.terms import Shift
from pricebook.catalog.timeline import Segment, cut, first_start, normal, read_schedule, schedule_text
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard


def rate_change(key: str, desired: str | None, observed: str | None, as_of: str, live: bool) -> RateChange | None:
    """What makes the observed schedule text the desired one from `as_of` on, or None when nothing does.

    `live` says whether customers are billed by the card already: only then does filling an empty past re-price usage.
    """
    if observed is None and desired is not None and not live:
        return RateChange(key, None, desired)
    after = read_schedule(desired) if desired else ()
    before = read_schedule(observed) if observed else ()
    segments = schedule_text(missing_segments(after, before, as_of))
    if segments == "[]":
        return None
    hazards = set(_hazards(schedule_moves(observed, segments, as_of), as_of, live))
    return RateChange(key, observed, segments, tuple(sorted(hazards)))


def _hazards(moves: Iterable[Move], as_of: str, live: bool) -> Iterator[Hazard]:
    """Of a price that begins where none was before only the past can be one."""
    for move in moves:
        if move.starting_at < as_of and (live or not move.is_new):
            yield Hazard.RETROACTIVE
        if move.ending_before is None or move.ending_before > as_of:
            yield from shift_hazards(move.shift)
            if move.is_charged_now:
                yield Hazard.MAGNITUDE
            if move.is_lost:
                yield Hazard.ENTITLEMENT_LOST


def shift_hazards(shift: Shift) -> Iterator[Hazard]:
    """Up, down, and by how much."""
    if shift.up:
        yield Hazard.PRICE_UP
    if shift.down:
        yield Hazard.PRICE_DOWN
    if shift.tenfold:
        yield Hazard.MAGNITUDE


def with_past(desired: Catalog, observed: Catalog, since: str = "") -> Catalog:
    """What is desired, with what the store has of the same prices before they begin there, as far as that holds after
    an instant. Prices that nothing desires are left out."""
    rates = {
        card: _with_past(book, held, since) if len(held := observed.rates.get(card, NO_RATES)) else book
        for card, book in desired.rates.items()
    }
    return (
        desired if all(rates[card] is book for card, book in desired.rates.items()) else replace(desired, rates=rates)
    )


def begins_after(rates: Rates, since: str) -> bool:
    """Whether a price of a card begins after an instant, so that the manifests do not say what holds then."""
    return any(first_start(schedule) > since for _, schedule in rates.items())


def _with_past(book: Rates, held: Rates, since: str) -> Rates:
    if len(book) == len(held) and book.digest == held.digest:
        return book
    found = {}
    for key, schedule in book.items():
        first = first_start(schedule)
        if first <= since or (before := held.get(key)) is None:
            continue
        past = cut(read_schedule(before), since, first)
        known = [Segment(start, end, terms) for start, end, terms in past if terms is not None]
        if known:
            found[key] = schedule_text(normal([*known, *read_schedule(schedule)]))
    return RateBook(dict(book.items()) | found) if found else book
