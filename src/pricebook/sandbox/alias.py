"""Aliases of cards and packages as requests give them and answers show them, over the log that all accounts keep."""

from collections.abc import Iterable
from datetime import datetime

from pricebook.account import alias_log
from pricebook.account.alias import Schedule, current, holder, holder_to_be
from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Json, check_hours
from pricebook.sandbox.wire import stamp


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


def give(work: AccountTransaction, kind: str, object_id: str, aliases: Iterable[Json]) -> None:
    """Give an object aliases, besides those that it has; each ends on whoever had it."""
    alias_log.give(work, kind, object_id, enumerate(map(_schedule, aliases)), _instant(work))


def replace(work: AccountTransaction, kind: str, object_id: str, aliases: Iterable[Json]) -> None:
    """Make these the aliases of an object."""
    alias_log.replace(work, kind, object_id, list(map(_schedule, aliases)), _instant(work))


def withdraw(work: AccountTransaction, kind: str, object_id: str) -> None:
    """Nobody finds the object by an alias any more, from this hour on."""
    alias_log.withdraw(work, kind, object_id, _instant(work))


def shown(work: AccountTransaction, kind: str, object_id: str) -> list[Json]:
    """The aliases of an object, with the ends that they really have."""
    made = []
    for entry, end in current(alias_log.log_of_object(work, kind, object_id), object_id):
        if end is None or (entry.starting_at or "") < end:
            given = {"name": entry.name}
            given |= {"starting_at": stamp(entry.starting_at)} if entry.starting_at is not None else {}
            made.append(given | ({"ending_before": stamp(end)} if end is not None else {}))
    return made


def find(work: AccountTransaction, kind: str, name: str, instant: str) -> str | None:
    """The object for which an alias stands at an instant."""
    return holder(alias_log.log_of(work, kind, name), instant)


def find_next(work: AccountTransaction, kind: str, name: str) -> str | None:
    """The object for which an alias stands now, or else will stand next."""
    return holder_to_be(alias_log.log_of(work, kind, name), work.now)


def _schedule(given: Json) -> Schedule:
    return Schedule(given["name"], given.get("starting_at"), given.get("ending_before"))


def _instant(work: AccountTransaction) -> datetime:
    return datetime.fromisoformat(work.now)
