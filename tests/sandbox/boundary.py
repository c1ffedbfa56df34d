"""A client whose every request is a place where something may happen: its death, an error, a lost answer.

The account and the journal are files, so that they can be copied as they are at that moment; the sandbox is asked
without a socket. Time stands still, ids are compared by the order in which they appear.
"""

import os
import re
import secrets
import shutil
import signal
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from pricebook.apply.ports import Provenance
from pricebook.apply.runner import Receipt
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.step import Plan
from pricebook.project.project import read_project
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.fault import Fault
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Request
from pricebook.store.journal import SqlJournal
from pricebook.workflow.apply import apply
from pricebook.workflow.plan import plan

AT = datetime(2025, 10, 1, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
"""When a lease that nobody gave back has run out."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRACES = (
    "DELETE FROM idempotency",
    # The audit log tells how often a request was made. Who lost the answer to one that sets fields or an order, which
    # comes to the same when it is made twice, makes it again.
    "DELETE FROM object WHERE kind = 'audit'",
    # Its entries are numbered along with the objects: what counts of a number is the order.
    "UPDATE object SET seq = -place"
    " FROM (SELECT seq AS was, row_number() OVER (ORDER BY seq) AS place FROM object) WHERE seq = was",
    "UPDATE object SET seq = -seq",
)
"""What takes from a copy of an account what tells of the requests, not of what they led to."""

Handle = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class Place:
    """A directory with an account and a journal."""

    folder: Path

    @property
    def account(self) -> Path:
        """The file of the account."""
        return self.folder / "account.db"

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self.folder / "journal.db"

    def copied(self, folder: Path, *, journal: bool = True) -> "Place":
        """The same at this moment, elsewhere: a log of SQLite's, if there is one, belongs to its database."""
        folder.mkdir(parents=True)
        for file in self.folder.glob("*.db*"):
            if not file.name.endswith("-shm") and (journal or not file.name.startswith("journal")):
                shutil.copyfile(file, folder / file.name)
        return Place(folder)

    def contents(self) -> list[str]:
        """Everything that the account holds for good: objects, rates, aliases, custom fields."""
        return dumped(self.account, without=_TRACES)


def dumped(file: Path, without: Sequence[str] = ()) -> list[str]:
    """The rows of a database as sorted text, with ids by the order of their objects, after some statements."""
    with closing(sqlite3.connect(file)) as stored, closing(sqlite3.connect(":memory:")) as connection:
        stored.backup(connection)
        for statement in without:
            connection.execute(statement)
        text = "\n".join(line for line in connection.iterdump() if line.startswith("INSERT"))
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        objects = connection.execute("SELECT id FROM object ORDER BY seq") if "object" in tables else ()
        seen = {id_: f"#{number}" for number, (id_,) in enumerate(objects)}
    return sorted(_UUID.sub(lambda found: seen.setdefault(found[0], f"#{len(seen)}"), text).splitlines())


@contextmanager
def sandbox_of(place: Place, **options: Any) -> Iterator[Sandbox]:
    """The sandbox over a place's account."""
    with closing(SandboxAccount(f"sqlite:///{place.account}")) as account:
        yield Sandbox(account, clock=lambda: AT, **options)


def asked(sandbox: Sandbox, request: httpx.Request) -> httpx.Response:
    """The sandbox's answer to a client's request."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = sandbox.handle(
        Request(request.method, request.url.path, dict(request.url.params), headers, request.content)
    )
    if found.broken:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    return httpx.Response(found.status, content=found.body, headers=dict(found.headers))


class Waits:
    """A clock that stands still but for who waits by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Waiting takes no time."""
        self.now += seconds


@contextmanager
def store_at(handle: Handle) -> Iterator[RemoteStore]:
    """The account as a store, as a process of its own would have it, with one request after the other."""
    waits = Waits()
    client = Client(
        "http://sandbox",
        "sandbox",
        requests_per_minute=1_000_000,
        concurrency=1,
        connect_timeout=1,
        read_timeout=600,
        transport=httpx.MockTransport(handle),
        clock=waits.clock,
        sleep=waits.sleep,
    )
    with closing(RemoteStore(client, {}, nonce=lambda: secrets.token_hex(8), sleep=waits.sleep)) as store:
        yield store


def planned(project: Path, place: Place) -> Plan:
    """What is left to do."""
    with sandbox_of(place) as sandbox, store_at(lambda request: asked(sandbox, request)) as store:
        return plan(read_project(project), "local", store, AT, prune=True)


def applied(made: Plan, place: Place, handle: Handle | None = None, at: datetime = AT) -> Receipt:
    """Carry out a plan; `handle` stands between the client and the place's account."""
    with sandbox_of(place) as sandbox:
        return _applied(made, place, handle or (lambda request: asked(sandbox, request)), at)


def _applied(made: Plan, place: Place, handle: Handle, at: datetime) -> Receipt:
    with store_at(handle) as store, closing(SqlJournal(f"sqlite:///{place.journal}")) as journal:
        return apply(
            made,
            store,
            journal,
            owner=f"test@{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}",
            clock=lambda: at,
            tell=lambda _: None,
            provenance=Provenance(),
        )


class Deadly(httpx.SyncByteStream):
    """A body after which whoever has read it dies."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Killing:
    """Runs an apply, and at every request forks the client to kill it there: before it sends the request, when it was
    done but not answered, and when it has read the answer. What is left of each death is in a place of its own."""

    place: Place
    sandbox: Sandbox
    folder: Path
    left: list[tuple[int, str, Place]] = field(default_factory=list)
    number: int = 0
    _copied: tuple[object, Place] | None = None

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One request, after three deaths."""
        self.number += 1
        writes = "idempotency-key" in request.headers
        for when in ("before", "effect", "answer"):
            there = self._own_place(when) if writes and when != "before" else self._as_it_is()
            child = _forked()
            if child == 0:
                return self._die(when, there, request)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status), (self.number, when, status)
            assert os.WTERMSIG(status) == signal.SIGKILL
            self.left.append((self.number, when, there))
        return asked(self.sandbox, request)

    def _own_place(self, when: str) -> Place:
        return self.place.copied(self.folder / f"{self.number}-{when}")

    def _as_it_is(self) -> Place:
        """A copy of account and journal as they are; the last one while nothing was written to either."""
        files = sorted(self.place.folder.glob("*.db*"))
        written = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
        written = [one for one in written if not one[0].endswith("-shm")]
        if self._copied is None or self._copied[0] != written:
            self._copied = (written, self._own_place("before"))
        return self._copied[1]

    def _die(self, when: str, there: Place, request: httpx.Request) -> httpx.Response:
        """In the child, which is the client at this very moment."""
        try:
            if when != "before":
                with sandbox_of(there) as sandbox:
                    answer = asked(sandbox, request)
            if when == "answer":
                headers = {**answer.headers}
                return httpx.Response(answer.status_code, headers=headers, stream=Deadly(answer.content))
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            if when != "answer":
                os._exit(3)
        raise AssertionError


