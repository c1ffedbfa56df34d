"""Law 9: the segments of a change, laid over the observed timeline, give the desired one from `as_of` on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.move import missing_segments
from pricebook.catalog.rate_book import NO_RATES, RateBook
from pricebook.catalog.terms import Terms, shift
from pricebook.catalog.timeline import (
    RateKey,
    Segment,
    Timeline,
    key_text,
    normal,
    overlap,
    overlay,
    read_schedule,
    schedule_text,
    terms_at,
)
from pricebook.plan.diff import diff_rates
from pricebook.plan.hazard import Hazard
from pricebook.plan.timeline import rate_change, shift_hazards, with_past
from pricebook.plan.verb.add_rates import after

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour: int) -> str:
    """The instant so many hours after the start."""
    return instant_text(START + timedelta(hours=hour))


def flat(price: int | str, entitled: bool = True) -> Terms:
    """The terms of a FLAT rate."""
    return Terms.of({"entitled": entitled, "price": Decimal(price), "rate_type": "FLAT"})


@st.composite
def timelines(draw: st.DrawFn, *, holes: bool = True) -> Timeline:
    """Normal timelines over 24 hours with few prices, so that differing and equal stretches both occur."""
    edges = sorted(draw(st.sets(st.integers(0, 24), min_size=1, max_size=6)))
    segments = []
    for index, edge in enumerate(edges):
        if holes and draw(st.booleans()):
            continue
        last = index == len(edges) - 1
        end = None if last else at(edges[index + 1])
        segments.append(Segment(at(edge), end, flat(draw(st.integers(1, 3)), draw(st.booleans()))))
    return normal(segments)


@given(observed=timelines(), added=timelines())
def test_overlay_takes_the_added_where_it_covers_and_leaves_the_rest(observed: Timeline, added: Timeline) -> None:
    result = overlay(observed, added)
    assert result == normal(result)
    assert overlap(result) is None
    for hour in range(-1, 26):
        expected = terms_at(added, at(hour))
        assert terms_at(result, at(hour)) == (terms_at(observed, at(hour)) if expected is None else expected)


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_segments_lead_to_the_desired_timeline(observed: Timeline, desired: Timeline, now: int) -> None:
    segments = tuple(missing_segments(desired, observed, at(now)))
    result = overlay(observed, segments)
    for hour in range(-1, 26):
        was, wanted, became = (terms_at(t, at(hour)) for t in (observed, desired, result))
        if wanted is not None:
            assert became == wanted
        elif hour < now or (desired and at(hour) < desired[0].starting_at):
            assert became == was, "where the manifest is silent, the store is left alone"
        else:
            assert became is None or not became.entitled
    assert tuple(missing_segments(desired, result, at(now))) == ()


@given(desired=timelines(holes=False))
def test_no_list_of_segments_is_longer_than_the_desired_timeline(desired: Timeline) -> None:
    observed = (Segment(at(0), None, flat(9)),)
    now = desired[0].starting_at
    assert len(tuple(missing_segments(desired, observed, now))) <= len(desired)


def test_a_table_whose_start_moved_on_is_no_change() -> None:
    observed = schedule_text([Segment(at(0), None, flat(5))])
    desired = schedule_text([Segment(at(10), None, flat(5))])
    for now in (5, 10, 20):
        assert rate_change("k", desired, observed, at(now), live=True) is None


def test_only_the_stretch_that_differs_is_added() -> None:
    observed = schedule_text([Segment(at(0), at(5), flat(5)), Segment(at(5), None, flat(6))])
    desired = schedule_text([Segment(at(0), None, flat(5))])
    change = rate_change("k", desired, observed, at(0), live=True)
    assert change is not None
    assert change.segments == schedule_text([Segment(at(5), None, flat(5))])
    assert change.hazards == (), "nobody has paid the six yet"


@pytest.mark.parametrize(
    ("observed", "live", "hazards"),
    [
        pytest.param(flat(4), False, {Hazard.RETROACTIVE, Hazard.PRICE_UP}, id="another price was in force"),
        pytest.param(None, True, {Hazard.RETROACTIVE}, id="no price was in force and customers were billed"),
        pytest.param(None, False, set(), id="no price was in force and nobody was billed"),
    ],
)
def test_what_rewrites_the_past_is_retroactive(observed: Terms | None, live: bool, hazards: set[Hazard]) -> None:
    before = schedule_text([Segment(at(0), None, observed)]) if observed else None
    change = rate_change("k", schedule_text([Segment(at(0), None, flat(5))]), before, at(10), live=live)
    assert change is not None
    assert set(change.hazards) == hazards


def test_a_rate_that_left_the_manifest_is_ended_and_stays_so() -> None:
    observed = schedule_text([Segment(at(0), None, flat(5))])
    change = rate_change("k", None, observed, at(10), live=True)
    assert change is not None
    assert change.segments == schedule_text([Segment(at(10), None, flat(5, entitled=False))])
    assert change.hazards == (Hazard.ENTITLEMENT_LOST,)
    ended = schedule_text([Segment(at(0), at(10), flat(5)), Segment(at(10), None, flat(5, entitled=False))])
    assert rate_change("k", None, ended, at(12), live=True) is None


@pytest.mark.parametrize(
    ("observed", "desired", "hazards"),
    [
        (5, 6, {Hazard.PRICE_UP}),
        (6, 5, {Hazard.PRICE_DOWN}),
        (5, 50, {Hazard.PRICE_UP, Hazard.MAGNITUDE}),
        (500, 5, {Hazard.PRICE_DOWN, Hazard.MAGNITUDE}),
        (5, "49.99", {Hazard.PRICE_UP}),
        (0, 5, {Hazard.PRICE_UP}),
        (5, 5, set()),
    ],
)
def test_prices_are_compared(observed: int, desired: int, hazards: set[Hazard]) -> None:
    assert set(shift_hazards(shift(flat(observed), flat(desired)))) == hazards


def test_what_was_free_and_is_charged_is_suspicious() -> None:
    observed, desired = (schedule_text([Segment(at(0), None, flat(price))]) for price in (0, 5))
    change = rate_change("k", desired, observed, at(0), live=True)
    assert change is not None
    assert change.hazards == (Hazard.MAGNITUDE, Hazard.PRICE_UP)


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_hazards_are_those_of_each_hour(observed: Timeline, desired: Timeline, now: int) -> None:
    """Of flat prices a naive judge finds the same, hour by hour."""
    change = rate_change("k", schedule_text(desired), schedule_text(observed), at(now), live=False)
    if change is None:
        return
    result, found = overlay(observed, missing_segments(desired, observed, at(now))), set()
    for start in range(-1, 26):
        hour = start
        was, then = terms_at(observed, at(hour)), terms_at(result, at(hour))
        if then is None or was == then:
            continue
        if hour < now:
            found |= {Hazard.RETROACTIVE} if was is not None else set()
            continue
        while hour > now and terms_at(observed, at(hour - 1)) != terms_at(result, at(hour - 1)):
            hour -= 1
        was = terms_at(observed, at(hour - 1)) or was
        if was is None:
            continue
        found |= {Hazard.ENTITLEMENT_LOST} if was.entitled and not then.entitled else set()
        assert was.flat is not None
        assert then.flat is not None
        found |= {Hazard.PRICE_UP} if then.flat > was.flat else set()
        found |= {Hazard.PRICE_DOWN} if then.flat < was.flat else set()
    # A change that began before the present and lasts into it is judged in its part to come as well.
    assert set(change.hazards) == found


@given(observed=timelines(), desired=timelines(), now=st.integers(0, 24))
def test_what_is_judged_is_what_results(observed: Timeline, desired: Timeline, now: int) -> None:
    """Before the manifests begin the store's price holds, from then on theirs: as the plan makes it."""
    if not desired:
        return
    books = [Catalog({}, {"card": RateBook({"k": schedule_text(one)})}) for one in (desired, observed)]
    joined = read_schedule(with_past(*books, at(now)).rates["card"].get("k") or "[]")
    result = overlay(observed, missing_segments(desired, observed, at(now)))
    for hour in range(now, 26):
        then, meant = terms_at(result, at(hour)), terms_at(joined, at(hour))
        assert meant == then or (meant is None and then is not None and not then.entitled)


