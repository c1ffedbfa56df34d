"""Making and ending contracts as the vendor's API does: whole or not at all, inside a transaction of the store.

A contract on a package takes everything from it: besides the customer and the start it can say nothing of its own. The
package's alias, and the alias by which the package names its rate card, are looked up as of the contract's start, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pricebook.apply.keys import mark_of
from pricebook.apply.ports import StoreRefused, spent, taken
from pricebook.catalog.calendar import later
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.contract import Contract, Provision, handed_over
from pricebook.store.alias import holder
from pricebook.store.contract import read_contract
from pricebook.store.reading import assignments
from pricebook.store.session import Session

TRANSITIONS = ("SUPERSEDE", "RENEWAL")


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


def provision(session: Session, namespace: str, wanted: Provision, at: datetime) -> str:
    """See `apply.ports.ContractStore`; inside the session's transaction."""
    package_id = _id_of(session, namespace, wanted.package) if wanted.package is not None else None
    present = session.one(
        "SELECT id, archived_at, package_id, customer_id, starting_at FROM contract WHERE uniqueness_key = ?",
        wanted.uniqueness_key,
    )
    if present is not None:
        id_, archived_at, held, *rest = present
        same = held == package_id if wanted.alias is None else _bore(session, held, wanted.alias)
        if not same or rest != [wanted.customer, instant_text(wanted.starting_at)]:
            raise taken(wanted.uniqueness_key, id_)
        if archived_at is not None:
            raise spent(wanted.uniqueness_key, id_)
        return str(id_)
    transition = wanted.transition
    request = Request(
        wanted.customer,
        wanted.starting_at,
        package_id,
        wanted.alias,
        wanted.uniqueness_key,
        {"type": transition.type, "from_contract_id": transition.from_contract} if transition is not None else None,
        dict(wanted.custom_fields),
        {},
    )
    return create_contract(session, request, at)


def create_contract(session: Session, request: Request, at: datetime | None) -> str:
    """Make a contract inside the session's transaction, and return its id. Raises StoreRefused."""
    _check_hour("starting_at", request.starting_at)
    package = _package(session, request)
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
        card_id = _card(session, request.more.get("rate_card_id"))
        _refuse_more(request.more, "this store keeps no terms of a contract's own", {"rate_card_id", "rate_card_alias"})
        if card_id is None and card_alias is None:
            raise StoreRefused("package_id, package_alias, rate_card_id or rate_card_alias is required")
    if card_alias is not None:
        card_id = holder(assignments(session, Kind.RATE_CARD, card_alias), starting_at)
        if card_id is None:
            raise StoreRefused(f'no rate card has the alias "{card_alias}" on {starting_at}', 400)
    if request.uniqueness_key is not None:
        row = session.one("SELECT id FROM contract WHERE uniqueness_key = ?", request.uniqueness_key)
        if row is not None:
            raise StoreRefused(f"the uniqueness key is taken by the contract {row[0]}", 409)
    if request.transition is not None:
        _hand_over(session, request, request.transition)
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
    session.insert("contract", values)
    return id_


def end_contract(session: Session, id_: str, ending_before: datetime | None) -> None:
    """See `apply.ports.ContractStore`."""
    found = _one(session, id_)
    if found.archived_at is not None:
        raise StoreRefused(f"the contract {id_} is archived")
    if ending_before is not None:
        _check_hour("ending_before", ending_before)
    if ending_before is not None and ending_before < found.starting_at:
        raise StoreRefused(f"the contract starts at {instant_text(found.starting_at)}; it cannot end before that")
    _update(session, id_, "ending_before", ending_before)


def archive_contract(session: Session, id_: str, at: datetime) -> None:
    """See `apply.ports.ContractStore`."""
    if _one(session, id_).archived_at is None:
        _update(session, id_, "archived_at", at)


def _id_of(session: Session, namespace: str, package: Ref) -> str:
    row = session.one("SELECT id FROM package WHERE mark = ?", mark_of(namespace, package))
    if row is None:
        raise StoreRefused(f"{package} is not there", 404)
    return str(row[0])


def _bore(session: Session, package_id: str | None, alias: str) -> bool:
    """Whether the package has the alias, or once had it."""
    return any(entry.object_id == package_id for entry in assignments(session, Kind.PACKAGE, alias))


def _package(session: Session, request: Request) -> tuple[str, dict[str, Any], str | None, str | None] | None:
    """The package's id, spec, card and card alias; None when the contract is on no package."""
    package_id = request.package_id
    if request.package_alias is not None:
        if package_id is not None:
            raise StoreRefused("package_alias cannot be provided together with package_id")
        starting_at = instant_text(request.starting_at)
        package_id = holder(assignments(session, Kind.PACKAGE, request.package_alias), starting_at)
        if package_id is None:
            raise StoreRefused(f'no package has the alias "{request.package_alias}" on {starting_at}')
    if package_id is None:
        return None
    row = session.one("SELECT spec, rate_card_id, rate_card_alias, archived_at FROM package WHERE id = ?", package_id)
    if row is None:
        raise StoreRefused(f"there is no package {package_id}", 404)
    spec, card_id, card_alias, archived_at = row
    if archived_at is not None:
        raise StoreRefused(f"the package {package_id} is archived")
    data: Any = decode(spec)
    return package_id, data, card_id, card_alias


def _card(session: Session, card_id: str | None) -> str | None:
    if card_id is not None and session.one("SELECT 1 FROM rate_card WHERE id = ?", card_id) is None:
        raise StoreRefused(f"there is no rate card {card_id}", 404)
    return card_id


def _refuse_more(more: Mapping[str, Any], why: str, known: set[str]) -> None:
    extra = sorted(more.keys() - known)
    if extra:
        raise StoreRefused(f"{', '.join(extra)} cannot be provided: {why}")


def _hand_over(session: Session, request: Request, transition: Mapping[str, Any]) -> None:
    """End the contract that the new one supersedes. Raises StoreRefused when it cannot follow on it."""
    kind: Any = str(transition.get("type", "")).upper()
    if kind not in TRANSITIONS:
        raise StoreRefused(f"transition.type is SUPERSEDE or RENEWAL, not {transition.get('type')!r}")
    id_ = str(transition.get("from_contract_id", ""))
    earlier = _one(session, id_)
    if earlier.customer != request.customer_id:
        raise _missing(id_)
    try:
        end = handed_over(kind, request.starting_at, earlier)
    except ValueError as error:
        raise StoreRefused(str(error)) from None
    if end != earlier.ending_before:
        _update(session, id_, "ending_before", end)


def _one(session: Session, id_: str) -> Contract:
    """One contract, whosever its package is. Raises StoreRefused when there is none."""
    found = read_contract(session, id_)
    if found is None:
        raise _missing(id_)
    return found


def _missing(id_: str) -> StoreRefused:
    """There is no such contract."""
    return StoreRefused(f"there is no contract {id_}", 404)


def _update(session: Session, id_: str, column: str, at: datetime | None) -> None:
    text = instant_text(at) if at is not None else None
    session.update("contract", id_, {column: text})


def _check_hour(name: str, instant: datetime) -> None:
    if next_hour(instant) != instant:
        raise StoreRefused(f"{name} must be on an hour boundary, not {instant_text(instant)}")
