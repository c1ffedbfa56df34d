"""The table of the aliases' log, which every account has alike: reading it, giving, replacing and withdrawing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from pricebook.account.alias import Assignment, Schedule, current, holder, holder_to_be, hour_of

_COLUMNS = "seq, name, object_id, position, starting_at, ending_before, assigned_at, withdrawn_at"
_SELECT = f"SELECT {_COLUMNS} FROM alias WHERE kind = ?"


class Rows(Protocol):
    """A transaction of whoever keeps the table; SQL is written with `?`."""

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of the answer."""

    def run(self, sql: str, *parameters: object) -> object:
        """A statement that changes something."""


def whole_log(work: Rows, kind: str) -> list[Assignment]:
    """The log of all aliases of a kind of object."""
    return [Assignment(*row) for row in work.rows(_SELECT, kind)]


def log_of(work: Rows, kind: str, name: str) -> list[Assignment]:
    """The log of one alias."""
    return [Assignment(*row) for row in work.rows(f"{_SELECT} AND name = ?", kind, name)]


def holder_at(work: Rows, kind: str, name: str, instant: str) -> str | None:
    """The object for which an alias stands at an instant."""
    return holder(log_of(work, kind, name), instant)


def next_holder(work: Rows, kind: str, name: str, at: datetime) -> str | None:
    """The object for which an alias stands now, or else will stand next."""
    return holder_to_be(log_of(work, kind, name), hour_of(at))


def log_of_object(work: Rows, kind: str, object_id: str) -> list[Assignment]:
    """Everything about the names that an object ever had."""
    sql = f"{_SELECT} AND name IN (SELECT name FROM alias WHERE object_id = ?)"
    return [Assignment(*row) for row in work.rows(sql, kind, object_id)]


def give(work: Rows, kind: str, object_id: str, aliases: Iterable[tuple[int, Schedule]], at: datetime) -> None:
    """Give an object aliases, each with its position, besides those that it has; each ends on whoever had it."""
    for position, given in aliases:
        work.run(
            "INSERT INTO alias (kind, name, object_id, position, starting_at, ending_before, assigned_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(kind, given.name, object_id, position, given.starting_at, given.ending_before, hour_of(at)),
        )


def replace(work: Rows, kind: str, object_id: str, aliases: Sequence[Schedule], at: datetime) -> None:
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


def withdraw(work: Rows, kind: str, object_id: str, at: datetime) -> None:
    """Nobody finds the object by an alias any more, from this hour on."""
    sql = "UPDATE alias SET withdrawn_at = ? WHERE kind = ? AND object_id = ? AND withdrawn_at IS NULL"
    work.run(sql, hour_of(at), kind, object_id)
