"""The one comparison of two schedules: it partitions time, agrees with `overlay`, and judges whole curves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.instant import instant_text
from pricebook.catalog.move import Move, fate, missing_segments, moves_of, schedule_moves
from pricebook.catalog.terms import Charge, Terms, shift
from pricebook.catalog.timeline import Segment, Timeline, normal, overlay, read_schedule, schedule_text, terms_at

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = range(-1, 26)


def at(hour: int) -> str:
    """The instant so many hours after the start."""
    return instant_text(START + timedelta(hours=hour))


def flat(price: int | str, *, entitled: bool = True, **more: Any) -> Terms:
    """The terms of a FLAT rate."""
    return Terms.of({"entitled": entitled, "price": Decimal(price), "rate_type": "FLAT", **more})


def tiered(*tiers: tuple[str | int, int | None], **more: Any) -> Terms:
    """The terms of a TIERED rate, of (price, size)."""
    said = [{"price": Decimal(price)} | ({"size": size} if size is not None else {}) for price, size in tiers]
    return Terms.of({"entitled": True, "rate_type": "TIERED", "tiers": said, **more})


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Normal timelines over 24 hours with few prices, so that differing and equal stretches both occur."""
    edges = sorted(draw(st.sets(st.integers(0, 24), min_size=1, max_size=6)))
    segments = []
    for edge, after in zip(edges, (*edges[1:], None), strict=True):
        if draw(st.booleans()):
            terms = flat(draw(st.integers(1, 3)), entitled=draw(st.booleans()))
            segments.append(Segment(at(edge), at(after) if after is not None else None, terms))
    return normal(segments)


def compare(observed: Timeline, desired: Timeline, as_of: str) -> tuple[Move, ...]:
    """What making the observed timeline the desired one from an instant on does."""
    return moves_of(observed, tuple(missing_segments(desired, observed, as_of)), as_of)


def covers(move: Move, instant: str) -> bool:
    return move.starting_at <= instant and (move.ending_before is None or instant < move.ending_before)


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_moves_are_where_time_differs_and_nowhere_else(observed: Timeline, desired: Timeline, now: int) -> None:
    moves = compare(observed, desired, at(now))
    result = overlay(observed, missing_segments(desired, observed, at(now)))
    assert list(moves) == sorted(moves, key=lambda move: move.starting_at)
    for hour in HOURS:
        was, then = terms_at(observed, at(hour)), terms_at(result, at(hour))
        found = [move for move in moves if covers(move, at(hour))]
        assert len(found) <= 1, "no two moves share an instant"
        assert [(move.planned, move.desired) for move in found] == ([(was, then)] if was != then else [])


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_customers_come_from_what_they_pay_until_prices_begin_to_move(
    observed: Timeline, desired: Timeline, now: int
) -> None:
    result = overlay(observed, missing_segments(desired, observed, at(now)))
    moves = compare(observed, desired, at(now))
    for move in moves:
        hour = next(hour for hour in HOURS if at(hour) == move.starting_at)
        while hour > now and any(covers(other, at(hour - 1)) for other in moves):
            hour -= 1
        paid = terms_at(observed, at(max(hour, now) - 1)) if move.starting_at >= at(now) else None
        assert move.observed == (move.planned if paid is None else paid)
        if move.starting_at >= at(now) and hour > now:
            assert paid == terms_at(result, at(hour - 1))


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_texts_give_the_same_moves_as_values(observed: Timeline, desired: Timeline, now: int) -> None:
    added = tuple(missing_segments(desired, observed, at(now)))
    assert read_schedule(schedule_text(observed)) == observed
    for since in (at(now), None):
        moves = schedule_moves(schedule_text(observed), schedule_text(added), since)
        assert moves == moves_of(observed, added, since)
    assert all(move.observed == move.planned for move in moves), "side by side, nothing is paid until then"


PLANNED_RISE = (Segment(at(0), at(10), flat(500)), Segment(at(10), None, flat(600)))


def test_a_rise_of_a_planned_rise_is_told_from_what_customers_pay() -> None:
    (move,) = compare(PLANNED_RISE, (Segment(at(0), at(10), flat(500)), Segment(at(10), None, flat(700))), at(5))
    assert (move.observed, move.planned, move.desired) == (flat(500), flat(600), flat(700))
    assert move.shift.relative == Decimal("0.4")
    assert not move.cancels


def test_a_planned_rise_that_is_taken_back_moves_no_price() -> None:
    (move,) = compare(PLANNED_RISE, (Segment(at(0), None, flat(500)),), at(5))
    assert move.cancels
    assert (move.shift.direction, fate("[]", (move,))) == ("none", "cancelled")


def test_every_step_of_a_rise_is_told_from_where_it_begins() -> None:
    steps = (Segment(at(0), at(10), flat(500)), Segment(at(10), at(12), flat(550)), Segment(at(12), None, flat(700)))
    moves = compare(PLANNED_RISE, steps, at(5))
    assert [(move.observed, move.planned, move.shift.relative) for move in moves] == [
        (flat(500), flat(600), Decimal("0.1")),
        (flat(500), flat(600), Decimal("0.4")),
    ]


def test_a_price_that_was_to_end_and_goes_on_dearer_is_a_rise() -> None:
    (move,) = compare((Segment(at(0), at(10), flat(500)),), (Segment(at(10), None, flat(600)),), at(5))
    assert (move.observed, move.planned, move.shift.direction) == (flat(500), None, "up")


