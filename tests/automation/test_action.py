"""The action from pull request to store, in a scratch repository: what it finds, posts, refuses, and never does."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from job import ROOT, Job, ok, price, read

from code_host_server import OURS, TOKEN, CodeHost, served

METRONOME = "metronome-token-that-nobody-may-see"


@pytest.fixture
def host() -> Iterator[CodeHost]:
    """GitHub, as far as we use it."""
    with served() as started:
        yield started


def pull_request(job: Job, name: str = "cheaper") -> str:
    """Commit what was edited on a branch, and make the merge commit that GitHub makes; its id."""
    job.git("checkout", "--quiet", "-b", name)
    job.commit("A pull request")
    job.git("checkout", "--quiet", "--detach", "main")
    job.git("merge", "--quiet", "--no-ff", "-m", "Merge", name)
    return job.git("rev-parse", "HEAD")


def test_check_says_what_a_pull_request_changes_without_any_account(job: Job) -> None:
    price(job, "$2.00")
    merge = pull_request(job)
    account = (job.workspace.parent / "account.db").read_bytes()
    answer = ok(job.use("check", directory="prices", head=merge))
    assert "$2.00" in answer.summary
    assert answer.summary == (job.results / "comment.md").read_text(encoding="utf-8")
    assert json.loads((job.results / "findings.sarif").read_text())["version"] == "2.1.0"
    found = ["base.txt", "comment.md", "findings.sarif", "junit.xml", "plan.html"]
    assert sorted(path.name for path in job.results.iterdir()) == found
    assert (job.workspace.parent / "account.db").read_bytes() == account


def test_check_tells_mistakes_and_fails(job: Job) -> None:
    plan = job.prices / "catalog" / "packages" / "team.yaml"
    plan.write_text(plan.read_text().replace("product: seat-credit", "product: nobody"))
    answer = job.use("check", directory="prices", head=pull_request(job))
    assert answer.status == 1
    assert "nobody" in answer.summary
    assert "unknown-reference" in (job.results / "findings.sarif").read_text()


def test_check_of_a_first_price_list_starts_from_nothing(tmp_path: Path) -> None:
    job = Job(tmp_path / "workspace")
    job.prices.mkdir(parents=True)
    job.git("init", "--quiet", "--initial-branch=main")
    job.commit("Nothing yet")
    shutil.copytree(ROOT / "examples" / "starter-plan", job.prices, dirs_exist_ok=True)
    answer = ok(job.use("check", directory="prices", head=pull_request(job)))
    assert "the plan starts from nothing" in answer.said


def test_from_the_pull_request_to_the_store(job: Job, host: CodeHost) -> None:
    """Planned, posted once, approved by its digest, applied; and afterwards there is nothing left to do."""
    price(job, "$2.00")
    merge = pull_request(job)
    planned = ok(job.use("plan", directory="prices", environment="production", head=merge))
    assert planned.outputs["changes"] == "true"
    digest = planned.outputs["digest"]

    head = job.git("rev-parse", "cheaper")
    event = job.workspace.parent / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    job.variables = {
        "GITHUB_API_URL": host.url,
        "GITHUB_SHA": merge,
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_EVENT_PATH": str(event),
    }
    for _ in range(2):
        ok(job.use("post", environment="production", head=head, token=TOKEN))
    (comment,) = host.comments
    assert "$2.00" in comment["body"]
    assert comment["body"].endswith("<!-- pricebook pricebook/production -->\n")
    assert host.statuses[0]["description"] == f"plan {digest}"
    assert (host.scans[0]["commit_sha"], host.scans[0]["ref"]) == (merge, "refs/pull/12/merge")

    job.git("checkout", "--quiet", "-B", "main", merge)
    host.pulls[merge] = [{"number": 12, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": head}}]
    again = ok(job.use("plan", directory="prices", environment="production"))
    assert again.outputs["digest"] == digest, "the same plan on another machine and another day"
    approved = ok(job.use("approved", directory="prices", environment="production", token=TOKEN))
    assert approved.outputs == {"digest": digest}
    applied = ok(job.use("apply", directory="prices", environment="production", digest=digest))
    assert "1 rate added" in applied.summary
    nothing = ok(job.use("plan", directory="prices", environment="production"))
    assert nothing.outputs["changes"] == "false"


def test_a_waiver_of_the_pull_request_needs_somebody_else(job: Job, host: CodeHost) -> None:
    price(job, "$2.00")
    waiver = '{rule: annual-price, covers: "*", reason: agreed, by: ada, until: 2099-01-01}'
    (job.prices / "waivers.yaml").write_text(f"waivers: [{waiver}]\n")
    merge = pull_request(job)
    head = job.git("rev-parse", "cheaper")
    planned = ok(job.use("plan", directory="prices", environment="production", head=merge))
    assert "unchecked whether somebody else approved it" in (job.results / "plan.html").read_text()
    job.variables = {"GITHUB_API_URL": host.url, "GITHUB_SHA": merge, "GITHUB_REF": "refs/heads/main"}
    status = {"context": "pricebook/production", "description": f"plan {planned.outputs['digest']}"}
    host.statuses.append({"sha": head, "creator": {"login": OURS}, **status})
    pull = {"number": 12, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": head}, "user": {"login": "ada"}}
    host.pulls[merge] = [pull]
    job.git("checkout", "--quiet", "-B", "main", merge)
    words = {"directory": "prices", "environment": "production", "token": TOKEN}
    host.reviewed("ada", "APPROVED", head)
    for by_hand in ("", "1" * 24):
        refused = job.use("approved", digest=by_hand, **words)
        assert refused.status == 1
        assert "approved by nobody" in refused.said
        assert refused.outputs == {}

    later = job.commit("Another pull request, on top of what was refused")
    by_hand = "1" * 24
    assert "approved by nobody" in job.use("approved", digest=by_hand, **words).said, "it is still not approved"
    host.reviewed("grace", "APPROVED", head)
    assert ok(job.use("approved", digest=by_hand, **words)).outputs == {"digest": by_hand}
    assert host.seen[-2] == f"GET /repos/acme/prices/commits/{merge}/pulls", f"that brought it, and not {later}"
    job.git("checkout", "--quiet", "-B", "main", merge)
    assert ok(job.use("approved", **words)).outputs == {"digest": planned.outputs["digest"]}


def test_without_what_was_merged_nothing_is_approved(job: Job) -> None:
    refused = job.use("approved", directory="prices", environment="production", token=TOKEN)
    assert refused.status == 1
    assert "check out with fetch-depth 2" in refused.said


def test_what_is_pending_besides_is_no_part_of_the_approval(job: Job) -> None:
    """Merged before and not applied yet: the pull request has the digest that its plan has once that is applied."""
    price(job, "$2.00")
    job.commit("Merged, and not applied yet")
    seat = job.prices / "catalog" / "packages" / "team.yaml"
    seat.write_text(seat.read_text().replace("unit_price: $5.00", "unit_price: $6.00"))
    merge = pull_request(job, "more-for-a-seat")
    planned = ok(job.use("plan", directory="prices", environment="production", head=merge))
    assert "$6.00" in planned.summary
    job.git("checkout", "--quiet", "--force", "--detach", "main")
    ok(job.run('"$RUNNER_TEMP/pricebook-venv/bin/pricebook" -C prices --env production apply --yes'))
    job.git("checkout", "--quiet", "-B", "main", merge)
    merged = ok(job.use("plan", directory="prices", environment="production"))
    assert merged.outputs == planned.outputs


def test_another_plan_than_the_approved_one_is_not_applied(job: Job) -> None:
    price(job, "$2.00")
    job.commit("Cheaper")
    ok(job.use("plan", directory="prices", environment="production"))
    before = (job.workspace.parent / "account.db").read_bytes()
    answer = job.use("apply", directory="prices", environment="production", digest="0" * 24)
    assert answer.status == 3
    assert (job.workspace.parent / "account.db").read_bytes() == before
    assert "there is no approved digest" in job.use("apply", directory="prices", environment="production").said


def test_the_workflow_stops_when_the_plan_is_another_now(job: Job) -> None:
    steps = read(ROOT / ".github" / "workflows" / "pricebook-apply.yml")["jobs"]["plan"]["steps"]
    (step,) = (step for step in steps if "run" in step)
    assert step["if"].endswith("steps.plan.outputs.digest != steps.approved.outputs.digest")
    answer = job.run(step["run"], PLANNED="1" * 24, APPROVED="2" * 24)
    assert answer.status == 3
    assert f"approved was {'2' * 24}, and the plan is {'1' * 24} now" in answer.said


def test_a_refused_hazard_needs_its_name(job: Job) -> None:
    price(job, "2.5")
    job.commit("A slip of cents for dollars")
    digest = ok(job.use("plan", directory="prices", environment="production")).outputs["digest"]
    refused = job.use("apply", directory="prices", environment="production", digest=digest)
    assert refused.status == 1
    assert "--allow MAGNITUDE" in refused.said
    wrong = job.use("apply", directory="prices", environment="production", digest=digest, allow="--yes;id")
    assert "a hazard has letters and underscores only" in wrong.said
    allowed = "MAGNITUDE"
    ok(job.use("apply", directory="prices", environment="production", digest=digest, allow=allowed))


def test_drift_is_an_issue_until_there_is_none(job: Job, host: CodeHost) -> None:
    clean = ok(job.use("drift", directory="prices", environment="production"))
    assert clean.outputs["changes"] == "false"
    with closing(sqlite3.connect(job.workspace.parent / "account.db")) as account, account:
        edit = (
            "UPDATE rate_timeline SET schedule = replace(schedule, '250', '300') WHERE key LIKE '%input-tokens%large%'"
        )
        assert account.execute(edit).rowcount == 1
    drifted = ok(job.use("drift", directory="prices", environment="production"))
    assert drifted.outputs["changes"] == "true"
    job.variables = {"GITHUB_API_URL": host.url}
    ok(job.use("issue", environment="production", changes="true", token=TOKEN))
    (issue,) = host.issues
    assert issue["title"].startswith("production: 1 difference was made in the account; it moves money: Input tokens")
    assert "is $3.00 per 1M input tokens in the account, and $2.50 per 1M input tokens in git." in issue["title"]
    assert "$3.00" in issue["body"]
    ok(job.use("issue", environment="production", changes="false", token=TOKEN))
    assert issue["state"] == "closed"


COMPARISON = """\
comparisons:
  provider:
    table: list.csv
    columns: {product: product, pricing_group_values: [model], price: usd}
    tell: [dearer, cheaper, changed]
