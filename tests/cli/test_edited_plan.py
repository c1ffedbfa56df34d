"""An approved plan file that somebody edited is refused, or the edit changes nothing that is applied."""

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from click.testing import CliRunner

from edits import changed, places
from pricebook import wiring
from pricebook.cli.main import root
from pricebook.policy.sample import SAMPLE

PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments: {local: {store: "sqlite:///pricebook.db"}, other: {store: "sqlite:///other.db"}}
policy: {fail_on: never}
"""
EDITS = (
    ("name: Standard\n", "name: Standard prices\n"),
    ("price: $2.50}", "price: $2.60}"),
    ("initial_quantity: 1\n", "initial_quantity: 2\n"),
    ("spec: {name: Gift, type: FIXED}", "spec: {name: Gift, type: FIXED, tags: [free]}"),
)
NEW = """\
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION}
"""


def pricebook(folder: Path, *args: str) -> Any:
    """One run of the command, in this process and always at the same time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "now", lambda: datetime(2026, 1, 1, tzinfo=UTC))
        return CliRunner().invoke(root, ["-C", str(folder), "--as-of", "2026-01-01", *args])


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, dict[str, Any], str]:
    """A project with changes to come: its folder, its store, the approved plan and its digest."""
    folder = tmp_path_factory.mktemp("approved")
    (folder / "pricebook.yaml").write_text(PROJECT)
    (folder / "catalog.yaml").write_text(SAMPLE)
    assert pricebook(folder, "apply", "--yes", "--allow", "all").exit_code == 0
    text = SAMPLE + NEW
    for old, new in EDITS:
        assert old in text
        text = text.replace(old, new)
    (folder / "catalog.yaml").write_text(text)
    assert pricebook(folder, "plan", "-o", str(folder / "plan.json")).exit_code == 0
    digest = pricebook(folder, "plan", "--digest").output.strip()
    with closing(sqlite3.connect(folder / "pricebook.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder, (folder / "pricebook.db").read_bytes(), json.loads((folder / "plan.json").read_text()), digest


KEY = re.compile(r'"key":"[^"]*",')
"""Our names of terms, which are not sold: a plan is not another one for them."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fresh(folder: Path, store: bytes) -> Path:
    """The project as it was, in a folder of its own."""
    made = Path(mkdtemp(dir=folder))
    for name in ("pricebook.yaml", "catalog.yaml"):
        shutil.copy(folder / name, made / name)
    (made / "pricebook.db").write_bytes(store)
    return made


def holds(folder: Path) -> list[Any]:
    """Everything that the store holds but for the journal, under whatever ids."""
    with closing(sqlite3.connect(folder / "pricebook.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = sorted(set(names) - {"run", "journal", "lease", "plan", "sqlite_sequence"})
        rows = [(name, *map(str, row)) for name in kept for row in connection.execute(f"SELECT * FROM {name}")]
        return sorted(tuple(KEY.sub("", UUID.sub("id", cell)) for cell in row) for row in rows)


def outcome(folder: Path, store: bytes, text: str, digest: str) -> Any:
    """What the store holds after an apply of the text, or the refusal."""
    made = fresh(folder, store)
    (made / "edited.json").write_text(text)
    answer = pricebook(made, "apply", str(made / "edited.json"), "--yes", "--allow", "all", "--expect", digest)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), (answer.exception, text)
    return holds(made), answer.exit_code


@pytest.mark.parametrize("manifests", ["as planned", "changed since"])
def test_an_edit_is_refused_or_without_effect(
    approved: tuple[Path, bytes, dict[str, Any], str], manifests: str
) -> None:
    folder, store, plan, digest = approved
    text = (folder / "catalog.yaml").read_text()
    if manifests == "changed since":
        (folder / "catalog.yaml").write_text(text.replace("metadata: {name: seat}", "metadata: {name: chair}"))
    before = holds(fresh(folder, store))
    meant, code = outcome(folder, store, json.dumps(plan), digest)
    assert code == 0
    assert meant != before
    chance = random.Random(16)
    paths = sorted(places(plan), key=str)
    wrong, refused = [], 0
    for path in chance.sample(paths, 100):
        made = changed(plan, path, chance)
        found, code = outcome(folder, store, json.dumps(made), digest)
        refused += found == before
        if found not in (meant, before) or (found == before) != (code != 0):
            wrong.append((path, code))
    (folder / "catalog.yaml").write_text(text)
    assert wrong == []
    assert refused > 20


def test_it_is_said_what_was_edited(approved: tuple[Path, bytes, dict[str, Any], str]) -> None:
    folder, store, plan, digest = approved
    text = json.dumps(plan).replace('"name": "Standard prices"', '"name": "Standard rates"')
    made = fresh(folder, store)
    (made / "edited.json").write_text(text)
    answer = pricebook(made, "apply", str(made / "edited.json"), "--yes", "--allow", "all", "--expect", digest)
    assert answer.exit_code == 3
    assert 'name is "Standard rates", approved was "Standard prices"' in " ".join(answer.output.split())


def test_a_foreign_plan_is_refused(approved: tuple[Path, bytes, dict[str, Any], str]) -> None:
    folder, store, plan, digest = approved
    for other in ({"environment": "other"}, {"namespace": "globex"}):
        _, code = outcome(folder, store, json.dumps(plan | other), digest)
        assert code == 1


def test_without_an_approval_no_edit_is_applied(approved: tuple[Path, bytes, dict[str, Any], str]) -> None:
    folder, store, _, _ = approved
    text = (folder / "plan.json").read_text()
    before = holds(fresh(folder, store))
    for edited in (
        text.replace('"name":"Standard prices"', '"name":"Standard rates"'),
        json.dumps(json.loads(text)),
        text[: text.index(',"seal"')] + "}",
        text.replace('"seal":"', '"seal":"0'),
    ):
        assert edited != text
        made = fresh(folder, store)
        (made / "edited.json").write_text(edited)
        answer = pricebook(made, "apply", str(made / "edited.json"), "--yes", "--allow", "all")
        assert answer.exit_code == 1
        assert "the plan file is not as it was written" in " ".join(answer.output.split())
        assert holds(made) == before
    made = fresh(folder, store)
    (made / "plan.json").write_text(text)
    assert pricebook(made, "apply", str(made / "plan.json"), "--yes", "--allow", "all").exit_code == 0
