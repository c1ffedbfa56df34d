"""A job of GitHub Actions without GitHub: the steps of our action, with GitHub's variables and files faked.

The action's own file is read, its inputs are put where `${{ inputs.* }}` stands, and its shell steps are run by bash.
Installing is left out: `pricebook` is the code under test.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github" / "actions" / "pricebook"
_EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


def read(path: Path) -> Any:
    """A YAML file; `on:` is the text "on"."""
    text = re.sub(r"^on:", '"on":', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return yaml.safe_load(text)


@dataclass
class Answer:
    """What a step came to."""

    status: int
    said: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Job:
    """One job: a workspace with the user's repository in `prices`, a temporary folder, and variables."""

    workspace: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def prices(self) -> Path:
        """The user's repository."""
        return self.workspace / "prices"

    @property
    def results(self) -> Path:
        """What the action found."""
        return self.workspace / "pricebook-results"

    def git(self, *words: str) -> str:
        """Run git in the repository, as somebody with a name."""
        line = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(self.prices), *words]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def use(self, task: str, **inputs: str) -> Answer:
        """The steps of the action with inputs, `metronome_token` for `metronome-token`."""
        action = read(ACTION / "action.yml")
        given = {name: str(declared.get("default", "")) for name, declared in action["inputs"].items()}
        named = {name.replace("_", "-"): value for name, value in {"task": task, **inputs}.items()}
        assert named.keys() <= given.keys()
        given |= named
        answers = [
            self._run(step, given) for step in action["runs"]["steps"] if not step["run"].endswith('install.sh"')
        ]
        (answer,) = answers
        return answer

    def run(self, script: str, **variables: str) -> Answer:
        """A shell step of a workflow."""
        return self._run({"run": script, "env": variables}, {})

    def _run(self, step: dict[str, Any], inputs: dict[str, str]) -> Answer:
        temp = self.workspace.parent / "temp"
        command = temp / "pricebook-venv" / "bin" / "pricebook"
        command.parent.mkdir(parents=True, exist_ok=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pricebook "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        files = {
            name: temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
        }
        for file in files.values():
            file.write_text("", encoding="utf-8")
        wanted = {name: _EXPRESSION.sub(lambda m: inputs[m[1]], value) for name, value in step.get("env", {}).items()}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(temp),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT / "src"),
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_REPOSITORY": "acme/prices",
            **{name: str(file) for name, file in files.items()},
            **self.variables,
            **wanted,
        }
        line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            line, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert not files["GITHUB_ENV"].read_text(), "no step sets a variable for the others"
        assert not files["GITHUB_PATH"].read_text()
        outputs = dict(part.split("=", 1) for part in files["GITHUB_OUTPUT"].read_text().splitlines())
        summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return Answer(done.returncode, done.stdout + done.stderr, outputs, summary)


def ok(answer: Answer) -> Answer:
    """The answer of a step that has to succeed."""
    assert answer.status == 0, answer.said
    return answer


def price(job: Job, now: str, since: str = "2099-01-01") -> None:
    """Edit the price of large input tokens, from a day on."""
    card = job.prices / "catalog" / "rate-card.yaml"
    edited = rf"\g<1>starting_at: {since}, price: {now}"
    text, count = re.subn(r"(input-tokens,.*large.*)starting_at: 2025-04-01, price: \$2.50", edited, card.read_text())
    assert count == 1
    card.write_text(text)
