"""The store on a server: rules against anybody's SQL, restarts, locks, and errors in words without secrets."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from account import AT, CARD, JAN, SEAT_RATE, STARTER, TOKENS, add, comparable, create, fill, flat, key, repoint, revise

from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.catalog.model import Alias
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.verb.table import Adopt, Release
from pricebook.store import postgres as postgres_module
from pricebook.store.journal import SqlJournal
from pricebook.store.postgres import Postgres
from pricebook.store.sql import SqlStore
from server import PASSWORD, Server

LARGE = key(model="large")


@pytest.fixture
def raw(postgres: SqlStore, server: Server, schema: str) -> Iterator[Any]:
    """Somebody's own connection to the store that holds the account."""
    fill(postgres)
    with closing(server.connect(schema)) as connection:
        yield connection


def refusal(store: SqlStore) -> str:
    """What a snapshot and a write are refused with; no secret is in it."""
    with pytest.raises(StoreError) as found:
        store.snapshot("acme", AT)
    with pytest.raises(StoreError) as again:
        store.perform("acme", create(TOKENS), AT)
    said = f"{found.value.message} ({found.value.hint})"
    assert again.value.message == found.value.message
    assert PASSWORD not in said
    return said


# --- rules against anybody's SQL --------------------------------------------------------------------------------------

FORBIDDEN = {
    "UPDATE package SET name = 'Other'": "a package cannot be edited, only archived",
    "UPDATE package SET spec = '{}', archived_at = '2025-01-01T00:00:00Z'": "a package cannot be edited, only archived",
    "DELETE FROM package": "a package cannot be deleted, only archived",
    "DELETE FROM product": "a product cannot be deleted, only archived",
    "DELETE FROM contract": None,
    "TRUNCATE rate_timeline": "rate timelines cannot be deleted",
    "TRUNCATE product CASCADE": "cannot be deleted",
    "UPDATE product SET type = 'USAGE' WHERE name = 'Seats'": "the type of a product can never change",
    "UPDATE product SET mark = 'other/product:tokens' WHERE name = 'Tokens'": "the identity of a product cannot change",
    "DELETE FROM rate_timeline": "a rate cannot be deleted, only ended",
    "UPDATE rate_timeline SET key = 'x'": "a rate cannot move to another card or product",
    "INSERT INTO product (id, mark, name, spec, created_at, type)"
    " SELECT 'x', mark, name, spec, '', type FROM product": (
        'duplicate key value violates unique constraint "product_mark_key"'
    ),
    "INSERT INTO product (id, name, spec, created_at, type) VALUES ('x', 'X', '{}', '', 'OTHER')": (
        'new row for relation "product" violates check constraint "product_type_check"'
    ),
}


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_sql_that_breaks_a_rule_is_refused(raw: Any, postgres: SqlStore, statement: str) -> None:
    before, said = comparable(postgres.snapshot("acme", AT)), FORBIDDEN[statement]
    if said is None:  # there is none to delete
        raw.execute(statement)
    else:
        with pytest.raises(postgres_module._driver().IntegrityError, match=said.replace("(", r"\(")):
            raw.execute(statement)
    assert comparable(postgres.snapshot("acme", AT)) == before


def test_sql_archives_once_and_never_back(raw: Any) -> None:
    raw.execute("UPDATE product SET archived_at = '2025-01-01T00:00:00Z'")
    with pytest.raises(postgres_module._driver().IntegrityError, match="archiving a product cannot be undone"):
        raw.execute("UPDATE product SET archived_at = NULL")


def test_prices_can_be_queried(raw: Any, postgres: SqlStore) -> None:
    postgres.perform("acme", add((key(model="tiny"), None, flat("0.00000000013", end="2026-01-01T00:00:00Z"))), AT)
    rows = raw.execute(
        "SELECT rate_card, product, billing_frequency, pricing_group_values, starting_at, ending_before, rate_type,"
        " price, credit_type, entitled FROM rate ORDER BY product, price"
    ).fetchall()
    start = "2025-01-01T00:00:00Z"
    assert rows == [
        ("List prices", "Seats", "MONTHLY", "{}", start, None, "FLAT", "1000", "usd", True),
        *(
            ("List prices", "Tokens", None, f'{{"model":"{model}"}}', start, end, "FLAT", price, "usd", True)
            for model, price, end in (
                ("tiny", "0.00000000013", "2026-01-01T00:00:00Z"),
                ("large", "0.5", None),
            )
        ),
    ]


