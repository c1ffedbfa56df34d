"""Alarms worked out by hand, in `alarmed/catalog/*.yaml`: which notifications, and on which day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricebook.catalog.offset_notification import OffsetPolicy
from pricebook.catalog.scenario import Scenario
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.manifest.load import Loaded, load
from pricebook.preview.alarm import Alarm, alarms, in_alarm, unwatched
from pricebook.preview.materialise import materialise
from pricebook.preview.sending import after, sent
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.verdict import judge
from pricebook.preview.watched import WatchedContract, WatchedCustomer
from pricebook.project.project import read_project
from pricebook.view.price import Units
from pricebook.view.tests import difference

START = datetime(2025, 10, 1, tzinfo=UTC)
ALARMED = Path(__file__).parent / "alarmed"


@cache
def alarmed() -> Loaded:
    """The catalogue and its scenarios."""
    return load(read_project(ALARMED))


SCENARIOS = {ref.name: noun for ref, noun in sorted(alarmed().beside.items()) if isinstance(noun, Scenario)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_alarms_are_what_was_worked_out(name: str) -> None:
    verdict = judge(name, SCENARIOS[name], alarmed().catalog)
    units = Units(Tariff(alarmed().catalog, None).scales)
    assert [difference(mismatch, units) for mismatch in verdict.mismatches] == []


AMOUNTS = st.lists(
    st.tuples(st.integers(0, 24 * 61), st.integers(-3, 20), st.sampled_from(["tokens", "work"]), st.sampled_from("ab")),
    max_size=12,
)


@pytest.mark.parametrize("package", ["plain", "prepaid", "pools", "seats", "units"])
@settings(max_examples=12, deadline=None)
@given(AMOUNTS)
def test_halving_finds_what_looking_at_every_hour_of_usage_finds(package: str, used: Any) -> None:
    catalog = alarmed().catalog
    seats = [SeatChange("seats", START, Decimal(2), ("a", "b"))] if package == "seats" else []
    usage = [
        Quantity(name, (("team", "red"), ("user_id", who)), START + timedelta(hours=hour), Decimal(amount))
        for hour, amount, name, who in used
    ]
    terms = materialise(catalog.packages[package], START)
    customer = WatchedCustomer([WatchedContract(Prices(Tariff(catalog, "main"), terms), usage, seats)])
    end = START + timedelta(days=61)
    hours = {START + timedelta(days=day) for day in range(62)} | {each.at for each in usage}
    for ref, noun in catalog.nouns.items():
        if isinstance(noun, ThresholdNotification) and not unwatched(noun, customer):
            before: set[str] = set()
            looked = []
            for at in sorted(hours):
                now = {part for part, beyond in in_alarm(noun, customer, at).items() if beyond}
                looked += [Alarm(at, part) for part in sorted(now - before)]
                before = now
            assert sorted(looked) == alarms(noun, customer, START, end), ref


def test_what_is_not_as_expected_is_told() -> None:
    scenario = SCENARIOS["pools-run-dry"]
    assert scenario.expect is not None
    assert scenario.expect.notifications is not None
    first, second, *_, last = scenario.expect.notifications
    wrong = (
        first.model_copy(update={"at": first.at + timedelta(days=1)}),
        second.model_copy(update={"notification": "plan-ends"}),
        *scenario.expect.notifications[2:-1],
        last.model_copy(update={"part": "pool=shared"}),
    )
    expect = scenario.expect.model_copy(update={"notifications": wrong})
    verdict = judge("wrong", scenario.model_copy(update={"expect": expect}), alarmed().catalog)
    assert [difference(mismatch, Units({})) for mismatch in verdict.mismatches] == [
        "notification credit-half: expected 2025-10-03, came 2025-10-02",
        "notification plan-ends: expected 2025-10-02, but there is none",
        "notification credit-gone (pool=shared): expected 2025-11-10, but there is none",
        "notification pool-low: came 2025-10-02, and is not expected",
        "notification credit-gone: came 2025-11-10, and is not expected",
    ]


@pytest.mark.parametrize(
    ("offset", "at"),
    [("P1D", "2025-02-01"), ("-P1D", "2025-01-30"), ("P1M", "2025-02-28"), ("-P1Y2M1W", "2023-11-23"), ("PT5H", "T05")],
)
def test_an_offset_is_counted_by_the_calendar(offset: str, at: str) -> None:
    found = after(datetime(2025, 1, 31, tzinfo=UTC), offset)
    assert at in found.isoformat()


def test_what_comes_before_a_balance_begins_is_sent_in_time() -> None:
    catalog = alarmed().catalog
    contract = WatchedContract(Prices(Tariff(catalog, "main"), materialise(catalog.packages["pools"], START)))
    policy = OffsetPolicy(type="credit.segment.start", offset="P2D")
    until = START + timedelta(days=10)
    assert [each.at.day for each in sent(policy, contract, START, until)] == [3, 3]
    prices = Prices(Tariff(catalog, "main"), materialise(catalog.packages["seats"], START))
    seats = WatchedContract(prices, seats=(SeatChange("seats", START, Decimal(1), ("a",)),))
    ahead = OffsetPolicy(type="credit.segment.start", offset="-P1W")
    assert [f"{each.at:%m-%d} {each.part}" for each in sent(ahead, seats, START, START + timedelta(days=30))] == [
        "10-25 recurring_credits[own] 2 user_id=a"
    ]
