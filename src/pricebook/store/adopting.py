"""Taking marks on and off. What is adopted gets ours, and the keys of rates get our names of products.

The database keeps marks and keys from being edited. Here, and nowhere else, these rules are lifted, inside the
transaction that needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from pricebook.apply import rule
from pricebook.apply.keys import mark_before_release, read_mark, released_mark
from pricebook.catalog.rate_book import book_digest, digest_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import key_text, read_key
from pricebook.plan.verb.adopt import Adopt
from pricebook.store.guard import MARKING
from pricebook.store.reading import TIMELINES
from pricebook.store.tables import table_of
from pricebook.store.writing import Transaction


def adopt(work: Transaction, change: Adopt) -> str:
    """Make an object of nobody's ours, or give one of ours its present name, and return its id. Raises StoreRefused."""
    ref, table = change.ref, table_of(change.ref.kind)
    found = work.session.one(f"SELECT mark, archived_at FROM {table} WHERE id = ?", change.id)
    holder = work.find(ref)
    mark, archived_at = found if found is not None else (None, None)
    if holder is not None and holder[0] == change.id:
        return change.id
    rule.check_adoption(
        ref,
        change.id,
        present=found is not None,
        archived=archived_at is not None,
        owner=_owner(work, change, mark or ""),
        taken=holder is not None,
    )
    values: dict[str, object] = {"mark": work.mark(ref)}
    if change.was is None:
        values["digest"] = change.digest
    if change.was is None and ref.kind is Kind.RATE_CARD:
        values |= {"rates_mark": change.rates or None, "aliases_mark": change.aliases or None}
    with _lifted(work, f"{table}_mark") if mark is not None else nullcontext():
        work.session.update(table, change.id, values)
    _name_products(work, change)
    return change.id


def release(work: Transaction, ref: Ref) -> str:
    """Take our marks off an object of ours, or find them off already, and return its id. Raises StoreRefused."""
    table = table_of(ref.kind)
    if work.find(ref) is None:
        released = released_mark(work.namespace, ref, "")
        sql = f"SELECT id FROM {table} WHERE substr(mark, 1, ?) = ?"
        found = work.session.one(sql, len(released), released)
        if found is not None:
            return str(found[0])
    id_ = str(work.live(ref)[0])
    values: dict[str, object] = {"mark": released_mark(work.namespace, ref, id_), "digest": None}
    if ref.kind is Kind.RATE_CARD:
        values |= {"rates_mark": None, "aliases_mark": None}
    with _lifted(work, f"{table}_mark"):
        work.session.update(table, id_, values)
    return id_


def _owner(work: Transaction, change: Adopt, mark: str) -> str:
    """The mark that stands against it: not that of its earlier name, and not that of somebody who let it go."""
    earlier = change.was is not None and mark == work.mark(change.was)
    return "" if earlier or mark_before_release(mark) else mark


def _name_products(work: Transaction, change: Adopt) -> None:
    """Let the rates that the object has, or is priced by, go by our names of products."""
    column = {Kind.RATE_CARD: "rate_card_id", Kind.PRODUCT: "product_id"}.get(change.ref.kind)
    if column is None:
        return
    sql = (
        "SELECT rate_card_id, key, product_id, mark FROM rate_timeline JOIN product ON product.id = product_id"
        f" WHERE {column} = ?"
    )
    renamed = []
    for card, key, product, mark in work.session.rows(sql, change.id):
        ours = read_mark(work.namespace, mark or "")
        named = key_text(read_key(key)._replace(product=ours.name if ours is not None else product))
        if named != key:
            renamed.append((named, card, key))
    if not renamed:
        return
    with _lifted(work, "rate_timeline_key"):
        work.session.many("UPDATE rate_timeline SET key = ? WHERE rate_card_id = ? AND key = ?", renamed)
    for card in sorted({card for _, card, _ in renamed}):
        entries = work.session.rows(TIMELINES, card)
        values = {"rates_digest": digest_text(book_digest(entries)), "rates_count": len(entries)}
        work.session.update("rate_card", card, values)


@contextmanager
def _lifted(work: Transaction, trigger: str) -> Iterator[None]:
    """Meanwhile the trigger does nothing; for others it always stands."""
    if work.session.dialect != "sqlite":
        work.session.run(f"SET LOCAL {MARKING} = 'on'")
        yield
        work.session.run(f"SET LOCAL {MARKING} = 'off'")
        return
    made = work.session.one("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", trigger)
    assert made is not None
    work.session.run(f"DROP TRIGGER {trigger}")
    yield
    work.session.run(made[0])
