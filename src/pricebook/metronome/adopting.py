"""Adopting an object of the account that bears no mark: one request, which gives it ours."""

from pricebook.apply.keys import ALIASES, DIGEST, RATES, REF, mark_of
from pricebook.apply.ports import StoreRefused
from pricebook.metronome.account import owner_of
from pricebook.metronome.writing import Work
from pricebook.plan.change import Adopt


def adopt(work: Work, change: Adopt) -> str:
    """Make an object of nobody's ours, and return its id. Its own custom fields stay. Raises StoreRefused."""
    account, ref = work.account, change.ref
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
