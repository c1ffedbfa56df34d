"""The budget of requests: never more in any minute, evenly, and one pause for everybody."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.http.budget import MINUTE, Budget


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += seconds


@given(
    per_minute=st.integers(1, 400),
    idle=st.lists(st.floats(0, 200), min_size=1, max_size=60),
)
def test_no_minute_has_more_than_the_budget(per_minute: int, idle: list[float]) -> None:
    clock = Clock()
    budget = Budget(per_minute, clock, clock.sleep)
    taken = []
    for seconds in idle:
        clock.now += seconds
        for _ in range(20):
            budget.take()
            taken.append(clock.now)
    for start in taken:
        within = bisect_left(taken, start + MINUTE) - bisect_left(taken, start)
        assert within <= per_minute


@pytest.mark.parametrize("per_minute", [60, 600, 6000])
def test_most_of_the_budget_is_used(per_minute: int) -> None:
    clock = Clock()
    budget = Budget(per_minute, clock, clock.sleep)
    started, count = clock.now, 3 * per_minute
    for _ in range(count):
        budget.take()
    assert count / (clock.now - started) * MINUTE >= 0.9 * per_minute


def test_a_pause_holds_for_everybody() -> None:
    clock = Clock()
    budget = Budget(600, clock, clock.sleep)
    budget.take()
    budget.pause(30)
    budget.pause(5)
    budget.take()
    assert clock.now == 1030
