"""A team at work on one PostgreSQL store: appliers of two hosts and readers, killed at random, the server restarted.

`make soak` runs it for five minutes; `test_soak.py` is the short form. Whatever happens, in the end: every object that
anybody was told about is there once, every state that a reader saw was one that was committed, the journal tells of one
applier at a time, and the next apply succeeds without a person.

Clients are processes that do what `pricebook apply` and `pricebook plan` do, forked so that two cores bear so many; a
host is what the owner of a lease says. The database itself notes each state that is committed, by a trigger.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from importlib import import_module
from multiprocessing import Value
from pathlib import Path
from typing import Any

from pricebook.apply.events import Event, Finished
from pricebook.apply.keys import mark_of
from pricebook.apply.ports import LeaseLost, LeaseTaken, Provenance, StalePlan, StoreError
from pricebook.catalog.rate_book import RateBook
from pricebook.observe.snapshot import Snapshot
from pricebook.project.project import read_project
from pricebook.store.journal import SqlJournal
from pricebook.store.postgres import IDLE_SECONDS
from pricebook.store.sql import SqlStore
from pricebook.workflow.apply import apply
from pricebook.workflow.plan import plan
from server import Server

for _part in ("writer", "writing", "rate_writing", "postgres"):
    import_module(f"pricebook.store.{_part}")  # once, and not by every client that is forked
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = ("alpha", "beta")
PRODUCTS, RATES = 40, 200
SCHEMA = "soak"

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  team: {{store: "{url}"}}
"""
CARD = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: card}}
spec:
  name: Card
  rates:
{rates}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: basic}}
spec:
  name: Basic {era}
  aliases: [{{name: basic}}]
  rate_card: card
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: calls}}
spec: {{name: Calls, aggregation_type: COUNT, event_type_filter: {{in_values: [call]}},
  property_filters: [{{name: model}}],
  group_keys: [[model]]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: usage}}
spec: {{name: Usage, type: USAGE, billable_metric: calls, pricing_group_key: [model]}}
"""
NOTE = """
CREATE SCHEMA noted;
CREATE TABLE noted.state (tx bigint PRIMARY KEY, md5 text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION noted.now_is() RETURNS text LANGUAGE sql AS $$
SELECT md5(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), '')) FROM ({lines}) AS line (line) $$;
CREATE FUNCTION noted.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO noted.state (tx, md5) SELECT txid_current(), noted.now_is()
WHERE NOT EXISTS (SELECT 1 FROM noted.state WHERE tx = txid_current()); RETURN NULL; END $$;
INSERT INTO noted.state (tx, md5) SELECT txid_current(), noted.now_is();
"""
TABLES = ("pricing_unit", "billable_metric", "product", "rate_card", "package")


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def write_catalogue(folder: Path, url: str, n: int) -> None:
    """The n-th state of the prices: every price is n, one product is named for n, a package follows every ten.

    One product is of this state alone (not of the first, which readers plan), so that a later one that prunes has
    something to archive. It may archive nothing that all states declare: archived is for good, and states are applied
    out of their order.
    """
    (folder / "catalog").mkdir(parents=True, exist_ok=True)
    (folder / "pricebook.yaml").write_text(PROJECT.format(url=url))
    rates = "\n".join(
        f"    - {{product: usage, pricing_group_values: {{model: m{i}}}, price: {n + 1}, starting_at: 2026-01-01}}"
        for i in range(RATES)
    )
    named = {f"product-{i}": max(n - (n - i) % PRODUCTS, 0) for i in range(PRODUCTS)}
    if n:
        named[f"passing-{n}"] = n
    products = "".join(
        f"---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {{name: {name}}}\n"
        f"spec: {{name: Product {last}, type: SUBSCRIPTION}}\n"
        for name, last in named.items()
    )
    (folder / "catalog" / "all.yaml").write_text(CARD.format(rates=rates, era=n // 10) + products)


def state_of(snapshot: Snapshot) -> str:
    """What the trigger notes of a state, worked out from what a reader sees, its rates read one by one."""
    lines = [
        f"{mark_of('acme', ref)}={each.marks.content or ''}={'archived' if each.archived else ''}"
        for ref, each in snapshot.objects.items()
    ]
    lines += [
        f"rates of {name}={RateBook(dict(rates.items())).digest}" for name, rates in snapshot.catalog.rates.items()
    ]
    return md5("\n".join(sorted(lines)).encode(), usedforsecurity=False).hexdigest()


class Seen:
    """A store that remembers the last snapshot that was taken of it."""

    def __init__(self, store: SqlStore) -> None:
        self._store, self.last = store, Snapshot(AS_OF)

    def snapshot(self, *asked: Any, **more: Any) -> Snapshot:
        """The store's."""
        self.last = self._store.snapshot(*asked, **more)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@dataclass
