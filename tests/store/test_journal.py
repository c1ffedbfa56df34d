"""The journal and its lease: who may apply, who is fenced off, and what is left after a kill -9."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from account import AT, fill

from pricebook.apply.ports import JournalEntry, Lease, LeaseLost, LeaseTaken, Provenance, Run, State, StoreError
from pricebook.store import process
from pricebook.store.journal import SqlJournal
from pricebook.store.location import database_path
from pricebook.store.sql import SqlStore

ME = f"me@here:{os.getpid()}:a1"
YOU = "you@there:1:b2"
LATER = AT + timedelta(seconds=31)


@pytest.fixture
def url(any_url: str) -> str:
    """Every kind of database in turn."""
    return any_url


def entry(step: str, state: State = State.SENT, run: int = 1, **fields: str) -> JournalEntry:
    return JournalEntry(run=run, step=step, state=state, at=AT, owner=ME, **fields)


WHENCE = Provenance("ada", "c" * 40, "main", "a" * 24)
RUN = Run(namespace="acme", environment="prod", plan="a" * 24, as_of=AT, owner=ME, started_at=AT, provenance=WHENCE)


def begin(journal: SqlJournal, environment: str = "prod") -> Lease:
    """The lease of a run that has begun; in an empty journal it is the first."""
    lease = journal.acquire(environment, ME, AT)
    journal.begin(lease, replace(RUN, environment=environment), PLAN)
    return lease


PLAN = '{"a plan": "$5.00 \ud800"}\n'


def test_a_run_is_remembered_with_its_plan_and_how_it_ended(journal: SqlJournal) -> None:
    lease = journal.acquire("prod", ME, AT)
    assert (journal.begin(lease, RUN, PLAN), journal.begin(lease, RUN, "")) == (1, 2)
    journal.finish("prod", lease, 1, LATER, "done")
    ended = replace(RUN, number=1, ended_at=LATER, result="done")
    assert journal.runs("prod") == [ended, replace(RUN, number=2)]
    assert (journal.runs("staging"), journal.plan(1), journal.plan(2), journal.plan(3)) == ([], PLAN, "", "")


def test_entries_are_kept_in_order(journal: SqlJournal) -> None:
    lease = begin(journal)
    journal.begin(lease, RUN, PLAN)
    written = [entry("a"), entry("a", State.DONE, remote_id="id-1"), entry("b"), entry("b", State.FAILED, detail="no")]
    journal.record("prod", lease, written[:2])
    journal.record("prod", lease, [*written[2:], entry("c", run=2)])
    assert (journal.entries(1), journal.entries(2), journal.entries(3)) == (
        written,
        [entry("c", run=2)],
        [],
    )


def test_reading_creates_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with closing(SqlJournal(sqlite_url)) as journal:
        assert journal.entries(1) == []
    assert list(tmp_path.iterdir()) == []


def test_one_applies_at_a_time(journal: SqlJournal) -> None:
    journal.acquire("prod", YOU, AT)
    with pytest.raises(LeaseTaken) as held:
        journal.acquire("prod", ME, AT + timedelta(seconds=29))
    assert (held.value.owner, held.value.since, held.value.expires_at) == (YOU, AT, AT + timedelta(seconds=30))
    assert journal.acquire("staging", ME, AT) == Lease(ME, 1)


def test_a_lease_that_ran_out_is_taken_over_and_the_former_owner_fenced_off(journal: SqlJournal) -> None:
    yours = journal.acquire("prod", YOU, AT)
    mine = journal.acquire("prod", ME, LATER)
    assert (yours.token, mine.token) == (1, 2)
    for attempt in (
        lambda: journal.record("prod", yours, [entry("late")]),
        lambda: journal.renew("prod", yours, LATER),
        lambda: journal.begin(yours, RUN, PLAN),
        lambda: journal.finish("prod", yours, 1, LATER, "done"),
    ):
        with pytest.raises(LeaseLost, match=f"was taken over, by {ME}"):
            attempt()
    journal.release("prod", yours)
    journal.begin(mine, RUN, PLAN)
    journal.record("prod", mine, [entry("a")])
    assert journal.entries(1) == [entry("a")]


def test_a_lease_is_renewed_while_nobody_took_it(journal: SqlJournal) -> None:
    journal.renew("prod", journal.acquire("prod", YOU, AT), LATER)
    with pytest.raises(LeaseTaken) as held:
        journal.acquire("prod", ME, LATER)
    assert held.value.expires_at == LATER + timedelta(seconds=30)


def test_a_lease_that_was_given_back_is_free_and_its_token_spent(journal: SqlJournal) -> None:
    first = journal.acquire("prod", YOU, AT)
    journal.release("prod", first)
    with pytest.raises(LeaseLost):
        journal.record("prod", first, [entry("late")])
    assert journal.acquire("prod", ME, AT).token == 2


def test_the_time_to_live_is_a_parameter(url: str) -> None:
    with closing(SqlJournal(url, ttl=timedelta(minutes=5))) as journal:
        journal.acquire("prod", ME, AT)
        with pytest.raises(LeaseTaken):
            journal.acquire("prod", YOU, AT + timedelta(seconds=299))
        assert journal.acquire("prod", YOU, AT + timedelta(minutes=5)).token == 2


def test_who_holds_the_lease_may_take_it_again(journal: SqlJournal) -> None:
    assert [journal.acquire("prod", ME, AT).token for _ in range(2)] == [1, 2]


HOLDER = """
import os, sys
from account import AT
from pricebook.store.journal import SqlJournal
journal = SqlJournal({url!r})
journal.acquire("prod", f"you@here:{{os.getpid()}}:b2", AT)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("reaped", [True, False], ids=["reaped", "zombie"])
def test_a_holder_that_was_killed_is_taken_over_at_once(journal: SqlJournal, url: str, reaped: bool) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLDER.format(url=url)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LeaseTaken):
            journal.acquire("prod", ME, AT)
        holder.send_signal(signal.SIGKILL)
        if reaped:
            holder.wait()
        else:
            os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        if not reaped and not Path("/proc/self/stat").exists():
            pytest.skip("this system does not tell a zombie from a process")
        assert journal.acquire("prod", ME, AT).token == 2


