"""Queries over one connection: plain SQL over the driver's own, so that a plan need not wait for SQLAlchemy.

Whatever a driver raises is told in our words.
"""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pricebook.store.database import Database, DriverConnection

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = tuple[Any, ...]


class Reader:
    """Queries over one connection. SQL is written with `?`, whatever the driver's paramstyle."""

    def __init__(self, connection: DriverConnection, database: Database) -> None:
        self.where = database.where
        self.local = database.mark == "?"
        self._connection, self._database = connection, database

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        try:
            return self._database.tables(self._connection, (table,))
        except self._database.errors as error:
            raise self._database.explained(error) from None

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """All rows of the answer."""
        return list(self.stream(sql, *parameters))

    def one(self, sql: str, *parameters: object) -> Row | None:
        """The first row, or None."""
        return next(iter(self.rows(sql, *parameters)), None)

    def stream(self, sql: str, *parameters: object, large: bool = False) -> Iterator[Row]:
        """The rows, a few thousand at a time in memory, when a large answer is expected."""
        for rows in self.batches(sql, *parameters, large=large):
            yield from rows

    def batches(self, sql: str, *parameters: object, large: bool = False, size: int = 2000) -> Iterator[list[Row]]:
        """The rows, so many at a time."""
        try:
            cursor = self._database.cursor(self._connection, large)
            try:
                cursor.execute(self.native(sql), parameters)
                while rows := cursor.fetchmany(size):
                    yield rows
            finally:
                cursor.close()
        except self._database.errors as error:
            raise self._database.explained(error) from None

    def run(self, sql: str, *parameters: object) -> None:
        """A statement that answers nothing."""
        try:
            self._connection.execute(self.native(sql), parameters)
        except self._database.errors as error:
            raise self._database.explained(error) from None

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """A statement once for each row of parameters."""
        cursor = self._database.cursor(self._connection, False)
        try:
            cursor.executemany(self.native(sql), rows)
        except self._database.errors as error:
            raise self._database.explained(error) from None
        finally:
            cursor.close()

    def native(self, sql: str) -> str:
        """The statement as the driver wants it."""
        return sql if self.local else sql.replace("?", self._database.mark)

    def close_with_owner(self) -> None:
        """From now on the connection is closed when nothing refers to this reader any more."""
        self._finalizer = weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Close the connection: rates that were not read yet can no longer be."""
        self._connection.close()


def reader_within(connection: "Connection", database: Database) -> Reader:
    """A reader inside a write that is under way: it sees what was written so far."""
    driver: Any = connection.connection.driver_connection
    return Reader(driver, database)
