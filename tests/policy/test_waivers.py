"""Waivers: what they cover, who may sign them, how long they hold, and what is said of those that are not in order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_bench import Bench

from pricebook.policy.sample import SAMPLE
from pricebook.policy.waiver import matches
from pricebook.problem import Problem, Rejected

BAD = SAMPLE.replace("price: $100.00", "price: $1000.00")
HEAD = "waivers:\n"


def waiver(
    rule: str = "annual-price", covers: str = '"rate-card:*"', until: str = "2026-07-01", by: str = "ada"
) -> str:
    """A line of waivers.yaml."""
    return f"  - {{rule: {rule}, covers: {covers}, reason: agreed, by: {by}, until: {until}}}\n"


def found(folder: Path, waivers: str, policy: str = "", text: str = BAD) -> list[tuple[str, str, str]]:
    """Code, severity and waiver of each finding."""
    (folder / "waivers.yaml").write_text(HEAD + waivers)
    return [_short(finding) for finding in Bench(folder, policy).lint(text)]


def _short(finding: Problem) -> tuple[str, str, str]:
    return finding.code, finding.severity, finding.waived


def test_a_waived_finding_stays_and_says_why(tmp_path: Path) -> None:
    assert found(tmp_path, waiver()) == [("annual-price", "error", "agreed (ada, until 2026-07-01)")]


def test_a_waiver_beside_the_noun(tmp_path: Path) -> None:
    line = "metadata: {name: standard, waivers: [{rule: ANNUAL_PRICE, reason: agreed, by: ada, until: 2026-07-01}]}"
    text = BAD.replace("metadata: {name: standard}", line)
    (finding,) = Bench(tmp_path).lint(text)
    assert _short(finding) == ("annual-price", "error", "agreed (ada, until 2026-07-01)")


def test_a_waiver_for_one_rate_only(tmp_path: Path) -> None:
    covered, other = '"rate-card:standard/fee · ANNUAL"', '"rate-card:standard/fee · WEEKLY"'
    assert found(tmp_path, waiver(covers=covered))[0][2] == "agreed (ada, until 2026-07-01)"
    assert [code for code, _, waived in found(tmp_path, waiver(covers=other)) if not waived] == [
        "annual-price",
        "waiver-unused",
    ]


def test_an_expired_waiver_gives_the_finding_back(tmp_path: Path) -> None:
    assert found(tmp_path, waiver(until="2026-01-01")) == [
        ("annual-price", "error", ""),
        ("waiver-expired", "warning", ""),
    ]


def test_a_waiver_that_nothing_needs(tmp_path: Path) -> None:
    assert found(tmp_path, waiver(), text=SAMPLE) == [("waiver-unused", "note", "")]
    assert found(tmp_path, waiver(until="2025-01-01"), text=SAMPLE) == [("waiver-expired", "warning", "")]


def test_a_waiver_of_a_rule_about_plans_is_not_unused_when_there_is_no_plan(tmp_path: Path) -> None:
    assert found(tmp_path, waiver(rule="PRICE_UP"), text=SAMPLE) == []


def test_a_waiver_of_no_rule(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(HEAD + waiver(rule="anual-price"))
    (finding,) = Bench(tmp_path).lint(SAMPLE)
    assert (finding.code, finding.severity, str(finding.at)) == ("waiver-unknown", "error", "waivers.yaml:2:5")
    assert finding.hint == 'did you mean "annual-price"?'


def test_only_an_approver_may_sign_and_the_last_that_fits_counts(tmp_path: Path) -> None:
    policy = """
approvers:
  - {covers: ["*"], people: [grace]}
  - {covers: ["rate-card:*"], accepts: [annual-price], people: [ada]}
"""
    assert found(tmp_path, waiver(), policy)[0][2] == "agreed (ada, until 2026-07-01)"
    assert found(tmp_path, waiver(by="grace"), policy) == [
        ("annual-price", "error", ""),
        ("waiver-refused", "error", ""),
    ]


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        ("  - {rule: annual-price, covers: x, by: ada, until: 2026-01-01}\n", "missing-field", "2:5"),
        (waiver(until="soon"), "instant", "2:81"),
        ("  - {rule: x, covers: x, reason: '', by: ada, until: 2026-01-01}\n", "empty", "2:34"),
        ("  - {rule: x, covers: x, reason: r, by: a, until: 2026-01-01, for: ever}\n", "unknown-field", "2:63"),
    ],
)
def test_a_waiver_that_cannot_be_read(tmp_path: Path, line: str, code: str, place: str) -> None:
    (tmp_path / "waivers.yaml").write_text(HEAD + line)
    with pytest.raises(Rejected) as caught:
        Bench(tmp_path).lint(SAMPLE)
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.at)) == (code, f"waivers.yaml:{place}")


@given(st.text(alphabet="ab/*", max_size=8), st.text(alphabet="ab/", max_size=8))
def test_a_star_stands_for_any_text(pattern: str, text: str) -> None:
    import re

    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
    assert matches(pattern, text) is expected


def test_no_pattern_takes_long() -> None:
    assert not matches("*a" * 5000 + "b", "a" * 100_000)


@pytest.mark.parametrize(
    ("policy", "pattern"),
    [
        ("protect: ['package:*', 'package:startr']", "package:startr"),
        ("protect: ['package:st*', 'product:to*kens', 'product:fe']", "product:fe"),
        ("approvers: [{covers: ['rate-card:standart', 'package:*'], people: [ada]}]", "rate-card:standart"),
    ],
)
def test_a_pattern_that_fits_nothing_is_told(tmp_path: Path, policy: str, pattern: str) -> None:
    bench = Bench(tmp_path, policy)
    (told,) = (finding for finding in bench.lint(SAMPLE) if finding.code == "fits-nothing")
    assert (told.severity, f'"{pattern}" fits nothing' in told.message) == ("note", True)
    assert told.hint.startswith("did you mean")
    _, findings = bench.planned(SAMPLE, held=SAMPLE)
    assert [f.severity for f in findings if f.code == "fits-nothing"] == ["warning"]


def test_what_only_the_account_holds_is_protected(tmp_path: Path) -> None:
    gone = SAMPLE[: SAMPLE.rindex("---")]
    _, findings = Bench(tmp_path, "protect: ['package:yearly']").planned(gone, held=SAMPLE)
    assert "fits-nothing" not in {finding.code for finding in findings}
