"""Law 14: at every instant of an apply each alias that was live and is to stay live stands for somebody.

On every store, between any two effects, and where an apply fails at any of them; then the next apply ends as it would.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memory_store import MemoryStore
from pricebook.account.alias import holder_at
from pricebook.apply.ports import Store, StoreError
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Alias
from pricebook.catalog.package import Package
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.step import Plan
from pricebook.plan.verb.verb import Verb
from pricebook.store.database import database_of
from pricebook.store.journal import SqlJournal
from pricebook.store.session import Session
from pricebook.store.sql import SqlStore
from vendor import Vendor
from vendor import vendor as vendors

NOW = datetime(2025, 10, 1, 9, 30, tzinfo=UTC)
CUTS = (None, *(datetime(2026, month, 1, tzinfo=UTC) for month in (2, 3, 4)), None)
STRETCHES = tuple(pairwise(CUTS))
MOMENTS = (datetime(2025, 10, 1, 10, tzinfo=UTC), *CUTS[1:-1])
"""An instant of each stretch, from now on."""
NAMES, OBJECTS = ("current", "legacy"), 3
Holders = tuple[int | None, ...]
"""Who has an alias in each stretch."""
KINDS = (Kind.RATE_CARD, Kind.PACKAGE)


@st.composite
def one_after_the_other(draw: st.DrawFn) -> Holders:
    """Who has an alias; nobody has it on both sides of somebody else: that is more than one change of each, see
    `plan.handover`, and what can be done of it stands in the examples."""
    found = draw(st.tuples(*[st.none() | st.integers(0, OBJECTS - 1)] * len(STRETCHES)))
    runs = [holder for holder, _ in groupby(found) if holder is not None]
    return found if len(runs) == len(set(runs)) else draw(one_after_the_other())


WORLDS = st.fixed_dictionaries(
    {(kind, NAMES[0]): one_after_the_other() for kind in KINDS}
    | {(kind, NAMES[1]): st.integers(0, OBJECTS - 1).map(lambda who: (who,) * len(STRETCHES)) for kind in KINDS}
)
"""One alias that goes from one to the next, and one that the others may swap for it."""
World = Mapping[tuple[Kind, str], Holders]


def world(cards: Holders) -> World:
    """One in which these cards have the alias that goes round, and one of each kind has everything else."""
    still = (0,) * len(STRETCHES)
    return {(kind, name): still for kind in KINDS for name in NAMES} | {(Kind.RATE_CARD, NAMES[0]): cards}


def catalog(world: World, gone: Collection[Ref] = ()) -> Catalog:
    """Cards and packages that have the aliases so. Of those that are gone only who has an alias is there."""
    nouns: dict[Ref, RateCard | Package] = {}
    for number in range(OBJECTS):
        nouns[Ref(Kind.RATE_CARD, f"card-{number}")] = RateCard(
            name="Card", aliases=aliases_of(world, KINDS[0], number)
        )
        nouns[Ref(Kind.PACKAGE, f"package-{number}")] = Package(
            name="Package", rate_card="card-0", aliases=aliases_of(world, KINDS[1], number)
        )
    return Catalog({ref: noun for ref, noun in nouns.items() if noun.aliases or ref not in gone}, {})


GONE = st.sets(
    st.sampled_from([Ref(kind, f"{kind.words.split()[-1]}-{n}") for kind in KINDS for n in range(OBJECTS)][1:])
)
"""Who leaves; the first card stays, for the packages."""


def aliases_of(world: World, kind: Kind, number: int) -> tuple[Alias, ...]:
    """The aliases of one object, stretches that follow each other as one."""
    found = []
    for name in NAMES:
        for who, stretches in groupby(zip(world[kind, name], STRETCHES, strict=True), key=lambda each: each[0]):
            if who == number:
                own = [stretch for _, stretch in stretches]
                found.append(Alias(name=name, starting_at=own[0][0], ending_before=own[-1][1]))
    return tuple(found)


@dataclass
class Watched:
    """A store that tells when it has made a change, and fails at one of them."""

    store: Store
    watch: Callable[[], None]
    fails_at: int | None = None
    made: int = 0

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str]) -> Snapshot:
        """See `apply.ports.Store`."""
        return self.store.snapshot(namespace, at, adopt)

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """See `apply.ports.Store`."""
        if self.made == self.fails_at:
            raise StoreError("it fails")
        self.made += 1
        id_ = self.store.perform(namespace, change, at, expects)
        self.watch()
        return id_

    def cannot(self, namespace: str, change: Verb) -> tuple[()]:
        """See `apply.ports.Store`."""
        return ()


@dataclass
class Account:
    """A store under test: `at` says who has an alias at an instant, `opened` gives it with a watch and a failure."""

    at: Callable[[Kind, str, datetime], object]
    opened: Callable[[Callable[[], None], int | None], Store]
    seen: list[str] = field(default_factory=list)


@contextmanager
def in_memory(folder: Path) -> Iterator[Account]:
    """A store in memory."""
    store = MemoryStore()

    def at(kind: Kind, name: str, instant: datetime) -> object:
        seen = store.snapshot("acme", NOW)
        for ref, noun in seen.catalog.nouns.items():
            live = isinstance(noun, RateCard | Package) and ref.kind is kind and ref not in seen.archived
            for alias in noun.held_aliases if live else ():
                begun = alias.starting_at is None or alias.starting_at <= instant
                if alias.name == name and begun and (alias.ending_before is None or alias.ending_before > instant):
                    return ref
        return None

    yield Account(at, lambda watch, fails_at: Watched(store, watch, fails_at))


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Account]:
    """A store in a file."""
    url = f"sqlite:///{folder}/prices.db"
    with closing(SqlStore(url)) as store:

        def at(kind: Kind, name: str, instant: datetime) -> object:
            connection = database_of(url).reader("package")
            assert connection is not None
            with closing(connection):
                return holder_at(Session(connection, database_of(url)), kind, name, instant_text(instant))

        yield Account(at, lambda watch, fails_at: Watched(store, watch, fails_at))


@contextmanager
def in_account(folder: Path) -> Iterator[Account]:
    """An account behind the vendor's API, watched between any two of its requests."""
    with vendors(clock=lambda: NOW) as vendor:

        def at(kind: Kind, name: str, instant: datetime) -> object:
            with vendor.sandbox.account.transaction(instant_text(NOW), writes=False) as work:
                return holder_at(work, kind, name, instant_text(instant))

        yield Account(at, lambda watch, fails_at: watched(vendor, watch, fails_at))


