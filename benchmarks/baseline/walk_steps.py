"""The walk of a plan's steps in process, on a store without anything, with the journal's calls timed apart."""

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pricebook.apply.ports import Journal, JournalEntry, Lease, Run
from pricebook.apply.runner import run
from pricebook.project.project import read_project
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from pricebook.wiring import now
from pricebook.workflow.plan import plan


@dataclass
class Timed:
    """A journal, and how long its calls took."""

    journal: Journal
    cpu: float = 0.0
    wall: float = 0.0

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        """See Journal."""
        return self.journal.acquire(environment, owner, now)  # makes the tables: once, however many steps there are

    def renew(self, environment: str, lease: Lease, now: datetime) -> None:
        """See Journal."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.journal.renew(environment, lease, now)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def release(self, environment: str, lease: Lease) -> None:
        """See Journal."""
        self.journal.release(environment, lease)

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        """See Journal."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.journal.record(environment, lease, entries)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def begin(self, lease: Lease, run: Run, plan: str) -> int:
        """See Journal."""
        return self.journal.begin(lease, run, plan)

    def finish(self, environment: str, lease: Lease, run: int, at: datetime, result: str) -> None:
        """See Journal."""
        self.journal.finish(environment, lease, run, at, result)

    def runs(self, environment: str) -> list[Run]:
        """See Journal."""
        return self.journal.runs(environment)

    def entries(self, run: int) -> list[JournalEntry]:
        """See Journal."""
        return self.journal.entries(run)

    def plan(self, run: int) -> str:
        """See Journal."""
        return self.journal.plan(run)


root = Path(sys.argv[1])
url = f"sqlite:///{root / 'pricebook.db'}"
store, journal = SqlStore(url), Timed(SqlJournal(url))
made = plan(read_project(root), "local", store, now())
start, wall = time.process_time(), time.perf_counter()
receipt = run(made, store, journal, owner="bench@here:1:0", clock=now, tell=lambda _: None)
found = {
    "walk": time.process_time() - start,
    "walk_wall": time.perf_counter() - wall,
    "journal": journal.cpu,
    "journal_wall": journal.wall,
}
assert receipt.complete, receipt.unverified[:3]
sys.stdout.write(json.dumps(found))
