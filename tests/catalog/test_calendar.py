"""The calendar of contracts: months that clamp, and cycles that do not drift."""

from datetime import UTC, datetime

import pytest

from pricebook.catalog.calendar import FOREVER, cycle, later


def days(*texts: str) -> list[datetime]:
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]


@pytest.mark.parametrize(
    ("start", "value", "unit", "end"),
    [
        ("2025-01-31", 1, "MONTHS", "2025-02-28"),
        ("2024-01-31", 1, "MONTHS", "2024-02-29"),
        ("2024-02-29", 1, "YEARS", "2025-02-28"),
        ("2025-11-30", 3, "MONTHS", "2026-02-28"),
        ("2025-12-15", 12, "MONTHS", "2026-12-15"),
        ("2025-01-31", 2, "WEEKS", "2025-02-14"),
        ("2025-12-31", 1, "DAYS", "2026-01-01"),
    ],
)
def test_months_clamp_at_month_ends(start: str, value: int, unit: str, end: str) -> None:
    first, last = days(start, end)
    assert later(first, value, unit) == last


def test_what_lies_beyond_the_calendar_is_for_ever() -> None:
    start = datetime(2025, 1, 31, tzinfo=UTC)
    assert {later(start, 10**12, unit) for unit in ("DAYS", "WEEKS", "MONTHS", "YEARS")} == {FOREVER}


@pytest.mark.parametrize(
    ("anchor", "frequency", "start", "end", "changes"),
    [
        ("2024-01-31", "MONTHLY", "2024-01-31", "2024-06-01", "2024-02-29 2024-03-31 2024-04-30 2024-05-31"),
        ("2024-09-10", "MONTHLY", "2024-09-15", "2024-12-01", "2024-10-10 2024-11-10"),  # the vendor's own example
        ("2025-10-01", "QUARTERLY", "2025-11-20", "2026-05-01", "2026-01-01 2026-04-01"),
        ("2026-03-01", "QUARTERLY", "2025-11-20", "2026-05-01", "2025-12-01 2026-03-01"),
        ("2024-02-29", "ANNUAL", "2024-02-29", "2026-03-01", "2025-02-28 2026-02-28"),
        ("2025-01-01", "WEEKLY", "2025-01-03", "2025-01-20", "2025-01-08 2025-01-15"),
    ],
)
def test_a_cycle_counts_from_its_anchor(anchor: str, frequency: str, start: str, end: str, changes: str) -> None:
    at, first, last = days(anchor, start, end)
    found = list(cycle(at, frequency, first, last))
    assert [p.starting_at for p in found] == [first, *days(*changes.split())]
    assert [p.ending_before for p in found] == [*days(*changes.split()), last]


def test_a_cut_period_knows_the_whole_one() -> None:
    anchor, start, end = days("2024-09-10", "2024-09-15", "2024-10-20")
    first, last = cycle(anchor, "MONTHLY", start, end)
    assert (first.cycle_start, first.cycle_end) == (anchor, last.cycle_start)
    assert first.partial
    assert last.partial
    assert not next(cycle(anchor, "MONTHLY", anchor, end)).partial
