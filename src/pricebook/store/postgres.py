"""PostgreSQL's own ways: how a server is reached, where in it the tables stand, and what its errors mean.

`postgresql+psycopg://user@host:port/database`: the tables stand in a schema of their own, `pricebook` unless the URL
says `?schema=`. Readers see one consistent state and wait for nobody; writers follow one another, as on SQLite, by an
advisory lock that ends with the transaction or with the connection. The password is best left to libpq's PGPASSWORD or
password file, or to the variable that `?password_env=` names; one that stands in the URL is never shown.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.store.database import ServerLost, explaining
from pricebook.store.guard import Dialect
from pricebook.store.location import POSTGRES, masked
from pricebook.store.upgrade import VERSION, check_version

SCHEMA = "pricebook"
"""The schema that holds the tables when the URL names none."""
CONNECT_SECONDS = 10
"""How long a server may take to answer at first."""
IDLE_SECONDS = 300
"""How long a transaction may rest: who stopped in the middle of one keeps neither the writers' lock nor old rows."""
_SETTINGS = {
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
}
"""A machine that is gone without a word is noticed within half a minute, and its transaction with its lock ended."""
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""The same the other way round."""
_PAUSE = 0.1
"""Seconds between two attempts to reach a server."""
_NOT_YET = re.compile("the database system is ")
"""... starting up, shutting down, in recovery mode. What libpq has at this point is words and no code."""
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")
_PASSED = ("sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "connect_timeout", "gssencmode")
"""Options of a URL that libpq is given as they are."""
_STAMP = "pricebook_version"
_CURSORS = count(1)


@dataclass(frozen=True)
class Postgres:
    """One schema of one database of a server, as a `database.Database`."""

    where: str
    schema: str
    patience: float
    options: Mapping[str, Any] = field(repr=False)
    dialect: Dialect = "postgresql"
    placeholder: str = "%s"
    clustering: str = ""
    answered: Event = field(default_factory=Event, repr=False, compare=False)
    """Set once the server was reached: from then on its being away is a restart, which is waited for."""

    @classmethod
    def of(cls, url: str, patience: float) -> "Postgres":
        """The database of a URL. Raises StoreError for a URL that cannot be meant."""
        usage = f"write {POSTGRES}user@host:port/database"
        try:
            parts = urlsplit(url)
            query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            port = parts.port
        except ValueError:
            raise StoreError(f"{masked(url)} is no address of a database", usage) from None
        schema = query.pop("schema", SCHEMA)
        if not _NAME.match(schema):
            raise StoreError(f"{masked(url)}: a schema is a-z, 0-9 and _, not starting with a digit", usage)
        variable = query.pop("password_env", None)
        unknown = sorted(set(query) - set(_PASSED))
        if unknown:
            known = ", ".join(("schema", "password_env", *_PASSED))
            raise StoreError(f"{masked(url)} has options that are not known: {', '.join(unknown)}", f"known: {known}")
        password = unquote(parts.password) if parts.password else None
        if variable is not None:
            password = os.environ.get(variable)
            if not password:
                raise StoreError(f"{masked(url)} takes its password from {variable}, which is not set", "set it")
        given = {
            "host": unquote(parts.hostname) if parts.hostname else None,
            "port": port,
            "user": unquote(parts.username) if parts.username else None,
            "password": password,
            "dbname": unquote(parts.path.lstrip("/")) or None,
        }
        options = {
            "connect_timeout": CONNECT_SECONDS,
            **_KEEPALIVES,
            **query,
            **{k: v for k, v in given.items() if v is not None},
        }
        shown = masked(url).partition("?")[0] + (f" (schema {schema})" if schema != SCHEMA else "")
        return cls(shown, schema, patience, options)

    @property
    def types(self) -> Mapping[str, str]:
        return {"TEXT": 'TEXT COLLATE "C"', "NUMBER": "SERIAL PRIMARY KEY", "BYTES": "BYTEA"}

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return (_driver().Error,)

    @property
    def identity(self) -> object:
        """See `database.Database`: a server's database is what its address says."""
        return self.schema

    def reader(self, table: str) -> Any:
        with explaining(self), ExitStack() as stack:
            connection = stack.enter_context(closing(self._connect()))
            connection.isolation_level = _driver().IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            if not self.tables(connection, (_STAMP, table)):
                return None
            self.version(connection)
            stack.pop_all()
            return connection

    def writer(self) -> Any:
        return self._connect()

    def begin(self, connection: Any) -> None:
        """See `database.Database`. The lock is the schema's, so it goes with its stores and journals alike."""
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"pricebook {self.schema}",))

    def cursor(self, connection: Any, large: bool) -> Any:
        return connection.cursor(name=f"large_{next(_CURSORS)}") if large else connection.cursor()

    def tables(self, connection: Any, names: Sequence[str]) -> bool:
        """See `database.Database`. Raises StoreError when the settings of the session did not come through."""
        found, path = connection.execute(
            "SELECT count(*), current_setting('search_path')"
            " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s)",
            (self.schema, list(names)),
        ).fetchone()
        if path != self.schema:
            message = f"something before {self.where} drops the settings of our sessions (search_path is {path})"
            raise StoreError(message, "reach the server itself, or a pooler that passes `options` on")
        return bool(found == len(names))

    def version(self, connection: Any) -> int:
        if self.tables(connection, (_STAMP,)):
            (version,) = connection.execute(f"SELECT version FROM {self.schema}.{_STAMP}").fetchone()
            check_version(self.where, version)
            return int(version)
        taken = connection.execute(
            "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s LIMIT 1",
            (self.schema,),
        ).fetchone()
        if taken is not None:
            message = f"the schema {self.schema} of {self.where} holds something else, not a pricebook store"
            raise StoreError(message, "name another one: ?schema=NAME")
        return 0

    def backup(self, version: int) -> str:
        """See `database.Database`: a server has backups of its own."""
        return ""

    def stamp(self, connection: Any, version: int) -> tuple[str, ...]:
        if version:
            return (f"UPDATE {_STAMP} SET version = {VERSION}",)
        there = connection.execute(
            "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (self.schema,)
        ).fetchone()
        return (
            *(() if there is not None else (f"CREATE SCHEMA {self.schema}",)),
            f"CREATE TABLE {_STAMP} (version integer NOT NULL)",
            f"INSERT INTO {_STAMP} VALUES ({VERSION})",
        )

    def renumber(self, connection: Any, table: str, column: str) -> None:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, %s), coalesce(max({column}), 0) + 1, false) FROM {table}",
            (f"{self.schema}.{table}", column),
        )

    def explained(self, error: BaseException | None) -> StoreError:
        state = getattr(error, "sqlstate", None) or ""
        message = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
        text = self._without_secrets((message.strip() or type(error).__name__).splitlines()[0])
        if state.startswith("23"):
            return StoreRefused(f"{self.where} refused it: {text}", 409)
        if isinstance(error, _driver().DataError):
            hint = "PostgreSQL keeps no U+0000: take it out of names and texts" if "NUL" in text else ""
            return StoreRefused(f"{self.where} cannot keep it: {text}", 400, hint)
        if "connection is closed" in text:
            return StoreError(f"{self.where} was closed while something of it was still to be read")
        for prefix, message, hint in _MEANINGS:
            if state.startswith(prefix):
                kind = ServerLost if prefix in _LOST else StoreError
                return kind(message.format(where=self.where, text=text), hint)
        if isinstance(error, _driver().OperationalError) and not state:
            hint = (
                "see that it runs, and that user, password (PGPASSWORD, or ?password_env=NAME) and database are right"
            )
            return ServerLost(f"{self.where} cannot be reached: {text}", hint)
        return StoreError(f"{self.where} cannot be used: {text}")

    def _connect(self) -> Any:
        """A connection. A server that was reached before, or that says that it is starting, is waited for."""
        driver = _driver()
        settings = {"search_path": self.schema, "lock_timeout": int(self.patience * 1000)} | _SETTINGS
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        deadline = time.monotonic() + self.patience
        while True:
            try:
                connection = driver.connect(**self.options, options=options)
            except (driver.Error, UnicodeError) as error:
                away = isinstance(error, driver.OperationalError) and (
                    self.answered.is_set() or _NOT_YET.search(str(error))
                )
                if not away or time.monotonic() > deadline:
                    raise self.explained(error) from None
                time.sleep(_PAUSE)
            else:
                self.answered.set()
                return connection

    def _without_secrets(self, text: str) -> str:
        password = self.options.get("password")
        return text.replace(password, "***") if password else text


