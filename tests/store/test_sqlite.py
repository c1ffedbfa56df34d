"""The embedded database: rules that hold against anybody's SQL, readers beside writers, and errors in words."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from account import (
    ACCOUNT,
    AT,
    CARD,
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
)

from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.rehearse import rehearse
from pricebook.store import sqlite
from pricebook.store.location import database_path, masked
from pricebook.store.sql import SqlStore
from pricebook.store.upgrade import VERSION

LARGE = key(model="large")


@pytest.fixture
def raw(sql: SqlStore, url: str) -> Iterator[sqlite3.Connection]:
    """Somebody's own connection to the store that holds the account, as the sqlite3 shell opens it."""
    fill(sql)
    with closing(sqlite3.connect(database_path(url), isolation_level=None)) as connection:
        yield connection


# --- rules against anybody's SQL --------------------------------------------------------------------------------------

FORBIDDEN = {
    "UPDATE package SET name = 'Other'": "a package cannot be edited, only archived",
    "UPDATE package SET spec = '{}', archived_at = '2025-01-01T00:00:00Z'": "a package cannot be edited, only archived",
    "DELETE FROM package": "a package cannot be deleted, only archived",
    "DELETE FROM product": "a product cannot be deleted, only archived",
    "UPDATE product SET type = 'USAGE' WHERE name = 'Seats'": "the type of a product can never change",
    "UPDATE product SET mark = 'other/product:tokens' WHERE name = 'Tokens'": "the identity of a product cannot change",
    "DELETE FROM rate_timeline": "a rate cannot be deleted, only ended",
    "UPDATE rate_timeline SET key = 'x'": "a rate cannot move to another card or product",
    "INSERT INTO product SELECT 'x', mark, name, digest, spec, created_at, archived_at, type FROM product": (
        "UNIQUE constraint failed: product.mark"
    ),
    "INSERT INTO package (id, uniqueness_key, name, spec, created_at)"
    " SELECT 'x', uniqueness_key, 'Other', spec, created_at FROM package": (
        "UNIQUE constraint failed: package.uniqueness_key"
    ),
    "INSERT INTO product (id, name, spec, created_at, type) VALUES ('x', 'X', '{}', '', 'OTHER')": (
        "CHECK constraint failed: type IN ('FIXED', 'USAGE', 'COMPOSITE', 'SUBSCRIPTION', 'PROFESSIONAL_SERVICE')"
    ),
}


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_sql_that_breaks_a_rule_is_refused(raw: sqlite3.Connection, sql: SqlStore, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError) as refused:
        raw.execute(statement)
    assert str(refused.value) == FORBIDDEN[statement]
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT))


@pytest.mark.parametrize("table", ["billable_metric", "product", "rate_card", "package"])
def test_sql_archives_once_and_never_back(raw: sqlite3.Connection, table: str) -> None:
    raw.execute(f"UPDATE {table} SET archived_at = '2025-01-01T00:00:00Z'")
    for value in ("NULL", "'2026-01-01T00:00:00Z'"):
        with pytest.raises(sqlite3.IntegrityError, match=f"archiving a {table.replace('_', ' ')} cannot be undone"):
            raw.execute(f"UPDATE {table} SET archived_at = {value}")


def test_prices_can_be_queried(raw: sqlite3.Connection, sql: SqlStore) -> None:
    sql.perform("acme", add((LARGE, flat("0.5"), flat("0.00000000013", "2026-01-01T00:00:00Z"))), AT)
    columns = (
        "rate_card, product, billing_frequency, pricing_group_values, starting_at, ending_before, price, credit_type"
    )
    assert raw.execute(f"SELECT {columns} FROM rate ORDER BY product, starting_at").fetchall() == [
        ("List prices", "Seats", "MONTHLY", "{}", "2025-01-01T00:00:00Z", None, "1000", "usd"),
        (
            "List prices",
            "Tokens",
            None,
            '{"model":"large"}',
            "2025-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "0.5",
            "usd",
        ),
        ("List prices", "Tokens", None, '{"model":"large"}', "2026-01-01T00:00:00Z", None, "0.00000000013", "usd"),
    ]


# --- what somebody else changed is seen -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rate_timeline SET schedule = :schedule WHERE key = :key",
        "INSERT OR REPLACE INTO rate_timeline SELECT rate_card_id, key, product_id, :schedule FROM rate_timeline"
        " WHERE key = :key",
        "INSERT INTO rate_timeline SELECT rate_card_id, key, product_id, '' FROM rate_timeline WHERE key = :key"
        " ON CONFLICT DO UPDATE SET schedule = :schedule",
    ],
    ids=["update", "replace", "upsert"],
)
def test_a_rate_that_somebody_else_changed_is_seen(raw: sqlite3.Connection, sql: SqlStore, statement: str) -> None:
    raw.execute(statement, {"schedule": flat("99"), "key": LARGE})
    expected = {LARGE: flat("99"), SEAT_RATE: flat("1000")}
    rates = sql.snapshot("acme", AT).catalog.rates["list"]
    assert (dict(rates.items()), rates.digest, len(rates)) == (expected, RateBook(expected).digest, 2)
    sql.perform("acme", add((LARGE, flat("99"), flat("0.5"))), AT)
    rates = sql.snapshot("acme", AT).catalog.rates["list"]
    expected = {LARGE: flat("0.5"), SEAT_RATE: flat("1000")}
    assert (dict(rates.items()), rates.digest, len(rates)) == (expected, RateBook(expected).digest, 2)
    assert type(rates).__name__ == "StoredRates"


