"""Backups that docs/operations.md describes, taken while somebody applies, and restored somewhere else."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from test_crash import PROJECT, now, owner, project

from pricebook.apply.ports import State
from pricebook.apply.runner import run
from pricebook.plan.step import Plan
from pricebook.project.project import Project, read_project
from pricebook.store.journal import SqlJournal
from pricebook.store.location import database_path
from pricebook.store.sql import SqlStore
from pricebook.workflow.plan import plan
from server import PASSWORD, Server

STEPS = 120
_NUMBERS = count(1)


def by_sqlite3(url: str, folder: Path, _: Server) -> str:
    """sqlite3 FILE ".backup COPY"; where the program is not installed, what it calls."""
    copy = folder / "copy.db"
    if shutil.which("sqlite3"):
        subprocess.run(["sqlite3", str(database_path(url)), f".backup {copy}"], check=True)
    else:
        with closing(sqlite3.connect(database_path(url))) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    return f"sqlite:///{copy}"


def by_vacuum(url: str, folder: Path, _: Server) -> str:
    """VACUUM INTO."""
    with closing(sqlite3.connect(database_path(url), timeout=600)) as connection:
        connection.execute("VACUUM INTO ?", (f"{folder}/copy.db",))
    return f"sqlite:///{folder}/copy.db"


def by_pg_dump(url: str, folder: Path, server: Server) -> str:
    """pg_dump of the schema, pg_restore into a new database."""
    schema = url.rpartition("=")[2]
    where = ["--host=127.0.0.1", f"--port={server.port}", "--username=billing"]
    environment = os.environ | {"PGPASSWORD": PASSWORD}
    dump = [server.programs / "pg_dump", *where, "--format=custom", f"--schema={schema}", f"--file={folder}/dump"]
    subprocess.run([*dump, "postgres"], env=environment, check=True)
    with closing(server.connect()) as connection:
        connection.execute(f"CREATE DATABASE restored_{schema}")
    restore = [server.programs / "pg_restore", *where, "--exit-on-error", "--no-owner", f"--dbname=restored_{schema}"]
    subprocess.run([*restore, f"{folder}/dump"], env=environment, check=True)
    return url.replace("/postgres?", f"/restored_{schema}?")


def planned(found: Project, url: str) -> Plan:
    """The plan of a project against a store."""
    with closing(SqlStore(url)) as store:
        return plan(found, "local", store, now())


def apply(found: Project, url: str) -> bool:
    """Apply a project to a store; whether all of it was done. Whoever had the lock must be known to be gone."""
    with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
        made = plan(found, "local", store, now())
        return run(made, store, journal, owner=owner(), clock=now, tell=lambda _: None).complete


@pytest.mark.parametrize("back_up", [by_sqlite3, by_vacuum, by_pg_dump])
def test_a_backup_under_load_is_a_store_that_goes_on(
    back_up: Callable[[str, Path, Server], str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server") if back_up is by_pg_dump else None
    url = server.url(f"backup_{next(_NUMBERS)}") if server else f"sqlite:///{tmp_path}/project/pricebook.db"
    folder = project(tmp_path / "project", STEPS)
    (folder / "pricebook.yaml").write_text(PROJECT.replace("sqlite:///pricebook.db", url))
    found = read_project(folder)
    child = os.fork()
    if child == 0:
        try:
            while apply(found, url):
                time.sleep(0.01)
        finally:
            os._exit(1)
    try:
        with closing(SqlJournal(url)) as journal:
            while len(journal.entries(1)) < 60:
                assert os.waitpid(child, os.WNOHANG) == (0, 0), "it applies"
                time.sleep(0.01)
        restored = back_up(url, tmp_path, server)  # type: ignore[arg-type]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    with closing(SqlJournal(url)) as journal, closing(SqlJournal(restored)) as again:
        kept, whole = again.entries(1), journal.entries(1)
        assert kept == whole[: len(kept)]
        assert len(kept) >= 60
        assert again.plan(1) == journal.plan(1)
        told = {entry.step for entry in kept if entry.state is State.DONE}
    missing = {step.id for step in planned(found, restored).steps}
    assert not missing & told, "the journal tells of something that the backup does not have"
    assert apply(found, restored)  # at once: whoever had the lock has died
    assert planned(found, restored).steps == ()
    with closing(SqlStore(restored)) as store, closing(SqlJournal(restored)) as journal:
        names = [ref.name for ref in store.snapshot("acme", now()).ids if ref.name.startswith("product-")]
        assert sorted(names) == sorted(f"product-{i}" for i in range(STEPS))
        assert journal.runs("local")[-1].result == "done"
        assert journal.runs("local")[-1].number > 1 or not missing


def test_copying_the_file_alone_is_no_backup(tmp_path: Path) -> None:
    """Why the page says so: what was committed last stands in the file beside it."""
    folder = project(tmp_path / "project", 3)
    url = f"sqlite:///{folder}/pricebook.db"
    with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
        made = plan(read_project(folder), "local", store, now())
        assert run(made, store, journal, owner=owner(), clock=now, tell=lambda _: None).complete
        shutil.copy(folder / "pricebook.db", tmp_path / "copy.db")
    assert planned(read_project(folder), f"sqlite:///{tmp_path}/copy.db").steps != ()
