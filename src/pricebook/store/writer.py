"""The one connection by which a store or a journal writes: a transaction at a time, and the tables there.

Writers of a database follow one another anyway, so threads share a connection and wait for each other here. Whoever
comes first makes the tables, or takes those of an earlier release forward: once, whole or not at all.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any

from pricebook.apply.ports import OutcomeUnknown, StoreError
from pricebook.store import guard
from pricebook.store.database import Database, ServerLost, database_of, explaining
from pricebook.store.session import Session
from pricebook.store.tables import Part, tables_of
from pricebook.store.upgrade import VERSION, upgrade


class Writer:
    """Writes to the tables of a part, in the database behind a URL. Nothing is opened before the first use.

    `tell` is given a line for people when tables of an earlier release were upgraded.
    """

    def __init__(self, url: str, patience: float, part: Part, tell: Callable[[str], None]) -> None:
        self._url, self._patience, self._part, self._tell = url, patience, part, tell
        self._connection: Any = None
        self._identity: object = None
        self._lock = Lock()

    @cached_property
    def database(self) -> Database:
        """The database behind the URL. Raises StoreError for one that names none."""
        return database_of(self._url, self._patience)

    def close(self) -> None:
        """Give the connection back; the next use opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction, rolled back when anything is raised.

        Raises StoreError, and OutcomeUnknown when no answer came to its end.
        """
        database, ending = self.database, False
        with self._lock:
            connection = self._begun()
            try:
                yield Session(connection, database)
                ending = True
                connection.commit()
            except BaseException as error:
                self._roll_back(connection)
                if not isinstance(error, database.errors):
                    raise
                found = database.explained(error)
                if ending and isinstance(found, ServerLost):
                    raise OutcomeUnknown(found.message, found.hint) from None
                raise found from None

    def _begun(self) -> Any:
        """The connection, in a transaction. One that was lost since it was last used is replaced."""
        self._check_identity()
        used = self._connection is not None
        try:
            return self._begin()
        except ServerLost:
            if not used:
                raise
            return self._begin()

    def _begin(self) -> Any:
        database = self.database
        try:
            connection = self._opened()
            database.begin(connection)
            # A journal may be deleted at any time, and is then begun anew.
            if self._part == "journal" and not database.tables(connection, [t.name for t in tables_of("journal")]):
                connection.rollback()
                prepare(connection, database, self._part, self._tell)
                database.begin(connection)
            return connection
        except BaseException as error:
            self.close()
            if isinstance(error, database.errors):
                raise database.explained(error) from None
            raise

    def _check_identity(self) -> None:
        """A file that was deleted under our hands is not written to: that would be lost. Raises StoreError."""
        if self._connection is None or self.database.identity == self._identity:
            return
        self.close()
        if self._part == "store":
            message = f"{self.database.where} was moved or deleted while it was in use"
            raise StoreError(message, "put it back, or plan again")

    def _opened(self) -> Any:
        if self._connection is None:
            connection = self.database.writer()
            try:
                prepare(connection, self.database, self._part, self._tell)
            except BaseException:
                connection.close()
                raise
            self._connection, self._identity = connection, self.database.identity
            weakref.finalize(self, connection.close)
        return self._connection

    def _roll_back(self, connection: Any) -> None:
        try:
            connection.rollback()
        except self.database.errors:  # it is lost, and with it what was not ended
            self.close()


def prepare(connection: Any, database: Database, part: Part, tell: Callable[[str], None]) -> None:
    """Have the tables of a part there as this code knows them, in a transaction of its own. Raises StoreError."""
    with explaining(database):
        database.begin(connection)
        told = create(connection, database, part)
        connection.commit()
    if told:
        tell(told)


def create(connection: Any, database: Database, part: Part) -> str:
    """The same in the transaction of the connection; what to tell people of an upgrade, empty for none."""
    version = database.version(connection)
    told = upgrade(connection, database, version) if 0 < version < VERSION else ""
    for statement in database.stamp(connection, version) if version != VERSION else ():
        connection.execute(statement)
    if database.tables(connection, [table.name for table in tables_of(part)]):
        return told
    # An earlier release knew fewer kinds, and a journal may lose a table to somebody.
    missing = [table for table in tables_of(part) if not database.tables(connection, [table.name])]
    for table in missing:
        for statement in table.statements(database.types, database.clustering):
            connection.execute(statement)
    for statement in guard.statements(database.dialect, {table.name for table in missing}):
        connection.execute(statement)
    return told
