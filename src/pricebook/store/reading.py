"""Reading a store: everything that bears our marks, as a snapshot.

A snapshot is read in one transaction. Rates are lazy: a card's digest and count come with the card, and its timelines
are streamed only when somebody asks, in that same transaction; it ends with the snapshot, or with `Session.close`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pricebook.account.alias import aliases_of, whole_log
from pricebook.apply.keys import RELEASED, mark_before_release, read_mark
from pricebook.apply.ports import StoreError
from pricebook.catalog.canonical import decode
from pricebook.catalog.fingerprint import noun_of, read_spec
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES, RateBook, Rates
from pricebook.catalog.reference import Kind, Ref, stored_kinds
from pricebook.catalog.timeline import key_text, read_key
from pricebook.catalog.traverse import rewritten
from pricebook.observe.snapshot import (
    NO_CONTRACTS,
    NO_MARKS,
    Foreign,
    LiveContracts,
    Marks,
    Observed,
    OwnContracts,
    Snapshot,
)
from pricebook.store.session import Row, Session
from pricebook.store.tables import table_of


class StoredRates:
    """The rates of one card, still in the store (`catalog.rate_book.Rates`)."""

    def __init__(self, session: Session, card_id: str, digest: str, count: int) -> None:
        self._session, self._card_id = session, card_id
        self._digest, self._count = digest, count

    @property
    def digest(self) -> str:
        return self._digest

    def __len__(self) -> int:
        return self._count

    def items(self) -> Iterable[tuple[str, str]]:
        """Every (key text, schedule text), streamed. Raises StoreError when the store was closed."""
        return ((key, schedule) for key, schedule in self._session.stream(TIMELINES, self._card_id, large=True))

    def get(self, key: str) -> str | None:
        """The schedule text of one key."""
        row = self._session.one(f"{TIMELINES} AND key = ?", self._card_id, key)
        return row[1] if row else None


TIMELINES = "SELECT key, schedule FROM rate_timeline WHERE rate_card_id = ?"


def _kinds(session: Session) -> Iterator[Kind]:
    """The kinds that the store has: one of an earlier release has no table for those that came later."""
    return (kind for kind in stored_kinds() if session.has(table_of(kind)))


def read_snapshot(session: Session, namespace: str, at: datetime, adopt: Mapping[Ref, str]) -> Snapshot:
    """See `apply.ports.Store`: in the transaction that the session is in."""
    prefix = f"{namespace}/"
    rows = {kind: _rows(session, kind, prefix) for kind in _kinds(session)}
    strange = {ref: row for ref, row in _unmarked(session, adopt).items() if ref not in rows[ref.kind]}
    unreadable = _unreadable(strange)
    unmarked = frozenset(strange.keys() - unreadable.keys())
    for ref in unmarked:
        rows[ref.kind][ref] = strange[ref]
    names = {(kind, row[0]): ref.name for kind, found in rows.items() for ref, row in found.items()}
    live = {ref for found in rows.values() for ref, row in found.items() if row[4] is None}
    nouns = {
        ref: _named(noun_in(session, ref, row[3]), names)
        for found in rows.values()
        for ref, row in found.items()
        if ref in live or ref.kind.versioned
    }
    cards = {ref: row for ref, row in rows[Kind.RATE_CARD].items() if ref in live}
    nouns = _with_aliases(session, nouns, cards, names)
    rates = _rates(session, cards, names, unmarked)
    live_contracts = _contracts(session, rows, nouns, at)
    objects = {
        ref: Observed(
            nouns.get(ref),
            row[0],
            rates.get(ref.name, NO_RATES) if ref in cards else NO_RATES,
            NO_MARKS if ref in unmarked else Marks(row[2], *(row[8:10] if ref in cards else ())),
            archived=ref not in live,
            unmarked=ref in unmarked,
            live=live_contracts.get(ref, NO_CONTRACTS),
            made=datetime.fromisoformat(row[5]) if ref.kind.versioned else None,
        )
        for found in rows.values()
        for ref, row in found.items()
    }
    return Snapshot(
        at,
        objects,
        foreign=tuple(_foreign(session, prefix, {strange[ref][0]: unreadable.get(ref) for ref in strange})),
        account=read_account(session, namespace),
    )


def read_account(session: Session, namespace: str) -> str:
    """The mark of the account for a namespace; empty without one, as in a store of an earlier release."""
    if not session.has("account"):
        return ""
    row = session.one("SELECT mark FROM account WHERE namespace = ?", namespace)
    return row[0] if row is not None else ""


_COLUMNS = "id, mark, digest, spec, archived_at"
_CARD = ", product_order, rates_digest, rates_count, rates_mark, aliases_mark"


def _more(kind: Kind) -> str:
    """For a card what is kept beside its spec, for a version when it was made."""
    return _CARD if kind is Kind.RATE_CARD else ", created_at" if kind.versioned else ""


def _rows(session: Session, kind: Kind, prefix: str) -> dict[Ref, Row]:
    """The rows of the nouns that bear our marks: `_COLUMNS`, and `_more` of their kind."""
    sql = f"SELECT {_COLUMNS}{_more(kind)} FROM {table_of(kind)} WHERE substr(mark, 1, ?) = ?"
    found = {}
    for row in session.rows(f"{sql} ORDER BY mark", len(prefix), prefix):
        ref = read_mark(prefix[:-1], row[1])
        if ref is not None and ref.kind is kind:
            found[ref] = row
    return found


def _unmarked(session: Session, adopt: Mapping[Ref, str]) -> dict[Ref, Row]:
    """The rows of the objects that are asked for by id, bear no mark and are live, packages archived too."""
    found = {}
    for wanted, id_ in adopt.items():
        kind = wanted.kind
        sql = f"SELECT {_COLUMNS}{_more(kind)} FROM {table_of(kind)} WHERE id = ?"
        sql += f" AND (mark IS NULL OR substr(mark, 1, 1) = '{RELEASED}')"
        row = session.one(sql, id_)
        if row is not None and (row[4] is None or kind.versioned):
            found[Ref(kind, wanted.name, 1) if kind.versioned else wanted] = row
    return found


def _unreadable(strange: Mapping[Ref, Row]) -> dict[Ref, str]:
    """Why those of the rows are no nouns that are none."""
    found = {}
    for ref, row in strange.items():
        try:
            noun_of(ref.kind, read_spec(row[3]))
        except ValueError as error:
            found[ref] = str(error).splitlines()[0]
    return found


def _foreign(session: Session, prefix: str, asked: Mapping[str, str | None]) -> Iterator[Foreign]:
    """The objects of other owners, and those of nobody. `asked` are ids of those that were asked for, with the reason
    why they could not be read; those without one are read as ours."""
    for kind in _kinds(session):
        sql = (
            f"SELECT id, name, mark, archived_at FROM {table_of(kind)}"
            " WHERE mark IS NULL OR substr(mark, 1, ?) <> ? ORDER BY created_at, id"
        )
        for id_, name, mark, archived_at in session.rows(sql, len(prefix), prefix):
            unreadable = asked.get(id_, "")
            if unreadable is not None:
                former = mark_before_release(mark or "")
                owner = "" if former else mark or ""
                yield Foreign(
                    kind=kind,
                    id=id_,
                    name=name,
                    archived=archived_at is not None,
                    owner=owner,
                    unreadable=unreadable,
                    released_mark=former,
                )


def noun_in(session: Session, ref: Ref, spec: str) -> Noun:
    """The noun of a row, with ids where our names are meant. Raises StoreError for a row that holds none."""
    try:
        return noun_of(ref.kind, read_spec(spec))
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{ref} in {session.where} is not a {ref.kind.words} that can be read: {reason}") from None


def _named(noun: Noun, names: Mapping[tuple[Kind, str], str]) -> Noun:
    named = rewritten(noun, lambda kind, id_: names.get((kind, id_), id_))
    assert isinstance(named, Noun)
    return named


def _with_aliases(
    session: Session, nouns: dict[Ref, Noun], cards: dict[Ref, Row], names: dict[tuple[Kind, str], str]
) -> dict[Ref, Noun]:
    """The nouns, the cards with their aliases and their product order. A package has its aliases in its spec."""
    log = whole_log(session, Kind.RATE_CARD) if cards else []
    owned = {entry.object_id for entry in log}
    for ref, row in cards.items():
        order: Any = decode(row[5])
        update = {"product_order": tuple(names.get((Kind.PRODUCT, id_), id_) for id_ in order)} if order else {}
        aliases = {"aliases": aliases_of(log, row[0])} if row[0] in owned else {}
        if update or aliases:
            nouns[ref] = nouns[ref].model_copy(update=update | aliases)
    return nouns


def _rates(
    session: Session, cards: dict[Ref, Row], names: Mapping[tuple[Kind, str], str], unmarked: frozenset[Ref]
) -> dict[str, Rates]:
    """The rates of the cards that have any. Where somebody else changed some, they are read, to know what they say; and
    where products go by another name than the one in their keys, to say it."""
    rates: dict[str, Rates] = {}
    renamed = _renamed(session, cards, names, unmarked)
    for ref, (id_, *_, digest, count, _, _) in cards.items():
        if id_ in renamed:
            found = session.rows("SELECT key, schedule, product_id FROM rate_timeline WHERE rate_card_id = ?", id_)
            entries = {
                key_text(read_key(key)._replace(product=names.get((Kind.PRODUCT, product), product))): schedule
                for key, schedule, product in found
            }
            if entries:
                rates[ref.name] = RateBook(entries)
        elif digest is None:
            rates[ref.name] = RateBook(dict(session.rows(TIMELINES, id_)))
        elif count:
            rates[ref.name] = StoredRates(session, id_, digest, count)
    return rates


def _renamed(
    session: Session, cards: dict[Ref, Row], names: Mapping[tuple[Kind, str], str], unmarked: frozenset[Ref]
) -> set[str]:
    """The ids of the cards whose keys may say other names of products than ours: those that are not ours yet, and those
    that price a product that is not."""
    found = {row[0] for ref, row in cards.items() if ref in unmarked}
    products = {ref.name for ref in unmarked if ref.kind is Kind.PRODUCT}
    for (kind, id_), name in names.items() if products else ():
        if kind is Kind.PRODUCT and name in products:
            found |= {
                row[0] for row in session.rows("SELECT rate_card_id FROM rate_timeline WHERE product_id = ?", id_)
            }
    return found


def _contracts(
    session: Session, rows: dict[Kind, dict[Ref, Row]], nouns: Mapping[Ref, Noun], at: datetime
) -> dict[Ref, LiveContracts]:
    """The contracts that run or are still to start, on every card and package version that has any."""
    ids = {(kind, row[0]): ref for kind, found in rows.items() for ref, row in found.items()}
    sql = (
        "SELECT rate_card_id, package_id, count(*) FROM contract WHERE archived_at IS NULL"
        " AND (ending_before IS NULL OR ending_before > ?) GROUP BY rate_card_id, package_id"
    )
    counts: Counter[Ref] = Counter()
    by_package: dict[Ref, dict[Ref, int]] = {}
    special = session.has("agreement") and bool(session.rows("SELECT 1 FROM agreement LIMIT 1"))
    for card_id, package_id, count in session.rows(sql, instant_text(at)):
        card, package = ids.get((Kind.RATE_CARD, card_id)), ids.get((Kind.PACKAGE, package_id))
        counts.update({ref: count for ref in (card, package) if ref is not None})
        if card is not None and package is not None:
            by_package.setdefault(card, {})[package] = count
        special |= card is not None and package_id is None
    own: Mapping[Ref, tuple[OwnContracts, ...]] = {}
    if special:
        from pricebook.store.agreement import own_contracts  # brings what bills, which most of reading does not need

        own = own_contracts(session, ids, nouns, at)
    return {ref: LiveContracts(count, by_package.get(ref, {}), own.get(ref, ())) for ref, count in counts.items()}