class Client:
    """A process of ours: `alpha-0` applies on the host alpha, `reader-3` reads."""

    name: str
    pid: int = 0
    heard: int = 0
    """How long its log was when it was started."""


@dataclass
class Soak:
    """One run of it."""

    server: Server
    folder: Path
    seconds: float
    ttl: timedelta
    readers: int
    appliers: int
    restarts: tuple[int, ...]
    pause: tuple[float, float]
    chance: random.Random
    number: Any = field(default_factory=lambda: Value("i", 0))
    clients: list[Client] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """The store."""
        return self.server.url(SCHEMA)

    def run(self) -> dict[str, Any]:
        """All of it: the work, then the checks; the numbers of it. Raises AssertionError."""
        write_catalogue(self.folder / "final", self.url, 0)
        status, said = self.cli("apply", "--yes")
        assert status == 0, said
        self.note_states()
        names = [f"{host}-{i}" for host in HOSTS for i in range(self.appliers)]
        names += [f"reader-{i}" for i in range(self.readers)]
        self.clients = [Client(name) for name in names]
        try:
            for client in self.clients:
                self.start(client)
            self.disturb()
        finally:
            for client in self.clients:
                os.kill(client.pid, signal.SIGKILL)
                os.waitpid(client.pid, 0)
        return self.judge()

    def start(self, client: Client) -> None:
        """Fork a client; its log goes on where that of its forerunner ended."""
        client.heard = self.heard(client)
        client.pid = os.fork()
        if client.pid == 0:
            with (self.folder / f"{client.name}.log").open("a", buffering=1) as log:
                try:
                    work = self.read if client.name.startswith("reader") else self.apply
                    work(client.name, lambda *words: print(json.dumps(words), file=log))
                except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
                    print(json.dumps(("broken", repr(error))), file=log)
                finally:
                    os._exit(1)

    def heard(self, client: Client) -> int:
        """How long the log of a client is."""
        log = self.folder / f"{client.name}.log"
        return log.stat().st_size if log.exists() else 0

    def disturb(self) -> None:
        """Kill clients at random and restart the server in between, until the time is over and there was enough."""
        started = time.monotonic()
        moments = [(i + 1) * self.seconds / (len(self.restarts) + 1) for i in range(len(self.restarts))]
        due = list(zip(moments, self.restarts, strict=True))
        while (elapsed := time.monotonic() - started) < self.seconds or due or not self.enough():
            if due and elapsed >= due[0][0]:
                self.server.stop(due.pop(0)[1])
                time.sleep(self.chance.uniform(0, 1))
                self.server.start()
                self.counted["restarts"] += 1
            appliers = self.clients[: len(HOSTS) * self.appliers]
            client = self.chance.choice(appliers if self.chance.random() < 0.5 else self.clients)
            if client in appliers and self.heard(client) == client.heard and self.chance.random() < 0.8:
                time.sleep(0.1)  # mostly those are killed who have got somewhere, however slow the machine is
                continue
            os.kill(client.pid, signal.SIGKILL)
            os.waitpid(client.pid, 0)
            self.counted[f"killed {'readers' if client.name.startswith('reader') else 'appliers'}"] += 1
            self.start(client)
            time.sleep(self.chance.uniform(*self.pause))

    def enough(self) -> bool:
        """Whether something has happened that can be judged, however slow the machine is."""
        told = self.told()
        return bool(told["read"] and told["step"] and self.counted["killed appliers"])

    def apply(self, name: str, log: Callable[..., None]) -> None:
        """Apply one state after the other, as CI does for one merge after the other."""
        folder = self.folder / name
        owner = f"ci@{name.partition('-')[0]}:{os.getpid()}:{os.urandom(4).hex()}"
        while True:
            with self.number.get_lock():
                self.number.value += 1
                n = self.number.value
            write_catalogue(folder, self.url, n)
            project = read_project(folder)
            waited, begun = 0.0, time.monotonic()
            while True:
                with closing(SqlStore(self.url)) as store, closing(SqlJournal(self.url, ttl=self.ttl)) as journal:
                    try:
                        made = plan(project, "team", store, AS_OF, prune=n % 3 == 0)

                        def tell(event: Event) -> None:
                            if isinstance(event, Finished) and event.outcome == "done":
                                log("step", event.step.id, type(event.step.change).__name__)
                            elif isinstance(event, Finished):
                                log("step not done", event.step.id, event.outcome, event.detail)

                        receipt = apply(
                            *(made, store, journal), owner=owner, clock=now, tell=tell, provenance=Provenance("soak")
                        )
                    except LeaseTaken as held:
                        waited = time.monotonic() - begun
                        log("held", held.owner)
                        time.sleep(0.1)
                        continue
                    except (StalePlan, LeaseLost, StoreError) as error:
                        log(type(error).__name__, str(error))
                        time.sleep(0.1)
                        break
                log("applied" if receipt.complete else "incomplete", n, round(waited, 2))
                break

    def read(self, name: str, log: Callable[..., None]) -> None:
        """Plan one state after the other, and note what was seen."""
        chance, folder = random.Random(f"{name} {os.getpid()}"), self.folder / name
        write_catalogue(folder, self.url, 0)
        project = read_project(folder)
        while True:
            with closing(SqlStore(self.url)) as store:
                seen = Seen(store)
                try:
                    made = plan(project, "team", seen, AS_OF)  # type: ignore[arg-type]
                    log("read", state_of(seen.last), made.base == seen.last.digest)
                except StoreError as error:
                    log("unread", str(error))
            time.sleep(chance.uniform(0.5, 2))

    def note_states(self) -> None:
        """Let the database note each state that is committed."""
        lines = " UNION ALL ".join(
            [
                f"SELECT mark || '=' || coalesce(digest, '') || '='"
                f" || CASE WHEN archived_at IS NULL THEN '' ELSE 'archived' END FROM {SCHEMA}.{table}"
                for table in TABLES
            ]
            + [
                "SELECT 'rates of ' || substr(mark, length('acme/rate-card:') + 1) || '=' || rates_digest"
                f" FROM {SCHEMA}.rate_card WHERE rates_count > 0"
            ]
        )
        with closing(self.server.connect(SCHEMA)) as connection:
            connection.execute(NOTE.replace("{lines}", lines))
            for table in (*TABLES, "rate_timeline"):
                connection.execute(
                    f"CREATE CONSTRAINT TRIGGER noted AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED"
                    " FOR EACH ROW EXECUTE FUNCTION noted.note()"
                )

    def cli(self, *words: str) -> tuple[int, str]:
        """A real command, on the last state."""
        line = [sys.executable, "-m", "pricebook", "-C", str(self.folder / "final"), "--as-of", "2026-01-01", *words]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def judge(self) -> dict[str, Any]:
        """Everything that must hold now."""
        told = self.told()
        last = self.number.value + 1
        write_catalogue(self.folder / "final", self.url, last)
        begun = time.monotonic()
        while "is applying" in (answer := self.cli("apply", "--yes", "--allow", "all", "--prune"))[1]:
            assert time.monotonic() - begun < self.ttl.total_seconds() + 1800, answer[1]  # it hangs
            time.sleep(0.2)
        waited = time.monotonic() - begun
        assert answer[0] == 0, answer[1]
        answer = self.cli("plan", "--exit-code")
        assert answer[0] == 0, answer[1]
        assert not told.get("broken"), told["broken"][:3]
        assert told["read"]
        assert told["step"]
        with closing(self.server.connect(SCHEMA)) as connection:

            def rows(sql: str) -> list[Any]:
                return [row[0] if len(row) == 1 else row for row in connection.execute(sql).fetchall()]

            states = set(rows("SELECT md5 FROM noted.state"))
            strange = [md5_ for kind, md5_, same in told["read"] if md5_ not in states or not same]
            assert not strange, f"{len(strange)} of {len(told['read'])} readings saw what never was"
            marks = [mark for table in TABLES for mark in rows(f"SELECT mark FROM {table}")]
            assert len(marks) == len(set(marks))
            wanted = {f"acme/product:product-{i}" for i in range(PRODUCTS)}
            assert wanted <= set(marks)
            lost = wanted & set(rows(f"SELECT mark FROM {SCHEMA}.product WHERE archived_at IS NOT NULL"))
            assert not lost
            versions = sorted(int(mark.rpartition("@")[2]) for mark in marks if mark.startswith("acme/package:"))
            assert versions == list(range(1, len(versions) + 1))
            made = {f"acme/{step}" for _, step, what in told["step"] if what in ("Create", "Supersede")}
            assert made <= set(marks), "somebody was told of an object that is not there"
            assert not rows("SELECT rate_card_id, key FROM rate_timeline GROUP BY 1, 2 HAVING count(*) > 1")
            assert rows("SELECT DISTINCT rates_digest IS NULL FROM rate_card") == [False]
            tokens = rows("SELECT token FROM journal ORDER BY seq")
            assert tokens == sorted(tokens), "somebody wrote after they had been fenced off"
            assert not rows(
                "SELECT run, step FROM journal GROUP BY run, step"
                " HAVING count(*) FILTER (WHERE state = 'sent') <> 1 OR count(*) > 2 OR min(seq) <> min(seq) FILTER"
                " (WHERE state = 'sent')"
            )
            assert not rows(
                "SELECT number FROM run WHERE number NOT IN (SELECT run FROM journal) AND result <> 'done'"
                " AND ended_at IS NOT NULL"
            )
            idle, begun = "state LIKE 'idle in transaction%'", time.monotonic()
            while rows(f"SELECT pid FROM pg_stat_activity WHERE {idle}"):
                assert time.monotonic() - begun < IDLE_SECONDS / 2, "somebody who was killed keeps a transaction"
                time.sleep(0.2)
            numbers = {
                "states": len(states),
                "runs": rows("SELECT count(*) FROM run")[0],
                "runs that were interrupted": rows("SELECT count(*) FROM run WHERE ended_at IS NULL")[0],
                "journal entries": len(tokens),
                "package versions": len(versions),
            }
        return numbers | self.counted | self.numbers(told) | {"last apply waited, s": round(waited, 1)}

    def told(self) -> dict[str, list[Any]]:
        """What the clients noted, by kind. A last line may be cut off by a kill."""
        found: dict[str, list[Any]] = {"read": [], "step": [], "applied": []}
        for log in self.folder.glob("*.log"):
            for line in log.read_text().splitlines():
                try:
                    words = json.loads(line)
                except ValueError:
                    continue
                found.setdefault(words[0], []).append(words)
        return found

    @staticmethod
    def numbers(told: dict[str, list[Any]]) -> dict[str, Any]:
        """How often what was told, and the longest wait for the lock."""
        found: dict[str, Any] = {kind: len(lines) for kind, lines in sorted(told.items())}
        return found | {"longest wait for the lock, s": max((words[2] for words in told["applied"]), default=0)}


def soak(server: Server, folder: Path, seconds: float, **options: Any) -> dict[str, Any]:
    """Run it against a server; the numbers."""
    settings: dict[str, Any] = {
        "ttl": timedelta(seconds=30),
        "readers": 20,
        "appliers": 2,
        "restarts": (signal.SIGQUIT, signal.SIGINT),
        "pause": (1, 8),
        "chance": random.Random(7),
    }
    return Soak(server, folder, seconds, **settings | options).run()


def main() -> None:
    """`make soak`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = soak(server, Path(folder), options.seconds, chance=random.Random(options.seed))
    finally:
        server.end()
    for name, value in found.items():
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
