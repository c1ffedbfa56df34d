"""Taking marks on and off: an object of nobody's becomes ours, one of ours gets its present name, or is let go."""

from pricebook.apply import rule
from pricebook.apply.keys import ALIASES, DIGEST, MARKS, RATES, REF, mark_before_release, mark_of, released_mark
from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.metronome.account import AccountContents, owner_of
from pricebook.metronome.kind import ENTITIES, Json
from pricebook.metronome.writing import Writing
from pricebook.plan.verb.adopt import Adopt


def adopt(work: Writing, change: Adopt) -> str:
    """Make an object of nobody's ours, or give one of ours its present name, and return its id. Its own custom fields
    stay. Raises StoreRefused."""
    account, ref, was = work.account, change.ref, change.was
    held = account.ours.get(ref)
    if held is not None and held["id"] == change.id and ref not in account.unmarked:
        return change.id
    moving = was is not None and account.ours.get(was, {}).get("id") == change.id
    item = _item(account, change)
    rule.check_adoption(
        ref,
        change.id,
        present=item is not None,
        archived=item is not None and bool(item.get("archived_at")),
        owner=owner_of(ref.kind, item) if item is not None and not moving else "",
        taken=held is not None and held["id"] != change.id,
    )
    if moving and was is not None:
        return _rename(work, change, was)
    if held is None:
        reason = account.unreadable.get(change.id, "it was not read")
        message = f"the {ref.kind.words} {change.id} cannot be read: {reason}"
        raise StoreRefused(message, 400, "it can only be left alone")
    marks = {REF: mark_of(account.namespace, ref), DIGEST: change.digest}
    if change.rates:
        marks[RATES] = change.rates
    if change.aliases:
        marks[ALIASES] = change.aliases
    work.mark(ref, change.id, marks)
    account.unmarked.discard(ref)
    return change.id


def _item(account: AccountContents, change: Adopt) -> Json | None:
    """The object that is meant, whosever it is; None when the account does not show it."""
    ours = (item for ref, item in account.ours.items() if ref.kind is change.ref.kind and item["id"] == change.id)
    return next(ours, account.others.get((change.ref.kind, change.id)))


def _rename(work: Writing, change: Adopt, was: Ref) -> str:
    """Write the present name into the mark; the other marks are understood under both names."""
    account, renaming = work.account, Renaming({(was.kind, was.name): change.ref.name})
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


def release(work: Writing, ref: Ref) -> str:
    """Take our marks off an object of ours, and return its id: whose it is comes last. Raises StoreRefused."""
    account = work.account
    former = mark_of(account.namespace, ref)
    for (kind, other), item in account.others.items() if ref not in account.ours else ():
        if kind is ref.kind and mark_before_release((item.get("custom_fields") or {}).get(REF) or "") == former:
            return other
    work.hand_on(ref)
    item = work.live(ref)
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
