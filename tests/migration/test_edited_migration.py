"""The plan file of a migration, edited or overtaken: what nobody approved is found out anew, or refused."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edits import changed, places
from pricebook.cli.main import root
from pricebook.plan import document
from pricebook.store.sql import SqlStore
from pricebook.workflow.apply import read_plan

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
START = datetime(2026, 10, 1, tzinfo=UTC)
MOVE = """\
apiVersion: pricebook/v1
kind: Migration
metadata: {name: spring}
spec:
  package: starter-plan
  whom: {exclude: [eve]}
  waves: [{starting_at: 2027-03-01, percentage: 60%}, {starting_at: 2027-04-01}]
  transition: END_AND_PROVISION
  guard: {max_customer_increase: 20%}
"""


def said(project: Path, *arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(root, ["-C", str(project), "--as-of", "2026-12-01", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three customers on the first version of a package that has a second one now, and their usage."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    said(folder, "apply", "--yes")
    with closing(SqlStore(f"sqlite:///{folder / 'pricebook.db'}")) as store:
        for customer in ("ada", "bob", "eve"):
            store.create_contract(customer, START, package_alias="starter-plan", at=START)
    package = folder / "catalog" / "packages" / "starter-plan.yaml"
    package.write_text(package.read_text().replace("initial_quantity: 1", "initial_quantity: 3", 1))
    said(folder, "apply", "--yes", "--allow", "all")
    (folder / "catalog" / "spring.yaml").write_text(MOVE)
    lines = (
        {
            "transaction_id": who,
            "customer_id": who,
            "event_type": "completion",
            "timestamp": "2026-11-20T00:00:00Z",
            "properties": {"input_tokens": tokens, "model": "large", "seat_id": "s1"},
        }
        for who, tokens in (("ada", 30_000_000), ("bob", 4_000_000))
    )
    (folder / "usage.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def plan(project: Path) -> Path:
    """A plan file whose guard found that bills move too far."""
    file = project / "plan.json"
    said(project, "migrate", "--impact", project / "usage.jsonl", "-o", file)
    assert read(file)["migration"]["verdict"] == "exceeded"
    return file


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def edited(file: Path, edit: Callable[[Any], None]) -> Path:
    """The plan after an edit, with a seal of its own: what else there is against it has to hold without."""
    data = read(file)
    edit(data)
    made = file.with_name("edited.json")
    made.write_text(document.write(document.read(json.dumps(data), "edited", migration=True)))
    return made


def starts(project: Path) -> set[tuple[str, str]]:
    """Whose contracts start when."""
    with closing(SqlStore(f"sqlite:///{project / 'pricebook.db'}")) as store:
        found = (c for who in ("ada", "bob", "eve") for c in store.customer_contracts("starter", who))
        return {(contract.customer, f"{contract.starting_at:%Y-%m}") for contract in found}


def verdict(data: Any) -> None:
    data["migration"]["verdict"] = "kept"


def no_verdict(data: Any) -> None:
    data["migration"]["verdict"] = "none"


@pytest.mark.parametrize("edit", [verdict, no_verdict])
def test_what_a_guard_came_to_is_not_believed(project: Path, plan: Path, edit: Callable[[Any], None]) -> None:
    answer = said(project, "migrate", "--apply", edited(plan, edit), "--yes", status=1)
    assert "error[guard]" in answer.output
    assert "no usage was billed to verify it" in answer.output


def test_a_guard_that_was_kept_is_approved_with_the_plan_or_verified_again(project: Path, plan: Path) -> None:
    spring, usage = project / "catalog" / "spring.yaml", project / "usage.jsonl"
    spring.write_text(MOVE.replace("20%", "400%"))
    shown = said(project, "migrate", "--impact", usage, "-o", plan).output
    digest = shown.rpartition("--expect ")[2].strip()
    said(project, "migrate", "--apply", plan, "--yes", status=1)
    refused = said(project, "migrate", "--apply", plan, "--expect", "0" * 24, "--yes", status=3)
    assert "error[not-approved]" in refused.output
    other = edited(plan, no_verdict)
    assert "error[not-approved]" in said(project, "migrate", "--apply", other, "--expect", digest, status=3).output
    said(project, "migrate", "--apply", plan, "--impact", usage, "--yes")
    said(project, "migrate", "--apply", plan, "--expect", digest, "--yes")
    assert "2 done already" in said(project, "migrate", "--apply", plan, "--yes").output, "nothing is left to guard"


def test_the_guard_is_judged_by_todays_limits(project: Path, plan: Path) -> None:
    usage = project / "usage.jsonl"
    found = said(project, "migrate", "--apply", edited(plan, verdict), "--impact", usage, "--yes", status=1)
    assert "further than its guard allows" in found.output


def another_day(data: Any) -> None:
    data["steps"][0]["change"]["at"] = "2027-02-01T00:00:00Z"


def another_wave(data: Any) -> None:
    change = data["steps"][0]["change"]
    change["wave"] = 3 - change["wave"]


def another_key(data: Any) -> None:
    data["steps"][0]["change"]["key"] = "pricebook/mine"


def another_version(data: Any) -> None:
    data["steps"][0]["change"]["ref"] = data["steps"][0]["change"]["source"]


def another_way(data: Any) -> None:
    data["steps"][0]["change"]["direction"] = "back"


def another_transition(data: Any) -> None:
    data["steps"][0]["change"]["transition"] = "SUPERSEDE"


@pytest.mark.parametrize(
    "edit", [another_day, another_wave, another_key, another_version, another_way, another_transition]
)
def test_a_move_that_the_migration_would_not_make_is_refused(
    project: Path, plan: Path, edit: Callable[[Any], None]
) -> None:
    answer = said(project, "migrate", "--apply", edited(plan, edit), "--yes", "--allow", "GUARD", status=1)
    assert "error[plan-file]" in answer.output
    assert starts(project) == {(who, "2026-10") for who in ("ada", "bob", "eve")}, "nothing was written"


def test_a_customer_who_stays_by_now_is_not_moved(project: Path, plan: Path) -> None:
    spring = project / "catalog" / "spring.yaml"
    spring.write_text(MOVE.replace("exclude: [eve]", "exclude: [eve, ada]"))
    answer = said(project, "migrate", "--apply", plan, "--yes", "--allow", "GUARD", status=1)
    assert "of ada stays: excluded" in " ".join(answer.output.split())


def held(project: Path) -> list[str]:
    """All contracts that the store holds, whatever their ids, whenever they were made."""
    with closing(SqlStore(f"sqlite:///{project / 'pricebook.db'}")) as store:
        found = [c for who in ("ada", "bob", "eve") for c in store.customer_contracts("starter", who)]
        return sorted(str(replace(c, id="", created_at=None)) for c in found)


def without_a_move(data: Any) -> None:
    del data["steps"][0]


@pytest.mark.parametrize("verb", ["--apply", "--check", "--rollback"])
def test_a_plan_without_one_of_its_moves_is_refused(project: Path, plan: Path, verb: str) -> None:
    data = read(plan)
    without_a_move(data)
    short = project / "short.json"
    short.write_text(json.dumps(data))
    before = held(project)
    more = ("--yes", "--allow", "GUARD") if verb == "--apply" else ()
    assert "is not as it was written" in " ".join(said(project, "migrate", verb, short, *more, status=1).output.split())
    sealed = edited(plan, without_a_move)
    refused = said(project, "migrate", "--apply", sealed, "--expect", plan, "--yes", "--allow", "GUARD", status=3)
    assert "was approved, and is not in this plan" in " ".join(refused.output.split())
    assert held(project) == before


def test_edits_of_a_migration_are_refused_or_without_effect(project: Path, plan: Path) -> None:
    """Twice: with the digest that was approved, and without one."""
    with closing(sqlite3.connect(project / "pricebook.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store, before, data = (project / "pricebook.db").read_bytes(), held(project), read(plan)
    digest = read_plan(plan, migration=True).digest
    made, allowed = project / "edited.json", ("--yes", "--allow", "GUARD")

    def outcome(text: str, *more: str) -> tuple[list[str], int]:
        for beside in project.glob("pricebook*.db*"):
            beside.unlink()
        (project / "pricebook.db").write_bytes(store)
        made.write_text(text)
        line = ["-C", str(project), "--as-of", "2026-12-01", "migrate", "--apply", str(made), *allowed, *more]
        answer = CliRunner().invoke(root, line)
        assert answer.exception is None or isinstance(answer.exception, SystemExit), (answer.exception, text)
        return held(project), answer.exit_code

    meant, code = outcome(json.dumps(data), "--expect", digest)
    assert code == 0
    assert meant != before
    chance = random.Random(16)
    wrong, done = [], 0
    for path in chance.sample(sorted(places(data), key=str), 80):
        text = json.dumps(changed(data, path, chance))
        found, code = outcome(text, "--expect", digest)
        done += code == 0
        if found not in (meant, before) or (found == before) != (code != 0):
            wrong.append((path, code))
        found, code = outcome(text)
        if found != before or code == 0:
            wrong.append((path, code))
    assert wrong == []
    assert 0 < done < 40, "some edits are of what is not done, and of no meaning"


def test_what_was_planned_is_done(project: Path, plan: Path) -> None:
    said(project, "migrate", "--apply", plan, "--yes", "--allow", "GUARD")
    again = said(project, "migrate", "--apply", plan, "--yes", "--allow", "GUARD")
    assert "2 done already" in again.output
    back = project / "back.json"
    said(project, "migrate", "--rollback", plan, "-o", back)
    said(project, "migrate", "--apply", back, "--yes")


def test_what_is_otherwise_than_approved_is_said(project: Path, plan: Path) -> None:
    other = edited(plan, verdict)
    refused = said(project, "migrate", "--apply", other, "--expect", plan, "--yes", status=3)
    assert "migration spring: guard is kept, approved was exceeded" in " ".join(refused.output.split())
    moved = edited(plan, another_day)
    refused = said(project, "migrate", "--apply", moved, "--expect", plan, "--yes", status=3)
    assert "starts from something else than was approved" in " ".join(refused.output.split())
