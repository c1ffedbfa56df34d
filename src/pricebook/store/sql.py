"""The SQL store: an account that bills, in a database that keeps the vendor's rules: a file, or a server for a team.

Every change is one transaction, whole or not at all. Nothing is opened or created before it is needed, and reading
creates nothing: a file or a schema that is not there is an empty account.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pricebook import trace
from pricebook.account.contract import ContractRequest
from pricebook.apply.ports import NOTHING, OutcomeUnknown
from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Violation
from pricebook.observe.snapshot import Snapshot, strangers_in
from pricebook.plan.contract import Contract, Provision
from pricebook.plan.verb.table import AddRates, Adopt, Release
from pricebook.plan.verb.verb import Verb
from pricebook.store import sqlite
from pricebook.store.contract import (
    archive_contract,
    create_contract,
    customer_contracts,
    end_contract,
    provision,
    read_cohort,
)
from pricebook.store.database import ServerLost
from pricebook.store.reading import StoredRates, read_snapshot
from pricebook.store.session import Session, reader_of, reading
from pricebook.store.writer import Writer

if TYPE_CHECKING:  # as in `billed`
    from pricebook.preview.customer import Billed


class SqlStore:
    """The `apply.ports.AccountStore` behind a URL: `sqlite:///prices.db`, `postgresql+psycopg://billing@db/prices`.
    `patience` is how many seconds to wait for other writers; `check` refuses the mark of an account that is another one
    than is meant; `tell` is as in `Writer`.

    Threads may share it.
    """

    unlisted = ""

    def __init__(
        self,
        url: str,
        *,
        patience: float = sqlite.PATIENCE,
        check: Callable[[str], None] = lambda mark: None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._check = check
        self._writer = Writer(url, patience, "store", tell)
        self._readers: WeakSet[Session] = WeakSet()

    def close(self) -> None:
        """Give all connections back. Rates of earlier snapshots that were not read yet can no longer be."""
        self._writer.close()
        for reader in list(self._readers):
            reader.close()

    def snapshot(
        self,
        namespace: str,
        at: datetime,
        adopt: Mapping[Ref, str] = NOTHING,
        *,
        strangers: bool = False,
    ) -> Snapshot:
        """See `apply.ports.Store`. The rates stay in the store; they can be read until `close`."""
        reader = reader_of(self._writer.database, "package")
        if reader is None:
            self._check("")
            return Snapshot(observed_at=at)
        with ExitStack() as stack:
            stack.callback(reader.close)
            told = stack.enter_context(trace.timed("account.read", account=reader.where))
            snapshot = read_snapshot(reader, namespace, at, adopt)
            self._check(snapshot.account)
            if strangers:
                snapshot = read_snapshot(reader, namespace, at, strangers_in(snapshot.foreign, adopt))
            told["objects"] = len(snapshot.objects)
            if any(isinstance(rates, StoredRates) for rates in snapshot.catalog.rates.values()):
                stack.pop_all()
                reader.close_with_owner()
                self._readers.add(reader)
            return snapshot

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """See `apply.ports.Store`. When the connection is lost, it is asked for once more on another one: what is there
        already is not made again."""
        try:
            return self._perform(namespace, change, at, expects)
        except (ServerLost, OutcomeUnknown):
            return self._perform(namespace, change, at, expects)

    def _perform(self, namespace: str, change: Verb, at: datetime, expects: str | None) -> str:
        # What writes brings the model of a package, which reading may not need.
        from pricebook.store import adopting, rate_writing, writing

        with self._writer.transaction() as session:
            work = writing.Transaction(session, namespace, at)
            match change:
                case AddRates():
                    return rate_writing.add_rates(work, change)
                case Adopt():
                    return adopting.adopt(work, change)
                case Release():
                    return adopting.release(work, change.ref)
                case _:
                    return writing.perform_noun(work, change, expects)

    def cannot(self, namespace: str, change: Verb) -> Iterable[Violation]:
        """See `apply.ports.Store`: whatever the model can say can be kept."""
        return ()

    def sign(self, namespace: str, mark: str, at: datetime, *, anew: bool = False) -> str:
        """See `apply.ports.BillingStore`. A database can be marked before there is anything in it."""
        from pricebook.store.writing import Transaction, sign  # as in `_perform`

        with self._writer.transaction() as session:
            return sign(Transaction(session, namespace, at), mark, anew=anew)

    def billed(self, namespace: str, at: datetime, *, shared: bool = True) -> "Iterator[Billed]":
        from pricebook.store.agreement import read_billed  # brings what bills

        with self._reading() as reader:
            if reader is not None:
                yield from read_billed(reader, namespace, at)

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        with self._reading() as reader:
            if reader is not None:
                yield from read_cohort(reader, namespace, at, package, ended=ended)

    def customer_contracts(self, namespace: str, customer: str) -> tuple[Contract, ...]:
        with self._reading() as reader:
            return customer_contracts(reader, namespace, customer) if reader is not None else ()

    def provision(self, namespace: str, wanted: Provision, at: datetime) -> str:
        with self._writer.transaction() as session:
            return provision(session, namespace, wanted, at)

    def create_contract(
        self,
        customer_id: str,
        starting_at: datetime,
        package_id: str | None = None,
        package_alias: str | None = None,
        uniqueness_key: str | None = None,
        transition: Mapping[str, Any] | None = None,
        custom_fields: Mapping[str, str] | None = None,
        at: datetime | None = None,
        **more: Any,
    ) -> str:
        """The vendor's `contracts/create`, on packages of anybody or on a rate card; `at` is only recorded.

        Returns the contract's id. Raises StoreRefused with the vendor's status.
        """
        request = ContractRequest(
            customer=customer_id,
            starting_at=starting_at,
            package=package_id,
            package_alias=package_alias,
            card=more.pop("rate_card_id", None),
            card_alias=more.pop("rate_card_alias", None),
            uniqueness_key=uniqueness_key,
            transition=transition,
            more=more,
        )
        with self._writer.transaction() as session:
            return create_contract(session, request, custom_fields or {}, at)

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction for what no verb does: what is agreed with customers (`store.agreement`)."""
        return self._writer.transaction()

    def end_contract(self, contract: Contract, ending_before: datetime | None) -> None:
        with self._writer.transaction() as session:
            end_contract(session, contract.id, ending_before)

    def archive_contract(self, contract: Contract, at: datetime) -> None:
        with self._writer.transaction() as session:
            archive_contract(session, contract.id, at)

    def _reading(self) -> AbstractContextManager[Session | None]:
        """What reads one state, or None when there is no account yet."""
        return reading(self._writer.database, "package")