def watched(vendor: Vendor, watch: Callable[[], None], fails_at: int | None) -> Store:
    """The account as a store; from one write on it answers nothing but errors."""
    start = len(vendor.writes)

    def before(call: object) -> httpx.Response | None:
        writes = vendor.writes
        refused = fails_at is not None and len(writes) - start > fails_at and writes[-1] is call
        return httpx.Response(400, json={"message": "it fails"}) if refused else None

    vendor.before, vendor.after = before, lambda call: watch()
    return vendor.store()


ACCOUNTS = {"memory": in_memory, "sqlite": in_sqlite, "account": in_account}


@dataclass(frozen=True)
class Desired:
    """What shall be: who has the aliases, and who leaves."""

    world: World
    gone: Collection[Ref] = ()

    def plan(self, store: Store) -> Plan:
        """What leads there."""
        desired, snapshot = catalog(self.world, self.gone), store.snapshot("acme", NOW, {})
        return make_plan(desired, snapshot, namespace="acme", environment="test", as_of=NOW, prune=bool(self.gone))


def applied(account: Account, desired: Desired, folder: Path, watch: Callable[[], None], fails_at: int | None) -> bool:
    """Plan and apply; whether all of it was done."""
    store = account.opened(watch, fails_at)
    made = desired.plan(store)
    with closing(SqlJournal(f"sqlite:///{folder}/journal.db")) as journal:
        return run(made, store, journal, owner="me@here:1:a", clock=lambda: NOW, tell=lambda _: None).complete


@pytest.mark.parametrize("kind", ACCOUNTS)
@settings(max_examples=12)
@example(before=world((0, None, 1, 1)), after=world((1, 2, 0, 2)), gone=(), fails_at=None)
@example(before=world((0, 0, 0, 0)), after=world((0, 0, 1, 0)), gone=(), fails_at=1)
@given(before=WORLDS, after=WORLDS, gone=GONE, fails_at=st.none() | st.integers(0, 10))
def test_an_alias_that_is_live_stays_live(
    kind: str, before: World, after: World, gone: Collection[Ref], fails_at: int | None
) -> None:
    lasting = [
        (alias, moment)
        for alias in before
        for moment, was, will in zip(MOMENTS, before[alias], after[alias], strict=True)
        if was is not None and will is not None
    ]
    desired = Desired(after, gone)
    with TemporaryDirectory() as name, ACCOUNTS[kind](Path(name)) as account:
        assert applied(account, Desired(before), Path(name), lambda: None, None)

        def watch() -> None:
            missing = [(alias, moment) for alias, moment in lasting if account.at(*alias, moment) is None]
            assert not missing

        complete = applied(account, desired, Path(name), watch, fails_at)
        assert complete or fails_at is not None
        assert complete or applied(account, desired, Path(name), watch, None)
        assert desired.plan(account.opened(watch, None)).steps == ()
        for alias, holders in after.items():
            for moment, who in zip(MOMENTS, holders, strict=True):
                assert (account.at(*alias, moment) is not None) >= (who is not None)