def test_a_noun_that_somebody_else_edited_has_drifted(raw: sqlite3.Connection, sql: SqlStore) -> None:
    raw.execute("UPDATE product SET spec = json_set(spec, '$.name', 'Edited') WHERE name = 'Tokens'")
    snapshot = sql.snapshot("acme", AT)
    assert snapshot.catalog.nouns[TOKENS] == create(TOKENS, name="Edited").noun
    assert snapshot.of(TOKENS).drifted


def test_a_spec_that_cannot_be_read_is_named(raw: sqlite3.Connection, sql: SqlStore, url: str) -> None:
    raw.execute("UPDATE product SET spec = '{' WHERE name = 'Tokens'")
    with pytest.raises(StoreError, match=f"product:tokens in {database_path(url)} is not a product that can be read"):
        sql.snapshot("acme", AT)


def test_other_owners_objects_are_counted_and_left_alone(raw: sqlite3.Connection, sql: SqlStore) -> None:
    sql.perform(
        "acme-2", create(Ref(Kind.PRODUCT, "theirs"), type="FIXED", billable_metric=None, pricing_group_key=()), AT
    )
    raw.execute("INSERT INTO product (id, name, spec, created_at, type) VALUES ('x', 'X', '{}', '', 'FIXED')")
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT)) | {
        "unmanaged": {Kind.PRODUCT: 2}
    }


def test_references_are_kept_as_ids(raw: sqlite3.Connection, sql: SqlStore) -> None:
    ids = sql.snapshot("acme", AT).ids
    spec = raw.execute("SELECT spec ->> '$.rate_card', rate_card_id FROM package").fetchone()
    assert spec == (ids[CARD], ids[CARD])


def test_a_card_shows_its_aliases_as_they_really_are(raw: sqlite3.Connection, sql: SqlStore) -> None:
    sql.perform("acme-2", create(CARD), AT)
    sql.perform("acme-2", repoint([Alias(name="List", starting_at=JAN)], observed=(), observed_order=()), AT)
    left = (Alias(name="List", ending_before=JAN),)
    assert sql.snapshot("acme", AT).catalog.cards["list"].aliases == left
    sql.perform("acme", repoint([Alias(name="List")], observed=left), AT)
    assert sql.snapshot("acme", AT).catalog.cards["list"].aliases == (Alias(name="List"),)


# --- reading beside writing -------------------------------------------------------------------------------------------


def test_reading_creates_nothing(sql: SqlStore, tmp_path: Path) -> None:
    assert comparable(sql.snapshot("acme", AT)) == comparable(Snapshot(AT))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_an_empty_account(sql: SqlStore, url: str) -> None:
    database_path(url).touch()
    assert comparable(sql.snapshot("acme", AT)) == comparable(Snapshot(AT))


def test_a_reader_does_not_wait_for_a_writer(raw: sqlite3.Connection, sql: SqlStore) -> None:
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("UPDATE rate_card SET name = 'half done'")
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT))
    raw.execute("ROLLBACK")


def test_rates_of_a_closed_store_cannot_be_read(sql: SqlStore) -> None:
    fill(sql)
    rates = sql.snapshot("acme", AT).catalog.rates["list"]
    sql.close()
    with pytest.raises(StoreError, match="was closed while something of it was still to be read"):
        dict(rates.items())


def test_a_closed_store_opens_again(sql: SqlStore) -> None:
    ids = fill(sql)
    sql.close()
    assert fill(sql) == ids


def test_who_may_only_read_can_plan(sql: SqlStore, url: str) -> None:
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root can become somebody else")
    fill(sql)
    sql.close()
    path = database_path(url)
    path.chmod(0o644)
    for parent in list(path.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | 0o055)
    reading = f"""
import os, sqlite3
from pathlib import Path
from pricebook.store import sqlite
os.setuid(65534)
connection = sqlite.Sqlite(Path({str(path)!r})).reader("package")
print(connection.execute("SELECT count(*) FROM product").fetchone()[0])
connection.close()
try:
    sqlite.Sqlite(Path({str(path)!r})).writer()
except Exception as error:
    print(type(error).__name__, error)
"""
    assert _python(reading).splitlines() == ["3", f"StoreError {path} is read-only for this user"]