def test_what_is_rewritten_is_told_from_what_was_billed() -> None:
    (past, later) = compare(PLANNED_RISE, (Segment(at(0), None, flat(700)),), at(5))
    assert (past.observed, past.planned) == (flat(500), flat(500))
    assert (later.observed, later.planned) == (flat(500), flat(600))


def test_what_can_no_longer_be_used_and_what_now_can() -> None:
    observed = (Segment(at(0), None, flat(5)),)
    (lost,) = compare(observed, (), at(3))
    assert (lost.starting_at, lost.is_lost) == (at(3), True)
    (gained,) = compare((Segment(at(0), None, flat(5, entitled=False)),), observed, at(3))
    assert not gained.is_lost
    assert fate("[]", (lost,)) == "ended"
    assert fate(None, (gained,)) == "new"


# --- curves

prices = st.integers(0, 4)
curves = st.lists(st.tuples(prices, st.integers(1, 4)), max_size=4).flatmap(
    lambda sized: prices.map(lambda last: tiered(*sized, (last, None)))
)


def charged(charge: Charge, quantity: int) -> Decimal:
    """What so many units cost, one by one."""
    total, done = Decimal(0), 0
    for price, size in charge.tiers or ((charge.price or Decimal(0), None),):
        part = quantity - done if size is None else min(int(size), quantity - done)
        total, done = total + price * part, done + part
    return total


FAR = 200
"""Units after which the last prices alone have decided, with the few and small tiers that are drawn."""


@given(observed=curves | prices.map(flat), desired=curves | prices.map(flat))
def test_a_curve_is_judged_at_every_quantity(observed: Terms, desired: Terms) -> None:
    signs = {
        (charged(desired.charge, units) > charged(observed.charge, units))
        - (charged(desired.charge, units) < charged(observed.charge, units))
        for units in (*range(1, 20), FAR)
    }
    found = shift(observed, desired)
    assert (found.up, found.down) == (1 in signs, -1 in signs)
    assert (not found.pairs) == (signs == {0})


@given(observed=curves, desired=curves)
def test_what_goes_up_goes_down_when_it_is_taken_back(observed: Terms, desired: Terms) -> None:
    there, back = shift(observed, desired), shift(desired, observed)
    assert (there.up, there.down, there.tenfold) == (back.down, back.up, back.tenfold)
    assert {pair[::-1] for pair in there.pairs} == set(back.pairs)


STORAGE = ((2300, 51_200), (2200, 460_800), (2100, None))
SHRUNK = tiered((2300, 10_240), (2200, 460_800), (2150, None))
"""Cheaper for some quantities and dearer for large ones."""


@pytest.mark.parametrize(
    ("observed", "desired", "direction", "low", "high"),
    [
        (flat(100), flat(120), "up", "0.2", "0.2"),
        (flat(0), flat(120), "up", None, None),
        (flat(100), flat(100, credit_type="eur"), "none", None, None),
        (flat(100), Terms.of({"entitled": True, "price": 120, "rate_type": "SUBSCRIPTION"}), "none", None, None),
        (flat(100), tiered((100, 10), (80, None)), "down", "-0.2", "-0.2"),
        (tiered((100, 10), (80, None)), tiered((120, 10), (70, None)), "both", "-0.125", "0.2"),
        (tiered((100, 10), (80, None)), tiered((100, 20), (80, None)), "up", "0.25", "0.25"),
        (tiered((100, 10), (100, 10), (80, None)), tiered((50, 10), (120, 10), (80, None)), "down", "-0.5", "0.2"),
        (tiered(*STORAGE), SHRUNK, "both", "-0.0434782608696", "0.0238095238095"),
    ],
)  # fmt: skip
def test_directions_and_proportions(
    observed: Terms, desired: Terms, direction: str, low: str | None, high: str | None
) -> None:
    found = shift(observed, desired)
    assert found.direction == direction
    assert (found.low, found.high) == tuple(Decimal(one) if one is not None else None for one in (low, high))


def test_what_was_free_and_is_not_any_more_can_be_told() -> None:
    def charged(observed: Terms, desired: Terms) -> bool:
        (move,) = compare((Segment(at(0), None, observed),), (Segment(at(0), None, desired),), at(0))
        return move.is_charged_now

    assert charged(flat(0), flat(5))
    assert charged(flat(0), tiered((0, 10), (5, None)))
    assert not charged(flat(5), flat(0))
    assert not charged(tiered((0, 10), (5, None)), tiered((0, 5), (5, None))), "it was not free of charge before"


def test_a_share_of_a_change_that_is_no_money_has_no_unit() -> None:
    share = {"entitled": True, "rate_type": "PERCENTAGE"}
    found = shift(Terms.of({**share, "price": Decimal("0.1")}), Terms.of({**share, "price": Decimal("0.2")}))
    assert (found.direction, found.unit) == ("up", None)
    assert shift(flat(1, credit_type="eur"), flat(2, credit_type="eur")).unit == "eur"


def test_what_is_drawn_from_commits_is_compared_with_what_was() -> None:
    def rate(price: int) -> dict[str, Any]:
        return {"commit_rate": {"rate_type": "FLAT", "price": price}}

    assert shift(flat(5, **rate(3)), flat(5, **rate(4))).direction == "up"
    assert shift(flat(5, **rate(3)), flat(4, **rate(4))).direction == "both"
    assert shift(flat(5), flat(5, **rate(4))).direction == "none"
