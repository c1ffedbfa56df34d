"""Rows say what a timeline's change means, piece by piece."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import JANUARY, NOW, PAST, UNITS, repriced, schedule, terms

from pricebook.catalog.timeline import RateKey, key_text, read_key
from pricebook.format.markdown_row import price_row
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.timeline import rate_change
from pricebook.view.price import Units
from pricebook.view.rate_row import RateRow, rate_rows

JULY = "2026-07-01T00:00:00Z"


def rows(change: RateChange | None) -> list[RateRow]:
    assert change is not None
    return rate_rows(read_key(change.key), change, Units(UNITS), NOW)


def said(change: RateChange | None) -> list[str]:
    return [f"{row.price} | {row.change} | {row.when}" for row in rows(change)]


def planned(desired: str | None, observed: str | None) -> RateChange | None:
    return rate_change(key_text(RateKey("p", None, ())), desired, observed, NOW, True)


def credits(price: str) -> str:
    return terms(price, credit_type="ai-credits")


TIERED = {"rate_type": "TIERED", "tiers": ({"price": Decimal("0.01"), "size": 1000}, {"price": Decimal("0.008")})}
CHEAPER = {"rate_type": "TIERED", "tiers": ({"price": Decimal("0.01"), "size": 1000}, {"price": Decimal("0.004")})}


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        (terms("1000"), terms("1500"), "$10.00 -> $15.00 | +50.0 %"),
        (None, terms("0.00025"), "$0.0000025 | new"),
        (None, terms("500", entitled=False), "$5.00, not sold | new"),
        (terms("0.00025"), terms("0.00025", entitled=False), "$0.0000025 -> not sold | ended"),
        (terms("500", entitled=False), terms("500"), "$5.00, not sold -> entitled | "),
        (terms("500", entitled=False), terms("600"), "$5.00, not sold -> $6.00, entitled | +20.0 %"),
        (terms("500"), terms("600", entitled=False), "$5.00 -> $6.00, not sold | +20.0 %"),
        (terms("0"), terms("500"), "$0.00 -> $5.00 | was free"),
        (terms("0.1", rate_type="PERCENTAGE"), terms("0.125", rate_type="PERCENTAGE"), "10 % -> 12.5 % | +25.0 %"),
        (terms("0.1", rate_type="PERCENTAGE"), terms("500"), "10 % -> $5.00 | "),
        (credits("12"), credits("15"), "12 ai-credits -> 15 ai-credits | +25.0 %"),
        (terms("500"), terms("5", credit_type="eur"), "$5.00 -> €5.00 | "),
        (terms("500"), terms("500", rate_type="SUBSCRIPTION"), "$5.00 FLAT -> $5.00 SUBSCRIPTION | "),
        (
            terms("500", rate_type="SUBSCRIPTION", quantity=1),
            terms("500", rate_type="SUBSCRIPTION", quantity=2, is_prorated=True),
            "$5.00 · quantity 1 -> $5.00 · quantity 2 · prorated | ",
        ),
        (
            terms(**TIERED), terms(**CHEAPER),
            "first 1,000 $0.0001 · then $0.00008 -> first 1,000 $0.0001 · then $0.00004 | -50.0 %",
        ),
        (
            terms("0.05", rate_type="PERCENTAGE"),
            terms("0.05", rate_type="PERCENTAGE", minimum_config={"minimum": 100}),
            "5 % -> 5 % · at least $1.00 | ",
        ),
        (
            terms("0.02"), terms("0.02", commit_rate={"rate_type": "FLAT", "price": Decimal("0.01")}),
            "$0.0002 -> $0.0002 · from commits $0.0001 | ",
        ),
        (
            terms(rate_type="CUSTOM", custom_rate={"a": 1}), terms(rate_type="CUSTOM", custom_rate={"a": 2}),
            'custom rate {"a":1} -> custom rate {"a":2} | ',
        ),
    ],
)  # fmt: skip
def test_terms_in_words(was: str | None, now: str, text: str) -> None:
    since = NOW if "ended" in text else JANUARY
    when = "from 2025-12-15 09:00Z" if since == NOW else "from 2026-01-01"
    assert said(repriced("p", was, now, since=since)) == [f"{text} | {when}"]


def test_tiers_stand_side_by_side_and_say_where_they_are_cheaper() -> None:
    """Hand-worked: 10,240 cost $235.52 on both sides, 51,200 cost $1,177.60 and $1,136.64, and $0.0005 more a unit
    above 512,000 has made up for that $61.44 after 122,880 of them."""
    sizes = (
        (("0.023", 51200), ("0.022", 460800), ("0.021", None)),
        (("0.023", 10240), ("0.022", 460800), ("0.0215", None)),
    )
    was, now = (terms(rate_type="TIERED", tiers=[_tier(price, size) for price, size in side]) for side in sizes)
    (row,) = rows(repriced("p", was, now))
    assert [tuple(tier) for tier in row.tiers] == [
        ("first 10,240", "$0.023", "$0.023"),
        ("next 40,960", "$0.023", "$0.022"),
        ("next 419,840", "$0.022", "$0.022"),
        ("next 40,960", "$0.022", "$0.0215"),
        ("above 512,000", "$0.021", "$0.0215"),
    ]
    assert row.curve == (
        "the same up to 10,240",
        "cheaper from 10,240 to 634,880: at most -3.5 %, $1,177.60 -> $1,136.64 for 51,200",
        "dearer above 634,880: at most +2.4 %, for the largest quantities",
    )


def _tier(dollars: str, size: int | None) -> dict[str, Any]:
    tier = {"price": Decimal(dollars) * 100}
    return tier if size is None else {**tier, "size": Decimal(size)}


def test_one_price_beside_tiers_is_a_curve_too() -> None:
    tiers = [_tier("0.02", 100), _tier("0.01", None)]
    (row,) = rows(repriced("p", terms("1.5"), terms(rate_type="TIERED", tiers=tiers)))
    assert row.curve == (
        "dearer up to 200: at most +33.3 %, $1.50 -> $2.00 for 100",
        "cheaper above 200: at most -33.3 %, for the largest quantities",
    )
    (same,) = rows(repriced("p", terms("1.5"), terms("2")))
    assert (same.tiers, same.curve) == ((), ())


def test_a_segment_over_several_prices_is_one_row_for_each() -> None:
    observed = schedule((PAST, JANUARY, terms("500")), (JANUARY, None, terms("800")))
    found = rows(planned(schedule((PAST, None, terms("600"))), observed))
    assert [(row.price, row.change, row.when) for row in found] == [
        ("$5.00 -> $6.00", "+20.0 %", "from 2025-01-01 until 2026-01-01"),
        ("$5.00 -> $6.00 (was to be $8.00)", "+20.0 %", "from 2026-01-01"),
    ]
    assert found[0].hazards == (Hazard.PRICE_UP, Hazard.RETROACTIVE)
    assert found[1].hazards == (Hazard.PRICE_UP,)


def test_what_was_planned_and_is_taken_back_stays() -> None:
    observed = schedule((PAST, JANUARY, terms("500")), (JANUARY, None, terms("600")))
    (row,) = rows(planned(schedule((PAST, None, terms("500"))), observed))
    assert (row.price, row.change, row.hazards) == ("$5.00 (was to be $6.00)", "stays", ())
    assert (row.observed, row.desired, row.planned) == ("$5.00", "$5.00", "$6.00")
    assert "| $5.00 | $5.00 (was to be $6.00) | stays |" in price_row(row, 3)


def test_a_price_that_was_to_end_says_so() -> None:
    observed = schedule((PAST, JANUARY, terms("500")))
    (row,) = rows(planned(schedule((PAST, JANUARY, terms("500")), (JANUARY, None, terms("600"))), observed))
    assert (row.price, row.change) == ("$5.00 -> $6.00 (was to end)", "+20.0 %")


def test_a_schedule_of_steps_is_a_row_for_each_step() -> None:
    observed = schedule((PAST, None, terms("500")))
    desired = schedule((PAST, JANUARY, terms("500")), (JANUARY, JULY, terms("600")), (JULY, None, terms("700")))
    assert said(planned(desired, observed)) == [
        "$5.00 -> $6.00 | +20.0 % | from 2026-01-01 until 2026-07-01",
        "$5.00 -> $7.00 | +40.0 % | from 2026-07-01",
    ]


def test_a_price_that_stops_for_a_while() -> None:
    desired = schedule((PAST, JANUARY, terms("500")), (JULY, None, terms("500")))
    assert said(planned(desired, schedule((PAST, None, terms("500"))))) == [
        "$5.00 -> not sold | ended | from 2026-01-01 until 2026-07-01"
    ]


def test_a_price_where_there_was_none_in_the_past_is_new() -> None:
    found = said(planned(schedule((PAST, None, terms("500"))), schedule((JANUARY, None, terms("400")))))
    assert found == [
        "$5.00 | new | from 2025-01-01 until 2026-01-01",
        "$4.00 -> $5.00 | +25.0 % | from 2026-01-01",
    ]


names = st.text(min_size=1, max_size=20)


@given(names, st.sampled_from([None, "MONTHLY"]), st.dictionaries(names, names, max_size=3))
def test_keys_read_as_the_catalogue_says_them(product: str, frequency: str | None, groups: dict[str, str]) -> None:
    key = key_text(RateKey(product, frequency, tuple(sorted(groups.items()))))
    (row,) = rows(RateChange(key, None, schedule((JANUARY, None, terms("1")))))
    assert row.key == str(read_key(key))
    assert (row.product, row.billing_frequency, row.pricing_group_values) == (product, frequency, groups)


amounts = st.integers(0, 10**6).map(str)
instants = ("2025-03-01T00:00:00Z", "2025-06-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z")


@st.composite
def timelines(draw: Any) -> str:
    starts = sorted(draw(st.sets(st.sampled_from(instants), min_size=1)))
    ends = [*starts[1:], draw(st.sampled_from([None, "2027-01-01T00:00:00Z"]))]
    return schedule(
        *((s, e, terms(draw(amounts), entitled=draw(st.booleans()))) for s, e in zip(starts, ends, strict=True))
    )


@given(timelines(), timelines())
def test_every_price_hazard_stands_on_some_row(observed: str, desired: str) -> None:
    change = planned(desired, observed)
    if change is None:
        return
    found = rows(change)
    assert found
    shown = {hazard for row in found for hazard in row.hazards}
    # A hazard of history alone is not one of a price in force, so the rows may say less, and never more.
    assert shown <= set(change.hazards)
    for row in found:
        if row.relative_change is not None and Hazard.PRICE_UP in row.hazards:
            assert row.relative_change > 0
        if row.relative_change is not None and Hazard.PRICE_DOWN in row.hazards:
            assert row.relative_change < 0
