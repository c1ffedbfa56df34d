"""Contracts: customers on packages. They are read as a stream, because there may be hundreds of thousands of them.

They are made and ended by the rules of `account.contract`: whole or not at all, inside a transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from pricebook.account.alias import holder_at, log_of
from pricebook.account.contract import ContractRequest, Offer, check_end, missing, terms_of
from pricebook.account.refusal import Refused
from pricebook.apply.keys import mark_of, read_mark
from pricebook.apply.ports import StoreRefused, spent, taken
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import bound_text, instant_text, read_bound
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import SeatChange
from pricebook.plan.contract import Contract, Provision, Transition
from pricebook.store.session import Row, Session
from pricebook.store.tables import table_of

CONTRACTS = (
    "SELECT contract.id, customer_id, package.mark, rate_card.mark, contract.starting_at, contract.ending_before,"
    " contract.archived_at, contract.uniqueness_key, contract.created_at, contract.transition"
    " FROM contract LEFT JOIN package ON package.id = contract.package_id"
    " LEFT JOIN rate_card ON rate_card.id = contract.rate_card_id"
)
ORDER = " ORDER BY contract.starting_at, customer_id, contract.id"
RUNNING = " AND contract.archived_at IS NULL AND (contract.ending_before IS NULL OR contract.ending_before > ?)"


def read_cohort(
    session: Session, namespace: str, at: datetime, package: str | None, *, ended: bool
) -> Iterator[Contract]:
    condition, parameters = ("", []) if ended else (RUNNING, [instant_text(at)])
    sql = f"{CONTRACTS} WHERE package_id = ?{condition}{ORDER}"
    for _, id_ in _versions(session, namespace, package):
        for row in session.stream(sql, id_, *parameters, large=True):
            yield contract_of(namespace, row)


def customer_contracts(session: Session, namespace: str, customer: str) -> tuple[Contract, ...]:
    return tuple(
        contract_of(namespace, row) for row in session.rows(f"{CONTRACTS} WHERE customer_id = ?{ORDER}", customer)
    )


def _versions(session: Session, namespace: str, package: str | None) -> list[tuple[Ref, str]]:
    """Our package versions, by name and version, with their ids."""
    prefix = f"{namespace}/"
    rows = session.rows("SELECT mark, id FROM package WHERE substr(mark, 1, ?) = ?", len(prefix), prefix)
    found = [(read_mark(namespace, mark), id_) for mark, id_ in rows]
    ours = [(ref, id_) for ref, id_ in found if ref is not None and package in (None, ref.name)]
    return sorted(ours, key=lambda one: (one[0].name, one[0].version or 0))


def contract_of(namespace: str, row: Row, quantities: tuple[SeatChange, ...] = ()) -> Contract:
    """The contract of a row."""
    id_, customer, package, card, start, end, archived, key, created, transition = row
    data: Any = decode(transition) if transition is not None else None
    return Contract(
        id=id_,
        customer=customer,
        package=read_mark(namespace, package) if package is not None else None,
        card=read_mark(namespace, card) if card is not None else None,
        starting_at=datetime.fromisoformat(start),
        ending_before=read_bound(end),
        archived_at=read_bound(archived),
        uniqueness_key=key,
        created_at=read_bound(created),
        transition=Transition(data["type"].upper(), data["from_contract_id"]) if data is not None else None,
        quantities=quantities,
    )


class StoredAccount:
    """What `account.contract` asks of an account, of the one behind a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def holder(self, kind: Kind, alias: str, instant: str) -> str | None:
        return holder_at(self._session, kind, alias, instant)

    def offer(self, package: str) -> Offer:
        spec, *card = self._live(Kind.PACKAGE, package, "spec, rate_card_id, rate_card_alias")
        data: Any = decode(spec)
        return Offer(package, data.get("duration"), *card)

    def check_card(self, card: str) -> None:
        self._live(Kind.RATE_CARD, card, "id")

    def _live(self, kind: Kind, id_: str, columns: str) -> Row:
        """Columns of an object that is there and not archived. Raises Refused."""
        row = self._session.one(f"SELECT {columns}, archived_at FROM {table_of(kind)} WHERE id = ?", id_)
        if row is None:
            raise Refused(404, f"there is no {kind.words} {id_}")
        if row[-1] is not None:
            raise Refused(400, f"the {kind.words} {id_} is archived")
        return row[:-1]

    def contract(self, id_: str) -> Contract:
        row = self._session.one(f"{CONTRACTS} WHERE contract.id = ?", id_)
        if row is None:
            raise missing(id_)
        return contract_of("", row)

    def contract_with(self, uniqueness_key: str) -> str | None:
        row = self._session.one("SELECT id FROM contract WHERE uniqueness_key = ?", uniqueness_key)
        return row[0] if row is not None else None


