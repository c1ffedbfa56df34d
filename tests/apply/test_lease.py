"""The lease lasts as long as the work, and no longer. Time here is what a test says, in leaps of ten seconds."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import pytest

from memory_store import MemoryStore
from pricebook.apply import lease
from pricebook.apply.lease import leased
from pricebook.apply.ports import JournalEntry, Lease, LeaseLost, LeaseTaken, Run, State, StoreError
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.verb.verb import Verb
from pricebook.store.journal import SqlJournal

ME, YOU = "me@here:1:a", "you@elsewhere:1:b"


class World(SqlJournal):
    """A journal with a clock, that hears the signs of life."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.time, self.beats, self.lost, self.away = datetime(2026, 1, 1, tzinfo=UTC), Event(), Event(), 0

    def now(self) -> datetime:
        return self.time

    def renew(self, environment: str, lease: Lease, now: datetime) -> None:
        if self.away:
            self.away -= 1
            raise StoreError("the server is away")
        try:
            super().renew(environment, lease, now)
        except LeaseLost:
            self.lost.set()
            raise
        self.beats.set()

    def let_pass(self, seconds: int) -> None:
        """Ten seconds at a time, with a sign of life in each."""
        for _ in range(0, seconds, 10):
            self.time += timedelta(seconds=10)
            self.beats.clear()
            assert self.beats.wait(60)
            self.beats.clear()
            assert self.beats.wait(60)  # the first may have been under way already


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(lease, "HEARTBEAT", 0.01)
    with closing(World(f"sqlite:///{tmp_path}/journal.db")) as world:
        yield world


def test_a_lease_outlasts_a_call_that_takes_longer(world: World) -> None:
    with leased(world, "prod", ME, world.now):
        world.let_pass(90)
        with pytest.raises(LeaseTaken):
            world.acquire("prod", YOU, world.now())
    assert world.acquire("prod", YOU, world.now()).token == 2
    assert not [thread for thread in threads() if thread.name == "lease of prod"]


def test_an_apply_keeps_its_lease_while_a_step_takes_long(world: World) -> None:
    class Slow(MemoryStore):
        def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
            world.let_pass(90)
            with pytest.raises(LeaseTaken):
                world.acquire("prod", YOU, world.now())
            return super().perform(namespace, change, at, expects)

    wanted = Catalog({Ref(Kind.PRODUCT, "pro"): noun_of(Kind.PRODUCT, {"name": "Pro", "type": "FIXED"})})
    made = make_plan(wanted, Snapshot(world.now()), namespace="acme", environment="prod", as_of=world.now())
    assert run(made, Slow(), world, owner=ME, clock=world.now, tell=lambda event: None).complete


def test_a_lease_that_was_taken_over_is_not_renewed(world: World) -> None:
    with leased(world, "prod", ME, world.now) as mine:
        other = world.acquire("prod", YOU, world.now() + timedelta(minutes=1))
        assert world.lost.wait(60)
        with pytest.raises(LeaseLost, match=YOU):
            world.record("prod", mine, [JournalEntry(run=1, step="step", state=State.SENT, at=world.now(), owner=ME)])
    world.begin(
        other,
        Run(namespace="acme", environment="prod", plan="digest", as_of=world.now(), owner=YOU, started_at=world.now()),
        "{}",
    )  # it is theirs still


def test_a_server_that_is_away_for_a_beat_costs_no_lease(world: World) -> None:
    world.away = 2
    with leased(world, "prod", ME, world.now):
        world.let_pass(40)
        with pytest.raises(LeaseTaken):
            world.acquire("prod", YOU, world.now())
    assert world.away == 0
