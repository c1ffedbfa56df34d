"""The journal and its lease: who may apply, who is fenced off, and what is left after a kill -9."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from account import AT, fill

from pricebook.apply.ports import JournalEntry, Lease, LeaseHeld, LeaseLost, State, StoreError
from pricebook.store import process
from pricebook.store.journal import SqlJournal
from pricebook.store.location import database_path
from pricebook.store.sql import SqlStore

ME = f"me@here:{os.getpid()}:a1"
YOU = "you@there:1:b2"
LATER = AT + timedelta(seconds=31)


def entry(step: str, state: State = State.SENT, plan: str = "p1", **fields: str) -> JournalEntry:
    return JournalEntry(plan, step, state, AT, ME, **fields)


def test_entries_are_kept_in_order(journal: SqlJournal) -> None:
    lease = journal.acquire("prod", ME, AT)
    written = [entry("a"), entry("a", State.DONE, remote_id="id-1"), entry("b"), entry("b", State.FAILED, detail="no")]
    journal.record("prod", lease, written[:2])
    journal.record("prod", lease, [*written[2:], entry("c", plan="p2")])
    assert (journal.entries("p1"), journal.entries("p2"), journal.entries("p3")) == (
        written,
        [entry("c", plan="p2")],
        [],
    )


def test_reading_creates_nothing(journal: SqlJournal, tmp_path: Path) -> None:
    assert journal.entries("p1") == []
    assert list(tmp_path.iterdir()) == []


def test_one_applies_at_a_time(journal: SqlJournal) -> None:
    journal.acquire("prod", YOU, AT)
    with pytest.raises(LeaseHeld) as held:
        journal.acquire("prod", ME, AT + timedelta(seconds=29))
    assert (held.value.owner, held.value.since, held.value.expires_at) == (YOU, AT, AT + timedelta(seconds=30))
    assert journal.acquire("staging", ME, AT) == Lease(ME, 1, AT + timedelta(seconds=30))


def test_a_lease_that_ran_out_is_taken_over_and_the_former_owner_fenced_off(journal: SqlJournal) -> None:
    yours = journal.acquire("prod", YOU, AT)
    mine = journal.acquire("prod", ME, LATER)
    assert (yours.token, mine.token) == (1, 2)
    for attempt in (
        lambda: journal.record("prod", yours, [entry("late")]),
        lambda: journal.renew("prod", yours, LATER),
    ):
        with pytest.raises(LeaseLost, match=f"was taken over, by {ME}"):
            attempt()
    journal.release("prod", yours)
    journal.record("prod", mine, [entry("a")])
    assert journal.entries("p1") == [entry("a")]


def test_a_lease_is_renewed_while_nobody_took_it(journal: SqlJournal) -> None:
    lease = journal.renew("prod", journal.acquire("prod", YOU, AT), LATER)
    assert lease == Lease(YOU, 1, LATER + timedelta(seconds=30))
    with pytest.raises(LeaseHeld):
        journal.acquire("prod", ME, LATER)


def test_a_lease_that_was_given_back_is_free_and_its_token_spent(journal: SqlJournal) -> None:
    first = journal.acquire("prod", YOU, AT)
    journal.release("prod", first)
    with pytest.raises(LeaseLost):
        journal.record("prod", first, [entry("late")])
    assert journal.acquire("prod", ME, AT).token == 2


def test_the_time_to_live_is_a_parameter(url: str) -> None:
    with closing(SqlJournal(url, ttl=timedelta(minutes=5))) as journal:
        assert journal.acquire("prod", ME, AT).expires_at == AT + timedelta(minutes=5)


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
        with pytest.raises(LeaseHeld):
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


@pytest.mark.parametrize("how", ["tables", "file"])
def test_a_journal_that_was_deleted_is_made_anew(journal: SqlJournal, sql: SqlStore, url: str, how: str) -> None:
    fill(sql)
    sql.close()
    lease = journal.acquire("prod", ME, AT)
    journal.record("prod", lease, [entry("a")])
    if how == "tables":
        with closing(sqlite3.connect(database_path(url))) as connection:
            connection.executescript("DROP TABLE journal; DROP TABLE lease")
    else:
        for path in database_path(url).parent.iterdir():
            path.unlink()
    assert journal.entries("p1") == []
    with pytest.raises(LeaseLost, match="or it was deleted"):
        journal.record("prod", lease, [entry("b")])
    again = journal.acquire("prod", ME, AT)
    journal.record("prod", again, [entry("c")])
    assert journal.entries("p1") == [entry("c")]


def test_journal_and_store_share_a_file(journal: SqlJournal, sql: SqlStore) -> None:
    lease = journal.acquire("prod", ME, AT)
    assert sql.snapshot("acme", AT).ids == {}
    ids = fill(sql)
    journal.record("prod", lease, [entry("a")])
    assert (sql.snapshot("acme", AT).ids, journal.entries("p1")) == (ids, [entry("a")])


def test_errors_are_in_words(tmp_path: Path) -> None:
    with closing(SqlJournal(f"sqlite:///{tmp_path}/missing/journal.db")) as journal:
        for attempt in (lambda: journal.acquire("prod", ME, AT), lambda: journal.entries("p1")):
            with pytest.raises(StoreError, match="does not exist"):
                attempt()
