"""Aliases of rate cards and packages: who holds which when, by the log that pricebook's own stores keep too."""

from collections.abc import Iterable
from datetime import datetime

from pricebook.sandbox.account import Work
from pricebook.sandbox.call import Json, check_hours
from pricebook.sandbox.wire import Refused, stamp
from pricebook.store.alias import Assignment, current, holder, hour_of

_COLUMNS = "seq, name, object_id, position, starting_at, ending_before, assigned_at, withdrawn_at"


def check_aliases(aliases: Iterable[Json]) -> None:
    """Schedules are on the hour, and no alias stands twice at one instant. Raises Refused (400)."""
    seen: dict[str, list[tuple[str, str]]] = {}
    for index, given in enumerate(aliases):
        check_hours(given, "starting_at", "ending_before", at=f"aliases[{index}]")
        if not given["name"].strip():
            raise Refused(400, f"aliases[{index}].name must not be empty")
        start, end = given.get("starting_at", ""), given.get("ending_before", "~")
        for other_start, other_end in seen.setdefault(given["name"], []):
            if start < other_end and other_start < end:
                raise Refused(400, f"alias {given['name']!r} stands twice at one instant")
        seen[given["name"]].append((start, end))


def give(work: Work, kind: str, object_id: str, aliases: Iterable[Json]) -> None:
    """Give an object aliases, besides those that it has; each ends on whoever had it."""
    hour = _hour(work.now)
    work.execute_many(
        "INSERT INTO alias (kind, name, object_id, position, starting_at, ending_before, assigned_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (kind, given["name"], object_id, position, given.get("starting_at"), given.get("ending_before"), hour)
            for position, given in enumerate(aliases)
        ],
    )


def replace(work: Work, kind: str, object_id: str, aliases: list[Json]) -> None:
    """Make these the aliases of an object: what it has with the same schedule stays, other ones are withdrawn."""
    log = _log(work, kind, object_id)
    left = list(aliases)
    for entry, end in current(log, object_id):
        same = [given for given in left if _same(entry, end, given)]
        if same:
            left.remove(same[0])
            position = aliases.index(same[0])
            work.execute("UPDATE alias SET position = ? WHERE seq = ?", position, entry.seq)
        else:
            work.execute("UPDATE alias SET withdrawn_at = ? WHERE seq = ?", _hour(work.now), entry.seq)
    give(work, kind, object_id, left)


def withdraw(work: Work, kind: str, object_id: str) -> None:
    """Nobody finds the object by an alias any more, from this hour on."""
    sql = "UPDATE alias SET withdrawn_at = ? WHERE kind = ? AND object_id = ? AND withdrawn_at IS NULL"
    work.execute(sql, _hour(work.now), kind, object_id)


def shown(work: Work, kind: str, object_id: str) -> list[Json]:
    """The aliases of an object, with the ends that they really have."""
    made = []
    for entry, end in current(_log(work, kind, object_id), object_id):
        if end is None or (entry.starting_at or "") < end:
            given = {"name": entry.name}
            given |= {"starting_at": stamp(entry.starting_at)} if entry.starting_at is not None else {}
            made.append(given | ({"ending_before": stamp(end)} if end is not None else {}))
    return made


def find(work: Work, kind: str, name: str, instant: str) -> str | None:
    """The object for which an alias stands at an instant."""
    rows = work.rows(f"SELECT {_COLUMNS} FROM alias WHERE kind = ? AND name = ?", kind, name)
    return holder([Assignment(*row) for row in rows], instant)


def _log(work: Work, kind: str, object_id: str) -> list[Assignment]:
    """Everything about the names that the object ever had."""
    sql = f"SELECT {_COLUMNS} FROM alias WHERE kind = ? AND name IN (SELECT name FROM alias WHERE object_id = ?)"
    return [Assignment(*row) for row in work.rows(sql, kind, object_id)]


def _same(entry: Assignment, end: str | None, given: Json) -> bool:
    schedule = (given["name"], given.get("starting_at"), given.get("ending_before"))
    return schedule == (entry.name, entry.starting_at, entry.ending_before) and end == entry.ending_before


def _hour(now: str) -> str:
    return hour_of(datetime.fromisoformat(now))
