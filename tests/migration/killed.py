"""A migration of many contracts on a sandbox over HTTP, killed again and again, and the account looked at each time.

    PYTHONPATH=tests python tests/migration/killed.py --contracts 100000 --kills 50

The sandbox is a process of its own, `pricebook migrate --apply` is one that gets SIGKILL in a random write. What is
looked at is the account's own file, by SQL and without pricebook's code: at every instant each customer has one
contract, and until the migration is through, at most a second one in the future.
"""

import argparse
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from dying import dying, reachable
from pricebook.sandbox import contract
from pricebook.sandbox.account import SandboxAccount
from pricebook.sandbox.call import Call
from pricebook.sandbox.customer import KIND as CUSTOMER

TRANSITIONS = ("END_AND_PROVISION", "SUPERSEDE")
NAMES = UUID("a5d1b5d0-0000-4000-8000-000000000000")
"""Ids of customers are made from this and their number: the same in every run."""
PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  account: {{store: metronome, base_url: "{url}", requests_per_minute: 1000000, concurrency: {workers}}}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {{name: seat}}
spec: {{name: Seat, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: card}}
spec:
  name: Card
  rates: [{{product: seat, billing_frequency: MONTHLY, price: $5.00, starting_at: {start}}}]
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: starter}}
spec:
  name: Starter v{{version}}
  rate_card: card
  subscriptions:
    - subscription_rate: {{product: seat, billing_frequency: MONTHLY}}
      collection_schedule: ADVANCE
      initial_quantity: {quantity}
      proration: {{is_prorated: true}}
"""
MIGRATION = """\
apiVersion: pricebook/v1
kind: Migration
metadata: {{name: move}}
spec:
  package: starter
  from_versions: [1]
  waves: [{{starting_at: {first}, percentage: 30%}}, {{starting_at: {second}}}]
  transition: {transition}
