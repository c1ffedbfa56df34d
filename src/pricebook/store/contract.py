"""Contracts: customers on packages, as the vendor's API makes and lists them. pricebook itself only counts them.

A contract on a package takes everything from it: besides the customer and the start it can say nothing of its own. The
package's alias, and the alias by which the package names its rate card, are looked up as of the contract's start, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pricebook.apply.ports import StoreRefused
from pricebook.catalog.calendar import later
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind
from pricebook.store.alias import holder
from pricebook.store.reading import Reader, Row, assignments

if TYPE_CHECKING:
    from sqlalchemy import Connection

TRANSITIONS = ("SUPERSEDE", "RENEWAL")


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract. `ending_before` is exclusive, None for "without end"; `rate_card_id` is the card that it pays by."""

    id: str
    customer_id: str
    package_id: str | None
    rate_card_id: str | None
    starting_at: datetime
    ending_before: datetime | None = None
    uniqueness_key: str | None = None
    transition: Mapping[str, Any] | None = None
    custom_fields: Mapping[str, str] | None = None
    created_at: datetime | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What `contracts/create` was asked for; `more` are the fields that have no name here."""

    customer_id: str
    starting_at: datetime
    package_id: str | None
    package_alias: str | None
    uniqueness_key: str | None
    transition: Mapping[str, Any] | None
    custom_fields: Mapping[str, str] | None
    more: Mapping[str, Any]


_COLUMNS = (
    "id, customer_id, package_id, rate_card_id, starting_at, ending_before, uniqueness_key, transition, custom_fields,"
    " created_at, archived_at"
)


def create_contract(connection: "Connection", reader: Reader, request: Request, at: datetime | None) -> Contract:
    """Make a contract inside the connection's transaction. Raises StoreRefused."""
    from sqlalchemy import insert

    from pricebook.store.tables import contract

    package = _package(reader, request)
    starting_at = instant_text(request.starting_at)
    ending_before = None
    if package is not None:
        _refuse_more(request.more, "a contract on a package takes no other terms", set())
        package_id, spec, card_id, card_alias = package
        duration = spec.get("duration")
        if duration is not None:
            ending_before = instant_text(later(request.starting_at, int(duration["value"]), duration["unit"]))
    else:
        package_id, card_alias = None, request.more.get("rate_card_alias")
        card_id = _card(reader, request.more.get("rate_card_id"))
        _refuse_more(request.more, "this store keeps no terms of a contract's own", {"rate_card_id", "rate_card_alias"})
        if card_id is None and card_alias is None:
            raise StoreRefused("package_id, package_alias, rate_card_id or rate_card_alias is required")
    if card_alias is not None:
        card_id = holder(assignments(reader, Kind.RATE_CARD, card_alias), starting_at)
        if card_id is None:
            raise StoreRefused(f'no rate card has the alias "{card_alias}" on {starting_at}', 400)
    if request.uniqueness_key is not None:
        taken = reader.one("SELECT id FROM contract WHERE uniqueness_key = ?", request.uniqueness_key)
        if taken is not None:
            raise StoreRefused(f"the uniqueness key is taken by the contract {taken[0]}", 409)
    _check_transition(reader, request.transition)
    id_ = str(uuid4())
    values = {
        "id": id_,
        "customer_id": request.customer_id,
        "package_id": package_id,
        "rate_card_id": card_id,
        "starting_at": starting_at,
        "ending_before": ending_before,
        "uniqueness_key": request.uniqueness_key,
        "transition": encode(request.transition) if request.transition is not None else None,
        "custom_fields": encode(request.custom_fields or {}),
        "created_at": instant_text(at) if at is not None else None,
    }
    connection.execute(insert(contract), values)
    return get_contract(reader, id_)


def end_contract(connection: "Connection", reader: Reader, id_: str, ending_before: datetime) -> Contract:
    """Give a contract another end, not before its start. Raises StoreRefused."""
    found = _live(reader, id_)
    if ending_before < found.starting_at:
        raise StoreRefused(f"the contract starts at {instant_text(found.starting_at)}; it cannot end before that")
    return _updated(connection, reader, id_, "ending_before", ending_before)


def archive_contract(connection: "Connection", reader: Reader, id_: str, at: datetime) -> Contract:
    """Take a contract out of use, for good. Raises StoreRefused."""
    _live(reader, id_)
    return _updated(connection, reader, id_, "archived_at", at)


