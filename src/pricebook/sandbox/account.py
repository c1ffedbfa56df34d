"""The account that a sandbox serves: vendor-shaped objects, kept in SQLite or in memory.

It is not pricebook's own store: objects need no marks, may share their names, and are read back as the vendor shows
them. A request is one transaction, so that a client or a server that dies leaves no half of it; the answer to an
idempotency key is kept in the same one.
"""

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any
from uuid import uuid4

from pricebook.account.refusal import Refused
from pricebook.apply.ports import StoreError
from pricebook.sandbox.wire import decode, encode
from pricebook.store.database import explaining
from pricebook.store.location import database_path
from pricebook.store.session import Session
from pricebook.store.sqlite import Sqlite, header_of, open_memory
from pricebook.store.tables import ALIAS

APPLICATION = 0x70736278
"""`PRAGMA application_id` of an account's file: "psbx"."""
SCHEMA = 2
CREATED_BY = "pricebook sandbox"
LONGEST = 200
"""Characters of the value of a custom field (`customFields/setValues`)."""

_TABLES = """
CREATE TABLE object (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, link TEXT, uniqueness_key TEXT,
    created_at TEXT NOT NULL, archived_at TEXT, body TEXT NOT NULL,
    UNIQUE (kind, id), UNIQUE (kind, uniqueness_key)
);
CREATE INDEX object_parent ON object (kind, parent, seq);
CREATE INDEX object_link ON object (kind, link, seq);
CREATE TABLE timeline (
    id INTEGER PRIMARY KEY, card_id TEXT NOT NULL, product_id TEXT NOT NULL, frequency TEXT NOT NULL,
    group_values TEXT NOT NULL, schedule TEXT NOT NULL,
    UNIQUE (card_id, product_id, frequency, group_values)
);
CREATE INDEX timeline_card ON timeline (card_id, id);
CREATE INDEX timeline_product ON timeline (card_id, product_id, id);
CREATE TABLE field_key (
    seq INTEGER PRIMARY KEY, entity TEXT NOT NULL, key TEXT NOT NULL, is_unique INTEGER NOT NULL, UNIQUE (entity, key)
);
CREATE TABLE field_value (
    entity TEXT NOT NULL, entity_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (entity, entity_id, key)
) WITHOUT ROWID;
CREATE INDEX field_value_value ON field_value (entity, key, value);
CREATE TABLE event (transaction_id TEXT PRIMARY KEY, received_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE idempotency (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL
);
"""

_KINDS = ("UPDATE alias SET kind = 'rate-card' WHERE kind = 'rate_card'",)
"""From version 1 to 2: aliases have the table that a store has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object of the account. `body` is what has no column; `parent` is whose it is: a contract's customer."""

    seq: int
    kind: str
    id: str
    parent: str | None
    uniqueness_key: str | None
    created_at: str
    archived_at: str | None
    body: dict[str, Any]


_COLUMNS = "seq, kind, id, parent, uniqueness_key, created_at, archived_at, body"