_MEANINGS = (
    ("53100", "the disk of {where} is full", "free space and run apply again: it continues where it stopped"),
    ("53300", "{where} has no connection left", "close some, or raise max_connections"),
    ("55P03", "{where} is locked by another session, and stayed so", "wait for it, or see pg_locks for who holds it"),
    ("57P", "{where} is shutting down or starting up: {text}", "run the same command again when it is there"),
    ("08", "the connection to {where} was lost: {text}", "run the same command again: it looks first"),
    ("28", "{where} lets us not in: {text}", "set PGPASSWORD, or name a variable with ?password_env=NAME"),
    ("3D000", "{where} is not there: {text}", "create it first: createdb NAME"),
    ("42501", "no permission in {where}: {text}", "the user needs to own the schema, or to read it for a plan"),
    ("25P03", "{where} ended a transaction that rested for too long", "run the same command again: it looks first"),
    ("25006", "{where} is read-only", "planning works; applying needs a server that takes writes"),
)

_LOST = ("57P", "08")


def _driver() -> Any:
    """psycopg, imported when a server is to be reached. Raises StoreError where it is not installed."""
    try:
        import psycopg  # an extra
    except ImportError:
        raise StoreError("PostgreSQL needs psycopg", "pip install 'pricebook[postgres]'") from None
    return psycopg
