"""Aliases of cards and packages as requests give them and answers show them, over the log that all accounts keep."""

from collections.abc import Iterable

from pricebook.account import alias_log
from pricebook.account.alias import Schedule, current
from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.call import Json, check_hours
from pricebook.sandbox.wire import known, stamp


def schedules(aliases: Iterable[Json]) -> list[Schedule]:
    """Aliases as they are given: on the hour, and none of them twice at one instant. Raises Refused (400)."""
    made = []
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
        made.append(Schedule(given["name"], given.get("starting_at"), given.get("ending_before")))
    return made


def shown(work: AccountTransaction, kind: str, object_id: str) -> list[Json]:
    """The aliases of an object, with the ends that they really have."""
    made = []
    for entry, end in current(alias_log.log_of_object(work, kind, object_id), object_id):
        if end is None or (entry.starting_at or "") < end:
            made.append(known(name=entry.name, starting_at=stamp(entry.starting_at), ending_before=stamp(end)))
    return made
