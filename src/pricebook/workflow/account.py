"""Account: the mark by which an account is known again as an environment's, read and written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pricebook.apply.ports import BillingStore, StoreError
from pricebook.apply.target import AccountMark
from pricebook.problem import reject


@dataclass(frozen=True, slots=True)
class Marked:
    """The mark that an account bears, None without one; whether it was written now; and why it could not be."""

    mark: AccountMark | None
    new: bool = False
    failed: str = ""


def mark_once(store: BillingStore, namespace: str, environment: str, new_id: Callable[[], str], at: datetime) -> Marked:
    """Mark an account that was applied to, if it bears no mark. What was applied stays so when that fails."""
    wanted = AccountMark(environment, new_id())
    try:
        found = store.sign(namespace, wanted.text, at)
    except StoreError as error:
        return Marked(None, failed=error.message)
    return Marked(AccountMark.read(found), found == wanted.text)


def mark_anew(store: BillingStore, namespace: str, environment: str, new_id: Callable[[], str], at: datetime) -> Marked:
    """Mark an account as an environment's because somebody says that it is. Raises Rejected, StoreError."""
    wanted = AccountMark(environment, new_id())
    if not store.sign(namespace, wanted.text, at, anew=True):
        hint = "the mark stands on an object of ours: take `account` out of the environment, apply, and mark it then"
        raise reject("nothing-to-mark", "there is no object of this project in the account", hint=hint)
    return Marked(wanted, new=True)
