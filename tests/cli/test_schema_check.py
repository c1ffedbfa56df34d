"""`pricebook schema --check`: documents of every sort, judged by the schemas that are published."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MANIFEST = """\
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
    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}
"""
PROJECT = 'namespace: acme\nmanifests: [catalog.yaml]\nenvironments:\n  local: {store: "sqlite:///pricebook.db"}\n'
OVERLAY = "apiVersion: pricebook/v1\nkind: Overlay\npatches: {'product:pro': {name: Other}}\n"


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    line = [sys.executable, "-m", "pricebook", "--as-of", "2026-01-01", *words]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a manifest, an overlay and a plan."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(MANIFEST)
    (tmp_path / "overlay.yaml").write_text(OVERLAY)
    assert pricebook(tmp_path, "plan", "--output", "plan.json").returncode in (0, 2)
    return tmp_path


def test_every_sort_of_document_is_judged_by_its_schema(project: Path) -> None:
    answer = pricebook(project, "schema", "--check", "pricebook.yaml", "catalog.yaml", "overlay.yaml", "plan.json")
    assert (answer.returncode, answer.stderr) == (0, "")
    expected = ["pricebook.yaml: project", "catalog.yaml: manifest", "overlay.yaml: overlay", "plan.json: plan"]
    assert answer.stdout.splitlines() == expected


def test_all_that_is_wrong_is_told_at_once_with_its_place(project: Path) -> None:
    (project / "catalog.yaml").write_text(
        MANIFEST.replace("{name: Pro,", "{name: Pro, colour: red,") + "  aliases: [5]\n"
    )
    (project / "pricebook.yaml").write_text("namespace: acme\n")
    form = json.loads((project / "plan.json").read_text())["format"]
    (project / "plan.json").write_text(json.dumps({"format": form, "steps": 7}, indent=2))
    answer = pricebook(project, "schema", "--check", "catalog.yaml", "pricebook.yaml", "plan.json")
    assert answer.returncode == 1
    for said in (
        'error[schema] catalog.yaml:4:19\n  "colour" is not a field here',
        "error[schema] catalog.yaml:13:13\n  5 is not of type 'string' or 'object' with name\n",
        "error[schema] pricebook.yaml:1:1\n  environments is required",
        "error[schema] plan.json:3:12\n  steps: 7 is not of type 'array'",
    ):
        assert said in answer.stderr


def test_what_has_a_short_form_is_told_with_all_its_forms(project: Path) -> None:
    package = "---\napiVersion: pricebook/v1\nkind: Package\nmetadata: {name: p}\n"
    spec = "spec: {name: P, rate_card: standard, duration: 5}\n"
    (project / "catalog.yaml").write_text(MANIFEST + package + spec)
    answer = pricebook(project, "schema", "--check", "catalog.yaml")
    assert answer.returncode == 1
    assert "duration: 5 is not of type 'string' or 'object' with value and unit\n" in answer.stderr
    assert answer.stderr.count("error[") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"some": 1}', "error[unknown-document] file:1:1"),
        ("- 1\n", "error[unknown-document] file:1:1"),
        ("a: [\n", "error[yaml-syntax] file:2:1"),
        ("", "error[empty] file"),
        ('{"format": "pricebook-of-tomorrow/9"}', "error[unknown-document] file:1:1"),
    ],
)
def test_what_says_nothing_is_never_passed_over(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "file").write_text(text)
    answer = pricebook(tmp_path, "schema", "--check", "file")
    assert answer.returncode == 1
    assert said in answer.stderr


def test_a_number_below_what_it_may_be_is_refused_by_the_schema(tmp_path: Path) -> None:
    spec = "{name: P, rate_card: c, overrides: [{entitled: true, override_specifiers: [{product: p}], OFFSET}]}"
    spec = spec.replace("OFFSET", "starting_at_offset: {value: -1, unit: DAYS}")
    (tmp_path / "p.yaml").write_text(f"apiVersion: pricebook/v1\nkind: Package\nmetadata: {{name: p}}\nspec: {spec}\n")
    answer = pricebook(tmp_path, "schema", "--check", "p.yaml")
    assert "value: -1 is less than the minimum of 0" in answer.stderr
