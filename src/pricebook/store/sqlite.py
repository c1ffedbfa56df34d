"""The embedded database's own ways: how its file is opened, stamped and told from others, and what its errors mean.

SQLite in WAL mode: readers see one consistent state and wait for nobody; writers follow one another, each from its
first statement on (`BEGIN IMMEDIATE`).
"""

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.store.guard import Dialect
from pricebook.store.upgrade import VERSION, check_version

APPLICATION = 0x70726963
"""`PRAGMA application_id` of our files: "pric"."""
PATIENCE = 15.0
"""Seconds to wait for another writer."""


@dataclass(frozen=True)
class Sqlite:
    """A database file, as a `database.Database`."""

    path: Path
    patience: float = PATIENCE
    dialect: Dialect = "sqlite"
    placeholder: str = "?"
    clustering: str = " WITHOUT ROWID"

    @property
    def types(self) -> Mapping[str, str]:
        return {"NUMBER": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "BYTES": "BLOB"}

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error,)

    @property
    def identity(self) -> object:
        """Which file stands at the path; None when there is none. SQLite itself goes on writing to a deleted one."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def reader(self, table: str) -> sqlite3.Connection | None:
        path = self.path
        _check_place(path)
        if not path.exists():
            return None
        if not os.access(path, os.R_OK):
            raise StoreError(f"{path} cannot be read: permission denied", "ask for the right to read it")
        if not path.stat().st_size:
            return None
        try:
            return self._begun("mode=ro", table)
        except sqlite3.Error as error:
            # WAL needs a file beside the database. Where none can be made and none is there, nobody is writing either.
            alone = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
            if not isinstance(error, sqlite3.OperationalError) or not alone:
                raise self.explained(error) from None
        try:
            return self._begun("mode=ro&immutable=1", table)
        except sqlite3.Error as error:
            raise self.explained(error) from None

    def writer(self) -> sqlite3.Connection:
        """See `database.Database`. Creates the file, not its directory."""
        _check_place(self.path)
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(closing(self._connect("mode=rwc")))
                self.version(connection)
                _use_wal(connection, self.patience)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                stack.pop_all()
                return connection
        except sqlite3.Error as error:
            raise self.explained(error) from None

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def cursor(self, connection: Any, large: bool) -> Any:
        """See `database.Database`: no cursor of SQLite fetches more than it is asked for."""
        return connection.cursor()

    def tables(self, connection: Any, names: Sequence[str]) -> bool:
        among = ", ".join("?" * len(names))
        sql = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ({among})"
        return bool(connection.execute(sql, tuple(names)).fetchone()[0] == len(names))

    def version(self, connection: Any) -> int:
        application, version = header_of(connection)
        if application == APPLICATION:
            check_version(self.where, version)
        elif application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            message = f"{self.where} is a database of something else, not a pricebook store"
            raise StoreError(message, "name another file")
        return version

    def stamp(self, connection: Any, version: int) -> tuple[str, ...]:
        return (f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {VERSION}")

    def backup(self, version: int) -> str:
        """See `database.Database`: beside the file, under a name that is free, whole or not at all. What a reader sees
        is what the writer that upgrades it found."""
        name = f"{self.path.name}.version-{version}"
        names = (self.path.with_name(f"{name}.{number}" if number > 1 else name) for number in count(1))
        target = next(each for each in names if not each.exists())
        part = target.with_name(f"{target.name}.part")
        try:
            part.unlink(missing_ok=True)  # of an upgrade that was killed
            with closing(self._connect("mode=ro")) as source, closing(sqlite3.connect(part)) as copy:
                source.backup(copy)
            part.chmod(self.path.stat().st_mode & 0o777)
            part.replace(target)
        except sqlite3.Error as error:
            raise Sqlite(part).explained(error) from None
        except OSError as error:
            message = f"{part} cannot be written: {error.strerror}"
            raise StoreError(message, "an upgrade keeps a copy of the store") from None
        return str(target)

    def renumber(self, connection: Any, table: str, column: str) -> None:
        """See `database.Database`: SQLite counts by what is there."""

    def explained(self, error: BaseException | None) -> StoreError:
        name, text = getattr(error, "sqlite_errorname", None) or "", str(error)
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in text:
            return StoreError(f"{self.where} was closed while something of it was still to be read")
        if name.startswith("SQLITE_CONSTRAINT"):
            return StoreRefused(f"{self.where} refused it: {text}", 409)
        for prefix, message, hint in _MEANINGS:
            if name.startswith(prefix):
                return StoreError(message.format(where=self.where), hint)
        return StoreError(f"{self.where} cannot be used: {text}")

    def _connect(self, options: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?{options}"
        return sqlite3.connect(uri, uri=True, timeout=self.patience, isolation_level=None, check_same_thread=False)

    def _begun(self, options: str, table: str) -> sqlite3.Connection | None:
        with ExitStack() as stack:
            connection = stack.enter_context(closing(self._connect(options)))
            connection.execute("BEGIN")
            if not self.version(connection) or not self.tables(connection, (table,)):
                return None
            stack.pop_all()
            return connection


def open_memory() -> sqlite3.Connection:
    """A connection that writes to a database that ends with it."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def header_of(connection: sqlite3.Connection) -> tuple[int, int]:
    """Whose a file is and the version of its tables, as its header says; zeros where nobody wrote it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


_MEANINGS = (
    ("SQLITE_FULL", "the disk of {where} is full", "free space and run apply again: it continues where it stopped"),
    ("SQLITE_READONLY", "{where} is read-only for this user", "planning works; applying needs the right to write"),
    ("SQLITE_BUSY", "{where} is locked by another process, and stayed so", "wait for it, or see who holds the file"),
    ("SQLITE_LOCKED", "{where} is locked by another process, and stayed so", "wait for it, or see who holds the file"),
    ("SQLITE_NOTADB", "{where} is not an SQLite database", "name another file"),
    ("SQLITE_CORRUPT", "{where} is damaged", "restore it from a backup; `sqlite3 FILE .recover` reads what is left"),
    ("SQLITE_CANTOPEN", "{where} cannot be opened", "see that file and directory are there and that you may use them"),
    ("SQLITE_PERM", "{where} cannot be opened", "see that file and directory are there and that you may use them"),
    ("SQLITE_IOERR", "{where} cannot be read or written: the disk reports an error", "see to the disk, then run again"),
)


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"the directory {path.parent} of the store {path.name} does not exist", "create it first")
    if path.is_dir():
        raise StoreError(f"{path} is a directory, not a database", "name a file")


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switch to WAL mode, which the file remembers. The switch does not wait for others by itself."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
