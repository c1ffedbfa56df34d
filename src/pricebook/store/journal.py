"""The journal: every run with its plan, intents and receipts of every step, and the lease that says who may apply.

It explains what happened; what is true stands in the store. So it may be deleted at any time, and the next use makes it
anew. Entries are written over the driver's own connection: this is done twice per step.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from pricebook.apply.ports import JournalEntry, Lease, LeaseHeld, LeaseLost, Provenance, Run, State
from pricebook.store import process, sqlite
from pricebook.store.location import database_path

TTL = timedelta(seconds=30)
"""How long a lease lasts when its owner is not heard of."""


class SqlJournal:
    """The journal behind a URL; by default wiring gives it the store's. Nothing is opened before the first use.

    Threads may share it: one can renew the lease while another records.
    """

    def __init__(self, url: str, *, ttl: timedelta = TTL, patience: float = sqlite.PATIENCE) -> None:
        self._url, self._ttl, self._patience = url, ttl, patience
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._lock = Lock()

    def close(self) -> None:
        """Give the connection back. A lease that was not released stays until it runs out, or its process ends."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        """See `apply.ports.Journal`. `owner` is `user@host:pid:nonce`; the token grows with every acquisition."""
        with self._writing() as connection:
            row = connection.execute(
                "SELECT token, owner, process, since, expires_at FROM lease WHERE environment = ?", (environment,)
            ).fetchone()
            lease = Lease(owner, row[0] + 1 if row else 1, now + self._ttl)
            if row and row[1] not in (None, owner):
                _, holder, birth, since, expires = row
                expires_at = datetime.fromisoformat(expires)
                if expires_at > now and not process.is_gone(holder, birth, owner):
                    raise LeaseHeld(holder, datetime.fromisoformat(since), expires_at)
            connection.execute(
                "INSERT INTO lease (environment, token, owner, process, since, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (environment) DO UPDATE SET token = excluded.token, owner = excluded.owner,"
                " process = excluded.process, since = excluded.since, expires_at = excluded.expires_at",
                (environment, lease.token, owner, process.birth(owner), _text(now), _text(lease.expires_at)),
            )
            return lease

    def renew(self, environment: str, lease: Lease, now: datetime) -> Lease:
        """See `apply.ports.Journal`. A lease that ran out is still ours while nobody took it."""
        with self._writing() as connection:
            self._check(connection, environment, lease)
            renewed = Lease(lease.owner, lease.token, now + self._ttl)
            connection.execute(
                "UPDATE lease SET expires_at = ? WHERE environment = ?", (_text(renewed.expires_at), environment)
            )
            return renewed

    def release(self, environment: str, lease: Lease) -> None:
        """See `apply.ports.Journal`."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE lease SET owner = NULL, process = NULL WHERE environment = ? AND owner = ? AND token = ?",
                (environment, lease.owner, lease.token),
            )

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        """See `apply.ports.Journal`."""
        rows = [
            (e.run, e.step, e.state.value, _text(e.at), e.owner, lease.token, e.remote_id, e.detail) for e in entries
        ]
        with self._writing() as connection:
            self._check(connection, environment, lease)
            connection.executemany(
                "INSERT INTO journal (run, step, state, at, owner, token, remote_id, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def begin(self, lease: Lease, run: Run, plan: str) -> int:
        """See `apply.ports.Journal`."""
        whence = run.provenance
        row = (
            *(run.namespace, run.environment, run.plan, _text(run.as_of), run.owner, _text(run.started_at)),
            *(whence.actor, whence.commit, whence.branch, whence.approved),
        )
        with self._writing() as connection:
            self._check(connection, run.environment, lease)
            found = connection.execute(
                "INSERT INTO run (namespace, environment, plan, as_of, owner, started_at, actor, git_commit,"
                " git_branch, approved, result, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)"
                " RETURNING number",
                (*row, zlib.compress(plan.encode(errors="surrogatepass"))),
            ).fetchone()
            number: int = found[0]
            return number

    def finish(self, environment: str, lease: Lease, run: int, at: datetime, result: str) -> None:
        """See `apply.ports.Journal`."""
        with self._writing() as connection:
            self._check(connection, environment, lease)
            connection.execute("UPDATE run SET ended_at = ?, result = ? WHERE number = ?", (_text(at), result, run))

    def runs(self, environment: str) -> list[Run]:
        """See `apply.ports.Journal`."""
        sql = (
            "SELECT namespace, environment, plan, as_of, owner, started_at, actor, git_commit, git_branch, approved,"
            " ended_at, result, number FROM run WHERE environment = ? ORDER BY number"
        )
        return [_run(row) for row in self._read(sql, environment)]

    def entries(self, run: int) -> list[JournalEntry]:
        """See `apply.ports.Journal`."""
        sql = "SELECT run, step, state, at, owner, remote_id, detail FROM journal WHERE run = ? ORDER BY seq"
        return [
            JournalEntry(number, step, State(state), datetime.fromisoformat(at), owner, remote_id, detail)
            for number, step, state, at, owner, remote_id, detail in self._read(sql, run)
        ]

    def plan(self, run: int) -> str:
        """See `apply.ports.Journal`."""
        rows = self._read("SELECT document FROM run WHERE number = ?", run)
        return zlib.decompress(rows[0][0]).decode(errors="surrogatepass") if rows else ""

    def _read(self, sql: str, parameter: object) -> list[tuple[Any, ...]]:
        """The rows of a journal that may not be there; reading creates nothing."""
        path = database_path(self._url)
        connection = sqlite.open_reader(path, "run", self._patience)
        if connection is None:
            return []
        try:
            return connection.execute(sql, (parameter,)).fetchall()
        except sqlite3.Error as error:
            raise sqlite.explained(error, str(path)) from None
        finally:
            connection.close()

    @staticmethod
    def _check(connection: sqlite3.Connection, environment: str, lease: Lease) -> None:
        found = connection.execute("SELECT owner, token FROM lease WHERE environment = ?", (environment,)).fetchone()
        if found != (lease.owner, lease.token):
            taken = f"by {found[0]}" if found and found[0] else "or it was deleted"
            raise LeaseLost(f"the lease on {environment} ran out and was taken over, {taken}")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, rolled back when anything is raised; with the tables there."""
        with self._lock:
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    if connection.execute(_TABLES).fetchone()[0] < 3:
                        connection.execute("ROLLBACK")
                        self._make_tables()
                        connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise sqlite.explained(error, str(database_path(self._url))) from None

    def _open(self) -> sqlite3.Connection:
        path = database_path(self._url)
        if self._connection is not None and sqlite.file_of(path) != self._file:
            self.close()  # deleted under our hands: what is written there would be lost
        if self._connection is None:
            self._connection = sqlite.open_writer(path, self._patience)
            self._file = sqlite.file_of(path)
        return self._connection

    def _make_tables(self) -> None:
        from pricebook.store import schema

        schema.open_engine(database_path(self._url), self._patience, "journal").dispose()


_TABLES = "SELECT count(*) FROM sqlite_master WHERE name IN ('run', 'journal', 'lease')"


def _run(row: tuple[Any, ...]) -> Run:
    namespace, environment, plan, as_of, owner, started_at, *whence, ended_at, result, number = row
    instant = datetime.fromisoformat
    return Run(
        namespace,
        environment,
        plan,
        instant(as_of),
        owner,
        instant(started_at),
        Provenance(*whence),
        instant(ended_at) if ended_at is not None else None,
        result,
        number,
    )


def _text(at: datetime) -> str:
    return at.isoformat()
