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
from test_action import COMPARISON, LIST

from code_host_server import TOKEN, served

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


def test_a_waiver_in_force_needs_somebody_else(job: Job) -> None:
    """In the merge request that brought it, even when the pipeline of that one was stopped and another was merged."""
    waiver = '{rule: annual-price, covers: "*", reason: agreed, by: ada, until: 2099-01-01}'
    (job.prices / "waivers.yaml").write_text(f"waivers: [{waiver}]\n")
    brought = job.commit("Merged")
    job.commit("Another one, merged after it")
    with served() as host:
        token = {"GITLAB_CI": "true", "CI_API_V4_URL": host.url, "CI_PROJECT_ID": "3"}
        assert "PRICEBOOK_GITLAB_TOKEN is not set" in gitlab(job, "plan-merged", **token).said
        token["PRICEBOOK_GITLAB_TOKEN"] = TOKEN
        host.pulls[brought] = [{"iid": 12, "state": "merged", "author": {"username": "ada"}}]
        host.versions = [{"created_at": "2026-01-02T10:00:00Z"}]
        refused = gitlab(job, "plan-merged", **token)
        assert refused.status == 1
        assert "approved by nobody" in refused.said
        host.approvals = [{"user": {"username": "grace"}, "approved_at": "2026-01-02T11:00:00Z"}]
        ok(gitlab(job, "plan-merged", **token))
    assert yaml.safe_load(component()[1])["pricebook-plan-merged"]["variables"]["GIT_DEPTH"] == "0"


def test_another_list_is_an_issue_while_ours_differs(job: Job) -> None:
    with (job.prices / "pricebook.yaml").open("a") as project:
        project.write(COMPARISON)
    (job.prices / "list.csv").write_text(LIST.format("2.50"))
    ok(gitlab(job, "compare", COMPARISON="provider"))
    shutil.copy(job.prices / "results" / "compare.json", job.prices / "looked-at.json")
    (job.prices / "list.csv").write_text(LIST.format("2.00"))
    with served() as host:
        token = {"GITLAB_CI": "true", "CI_API_V4_URL": host.url, "CI_PROJECT_ID": "3", "PRICEBOOK_GITLAB_TOKEN": TOKEN}
        for _ in range(2):
            found = gitlab(job, "compare", COMPARISON="provider", SINCE="looked-at.json", **token)
            assert found.status == 2
        (issue,) = host.issues
        assert issue["title"] == "Prices differ from those of provider"
        assert "1 price of theirs changed since last time" in issue["description"]
        (job.prices / "list.csv").write_text(LIST.format("2.50"))
        ok(gitlab(job, "compare", COMPARISON="provider", **token))
        assert issue["state"] == "closed"
        failed = gitlab(job, "compare", COMPARISON="nobody", **token)
        assert failed.status == 1
        assert len(host.issues) == 1, "what cannot be found out closes and opens nothing"
    refused = gitlab(job, "compare", COMPARISON="provider", LIST_URL="http://127.0.0.1:1/list.csv")
    assert refused.status not in (0, 2), "a list is fetched from https"


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
