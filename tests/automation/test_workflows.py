"""The workflows, the action and the examples: as the published schemas want them, and nothing known to be unsafe."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from job import ACTION, ROOT, read
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OURS = [path for path in WORKFLOWS if path.name.startswith("pricebook-")]
EXAMPLES = ROOT / "examples" / "ci"
TOOLS = Path(sys.executable).parent


def tool(*words: object) -> None:
    """A tool of the development environment that says nothing and returns 0."""
    line = [str(TOOLS / str(words[0])), *map(str, words[1:])]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_four_workflows() -> None:
    assert [path.stem for path in OURS] == ["pricebook-apply", "pricebook-compare", "pricebook-drift", "pricebook-plan"]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [*WORKFLOWS, EXAMPLES / "github-pricing.yml"]),
        ("vendor.github-actions", [ACTION / "action.yml", ROOT / "action.yml"]),
        ("vendor.gitlab-ci", [EXAMPLES / "gitlab-ci.yml"]),
    ],
)
def test_the_published_schemas_are_kept(schema: str, files: list[Path]) -> None:
    more = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    tool("check-jsonschema", "--builtin-schema", schema, *more, *files)


def test_the_hooks_are_as_pre_commit_wants_them() -> None:
    tool("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    tool("pre-commit", "validate-config", ROOT / ".pre-commit-config.yaml")


def test_the_hook_checks_a_project() -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    line = [sys.executable, "-m", hook["entry"], "-C", "examples/starter-plan", *hook["args"]]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.startswith("Valid: "), done.stderr


def test_nothing_is_known_to_be_insecure() -> None:
    tool(
        "zizmor",
        "--offline",
        "--no-progress",
        "--quiet",
        ROOT / ".github",
        ROOT / "action.yml",
        EXAMPLES / "github-pricing.yml",
    )


def test_the_shell_scripts_are_sound() -> None:
    tool("shellcheck", *ACTION.glob("*.sh"), ROOT / ".github" / "release.sh", EXAMPLES / "nightly.sh")


def steps(path: Path) -> list[dict[str, Any]]:
    found = read(path)
    if "runs" in found:
        return list(found["runs"]["steps"])
    return [step for job in found["jobs"].values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION / "action.yml", ROOT / "action.yml"], ids=str)
def test_no_text_from_outside_is_in_a_shell_step(path: Path) -> None:
    assert not [step["run"] for step in steps(path) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION / "action.yml"], ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_or_is_ours(path: Path) -> None:
    used = {step["uses"] for step in steps(path) if "uses" in step}
    assert not [
        name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}|\$/\.github/actions/pricebook", name)
    ]
    assert {name.split("@")[0].split("/")[0] for name in used} <= {"actions", "$"}, "nobody else's action is used"


def test_who_gets_which_token() -> None:
    """One job may write to the account, and only in a protected environment; who writes to GitHub has no such token."""
    seen = {}
    for path in OURS:
        workflow = read(path)
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            text = str(job["steps"])
            tokens = sorted(set(re.findall(r"secrets\.([\w-]+) \}\}|github\.(token)", text)))
            writes = sorted(scope for scope, access in job["permissions"].items() if access == "write")
            checked_out = "actions/checkout" in text
            seen[path.stem.removeprefix("pricebook-"), name] = (["".join(t) for t in tokens], writes, checked_out)
            assert ("environment" in job) == ("METRONOME_BEARER_TOKEN" in text)
            assert text.count("persist-credentials") == text.count("actions/checkout@")
    assert seen == {
        ("plan", "check"): ([], [], True),
        ("plan", "plan"): (["read-token"], [], True),
        ("plan", "report"): (["token"], ["pull-requests", "security-events", "statuses"], False),
        ("apply", "plan"): (["token", "read-token"], [], True),
        ("apply", "apply"): (["METRONOME_BEARER_TOKEN", "PRICEBOOK_JOURNAL_PASSWORD"], [], True),
        ("drift", "drift"): (["read-token"], [], True),
        ("drift", "issue"): (["token"], ["issues"], False),
        ("compare", "compare"): ([], [], True),
        ("compare", "issue"): (["token"], ["issues"], False),
    }


def test_forks_get_no_token() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "pricebook-plan.yml")["jobs"]
    same = "github.event.pull_request.head.repo.full_name == github.repository"
    assert [name for name, job in jobs.items() if same not in str(job.get("if", ""))] == ["check"]


def test_no_workflow_runs_with_rights_on_what_a_fork_sent() -> None:
    for path in [*WORKFLOWS, EXAMPLES / "github-pricing.yml"]:
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(read(path)["on"])


def test_the_callers_give_what_the_workflows_need() -> None:
    """The example's jobs against the workflows that they call: inputs, secrets and permissions."""
    for job in read(EXAMPLES / "github-pricing.yml")["jobs"].values():
        called = read(ROOT / re.sub(r"^[\w-]+/pricebook/|@.*", "", job["uses"]))
        declared = called["on"]["workflow_call"]
        assert job.get("with", {}).keys() <= declared["inputs"].keys()
        secrets, given = declared.get("secrets", {}), job.get("secrets", {})
        assert given.keys() <= secrets.keys()
        assert {name for name, secret in secrets.items() if secret["required"]} <= given.keys()
        wanted: dict[str, str] = {}
        for inner in called["jobs"].values():
            for scope, access in inner["permissions"].items():
                wanted[scope] = "write" if "write" in (access, wanted.get(scope)) else access
        assert job["permissions"] == wanted


def test_what_the_action_installs_is_fixed_to_the_byte() -> None:
    """Everything that pricebook and its build ask for, each with its hashes; `make lock` writes it."""
    text = (ACTION / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
    blocks = [block for block in re.split(r"(?m)^(?=\w)", text) if "==" in block]
    assert len(blocks) == len(locked)
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text, "it says what, not where from"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["postgres"], *extras["rules"]]
    for requirement in map(Requirement, [*wanted, *project["build-system"]["requires"]]):
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def test_our_own_ci_runs_what_anybody_runs() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert [step["run"] for step in jobs["test"]["steps"] if "run" in step] == [".ci/run"]


def test_our_own_ci_runs_on_every_system() -> None:
    """What differs between systems is tested where it does; every folder that a step names is there."""
    job = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["systems"]
    assert job["strategy"]["matrix"]["os"] == ["windows-latest", "macos-latest"]
    named = {
        word
        for step in job["steps"]
        for word in step.get("run", "").split()
        if word.startswith(("tests/", "examples/"))
    }
    assert {"tests/house", "tests/cli/test_log.py", "examples/starter-plan"} <= named
    assert [word for word in sorted(named) if not (ROOT / word).exists()] == []
