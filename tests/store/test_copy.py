"""Copying a store and its journal between databases: everything or nothing, in little memory, while nobody writes."""

import os
import signal
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from account import (
    AT,
    JAN,
    SEAT_RATE,
    STARTER,
    TOKENS,
    add,
    comparable,
    create,
    fill,
    flat,
    key,
    repoint,
    revise,
    supersede,
)

from pricebook.apply.ports import JournalEntry, Provenance, Run, State, StoreError, StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import SeatChange
from pricebook.plan.verb.archive import Archive
from pricebook.preview.terms import OwnTerms
from pricebook.store.agreement import edit_contract, set_customer
from pricebook.store.copy import SqlCopy
from pricebook.store.database import database_of
from pricebook.store.journal import SqlJournal
from pricebook.store.location import database_path
from pricebook.store.sql import SqlStore
from pricebook.store.tables import tables_of
from server import Server

ME = f"me@here:{os.getpid()}:a1"
PLAN = '{"a plan": "$5.00 \ud800"}\n'


def fill_all(url: str) -> None:
    """Two namespaces, archived objects, foreign ones, contracts, moved aliases, a card that somebody else changed, and
    two runs of a journal."""
    with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
        fill(store)
        store.perform(
            "other",
            create(
                TOKENS, name="Tokens \u202e; DROP TABLE run", billable_metric=None, pricing_group_key=None, type="FIXED"
            ),
            AT,
        )
        store.perform("acme", create(Ref(Kind.RATE_CARD, "spare")), AT)
        store.perform("acme", add((SEAT_RATE, None, flat("5")), card="spare"), AT)
        store.perform("acme", repoint([Alias(name="List", starting_at=JAN)], "spare", held_by=("list",)), AT)
        store.perform("acme", supersede(Ref(Kind.PACKAGE, "starter", 2), name="Starter 2"), AT)
        store.perform("acme", Archive(STARTER), AT)
        store.create_contract("c-1", JAN, package_alias="starter", uniqueness_key="k", custom_fields={"a": "ä"}, at=AT)
        store.create_contract("c-2", JAN, package_alias="starter", at=AT)
        (gone,) = store.customer_contracts("acme", "c-2")
        store.archive_contract(gone, AT)
        with store.writing() as session:
            (kept,) = store.customer_contracts("acme", "c-1")
            edit_contract(session, kept.id, OwnTerms(), [SeatChange("own", AT, Decimal(5))])
            set_customer(session, "c-1", ["ingest-ä"], ())
        store.sign("acme", "prod/3f2a9c1d8b7e6f50", AT)
        for number in range(2):
            lease = journal.acquire("prod", ME, AT)
            run = Run(
                namespace="acme",
                environment="prod",
                plan="a" * 24,
                as_of=AT,
                owner=ME,
                started_at=AT,
                provenance=Provenance("ada", "c" * 40, "main", "a" * 24),
            )
            run = replace(run, number=journal.begin(lease, run, PLAN))
            journal.record(
                "prod",
                lease,
                [
                    JournalEntry(
                        run=run.number,
                        step="a",
                        state=State.DONE,
                        at=AT,
                        owner=ME,
                        remote_id="id-1",
                        detail="said 'no'",
                    )
                ],
            )
            if not number:
                journal.finish("prod", lease, run.number, AT, "done")
            journal.release("prod", lease)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(database_path(url))) as connection, connection:
            connection.execute("UPDATE rate_timeline SET schedule = ? WHERE schedule = ?", (flat("7"), flat("5")))


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as a driver gives it; of leases what is not who holds them."""
    connection = database_of(url).reader("package")
    assert connection is not None
    with closing(connection):
        found = {}
        for table in (*tables_of("store"), *tables_of("journal")):
            columns = "environment, token" if table.name == "lease" else "*"
            there = database_of(url).tables(connection, (table.name,))  # a store of an earlier release lacks some
            rows = connection.execute(f"SELECT {columns} FROM {table.name}") if there else ()
            found[table.name] = sorted(map(tuple, rows), key=repr)
        return found


EMPTY = {"pricing_unit", "threshold_notification", "offset_notification", "custom_field_key"}
"""Of what the account has none."""
WAYS = ["sqlite-postgres", "postgres-sqlite", "sqlite-sqlite", "postgres-postgres"]


@pytest.fixture(params=WAYS[:2])
def way(request: pytest.FixtureRequest, tmp_path: Path, server: Server, schema: str) -> tuple[str, str]:
    """From where to where."""
    there = {"sqlite": f"sqlite:///{tmp_path}/there.db", "postgres": server.url(f"{schema}_there")}
    here = {"sqlite": f"sqlite:///{tmp_path}/here.db", "postgres": server.url(schema)}
    start, _, end = request.param.partition("-")
    return here[start], there[end]


def copier(here: str, there: str, patience: float = 15) -> SqlCopy:
    return SqlCopy(here, here, there, there, patience=patience)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_a_copy_is_the_same_whatever_the_databases(way: tuple[str, str]) -> None:
    here, there = way
    fill_all(here)
    before, copy = everything(here), copier(*way)
    told: list[int] = []
    assert (copy.is_empty(), copy.compared(), copy.namespaces()) == (False, "empty", {"acme", "other"})
    assert copy.environments() == {"prod"}
    with copy.locked():
        made = copy.run(told.append)
    assert everything(there) == everything(here) == before
    assert {name: extent.rows for name, extent in made.items()} == {name: len(rows) for name, rows in before.items()}
    assert {name for name, rows in before.items() if not rows} == EMPTY
    assert told[-1] == sum(extent.rows for extent in made.values())
    assert copier(*way).compared() == copier(there, here).compared() == "same"
    with closing(SqlStore(here)) as source, closing(SqlStore(there)) as target:
        assert comparable(target.snapshot("acme", AT)) == comparable(source.snapshot("acme", AT))
        assert target.snapshot("acme", AT).ids == source.snapshot("acme", AT).ids


def test_a_copy_goes_on_as_its_source_would(way: tuple[str, str]) -> None:
    here, there = way
    fill_all(here)
    with copier(*way).locked():
        copier(*way).run(lambda _: None)
    with closing(SqlStore(there)) as store, closing(SqlJournal(there)) as journal:
        last = journal.runs("prod")[-1]
        lease = journal.acquire("prod", ME, AT)
        assert lease.token == 3
        assert journal.begin(lease, last, PLAN) == last.number + 1
        journal.record("prod", lease, [JournalEntry(run=last.number + 1, step="b", state=State.DONE, at=AT, owner=ME)])
        assert [found.step for found in journal.entries(last.number + 1)] == ["b"]
        assert journal.plan(last.number) == PLAN
        store.perform("acme", repoint([Alias(name="New")]), AT)
        with pytest.raises(StoreRefused, match="is there already with other content"):
            store.perform("acme", create(Ref(Kind.PACKAGE, "starter", 2), name="Other"), AT)
        store.perform("acme", add((key(model="new"), None, flat("3"))), AT)
        assert store.snapshot("acme", AT).catalog.rates["list"].get(key(model="new")) == flat("3")


def test_a_target_that_is_not_empty_is_left_alone(way: tuple[str, str]) -> None:
    here, there = way
    fill_all(here)
    with closing(SqlStore(there)) as store:
        fill(store)
    before = comparable_of(there)
    copy = copier(*way)
    assert copy.compared() == "other"
    with copy.locked(), pytest.raises(StoreRefused, match="is not empty: it has rows in billable_metric, product"):
        copy.run(lambda _: None)
    assert comparable_of(there) == before


def comparable_of(url: str) -> dict[str, Any]:
    with closing(SqlStore(url)) as store:
        return comparable(store.snapshot("acme", AT))


def test_nobody_writes_meanwhile_and_everybody_reads(way: tuple[str, str]) -> None:
    here, _ = way
    fill_all(here)
    with closing(SqlStore(here, patience=0.1)) as store, closing(SqlJournal(here, patience=0.1)) as journal:
        with copier(*way).locked():
            assert STARTER in store.snapshot("acme", AT).ids
            with pytest.raises(StoreError, match="is locked by another"):
                store.perform("acme", revise(TOKENS, name="Other"), AT)
            with pytest.raises(StoreError, match="is locked by another"):
                journal.acquire("prod", ME, AT + timedelta(hours=1))
        store.perform("acme", revise(TOKENS, name="Other"), AT)


def test_what_the_server_cannot_keep_is_said_with_its_table(tmp_path: Path, server: Server, schema: str) -> None:
    here, there = f"sqlite:///{tmp_path}/here.db", server.url(schema)
    fill_all(here)
    with closing(sqlite3.connect(tmp_path / "here.db")) as connection, connection:
        connection.execute("UPDATE product SET name = 'a' || char(0) WHERE mark = 'acme/product:seats'")
    copy = copier(here, there)
    with copy.locked(), pytest.raises(StoreRefused, match=r"product: .*cannot keep it") as found:
        copy.run(lambda _: None)
    assert "U+0000" in found.value.hint
    assert copier(here, there).present() == {}


def test_a_database_that_gives_something_else_back_keeps_nothing(
    way: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pricebook.store import copy as module

    here, there = way
    fill_all(here)
    monkeypatch.setattr(module, "_restore_digests", lambda *_: None)  # then a trigger has taken them away
    copy = copier(*way)
    with copy.locked(), pytest.raises(StoreError, match="does not give back rate_card as it was sent"):
        copy.run(lambda _: None)
    assert copier(here, there).present() == {}


def test_of_an_account_the_journal_is_copied(way: tuple[str, str]) -> None:
    here, there = way
    fill_all(here)
    copy = SqlCopy(None, here, there, there)
    with copy.locked():
        made = copy.run(lambda _: None)
    assert set(made) == {"run", "journal", "lease"}
    assert copy.namespaces() == set()
    with closing(SqlJournal(there)) as journal:
        assert [run.result for run in journal.runs("prod")] == ["done", ""]


def test_store_and_journal_of_two_places_become_one(tmp_path: Path, server: Server, schema: str) -> None:
    store, journal, there = f"sqlite:///{tmp_path}/s.db", f"sqlite:///{tmp_path}/j.db", server.url(schema)
    fill_all(journal)
    with closing(SqlStore(store)) as filled:
        fill(filled)
    copy = SqlCopy(store, journal, there, there)
    assert copy.sources == (f"{tmp_path}/s.db", f"{tmp_path}/j.db")
    with copy.locked():
        made = copy.run(lambda _: None)
    assert (made["product"].rows, made["contract"].rows, made["run"].rows) == (3, 0, 2)
    assert copy.compared() == "same"


RATES = 8_000


def test_the_rates_are_never_all_in_memory(tmp_path: Path, server: Server, schema: str) -> None:
    here, there = f"sqlite:///{tmp_path}/here.db", server.url(schema)
    with closing(SqlStore(here)) as store:
        fill(store)
    with closing(sqlite3.connect(tmp_path / "here.db")) as connection, connection:
        row = connection.execute("SELECT rate_card_id, product_id FROM rate_timeline").fetchone()
        rows = ((row[0], f"key {i}", row[1], f"{i} " * 200) for i in range(RATES))
        connection.executemany(
            "INSERT INTO rate_timeline (rate_card_id, key, product_id, schedule) VALUES (?, ?, ?, ?)", rows
        )
    copy = copier(here, there)
    tracemalloc.start()
    try:
        with copy.locked():
            made = copy.run(lambda _: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made["rate_timeline"].rows == RATES + 2
    size = os.path.getsize(tmp_path / "here.db")
    assert peak < size / 2, f"{peak:,} bytes for a database of {size:,}"


@pytest.mark.parametrize("at", [1, 12, 20])
def test_a_copy_that_was_killed_leaves_nothing(way: tuple[str, str], at: int) -> None:
    here, there = way
    fill_all(here)
    before = everything(here)
    child = os.fork()
    if child == 0:
        try:
            copy = copier(*way)
            with copy.locked():
                copy.run(lambda rows: os.kill(os.getpid(), signal.SIGKILL) if rows >= at else None)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    copy = copier(*way)
    assert copy.present() == {}
    assert everything(here) == before
    with copy.locked():
        copy.run(lambda _: None)
    assert everything(there) == before


@pytest.fixture
def restarting(server: Server) -> Iterator[Server]:
    """A server that may be stopped; it runs again afterwards."""
    yield server
    if not server.running:
        server.start()


def test_a_server_that_goes_away_keeps_nothing(restarting: Server, tmp_path: Path, schema: str) -> None:
    here, there = f"sqlite:///{tmp_path}/here.db", restarting.url(schema)
    fill_all(here)
    copy = copier(here, there)

    def tell(rows: int) -> None:
        if rows >= 12 and restarting.running:
            restarting.stop(signal.SIGQUIT)

    with copy.locked(), pytest.raises(StoreError, match=r"shutting down|lost|cannot be"):
        copy.run(tell)
    restarting.start()
    assert copier(here, there).present() == {}
