"""What an endpoint gets: the transaction, the checked body, the query, the ids in the path; and what all read of it.

Pages have a `limit` and a cursor, in the query or in the body. A cursor is opaque; one that no page of this account
gave is a 400.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pricebook.account.alias import withdraw
from pricebook.account.refusal import Refused
from pricebook.catalog.reference import Kind
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.shape import read_uuid

Body = dict[str, Any]
Show = Callable[[AccountTransaction, Record, dict[str, str]], Body]
"""How an object is shown, which has these custom fields."""
MOST = 100
Position = tuple[int, int]
"""Where the next page begins: after the object of this number, and for a schedule at which of its segments."""


class Paging(NamedTuple):
    """How a list is cut: how many without a word, at most how many, and what the cursor of the next page is called."""

    default: int = MOST
    most: int = MOST
    cursor: str = "next_page"


PAGING = Paging()


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


def id_answer(id_: str) -> Body:
    """What most writes answer."""
    return {"data": {"id": id_}}


def getting(kind: str, show: Show, name: str) -> Callable[[Call], Body]:
    """The endpoint that shows an object of a kind, an archived one too; `name` is its id's in path or body."""

    def get(call: Call) -> Body:
        id_ = call.path_id(name) if name in call.path else call.body[name]
        return {"data": shown(call.work, [call.work.get(kind, id_)], show)[0]}

    return get


def listing(kind: str, show: Show, condition: Callable[[Call], str], paging: Paging = PAGING) -> Callable[[Call], Body]:
    """The endpoint that lists the objects of a kind that a condition holds for."""
    return lambda call: listed(call, kind, show, condition(call), paging=paging)


def archiving(kind: str, name: str, aliased: Kind | None = None) -> Callable[[Call], Body]:
    """The endpoint that archives an object of a kind, for good: its aliases stand for nobody any more."""

    def archive(call: Call) -> Body:
        record = call.work.get(kind, call.body[name])
        call.work.archive(record)
        if aliased is not None:
            withdraw(call.work, aliased, record.id, call.work.at)
        return id_answer(record.id)

    return archive


def shown(work: AccountTransaction, found: list[Record], show: Show) -> list[Body]:
    """Objects of one kind, as answers show them."""
    fields = work.fields(found[0].kind, [record.id for record in found]) if found else {}
    return [show(work, record, fields[record.id]) for record in found]


def listed(call: Call, kind: str, show: Show, where: str = "", *parameters: object, paging: Paging = PAGING) -> Body:
    """A page of the objects of a kind that a condition holds for, with the cursor of the next one."""
    limit, (after, _) = read_limit(call, paging), read_position(call)
    found = call.work.page(kind, after, limit + 1, where, *parameters)
    following = (found[limit - 1].seq, 0) if len(found) > limit else None
    return page(shown(call.work, found[:limit], show), following, paging)


def page(data: list[Any], following: Position | None, paging: Paging = PAGING) -> Body:
    """The answer of a list: what is on the page, and where the next one begins."""
    return {"data": data, paging.cursor: cursor(following) if following is not None else None}


def paged(call: Call, items: Sequence[Any], paging: Paging = PAGING) -> Body:
    """A page of what is found anew for each page, in the same order."""
    limit, (first, _) = read_limit(call, paging), read_position(call)
    rest = items[first : first + limit + 1]
    return page(list(rest[:limit]), (first + limit, 0) if len(rest) > limit else None, paging)


def read_limit(call: Call, paging: Paging = PAGING) -> int:
    """How many are asked for, in the body or in the query. Raises Refused (400)."""
    found = _parameter(call, "limit")
    if found is None:
        return paging.default
    text = str(found)
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= paging.most):
        raise Refused(400, f"limit must be a whole number from 1 to {paging.most}, not {text[:40]!r}")
    return int(text)


def read_position(call: Call) -> Position:
    """Where the page begins. Raises Refused (400)."""
    name = "cursor" if isinstance(call.body, Mapping) and "cursor" in call.body else "next_page"
    text = str(_parameter(call, name) or "")
    if not text:
        return (0, 0)
    try:
        kind, first, second = urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(":")
        if kind == "page":
            return (int(first), int(second))
    except (ValueError, Error):
        pass
    raise Refused(400, f"{name} {text[:60]!r} is no cursor of this account")


def _parameter(call: Call, name: str) -> object:
    """A parameter of a list: the shape of the request says whether it stands in the body."""
    return call.body[name] if isinstance(call.body, Mapping) and name in call.body else call.query.get(name)


def cursor(position: Position) -> str:
    """The text of a position."""
    return urlsafe_b64encode(f"page:{position[0]}:{position[1]}".encode()).decode()


def archive_condition(call: Call) -> str:
    """The SQL condition of an `archive_filter`; what is archived is left out by default."""
    conditions = {"ARCHIVED": "archived_at IS NOT NULL", "NOT_ARCHIVED": "archived_at IS NULL", "ALL": ""}
    return conditions[call.body.get("archive_filter", "NOT_ARCHIVED")]


def period_condition(body: Body) -> tuple[str, list[str]]:
    """What else holds of the contracts that are listed, as SQL with its parameters. Raises Refused (400)."""
    if "covering_date" in body and "starting_at" in body:
        raise Refused(400, "starting_at cannot be provided together with covering_date")
    condition, parameters = "" if body.get("include_archived") else " AND archived_at IS NULL", []
    if "covering_date" in body:
        end = "json_extract(body, '$.ending_before')"
        condition += f" AND json_extract(body, '$.starting_at') <= ? AND ({end} IS NULL OR {end} > ?)"
        parameters += [body["covering_date"]] * 2
    if "starting_at" in body:
        condition += " AND json_extract(body, '$.starting_at') >= ?"
        parameters.append(body["starting_at"])
    return condition, parameters


_ANYTHING = ("custom_fields", "custom_rate", "pricing_group_values", "presentation_group_values")
"""What names its parts as it likes."""


def check_instants(value: Any, at: str = "") -> None:
    """Every instant of a request is on the hour, and every end after its start. Raises Refused (400)."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            check_instants(part, f"{at}[{index}]")
    elif isinstance(value, Mapping):
        for name in ("starting_at", "ending_before", "timestamp"):
            if isinstance(value.get(name), str) and not value[name].endswith(":00:00Z"):
                raise Refused(400, f"{at}{'.' if at else ''}{name} must be on an hour boundary, not {value[name]}")
        start, end = value.get("starting_at"), value.get("ending_before")
        if start is not None and end is not None and end <= start:
            raise Refused(400, f"{at}{'.' if at else ''}ending_before must be after starting_at")
        for name, part in value.items():
            if name not in _ANYTHING:
                check_instants(part, f"{at}.{name}" if at else name)
