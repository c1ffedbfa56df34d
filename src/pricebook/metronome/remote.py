"""A Metronome account as a store: see `apply.ports.Store`.

It keeps no state but what it last read, so that a run does not read the account for every step; whatever is not known
for sure any more is read again.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from pricebook.apply.ports import NOTHING
from pricebook.catalog.model import Violation
from pricebook.catalog.reference import Ref
from pricebook.metronome.account import read_account, read_contracts, snapshot_of
from pricebook.metronome.custom_field import Keys
from pricebook.metronome.http import Client
from pricebook.metronome.limit import check_change
from pricebook.metronome.rate_writing import add_rates
from pricebook.metronome.sending import Sender
from pricebook.metronome.writing import Work, perform_noun
from pricebook.plan.change import AddRates, Change
from pricebook.plan.contract import Contract
from pricebook.plan.snapshot import Snapshot


class RemoteStore:
    """The account behind a client. `units` are the vendor's names of pricing units by ours; `nonce` never repeats.

    `tell` hears how many requests the first snapshot took so far, from any thread, and 0 when it is over.
    """

    def __init__(
        self,
        client: Client,
        units: Mapping[str, str],
        *,
        nonce: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[int], None] | None = None,
    ) -> None:
        self._tell = tell
        self._client, self._units = client, units
        self._sender = Sender(client, nonce, sleep)
        self._keys = Keys(client, self._sender)
        self._work: Work | None = None

    def close(self) -> None:
        """Give all connections back."""
        self._client.close()

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """See `apply.ports.Store`. Everything is read, rates too; a token that may read is enough."""
        self._client.tell, self._tell = self._tell, None
        try:
            account = read_account(self._client, namespace, self._units, at, adopt)
        finally:
            if self._client.tell is not None:
                self._client.tell(0)
            self._client.tell = None
        self._sender.looked()
        snapshot = snapshot_of(account, at)
        self._work = Work(self._client, self._sender, account, snapshot, self._keys)
        return snapshot

    def perform(self, namespace: str, change: Change, at: datetime) -> str:
        """See `apply.ports.Store`. Looks again after a lost answer, and sends again what is not there."""
        if self._work is None or self._work.account.namespace != namespace:
            self.snapshot(namespace, at)
        work = self._work
        assert work is not None
        self._keys.prepare()
        return add_rates(work, change) if isinstance(change, AddRates) else perform_noun(work, change, at)

    def contracts(self, namespace: str, at: datetime) -> Iterator[Contract]:
        """See `apply.ports.BillingStore`. Contracts that are on no package cannot be listed, and are not there."""
        if self._work is None or self._work.account.namespace != namespace:
            self.snapshot(namespace, at)
        work = self._work
        assert work is not None
        yield from read_contracts(self._client, work.account, at)

    def cannot(self, namespace: str, change: Change) -> Iterable[Violation]:
        """See `apply.ports.Store`."""
        return check_change(namespace, change, self._units)