"""
LIST = "product,model,usd\ninput-tokens,large,{}\n"


def test_another_list_is_an_issue_while_ours_differs(job: Job, host: CodeHost) -> None:
    with (job.prices / "pricebook.yaml").open("a") as project:
        project.write(COMPARISON)
    (job.prices / "list.csv").write_text(LIST.format("2.50"))
    same = ok(job.use("compare", directory="prices", comparison="provider"))
    assert same.outputs["changes"] == "false"
    shutil.copy(job.results / "compare.json", job.prices / "looked-at.json")

    (job.prices / "list.csv").write_text(LIST.format("2.00"))
    dearer = ok(job.use("compare", directory="prices", comparison="provider", since="looked-at.json"))
    assert dearer.outputs["changes"] == "true"
    assert "1 price of theirs changed since last time" in dearer.summary
    job.variables = {"GITHUB_API_URL": host.url}
    for _ in range(2):
        ok(job.use("compared", comparison="provider", changes="true", token=TOKEN))
    (issue,) = host.issues
    assert issue["title"] == "Prices differ from those of provider"
    assert "$2.00" in issue["body"]
    ok(job.use("compared", comparison="provider", changes="false", token=TOKEN))
    assert issue["state"] == "closed"


@pytest.mark.parametrize(
    "inputs",
    [
        {"comparison": "--with=/etc/passwd"},
        {"comparison": "provider", "list_url": "http://prices.example.com/list.csv"},
        {"comparison": "provider", "list_url": "file:///etc/passwd"},
        {"comparison": "provider", "list_url": "https://127.0.0.1:1/list.csv", "list_name": "../list.csv"},
    ],
)
def test_what_no_list_is_fetched_from(job: Job, inputs: dict[str, str]) -> None:
    answer = job.use("compare", directory="prices", **inputs)
    assert answer.status == 1
    assert "::error title=pricebook::" in answer.said


def test_pricebook_yaml_of_a_pull_request_does_not_say_where_the_token_goes(job: Job) -> None:
    price(job, "$2.00")
    settings = job.prices / "pricebook.yaml"
    settings.write_text(settings.read_text().replace("../../account.db", "/tmp/elsewhere.db"))
    answer = ok(job.use("plan", directory="prices", environment="production", head=pull_request(job)))
    assert "pricebook.yaml changes" in answer.said
    assert "/tmp/elsewhere" not in settings.read_text()
    assert answer.outputs["changes"] == "true"


EVIL = "$(touch pwned)`touch pwned`;touch pwned;'\"\n::set-output name=digest::evil\n::add-mask::1\n::stop-commands::x"


PRODUCT = "apiVersion: pricebook/v1\nkind: Product\nmetadata: {{name: evil}}\nspec:\n  type: FIXED\n  name: {}\n"


def evil(job: Job) -> None:
    """A pull request that does whatever a pull request can do to the files."""
    (job.prices / "catalog" / "$(touch pwned) `touch pwned`;.yaml").write_text(PRODUCT.format(json.dumps(EVIL)))
    (job.prices / "catalog" / "secrets.yaml").symlink_to("/proc/self/environ")
    (job.prices / "catalog" / "hosts.yaml").symlink_to("/etc/passwd")
    (job.prices / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (job.prices / ".lfsconfig").write_text("[lfs]\n\turl = https://evil.example\n")
    (job.prices / "sitecustomize.py").write_text("open('pwned', 'w')\n")
    (job.prices / "pricebook.py").write_text("open('pwned', 'w')\n")


@pytest.mark.parametrize("task", ["check", "plan"])
def test_a_hostile_pull_request_does_nothing(job: Job, task: str) -> None:
    evil(job)
    merge = pull_request(job, name="evil`touch${IFS}pwned`$(touch${IFS}pwned)")
    environment = "production" if task == "plan" else "local"
    job.variables = {"GITHUB_HEAD_REF": "evil`touch${IFS}pwned`", "GITHUB_SHA": merge}
    answer = job.use(task, directory="prices", environment=environment, head=merge, metronome_token=METRONOME)
    assert answer.status in (0, 1), answer.said
    assert not list(job.workspace.parent.rglob("pwned"))
    assert METRONOME not in answer.said + answer.summary
    assert not [path for path in job.results.iterdir() if METRONOME in path.read_text(encoding="utf-8")]
    assert not [path for path in job.prices.rglob("*.yaml") if path.is_symlink()], "a link is a file with a path in it"
    assert answer.outputs.keys() <= {"digest", "changes"}
    assert "evil" not in answer.outputs.values()
    silent(answer.said)


@pytest.mark.parametrize("task", ["check", "plan"])
def test_a_hostile_name_in_a_plan_that_is_made_does_nothing(job: Job, task: str) -> None:
    file = job.prices / "catalog" / "evil.yaml"
    file.write_text(PRODUCT.format(json.dumps(EVIL)))
    environment = "production" if task == "plan" else "local"
    answer = ok(job.use(task, directory="prices", environment=environment, head=pull_request(job)))
    assert "evil" in answer.summary
    assert not list(job.workspace.parent.rglob("pwned"))
    assert "evil" not in answer.outputs.values()
    silent(answer.said)


def silent(said: str) -> None:
    """Between `::stop-commands::WORD` and `::WORD::` GitHub obeys nothing, and nobody can guess the word."""
    obeyed, word = [], ""
    for line in said.splitlines():
        text = line.strip()
        if not word and text.startswith("::stop-commands::"):
            word = text.removeprefix("::stop-commands::")
            assert re.fullmatch("[0-9a-f]{32}", word)
        elif word and text == f"::{word}::":
            word = ""
        elif not word and text.startswith("::"):
            obeyed.append(text)
    assert [line for line in obeyed if not re.match("::(error|warning|notice) title=pricebook::", line)] == []


@pytest.mark.parametrize("task", ["", "id", "results", "case; id", "fail"])
def test_only_the_tasks_that_there_are(job: Job, task: str) -> None:
    answer = job.use(task)
    assert answer.status == 1
    assert "there is no task of that name" in answer.said


@pytest.mark.parametrize("head", ["main", "HEAD", "--upload-pack=id", "$(id)", "a" * 39])
def test_a_commit_is_a_whole_id(job: Job, head: str) -> None:
    answer = job.use("check", directory="prices", head=head)
    assert answer.status == 1
    assert "is no full commit id" in answer.said