"""


@dataclass
class Soak:
    """What happened. `looks` are the customers that had a second contract in the future, after each kill."""

    contracts: int
    kills: int = 0
    runs: int = 0
    seconds: float = 0.0
    requests: int = 0
    looks: list[int] = field(default_factory=list)
    receipt: dict[str, object] = field(default_factory=dict)


def soak(root: Path, contracts: int, kills: int, *, transition: str = TRANSITIONS[0], workers: int = 4) -> Soak:
    """Move so many contracts and kill it so often. Raises AssertionError when a customer is worse off for a moment."""
    chance = random.Random(contracts + kills)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start, waves = now - timedelta(days=90), [now + timedelta(days=30), now + timedelta(days=60)]
    account = root / "account.db"
    with _served(account, root) as url:
        write_project(root, url, start, waves, transition, workers)
        _pricebook(root, "apply", "--yes")
        catalog = root / "catalog" / "all.yaml"
        catalog.write_text(CATALOG.format(start=start.date(), quantity=2), encoding="utf-8")
        _pricebook(root, "apply", "--yes", "--allow", "all")
        with closing(SandboxAccount(f"sqlite:///{account}")) as held:
            populate(held, contracts, start)
        _pricebook(root, "migrate", "move", "-o", "plan.jsonl")
        found = Soak(contracts)
        began, log = time.monotonic(), root / "requests.jsonl"
        before = _lines(log)
        writes, end = 0, contracts * (2 if transition == TRANSITIONS[0] else 1)
        while found.kills < kills:
            found.runs += 1
            # Kills are spread over the whole of the work: after each, so many more writes may pass.
            share = (end - writes) / (kills - found.kills)
            if not _killed(root, 1 + int(chance.uniform(0, 0.8) * share), chance.randrange(1, 300)):
                break
            found.kills += 1
            found.looks.append(_look(account, contracts, now))
            writes = _writes(account)
            print(f"kill {found.kills}: {writes:,} of {end:,} writes, {time.monotonic() - began:.0f} s", flush=True)
        found.runs += 1
        found.receipt = json.loads(_pricebook(root, "--format", "json", "migrate", "--apply", "plan.jsonl", "--yes"))
        found.seconds, found.requests = time.monotonic() - began, _lines(log) - before
        assert _look(account, contracts, now) == 0
        assert _writes(account) == end
    return found


def write_project(root: Path, url: str, start: datetime, waves: list[datetime], transition: str, workers: int) -> None:
    """A project whose package has one version; `CATALOG` with another quantity is the second."""
    (root / "catalog").mkdir()
    (root / "pricebook.yaml").write_text(PROJECT.format(url=url, workers=workers), encoding="utf-8")
    (root / "catalog" / "all.yaml").write_text(CATALOG.format(start=start.date(), quantity=1), encoding="utf-8")
    dates = {"first": waves[0].date(), "second": waves[1].date(), "transition": transition}
    (root / "catalog" / "move.yaml").write_text(MIGRATION.format(**dates), encoding="utf-8")


def populate(account: SandboxAccount, contracts: int, start: datetime) -> None:
    """So many customers, each with a contract on the first version, put into an account."""
    with account.transaction(text(start), writes=True) as work:
        ((package,),) = work.rows("SELECT id FROM object WHERE kind = 'package' ORDER BY seq LIMIT 1")
        for number in range(contracts):
            id_ = str(uuid5(NAMES, str(number)))
            work.add(CUSTOMER, {"name": f"customer {number}", "ingest_aliases": []}, id_=id_)
            body = {"customer_id": id_, "package_id": package, "starting_at": text(start)}
            contract.create(Call(work, body))


def _killed(root: Path, write: int, calls: int) -> bool:
    """Run the apply, which is gone so many calls into its write of this number; False when it came to its end."""
    program = dying("pricebook.metronome.client:Client.write", write, calls)
    line = [*program, "--format", "json", "migrate", "--apply", "plan.jsonl", "--yes"]
    done = subprocess.run(line, cwd=root, env=_environment(), capture_output=True, check=False)
    return done.returncode == -signal.SIGKILL


def _writes(account: Path) -> int:
    """How many of the two changes of each contract are there: new contracts, and ends of old ones."""
    return _rows(
        account,
        "SELECT (SELECT count(*) FROM object WHERE kind = 'contract' AND uniqueness_key IS NOT NULL)"
        " + (SELECT count(*) FROM object WHERE kind = 'contract' AND uniqueness_key IS NULL"
        " AND json_extract(body, '$.ending_before') IS NOT NULL)",
    )[0][0]  # type: ignore[no-any-return]


def _look(account: Path, contracts: int, now: datetime) -> int:
    """Each customer's timeline: one contract at every instant, a second one at most in the future. How many have it."""
    lives: dict[str, list[tuple[str, str]]] = {}
    for customer, start, end in _rows(
        account,
        "SELECT parent, json_extract(body, '$.starting_at'), json_extract(body, '$.ending_before') FROM object"
        " WHERE kind = 'contract' AND archived_at IS NULL",
    ):
        lives.setdefault(customer, []).append((start, end or "9999"))
    assert len(lives) == contracts
    doubled = 0
    for customer, spans in lives.items():
        assert len(spans) <= 2, customer
        spans.sort()
        if len(spans) == 2:
            (_, first_end), (second_start, second_end) = spans
            assert second_end == "9999", customer
            assert first_end >= second_start > text(now), f"{customer} is without a contract, or has two now"
            doubled += first_end > second_start
        else:
            assert spans[0][1] == "9999", f"{customer} is without a contract from {spans[0][1]} on"
    return doubled


def _rows(account: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{account}?mode=ro", uri=True, timeout=600)) as connection:
        return connection.execute(sql).fetchall()


@contextmanager
def _served(account: Path, root: Path) -> Iterator[str]:
    """A sandbox over the account's file, in a process of its own."""
    log = root / "requests.jsonl"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pricebook",
            "serve",
            "--port",
            "0",
            "--store",
            f"sqlite:///{account}",
            "--request-log",
            str(log),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                yield found[0]
                return
        raise AssertionError("the sandbox did not start")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _pricebook(root: Path, *argv: str) -> str:
    command = [sys.executable, "-m", "pricebook", *argv]
    done = subprocess.run(command, check=False, cwd=root, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _environment() -> dict[str, str]:
    return {**reachable(), "METRONOME_BEARER_TOKEN": "sandbox", "PYTHONUNBUFFERED": "1"}


def text(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def main() -> None:
    """Run it and say what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--contracts", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--transition", choices=TRANSITIONS, default=TRANSITIONS[0])
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        found = soak(Path(folder), given.contracts, given.kills, transition=given.transition, workers=given.workers)
    print(
        f"{found.contracts:,} contracts, {found.kills} kills, {found.runs} runs, {found.requests:,} requests,"
        f" {found.seconds:.0f} s; {max(found.looks, default=0)} at most had both contracts after a kill, none now"
    )
    print(json.dumps({key: found.receipt[key] for key in ("sound", "counts", "customers", "breaches")}))


if __name__ == "__main__":
    main()
