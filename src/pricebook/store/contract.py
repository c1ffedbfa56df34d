"""Reading contracts: customers on packages. They are streamed, because there may be hundreds of thousands of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pricebook.apply.keys import read_mark
from pricebook.catalog.canonical import decode
from pricebook.catalog.instant import instant_text, read_bound
from pricebook.catalog.reference import Ref
from pricebook.plan.contract import Contract, Transition
from pricebook.store.session import Row, Session

_CONTRACTS = (
    "SELECT contract.id, customer_id, package.mark, rate_card.mark, contract.starting_at, contract.ending_before,"
    " contract.archived_at, contract.uniqueness_key, contract.created_at, contract.transition"
    " FROM contract LEFT JOIN package ON package.id = contract.package_id"
    " LEFT JOIN rate_card ON rate_card.id = contract.rate_card_id"
)
_ORDER = " ORDER BY contract.starting_at, customer_id, contract.id"
_RUNNING = " AND contract.archived_at IS NULL AND (contract.ending_before IS NULL OR contract.ending_before > ?)"


def read_cohort(
    session: Session, namespace: str, at: datetime, package: str | None, *, ended: bool
) -> Iterator[Contract]:
    """See `apply.ports.ContractStore`."""
    condition, parameters = ("", []) if ended else (_RUNNING, [instant_text(at)])
    sql = f"{_CONTRACTS} WHERE package_id = ?{condition}{_ORDER}"
    for _, id_ in _versions(session, namespace, package):
        for row in session.stream(sql, id_, *parameters, large=True):
            yield _contract(namespace, row)


def read_contracts(session: Session, namespace: str, at: datetime) -> Iterator[Contract]:
    """See `apply.ports.BillingStore`. Those that are on a rate card of ours and on no package of ours come last."""
    yield from read_cohort(session, namespace, at, None, ended=False)
    prefix = f"{namespace}/"
    sql = f"{_CONTRACTS} WHERE substr(rate_card.mark, 1, ?) = ?{_RUNNING}{_ORDER}"
    for row in session.stream(sql, len(prefix), prefix, instant_text(at), large=True):
        found = _contract(namespace, row)
        if found.package is None:
            yield found


def customer_contracts(session: Session, namespace: str, customer: str) -> tuple[Contract, ...]:
    """See `apply.ports.ContractStore`."""
    return tuple(
        _contract(namespace, row) for row in session.rows(f"{_CONTRACTS} WHERE customer_id = ?{_ORDER}", customer)
    )


def read_contract(session: Session, id_: str) -> Contract | None:
    """One contract, whatever it is on: its package and card are left out; None when there is none."""
    row = session.one(f"{_CONTRACTS} WHERE contract.id = ?", id_)
    return _contract("", row) if row is not None else None


def _versions(session: Session, namespace: str, package: str | None) -> list[tuple[Ref, str]]:
    """Our package versions, by name and version, with their ids."""
    prefix = f"{namespace}/"
    rows = session.rows("SELECT mark, id FROM package WHERE substr(mark, 1, ?) = ?", len(prefix), prefix)
    found = [(read_mark(namespace, mark), id_) for mark, id_ in rows]
    ours = [(ref, id_) for ref, id_ in found if ref is not None and package in (None, ref.name)]
    return sorted(ours, key=lambda one: (one[0].name, one[0].version or 0))


def _contract(namespace: str, row: Row) -> Contract:
    id_, customer, package, card, start, end, archived, key, created, transition = row
    data: Any = decode(transition) if transition is not None else None
    return Contract(
        id_,
        customer,
        read_mark(namespace, package) if package is not None else None,
        read_mark(namespace, card) if card is not None else None,
        datetime.fromisoformat(start),
        read_bound(end),
        read_bound(archived),
        key,
        read_bound(created),
        Transition(data["type"].upper(), data["from_contract_id"]) if data is not None else None,
    )
