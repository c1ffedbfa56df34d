"""Who holds an alias when: the log of assignments, what it says about an instant, and its table, which grows.

An alias stands for one object at a time. Giving it to a second one ends it on the first, from the second's scheduled
start or, without one, from the hour in which it was given [assumed: instants are hour-aligned]. The last assignment
wins. What an alias meant before it was moved stays as it was, so that a contract that starts in the past finds it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pricebook.catalog.instant import bound_text, instant_text, read_bound
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind


class Schedule(NamedTuple):
    """An alias as it is given: its name, from when and until when, as text; None for "always" and "without end"."""

    name: str
    starting_at: str | None = None
    ending_before: str | None = None

    @classmethod
    def of(cls, alias: Alias) -> "Schedule":
        """What an alias of a noun says."""
        return cls(alias.name, bound_text(alias.starting_at), bound_text(alias.ending_before))


class Assignment(NamedTuple):
    """One entry of the log, which grows by `seq`. Instants are RFC 3339 text, None for "always" and "without end".

    `withdrawn_at` is when the object's own list of aliases stopped naming it; None while it does.
    """

    seq: int
    name: str
    object_id: str
    position: int
    starting_at: str | None
    ending_before: str | None
    assigned_at: str
    withdrawn_at: str | None = None

    @classmethod
    def of(cls, alias: Alias, object_id: str, at: datetime, position: int, seq: int = 0) -> "Assignment":
        """The entry of an alias that is given to an object now."""
        name, start, end = Schedule.of(alias)
        return cls(
            seq=seq,
            name=name,
            object_id=object_id,
            position=position,
            starting_at=start,
            ending_before=end,
            assigned_at=hour_of(at),
        )

    @property
    def takes_from(self) -> str:
        """From when on it ends the alias on other objects."""
        return self.starting_at or self.assigned_at

    @property
    def schedule(self) -> Schedule:
        """As it was given."""
        return Schedule(self.name, self.starting_at, self.ending_before)


def hour_of(at: datetime) -> str:
    """The hour that counts as the moment of an assignment."""
    return instant_text(at.replace(minute=0, second=0, microsecond=0))


def end_of(assignment: Assignment, log: Iterable[Assignment]) -> str | None:
    """When it really ends: as scheduled, when withdrawn, or when another object took the alias."""
    ends = [assignment.ending_before, assignment.withdrawn_at]
    ends += [later.takes_from for later in log if _takes(later, assignment)]
    return min((end for end in ends if end is not None), default=None)


def holder(log: Sequence[Assignment], instant: str) -> str | None:
    """The object for which the alias stands at the instant; None when it stands for none. `log` is of one alias."""
    fallback = None
    for assignment in sorted(log, reverse=True):
        end = end_of(assignment, log)
        if (assignment.starting_at or "") > instant or (end is not None and end <= instant):
            continue
        if instant >= assignment.takes_from:
            return assignment.object_id
        fallback = assignment.object_id  # without a start it stands for the past too, where nobody else did
    return fallback


def holder_to_be(log: Sequence[Assignment], now: str) -> str | None:
    """The object for which the alias stands now, or else the one for which it will stand next."""
    starts = sorted(entry.starting_at for entry in log if entry.starting_at is not None and entry.starting_at > now)
    return next((id_ for moment in (now, *starts) if (id_ := holder(log, moment)) is not None), None)


def aliases_of(log: Sequence[Assignment], object_id: str) -> tuple[Alias, ...]:
    """The aliases of an object as they really are, in the order in which they were given."""
    return tuple(
        Alias(name=own.name, starting_at=read_bound(own.starting_at), ending_before=read_bound(end))
        for own, end in current(log, object_id)
        if end is None or own.starting_at is None or own.starting_at < end
    )


def current(log: Sequence[Assignment], object_id: str) -> list[tuple[Assignment, str | None]]:
    """The assignments that the object's list names, each with its real end, in the order of the list."""
    named: dict[str, list[Assignment]] = {}
    for entry in log:
        named.setdefault(entry.name, []).append(entry)
    own = [entry for entry in log if entry.object_id == object_id and entry.withdrawn_at is None]
    return [(entry, end_of(entry, named[entry.name])) for entry in sorted(own, key=lambda e: (e.position, e.seq))]


