"""What was agreed with customers: terms of a contract's own, quantities, ingest aliases, and balances of a customer.

No verb of ours makes any of it: they are there because an account holds them. References are ids here, as in the specs
of nouns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from pricebook.account.contract import missing
from pricebook.apply.keys import read_mark
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.commit import Commit, Credit
from pricebook.catalog.fingerprint import spec_of, tupled
from pricebook.catalog.instant import instant_text, read_bound
from pricebook.catalog.model import Model, Noun
from pricebook.catalog.override import Override
from pricebook.catalog.recurring import RecurringCommit, RecurringCredit
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.subscription import Subscription
from pricebook.catalog.usage import SeatChange
from pricebook.observe.snapshot import OwnContracts
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billed, Billing
from pricebook.preview.own import counted
from pricebook.preview.terms import (
    DatedCharge,
    DatedOverride,
    DatedSubscription,
    Grant,
    OwnTerms,
    Recurrence,
    Statement,
    Window,
)
from pricebook.store.contract import CONTRACTS, ORDER, RUNNING, contract_of, refusing
from pricebook.store.session import Session

_TERMS: Mapping[str, type[Model]] = {
    each.__name__: each for each in (Commit, Credit, Override, RecurringCommit, RecurringCredit, Subscription)
}
_VALUES: Mapping[str, Callable[..., Any]] = {
    each.__name__: cast("Callable[..., Any]", each)
    for each in (
        *(DatedCharge, DatedOverride, DatedSubscription, Grant, OwnTerms, Recurrence, SeatChange, Statement, Window),
    )
}
_MORE = (
    (
        ", package_id, agreement.terms, agreement.quantities",
        " LEFT JOIN agreement ON agreement.contract_id = contract.id",
    ),
    (", customer.aliases, customer.balances", " LEFT JOIN customer ON customer.id = contract.customer_id"),
)


def read_billed(session: Session, namespace: str, at: datetime) -> Iterator[Billed]:
    """See `apply.ports.BillingStore`."""
    names = _names(session, namespace)
    for row in _rows(session, namespace, at):
        yield _billed(namespace, row, names)


def _rows(session: Session, namespace: str, at: datetime) -> Iterator[tuple[Any, ...]]:
    """The live contracts on packages and cards of ours, with what was agreed; a store of an earlier release has no
    tables for that."""
    has = [session.has(table) for table in ("agreement", "customer")]
    columns = "".join(more[0] if there else _missing(more[0]) for more, there in zip(_MORE, has, strict=True))
    joins = "".join(more[1] for more, there in zip(_MORE, has, strict=True) if there)
    head, _, tail = CONTRACTS.partition(" FROM ")
    prefix = f"{namespace}/"
    ours = "(substr(package.mark, 1, ?) = ? OR substr(rate_card.mark, 1, ?) = ?)"
    sql = f"{head}{columns} FROM {tail}{joins} WHERE {ours}{RUNNING}{ORDER}"
    return session.stream(sql, *(len(prefix), prefix) * 2, instant_text(at), large=True)


def _missing(columns: str) -> str:
    return "".join(f", {name if name.strip() == 'package_id' else 'NULL'}" for name in columns.split(",")[1:])


def _billed(namespace: str, row: Sequence[Any], names: Mapping[str, str]) -> Billed:
    *known, package_id, terms, quantities, aliases, balances = row
    own = _read(terms) if terms is not None else None
    held, aliases, shared = (_read(text) if text is not None else () for text in (quantities, aliases, balances))
    contract = contract_of(namespace, tuple(known), held)
    unread = "it is on a package of somebody else's" if package_id is not None and contract.package is None else ""
    found = Billed(Billing(contract, own=own, unread=unread), aliases, shared)
    return found.named(lambda kind, id_: names.get(id_, id_))


def own_contracts(
    session: Session, ids: Mapping[tuple[Kind, str], Ref], nouns: Mapping[Ref, Noun], at: datetime
) -> dict[Ref, tuple[OwnContracts, ...]]:
    """The live contracts on each card that have terms of their own, or are on no package. `ids` are those of the cards
    and package versions that are ours, and of what terms refer to."""
    names = {id_: ref.name for (_, id_), ref in ids.items()}
    there = session.has("agreement")
    terms, join = (", agreement.terms", _MORE[0][1]) if there else (", NULL", "")
    own = " OR agreement.terms IS NOT NULL" if there else ""
    sql = (
        f"SELECT contract.id, customer_id, package_id, rate_card_id, starting_at, ending_before{terms}"
        f" FROM contract{join}"
        f" WHERE rate_card_id IS NOT NULL AND (package_id IS NULL{own}){RUNNING}"
    )

    def billings() -> Iterator[Billing]:
        for id_, customer, package, card, start, end, said in session.stream(sql, instant_text(at), large=True):
            on, by = ids.get((Kind.PACKAGE, package)), ids.get((Kind.RATE_CARD, card))
            contract = Contract(
                id=id_,
                customer=customer,
                package=on,
                card=by,
                starting_at=datetime.fromisoformat(start),
                ending_before=read_bound(end),
            )
            terms = _read(said).named(lambda kind, name: names.get(name, name)) if said is not None else None
            yield Billing(contract, own=terms, unread="not ours" if package is not None and on is None else "")

    return {ref: live.own for ref, live in counted(billings(), nouns.get, at, "").items() if live.own}


@refusing()
def edit_contract(session: Session, contract: str, own: OwnTerms | None, quantities: Sequence[SeatChange]) -> None:
    """Give a contract these terms of its own and no others, and these quantities. Raises Refused."""
    if session.one("SELECT 1 FROM contract WHERE id = ?", contract) is None:
        raise missing(contract)
    values = {"terms": _text(own) if own is not None else None, "quantities": _text(tuple(quantities))}
    _put(session, "agreement", "contract_id", contract, values)


def set_customer(session: Session, customer: str, aliases: Iterable[str], balances: Iterable[Grant]) -> None:
    """Give a customer these ingest aliases and balances, and no others."""
    values = {"aliases": _text(tuple(aliases)), "balances": _text(tuple(balances))}
    _put(session, "customer", "id", customer, values)


def _put(session: Session, table: str, key: str, id_: str, values: Mapping[str, object]) -> None:
    if session.one(f"SELECT 1 FROM {table} WHERE {key} = ?", id_) is None:
        session.insert(table, {key: id_, **values})
    else:
        session.update(table, id_, values, key)


def _names(session: Session, namespace: str) -> dict[str, str]:
    """Our names of products and pricing units, by their ids."""
    rows = (row for kind in ("product", "pricing_unit") for row in session.rows(f"SELECT id, mark FROM {kind}"))
    found = ((id_, read_mark(namespace, mark)) for id_, mark in rows if mark is not None)
    return {id_: ref.name for id_, ref in found if ref is not None}


def _text(value: object) -> str:
    return encode(_plain(value))


def _plain(value: Any) -> object:
    """Plain data of terms. What is no text, flag or list says what it is."""
    if isinstance(value, Model):
        return {"$model": type(value).__name__, "spec": spec_of(value)}
    if type(value).__name__ in _VALUES:
        names = getattr(value, "_fields", None) or [each.name for each in fields(value)]
        return {"$value": type(value).__name__, **{name: _plain(getattr(value, name)) for name in names}}
    if isinstance(value, frozenset):
        return {"$set": sorted(value)}
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return {"$number": str(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _read(text: str) -> Any:
    return _value(decode(text))


def _value(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(map(_value, data))
    if not isinstance(data, dict):
        return data
    if "$model" in data:
        return _TERMS[data["$model"]].model_validate(tupled(data["spec"]))
    if "$value" in data:
        return _VALUES[data["$value"]](**{name: _value(part) for name, part in data.items() if name != "$value"})
    if "$set" in data:
        return frozenset(data["$set"])
    return datetime.fromisoformat(data["$at"]) if "$at" in data else Decimal(data["$number"])
