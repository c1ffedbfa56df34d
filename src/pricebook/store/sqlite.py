"""The embedded database's own ways: how its file is opened, stamped and told from others, and what its errors mean.

SQLite in WAL mode: readers see one consistent state and wait for nobody; writers follow one another, each from its
first statement on (`BEGIN IMMEDIATE`).
"""

import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
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
    patience: float
    dialect: Dialect = "sqlite"
    placeholder: str = "?"
    clustering: str = " WITHOUT ROWID"

    @property
    def types(self) -> Mapping[str, str]:
        return {"NUMBER": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "BYTES": "BLOB"}

    @property
    def where(self) -> str:
        """Its name for people."""
        return str(self.path)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error,)

    @property
    def identity(self) -> object:
        """See `database.Database`: which file stands at the path."""
        return file_of(self.path)

    def reader(self, table: str) -> Any:
        return open_reader(self.path, table, self.patience)

    def writer(self) -> Any:
        return open_writer(self.path, self.patience)

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
        return version_of(connection, self.path)

    def stamp(self, connection: Any, version: int) -> tuple[str, ...]:
        return (f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {VERSION}")

    def backup(self, version: int) -> str:
        """See `database.Database`: beside the file. What a reader sees is what the writer that upgrades it found."""
        return str(copied(self.path, version, self.patience))

    def renumber(self, connection: Any, table: str, column: str) -> None:
        """See `database.Database`: SQLite counts by what is there."""

    def explained(self, error: BaseException | None) -> StoreError:
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
            return StoreError(f"{self.where} was closed while something of it was still to be read")
        return explained(error, self.where)


def open_reader(path: Path, table: str, patience: float = PATIENCE) -> sqlite3.Connection | None:
    """A connection that can only read, inside a transaction; None when there is no such database or table yet.

    Creates nothing. Raises StoreError when the file cannot be read, or is not ours.
    """
    _check_place(path)
    if not path.exists():
        return None
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path} cannot be read: permission denied", "ask for the right to read it")
    if not path.stat().st_size:
        return None
    try:
        return _begun(path, "mode=ro", table, patience)
    except sqlite3.OperationalError as error:
        # WAL needs a file beside the database. Where none can be made and none is there, nobody is writing either.
        if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
            raise explained(error, str(path)) from None
    try:
        return _begun(path, "mode=ro&immutable=1", table, patience)
    except sqlite3.Error as error:
        raise explained(error, str(path)) from None


def open_writer(
    path: Path,
    patience: float = PATIENCE,
    check: Callable[[sqlite3.Connection, Path], object] | None = None,
) -> sqlite3.Connection:
    """A connection that writes, outside of any transaction. Creates the file, not its directory; makes no tables.

    Raises StoreError when the file cannot be written, or is not ours: `check` raises it, `version_of` by default.
    """
    _check_place(path)
    try:
        connection = _connect(path, "mode=rwc", patience)
        try:
            (check or version_of)(connection, path)
            _use_wal(connection, patience)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise explained(error, str(path)) from None
    return connection


def open_memory() -> sqlite3.Connection:
    """The same of a database that ends with its connection."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the tables in a file, 0 for an empty one. Raises StoreError for anybody else's."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION:
        check_version(str(path), version)
        return int(version)
    if application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StoreError(f"{path} is a database of something else, not a pricebook store", "name another file")
    return 0


def copied(path: Path, version: int, patience: float = PATIENCE) -> Path:
    """A copy of a file beside it, under a name that is free, whole or not at all. Raises StoreError."""
    name = f"{path.name}.version-{version}"
    names = (path.with_name(f"{name}.{number}" if number > 1 else name) for number in count(1))
    target = next(each for each in names if not each.exists())
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)  # of an upgrade that was killed
        with closing(_connect(path, "mode=ro", patience)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.chmod(path.stat().st_mode & 0o777)
        part.replace(target)
    except sqlite3.Error as error:
        raise explained(error, str(part)) from None
    except OSError as error:
        raise StoreError(
            f"{part} cannot be written: {error.strerror}", "an upgrade keeps a copy of the store"
        ) from None
    return target


def file_of(path: Path) -> tuple[int, int] | None:
    """Which file stands at the path; None when there is none. SQLite itself goes on writing to a deleted one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def explained(error: BaseException | None, where: str) -> StoreError:
    """What a database error means, in words for people. `where` names the store without secrets."""
    name = getattr(error, "sqlite_errorname", None) or ""
    text = str(error)
    if name.startswith("SQLITE_CONSTRAINT"):
        return StoreRefused(f"{where} refused it: {text}", 409)
    for prefix, message, hint in _MEANINGS:
        if name.startswith(prefix):
            return StoreError(message.format(where=where), hint)
    return StoreError(f"{where} cannot be used: {text}")


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


def _connect(path: Path, options: str, patience: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)


def _begun(path: Path, options: str, table: str, patience: float) -> sqlite3.Connection | None:
    connection = _connect(path, options, patience)
    try:
        connection.execute("BEGIN")
        if version_of(connection, path) and _has(connection, table):
            return connection
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.OperationalError):
            raise explained(error, str(path)) from None
        raise
    connection.close()
    return None


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


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
