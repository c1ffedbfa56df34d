"""An applier that stood still longer than its lease, and wakes after another one applied something newer."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from account import AT, CARD, TOKENS, create

from pricebook.apply.ports import LeaseLost, LeaseTaken, Store
from pricebook.apply.runner import Receipt, run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.plan.verb.verb import Verb
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from vendor import Vendor

OTHER, NEXT = Ref(Kind.RATE_CARD, "other"), Ref(Kind.RATE_CARD, "next")
PLAIN = {"billable_metric": None, "pricing_group_key": None, "type": "FIXED"}


def catalog(product: str, alias_on: Ref) -> Catalog:
    """A product by a display name, and three cards of which one has the alias."""
    nouns: dict[Ref, Noun] = {TOKENS: create(TOKENS, name=product, **PLAIN).noun}
    for ref in (CARD, OTHER, NEXT):
        nouns[ref] = create(ref, name=ref.name, aliases=({"name": "Current"},) if ref == alias_on else ()).noun
    return Catalog(nouns)


FIRST, PAUSED, NEWER = catalog("First", CARD), catalog("Late", OTHER), catalog("Newer", NEXT)


@dataclass
class Time:
    """A clock that goes on when it is told to."""

    now: datetime = AT

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Pausing:
    """A store and a journal that do something else once before a step, as if time stood still for this applier: between
    its SENT entry and its call, or before the entry is on its way back."""

    store: Store
    journal: SqlJournal
    meanwhile: Callable[[], Any]
    step: str
    sent: list[str] = field(default_factory=list)

    def snapshot(self, *asked: Any) -> object:
        return self.store.snapshot(*asked)

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        self.sent.append(change.ref.name)
        if self.step == f"call {change.ref}":
            self.meanwhile()
        return self.store.perform(namespace, change, at, expects)

    def record(self, environment: str, lease: Any, entries: Any) -> None:
        self.journal.record(environment, lease, entries)
        if self.step == f"entry {entries[0].step}":
            self.meanwhile()

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)


def planned(desired: Catalog, store: Store, at: datetime) -> Plan:
    """The plan of a catalogue."""
    return make_plan(desired, store.snapshot("acme", at), namespace="acme", environment="local", as_of=at)


def applied(made: Plan, store: Any, journal: Any, time: Callable[[], datetime], owner: str) -> Receipt:
    """The plan, done by one of the appliers; each is on a host of its own."""
    return run(made, store, journal, owner=f"{owner}@{owner}:1:x", clock=time, tell=lambda _: None)


@pytest.fixture
def another(store: Store, request: pytest.FixtureRequest) -> Store:
    """The same store as another process would have it."""
    if "account" in request.node.callspec.id:
        vendor: Vendor = request.getfixturevalue("vendor")
        return vendor.store()
    return store


@pytest.mark.parametrize("step", ["product:tokens", "rate-card:other"])
def test_what_was_applied_meanwhile_is_not_overwritten(
    store: Store, another: Store, journal: SqlJournal, step: str
) -> None:
    time = Time()
    assert applied(planned(FIRST, store, AT), store, journal, time, "setup").complete
    made = planned(PAUSED, store, AT)

    def newer() -> None:
        time.now += timedelta(minutes=2)
        assert applied(planned(NEWER, another, time.now), another, journal, time, "newer").complete

    pausing = Pausing(store, journal, newer, f"call {step}")
    with pytest.raises(LeaseLost):
        applied(made, pausing, pausing, time, "paused")
    assert step.partition(":")[2] in pausing.sent
    assert planned(NEWER, another, time.now).steps == ()
    assert another.snapshot("acme", time.now).catalog.cards["other"].aliases == ()


def test_nothing_is_sent_once_the_lease_is_lost(store: Store, another: Store, journal: SqlJournal) -> None:
    time = Time()
    assert applied(planned(FIRST, store, AT), store, journal, time, "setup").complete
    made = planned(PAUSED, store, AT)

    def newer() -> None:
        time.now += timedelta(minutes=2)
        assert applied(planned(NEWER, another, time.now), another, journal, time, "newer").complete

    pausing = Pausing(store, journal, newer, "entry product:tokens")
    with pytest.raises(LeaseLost, match="taken over"):
        applied(made, pausing, pausing, time, "paused")
    assert pausing.sent == []


def test_an_applier_that_was_stopped_by_a_signal_overwrites_nothing(sqlite_url: str) -> None:
    now, ttl = partial(datetime.now, UTC), timedelta(seconds=0.5)
    with closing(SqlStore(sqlite_url)) as store, closing(SqlJournal(sqlite_url)) as journal:
        assert applied(planned(FIRST, store, now()), store, journal, now, "setup").complete
        made, newer = planned(PAUSED, store, now()), planned(NEWER, store, now())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            held = SqlJournal(sqlite_url, ttl=ttl)
            stop = partial(os.kill, os.getpid(), signal.SIGSTOP)
            pausing = Pausing(SqlStore(sqlite_url), held, stop, "call product:tokens")
            applied(made, pausing, pausing, now, "paused")
        except LeaseLost:
            status = 0
        finally:
            os._exit(status)
    try:
        assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
        with closing(SqlStore(sqlite_url)) as store, closing(SqlJournal(sqlite_url)) as journal:
            while True:
                try:
                    assert applied(newer, store, journal, now, "newer").complete
                    break
                except LeaseTaken:
                    pass  # until it has run out
    finally:
        os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with closing(SqlStore(sqlite_url)) as store:
        assert planned(NEWER, store, now()).steps == ()
