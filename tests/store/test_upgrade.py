"""A store of an earlier release: read as it stands, taken forward by who writes to it, kept as it was beside it.

`release/` holds stores that version 2 made, as SQL text: the account of `test_copy.fill_all`, with runs and leases.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from account import AT, CARD, STARTER, TOKENS, comparable, revise
from test_copy import ME, PLAN, copier, everything

from pricebook.apply.ports import StoreError
from pricebook.catalog.reference import Kind, Ref
from pricebook.store.journal import SqlJournal
from pricebook.store.location import database_path
from pricebook.store.sql import SqlStore
from pricebook.store.tables import tables_of
from pricebook.store.upgrade import OLDEST, STEPS, VERSION
from server import Server

RELEASE = Path(__file__).parent / "release"


def sqlite_store(path: Path, *more: str) -> str:
    """A file that version 2 made."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((RELEASE / "sqlite-2.sql").read_text(encoding="utf-8"))
        connection.executescript(";".join(more))
    return f"sqlite:///{path}"


def postgres_store(server: Server, schema: str, *more: str) -> str:
    """A schema that version 2 made."""
    text = (RELEASE / "postgresql-2.sql").read_text(encoding="utf-8")
    with closing(server.connect(schema)) as connection:
        connection.execute(re.sub(r"pricebook\b(?!\.marking|_)", schema, text))
        for statement in more:
            connection.execute(statement)
    return server.url(schema)


@pytest.fixture(params=["sqlite", "postgres"])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """What makes a store of version 2, of every kind of database in turn; its URL."""

    def make(*more: str) -> str:
        if request.param == "sqlite":
            return sqlite_store(tmp_path / "prices.db", *more)
        return postgres_store(request.getfixturevalue("server"), request.getfixturevalue("schema"), *more)

    return make


def contents(url: str) -> Mapping[str, Any]:
    """Everything of a store and a journal, as they give it."""
    with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
        snapshot = store.snapshot("acme", AT)
        return {
            "snapshot": comparable(snapshot),
            "ids": dict(snapshot.ids),
            "contracts": [each.billing.contract for each in store.billed("acme", AT)],
            "runs": journal.runs("prod"),
            "entries": [journal.entries(run.number) for run in journal.runs("prod")],
            "account": snapshot.account,
        }


def test_it_is_read_as_it_stands(earlier: Callable[..., str]) -> None:
    url = earlier()
    before = everything(url)
    found = contents(url)
    assert set(found["ids"]) >= {CARD, TOKENS, STARTER, Ref(Kind.PACKAGE, "starter", 2)}
    assert (len(found["contracts"]), len(found["runs"]), found["account"]) == (1, 2, "prod/3f2a9c1d8b7e6f50")
    assert everything(url) == before, "reading upgrades nothing"


def test_whoever_writes_takes_it_forward_and_says_so_once(earlier: Callable[..., str]) -> None:
    url = earlier()
    before, rows = contents(url), everything(url)
    said: list[str] = []
    with closing(SqlJournal(url, tell=said.append)) as journal, closing(SqlStore(url, tell=said.append)) as store:
        journal.release("prod", journal.acquire("prod", ME, AT))
        lost = {"lease"}  # who acquires a lease gets a new token
        assert {n: r for n, r in everything(url).items() if n not in lost} == {
            n: r for n, r in rows.items() if n not in lost
        }
        assert contents(url) == before
        store.perform("acme", revise(TOKENS, name="Other"), AT)
        assert journal.plan(2) == PLAN
    assert len(said) == 1
    assert f"tables upgraded from version 2 to {VERSION}" in said[0]


def test_one_without_a_mark_of_the_account_gets_a_place_for_it(earlier: Callable[..., str]) -> None:
    url = earlier("DROP TABLE account")
    before = contents(url)
    assert before["account"] == ""
    with closing(SqlStore(url)) as store:
        store.sign("acme", "prod/1234", AT)
    assert contents(url) == {**before, "account": "prod/1234", "snapshot": contents(url)["snapshot"]}
    assert contents(url)["ids"] == before["ids"]


def test_a_journal_of_its_own_is_taken_forward_too(tmp_path: Path) -> None:
    tables = [table.name for table in reversed(tables_of("store"))]
    dropped = ["DROP VIEW rate", *(f"DROP TABLE IF EXISTS {name}" for name in tables)]
    url = sqlite_store(tmp_path / "journal.db", "PRAGMA foreign_keys = OFF", *dropped)
    said: list[str] = []
    with closing(SqlJournal(url, tell=said.append)) as journal:
        assert [run.result for run in journal.runs("prod")] == ["done", ""]
        assert journal.acquire("prod", ME, AT).token == 3
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'account'").fetchone() is None
    assert len(said) == 1


def columns(url: str, server: Server | None = None, schema: str = "") -> list[tuple[Any, ...]]:
    """Every column of every table, with its type and whether it may be NULL; and the names of triggers and indexes."""
    if server is None:
        with closing(sqlite3.connect(database_path(url))) as connection:
            tables = [table.name for table in (*tables_of("store"), *tables_of("journal"))]
            found = [(name, *row[1:4]) for name in tables for row in connection.execute(f"PRAGMA table_info({name})")]
            made = connection.execute(
                "SELECT type, name, tbl_name FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE '%INDEX%'"
            )
            return sorted([*found, *made], key=repr)
    with closing(server.connect(schema)) as connection:
        query = (
            "SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns"
            " WHERE table_schema = %s UNION ALL SELECT event_object_table, trigger_name, event_manipulation,"
            " action_condition, action_statement FROM information_schema.triggers WHERE trigger_schema = %s"
            " UNION ALL SELECT tablename, indexname, '', '', '' FROM pg_indexes WHERE schemaname = %s"
        )
        rows = connection.execute(query, (schema,) * 3).fetchall()
        return sorted((tuple(str(value).replace(schema, "") for value in row) for row in rows), key=repr)


