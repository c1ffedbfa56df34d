"""SQL over one connection: text over the driver's own, the same for every database, written with `?` for parameters.

Whatever a driver raises is told in our words.
"""

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from pricebook import trace
from pricebook.store.database import Database, explaining

Row = tuple[Any, ...]
_PART = 500
"""Values that one statement names."""


class Session:
    """Statements over one connection, inside the transaction that it is in: they see what was written in it."""

    def __init__(self, connection: Any, database: Database) -> None:
        self.where, self.dialect = database.where, database.dialect
        self._connection, self._database = connection, database

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        with explaining(self._database):
            return self._database.tables(self._connection, (table,))

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
        with explaining(self._database), closing(self._database.cursor(self._connection, large)) as cursor:
            cursor.execute(self._native(sql), parameters)
            while rows := cursor.fetchmany(size):
                yield rows

    def run(self, sql: str, *parameters: object) -> int:
        """A statement that changes something; how many rows it concerned."""
        with explaining(self._database):
            return int(self._connection.execute(self._native(sql), parameters).rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """A statement once for each row of parameters."""
        with explaining(self._database), closing(self._database.cursor(self._connection, False)) as cursor:
            cursor.executemany(self._native(sql), rows)

    def among(self, sql: str, values: Sequence[object], *parameters: object) -> Iterator[Row]:
        """The rows of a statement that ends with a column, where it is one of some values, however many these are."""
        for start in range(0, len(values), _PART):
            part = values[start : start + _PART]
            yield from self.rows(f"{sql} IN ({', '.join('?' * len(part))})", *parameters, *part)

    def insert(self, table: str, values: Mapping[str, object]) -> None:
        """Put one row into a table."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())

    def update(self, table: str, id_: object, values: Mapping[str, object], key: str = "id") -> None:
        """Change columns of the row that a key names."""
        changes = ", ".join(f"{name} = ?" for name in values)
        self.run(f"UPDATE {table} SET {changes} WHERE {key} = ?", *values.values(), id_)

    def close_with_owner(self) -> None:
        """From now on the connection is closed when nothing refers to this session any more."""
        self._finalizer = weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Close the connection: rates that were not read yet can no longer be."""
        self._connection.close()

    def _native(self, sql: str) -> str:
        """The statement as the driver wants it."""
        return sql if self.dialect == "sqlite" else sql.replace("?", self._database.placeholder)


def reader_of(database: Database, table: str) -> Session | None:
    """A session that reads one state; None when there is no such database or table yet. Creates nothing."""
    with trace.timed("store.opened", store=database.where, table=table) as told:
        connection = database.reader(table)
        told["there"] = connection is not None
    return Session(connection, database) if connection is not None else None


@contextmanager
def reading(database: Database, table: str) -> Iterator[Session | None]:
    """The same, closed at the end."""
    session = reader_of(database, table)
    try:
        yield session
    finally:
        if session is not None:
            session.close()
