"""Taking marks on and off: an object of nobody's becomes ours, one of ours gets its present name, or is let go."""

from pricebook.apply.keys import ALIASES, DIGEST, MARKS, RATES, REF, mark_of, released_mark
from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.metronome.account import owner_of
from pricebook.metronome.custom_field import ENTITIES
from pricebook.metronome.writing import Work
from pricebook.plan.change import Adopt


def adopt(work: Work, change: Adopt) -> str:
    """Make an object of nobody's ours, and return its id. Its own custom fields stay. Raises StoreRefused."""
    account, ref = work.account, change.ref
    if change.was is not None and account.ours.get(change.was, {}).get("id") == change.id:
        return _rename(work, change, change.was)
    held = account.ours.get(ref)
    if held is not None and held["id"] == change.id and ref not in account.unmarked:
        return change.id
    if held is not None and held["id"] != change.id:
        raise StoreRefused(f"{ref} is another object already", 409, "somebody else applied in between; plan again")
    item = held or account.others.get((ref.kind, change.id))
    if item is None:
        raise StoreRefused(f"there is no {ref.kind.words} {change.id}", 404, "plan again")
    if item.get("archived_at"):
        raise StoreRefused(f"the {ref.kind.words} {change.id} is archived and cannot be adopted", 400, "plan again")
    if owner := owner_of(ref.kind, item):
        message = f"the {ref.kind.words} {change.id} bears the mark {owner}"
        raise StoreRefused(message, 409, "somebody else owns it; plan again")
    if held is None:
        reason = account.unreadable.get(change.id, "")
        raise StoreRefused(
            f"the {ref.kind.words} {change.id} cannot be read: {reason}", 400, "it can only be left alone"
        )
    marks = {REF: mark_of(account.namespace, ref), DIGEST: change.digest}
    if change.rates:
        marks[RATES] = change.rates
    if change.aliases:
        marks[ALIASES] = change.aliases
    work.mark(ref, change.id, marks)
    account.unmarked.discard(ref)
    return change.id


def _rename(work: Work, change: Adopt, was: Ref) -> str:
    """Write the present name into the mark; the other marks are understood under both names."""
    account, renaming = work.account, Renaming({(was.kind, was.name): change.ref.name})
    if change.ref in account.ours:
        raise StoreRefused(
            f"{change.ref} is another object already", 409, "somebody else applied in between; plan again"
        )
    account.ours[change.ref] = account.ours.pop(was)
    try:
        work.mark(change.ref, change.id, {REF: mark_of(account.namespace, change.ref)})
    except StoreError:
        account.ours[was] = account.ours.pop(change.ref)
        raise
    if was.kind is Kind.PRODUCT:
        account.products[change.id] = change.ref.name
        account.rates = {
            card: {renaming.key(key): text for key, text in held.items()} for card, held in account.rates.items()
        }
    elif was in account.rates:
        account.rates[change.ref] = account.rates.pop(was)
    work.nouns = dict(renaming.catalog(Catalog(work.nouns)).nouns)
    return change.id


def release(work: Work, ref: Ref) -> str:
    """Take our marks off an object of ours, and return its id: whose it is comes last. Raises StoreRefused."""
    account, item = work.account, work.live(ref)
    id_: str = item["id"]
    marks = [key for key in item.get("custom_fields") or {} if key in MARKS and key != REF]
    if marks:
        body = {"entity": ENTITIES[ref.kind], "entity_id": id_, "keys": sorted(marks)}
        work.sender.send("/v1/customFields/deleteValues", body, done=lambda: None)
    work.mark(ref, id_, {REF: released_mark(account.namespace, ref, id_)})
    account.others[ref.kind, id_] = account.ours.pop(ref)
    if ref.kind is Kind.PRODUCT:
        account.products[id_] = id_
    return id_
