"""What is recalled is what the whole command would say now, whatever happened to project and store meanwhile."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from test_plan import BEFORE, NOW, variations

from pricebook import wiring
from pricebook.apply.runner import run
from pricebook.catalog.catalog import Catalog
from pricebook.cli import remember
from pricebook.cli.main import root
from pricebook.cli.recall import recall
from pricebook.manifest.dump import dump
from pricebook.plan.planner import make_plan
from pricebook.policy.judge import known_ids
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from strategy import catalogs

LEVELS = ", ".join(f"{rule}: warning" for rule in sorted(known_ids()))
PROJECT = (
    'namespace: acme\nenvironments: {local: {store: "sqlite:///prices.db"}, other: {store: "sqlite:///other.db"}}\n'
    f"policy: {{levels: {{{LEVELS}}}}}\n"
)
"""Findings are shown and stop nothing: random catalogues have many."""


@dataclass
class Desk:
    """A project, a clock, and somebody who types commands."""

    folder: Path
    now: datetime = NOW + timedelta(microseconds=1)

    def write(self, files: dict[str, str]) -> None:
        """Put files into the project."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def apply(self, catalog: Catalog, at: datetime, prune: bool = False) -> None:
        """Make the store say what the catalogue says."""
        url = f"sqlite:///{self.folder}/prices.db"
        with closing(SqlStore(url)) as store, closing(SqlJournal(url)) as journal:
            snapshot = store.snapshot("acme", at)
            made = make_plan(catalog, snapshot, namespace="acme", environment="local", as_of=at, prune=prune)
            assert run(made, store, journal, owner="me@here:1:x", clock=lambda: at, tell=lambda _: None).complete

    def sql(self, *statements: str) -> None:
        """Work on the store behind pricebook's back."""
        with closing(sqlite3.connect(self.folder / "prices.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def whole(self, *words: str) -> tuple[int, str]:
        """The exit code and the output of the whole command."""
        sys.argv[1:] = words
        with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
            status = root.main(list(words), prog_name="pricebook", standalone_mode=False)
        assert status or not errors.getvalue()
        return status or 0, output.getvalue()

    def recalled(self, *words: str) -> str | None:
        """What is recalled; never anything but what the whole command says without any memo."""
        found = recall(list(words))
        if found is not None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PRICEBOOK_CACHE", "off")
                assert (0, found) == self.whole(*words)
        return found


@contextmanager
def desk() -> Iterator[Desk]:
    """A new project, in which the commands run."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        made = Desk(Path(name))
        made.write({"pricebook.yaml": PROJECT})
        patch.chdir(made.folder)
        patch.setenv("COLUMNS", "100")
        patch.setenv("PRICEBOOK_CACHE", os.path.join(name, ".cache"))
        patch.setattr(sys, "argv", ["pricebook"])
        patch.setattr(wiring, "now", lambda: made.now)
        patch.setattr(remember, "SETTLED", -1e9)  # as if every file had been there for long
        yield made


FOREIGN = "'f', NULL, 'theirs', NULL, '{}', '2025-01-01T00:00:00Z', NULL"
_CONTRACT = (
    "INSERT INTO contract (id, customer_id, rate_card_id, starting_at, custom_fields)"
    " SELECT 'k', 'c', id, '2025-01-01T00:00:00Z', '{}' FROM rate_card LIMIT 1"
)
STORE: dict[str, tuple[str, ...]] = {
    "renamed": ("UPDATE product SET spec = json_set(spec, '$.name', 'theirs')",),
    "drifted": ("UPDATE product SET digest = 'theirs'",),
    "archived": ("UPDATE product SET archived_at = '2025-01-01T00:00:00Z'",),
    "package archived": ("UPDATE package SET archived_at = '2025-01-01T00:00:00Z'",),
    "foreign object": (f"INSERT INTO billable_metric VALUES ({FOREIGN})",),
    "rates edited": ("UPDATE rate_timeline SET schedule = replace(schedule, ':true', ':false')",),
    "rates touched": ("UPDATE rate_timeline SET schedule = schedule",),
    "aliases": ("UPDATE alias SET withdrawn_at = '2020-01-01T00:00:00Z'",),
    "order": ("UPDATE rate_card SET product_order = '[\"x\"]'",),
    "contracts": (_CONTRACT,),
    "deleted": (),
}
"""What happens to a store."""


def _to_the_store(made: Desk, what: str) -> None:
    made.sql(*STORE[what])
    if what == "deleted":
        for path in made.folder.glob("prices.db*"):
            path.unlink()


def _comment(made: Desk) -> None:
    path = next(made.folder.rglob("*.yaml"))
    path.write_text(path.read_text(encoding="utf-8") + "# a word\n", encoding="utf-8")


def _drop(made: Desk) -> None:
    next(iter(sorted(made.folder.glob("p*/*.yaml"), reverse=True))).unlink()


def _prices(made: Desk) -> None:
    for path in made.folder.glob("rate-cards/*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("entitled: true", "entitled: false"), encoding="utf-8")


FILES: dict[str, Callable[[Desk], None]] = {
    "a comment": _comment,
    "a manifest gone": _drop,
    "prices changed": _prices,
    "another manifest": lambda made: made.write({"more.yaml": "apiVersion: pricebook/v1\nkind: Nonsense\n"}),
    "somebody else's file": lambda made: made.write({"other.yaml": "a: 1\n"}),
    "another project": lambda made: made.write({"pricebook.yaml": PROJECT.replace("acme", "acme2")}),
    "waivers": lambda made: made.write({"waivers.yaml": "waivers: []\n"}),
    "a hidden file": lambda made: made.write({".hidden.yaml": "kind: Nonsense\n"}),
}


ALIKE = {"a while", "contracts", "a hidden file", "nothing"}
"""What an answer does not depend on."""
MAY = {"package archived", "rates edited", "rates touched", "aliases", "order", "prices changed"}
"""What says nothing where there are no packages, rates or aliases."""


@given(st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_recalled_is_what_would_be_said(data: st.DataObject) -> None:
    with desk() as made:
        catalog = data.draw(catalogs(packages=1))
        made.apply(catalog, BEFORE)
        if data.draw(st.booleans()):  # history, ended rates, leftovers, superseded versions
            catalog = data.draw(variations(catalog))
            made.apply(catalog, NOW - timedelta(days=9))
        made.write(dump(catalog))
        if data.draw(st.booleans()):
            made.sql(f"INSERT INTO product VALUES ({FOREIGN}, 'FIXED')")
        asked = [["--as-of", "2025-06-01"], ["--as-of", "2026-01-01T09:30:00Z"], []]
        words = [
            *data.draw(st.sampled_from(asked)),
            *data.draw(st.sampled_from([["--format", "json"], []])),
            *data.draw(st.sampled_from([["plan", "--prune"], ["plan", "--exit-code"], ["plan"]])),
        ]
        status, said = made.whole(*words)
        empty = status == 0 and "Nothing to change" in said
        assert (made.recalled(*words) is not None) == empty
        event("nothing to do" if empty else "something to do: not remembered")
        if empty:
            _happenings(made, words, timedelta(hours=data.draw(st.integers(1, 99_999))))


def _happenings(made: Desk, words: list[str], later: timedelta) -> None:
    """Each thing that can happen, on its own."""
    kept, present = made.folder / ".kept", made.now
    shutil.copytree(made.folder, kept, ignore=shutil.ignore_patterns(".*"))
    passing = {"a while": timedelta(minutes=29), "time": later, "earlier": -timedelta(minutes=1)}
    for what in ("nothing", *passing, *STORE, *FILES):
        made.now = present + passing.get(what, timedelta())
        if what in STORE:
            _to_the_store(made, what)
        elif what in FILES:
            FILES[what](made)
        found = made.recalled(*words)
        if what in ALIKE or (what in passing and "--as-of" in words):
            assert found is not None, what
        elif what not in MAY:
            assert found is None, what
        made.now = present
        for path in made.folder.iterdir():
            if path.suffix == ".yaml" or path.name.startswith("prices.db"):
                path.unlink()
        shutil.copytree(kept, made.folder, dirs_exist_ok=True)
