"""An alias is looked up by somebody all the time while applies hand it on, and are killed or fail on the way: at no
instant does it stand for nobody. On a file, on PostgreSQL, and over HTTP.

So many applies as PRICEBOOK_KILLS says; 200 of them are for a person to wait for.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from dying import count_calls
from pricebook import wiring
from pricebook.account.alias import holder_at
from pricebook.apply.ports import Store, StoreError
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.planner import make_plan
from pricebook.sandbox.server import serving
from pricebook.store.database import database_of
from pricebook.store.journal import SqlJournal
from pricebook.store.session import Session
from pricebook.store.sql import SqlStore
from server import Server

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

pytestmark = pytest.mark.whole
KILLS = int(os.environ.get("PRICEBOOK_KILLS", "12"))
CARDS = [Ref(Kind.RATE_CARD, name) for name in ("one", "other")]
ALIAS = "list"
HANGS = 600
"""Seconds after which something hangs; a busy machine does not."""


def catalog(number: int) -> Catalog:
    """Two cards; the alias is that of the one or of the other."""
    holder = CARDS[number % 2]
    specs = {ref: {"name": ref.name, "aliases": ({"name": ALIAS},) if ref is holder else ()} for ref in CARDS}
    return Catalog({ref: noun_of(ref.kind, spec) for ref, spec in specs.items()})


def present() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Where:
    """Where there is an account, for any process; `token` is there for one over HTTP."""

    url: str
    journal: str
    token: str = ""

    def opened(self) -> Any:
        """A store of its own."""
        if not self.token:
            return SqlStore(self.url)
        return RemoteStore(self.client(), {}, nonce=lambda: os.urandom(8).hex())

    def client(self) -> Client:
        options: dict[str, Any] = {"requests_per_minute": 1_000_000, "concurrency": 2}
        return Client(self.url, self.token, connect_timeout=HANGS, read_timeout=HANGS, **options)


@dataclass
class Place:
    """Where that is, and how somebody asks who has the alias."""

    where: Where
    holder: Callable[[], object]
    gaps: int = 0
    polls: int = 0
    over: Event = field(default_factory=Event)
    asked: Event = field(default_factory=Event)

    def poll(self) -> None:
        """Ask until it is over."""
        while not self.over.is_set():
            self.gaps += self.holder() is None
            self.polls += 1
            self.asked.set()

    def is_asked(self) -> None:
        """Wait until somebody has asked once more, from the beginning to the end."""
        for _ in range(2):  # the first may have been under way already
            self.asked.clear()
            assert self.asked.wait(HANGS)


@contextmanager
def in_database(url: str) -> Iterator[Place]:
    """A file or a schema, and a connection of somebody else's."""
    database = database_of(url)

    def holder() -> object:
        connection = database.reader("package")
        assert connection is not None
        with closing(connection):
            return holder_at(Session(connection, database), Kind.RATE_CARD, ALIAS, instant_text(present()))

    yield Place(Where(url, url), holder)


@contextmanager
def over_http(folder: Path) -> Iterator[Place]:
    """A sandbox on loopback."""
    with serving() as served:
        where = Where(served.url, f"sqlite:///{folder}/journal.db", served.sandbox.token)
        asking = where.client()

        def holder() -> object:
            cards = asking.read("POST", "/v1/contract-pricing/rate-cards/list", {}, {"limit": "100"})["data"]
            now = instant_text(present())
            named = ((card["id"], alias) for card in cards for alias in card.get("aliases") or ())
            return next((id_ for id_, alias in named if alias["name"] == ALIAS and holds(alias, now)), None)

        yield Place(where, holder)
        asking.close()


def holds(alias: Any, now: str) -> bool:
    start, end = alias.get("starting_at"), alias.get("ending_before")
    return (not start or instant_text(datetime.fromisoformat(start)) <= now) and (
        not end or instant_text(datetime.fromisoformat(end)) > now
    )


def applied(where: Where, number: int, fails_at: int | None) -> bool:
    """Plan and apply; `fails_at` is the change from which on the store fails."""
    with closing(where.opened()) as store, closing(SqlJournal(where.journal)) as journal:
        made = make_plan(
            catalog(number), store.snapshot("acme", present()), namespace="acme", environment="e", as_of=present()
        )
        perform, count = store.perform, iter(range(1000))

        def failing(*arguments: Any) -> Any:
            if fails_at is not None and next(count) >= fails_at:
                raise StoreError("it fails")
            return perform(*arguments)

        store.perform = failing  # type: ignore[method-assign]
        watched: Store = store
        return run(made, watched, journal, owner=wiring.owner(), clock=present, tell=lambda _: None).complete


CLEAN = multiprocessing.get_context("forkserver")
"""Where processes come from: one that has opened no file, for what SQLite keeps of files may not be inherited."""
CLEAN.set_forkserver_preload(
    ["pytest", "pricebook.sandbox.server", "pricebook.metronome.remote", "pricebook.store.copy", "pricebook.wiring"]
)


def in_a_process(where: Where, number: int, fails_at: int | None, last: int | None = None) -> int | None:
    """The same in a process that is gone with its `last` call of a function: how many it made when it came to its end,
    None when it was killed."""
    receiver, sender = CLEAN.Pipe(duplex=False)
    process = CLEAN.Process(target=counted, args=(sender, where, number, fails_at, last))
    process.start()
    sender.close()
    process.join(HANGS)
    assert process.exitcode in (0, -signal.SIGKILL)
    calls = receiver.recv() if process.exitcode == 0 else None
    process.close()
    receiver.close()
    return calls


def counted(sender: "Connection", where: Where, number: int, fails_at: int | None, last: int | None) -> None:
    """Apply, and send how many calls that took."""
    calls = count_calls(last)
    applied(where, number, fails_at)
    sender.send(calls())


@pytest.fixture(params=["sqlite", "postgresql", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Each of them in turn, with the alias on the first card."""
    if request.param == "http":
        where = over_http(tmp_path)
    elif request.param == "sqlite":
        where = in_database(f"sqlite:///{tmp_path}/prices.db")
    else:
        server: Server = request.getfixturevalue("server")
        where = in_database(server.url("polled"))
    with where as found:
        assert applied(found.where, 0, None)
        yield found


def test_somebody_stands_behind_an_alias_at_every_instant(
    place: Place, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    chance, killed, ended, failed = Random(7), 0, 0, 0
    assert in_a_process(place.where, 1, None)
    whole = in_a_process(place.where, 0, None)
    assert whole
    poller = Thread(target=place.poll)
    poller.start()
    try:
        for number in range(KILLS):
            fails_at = chance.choice([None, None, 0, 1])
            last = None if number % 4 == 3 else int(chance.uniform(0, 1) * whole)
            done = in_a_process(place.where, number, fails_at, last) is not None
            killed, ended, failed = killed + (not done), ended + done, failed + (fails_at is not None)
            place.is_asked()
    finally:
        place.over.set()
        poller.join(HANGS)
    with capsys.disabled():
        said = f"{killed} killed, {ended} ended, {failed} of them to fail"
        print(f"\n{request.node.callspec.id}: {said}; {place.polls:,} polls, {place.gaps} gaps")
    assert place.gaps == 0
    assert place.polls > KILLS
    assert killed
    assert ended
    assert applied(place.where, 0, None), "and who comes later finishes it"