def test_a_file_is_then_like_a_new_one(tmp_path: Path) -> None:
    old, new = sqlite_store(tmp_path / "prices.db", "DROP TABLE account"), f"sqlite:///{tmp_path}/new.db"
    for url in (old, new):
        with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
            store.sign("acme", "prod/1234", AT)
            journal.acquire("prod", ME, AT)
    assert columns(old) == columns(new)


def test_a_schema_is_then_like_a_new_one(server: Server, schema: str) -> None:
    old, new = postgres_store(server, schema, "DROP TABLE account"), server.url(f"{schema}_new")
    for url in (old, new):
        with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
            store.sign("acme", "prod/1234", AT)
            journal.acquire("prod", ME, AT)
    assert columns(old, server, schema) == columns(new, server, f"{schema}_new")


def test_the_file_as_it_was_is_kept_beside_it(tmp_path: Path) -> None:
    path, said = tmp_path / "prices.db", list[str]()
    url = sqlite_store(path)
    path.chmod(0o640)
    rows = everything(url)
    (tmp_path / "prices.db.version-2").write_text("a copy that somebody keeps")
    with closing(SqlStore(url, tell=said.append)) as store:
        store.perform("acme", revise(TOKENS, name="Other"), AT)
    kept = tmp_path / "prices.db.version-2.2"
    assert said == [f"{path}: tables upgraded from version 2 to {VERSION}; as it was it is kept in {kept}"]
    assert (tmp_path / "prices.db.version-2").read_text() == "a copy that somebody keeps"
    assert kept.stat().st_mode & 0o777 == 0o640
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert everything(f"sqlite:///{kept}") == rows
    assert sorted(each.name for each in tmp_path.iterdir() if not each.name.endswith(("-wal", "-shm"))) == [
        "prices.db",
        "prices.db.version-2",
        "prices.db.version-2.2",
    ]


@pytest.mark.parametrize("moment", ["in a step", "before the end"])
def test_killed_in_the_middle_it_is_whole_as_it_was(tmp_path: Path, moment: str) -> None:
    url = sqlite_store(tmp_path / "prices.db", "DROP TABLE account")
    before = contents(url)
    script = f"""
import os, signal
from datetime import UTC, datetime
from pricebook.store import upgrade
from pricebook.store.sql import SqlStore
def killed(connection, database):
    connection.execute("ALTER TABLE product ADD COLUMN half TEXT")
    if {moment == "before the end"}:
        for statement in database.stamp(connection, 2):
            connection.execute(statement)
    os.kill(os.getpid(), signal.SIGKILL)
upgrade.STEPS = {{**upgrade.STEPS, {VERSION}: killed}}
SqlStore({url!r}).sign("acme", "prod/1234", datetime(2026, 1, 1, tzinfo=UTC))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert contents(url) == before
    with closing(sqlite3.connect(tmp_path / "prices.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    with closing(SqlStore(url)) as store:
        store.sign("acme", "prod/1234", AT)
    assert contents(url)["account"] == "prod/1234"


def test_a_step_that_fails_leaves_it_as_it_was(earlier: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    url = earlier()
    before = everything(url)

    def failing(connection: Any, database: Any) -> None:
        connection.execute("CREATE TABLE half (id INTEGER)")
        connection.execute("ALTER TABLE product ADD COLUMN half TEXT")
        connection.execute("SELECT * FROM nowhere")

    monkeypatch.setattr("pricebook.store.upgrade.STEPS", {**STEPS, VERSION: failing})
    with closing(SqlStore(url)) as store, pytest.raises(StoreError, match="nowhere"):
        store.sign("acme", "prod/1234", AT)
    monkeypatch.undo()
    assert everything(url) == before
    with closing(SqlStore(url)) as store:
        store.sign("acme", "prod/1234", AT, anew=True)
    assert contents(url)["account"] == "prod/1234"


def test_another_table_raises_the_version() -> None:
    assert set(STEPS) <= set(range(OLDEST + 1, VERSION + 1))
    missing = "an earlier pricebook would write to a store, and copy it, without all of its tables: raise VERSION"
    assert (VERSION, len(tables_of("store")), len(tables_of("journal"))) == (5, 14, 3), missing


@pytest.mark.parametrize(("version", "said"), [(VERSION + 1, "knows up to"), (OLDEST - 1, "upgrades from")])
def test_what_cannot_be_known_is_refused(earlier: Callable[..., str], version: int, said: str) -> None:
    file = "UPDATE pricebook_version SET version = {}", "PRAGMA user_version = {}"
    url = earlier()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(database_path(url))) as connection:
            connection.execute(file[1].format(version))
    else:
        from pricebook.store.database import database_of

        with closing(database_of(url).writer()) as connection:
            connection.execute(file[0].format(version))
            connection.commit()
    with closing(SqlStore(url)) as store:
        for act in (lambda: store.snapshot("acme", AT), lambda: store.sign("acme", "prod/1", AT)):
            with pytest.raises(StoreError, match=f"has tables of version {version}; this pricebook {said}"):
                act()


def test_it_can_be_copied_as_it_stands(earlier: Callable[..., str], tmp_path: Path) -> None:
    url, there = earlier("DROP TABLE account"), f"sqlite:///{tmp_path}/there.db"
    before = contents(url)
    with copier(url, there).locked():
        copier(url, there).run(lambda _: None)
    assert contents(there) == before
    assert copier(url, there).compared() == "same"