def get_contract(reader: Reader, id_: str) -> Contract:
    """One contract. Raises StoreRefused when there is none."""
    row = reader.one(f"SELECT {_COLUMNS} FROM contract WHERE id = ?", id_)
    if row is None:
        raise missing(id_)
    return _contract(row)


def missing(id_: str) -> StoreRefused:
    """There is no such contract."""
    return StoreRefused(f"there is no contract {id_}", 404)


def list_contracts(
    reader: Reader,
    package_id: str,
    covering_date: datetime | None,
    starting_at: datetime | None,
    include_archived: bool,
) -> list[Contract]:
    """The contracts on a package, by start: those in force on a date, or those that start on a date or later."""
    if covering_date is not None and starting_at is not None:
        raise StoreRefused("starting_at cannot be provided together with covering_date")
    sql, parameters = f"SELECT {_COLUMNS} FROM contract WHERE package_id = ?", [package_id]
    if not include_archived:
        sql += " AND archived_at IS NULL"
    if covering_date is not None:
        sql += " AND starting_at <= ? AND (ending_before IS NULL OR ending_before > ?)"
        parameters += [instant_text(covering_date)] * 2
    if starting_at is not None:
        sql += " AND starting_at >= ?"
        parameters.append(instant_text(starting_at))
    return [_contract(row) for row in reader.rows(f"{sql} ORDER BY starting_at, id", *parameters)]


def _package(reader: Reader, request: Request) -> tuple[str, dict[str, Any], str | None, str | None] | None:
    """The package's id, spec, card and card alias; None when the contract is on no package."""
    package_id = request.package_id
    if request.package_alias is not None:
        if package_id is not None:
            raise StoreRefused("package_alias cannot be provided together with package_id")
        starting_at = instant_text(request.starting_at)
        package_id = holder(assignments(reader, Kind.PACKAGE, request.package_alias), starting_at)
        if package_id is None:
            raise StoreRefused(f'no package has the alias "{request.package_alias}" on {starting_at}')
    if package_id is None:
        return None
    row = reader.one("SELECT spec, rate_card_id, rate_card_alias, archived_at FROM package WHERE id = ?", package_id)
    if row is None:
        raise StoreRefused(f"there is no package {package_id}", 404)
    spec, card_id, card_alias, archived_at = row
    if archived_at is not None:
        raise StoreRefused(f"the package {package_id} is archived")
    data: Any = decode(spec)
    return package_id, data, card_id, card_alias


def _card(reader: Reader, card_id: str | None) -> str | None:
    if card_id is not None and reader.one("SELECT 1 FROM rate_card WHERE id = ?", card_id) is None:
        raise StoreRefused(f"there is no rate card {card_id}", 404)
    return card_id


def _refuse_more(more: Mapping[str, Any], why: str, known: set[str]) -> None:
    extra = sorted(more.keys() - known)
    if extra:
        raise StoreRefused(f"{', '.join(extra)} cannot be provided: {why}")


def _check_transition(reader: Reader, transition: Mapping[str, Any] | None) -> None:
    if transition is None:
        return
    kind = str(transition.get("type", "")).upper()
    if kind not in TRANSITIONS:
        raise StoreRefused(f"transition.type is SUPERSEDE or RENEWAL, not {transition.get('type')!r}")
    get_contract(reader, str(transition.get("from_contract_id", "")))


def _live(reader: Reader, id_: str) -> Contract:
    found = get_contract(reader, id_)
    if found.archived_at is not None:
        raise StoreRefused(f"the contract {id_} is archived")
    return found


def _updated(connection: "Connection", reader: Reader, id_: str, column: str, at: datetime) -> Contract:
    from sqlalchemy import update

    from pricebook.store.tables import contract

    connection.execute(update(contract).where(contract.c.id == id_).values({column: instant_text(at)}))
    return get_contract(reader, id_)


def _contract(row: Row) -> Contract:
    id_, customer, package, card, start, end, key, transition, fields, created, archived = row
    data: Any = decode(transition) if transition is not None else None
    custom: Any = decode(fields)
    instant = datetime.fromisoformat
    return Contract(
        id_,
        customer,
        package,
        card,
        instant(start),
        instant(end) if end is not None else None,
        key,
        data,
        custom,
        instant(created) if created is not None else None,
        instant(archived) if archived is not None else None,
    )
