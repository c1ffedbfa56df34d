"""Law 5: kill apply anywhere, run it again, with or without the journal: the same end, every object once, none missing.

Law 10: two appliers at once end as one would. Processes are real and are killed with SIGKILL.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dying import PERFORM, dying, reachable
from pricebook.apply.ports import JournalEntry, Lease
from pricebook.apply.runner import Receipt, run
from pricebook.plan.document import read, write
from pricebook.plan.step import Plan
from pricebook.plan.verb.verb import Verb
from pricebook.project.project import read_project
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from pricebook.workflow.plan import plan

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
FIXED = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: card}
spec:
  name: Card
  aliases: [{name: card}]
  rates:
    - {product: product-0, billing_frequency: MONTHLY, price: $5.00, starting_at: 2026-01-01}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: basic}
spec:
  name: Basic
  aliases: [{name: basic}]
  rate_card_alias: card
  subscriptions:
    - subscription_rate: {product: product-0, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      initial_quantity: 1
      proration: {is_prorated: true}
"""


def project(folder: Path, products: int) -> Path:
    """A project with so many products, a card and a package."""
    (folder / "catalog").mkdir(parents=True)
    (folder / "pricebook.yaml").write_text(PROJECT)
    declared = "".join(
        f"---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {{name: product-{i}}}\n"
        f"spec: {{name: Product {i}, type: SUBSCRIPTION}}\n"
        for i in range(products)
    )
    (folder / "catalog" / "all.yaml").write_text(FIXED + declared)
    return folder


@dataclass
class Killer:
    """A store and a journal that kill their own process when a given boundary between two effects is reached."""

    store: SqlStore
    journal: SqlJournal
    at: int
    boundary: int = 0

    def pass_boundary(self) -> None:
        """One more boundary; the process ends when it is the chosen one."""
        if self.boundary == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.boundary += 1

    def snapshot(self, *asked: Any) -> object:
        """The store's."""
        return self.store.snapshot(*asked)

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """The store's, with a boundary before and one after."""
        self.pass_boundary()
        remote_id = self.store.perform(namespace, change, at, expects)
        self.pass_boundary()
        return remote_id

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        """The journal's, with a boundary before and one after."""
        self.pass_boundary()
        self.journal.record(environment, lease, entries)
        self.pass_boundary()

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)


def url(folder: Path) -> str:
    """The URL of a project's store."""
    return f"sqlite:///{folder / 'pricebook.db'}"


def planned(folder: Path) -> Plan:
    """The plan of a project against its store as it is."""
    with closing(SqlStore(url(folder))) as store:
        return plan(read_project(folder), "local", store, AS_OF)


def apply_in_child(folder: Path, made: Plan, kill_at: int) -> bool:
    """Apply in a forked process that kills itself at a boundary; whether it was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            killer = Killer(SqlStore(url(folder)), SqlJournal(url(folder)), kill_at)
            run(made, killer, killer, owner=owner(), clock=now, tell=lambda _: None)  # type: ignore[arg-type]
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def owner() -> str:
    """This process, as an owner of a lease."""
    return f"test@{os.uname().nodename}:{os.getpid()}:{random.random()}"


def now() -> datetime:
    """The real present, as leases need it."""
    return datetime.now(UTC)


def applied(folder: Path, made: Plan) -> Receipt:
    """Apply to the end, in this process."""
    with closing(SqlStore(url(folder))) as store, closing(SqlJournal(url(folder))) as journal:
        return run(made, store, journal, owner=owner(), clock=now, tell=lambda _: None)


def forget_journal(folder: Path) -> None:
    """Delete the journal and the lock."""
    with closing(sqlite3.connect(folder / "pricebook.db")) as connection, connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in {"journal", "lease"} & set(names):
            connection.execute(f"DROP TABLE {name}")


def contents(folder: Path) -> dict[str, list[str]]:
    """The marks and keys in the store, with repetition."""
    with closing(sqlite3.connect(folder / "pricebook.db")) as connection:
        marks = {
            table: [row[0] for row in connection.execute(f"SELECT mark FROM {table} ORDER BY 1")]
            for table in ("pricing_unit", "billable_metric", "product", "rate_card")
        }
        packages = [row[0] for row in connection.execute("SELECT uniqueness_key FROM package ORDER BY 1")]
        rates = [row[0] for row in connection.execute("SELECT key || schedule FROM rate_timeline ORDER BY 1")]
        return {**marks, "package": packages, "rates": rates}


@pytest.mark.parametrize("journal", ["kept", "deleted"])
def test_killed_at_every_boundary(journal: str, tmp_path: Path) -> None:
    whole = project(tmp_path / "whole", 6)
    assert applied(whole, planned(whole)).complete
    expected = contents(whole)
    boundary, killed = 0, True
    while killed:
        folder = project(tmp_path / f"killed-{boundary}", 6)
        made = planned(folder)
        killed = apply_in_child(folder, made, boundary)
        if journal == "deleted":
            forget_journal(folder)
        # First the reviewed plan again, then a fresh one: both must find their way.
        receipt = applied(folder, read(write(made), "plan.json"))
        assert receipt.complete
        assert planned(folder).steps == ()
        assert contents(folder) == expected
        boundary += 1
    assert boundary == 1 + 6 * len(planned(project(tmp_path / "count", 6)).steps)


PROGRAM = (sys.executable, "-m", "pricebook")


def command(folder: Path, *words: str, program: Iterable[str] = PROGRAM) -> list[str]:
    """A command line of pricebook in a project."""
    return [*program, "-C", str(folder), "--as-of", "2026-01-01", *words]


def test_a_thousand_steps_killed_at_any_moment(tmp_path: Path) -> None:
    folder = project(tmp_path / "big", 1000)
    chance = random.Random(7)
    for _ in range(5):
        numbers = chance.randrange(1, 200), chance.randrange(1, 500)
        line = command(folder, "apply", "--yes", program=dying(PERFORM, *numbers))
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=reachable())
        assert done.returncode == -signal.SIGKILL, done.stderr
    last = subprocess.run(command(folder, "apply", "--yes"), capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    found = contents(folder)
    assert found["product"] == sorted(f"acme/product:product-{i}" for i in range(1000))
    assert len(found["package"]) == len(found["rate_card"]) == len(found["rates"]) == 1
    assert subprocess.run(command(folder, "plan", "--exit-code"), capture_output=True, check=False).returncode == 0


def test_two_appliers_at_once(tmp_path: Path) -> None:
    folder = project(tmp_path / "both", 300)
    children = [
        subprocess.Popen(command(folder, "apply", "--yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [(*child.communicate(), child.returncode) for child in children]
    assert 0 in [status for _, _, status in answers]
    for _, errors, status in answers:
        assert status in (0, 1, 3)
        assert status == 0 or "is applying" in errors or "changed since the plan was made" in errors
    assert contents(folder)["product"] == sorted(f"acme/product:product-{i}" for i in range(300))
    assert subprocess.run(command(folder, "plan", "--exit-code"), capture_output=True, check=False).returncode == 0
