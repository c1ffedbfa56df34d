"""What a store and a journal ask of a database: connections, transactions of writers, and what its errors mean.

Two keep it: `sqlite.Sqlite`, a file of its own, and `postgres.Postgres`, a server for a team. What they say
differently is here; all other SQL is written once (`session`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from pricebook.apply.ports import StoreError
from pricebook.store import sqlite
from pricebook.store.guard import Dialect
from pricebook.store.location import POSTGRES, database_path


class ServerLost(StoreError):  # noqa: N818 - named for what happened
    """The connection ended, or there was none: what was under way may be asked for again, with a look first."""


class Database(Protocol):
    """A database that may not be there yet."""

    @property
    def where(self) -> str:
        """Its name for people, without secrets."""

    @property
    def dialect(self) -> Dialect:
        """Its kind of SQL."""

    @property
    def placeholder(self) -> str:
        """How a parameter is written."""

    @property
    def types(self) -> Mapping[str, str]:
        """What the words for types that `tables` uses are here."""

    @property
    def clustering(self) -> str:
        """What lets the rows of a table lie in the order of their key, where there is such a thing."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises."""

    @property
    def identity(self) -> object:
        """Which database it is; another one when it was replaced under our hands."""

    def reader(self, table: str) -> Any:
        """A connection that can only read, inside a transaction that sees one state; None when there is no such
        database or table yet. Creates nothing. Raises StoreError."""

    def writer(self) -> Any:
        """A connection that writes, outside of any transaction; makes no tables. Raises StoreError."""

    def begin(self, connection: Any) -> None:
        """Begin the transaction of a writer: there is one at a time."""

    def cursor(self, connection: Any, large: bool) -> Any:
        """A cursor; one for a large answer does not fetch all of it at once."""

    def tables(self, connection: Any, names: Sequence[str]) -> bool:
        """Whether all these tables are there."""

    def version(self, connection: Any) -> int:
        """The version of its tables, 0 where there are none. Raises StoreError for somebody else's, and for a version
        that this code does not know."""

    def stamp(self, connection: Any, version: int) -> tuple[str, ...]:
        """The statements that say the present version of its tables, which were of this one until now."""

    def backup(self, version: int) -> str:
        """Keep a copy of it as it is, named for its version; where. Empty where that is left to its keepers."""

    def renumber(self, connection: Any, table: str, column: str) -> None:
        """After rows came with numbers of their own: the next number that is given is beyond all of them."""

    def explained(self, error: BaseException | None) -> StoreError:
        """What an error means, in words for people."""


@contextmanager
def explaining(database: Database) -> Iterator[None]:
    """What the driver raises is told in our words."""
    try:
        yield
    except database.errors as error:
        raise database.explained(error) from None


def database_of(url: str, patience: float = sqlite.PATIENCE) -> Database:
    """The database behind a URL. Raises StoreError for one that names none."""
    if url.startswith(POSTGRES):
        from pricebook.store.postgres import Postgres  # an extra

        return Postgres.of(url, patience)
    return sqlite.Sqlite(database_path(url), patience)
