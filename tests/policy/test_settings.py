"""What a project may say in its policy, what becomes of it in an environment, and what is refused, with its place."""

from pathlib import Path

import pytest

from pricebook.problem import Rejected
from pricebook.project.project import read_project
from pricebook.workflow.policy import checked_policy

HEAD = 'namespace: acme\nenvironments:\n  local: {store: "sqlite:///a.db"}\n'


def refused(folder: Path, text: str) -> list[str]:
    """Code and place of everything that is wrong with the project file."""
    (folder / "pricebook.yaml").write_text(HEAD + text)
    with pytest.raises(Rejected) as caught:
        checked_policy(read_project(folder), "local")
    return [f"{problem.code} {problem.at}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policy: {max_increase: 0.2}\n", ["percent pricebook.yaml:4:24"]),
        ("policy: {max_increase: 20}\n", ["percent pricebook.yaml:4:24"]),
        ("policy: {max_decrease: '-5%'}\n", ["percent pricebook.yaml:4:24"]),
        ("policy: {fail_on: everything}\n", ["not-a-choice pricebook.yaml:4:19"]),
        ("policy: {levels: {annual-price: fatal}}\n", ["not-a-choice pricebook.yaml:4:33"]),
        ("policy: {levels: {anual-price: off}}\n", ["unknown-rule pricebook.yaml:4:32"]),
        ("policy: {refuse: [PRICE_UPP]}\n", ["unknown-hazard pricebook.yaml:4:19"]),
        ("policy: {need_approval: [PRICE_UP, NO]}\n", ["unknown-hazard pricebook.yaml:4:36"]),
        (
            "policy: {approvers: [{covers: ['*'], accepts: [nothing], people: [ada]}]}\n",
            ["unknown-rule pricebook.yaml:4:48"],
        ),
        ("policy: {approvers: [{covers: [], people: [ada]}]}\n", ["empty pricebook.yaml:4:31"]),
        (
            "policy: {freezes: [{starting_at: 2026-02-01, ending_before: 2026-01-01, reason: no}]}\n",
            ["empty-period pricebook.yaml:4:61"],
        ),
        ("policy: {protect: ['pakage:*']}\n", ["fits-nothing pricebook.yaml:4:20"]),
        (
            "policy: {protect: ['rate-card:*', 'rate-cards:list', package]}\n",
            ["fits-nothing pricebook.yaml:4:35", "fits-nothing pricebook.yaml:4:54"],
        ),
        ("policy: {approvers: [{covers: ['*', 'produkt:a'], people: [ada]}]}\n", ["fits-nothing pricebook.yaml:4:37"]),
        ("policy: {max_changes: 0}\n", ["out-of-range pricebook.yaml:4:23"]),
        ("policy: {tables: {costs: {table: c.csv, key: [a, b, c, d, e]}}}\n", ["too-many pricebook.yaml:4:46"]),
        ("policy: {maximum: 1}\n", ["unknown-field pricebook.yaml:4:10"]),
    ],
)
def test_a_policy_that_means_nothing(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert refused(tmp_path, text) == expected


def test_a_word_that_means_nothing_in_an_environment(tmp_path: Path) -> None:
    text = '  other: {store: "sqlite:///b.db", policy: {refuse: [NOTHING]}}\n'
    (tmp_path / "pricebook.yaml").write_text(HEAD + text)
    with pytest.raises(Rejected) as caught:
        checked_policy(read_project(tmp_path), "other")
    assert str(caught.value.problems[0].at) == "pricebook.yaml:4:54"


def test_an_environment_says_otherwise_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    text = (
        '  other: {store: "sqlite:///b.db", policy: {fail_on: warning, levels: {rate-ends: error}}}\n'
        "policy: {fail_on: error, max_increase: 12.5%, levels: {unsold-rate: off}, need_approval: [CREDIT_CUT]}\n"
    )
    (tmp_path / "pricebook.yaml").write_text(HEAD + text)
    project = read_project(tmp_path)
    local, other = checked_policy(project, "local"), checked_policy(project, "other")
    assert (local.fail_on, other.fail_on) == ("error", "warning")
    assert local.max_increase == other.max_increase
    assert str(other.max_increase) == "0.125"
    assert other.levels == {"unsold-rate": "off", "rate-ends": "error"}
    assert other.need_approval == ("CREDIT_CUT",)
