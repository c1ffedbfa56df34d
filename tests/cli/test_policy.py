"""Rules at the command line: what is printed, which severities fail, and what stops an apply."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pricebook.policy.sample import SAMPLE

PROJECT = 'namespace: acme\nmanifests: [catalog.yaml]\nenvironments:\n  local: {store: "sqlite:///pricebook.db"}\n'
STRICT = '  strict: {store: "sqlite:///strict.db", policy: {fail_on: warning}}\n'


def pricebook(folder: Path, *words: str, as_of: str = "2026-01-01") -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", as_of, *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with nothing wrong in it."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT + STRICT)
    (tmp_path / "catalog.yaml").write_text(SAMPLE)
    return tmp_path


def edit(project: Path, before: str, after: str) -> None:
    """Edit the catalogue."""
    text = (project / "catalog.yaml").read_text()
    assert before in text
    (project / "catalog.yaml").write_text(text.replace(before, after))


def test_an_error_fails_validate_and_plan_and_stops_apply(project: Path) -> None:
    edit(project, "price: $100.00", "price: $1000.00")
    answer = pricebook(project, "validate")
    assert answer.returncode == 1
    assert "error[annual-price] catalog.yaml:44:98" in answer.stdout
    assert "8.3 times" in answer.stdout
    answer = pricebook(project, "plan")
    assert answer.returncode == 1
    assert "error[annual-price]" in answer.stdout
    answer = pricebook(project, "apply", "--yes")
    assert answer.returncode == 1
    assert "error[policy]" in answer.stderr
    assert "annual-price" in answer.stderr
    assert not (project / "pricebook.db").exists()


def test_a_warning_fails_where_the_environment_says_so(project: Path) -> None:
    edit(project, "price: $10.00", "price: $9.999")
    assert pricebook(project, "--env", "local", "validate").returncode == 0
    answer = pricebook(project, "--env", "strict", "validate")
    assert answer.returncode == 1
    assert "warning[indivisible-price]" in answer.stdout
    assert pricebook(project, "validate").returncode == 1, "which is about every environment"


def test_notes_are_folded_until_asked_for(project: Path) -> None:
    edit(project, "[{product: fee, billing_frequency: ANNUAL}]", "[{product: fee, billing_frequency: MONTHLY}]")
    answer = pricebook(project, "validate")
    assert answer.returncode == 0
    assert "1 note: unsold-rate 1 (--notes shows them)" in answer.stdout
    assert "note[unsold-rate] catalog.yaml:44:98" in pricebook(project, "validate", "--notes").stdout


def test_findings_travel_in_the_plan_file_and_stop_its_apply(project: Path) -> None:
    edit(project, "price: $100.00", "price: $1000.00")
    file = str(project / "plan.json")
    assert pricebook(project, "plan", "-o", file).returncode == 1
    assert [f["code"] for f in json.loads(Path(file).read_text())["findings"]] == ["annual-price"]
    answer = pricebook(project, "apply", "--yes", file)
    assert answer.returncode == 1
    assert "error[policy]" in answer.stderr


def test_a_finding_says_where_it_is_explained_unless_its_rule_is_the_company_s(project: Path) -> None:
    edit(project, "price: $100.00", "price: $1000.00")
    rule = "{id: ours, each: rate, require: 'rate.price < 1.0', message: too dear, severity: warning}"
    (project / "pricebook.yaml").write_text(f"{PROJECT}policy:\n  company_rules:\n    - {rule}\n")
    file, out = project / "plan.json", project / "out"
    kinds = ("json", "markdown", "sarif", "html")
    reports = [f"--report={kind}={out}.{kind}" for kind in kinds]
    assert pricebook(project, "plan", "-o", str(file), *reports).returncode == 1
    json_, markdown, sarif, html = (Path(f"{out}.{kind}").read_text() for kind in kinds)
    page = "https://pricebook.dev/errors/#annual-price"
    assert {f["code"]: f.get("url") for f in json.loads(json_)["findings"]} == {"annual-price": page, "ours": None}
    assert f"[`annual-price`]({page})" in markdown
    assert "| **warning** `ours` |" in markdown
    led = {rule["id"]: rule.get("helpUri") for rule in json.loads(sarif)["runs"][0]["tool"]["driver"]["rules"]}
    assert led == {"annual-price": page, "ours": None}
    assert f'<a href="{page}" rel="noreferrer"><code>annual-price</code></a>' in html
    assert "<code>ours</code></th>" in html
    written = json.loads(file.read_text())["findings"]
    assert {f["code"]: f.get("own") for f in written} == {"annual-price": None, "ours": True}
    assert not any("url" in f for f in written)
    refused = pricebook(project, "apply", "--yes", str(file), "--format", "json")
    assert json.loads(refused.stdout)["problems"][0]["url"] == "https://pricebook.dev/errors/#policy"


def test_a_waived_finding_is_shown_and_passes(project: Path) -> None:
    edit(project, "price: $100.00", "price: $1000.00")
    line = "waivers: [{rule: annual-price, covers: '*', reason: agreed, by: ada, until: 2026-07-01}]\n"
    (project / "waivers.yaml").write_text(line)
    answer = pricebook(project, "validate")
    assert answer.returncode == 0
    assert "waived: annual-price rate-card:standard" in answer.stdout
    assert "agreed (ada, until 2026-07-01)" in " ".join(answer.stdout.split())
    assert pricebook(project, "apply", "--yes").returncode == 0
    assert pricebook(project, "validate", as_of="2026-07-01").returncode == 1


def test_a_freeze_that_has_come_since_stops_a_plan_file(project: Path) -> None:
    text = "policy: {freezes: [{starting_at: 2026-01-02, ending_before: 2026-01-05, reason: close}]}\n"
    (project / "pricebook.yaml").write_text(PROJECT + text)
    file = str(project / "plan.json")
    assert pricebook(project, "plan", "-o", file).returncode == 0
    answer = pricebook(project, "apply", "--yes", file, as_of="2026-01-03")
    assert answer.returncode == 1
    assert "frozen" in answer.stderr
    assert pricebook(project, "apply", "--yes", file, as_of="2026-01-05").returncode == 0


def test_a_hazard_that_needs_an_approval_is_not_allowed_by_a_flag(project: Path) -> None:
    (project / "pricebook.yaml").write_text(PROJECT + "policy: {need_approval: [CREDIT_CUT]}\n")
    assert pricebook(project, "apply", "--yes").returncode == 0
    edit(project, "unit_price: $5.00", "unit_price: $4.00")
    answer = pricebook(project, "apply", "--yes", "--allow", "all")
    assert answer.returncode == 1
    assert "credit-cut" in answer.stderr
    waiver = "waivers: [{rule: CREDIT_CUT, covers: 'package:starter', reason: agreed, by: ada, until: 2026-07-01}]\n"
    (project / "waivers.yaml").write_text(waiver)
    answer = pricebook(project, "apply", "--yes")
    assert answer.returncode == 0, answer.stderr


def test_rules_and_their_pages(project: Path) -> None:
    listed = json.loads(pricebook(project, "--format", "json", "rules").stdout)["rules"]
    assert {"annual-price", "protected"} <= {rule["id"] for rule in listed}
    assert pricebook(project, "explain", "annual-price").stdout.startswith("# `annual-price`")
    assert "--allow MAGNITUDE" in pricebook(project, "explain", "magnitude").stdout
    answer = pricebook(project, "explain", "anual-price")
    assert answer.returncode == 1
    assert 'did you mean "annual-price"?' in answer.stderr


def test_hostile_names_are_inert(project: Path) -> None:
    edit(project, "name: Starter\n", 'name: "Fee\\x1b[31m"\n')
    edit(project, "name: Yearly\n", 'name: "fee\\x1b[31m"\n')
    answer = pricebook(project, "validate")
    assert "look-alike-name" in answer.stdout
    assert "\x1b" not in answer.stdout