def test_a_pid_that_was_given_to_another_process_is_not_the_holder() -> None:
    birth = process.birth(ME)
    if birth is None:
        pytest.skip("this system does not tell when a process started")
    namespace, _, started = birth.rpartition(" ")
    assert [
        process.is_gone(ME, birth, ME),
        process.is_gone(ME, f"{namespace} {int(started) - 1}", ME),
        process.is_gone(ME, f"pid:[1] {started}", ME),  # another container's pids
        process.is_gone(ME, None, ME),
        process.is_gone("you@here:4194999:x", None, ME),
        process.is_gone("you@there:4194999:x", None, ME),  # another host
        process.is_gone("somebody", None, ME),
    ] == [False, True, False, False, True, False, False]


@pytest.mark.parametrize("how", ["tables", "database"])
def test_a_journal_that_was_deleted_is_made_anew(
    journal: SqlJournal, sql: SqlStore, url: str, how: str, request: pytest.FixtureRequest
) -> None:
    fill(sql)
    sql.close()
    lease = begin(journal)
    journal.record("prod", lease, [entry("a")])
    dropping = "DROP TABLE journal; DROP TABLE lease; DROP TABLE run"
    if url.startswith("postgres"):
        schema = request.getfixturevalue("schema")
        with closing(request.getfixturevalue("server").connect(schema)) as connection:
            connection.execute(dropping if how == "tables" else f"DROP SCHEMA {schema} CASCADE")
    elif how == "tables":
        with closing(sqlite3.connect(database_path(url))) as connection:
            connection.executescript(dropping)
    else:
        for path in database_path(url).parent.iterdir():
            path.unlink()
    assert journal.entries(1) == []
    with pytest.raises(LeaseLost, match="or it was deleted"):
        journal.record("prod", lease, [entry("b")])
    again = begin(journal)
    journal.record("prod", again, [entry("c")])
    assert journal.entries(1) == [entry("c")]


def test_journal_and_store_share_a_database(journal: SqlJournal, sql: SqlStore) -> None:
    lease = begin(journal)
    assert sql.snapshot("acme", AT).ids == {}
    ids = fill(sql)
    journal.record("prod", lease, [entry("a")])
    assert (sql.snapshot("acme", AT).ids, journal.entries(1)) == (ids, [entry("a")])


def test_errors_are_in_words(tmp_path: Path) -> None:
    with closing(SqlJournal(f"sqlite:///{tmp_path}/missing/journal.db")) as journal:
        for attempt in (lambda: journal.acquire("prod", ME, AT), lambda: journal.entries(1)):
            with pytest.raises(StoreError, match="does not exist"):
                attempt()
