"""The calendar of contracts: offsets and lengths of time, and the periods of a billing cycle.

The rule it keeps: months and years clamp at month ends, counted from the anchor and not from the period before, so that
January 31 is followed by February 28 and then by March 31 [assumed]. A date beyond the year 9999 is `FOREVER`.
"""

import calendar
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

FOREVER = datetime(9999, 12, 31, 23, tzinfo=UTC)
"""The last instant that can be written."""

MONTHS: Mapping[str, int] = {"MONTHS": 1, "YEARS": 12, "MONTHLY": 1, "QUARTERLY": 3, "SEMI_ANNUAL": 6, "ANNUAL": 12}
"""Months of a unit of time and of a frequency, where they are whole ones."""
TIME_UNITS = ("DAYS", "WEEKS", "MONTHS", "YEARS")
"""The units of offsets and lengths, the shortest first."""
PER_YEAR: Mapping[str, int] = {"DAILY": 365, "WEEKLY": 52, "MONTHLY": 12, "QUARTERLY": 4, "ANNUAL": 1}
"""How many periods of a frequency a year has."""
_ROUGHLY = {"MONTHS": 30, "YEARS": 365, "MONTHLY": 30, "QUARTERLY": 91, "ANNUAL": 365}
"""Days, to compare lengths, never to count with."""
_DAYS = {"DAYS": 1, "WEEKS": 7, "DAILY": 1, "WEEKLY": 7}


class Period(NamedTuple):
    """A period of a cycle as far as it is lived through: `cycle_start` and `cycle_end` are those of the whole one."""

    starting_at: datetime
    ending_before: datetime
    cycle_start: datetime
    cycle_end: datetime

    @property
    def partial(self) -> bool:
        """Whether something of the cycle is missing."""
        return self.ending_before - self.starting_at != self.cycle_end - self.cycle_start


def later(start: datetime, value: int, unit: str) -> datetime:
    """The instant that lies `value` units (DAYS, WEEKS, MONTHS, YEARS, or periods of a frequency) after `start`."""
    try:
        if unit in _DAYS:
            return min(start + timedelta(days=value * _DAYS[unit]), FOREVER)
        years, month = divmod(start.month - 1 + value * MONTHS[unit], 12)
        year, month = start.year + years, month + 1
        if year > FOREVER.year:
            return FOREVER
        return start.replace(year=year, month=month, day=min(start.day, month_days(year, month)))
    except OverflowError:
        return FOREVER


def rough_days(value: int, unit: str) -> int:
    """Days of a length of time, roughly; a month of twelve to the year counts the same as the year."""
    if unit == "MONTHS":
        return value // 12 * 365 + value % 12 * 30
    return value * (_DAYS[unit] if unit in _DAYS else _ROUGHLY[unit])


def month_days(year: int, month: int) -> int:
    """The number of days of a month."""
    return calendar.monthrange(year, month)[1]


def months_between(first: datetime, last: datetime) -> int:
    """How many months the month of `last` is after that of `first`."""
    return (last.year - first.year) * 12 + last.month - first.month


def cycle(anchor: datetime, frequency: str, start: datetime, end: datetime) -> Iterator[Period]:
    """The periods between `start` and `end`: they change at the anchor and at every whole number of periods from it,
    before and after; the first and the last may be cut."""
    if frequency in _DAYS:
        index = (start - anchor) // timedelta(days=_DAYS[frequency])
    else:
        index = months_between(anchor, start) // MONTHS[frequency]
        if later(anchor, index, frequency) > start:
            index -= 1
        elif later(anchor, index + 1, frequency) <= start:
            index += 1
    first = later(anchor, index, frequency)
    while first < end:
        index += 1
        after = later(anchor, index, frequency)
        yield Period(max(first, start), min(after, end), first, after)
        if after == FOREVER:
            return
        first = after


def first_of_month(instant: datetime) -> datetime:
    """Midnight of the first day of the month."""
    return instant.replace(day=1, hour=0)