@contextmanager
def refusing() -> Iterator[None]:
    """What the account refuses is refused by the store."""
    try:
        yield
    except Refused as refused:
        raise StoreRefused(refused.message, refused.status) from None


def provision(session: Session, namespace: str, wanted: Provision, at: datetime) -> str:
    package_id = _id_of(session, namespace, wanted.package) if wanted.package is not None else None
    present = session.one(
        "SELECT id, archived_at, package_id, customer_id, starting_at FROM contract WHERE uniqueness_key = ?",
        wanted.uniqueness_key,
    )
    if present is not None:
        id_, archived_at, on, *rest = present
        same = on == package_id if wanted.alias is None else _bore(session, on, wanted.alias)
        if not same or rest != [wanted.customer, instant_text(wanted.starting_at)]:
            raise taken(wanted.uniqueness_key, id_)
        if archived_at is not None:
            raise spent(wanted.uniqueness_key, id_)
        return str(id_)
    transition = wanted.transition
    request = ContractRequest(
        customer=wanted.customer,
        starting_at=wanted.starting_at,
        package=package_id,
        package_alias=wanted.alias,
        uniqueness_key=wanted.uniqueness_key,
        transition={"type": transition.type, "from_contract_id": transition.from_contract} if transition else None,
    )
    return create_contract(session, request, dict(wanted.custom_fields), at)


@refusing()
def create_contract(
    session: Session, request: ContractRequest, custom_fields: Mapping[str, str], at: datetime | None
) -> str:
    """Make a contract inside the session's transaction, and return its id. Raises StoreRefused."""
    if request.package is None and request.package_alias is None:
        if request.more:
            names = ", ".join(sorted(request.more))
            raise Refused(400, f"{names} cannot be provided: this store keeps no terms of a contract's own")
        if request.card is None and request.card_alias is None:
            raise Refused(400, "package_id, package_alias, rate_card_id or rate_card_alias is required")
    terms = terms_of(StoredAccount(session), request)
    if terms.ends is not None:
        _update(session, terms.ends[0], "ending_before", terms.ends[1])
    id_ = str(uuid4())
    values = {
        "id": id_,
        "customer_id": request.customer,
        "package_id": terms.offer.package if terms.offer is not None else None,
        "rate_card_id": terms.card,
        "starting_at": instant_text(request.starting_at),
        "ending_before": bound_text(terms.ending_before),
        "uniqueness_key": request.uniqueness_key,
        "transition": encode(request.transition) if request.transition is not None else None,
        "custom_fields": encode(custom_fields),
        "created_at": bound_text(at),
    }
    session.insert("contract", values)
    return id_


@refusing()
def end_contract(session: Session, id_: str, ending_before: datetime | None) -> None:
    check_end(StoredAccount(session).contract(id_), ending_before)
    _update(session, id_, "ending_before", ending_before)


@refusing()
def archive_contract(session: Session, id_: str, at: datetime) -> None:
    if StoredAccount(session).contract(id_).archived_at is None:
        _update(session, id_, "archived_at", at)


def _id_of(session: Session, namespace: str, package: Ref) -> str:
    row = session.one("SELECT id FROM package WHERE mark = ?", mark_of(namespace, package))
    if row is None:
        raise StoreRefused(f"{package} is not there", 404)
    return str(row[0])


def _bore(session: Session, package_id: str | None, alias: str) -> bool:
    """Whether the package has the alias, or once had it."""
    return any(entry.object_id == package_id for entry in log_of(session, Kind.PACKAGE, alias))


def _update(session: Session, id_: str, column: str, at: datetime | None) -> None:
    session.update("contract", id_, {column: bound_text(at)})
