"""The commands as a user meets them: what they answer, on which stream, and with which exit code."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard}
spec:
  name: Standard
  rates:
    - product: pro
      billing_frequency: MONTHLY
      schedule:
        - {starting_at: 2026-01-01, price: $5.00}
"""
PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments:
  local: {store: "sqlite:///pricebook.db"}
  other: {store: "sqlite:///other.db"}
"""


LISTENING = """\
import signal
from pricebook.cli.start import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command, listening to SIGINT even where a shell's background jobs are made to ignore it."""


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project, as of the first day of 2026."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-01-01", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one product and one price."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return tmp_path


def edit(project: Path, before: str, after: str) -> None:
    """Edit the catalogue."""
    text = (project / "catalog.yaml").read_text()
    assert before in text
    (project / "catalog.yaml").write_text(text.replace(before, after))


def test_plan_writes_nothing(project: Path) -> None:
    before = sorted(project.iterdir())
    answer = pricebook(project, "plan", "--exit-code")
    assert answer.returncode == 2, answer.stderr
    assert "Plan: 2 objects created, 1 rate added." in answer.stdout
    assert sorted(project.iterdir()) == before


def test_apply_then_plan_is_empty(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    answer = pricebook(project, "plan", "--exit-code")
    assert answer.returncode == 0
    assert answer.stdout.startswith("Nothing to change")


def test_apply_asks_and_nobody_is_there(project: Path) -> None:
    answer = pricebook(project, "apply")
    assert answer.returncode == 1
    assert "error[confirmation]" in answer.stderr
    assert not (project / "pricebook.db").exists()


def test_a_plan_file_is_applied_exactly(project: Path) -> None:
    file = str(project / "plan.json")
    assert pricebook(project, "plan", "-o", file).returncode == 0
    edit(project, "$5.00", "$7.00")  # after the review: what was reviewed is what is applied
    assert pricebook(project, "apply", "--yes", file).returncode == 0
    answer = pricebook(project, "--format", "json", "plan", "--rows", "all")
    assert json.loads(answer.stdout)["counts"]["prices_up"] == 1


def test_a_plan_file_can_be_applied_twice(project: Path) -> None:
    file = str(project / "plan.json")
    pricebook(project, "plan", "-o", file)
    assert pricebook(project, "apply", "--yes", file).returncode == 0
    again = pricebook(project, "apply", "--yes", file)
    assert again.returncode == 0
    assert "3 steps had been done before" in again.stdout


def test_a_stale_plan_is_refused_and_nothing_is_written(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    file = str(project / "plan.json")
    edit(project, "price: $5.00}", "price: $5.00}\n        - {starting_at: 2026-07-01, price: $6.00}")
    pricebook(project, "plan", "-o", file)
    edit(project, "2026-07-01, price: $6.00", "2026-08-01, price: $6.50")
    assert pricebook(project, "apply", "--yes").returncode == 0
    answer = pricebook(project, "apply", "--yes", file)
    assert answer.returncode == 3
    assert "error[stale-plan]" in answer.stderr
    assert pricebook(project, "plan", "--exit-code").returncode == 0


def test_a_plan_is_stale_only_where_its_own_objects_changed(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    file = str(project / "plan.json")
    edit(project, "name: Pro,", "name: Pro plan,")
    pricebook(project, "plan", "-o", file)
    edit(project, "price: $5.00}", "price: $5.00}\n        - {starting_at: 2026-07-01, price: $6.00}")
    edit(project, "name: Pro plan,", "name: Pro,")
    assert pricebook(project, "apply", "--yes").returncode == 0
    assert pricebook(project, "apply", "--yes", file).returncode == 0


def test_a_plan_that_is_applied_late_rewrites_the_past(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    file = str(project / "plan.json")
    edit(project, "price: $5.00}", "price: $5.00}\n        - {starting_at: 2026-07-01, price: $6.00}")
    pricebook(project, "plan", "-o", file)
    late = [sys.executable, "-m", "pricebook", "-C", str(project), "--as-of", "2026-08-01", "apply", "--yes", file]
    answer = subprocess.run(late, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "--allow RETROACTIVE" in answer.stderr
    assert pricebook(project, "apply", "--yes", file).returncode == 0


def test_a_plan_is_applied_where_it_was_made_for(project: Path) -> None:
    file = str(project / "plan.json")
    pricebook(project, "plan", "-o", file)
    answer = pricebook(project, "--env", "other", "apply", "--yes", file)
    assert answer.returncode == 1
    assert "error[wrong-target]" in answer.stderr


def test_hazards_are_refused_with_the_flag_that_allows_them(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    edit(project, "price: $5.00}", "price: $5.00}\n        - {starting_at: 2026-07-01, price: $500.00}")
    answer = pricebook(project, "apply", "--yes")
    assert answer.returncode == 1
    assert "--allow MAGNITUDE" in answer.stderr
    assert pricebook(project, "apply", "--yes", "--allow", "magnitude").returncode == 0


@pytest.mark.parametrize(("policy", "status"), [("policy: {refuse: [PRICE_UP]}\n", 1), ("policy: {refuse: []}\n", 0)])
def test_the_project_says_what_is_refused(policy: str, status: int, project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    (project / "pricebook.yaml").write_text(PROJECT + policy)
    edit(project, "price: $5.00}", "price: $5.00}\n        - {starting_at: 2026-07-01, price: $60.00}")
    assert pricebook(project, "apply", "--yes").returncode == status


def test_json_everywhere(project: Path) -> None:
    assert json.loads(pricebook(project, "--format", "json", "validate").stdout)["valid"] is True
    assert json.loads(pricebook(project, "--format", "json", "plan").stdout)["counts"]["created"] == 2
    assert json.loads(pricebook(project, "--format", "json", "apply", "--yes").stdout)["verified"] is True
    edit(project, "SUBSCRIPTION", "SUBSCRIPTON")
    answer = pricebook(project, "--format", "json", "plan")
    assert answer.returncode == 1
    assert [problem["code"] for problem in json.loads(answer.stdout)["problems"]] == ["not-a-choice"]


def test_prune_archives_what_nothing_declares(project: Path) -> None:
    assert pricebook(project, "apply", "--yes").returncode == 0
    (project / "catalog.yaml").write_text(CATALOG[: CATALOG.index("---")])
    left = pricebook(project, "plan", "--exit-code")
    assert left.returncode == 2
    assert left.stdout.startswith("Standard (rate card) is in no manifest any more and stays.")
    counts = json.loads(pricebook(project, "--format", "json", "plan").stdout)["counts"]
    assert {name: count for name, count in counts.items() if count} == {"kept": 1, "leftovers": 1}
    assert pricebook(project, "apply", "--yes", "--prune").returncode == 1
    assert pricebook(project, "apply", "--yes", "--prune", "--allow", "ARCHIVES").returncode == 0
    with closing(sqlite3.connect(project / "pricebook.db")) as store:
        assert store.execute("SELECT archived_at IS NOT NULL FROM rate_card").fetchall() == [(1,)]
    (project / "catalog.yaml").write_text(CATALOG)
    answer = pricebook(project, "plan")
    assert answer.returncode == 1
    assert "error[archived] catalog.yaml:6:1" in answer.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--env", "prod", "plan"), "unknown-environment"),
        (("--as-of", "yesterday", "plan"), "instant"),
        (("apply", "--yes", "--allow", "PRICEUP"), "unknown-hazard"),
        (("apply", "--yes", "no-such-plan.json"), "missing-file"),
        (("apply", "--yes", "--prune", "plan.json"), "conflict"),
        (("schema", "manifst"), "unknown-schema"),
    ],
)
def test_every_mistake_has_an_answer(words: tuple[str, ...], code: str, project: Path) -> None:
    answer = pricebook(project, *words)
    assert answer.returncode == 1
    assert f"error[{code}]" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (project / "pricebook.db").exists()


def test_a_mistyped_command_is_recognised(project: Path) -> None:
    answer = pricebook(project, "plann")
    assert answer.returncode == 1
    assert 'did you mean "plan"?' in answer.stderr


def test_interrupted_is_resumable(project: Path) -> None:
    many = "".join(
        f"---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {{name: p{i}}}\nspec: {{name: P{i}, type: FIXED}}\n"
        for i in range(6000)
    )
    (project / "catalog.yaml").write_text(CATALOG + many)
    child = subprocess.Popen(
        [sys.executable, "-c", LISTENING, "-C", str(project), "apply", "--yes"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    assert any("done: product" in line for line in iter(child.stderr.readline, ""))
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate()
    assert child.returncode == 4
    assert "it goes on where it stopped" in errors
    assert pricebook(project, "apply", "--yes").returncode == 0
    assert pricebook(project, "plan", "--exit-code").returncode == 0


def test_a_closed_pipe_is_no_failure(project: Path) -> None:
    line = f"{sys.executable} -m pricebook -C {project} schema | head -c 10; exit ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (answer.stderr, answer.returncode) == ("", 0)


def test_a_project_without_a_sample(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    answer = pricebook(folder, "init", "--bare")
    assert answer.returncode == 0
    assert "Next: pricebook import" in answer.stdout
    assert [path.name for path in (folder / "catalog").iterdir()] == [".gitkeep"]


def test_init_gives_a_project_that_plans(tmp_path: Path) -> None:
    folder = tmp_path / "My Prices!"
    folder.mkdir()
    assert pricebook(folder, "init").returncode == 0
    assert "namespace: my-prices" in (folder / "pricebook.yaml").read_text()
    assert pricebook(folder, "apply", "--yes").returncode == 0
    assert pricebook(folder, "plan", "--exit-code").returncode == 0
    again = pricebook(folder, "init")
    assert again.returncode == 1
    assert "error[exists]" in again.stderr


def test_init_copies_an_example_that_plans(tmp_path: Path) -> None:
    made = pricebook(tmp_path / "tour", "init", "--example", "starter-plan", "--namespace", "mine")
    assert made.stdout.endswith("Next: pricebook plan\n")
    assert (tmp_path / "tour" / "pricebook.yaml").read_text().count("\nnamespace: mine\n") == 1
    assert not list((tmp_path / "tour").rglob("*.md"))
    assert "17 objects created" in pricebook(tmp_path / "tour", "plan").stdout


def test_init_names_the_examples(tmp_path: Path) -> None:
    answer = pricebook(tmp_path / "tour", "init", "--example", "seat")
    assert "error[unknown-example]" in answer.stderr
    assert 'did you mean "seats"?' in answer.stderr
    assert "api-prices, cloud, context-size" in pricebook(tmp_path / "tour", "init", "--example", "x").stderr
    assert "say one of them" in pricebook(tmp_path / "tour", "init", "--example", "seats", "--bare").stderr
    assert not (tmp_path / "tour").exists()