def _takes(later: Assignment, earlier: Assignment) -> bool:
    """Whether the later one ends the earlier one: it is another object's, came to be, and they share an instant."""
    if later.seq <= earlier.seq or later.object_id == earlier.object_id or later.name != earlier.name:
        return False
    start = later.takes_from
    if later.withdrawn_at is not None and later.withdrawn_at <= start:
        return False
    if earlier.ending_before is not None and earlier.ending_before <= start:
        return False
    return later.ending_before is None or later.ending_before > max(start, earlier.starting_at or "")


_COLUMNS = "seq, name, object_id, position, starting_at, ending_before, assigned_at, withdrawn_at"
_ENTRIES = f"SELECT {_COLUMNS} FROM alias WHERE kind = ?"


class SqlRows(Protocol):
    """A transaction of whoever keeps the table; SQL is written with `?`."""

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of the answer."""

    def run(self, sql: str, *parameters: object) -> object:
        """A statement that changes something."""


def whole_log(work: SqlRows, kind: Kind) -> list[Assignment]:
    """The log of all aliases of a kind of object."""
    return [Assignment(*row) for row in work.rows(_ENTRIES, kind.value)]


def log_of(work: SqlRows, kind: Kind, name: str) -> list[Assignment]:
    """The log of one alias."""
    return [Assignment(*row) for row in work.rows(f"{_ENTRIES} AND name = ?", kind.value, name)]


def holder_at(work: SqlRows, kind: Kind, name: str, instant: str) -> str | None:
    """The object for which an alias stands at an instant."""
    return holder(log_of(work, kind, name), instant)


def next_holder(work: SqlRows, kind: Kind, name: str, at: datetime) -> str | None:
    """The object for which an alias stands now, or else will stand next."""
    return holder_to_be(log_of(work, kind, name), hour_of(at))


def log_of_object(work: SqlRows, kind: Kind, object_id: str) -> list[Assignment]:
    """Everything about the names that an object ever had."""
    sql = f"{_ENTRIES} AND name IN (SELECT name FROM alias WHERE object_id = ?)"
    return [Assignment(*row) for row in work.rows(sql, kind.value, object_id)]


def give(work: SqlRows, kind: Kind, object_id: str, aliases: Iterable[tuple[int, Schedule]], at: datetime) -> None:
    """Give an object aliases, each with its position, besides those that it has; each ends on whoever had it."""
    for position, given in aliases:
        work.run(
            "INSERT INTO alias (kind, name, object_id, position, starting_at, ending_before, assigned_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(kind.value, given.name, object_id, position, given.starting_at, given.ending_before, hour_of(at)),
        )


def replace(work: SqlRows, kind: Kind, object_id: str, aliases: Sequence[Schedule], at: datetime) -> None:
    """Make these the aliases of an object: what it has with the same schedule stays, other ones are withdrawn."""
    left = dict(enumerate(aliases))
    for entry, end in current(log_of_object(work, kind, object_id), object_id):
        kept = next((p for p, given in left.items() if end == entry.ending_before and given == entry.schedule), None)
        if kept is None:
            work.run("UPDATE alias SET withdrawn_at = ? WHERE seq = ?", hour_of(at), entry.seq)
        else:
            del left[kept]
            work.run("UPDATE alias SET position = ? WHERE seq = ?", kept, entry.seq)
    give(work, kind, object_id, left.items(), at)


def withdraw(work: SqlRows, kind: Kind, object_id: str, at: datetime) -> None:
    """Nobody finds the object by an alias any more, from this hour on."""
    sql = "UPDATE alias SET withdrawn_at = ? WHERE kind = ? AND object_id = ? AND withdrawn_at IS NULL"
    work.run(sql, hour_of(at), kind.value, object_id)
