"""What was read of an account, as one file: another person, or another day, can import from it without a network.

The file has the items of the account's lists as they came, with exact decimals. No token is in it and nothing of a
customer: of contracts only from when until when they run. The code that reads an account reads it as well.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from pricebook.apply.ports import NOTHING, StoreError
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import instant_text, read_moment
from pricebook.catalog.reference import Ref
from pricebook.metronome.account import UNREADABLE, read_account
from pricebook.metronome.answer import CONTRACTS, SCHEDULES
from pricebook.metronome.kind import APIS
from pricebook.metronome.population import Population
from pricebook.metronome.snapshot import snapshot_of
from pricebook.observe.snapshot import Snapshot

FORM = "pricebook-export/1"
_CONTRACT = ("contract_id", "starting_at", "ending_before", "archived_at")
_OWNERS = {SCHEDULES: "rate_card_id", CONTRACTS: "package_id"}
"""Lists of something that one object has, with the field of a request that says which."""
_KEPT = {*_OWNERS, *(api.listed.path for api in APIS.values())}
"""The lists that are kept: none of customers and what they bought."""


class AccountRecord:
    """The items of an account's lists: by path, by the object that they are of (empty: the account), each once."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, dict[str, Any]]] = {}
        self._lock = Lock()

    concurrency, probe = 1, "whoever was asked"

    def hear(self, method: str, path: str, body: Mapping[str, Any] | None, answer: Any) -> None:
        """Keep what an account answered to a request; from any thread."""
        items = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(items, list) and path in _KEPT:
            with self._lock:
                self._add(path, str((body or {}).get(_OWNERS.get(path, ""), "")), items)

    def _add(self, path: str, owner: str, items: Iterable[Any]) -> None:
        held = self._items.setdefault(path, {}).setdefault(owner, {})
        for item in items:
            kept = {name: item.get(name) for name in _CONTRACT} if path == CONTRACTS else item
            held[encode(kept)] = kept

    def read(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """See `listing.Reader`: everything on one page."""
        owner = str((body or {}).get(_OWNERS.get(path, ""), ""))
        items = list(self._items.get(path, {}).get(owner, {}).values())
        if path == CONTRACTS:
            items = [{**item, "customer_id": ""} for item in items]  # whose they are is not in the file
        wanted = {selector["product_id"] for selector in (body or {}).get("selectors", ())}
        return {"data": [i for i in items if not wanted or i["product_id"] in wanted], "next_page": None}

    def text(self, at: datetime) -> str:
        """The file."""
        items = {path: {o: list(held.values()) for o, held in owners.items()} for path, owners in self._items.items()}
        return encode({"format": FORM, "read_at": instant_text(at), "items": items}) + "\n"


class Export:
    """An account as it was when it was exported: an `apply.ports.AccountStore` that can only be read. `units` are the
    vendor's names of pricing units by ours."""

    def __init__(self, text: str, units: Mapping[str, str]) -> None:
        """Raises StoreError for a text that is no export."""
        self._units, self._record = units, AccountRecord()
        try:
            data: Any = decode(text)
            if data["format"] != FORM:
                raise StoreError(f"the export has the format {data['format']!r}, this version reads {FORM!r}")
            self.read_at = read_moment(data["read_at"])
            for path, owners in data["items"].items():
                for owner, items in owners.items():
                    self._record._add(path, owner, items)
        except UNREADABLE as error:
            raise _no_export(error) from None
        if not any(path in data["items"] for path in (api.listed.path for api in APIS.values())):
            raise StoreError("this export has nothing of an account in it")

    def snapshot(
        self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING, *, strangers: bool = False
    ) -> Snapshot:
        try:
            account = read_account(self._record, namespace, self._units, adopt, strangers=strangers)
            return snapshot_of(account, at, Population(self._record, account, at, 0).live)
        except UNREADABLE as error:
            raise _no_export(error) from None


def _no_export(error: Exception) -> StoreError:
    hint = "make one with: pricebook import --save FILE"
    return StoreError(f"this is no export of an account ({type(error).__name__}: {error})", hint)
