"""Rules in Python: off unless the machine says so, and each in a process of its own."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_bench import Bench, instant, still

from pricebook import wiring
from pricebook.policy.fact import Facts, package_ref
from pricebook.policy.finding import Finding
from pricebook.policy.proposal import Proposal
from pricebook.policy.sample import SAMPLE
from pricebook.workflow.python_rule import Code, PythonRule, Reviewer, isolated
from pricebook.workflow.review import review


def no_starters(facts: Facts, _: Proposal | None) -> Iterator[Finding]:
    """A rule that somebody may have."""
    if "starter" in facts.packages:
        yield Finding(package_ref("starter"), ("name",), "no starters any more", "take it out")


def slow(_: Facts, __: Proposal | None) -> list[Finding]:
    """A rule that does not end."""
    while True:
        time.sleep(1)


def fatal(_: Facts, __: Proposal | None) -> list[Finding]:
    """A rule that takes its process with it."""
    os._exit(3)


def wrong(_: Facts, __: Proposal | None) -> list[Finding]:
    """A rule that gives something else."""
    return ["found"]  # type: ignore[list-item]


def facts(folder: Path) -> Facts:
    """The sample's."""
    return Facts(Bench(folder).load(SAMPLE).catalog, instant("2026-01-01"))


def test_a_rule_in_python_finds_something_with_its_place(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    rules = [PythonRule("broken", "note", wrong), PythonRule("no-starters", "warning", no_starters)]
    found = review(bench.project, bench.policy, bench.load(SAMPLE), instant("2026-01-01"), Reviewer(still, rules))
    assert [(f.code, f.severity, str(f.at)) for f in found] == [
        ("rule-failed", "error", "None"),
        ("no-starters", "warning", "catalog.yaml:50:9"),
    ]


@pytest.mark.parametrize(
    ("code", "seconds", "words"),
    [(slow, 0.5, "stopped after"), (fatal, 300, "without an answer"), (wrong, 300, "no Finding")],
)
def test_what_a_rule_does_wrong_stays_in_its_process(tmp_path: Path, code: Code, seconds: float, words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        isolated(code, facts(tmp_path), None, seconds)


def test_no_manifest_turns_them_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(wiring.PYTHON_RULES, raising=False)
    assert wiring.python_rules() == []
    monkeypatch.setenv(wiring.PYTHON_RULES, "allow")
    assert wiring.python_rules() == [], "no package offers one here"
