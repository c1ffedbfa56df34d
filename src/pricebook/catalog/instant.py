"""Instants are UTC and hour-aligned; the clock is never read here.

The vendor's rates, aliases and product updates take instants on an hour boundary (`starting_at` inclusive,
`ending_before` exclusive).
"""

import re
from datetime import UTC, datetime, timedelta

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.0+)?)?\s*(Z|z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?\Z"
)
_MIDNIGHT = "T00:00:00Z"
INSTANT_PATTERN = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:00(:00(\.0+)?)?\s*(Z|z|[+-]([01]\d|2[0-3]):?[0-5]\d)?)?$"


def parse_instant(text: str) -> datetime:
    """`2025-04-01`, `2025-04-01T00:00:00Z` or with an offset, as UTC; a date is its midnight UTC.

    Raises ValueError, whose text is the rule that was broken, on anything else and on an instant off the hour.
    """
    match = _INSTANT.match(text)
    if match is None:
        raise ValueError("an instant is written 2025-04-01 or 2025-04-01T00:00:00Z")
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        value = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
        if zone and zone not in "Zz":
            value -= (1 if zone[0] == "+" else -1) * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"there is no such instant ({error})") from None
    if value.minute or value.second:
        raise ValueError("instants are on the hour, in UTC")
    return value


def read_moment(text: str) -> datetime:
    """An instant as others write it, off the hour or not, as UTC: what says no offset is in it. Raises ValueError."""
    value = datetime.fromisoformat(text)
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"there is no such instant ({error})") from None


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC: `2025-04-01T00:00:00Z`."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value.year >= 1000 else value.isoformat().replace("+00:00", "Z")


def instant_words(value: datetime) -> str:
    """For people: `2025-04-01`, with the hour only when it is not midnight."""
    return f"{value:%Y-%m-%d}" if value.hour == 0 else f"{value:%Y-%m-%d %H:00}Z"


def text_words(text: str) -> str:
    """`instant_words` for an instant's text."""
    return day_text(text) if text.endswith(_MIDNIGHT) else text.replace("T", " ").removesuffix(":00Z") + "Z"


def day_text(text: str) -> str:
    """An instant's text as a manifest says it: one at midnight as its date."""
    return text.removesuffix(_MIDNIGHT)


def bound_text(value: datetime | None) -> str | None:
    """The text of where a period begins or ends; None where it does not."""
    return instant_text(value) if value is not None else None


def read_bound(text: str | None) -> datetime | None:
    """The reverse of `bound_text`. Raises ValueError."""
    return read_moment(text) if text else None


def moment_words(value: datetime) -> str:
    """For people, to the minute: `2025-04-01 09:30Z`."""
    return f"{value:%Y-%m-%d %H:%M}Z"


def next_hour(value: datetime) -> datetime:
    """The instant itself when it is on the hour, else the next hour."""
    floor = value.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return floor if floor == value else floor + timedelta(hours=1)
