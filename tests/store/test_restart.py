"""A server that goes away and comes back, and answers that are lost: nothing is done twice, and nobody has to look."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Timer

import pytest
from account import ACCOUNT, AT, CARD, CREDIT, STARTER, TOKENS, comparable, create, fill, repoint, revise
from severed import Severed, severed

from pricebook.apply.ports import JournalEntry, LeaseTaken, Run, State, StoreError
from pricebook.catalog.model import Alias
from pricebook.plan.verb.release import Release
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from server import Server

ME = f"me@here:{os.getpid()}:a1"
RUN = Run(namespace="acme", environment="prod", plan="a" * 24, as_of=AT, owner=ME, started_at=AT)


@pytest.fixture
def port(server: Server) -> Iterator[Severed]:
    """A way to the server that can be cut."""
    with severed(server.port) as made:
        yield made


def through(server: Server, port: Severed, schema: str) -> str:
    """The URL of a store that is reached that way."""
    return server.url(schema).replace(f":{server.port}/", f":{port.port}/") + "&sslmode=disable&gssencmode=disable"


def test_a_change_whose_answer_was_lost_is_looked_for(server: Server, schema: str, port: Severed) -> None:
    with closing(SqlStore(through(server, port, schema))) as store, closing(SqlStore(server.url(schema))) as witness:
        store.perform("acme", ACCOUNT[0], AT)
        for change in (*ACCOUNT[1:], revise(TOKENS, name="Other"), repoint([Alias(name="New")])):
            port.cuts = 1
            id_ = store.perform("acme", change, AT)
            assert port.cuts == 0
            assert witness.snapshot("acme", AT).ids[change.ref] == id_
        once = comparable(witness.snapshot("acme", AT))
        port.cuts = 1
        id_ = store.perform("acme", Release(CREDIT), AT)
        assert [each.id for each in witness.snapshot("acme", AT).foreign] == [id_]
    with closing(SqlStore(server.url(f"{schema}_whole"))) as whole:
        fill(whole)
        whole.perform("acme", revise(TOKENS, name="Other"), AT)
        whole.perform("acme", repoint([Alias(name="New")]), AT)
        assert once == comparable(whole.snapshot("acme", AT))


def test_what_the_journal_was_told_stands_there_once(server: Server, schema: str, port: Severed) -> None:
    with closing(SqlJournal(through(server, port, schema))) as journal:
        journal.release("prod", journal.acquire("prod", ME, AT))
        port.cuts = 1
        lease = journal.acquire("prod", ME, AT)
        port.cuts = 1
        number = journal.begin(lease, RUN, "{}")
        entries = [
            JournalEntry(run=number, step="a", state=state, at=AT, owner=ME) for state in (State.SENT, State.DONE)
        ]
        for entry in entries:
            port.cuts = 1
            journal.record("prod", lease, [entry])
        port.cuts = 1
        journal.renew("prod", lease, AT)
        port.cuts = 1
        journal.finish("prod", lease, number, AT, "done")
        assert journal.entries(number) == entries
        assert journal.runs("prod") == [replace(RUN, number=number, ended_at=AT, result="done")]
        port.cuts = 1
        journal.release("prod", lease)
        assert port.cuts == 0
        assert journal.acquire("prod", "you@there:1:x", AT).token > lease.token


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_a_restart_is_waited_for(server: Server, schema: str, how: int) -> None:
    url = server.url(schema)
    with closing(SqlStore(url, patience=600)) as store, closing(SqlJournal(url, patience=600)) as journal:
        fill(store)
        lease = journal.acquire("prod", ME, AT)
        server.stop(how)
        comes_back = Timer(0.7, server.start)
        comes_back.start()
        try:
            store.perform("acme", revise(TOKENS, name="Other"), AT)
            number = journal.begin(lease, RUN, "{}")
            assert STARTER in store.snapshot("acme", AT).ids
        finally:
            comes_back.join()
        assert [run.number for run in journal.runs("prod")] == [number]


def test_a_server_that_stays_away_is_given_up(server: Server, schema: str) -> None:
    with closing(SqlStore(server.url(schema), patience=0.3)) as store:
        fill(store)
        server.stop()
        try:
            with pytest.raises(StoreError, match="cannot be reached"):
                store.perform("acme", revise(TOKENS, name="Other"), AT)
        finally:
            server.start()
        store.perform("acme", revise(TOKENS, name="Other"), AT)


def test_nobody_rests_for_good_in_a_transaction(server: Server, schema: str) -> None:
    """What the server is told of every session: it ends one that rests, and one whose machine has gone."""
    with closing(SqlStore(server.url(schema))) as store:
        fill(store)
        rates = store.snapshot("acme", AT).catalog.rates["list"]  # a reader that rests
        with closing(server.connect(schema)) as connection:
            resting = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'"
            ).fetchall()
            assert len(resting) == 1
        assert len(dict(rates.items())) == 2
        reader = store._writer.database.reader("package")
        with closing(reader):
            shown = [
                reader.execute(f"SHOW {name}").fetchone()[0]
                for name in ("idle_in_transaction_session_timeout", "tcp_keepalives_idle", "tcp_keepalives_count")
            ]
    assert shown == ["5min", "10", "3"]


def test_a_lock_that_was_stopped_in_the_middle_is_given_to_others(server: Server, schema: str) -> None:
    """The writers' lock ends with the session, which the server ends: nobody has to."""
    with closing(SqlStore(server.url(schema))) as store:
        fill(store)
        stopped = store._writer.database.writer()
        store._writer.database.begin(stopped)
        stopped.execute("SET idle_in_transaction_session_timeout = 300")  # five minutes otherwise; and nothing more
        store.perform("acme", revise(TOKENS, name="Other"), AT)
        with pytest.raises(Exception, match="idle-in-transaction timeout") as found:
            stopped.execute("SELECT 1")
        said = store._writer.database.explained(found.value)
        assert "ended a transaction that rested for too long" in said.message
        stopped.close()


def test_a_reader_keeps_nobody_from_writing_and_from_making_tables(server: Server, schema: str) -> None:
    with closing(SqlStore(server.url(schema))) as store, closing(SqlJournal(server.url(schema))) as journal:
        fill(store)
        held = store.snapshot("acme", AT)  # its rates are still to be read
        store.perform("acme", create(CARD), AT)
        journal.acquire("prod", ME, AT)  # makes tables
        with pytest.raises(LeaseTaken):
            journal.acquire("prod", "you@there:1:x", AT + timedelta(seconds=1))
        assert len(dict(held.catalog.rates["list"].items())) == 2


def test_a_pooler_that_drops_the_settings_is_refused(server: Server, schema: str) -> None:
    """pgbouncer may be told to; then the tables of somebody else would be taken for ours."""
    with closing(SqlStore(server.url(schema))) as store:
        fill(store)
        with closing(server.connect("public")) as connection, pytest.raises(StoreError, match="search_path is public"):
            store._writer.database.tables(connection, ("package",))
