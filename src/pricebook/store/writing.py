"""Making one change of nouns, inside one transaction: create, revise, repoint, archive. Rates are in `rate_writing`.

Identity decides: a create whose mark is there with the same digest was done before. Names become the store's ids on the
way in, so that a spec means the same whatever our names are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pricebook.account.alias import Schedule, aliases_of, give, log_of, log_of_object, next_holder, replace, withdraw
from pricebook.apply import rule
from pricebook.apply.keys import mark_of, read_mark, uniqueness_key
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.fingerprint import read_spec, spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Noun
from pricebook.catalog.package import Package
from pricebook.catalog.rate_book import digest_text
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.traverse import references, rewritten
from pricebook.observe.mark import alias_digest
from pricebook.observe.snapshot import AFTER_RATES, digest_of
from pricebook.plan.handover import written
from pricebook.plan.verb.table import Archive, Create, Repoint, Revise, Supersede
from pricebook.plan.verb.verb import Verb
from pricebook.store.reading import noun_in, read_account
from pricebook.store.session import Row, Session
from pricebook.store.tables import table_of


@dataclass(frozen=True)
class Transaction:
    """A write that is under way: reads and writes of it see each other, and the outside sees all of it or nothing."""

    session: Session
    namespace: str
    at: datetime

    @property
    def now(self) -> str:
        """The present as text."""
        return instant_text(self.at)

    def mark(self, ref: Ref) -> str:
        """What identifies a noun in its table: `acme/product:pro`, `acme/package:starter@3`."""
        return mark_of(self.namespace, ref)

    def find(self, ref: Ref) -> Row | None:
        """id, digest, archived_at and spec of a noun of ours."""
        sql = f"SELECT id, digest, archived_at, spec FROM {table_of(ref.kind)} WHERE mark = ?"
        return self.session.one(sql, self.mark(ref))

    def name(self, kind: Kind, id_: str) -> str:
        """Our name of an object; its id when it is not ours."""
        row = self.session.one(f"SELECT mark FROM {table_of(kind)} WHERE id = ?", id_)
        ref = read_mark(self.namespace, row[0] or "") if row is not None else None
        return ref.name if ref is not None else id_

    def live(self, ref: Ref) -> Row:
        """The same of a noun that must be there and not archived. Raises StoreRefused."""
        row = self.find(ref)
        rule.check_live(ref, present=row is not None, archived=row is not None and row[2] is not None)
        assert row is not None
        return row

    def ids(self, ref: Ref, kind: Kind, names: Iterable[str], *, archived_too: bool = False) -> dict[str, str]:
        """The id of each object that a noun refers to by name. Raises StoreRefused when one is not there."""
        marks = {name: self.mark(Ref(kind, name)) for name in names}
        sql = f"SELECT mark, id, archived_at FROM {table_of(kind)} WHERE mark"
        found = {mark: (id_, gone is not None) for mark, id_, gone in self.session.among(sql, list(marks.values()))}
        for name, mark in marks.items():
            archived = mark in found and found[mark][1] and not archived_too
            rule.check_reference(ref, Ref(kind, name), present=mark in found, archived=archived)
        return {name: found[mark][0] for name, mark in marks.items()}


def sign(work: Transaction, mark: str, *, anew: bool) -> str:
    """Keep the mark of the account, unless it has one already; the mark that it has then."""
    found = read_account(work.session, work.namespace)
    if found and not anew:
        return found
    work.session.run("DELETE FROM account WHERE namespace = ?", work.namespace)
    work.session.insert("account", {"namespace": work.namespace, "mark": mark})
    return mark


def perform_noun(work: Transaction, change: Verb, expects: str | None) -> str:
    """Make the change and return the id of its object; `expects` as in `apply.ports.Store`. Raises StoreRefused."""
    match change:
        case Create() | Supersede():
            return _create(work, change.ref, change.noun, change.digest)
        case Revise():
            return _revise(work, change, expects)
        case Repoint():
            return _repoint(work, change)
        case Archive():
            return _archive(work, change.ref)
    raise rule.unknown(change)


def _create(work: Transaction, ref: Ref, noun: Noun, digest: str) -> str:
    present = work.find(ref)
    if present is not None:
        id_: str = present[0]
        rule.check_taken(ref, digest, present[1], archived=present[2] is not None)
        return id_
    if isinstance(noun, RateCard):
        noun = noun.model_copy(update=AFTER_RATES)
    ids = _ids(work, ref, noun, archived_too=False)
    spec = _spec(noun, ids)
    id_ = str(uuid4())
    values = {
        "id": id_,
        "mark": work.mark(ref),
        "name": spec.get("name", ref.name),
        "digest": digest,
        "spec": encode(spec),
        "created_at": work.now,
    }
    if ref.kind is Kind.PRODUCT:
        values["type"] = spec["type"]
    elif ref.kind is Kind.RATE_CARD:
        values |= {"product_order": "[]", "rates_digest": digest_text(0), "rates_count": 0}
    elif isinstance(noun, Package):
        _check_package(work, ref, noun, ids)
        values["uniqueness_key"] = uniqueness_key(work.namespace, ref, digest)
        values["rate_card_id"] = ids[Kind.RATE_CARD, noun.rate_card] if noun.rate_card is not None else None
        values["rate_card_alias"] = noun.rate_card_alias
    work.session.insert(table_of(ref.kind), values)
    if isinstance(noun, Package):
        give(work.session, Kind.PACKAGE, id_, enumerate(map(Schedule.of, noun.aliases)), work.at)
    return id_


def _revise(work: Transaction, change: Revise, expects: str | None) -> str:
    id_, _, _, observed = work.live(change.ref)
    if expects is not None:
        present = rewritten(noun_in(work.session, change.ref, observed), work.name)
        assert isinstance(present, Noun)
        rule.check_observed(change.ref, digest_of(present), expects, change.digest)
    noun = change.noun.model_copy(update=AFTER_RATES) if isinstance(change.noun, RateCard) else change.noun
    spec = _spec(noun, _ids(work, change.ref, noun, archived_too=True))
    before: Any = read_spec(observed)
    rule.check_revision(change.ref, type(noun).mutable, before, spec)
    values = {"name": spec.get("name", change.ref.name), "digest": change.digest, "spec": encode(spec)}
    work.session.update(table_of(change.ref.kind), id_, values)
    return str(id_)


def _repoint(work: Transaction, change: Repoint) -> str:
    id_, *_ = work.live(change.ref)
    products = work.ids(change.ref, Kind.PRODUCT, change.product_order, archived_too=True)
    aliases = aliases_of(log_of_object(work.session, Kind.RATE_CARD, id_), id_)
    rule.check_repoint(change, aliases, _order(work, id_), _holders(work, change, id_))
    order = encode([products[name] for name in change.product_order])
    mark = alias_digest(change.aliases, change.product_order)
    work.session.update("rate_card", id_, {"product_order": order, "aliases_mark": mark})
    given = list(map(Schedule.of, written(change, aliases, work.at)))
    replace(work.session, Kind.RATE_CARD, id_, given, work.at)
    return str(id_)


def _order(work: Transaction, card_id: str) -> tuple[str, ...]:
    """The product order of a card, by our names."""
    row = work.session.one("SELECT product_order FROM rate_card WHERE id = ?", card_id)
    assert row is not None
    order: Any = decode(row[0])
    return tuple(work.name(Kind.PRODUCT, id_) for id_ in order)


def _holders(work: Transaction, change: Repoint, card_id: str) -> set[str]:
    """The other cards of ours that have an alias of one of the names that the card is given."""
    ids = set()
    for name in change.given:
        log = log_of(work.session, Kind.RATE_CARD, name)
        ids |= {entry.object_id for entry in log if aliases_of(log, entry.object_id)}
    names = {id_: work.name(Kind.RATE_CARD, id_) for id_ in ids - {card_id}}
    return {name for id_, name in names.items() if name != id_}


def _archive(work: Transaction, ref: Ref) -> str:
    present = work.find(ref)
    rule.check_live(ref, present=present is not None, archived=False)
    assert present is not None
    id_, _, archived_at, _ = present
    if archived_at is None:
        work.session.update(table_of(ref.kind), id_, {"archived_at": work.now})
        if ref.kind in (Kind.RATE_CARD, Kind.PACKAGE):
            withdraw(work.session, ref.kind, id_, work.at)
    return str(id_)


def _ids(work: Transaction, ref: Ref, noun: Noun, *, archived_too: bool) -> dict[tuple[Kind, str], str]:
    """The id of everything that the noun refers to. Raises StoreRefused when something is not there."""
    wanted: dict[Kind, set[str]] = {}
    for _, kind, name in references(noun):
        if not rule.built_in(kind, name):
            wanted.setdefault(kind, set()).add(name)
    return {
        (kind, name): id_
        for kind, names in wanted.items()
        for name, id_ in work.ids(ref, kind, sorted(names), archived_too=archived_too).items()
    }


def _spec(noun: Noun, ids: Mapping[tuple[Kind, str], str]) -> dict[str, Any]:
    return spec_of(rewritten(noun, lambda kind, name: ids.get((kind, name), name)))


def _check_package(work: Transaction, ref: Ref, package: Package, ids: Mapping[tuple[Kind, str], str]) -> None:
    card_id = ids.get((Kind.RATE_CARD, package.rate_card)) if package.rate_card is not None else None
    if package.rate_card_alias is not None:
        card_id = next_holder(work.session, Kind.RATE_CARD, package.rate_card_alias, work.at)

    def priced(product: str, frequency: str) -> bool:
        head = encode((product, frequency))[:-1] + ","
        sql = "SELECT 1 FROM rate_timeline WHERE rate_card_id = ? AND key >= ? AND key < ? LIMIT 1"
        return card_id is not None and work.session.one(sql, card_id, head, head[:-1] + "-") is not None

    card = work.session.one("SELECT mark, name FROM rate_card WHERE id = ?", card_id) if card_id is not None else None
    card_ref = (read_mark(work.namespace, card[0] or "") or Ref(Kind.RATE_CARD, card[1])) if card is not None else None
    rule.check_package(ref, package, card_ref, priced)
