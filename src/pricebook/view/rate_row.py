"""One line about one price: what it was, what it becomes, by how much, from when, and what that means."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from pricebook.catalog.instant import text_words
from pricebook.catalog.move import Move
from pricebook.catalog.priced import plural
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.view.price import Per, Pers, Units, change_text
from pricebook.view.rate_terms import terms_text
from pricebook.view.tier import TierRow, curve_words, tier_rows

_NO_PRICE = "no price"
FREE = "was free"
OTHER_UNIT = "other unit"
NO_CHANGE = RateChange("", None, "")
"""Of a move that is in no plan."""


class RateRow(NamedTuple):
    """One move of one price, in words and in numbers.

    `name` is what people call it. `contracts` counts those that buy it, None where that is not known. `price` is the
    change in words, `$2.50 -> $2.00 per 1M tokens`, and `when` the time, `from 2026-01-01`. `observed` is what is paid
    until then, empty for a price that is new; `planned` what was to hold instead, `$6.00` or `no price`, empty where no
    other change was to come. `per` is what both prices are for; when it is empty each says so itself. `change` is
    `-20.0 %`, `new`, `ended`, `was free`, `stays`, `other unit` or empty. `observed_price` and `desired_price` are in
    API units of `unit`, None where there is not one single price; `relative_change` is -0.2 for a fifth less. Where
    tiers change,
    `tiers` are those of both sides by quantity, and `curve` says where the whole charge is cheaper and where dearer.
    `schedule` and `segments` are the whole of what was observed and of what is added, as texts of the plan.
    """

    key: str
    name: str
    product: str
    billing_frequency: str | None
    pricing_group_values: dict[str, str]
    hazards: tuple[Hazard, ...]
    contracts: int | None
    schedule: str | None
    segments: str
    tiers: tuple[TierRow, ...]
    curve: tuple[str, ...]
    price: str
    when: str
    observed: str
    desired: str
    per: str
    change: str
    starting_at: str
    ending_before: str | None
    unit: str
    observed_price: Decimal | None
    desired_price: Decimal | None
    relative_change: Decimal | None
    planned: str

    @staticmethod
    def drawn() -> tuple[str, ...]:
        """The fields that documents do not have."""
        return ("schedule", "segments", "price", "when")


def rate_rows(key: RateKey, change: RateChange, units: Units, as_of: str) -> list[RateRow]:
    """A row for each move of the price with this key; `as_of` is the first instant that is not history."""
    moves = change.moves(as_of)
    if len(moves) == 1:
        return [move_row(key, moves[0], units, change)]
    return [move_row(key, m, units, change._replace(hazards=_of_move(change.hazards, m, as_of))) for m in moves]


def row_of(change: RateChange, move: Move, units: Units) -> RateRow:
    """The row of one move, with all hazards of its price."""
    return move_row(read_key(change.key), move, units, change)


def move_row(key: RateKey, move: Move, units: Units, change: RateChange = NO_CHANGE) -> RateRow:
    """The row of a move of a price, which may belong to a change of a plan."""
    product, frequency, groups = key
    _, observed, segments, hazards, reach = change
    pers, withheld = units.per_from(product, frequency, move.starting_at), units.withheld(product, frequency)
    said = _said(move, units, pers, withheld)
    return RateRow(
        key=str(key),
        name=units.label(key),
        product=product,
        billing_frequency=frequency,
        pricing_group_values=dict(groups),
        hazards=hazards,
        contracts=reach,
        schedule=observed,
        segments=segments,
        **said,
    )


@lru_cache(maxsize=10_000)
def _said(move: Move, units: Units, pers: Pers, withheld: str) -> Mapping[str, Any]:
    """The other fields of a row: they are the same for whatever key has the same change and unit."""
    was, now, shift = move.observed, move.desired, move.shift
    relative = shift.relative if pers[0] == pers[1] else None
    if was is None:
        words = "new"
    elif move.is_charged_now:
        words = FREE
    elif pers[0] != pers[1] and shift.low is not None:
        words = OTHER_UNIT
    elif relative is not None:
        words = change_text(relative)
    elif shift.low is not None and shift.high is not None:
        words = f"{change_text(shift.low)} to {change_text(shift.high)}"
    else:
        words = "stays" if move.cancels else "ended" if move.is_lost else ""
    since = text_words(move.starting_at)
    until = text_words(move.ending_before) if move.ending_before else None
    texts = terms_text(move.planned if move.cancels else was, now, units, pers, withheld)
    if move.cancels:
        texts = texts._replace(observed=texts.desired)
    price = f"{texts.observed} -> {texts.desired}" if texts.observed and not move.cancels else texts.desired
    price, when = f"{price} {texts.per}".rstrip(), f"from {since} until {until}" if until else f"from {since}"
    planned = ""
    if move.planned != was:
        planned = terms_text(move.planned, now, units, pers, withheld).observed or _NO_PRICE
        price += f" ({was_to(planned)})"
    tiers, curve = _curves(was, now, units, pers)
    return {
        "tiers": tiers,
        "curve": curve,
        "price": price,
        "when": when,
        "observed": texts.observed,
        "desired": texts.desired,
        "per": texts.per,
        "change": words,
        "starting_at": since,
        "ending_before": until,
        "unit": now.unit,
        "observed_price": was.price if was is not None else None,
        "desired_price": now.price,
        "relative_change": relative,
        "planned": planned,
    }


def _curves(was: Terms | None, now: Terms, units: Units, pers: Pers) -> tuple[tuple[TierRow, ...], tuple[str, ...]]:
    """The tiers of both sides, where one of them has any, and where the one is cheaper than the other."""
    same = was is not None and (pers[0], was.unit, was.is_fraction) == (pers[1], now.unit, now.is_fraction)
    if was is None or not same or not (was.charge.tiers or now.charge.tiers):
        return (), ()
    sides = was.charge, now.charge
    if not all(side.curve for side in sides) or sides[0].curve == sides[1].curve:
        return (), ()
    return tier_rows(*sides, units[now.unit], pers[1].power), curve_words(*sides, units[now.unit], _word(pers[1]))


def _word(per: Per) -> str:
    """What quantities count, where the unit is a word: `GB-months`."""
    unit = per.words.removeprefix("per ")
    if per.power:  # told by the million, and counted one by one
        return unit.partition(" ")[2]
    return plural(unit) if unit[:1].isalpha() else ""


def was_to(planned: str) -> str:
    """What had been planned, in words: `was to be $6.00`."""
    return "was to end" if planned == _NO_PRICE else f"was to be {planned}"


def _of_move(hazards: tuple[Hazard, ...], move: Move, as_of: str) -> tuple[Hazard, ...]:
    """Those hazards of a price that one of its moves can have."""
    absent = set()
    if not move.shift.up:
        absent.add(Hazard.PRICE_UP)
    if not move.shift.down:
        absent.add(Hazard.PRICE_DOWN)
    if not move.shift.tenfold and not move.is_charged_now:
        absent.add(Hazard.MAGNITUDE)
    if not move.is_lost:
        absent.add(Hazard.ENTITLEMENT_LOST)
    if move.starting_at >= as_of:
        absent.add(Hazard.RETROACTIVE)
    if move.is_new or move.cancels:
        absent.add(Hazard.REACHES_LIVE_CONTRACTS)
    return tuple(hazard for hazard in hazards if hazard not in absent)