def test_a_rate_that_somebody_else_changed_is_seen(raw: Any, postgres: SqlStore) -> None:
    raw.execute("UPDATE rate_timeline SET schedule = %s WHERE key = %s", (flat("7"), LARGE))
    snapshot = postgres.snapshot("acme", AT)
    rates = snapshot.catalog.rates["list"]
    assert rates.get(LARGE) == flat("7")
    assert rates.digest == RateBook(dict(rates.items())).digest
    postgres.perform("acme", add((SEAT_RATE, flat("1000"), flat("2000"))), AT)
    settled = postgres.snapshot("acme", AT).catalog.rates["list"]
    assert settled.digest == RateBook({LARGE: flat("7"), SEAT_RATE: flat("2000")}).digest


def test_every_text_compares_by_code_point(raw: Any, schema: str) -> None:
    found = raw.execute(
        "SELECT count(*), count(*) FILTER (WHERE collation_name IS DISTINCT FROM 'C') FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = %s AND data_type = 'text' AND table_type = 'BASE TABLE'",
        (schema,),
    ).fetchone()
    assert found[0] > 50
    assert found[1] == 0


# --- beside others ----------------------------------------------------------------------------------------------------


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_state(raw: Any, postgres: SqlStore) -> None:
    lazy = postgres.snapshot("acme", AT)
    with raw.transaction():
        raw.execute("LOCK TABLE rate_timeline, product IN EXCLUSIVE MODE")
        assert set(postgres.snapshot("acme", AT).ids) == set(lazy.ids)
    postgres.perform("acme", add((SEAT_RATE, flat("1000"), flat("9"))), AT)
    assert lazy.catalog.rates["list"].get(SEAT_RATE) == flat("1000")


def test_a_store_that_stays_locked(server: Server, schema: str, raw: Any) -> None:
    with raw.transaction(), closing(SqlStore(server.url(schema), patience=0.1)) as impatient:
        raw.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"pricebook {schema}",))
        with pytest.raises(StoreError, match="is locked by another session"):
            impatient.perform("acme", revise(TOKENS, name="Other"), AT)


def test_sessions_that_were_ended_are_opened_again(server: Server, schema: str, raw: Any, postgres: SqlStore) -> None:
    with closing(SqlJournal(server.url(schema))) as journal:
        lease = journal.acquire("prod", "me@here:1:x", AT)
        raw.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        journal.renew("prod", lease, AT)
        postgres.perform("acme", revise(TOKENS, name="Other"), AT)
    assert postgres.snapshot("acme", AT).catalog.nouns[TOKENS].name == "Other"  # type: ignore[attr-defined]


def test_rates_of_a_session_that_was_ended_cannot_be_read(raw: Any, postgres: SqlStore) -> None:
    rates = postgres.snapshot("acme", AT).catalog.rates["list"]
    raw.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with pytest.raises(StoreError, match=r"shutting down|lost|cannot be"):
        dict(rates.items())


def test_who_may_only_read_can_plan(raw: Any, server: Server, schema: str) -> None:
    raw.execute(f"CREATE ROLE reader_{schema} LOGIN PASSWORD '{PASSWORD}'")
    raw.execute(f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}")
    raw.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}")
    url = server.url(schema).replace("billing", f"reader_{schema}")
    with closing(SqlStore(url)) as store:
        assert STARTER in store.snapshot("acme", AT).ids
        with pytest.raises(StoreError, match="no permission in"):
            store.perform("acme", revise(TOKENS, name="Other"), AT)


# --- what is not there, or not right ----------------------------------------------------------------------------------


def test_who_may_apply_can_adopt_rename_and_let_go(raw: Any, server: Server, schema: str, postgres: SqlStore) -> None:
    raw.execute(f"CREATE ROLE applies_{schema} LOGIN PASSWORD '{PASSWORD}'")
    raw.execute(f"GRANT USAGE ON SCHEMA {schema} TO applies_{schema}")
    raw.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {schema} TO applies_{schema}")
    held = postgres.snapshot("acme", AT)
    words, noun = Ref(Kind.PRODUCT, "words"), held.catalog.nouns[TOKENS]
    with closing(SqlStore(server.url(schema).replace("//billing:", f"//applies_{schema}:"))) as applies:
        applies.perform("acme", Adopt(words, held.ids[TOKENS], noun, "", was=TOKENS), AT)
        applies.perform("acme", Release(CARD), AT)
        prices = Ref(Kind.RATE_CARD, "prices")
        applies.perform("acme", Adopt(prices, held.ids[CARD], held.catalog.nouns[CARD], "digest"), AT)
        snapshot = applies.snapshot("acme", AT)
        assert (snapshot.ids[words], snapshot.ids[prices]) == (held.ids[TOKENS], held.ids[CARD])
        assert key("words", model="large") in dict(snapshot.catalog.rates["prices"].items())
    for statement, why in FORBIDDEN.items():  # the rules stand again
        if why is not None and ("mark" in statement or "key" in statement) and statement.startswith("UPDATE"):
            with pytest.raises(Exception, match=why):
                raw.execute(statement.replace("'Tokens'", "'Seats'"))


