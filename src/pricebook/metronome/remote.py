"""A Metronome account as a store: see `apply.ports.Store`.

It keeps no state but what it last read, so that a run does not read the account for every step; whatever is not known
for sure any more is read again.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime

from pricebook import trace
from pricebook.apply.keys import ACCOUNT
from pricebook.apply.ports import NOTHING, MeteredUse, StoreRefused
from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Violation
from pricebook.metronome.account import read_account
from pricebook.metronome.adopting import adopt, release
from pricebook.metronome.client import Client, Sender
from pricebook.metronome.contract import (
    archive_contract,
    customer_contracts,
    end_contract,
    provision,
    read_cohort,
)
from pricebook.metronome.custom_field import Keys
from pricebook.metronome.invoice import read_invoices
from pricebook.metronome.kind import Json
from pricebook.metronome.limit import check_change
from pricebook.metronome.population import MOST, Population
from pricebook.metronome.rate_writing import add_rates
from pricebook.metronome.repointing import repoint
from pricebook.metronome.snapshot import account_mark, mark_bearers, snapshot_of
from pricebook.metronome.usage import read_usage
from pricebook.metronome.writing import Writing, perform_noun
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision
from pricebook.plan.verb.table import AddRates, Adopt, Release, Repoint
from pricebook.plan.verb.verb import Verb
from pricebook.preview.customer import Billed
from pricebook.problem import quote

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class RemoteStore:
    """The `apply.ports.AccountStore` behind a client. `units` are the vendor's names of pricing units by ours; `nonce`
    never repeats. Of more than `most` customers only contracts on packages are read (`metronome.population`).

    `tell` hears how many requests the first snapshot took so far, from any thread, and 0 when it is over; `check`
    refuses the mark of an account that is another one than is meant.
    """

    def __init__(
        self,
        client: Client,
        units: Mapping[str, str],
        *,
        nonce: Callable[[], str],
        most: int = MOST,
        sleep: Callable[[float], None] = time.sleep,
        tell: Callable[[int], None] | None = None,
        check: Callable[[str], None] = lambda mark: None,
    ) -> None:
        self._tell, self._check = tell, check
        self._client, self._units, self._most = client, units, most
        self._sender = Sender(client, nonce, sleep)
        self._keys = Keys(client, self._sender)
        self._work: Writing | None = None
        self._population: Population | None = None

    def close(self) -> None:
        """Give all connections back."""
        self._client.close()

    def snapshot(
        self,
        namespace: str,
        at: datetime,
        adopt: Mapping[Ref, str] = NOTHING,
        *,
        strangers: bool = False,
    ) -> Snapshot:
        """Everything is read, rates too; a token that may read is enough. Contracts are read once somebody asks."""
        host = self._client.http.host
        with (
            self._progress() if self._work is None else nullcontext(),
            trace.timed("account.read", account=host) as told,
        ):
            account = read_account(self._client, namespace, self._units, adopt, strangers=strangers)
            told["objects"] = len(account.ours)
        self._sender.looked()
        if self._population is None or not self._population.fits(account):
            self._population = Population(self._client, account, at, self._most, self._progress)
        snapshot = snapshot_of(account, at, self._population.live)
        self._check(snapshot.account)
        self._work = Writing(self._client, self._sender, account, snapshot, self._keys)
        return snapshot

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """Looks again after a lost answer, and sends again what is not there.

        The vendor compares nothing, so who writes between our look and our request is overwritten: a round trip before
        fields and aliases are, and since the account was read for rates. The lease keeps other applies away meanwhile.
        """
        work = self._known(namespace, at)
        self._keys.prepare()
        match change:
            case AddRates():
                return add_rates(work, change)
            case Adopt():
                if change.ref not in work.account.ours and change.was not in work.account.ours:
                    self.snapshot(namespace, at, {change.ref: change.id})
                    work = self._known(namespace, at)
                return adopt(work, change)
            case Release():
                return release(work, change.ref)
            case Repoint():
                return repoint(work, change, at)
        return perform_noun(work, change, at, expects)

    def sign(self, namespace: str, mark: str, at: datetime, *, anew: bool = False) -> str:
        """In a custom field of one object of ours."""
        work = self._known(namespace, at)
        found = account_mark(work.account)
        if found and not anew:
            return found
        bearers = mark_bearers(work.account)
        for ref in bearers:
            work.mark(ref, work.account.ours[ref]["id"], {ACCOUNT: mark})
        return mark if bearers else ""

    @contextmanager
    def _progress(self) -> Iterator[None]:
        """Requests of what takes long are told meanwhile: of the first snapshot, and of reading contracts."""
        http = self._client.http
        if self._tell is None or http.tell is not None:
            yield
            return
        http.tell = self._tell
        try:
            yield
        finally:
            http.tell = None
            self._tell(0)

    @property
    def unlisted(self) -> str:
        """See `apply.ports.BillingStore`."""
        return self._population.unlisted if self._population is not None else ""

    def billed(self, namespace: str, at: datetime, *, shared: bool = True) -> Iterator[Billed]:
        """See `apply.ports.BillingStore`: as of when contracts were first read."""
        self._known(namespace, at)
        assert self._population is not None
        return self._population.billed(shared=shared)

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        """The list shows neither uniqueness keys nor transitions."""
        yield from read_cohort(self._client, self._known(namespace, at).account, at, package, ended=ended)

    def customer_contracts(self, namespace: str, customer: str) -> tuple[Contract, ...]:
        """What no account has for an id, such as a customer's name, is not asked for."""
        if not _ID.fullmatch(customer):
            said = "name the customer by the vendor's id, such as 6a7c0e1f-0c1d-4c57-8f1e-2a7d5b8c9e01"
            raise StoreRefused(f"an account knows no customer by {quote(customer)}: {said}", 400)
        work = self._work if self._work is not None and self._work.account.namespace == namespace else None
        return customer_contracts(self._client, namespace, work.account.refs if work is not None else {}, customer)

    def invoices(self, customers: Iterable[str], since: datetime) -> Iterator[Json]:
        """See `apply.ports.InvoiceStore`."""
        return read_invoices(self._client, customers, since)

    def usage(
        self, metric: str, keys: Sequence[str], customers: Sequence[str], start: datetime, end: datetime, *, daily: bool
    ) -> Iterator[MeteredUse]:
        """See `apply.ports.UsageStore`."""
        return read_usage(self._client, metric, keys, customers, start, end, daily=daily)

    def provision(self, namespace: str, wanted: Provision, at: datetime) -> str:
        package = self._known(namespace, at).account.id_of(wanted.package) if wanted.package is not None else None
        if wanted.package is not None and package is None:
            raise StoreRefused(f"{wanted.package} is not there", 404)
        return provision(self._client, self._sender, wanted, package)

    def end_contract(self, contract: Contract, ending_before: datetime | None) -> None:
        end_contract(self._client, self._sender, contract, ending_before)

    def archive_contract(self, contract: Contract, at: datetime) -> None:
        """Its finalized invoices are left alone."""
        archive_contract(self._client, self._sender, contract)

    def cannot(self, namespace: str, change: Verb) -> Iterable[Violation]:
        yield from check_change(namespace, change, self._units, self._client.probe)
        unread = self._work.account.unread if self._work is not None else {}
        if change.ref.kind in unread:
            message = f"{change.ref}: {change.ref.kind.words}s could not be read: {unread[change.ref.kind]}"
            yield Violation("cannot", message, (), "use a token that may read them")

    def _known(self, namespace: str, at: datetime) -> Writing:
        """The account as last read, read now if it was not yet."""
        if self._work is None or self._work.account.namespace != namespace:
            self.snapshot(namespace, at)
        assert self._work is not None
        return self._work
