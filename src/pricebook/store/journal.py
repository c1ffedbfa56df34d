"""The journal: every run with its plan, intents and receipts of every step, and the lease that says who may apply.

It explains what happened; what is true stands in the store. So it may be deleted at any time, and the next use makes it
anew. Entries are written over the driver's own connection: this is done twice per step.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any, TypeVar

from pricebook.apply.ports import JournalEntry, Lease, LeaseHeld, LeaseLost, Provenance, Run, State
from pricebook.store import process, sqlite
from pricebook.store.database import Database, ServerLost, database_of
from pricebook.store.reader import Reader

TTL = timedelta(seconds=30)
"""How long a lease lasts when its owner is not heard of."""


T = TypeVar("T")


class SqlJournal:
    """The journal behind a URL; by default wiring gives it the store's. Nothing is opened before the first use.

    Threads may share it: one can renew the lease while another records.
    """

    def __init__(self, url: str, *, ttl: timedelta = TTL, patience: float = sqlite.PATIENCE) -> None:
        self._url, self._ttl, self._patience = url, ttl, patience
        self._connection: Any = None
        self._identity: object = None
        self._lock = Lock()

    @cached_property
    def _database(self) -> Database:
        """The database behind the URL. Raises StoreError for one that names none."""
        return database_of(self._url, self._patience)

    def close(self) -> None:
        """Give the connection back. A lease that was not released stays until it runs out, or its process ends."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        """See `apply.ports.Journal`. `owner` is `user@host:pid:nonce`; the token grows with every acquisition."""

        def write(work: Reader, again: bool) -> Lease:
            row = work.one(
                "SELECT token, owner, process, since, expires_at FROM lease WHERE environment = ?", environment
            )
            lease = Lease(owner, row[0] + 1 if row else 1)
            if row and row[1] not in (None, owner):
                _, holder, birth, since, expires = row
                expires_at = datetime.fromisoformat(expires)
                if expires_at > now and not process.is_gone(holder, birth, owner):
                    raise LeaseHeld(holder, datetime.fromisoformat(since), expires_at)
            work.run(
                "INSERT INTO lease (environment, token, owner, process, since, expires_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (environment) DO UPDATE SET token = excluded.token, owner = excluded.owner,"
                " process = excluded.process, since = excluded.since, expires_at = excluded.expires_at",
                *(environment, lease.token, owner, process.birth(owner), _text(now), _text(now + self._ttl)),
            )
            return lease

        return self._write(write)

    def renew(self, environment: str, lease: Lease, now: datetime) -> None:
        """See `apply.ports.Journal`. A lease that ran out is still ours while nobody took it."""

        def write(work: Reader, again: bool) -> None:
            self._check(work, environment, lease)
            work.run("UPDATE lease SET expires_at = ? WHERE environment = ?", _text(now + self._ttl), environment)

        self._write(write)

    def release(self, environment: str, lease: Lease) -> None:
        """See `apply.ports.Journal`."""

        def write(work: Reader, again: bool) -> None:
            work.run(
                "UPDATE lease SET owner = NULL, process = NULL WHERE environment = ? AND owner = ? AND token = ?",
                *(environment, lease.owner, lease.token),
            )

        self._write(write)

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        """See `apply.ports.Journal`."""
        rows = [
            (e.run, e.step, e.state.value, _text(e.at), e.owner, lease.token, e.remote_id, e.detail) for e in entries
        ]

        def write(work: Reader, again: bool) -> None:
            self._check(work, environment, lease)
            there = "SELECT 1 FROM journal WHERE run = ? AND step = ? AND state = ? AND at = ? AND owner = ?"
            if again and rows and work.one(there, *rows[0][:5]) is not None:
                return  # the answer was lost, and nothing else
            work.many(
                "INSERT INTO journal (run, step, state, at, owner, token, remote_id, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

        self._write(write)

    def begin(self, lease: Lease, run: Run, plan: str) -> int:
        """See `apply.ports.Journal`."""
        whence = run.provenance
        row = (
            *(run.namespace, run.environment, run.plan, _text(run.as_of), run.owner, _text(run.started_at)),
            *(whence.actor, whence.commit, whence.branch, whence.approved),
        )

        def write(work: Reader, again: bool) -> int:
            self._check(work, run.environment, lease)
            there = "SELECT number FROM run WHERE environment = ? AND owner = ? AND started_at = ? AND plan = ?"
            found = work.one(there, run.environment, run.owner, _text(run.started_at), run.plan) if again else None
            if found is not None:  # the answer was lost, and nothing else
                return int(found[0])
            found = work.one(
                "INSERT INTO run (namespace, environment, plan, as_of, owner, started_at, actor, git_commit,"
                " git_branch, approved, result, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)"
                " RETURNING number",
                *(*row, zlib.compress(plan.encode(errors="surrogatepass"), 1)),
            )
            assert found is not None
            return int(found[0])

        return self._write(write)

    def finish(self, environment: str, lease: Lease, run: int, at: datetime, result: str) -> None:
        """See `apply.ports.Journal`."""

        def write(work: Reader, again: bool) -> None:
            self._check(work, environment, lease)
            work.run("UPDATE run SET ended_at = ?, result = ? WHERE number = ?", _text(at), result, run)

        self._write(write)

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
        database = self._database
        connection = database.reader("run")
        if connection is None:
            return []
        try:
            return Reader(connection, database).rows(sql, parameter)
        finally:
            connection.close()

    @staticmethod
    def _check(work: Reader, environment: str, lease: Lease) -> None:
        found = work.one("SELECT owner, token FROM lease WHERE environment = ?", environment)
        if found != (lease.owner, lease.token):
            taken = f"by {found[0]}" if found and found[0] else "or it was deleted"
            raise LeaseLost(f"the lease on {environment} ran out and was taken over, {taken}")

    def _write(self, act: Callable[[Reader, bool], T]) -> T:
        """What a function writes, in a transaction. When the connection is lost it is called once more, on another one:
        then it looks first, as what it wrote may be there."""
        try:
            with self._writing() as work:
                return act(work, False)
        except ServerLost:
            with self._writing() as work:
                return act(work, True)

    @contextmanager
    def _writing(self) -> Iterator[Reader]:
        """A transaction, rolled back when anything is raised; with the tables there."""
        database = self._database
        with self._lock:
            connection = self._begun(database)
            try:
                if not database.tables(connection, _TABLES):
                    connection.rollback()
                    self._make_tables(database)
                    database.begin(connection)
                yield Reader(connection, database)
                connection.commit()
            except BaseException as error:
                self._roll_back(database, connection)
                if isinstance(error, database.errors):
                    raise database.explained(error) from None
                raise

    def _begun(self, database: Database) -> Any:
        """The connection, in a transaction. One that was lost meanwhile is given up."""
        connection = self._open(database)
        try:
            database.begin(connection)
        except database.errors as error:
            self.close()
            raise database.explained(error) from None
        return connection

    def _roll_back(self, database: Database, connection: Any) -> None:
        try:
            connection.rollback()
        except database.errors:  # it is lost, and with it what was not ended
            self.close()

    def _open(self, database: Database) -> Any:
        if self._connection is not None and database.identity != self._identity:
            self.close()  # deleted under our hands: what is written there would be lost
        if self._connection is None:
            self._connection = database.writer()
            self._identity = database.identity
        return self._connection

    def _make_tables(self, database: Database) -> None:
        from pricebook.store import schema

        schema.open_engine(database, "journal").dispose()


_TABLES = ("run", "journal", "lease")


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