class AccountTransaction(Session):
    """One transaction over the account. `now` is RFC 3339 text in UTC."""

    def __init__(self, connection: Any, database: Sqlite, now: str) -> None:
        super().__init__(connection, database)
        self.now = now

    @property
    def at(self) -> datetime:
        """The same as an instant."""
        return datetime.fromisoformat(self.now)

    def add(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        parent: str | None = None,
        link: str | None = None,
        uniqueness_key: str | None = None,
        id_: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> str:
        """Keep a new object, whose uniqueness key is free, and return its id. Raises Refused.

        `link` is what else lists it, such as a contract's package; `fields` are its custom fields.
        """
        made = id_ or str(uuid4())
        sql = (
            "INSERT INTO object (kind, id, parent, link, uniqueness_key, created_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        self.run(sql, kind, made, parent, link, uniqueness_key, self.now, encode(body))
        self.set_fields(kind, made, fields or {})
        return made

    def get(self, kind: str, id_: str, status: int = 404) -> Record:
        """One object. Raises Refused when there is none."""
        row = self.one(f"SELECT {_COLUMNS} FROM object WHERE kind = ? AND id = ?", kind, id_)
        if row is None:
            raise Refused(status, f"there is no {kind} {id_}")
        return _record(row)

    def live(self, kind: str, id_: str, status: int = 404) -> Record:
        """One object that is not archived. Raises Refused, 400 for an archived one."""
        record = self.get(kind, id_, status)
        if record.archived_at is not None:
            raise Refused(400, f"the {kind} {id_} is archived")
        return record

    def get_all(self, kind: str, ids: Iterable[str]) -> dict[str, Record]:
        """The objects that there are of some ids, by id."""
        sql = f"SELECT {_COLUMNS} FROM object WHERE kind = ? AND id"
        return {row[2]: _record(row) for row in self.among(sql, sorted(set(ids)), kind)}

    def with_key(self, kind: str, uniqueness_key: str | None) -> str | None:
        """The id of the object that has a uniqueness key."""
        row = self.one("SELECT id FROM object WHERE kind = ? AND uniqueness_key = ?", kind, uniqueness_key)
        return row[0] if row is not None else None

    def check_key(self, kind: str, uniqueness_key: str | None) -> None:
        """No object has the uniqueness key. Raises Refused (409)."""
        if (taken := self.with_key(kind, uniqueness_key)) is not None:
            holder = f"the {kind.replace('_', ' ')} {taken}"
            raise Refused(409, f"the uniqueness_key {uniqueness_key!r} exists already: it is that of {holder}")

    def page(self, kind: str, after: int, limit: int, where: str = "", *parameters: object) -> list[Record]:
        """Up to `limit` objects of a kind after a position, oldest first, that a condition holds for."""
        condition = f" AND {where}" if where else ""
        sql = f"SELECT {_COLUMNS} FROM object WHERE kind = ? AND seq > ?{condition} ORDER BY seq LIMIT ?"
        return [_record(row) for row in self.rows(sql, kind, after, *parameters, limit)]

    def put(self, record: Record, body: dict[str, Any]) -> None:
        """Keep another body of an object."""
        self.run("UPDATE object SET body = ? WHERE seq = ?", encode(body), record.seq)

    def archive(self, record: Record) -> None:
        """Archive an object, for good."""
        self.run("UPDATE object SET archived_at = ? WHERE seq = ? AND archived_at IS NULL", self.now, record.seq)

    def fields(self, entity: str, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """The custom fields of each object; none for an object without any."""
        found: dict[str, dict[str, str]] = {id_: {} for id_ in ids}
        sql = "SELECT entity_id, key, value FROM field_value WHERE entity = ? AND entity_id"
        for id_, key, value in self.among(sql, list(found), entity):
            found[id_][key] = value
        return found

    def set_fields(self, entity: str, id_: str, fields: Mapping[str, str]) -> None:
        """Give an object values. Raises Refused: 400 for a key that is not declared, 409 for a value that is taken."""
        for key, value in fields.items():
            declared = self.one("SELECT is_unique FROM field_key WHERE entity = ? AND key = ?", entity, key)
            if declared is None:
                message = f"custom field key {key!r} is not declared for {entity}: customFields/addKey does that"
                raise Refused(400, message)
            if len(value) > LONGEST:
                raise Refused(400, f"the value of custom field {key!r} is longer than {LONGEST} characters")
            if declared[0]:
                sql = "SELECT entity_id FROM field_value WHERE entity = ? AND key = ? AND value = ? AND entity_id <> ?"
                taken = self.one(sql, entity, key, value, id_)
                if taken is not None:
                    at = f"{value!r} is the value of {entity} {taken[0]}"
                    raise Refused(409, f"custom field {key!r} enforces uniqueness, and {at}")
        self.many(
            "INSERT OR REPLACE INTO field_value (entity, entity_id, key, value) VALUES (?, ?, ?, ?)",
            [(entity, id_, key, value) for key, value in fields.items()],
        )


def _record(row: tuple[Any, ...]) -> Record:
    body: Any = decode(row[7].encode("utf-8"))
    seq, kind, id_, parent, uniqueness_key, created_at, archived_at, _ = row
    return Record(
        seq=seq,
        kind=kind,
        id=id_,
        parent=parent,
        uniqueness_key=uniqueness_key,
        created_at=created_at,
        archived_at=archived_at,
        body=body,
    )


class _File(Sqlite):
    """The file of an account."""

    def version(self, connection: Any) -> int:
        """See `database.Database`. Raises StoreError for what is something else."""
        application, version = header_of(connection)
        if application == APPLICATION and 1 <= version <= SCHEMA:
            return version
        if application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            hint = "name another file; the sandbox keeps an account of its own, not the store of `plan` and `apply`"
            raise StoreError(f"{self.where} is a database of something else, not a sandbox's account", hint)
        return 0

    def forward(self, version: int) -> tuple[str, ...]:
        """What takes a file from a version to the tables that this code knows; 0 is an empty file."""
        if version == SCHEMA:
            return ()
        steps = (*_TABLES.split(";"), *ALIAS.statements(self.types, self.clustering)) if not version else _KINDS
        return (*steps, f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {SCHEMA}")


class SandboxAccount:
    """The account behind a URL, `sqlite:///account.db`; without one it is in memory and ends with the process.

    Threads may share it, and other processes its file.
    """

    def __init__(self, url: str | None = None) -> None:
        self._lock = RLock()
        self._database = _File(database_path(url) if url is not None else Path("memory"))
        self._connection = self._database.writer() if url is not None else open_memory()
        self._finalizer = weakref.finalize(self, self._connection.close)
        self.where = self._database.where
        try:
            with self.transaction("", writes=True) as work:
                for statement in self._database.forward(self._database.version(self._connection)):
                    work.run(statement)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back; this happens by itself when nobody has the account any more."""
        with self._lock:
            self._finalizer()

    @contextmanager
    def transaction(self, now: str, *, writes: bool) -> Iterator[AccountTransaction]:
        """A transaction, rolled back when anything is raised. Raises StoreError when the file cannot be used."""
        with self._lock:
            connection = self._connection
            with explaining(self._database):
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                with connection:
                    yield AccountTransaction(connection, self._database, now)
