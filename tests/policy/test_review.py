"""One rule that crashes or takes too long is reported, and the others run."""

from collections.abc import Iterator
from itertools import count

from pricebook.policy.finding import Finding
from pricebook.policy.judge import BUDGET, MOST, judge


def one() -> Iterator[Finding]:
    """A rule that finds something."""
    yield Finding(None, (), "found")


def crash() -> Iterator[Finding]:
    """A rule that finds something and falls over."""
    yield Finding(None, (), "found")
    raise ZeroDivisionError("division\x1b[31m by zero")


def endless() -> Iterator[Finding]:
    """A rule that never ends."""
    for number in count():
        yield Finding(None, (), f"found {number}")


def ticking() -> float:
    """A meter by which each look takes a second."""
    return float(next(_SECONDS))


_SECONDS = count()


def test_a_crash_is_a_finding_and_the_next_rule_runs() -> None:
    found = judge([("crash", "warning", crash), ("one", "note", one)], lambda: 0.0)
    assert [(f.rule, f.severity) for f in found] == [("crash", "warning"), ("rule-failed", "error"), ("one", "note")]
    assert "ZeroDivisionError" in found[1].finding.message


def test_a_slow_rule_is_stopped_and_the_next_runs() -> None:
    found = judge([("endless", "warning", endless), ("one", "note", one)], ticking)
    assert [f.rule for f in found[-2:]] == ["rule-slow", "one"]
    assert len(found) <= BUDGET + 4


def test_a_rule_without_end_that_takes_no_time_is_cut() -> None:
    def many() -> Iterator[Finding]:
        yield from (Finding(None, (), f"found {n}") for n in range(MOST + 500))

    found = judge([("many", "warning", many)], lambda: 0.0)
    assert len(found) == MOST + 1
    assert found[-1].finding.message == "500 more findings of many are not listed"


def test_a_rule_that_fails_before_its_first_finding() -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError("no")

    assert [f.rule for f in judge([("broken", "note", broken), ("one", "note", one)], lambda: 0.0)] == [
        "rule-failed",
        "one",
    ]
