"""One line about one price: what it was, what it becomes, by how much, from when, and what that means."""

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from pricebook.catalog.model import USD
from pricebook.plan.hazard import Hazard
from pricebook.view.difference import Piece, PriceChange, Terms, prices
from pricebook.view.price import Units, change_text
from pricebook.view.rate_terms import terms_text

_MIDNIGHT = "T00:00:00Z"


class RateRow(NamedTuple):
    """One piece of one price's timeline, in words and in numbers.

    `price` is the change in words, `$2.50 -> $2.00 per 1M`, and `when` the time, `from 2026-01-01`. `observed` is empty
    for a price that is new. `per` is what both prices are for; when it is empty each says so itself. `change` is
    `-20.0 %`, `new`, `ended` or empty. `observed_price` and `desired_price` are in API units of `unit`, None where
    there is not one single price; `relative` is the relative change, -0.2 for a fifth less. `schedule` and `segments`
    are the whole of what was observed and of what is added, as texts of the plan.
    """

    key: str
    product: str
    frequency: str | None
    groups: dict[str, str]
    hazards: tuple[Hazard, ...]
    schedule: str | None
    segments: str
    price: str
    when: str
    observed: str
    desired: str
    per: str
    change: str
    since: str
    until: str
    unit: str
    observed_price: Decimal | None
    desired_price: Decimal | None
    relative: Decimal | None


def rate_rows(change: PriceChange, units: Units, as_of: str) -> list[RateRow]:
    """A row for each piece; `as_of` is the first instant that is not history."""
    product, frequency, groups, difference, hazards, schedule, segments = change
    key, pieces = change.key, difference.pieces
    if len(pieces) == 1:
        return [RateRow(key, product, frequency, groups, hazards, schedule, segments, *_said(pieces[0], units))]
    return [
        RateRow(
            key, product, frequency, groups, _of_piece(hazards, piece, as_of), schedule, segments, *_said(piece, units)
        )
        for piece in pieces
    ]


def row_of(change: PriceChange, piece: Piece, units: Units) -> RateRow:
    """The row of one piece, with all hazards of its price."""
    product, frequency, groups, _, hazards, schedule, segments = change
    return RateRow(change.key, product, frequency, groups, hazards, schedule, segments, *_said(piece, units))


@lru_cache(maxsize=10_000)
def _said(piece: Piece, units: Units) -> tuple[Any, ...]:
    """The fields of a row from `price` on: they are the same for whatever key has the same change."""
    was, now, move = piece.observed, piece.desired, piece.move
    relative = move.low if move.low == move.high else None
    if was is None:
        words = "new"
    elif relative is not None:
        words = change_text(relative)
    elif move.low is not None and move.high is not None:
        words = f"{change_text(move.low)} to {change_text(move.high)}"
    else:
        words = "ended" if piece.is_lost else ""
    since = instant_text_words(piece.starting_at)
    until = instant_text_words(piece.ending_before) if piece.ending_before else ""
    numbers = (now.get("credit_type", USD), _single(was) if was is not None else None, _single(now), relative)
    texts = terms_text(was, now, units)
    price = f"{texts.observed} -> {texts.desired}" if texts.observed else texts.desired
    price, when = f"{price} {texts.per}".rstrip(), f"from {since} until {until}" if until else f"from {since}"
    return (price, when, *texts, words, since, until, *numbers)


def instant_text_words(text: str) -> str:
    """`2026-01-01T00:00:00Z` for people: `2026-01-01`, with the hour only when it is not midnight."""
    if text.endswith(_MIDNIGHT):
        return text[: -len(_MIDNIGHT)]
    return text.replace("T", " ").removesuffix(":00Z") + "Z"


def _single(terms: Terms) -> Decimal | None:
    found = prices(terms)
    return found[0] if len(found) == 1 else None


def _of_piece(hazards: tuple[Hazard, ...], piece: Piece, as_of: str) -> tuple[Hazard, ...]:
    """Those hazards of a price that one of its pieces can have."""
    absent = set()
    if not piece.move.up:
        absent.add(Hazard.PRICE_UP)
    if not piece.move.down:
        absent.add(Hazard.PRICE_DOWN)
    if not piece.move.tenfold:
        absent.add(Hazard.MAGNITUDE)
    if not piece.is_lost:
        absent.add(Hazard.ENTITLEMENT_LOST)
    if piece.starting_at >= as_of:
        absent.add(Hazard.RETROACTIVE)
    if piece.observed is None:
        absent.add(Hazard.REACHES_LIVE_CONTRACTS)
    return tuple(hazard for hazard in hazards if hazard not in absent)
