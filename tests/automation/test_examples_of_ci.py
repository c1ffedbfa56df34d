"""The component for GitLab and the script for cron, job by job, in a scratch repository."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from job import ROOT, Answer, Job, ok, price, read

COMPONENT = ROOT / "templates" / "pricebook.yml"


def component(**inputs: str) -> tuple[dict[str, Any], str]:
    """What the component's inputs are declared to be, and its jobs as GitLab makes them of these inputs."""
    head, _, jobs = COMPONENT.read_text(encoding="utf-8").partition("\n---\n")
    declared = yaml.safe_load(head)["spec"]["inputs"]
    given = {name: said["default"] for name, said in declared.items()} | inputs
    return declared, re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: str(given[found[1]]), jobs)


def test_the_component_is_a_pipeline_as_gitlab_wants_it(tmp_path: Path) -> None:
    declared, jobs = component()
    assert all(said.keys() == {"description", "default"} for said in declared.values())
    (tmp_path / "pipeline.yml").write_text(f"stages: [plan, apply]\n{jobs}", encoding="utf-8")
    tool = Path(sys.executable).parent / "check-jsonschema"
    line = [tool, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", tmp_path / "pipeline.yml"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_includes_it_with_inputs_that_there_are() -> None:
    (included,) = read(ROOT / "examples" / "ci" / "gitlab-ci.yml")["include"]
    path, _, version = included["component"].partition("@")
    assert path.rpartition("/")[2] == COMPONENT.stem
    declared, _ = component()
    assert included["inputs"].keys() <= declared.keys()
    assert declared["package"]["default"].endswith(f"=={version}")


def gitlab(job: Job, name: str, **variables: str) -> Answer:
    """The script of a job of the component, in the repository, with what the job's template sets."""
    found = yaml.safe_load(component()[1])
    lines = found[f"pricebook-{name}"]["script"]
    given = {**found[".pricebook"]["variables"], "METRONOME_READ_TOKEN": "r", **variables}
    path = 'cd prices; export PATH="$RUNNER_TEMP/pricebook-venv/bin:$PATH"; mkdir -p results'
    return job.run("\n".join([path, *lines]), **given)


def test_a_merge_request_is_checked_and_planned(job: Job) -> None:
    base = job.git("rev-parse", "HEAD")
    price(job, "$2.00")
    (job.prices / "pricebook.yaml").write_text(
        "namespace: elsewhere\nenvironments: {local: {store: 'sqlite:///x.db', overlays: [overlays]}}\n"
    )
    job.commit("A merge request")
    ok(gitlab(job, "check"))
    assert "$2.00" in (job.prices / "results" / "check.md").read_text()
    ok(gitlab(job, "plan", CI_MERGE_REQUEST_DIFF_BASE_SHA=base))
    assert "acme" in (job.prices / "results" / "plan.md").read_text(), "the project file is the base's"


def test_what_was_planned_after_the_merge_is_applied_and_nothing_else(job: Job) -> None:
    price(job, "$2.00")
    job.commit("Merged")
    ok(gitlab(job, "plan-merged"))
    digest = job.prices / "results" / "digest"
    approved = digest.read_text()
    digest.write_text("0" * 24)
    assert gitlab(job, "apply", METRONOME_WRITE_TOKEN="w").status == 3
    digest.write_text(approved)
    ok(gitlab(job, "apply", METRONOME_WRITE_TOKEN="w"))
    assert "1 rate added" in (job.prices / "results" / "receipt.md").read_text()


def edited(job: Job) -> None:
    """Somebody changes a price in the account."""
    with closing(sqlite3.connect(job.workspace.parent / "account.db")) as account, account:
        edit = "UPDATE rate_timeline SET schedule = replace(schedule, '250', '300') WHERE key LIKE '%input%large%'"
        assert account.execute(edit).rowcount == 1


def test_drift_fails_the_scheduled_pipeline(job: Job) -> None:
    ok(gitlab(job, "drift"))
    edited(job)
    assert gitlab(job, "drift").status == 2
    assert "$3.00" in (job.prices / "results" / "drift.md").read_text()


def test_the_night_says_nothing_when_all_is_well(job: Job) -> None:
    shutil.copy(ROOT / "examples" / "ci" / "nightly.sh", job.prices)
    token = job.workspace / "token"
    token.write_text("secret-of-the-night")
    environment = {"SITE": str(job.workspace / "site"), "TOKEN_FILE": str(token)}
    script = 'PATH="$RUNNER_TEMP/pricebook-venv/bin:$PATH" prices/nightly.sh'
    quiet = ok(job.run(script, **environment))
    assert quiet.said == ""
    assert (job.workspace / "site" / "index.html").is_file()
    edited(job)
    loud = job.run(script, **environment)
    assert loud.status == 2
    assert "$3.00" in loud.said
    assert "secret-of-the-night" not in loud.said
