"""The journal: every run with its plan, intents and receipts of every step, and the lease that says who may apply.

It explains what happened; what is true stands in the store. So it may be deleted at any time, and the next use makes it
anew.
"""

import zlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pricebook.apply.ports import JournalEntry, Lease, LeaseLost, LeaseTaken, OutcomeUnknown, Provenance, Run, State
from pricebook.store import process, sqlite
from pricebook.store.database import ServerLost
from pricebook.store.session import Session, reading
from pricebook.store.writer import Writer

TTL = timedelta(seconds=30)
"""How long a lease lasts when its owner is not heard of."""


T = TypeVar("T")


class SqlJournal:
    """The `apply.ports.Journal` behind a URL; by default wiring gives it the store's. Nothing is opened before the
    first use.

    Threads may share it: one can renew the lease while another records.
    """

    def __init__(
        self,
        url: str,
        *,
        ttl: timedelta = TTL,
        patience: float = sqlite.PATIENCE,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._ttl = ttl
        self._writer = Writer(url, patience, "journal", tell)

    def close(self) -> None:
        """Give the connection back. A lease that was not released stays until it runs out, or its process ends."""
        self._writer.close()

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        """See `apply.ports.Journal`. `owner` is `user@host:pid:nonce`; the token grows with every acquisition."""

        def write(work: Session, again: bool) -> Lease:
            row = work.one(
                "SELECT token, owner, process, since, expires_at FROM lease WHERE environment = ?", environment
            )
            lease = Lease(owner, row[0] + 1 if row else 1)
            if row and row[1] not in (None, owner):
                _, holder, birth, since, expires = row
                expires_at = datetime.fromisoformat(expires)
                if expires_at > now and not process.is_gone(holder, birth, owner):
                    raise LeaseTaken(holder, datetime.fromisoformat(since), expires_at)
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

        def write(work: Session, again: bool) -> None:
            self._check(work, environment, lease)
            work.run("UPDATE lease SET expires_at = ? WHERE environment = ?", _text(now + self._ttl), environment)

        self._write(write)

    def release(self, environment: str, lease: Lease) -> None:

        def write(work: Session, again: bool) -> None:
            work.run(
                "UPDATE lease SET owner = NULL, process = NULL WHERE environment = ? AND owner = ? AND token = ?",
                *(environment, lease.owner, lease.token),
            )

        self._write(write)

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        rows = [
            (e.run, e.step, e.state.value, _text(e.at), e.owner, lease.token, e.remote_id, e.detail) for e in entries
        ]

        def write(work: Session, again: bool) -> None:
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
        whence = run.provenance
        row = (
            *(run.namespace, run.environment, run.plan, _text(run.as_of), run.owner, _text(run.started_at)),
            *(whence.actor, whence.commit, whence.branch, whence.approved),
        )

        def write(work: Session, again: bool) -> int:
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

        def write(work: Session, again: bool) -> None:
            self._check(work, environment, lease)
            work.run("UPDATE run SET ended_at = ?, result = ? WHERE number = ?", _text(at), result, run)

        self._write(write)

    def runs(self, environment: str) -> list[Run]:
        sql = (
            "SELECT namespace, environment, plan, as_of, owner, started_at, actor, git_commit, git_branch, approved,"
            " ended_at, result, number FROM run WHERE environment = ? ORDER BY number"
        )
        return [_run(row) for row in self._read(sql, environment)]

    def entries(self, run: int) -> list[JournalEntry]:
        sql = "SELECT run, step, state, at, owner, remote_id, detail FROM journal WHERE run = ? ORDER BY seq"
        return [
            JournalEntry(
                run=number,
                step=step,
                state=State(state),
                at=datetime.fromisoformat(at),
                owner=owner,
                remote_id=remote_id,
                detail=detail,
            )
            for number, step, state, at, owner, remote_id, detail in self._read(sql, run)
        ]

    def plan(self, run: int) -> str:
        rows = self._read("SELECT document FROM run WHERE number = ?", run)
        return zlib.decompress(rows[0][0]).decode(errors="surrogatepass") if rows else ""

    def _read(self, sql: str, parameter: object) -> list[tuple[Any, ...]]:
        """The rows of a journal that may not be there; reading creates nothing."""
        with reading(self._writer.database, "run") as reader:
            return reader.rows(sql, parameter) if reader is not None else []

    @staticmethod
    def _check(work: Session, environment: str, lease: Lease) -> None:
        found = work.one("SELECT owner, token FROM lease WHERE environment = ?", environment)
        if found != (lease.owner, lease.token):
            taken = f"by {found[0]}" if found and found[0] else "or it was deleted"
            raise LeaseLost(f"the lease on {environment} ran out and was taken over, {taken}")

    def _write(self, act: Callable[[Session, bool], T]) -> T:
        """What a function writes, in a transaction. When the connection is lost it is called once more, on another one:
        then it looks first, as what it wrote may be there."""
        try:
            with self._writer.transaction() as work:
                return act(work, False)
        except (ServerLost, OutcomeUnknown):
            with self._writer.transaction() as work:
                return act(work, True)


def _run(row: tuple[Any, ...]) -> Run:
    namespace, environment, plan, as_of, owner, started_at, *whence, ended_at, result, number = row
    instant = datetime.fromisoformat
    return Run(
        namespace=namespace,
        environment=environment,
        plan=plan,
        as_of=instant(as_of),
        owner=owner,
        started_at=instant(started_at),
        provenance=Provenance(*whence),
        ended_at=instant(ended_at) if ended_at is not None else None,
        result=result,
        number=number,
    )


def _text(at: datetime) -> str:
    return at.isoformat()