def _forked() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the adapter's reading threads wait, and hold nothing
        return os.fork()


@dataclass
class Failing:
    """Lets requests of an apply fail once each, chosen by their number in an apply where nothing fails."""

    sandbox: Sandbox
    fault: str
    expected: list[str]
    chosen: set[int]
    failed: set[int] = field(default_factory=set)
    at: int = 0
    _seen: dict[str, str] = field(default_factory=dict)

    def name_of(self, request: httpx.Request) -> str:
        """The request without what is by chance."""
        text = f"{request.method} {request.url.raw_path.decode()} {request.content.decode()}"
        return _UUID.sub(lambda found: self._seen.setdefault(found[0], f"#{len(self._seen)}"), text)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One request: the next expected one, that one again, or one more look."""
        name = self.name_of(request)
        if self.at in self.failed and name != self.expected[self.at] and self._is_next(name):
            self.at += 1
        if self.at < len(self.expected) and name == self.expected[self.at]:
            if self.at in self.chosen - self.failed:
                self.failed.add(self.at)
                self.sandbox.faults = [Fault.parse(f"{self.fault}@1")]
                try:
                    return asked(self.sandbox, request)
                finally:
                    self.sandbox.faults = []
            self.at += 1
        return asked(self.sandbox, request)

    def _is_next(self, name: str) -> bool:
        return self.at + 1 < len(self.expected) and name == self.expected[self.at + 1]