# --- two at once ------------------------------------------------------------------------------------------------------


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=_environment())
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_processes_that_start_at_once_make_one_store(url: str, sql: SqlStore) -> None:
    code = f"""
import sys
import pricebook.store.writing
from account import fill
from pricebook.store.sql import SqlStore
print("ready", flush=True)
sys.stdin.readline()
store = SqlStore({url!r})
print(sorted(fill(store).values()))
store.close()
"""
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=_environment()))
            for _ in range(3)
        ]
        assert [process.stdout and process.stdout.readline() for process in running] == ["ready\n"] * 3
        answers = {process.communicate("\n", timeout=600)[0] for process in running}
    assert answers == {f"{sorted(sql.snapshot('acme', AT).ids.values())}\n"}
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT))


# --- errors in words --------------------------------------------------------------------------------------------------


def _refusal(url: str) -> str:
    with closing(SqlStore(url)) as store, pytest.raises(StoreError) as refused:
        store.snapshot("acme", AT)
    with closing(SqlStore(url)) as store, pytest.raises(StoreError) as again:
        store.perform("acme", create(CARD), AT)
    assert again.value.message == refused.value.message
    return refused.value.message


def test_a_file_that_is_no_database(url: str) -> None:
    path = database_path(url)
    path.write_text("kind: Product\n" * 100)
    assert _refusal(url) == f"{path} is not an SQLite database"


def test_a_database_of_something_else(url: str) -> None:
    path = database_path(url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoices (id)")
    assert _refusal(url) == f"{path} is a database of something else, not a pricebook store"


def test_a_store_of_another_version(sql: SqlStore, url: str) -> None:
    fill(sql)
    sql.close()
    path = database_path(url)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    assert _refusal(url) == f"{path} has tables of version 7; this pricebook knows up to {VERSION}"


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert _refusal(f"sqlite:///{tmp_path}/missing/prices.db") == (
        f"the directory {tmp_path}/missing of the store prices.db does not exist"
    )


def test_a_directory_for_a_file(tmp_path: Path) -> None:
    assert _refusal(f"sqlite:///{tmp_path}") == f"{tmp_path} is a directory, not a database"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://billing:s3cret@db/prices", "postgresql://billing:***@db/prices"),
        ("postgresql+psycopg://billing:s3/c@r:et@db/prices", "postgresql+psycopg://billing:***@db/prices"),
        (
            "postgresql://db/prices?user=x&password=s3cret&sslmode=require",
            "postgresql://db/prices?user=x&password=***&sslmode=require",
        ),
        ("mysql://token@host/db", "mysql://token@host/db"),
    ],
)
def test_a_secret_is_never_shown(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert _refusal(url).startswith(f"{shown} is n")


def test_a_store_that_stays_locked(raw: sqlite3.Connection, url: str) -> None:
    raw.execute("BEGIN IMMEDIATE")
    with closing(SqlStore(url, patience=0.05)) as store, pytest.raises(StoreError) as refused:
        store.perform("acme", revise(CARD, name="Renamed"), AT)
    assert refused.value.message == f"{database_path(url)} is locked by another process, and stayed so"


def test_a_file_that_is_deleted_under_a_store(sql: SqlStore, url: str) -> None:
    fill(sql)
    database_path(url).unlink()
    with pytest.raises(StoreError, match="was moved or deleted while it was in use"):
        sql.perform("acme", revise(CARD, name="Renamed"), AT)


def test_a_full_disk_leaves_nothing_half_written(sql: SqlStore, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(sql)
    sql.close()
    opened = sqlite.Sqlite.writer

    def small(database: sqlite.Sqlite) -> sqlite3.Connection:
        connection = opened(database)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        return connection

    many = add(*((key(model=f"m{n}"), None, flat(str(n))) for n in range(1000)))
    with monkeypatch.context() as patch:
        patch.setattr(sqlite.Sqlite, "writer", small)
        with pytest.raises(StoreError) as refused:
            sql.perform("acme", many, AT)
    assert (refused.value.message, refused.value.hint) == (
        f"the disk of {database_path(url)} is full",
        "free space and run apply again: it continues where it stopped",
    )
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT))
    sql.close()
    sql.perform("acme", many, AT)
    assert len(sql.snapshot("acme", AT).catalog.rates["list"]) == 1002


def test_a_refusal_by_the_database_itself_is_a_refusal(raw: sqlite3.Connection, sql: SqlStore) -> None:
    raw.execute("CREATE TRIGGER audit BEFORE UPDATE ON rate_card BEGIN SELECT RAISE(ABORT, 'books are closed'); END")
    with pytest.raises(StoreRefused, match="refused it: books are closed"):
        sql.perform("acme", revise(CARD, name="Renamed"), AT)
    assert comparable(sql.snapshot("acme", AT)) == comparable(rehearse(Snapshot(AT), ACCOUNT))


def test_a_version_is_taken_by_its_first_content(sql: SqlStore) -> None:
    fill(sql)
    with pytest.raises(StoreRefused) as refused:
        sql.perform("acme", create(STARTER, name="Other"), AT)
    assert refused.value.status == 409