def test_what_nothing_desires_is_not_judged() -> None:
    gone = {"card": RateBook({"gone": schedule_text([Segment(at(0), None, flat(5))])})}
    desired = Catalog({}, {"card": RateBook({"k": schedule_text([Segment(at(9), None, flat(5))])}), "other": NO_RATES})
    assert with_past(desired, Catalog({}, gone)) is desired


def listed(**prices: int) -> RateBook:
    """A card's prices that begin at an hour, by `product` or `product_model`."""
    found = {}
    for name, start in prices.items():
        product, _, model = name.partition("_")
        key = RateKey(product, None, (("model", model),) if model else ())
        found[key_text(key)] = schedule_text([Segment(at(start), None, flat(5))])
    return RateBook(found)


@pytest.mark.parametrize(
    ("observed", "desired", "ends"),
    [
        pytest.param({"input_a": 0, "input_b": 0}, {"input_b": 20}, 20, id="with the new list"),
        pytest.param({"input_a": 0, "input_b": 0, "fee": 0}, {"input_b": 20, "fee": 0}, 20, id="whatever fees do"),
        pytest.param({"input_a": 0, "input_b": 0}, {"input_b": 0}, 10, id="of a list that stays, now"),
        pytest.param({"input_a": 0, "input_b": 0}, {"input_b": 0, "input_c": 20}, 10, id="whatever is new in it"),
        pytest.param({"old": 0, "new": 0, "fee": 0}, {"new": 20, "fee": 0}, 20, id="with what moved on"),
        pytest.param({"old": 0, "fee": 0}, {"fee": 0, "extra": 20}, 10, id="and with none that is new"),
        pytest.param({"old": 0}, {"extra": 20}, 20, id="or with the whole card"),
        pytest.param({"old": 0}, {}, 10, id="of an empty card, now"),
    ],
)  # fmt: skip
def test_a_price_that_is_gone_ends_when_the_manifests_begin(
    observed: dict[str, int], desired: dict[str, int], ends: int
) -> None:
    now = START + timedelta(hours=9, minutes=30)
    books = listed(**desired), listed(**observed)
    (gone,) = [change for change in diff_rates(*books, now, live=False) if change.hazards]
    assert (gone.hazards, read_schedule(gone.segments)[0].starting_at) == ((Hazard.ENTITLEMENT_LOST,), at(ends))
    held = RateBook({**dict(books[1].items()), **{c.key: after(c) for c in diff_rates(*books, now, live=False)}})
    assert list(diff_rates(books[0], held, now, live=False)) == []
    assert list(diff_rates(books[0], held, now + timedelta(hours=30), live=False)) == []
