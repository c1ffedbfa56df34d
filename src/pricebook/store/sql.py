"""The SQL store: an account that bills, in a database that keeps the vendor's rules: a file, or a server for a team.

Every change is one transaction, whole or not at all. Nothing is opened, created or imported before it is needed, and
reading creates nothing: a file or a schema that is not there is an empty account.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pricebook.apply.ports import NOTHING, OutcomeUnknown, StoreError
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.change import AddRates, Change
from pricebook.plan.snapshot import Snapshot
from pricebook.store import sqlite
from pricebook.store.alias import holder
from pricebook.store.database import Database, database_of
from pricebook.store.reading import Reader, StoredRates, assignments, read_snapshot, reader_within

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from pricebook.catalog.model import Violation
    from pricebook.plan.contract import Contract as LiveContract
    from pricebook.store.contract import Contract


class SqlStore:
    """The store behind a URL: `sqlite:///prices.db`, `postgresql+psycopg://billing@db/prices`. `patience` is how many
    seconds to wait for other writers.

    Threads may share it.
    """

    def __init__(self, url: str, *, patience: float = sqlite.PATIENCE) -> None:
        self._url, self._patience = url, patience
        self._engine: Engine | None = None
        self._readers: WeakSet[Reader] = WeakSet()
        self._identity: object = None
        self._lock = Lock()

    @property
    def _database(self) -> Database:
        """The database behind the URL. Raises StoreError for one that names none."""
        return database_of(self._url, self._patience)

    def close(self) -> None:
        """Give all connections back. Rates of earlier snapshots that were not read yet can no longer be."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        for reader in list(self._readers):
            reader.close()

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """See `apply.ports.Store`. The rates stay in the store; they can be read until `close`."""
        reader = self._reader()
        if reader is None:
            return Snapshot(observed_at=at)
        try:
            snapshot = read_snapshot(reader, namespace, at, adopt)
        except BaseException:
            reader.close()
            raise
        if any(isinstance(rates, StoredRates) for rates in snapshot.catalog.rates.values()):
            reader.close_with_owner()
            self._readers.add(reader)
        else:
            reader.close()
        return snapshot

    def perform(self, namespace: str, change: Change, at: datetime) -> str:
        """See `apply.ports.Store`."""
        from pricebook.store.writing import Transaction, perform_noun

        with self._writing() as connection:
            work = Transaction.on(connection, self._database, namespace, at)
            if isinstance(change, AddRates):
                from pricebook.store.rate_writing import add_rates

                return add_rates(work, change)
            return perform_noun(work, change)

    def cannot(self, namespace: str, change: Change) -> "Iterable[Violation]":
        """See `apply.ports.Store`: whatever the model can say can be kept."""
        return ()

    def contracts(self, namespace: str, at: datetime) -> "Iterator[LiveContract]":
        """See `apply.ports.BillingStore`."""
        from pricebook.store.reading import read_contracts

        with self._reading() as reader:
            if reader is not None:
                yield from read_contracts(reader, namespace, at)

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
    ) -> "Contract":
        """The vendor's `contracts/create`; `at` is only recorded. Raises StoreRefused with the vendor's status."""
        from pricebook.store import contract

        request = contract.Request(
            customer_id, starting_at, package_id, package_alias, uniqueness_key, transition, custom_fields, more
        )
        with self._writing() as connection:
            return contract.create_contract(connection, reader_within(connection, self._database), request, at)

    def end_contract(self, id_: str, ending_before: datetime) -> "Contract":
        """Give a contract another end, not before its start. Raises StoreRefused."""
        from pricebook.store import contract

        with self._writing() as connection:
            return contract.end_contract(connection, reader_within(connection, self._database), id_, ending_before)

    def archive_contract(self, id_: str, at: datetime) -> "Contract":
        """Take a contract out of use, for good. Raises StoreRefused."""
        from pricebook.store import contract

        with self._writing() as connection:
            return contract.archive_contract(connection, reader_within(connection, self._database), id_, at)

    def get_contract(self, id_: str) -> "Contract":
        """One contract. Raises StoreRefused when there is none."""
        from pricebook.store import contract

        with self._reading() as reader:
            if reader is None:
                raise contract.missing(id_)
            return contract.get_contract(reader, id_)

    def list_contracts(
        self,
        package_id: str,
        covering_date: datetime | None = None,
        starting_at: datetime | None = None,
        include_archived: bool = False,
    ) -> "list[Contract]":
        """The contracts on a package, by start: in force on a date, or starting then or later. Raises StoreRefused."""
        from pricebook.store import contract

        with self._reading() as reader:
            if reader is None:
                return []
            return contract.list_contracts(reader, package_id, covering_date, starting_at, include_archived)

    def package_holder(self, alias: str, instant: datetime) -> str | None:
        """The id of the package that an alias names at an instant."""
        return self._holder(Kind.PACKAGE, alias, instant)

    def rate_card_holder(self, alias: str, instant: datetime) -> str | None:
        """The id of the rate card that an alias names at an instant."""
        return self._holder(Kind.RATE_CARD, alias, instant)

    def _holder(self, kind: Kind, alias: str, instant: datetime) -> str | None:
        with self._reading() as reader:
            return holder(assignments(reader, kind, alias), instant_text(instant)) if reader is not None else None

    @contextmanager
    def _reading(self) -> Iterator[Reader | None]:
        reader = self._reader()
        try:
            yield reader
        finally:
            if reader is not None:
                reader.close()

    def _reader(self) -> Reader | None:
        """A reader inside a transaction, or None when there is no account yet."""
        connection = self._database.reader("package")
        return Reader(connection, self._database) if connection is not None else None

    @contextmanager
    def _writing(self) -> "Iterator[Connection]":
        """A transaction; it is rolled back when anything is raised. Raises OutcomeUnknown when no answer came to its
        end."""
        from sqlalchemy.exc import DBAPIError

        ending = False
        try:
            with self._prepared().begin() as connection:
                yield connection
                ending = True
        except DBAPIError as error:
            found = self._database.explained(error.orig)
            if ending and error.connection_invalidated:
                raise OutcomeUnknown(found.message, found.hint) from None
            raise found from None
        except self._database.errors as error:
            raise self._database.explained(error) from None

    def _prepared(self) -> "Engine":
        """The engine, with the tables there."""
        database = self._database
        with self._lock:
            if self._engine is None:
                from pricebook.store import schema

                self._engine = schema.open_engine(database, "store")
                self._identity = database.identity
            elif database.identity != self._identity:
                self._engine.dispose()
                self._engine = None
                message = f"{database.where} was moved or deleted while it was in use"
                raise StoreError(message, "put it back, or plan again")
            return self._engine
