"""What an endpoint gets: the transaction, the checked body, the query, the ids in the path; and what all read of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.page import MOST, cursor, read_limit, read_position
from pricebook.sandbox.shape import read_uuid

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an endpoint, inside its transaction."""

    work: AccountTransaction
    body: Any
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)

    def path_id(self, name: str) -> str:
        """An id in the path. Raises Refused (400)."""
        found = read_uuid(self.path[name])
        if found is None:
            raise Refused(400, f"{name} must be a UUID, not {self.path[name][:60]!r}")
        return found

    def flag(self, name: str) -> bool:
        """A true-or-false parameter of the query. Raises Refused (400)."""
        text = self.query.get(name, "false").lower()
        if text not in ("true", "false"):
            raise Refused(400, f"{name} must be true or false, not {text[:40]!r}")
        return text == "true"


def id_answer(id_: str) -> Json:
    """What most writes answer."""
    return {"data": {"id": id_}}


def listed(
    call: Call,
    kind: str,
    shown: Callable[[AccountTransaction, list[Record]], list[Json]],
    where: str = "",
    *parameters: object,
    default: int = MOST,
) -> Json:
    """A page of the objects of a kind that a condition holds for, with the cursor of the next one."""
    limit, (after, _) = read_limit(call.query, default), read_position(call.query)
    found = call.work.page(kind, after, limit + 1, where, *parameters)
    more = len(found) > limit
    found = found[:limit]
    return {"data": shown(call.work, found), "next_page": cursor((found[-1].seq, 0)) if more else None}


def archive_condition(body: Json) -> str:
    """The SQL condition of an `archive_filter`; what is archived is left out by default."""
    conditions = {"ARCHIVED": "archived_at IS NOT NULL", "NOT_ARCHIVED": "archived_at IS NULL", "ALL": ""}
    return conditions[body.get("archive_filter", "NOT_ARCHIVED")]


def check_hours(body: Json, *names: str, at: str = "") -> None:
    """The instants are on the hour, and the end comes after the start. Raises Refused (400)."""
    head = f"{at}." if at else ""
    for name in names:
        if name in body and not body[name].endswith(":00:00Z"):
            raise Refused(400, f"{head}{name} must be on an hour boundary, not {body[name]}")
    start, end = body.get("starting_at"), body.get("ending_before")
    if start is not None and end is not None and end <= start:
        raise Refused(400, f"{head}ending_before must be after starting_at")
