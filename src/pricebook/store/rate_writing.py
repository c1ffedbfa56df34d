"""Adding rates, by the hundred thousand: read the timelines in question, compare, write what differs, all in bulk.

The card's digest and count are kept up to date from the shares of the timelines that were written, never by reading the
whole card; only when somebody else changed a rate, and so took the digest away, is it taken anew.
"""

from itertools import repeat

from pricebook.apply import rule
from pricebook.catalog.rate_book import book_digest, digest_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import heads_of, read_head
from pricebook.plan.verb.add_rates import AddRates, after, share_of
from pricebook.store.reading import TIMELINES
from pricebook.store.writing import Transaction

_ADD = "INSERT INTO rate_timeline (rate_card_id, key, product_id, schedule) VALUES (?, ?, ?, ?)"
_CHANGE = "UPDATE rate_timeline SET schedule = ? WHERE rate_card_id = ? AND key = ?"


def add_rates(work: Transaction, change: AddRates) -> str:
    """Lay the segments over the card's timelines and return the card's id. Raises StoreRefused."""
    card = change.ref
    rule.check_rates(card, change.rates)
    card_id: str = work.live(card)[0]
    state = work.session.one("SELECT rates_digest, rates_count FROM rate_card WHERE id = ?", card_id)
    assert state is not None
    digest, count = state
    keys = [rate.key for rate in change.rates]
    heads = heads_of(keys)
    products = _products(work, card, set(heads))
    present = _present(work, card_id, keys) if count or digest is None else {}
    added: list[tuple[str, str, str, str]] = []
    changed: list[tuple[str, str, str]] = []
    all_new = not present and not any([rate.observed for rate in change.rates])  # noqa: C419 - a list is faster
    if all_new:
        named, schedules = map(products.__getitem__, heads), map(after, change.rates)
        added = list(zip(repeat(card_id), keys, named, schedules, strict=False))
    for rate, head in zip(change.rates, heads, strict=True) if not all_new else ():
        key = rate.key
        before = present.get(key)
        if before is None and rate.observed is None:
            added.append((card_id, key, products[head], after(rate)))
        elif (schedule := rule.settled(card, rate, before)) is not None:
            changed.append((schedule, card_id, key))
    work.session.many(_ADD, added)
    work.session.many(_CHANGE, changed)
    values: dict[str, object] = {}
    if added or changed:
        if digest is None:
            entries = work.session.rows(TIMELINES, card_id)
            total, count = book_digest(entries), len(entries)
        elif all_new:
            total, count = int(digest, 16) + share_of(change), count + len(added)
        else:
            total = int(digest, 16) + book_digest([(key, schedule) for _, key, _, schedule in added])
            total += book_digest([(key, schedule) for schedule, _, key in changed])
            total -= book_digest([(key, present[key]) for _, _, key in changed])
            count += len(added)
        values |= {"rates_digest": digest_text(total), "rates_count": count}
    if change.mark:
        values["rates_mark"] = change.mark
    if values:
        work.session.update("rate_card", card_id, values)
    return card_id


def _products(work: Transaction, card: Ref, heads: set[str]) -> dict[str, str]:
    """The product's id by the head of a key's text, before its group values: few heads stand before many keys."""
    named = {head: read_head(head)[0] for head in heads}
    ids = work.ids(card, Kind.PRODUCT, sorted(set(named.values())))
    return {head: ids[name] for head, name in named.items()}


def _present(work: Transaction, card_id: str, keys: list[str]) -> dict[str, str]:
    """The schedules that are there, of these keys. Batches come in the order of keys, so that in a first apply nothing
    lies between a batch's ends: one look instead of one for each key."""
    between = "SELECT 1 FROM rate_timeline WHERE rate_card_id = ? AND key BETWEEN ? AND ? LIMIT 1"
    if work.session.one(between, card_id, min(keys, default=""), max(keys, default="")) is None:
        return {}
    return dict(work.session.among(f"{TIMELINES} AND key", keys, card_id))