def test_reading_creates_nothing(postgres: SqlStore, server: Server, schema: str) -> None:
    assert postgres.snapshot("acme", AT).ids == {}
    with closing(server.connect()) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    assert found is None


def test_a_server_that_is_not_there(unused: int) -> None:
    url = f"postgresql+psycopg://billing:{PASSWORD}@127.0.0.1:{unused}/prices"
    assert f"postgresql+psycopg://billing:***@127.0.0.1:{unused}/prices cannot be reached" in refusal(SqlStore(url))
    with closing(SqlJournal(url)) as journal, pytest.raises(StoreError, match="cannot be reached"):
        journal.acquire("prod", "me@here:1:x", AT)


@pytest.fixture
def unused() -> int:
    """A port on which nobody listens."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def test_a_wrong_password_is_not_shown(server: Server, schema: str) -> None:
    said = refusal(SqlStore(server.url(schema, "open-" + PASSWORD)))
    assert "password authentication failed" in said
    assert "PGPASSWORD" in said


def test_a_database_that_is_not_there(server: Server, schema: str) -> None:
    said = refusal(SqlStore(server.url(schema).replace("/postgres?", "/none?")))
    assert 'database "none" does not exist' in said


def test_the_password_may_come_from_the_environment(
    server: Server, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url_without_password(schema)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    assert "no password supplied" in refusal(SqlStore(url))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert SqlStore(url).snapshot("acme", AT).ids == {}
    monkeypatch.delenv("PGPASSWORD")
    named = f"{url}&password_env=BILLING_PASSWORD"
    assert "takes its password from BILLING_PASSWORD, which is not set" in refusal(SqlStore(named))
    monkeypatch.setenv("BILLING_PASSWORD", PASSWORD)
    assert SqlStore(named).snapshot("acme", AT).ids == {}
    assert PASSWORD not in repr(Postgres.of(named, 1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?schema=Robert');", "a schema is a-z, 0-9 and _"),
        ("?schema=", "a schema is a-z, 0-9 and _"),
        ("?options=-cx", "has options that are not known: options"),
        ("?password=s3cret", "has options that are not known: password"),
        ("?x", "is no address of a database"),
    ],
)
def test_a_url_that_cannot_be_meant(options: str, said: str) -> None:
    found = refusal(SqlStore(f"postgresql+psycopg://billing:{PASSWORD}@db/prices{options}"))
    assert said in found
    assert "s3cret" not in found


def test_a_schema_of_something_else(server: Server, schema: str, postgres: SqlStore) -> None:
    with closing(server.connect()) as connection:
        connection.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.product (id integer)")
    with pytest.raises(StoreError, match=f"the schema {schema} of .* holds something else"):
        postgres.perform("acme", create(TOKENS), AT)
    assert postgres.snapshot("acme", AT).ids == {}


def test_tables_of_another_version(raw: Any, postgres: SqlStore, server: Server, schema: str) -> None:
    raw.execute("UPDATE pricebook_version SET version = 99")
    assert "has tables of version 99; this pricebook knows" in refusal(SqlStore(server.url(schema)))


def test_what_the_server_cannot_keep_is_refused_in_words(postgres: SqlStore) -> None:
    fill(postgres)
    before = comparable(postgres.snapshot("acme", AT))
    with pytest.raises(StoreRefused, match="cannot keep it"):
        postgres.perform("acme", repoint([Alias(name="a\0b")]), AT)
    assert comparable(postgres.snapshot("acme", AT)) == before


def test_without_the_driver_it_is_said_what_to_install(server: Server, schema: str) -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from datetime import datetime; from pricebook.apply.ports import StoreError\n"
        "from pricebook.store.sql import SqlStore\n"
        f"try: SqlStore({server.url(schema)!r}).snapshot('acme', datetime(2026, 1, 1))\n"
        "except StoreError as error: print(error.message, '|', error.hint)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "PostgreSQL needs psycopg | pip install 'pricebook[postgres]'\n"


def test_stores_of_two_schemas_do_not_know_each_other(raw: Any, server: Server, schema: str) -> None:
    with closing(SqlStore(server.url(f"{schema}_other"))) as other:
        assert other.snapshot("acme", AT).ids == {}
        fill(other)
        other.perform("acme", repoint([Alias(name="Other", starting_at=JAN)]), AT)
        assert CARD in other.snapshot("acme", AT).ids
    assert raw.execute("SELECT name FROM alias WHERE kind = 'rate-card'").fetchall() == [("List",)]
