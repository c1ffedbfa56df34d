"""The comment on a pull request: read whole, within its bounds whatever the plan, and inert."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sample_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from inert import check_markdown

from drawing import plan_document, problems_document, receipt_document
from pricebook.apply.runner import Receipt, StepResult
from pricebook.catalog.reference import Kind, Ref
from pricebook.format.markdown import LIMIT, marker
from pricebook.format.markup import code_markdown, escape_markdown
from pricebook.plan.step import Leftover, Plan
from pricebook.problem import Problem
from pricebook.span import Span

Golden = Callable[[str, str], None]
PLANS: dict[str, Callable[[], Plan]] = {
    "mixed": sample_plan.mixed,
    "judged": sample_plan.judged,
    "new-version": sample_plan.new_version,
    "new-package": sample_plan.new_package,
    "many": sample_plan.many,
    "empty": sample_plan.empty,
    "refused": sample_plan.refused,
    "hostile": sample_plan.hostile,
    "owned": sample_plan.owned,
}
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)
MEANS_SOMETHING = st.text(st.sampled_from(list("`|\\*_[]()<>!#@$&~:;-+=./\n %\"'{}^0a1. w")), max_size=60)


def comment(plan: Plan, rows: str | None = None) -> str:
    return plan_document("markdown", plan, rows)


@pytest.mark.parametrize("name", PLANS)
def test_page(name: str, golden: Golden) -> None:
    golden(f"{name}.md", comment(PLANS[name]()))


def test_page_of_problems(golden: Golden) -> None:
    golden("problems.md", problems_document("markdown", sample_plan.problems(), target="acme/production"))


@pytest.mark.parametrize("name", PLANS)
def test_it_is_inert_and_short_enough(name: str) -> None:
    text = comment(PLANS[name]())
    check_markdown(text)
    assert len(text.encode()) <= LIMIT


@given(st.one_of(anything, MEANS_SOMETHING, st.sampled_from(sample_plan.HOSTILE)))
@settings(max_examples=3 * settings().max_examples)
def test_any_text_is_inert_wherever_it_stands(text: str) -> None:
    prose, code = escape_markdown(text), code_markdown(text)
    table = f"| a | b |\n|---|---|\n| {prose} | {code} |\n| {code} | {prose} |\n"
    check_markdown(f"### {prose}\n\n{table}\n- {prose}\n  - {code}\n")


@given(st.one_of(anything, MEANS_SOMETHING))
@settings(max_examples=3 * settings().max_examples)
def test_a_table_row_stays_one_row_of_two_cells(text: str) -> None:
    import cmarkgfm

    prose, code = escape_markdown(text), code_markdown(text)
    page = cmarkgfm.github_flavored_markdown_to_html(f"| a | b |\n|---|---|\n| x{prose} | y{code} |\n\nend\n")
    assert page.count("<td") == 2
    assert page.count("<tr") == 2
    assert page.endswith("<p>end</p>\n")


@pytest.mark.parametrize("count", [0, 1, 20, 21, 8000])
def test_it_fits_whatever_the_number_of_changes(count: int) -> None:
    plan = sample_plan.many(count) if count else sample_plan.empty()
    text = comment(plan)
    assert len(text.encode()) <= LIMIT
    assert_counts(plan, text)


@pytest.mark.whole
def test_it_fits_a_hundred_thousand_changes() -> None:
    steps = sample_plan.many().steps
    plan = sample_plan.plan((steps * 13)[:100])
    text = comment(plan)
    assert len(text.encode()) <= LIMIT
    assert text.startswith("### 99,000 prices change for 311 contracts: ")
    assert_counts(plan, text)


@pytest.mark.whole
def test_it_fits_five_thousand_packages_and_says_how_many() -> None:
    step = sample_plan.supersede("plan", 2, sample_plan.starter(), sample_plan.starter(1500), reach=3)
    steps = [
        replace(step, id=f"{i}", change=replace(step.change, ref=Ref(Kind.PACKAGE, f"plan-{i:04d}", 2)))
        for i in range(5000)
    ]
    plan = sample_plan.plan(steps)
    text = comment(plan)
    assert len(text.encode()) <= LIMIT
    assert "5,000 new package versions" in text
    listed = len(re.findall(r"^\| `package:", text, re.MULTILINE))
    (more,) = re.findall(r"^and ([\d,]+) more rows", text, re.MULTILINE)
    assert listed + int(more.replace(",", "")) == 5000
    detailed = len(re.findall(r"^- `package:", text, re.MULTILINE))
    (rest,) = re.findall(r"^and ([\d,]+) more objects", text, re.MULTILINE)
    assert detailed + int(rest.replace(",", "")) == 5000
    assert_counts(plan, text)


@pytest.mark.parametrize("name", sample_plan.HOSTILE)
def test_it_fits_however_long_and_strange_every_name_is(name: str) -> None:
    long = (name * 10_000)[:10_000]
    was, now = sample_plan.terms("2"), sample_plan.terms("3")
    changes = [sample_plan.repriced(f"{i}{long}", was, now, x=long) for i in range(25)]
    steps = [sample_plan.rates(f"{i}{long}", changes, 3, f"{long}:{i}") for i in range(3)]
    steps += [sample_plan.create(Kind.PRODUCT, f"{i}{long}", long, name="x", type="FIXED") for i in range(30)]
    findings = tuple(
        Problem("c", long, Span(long, 1), long, subject=long, waived=waived) for waived in ("", long) for _ in range(60)
    )
    plan = sample_plan.plan(
        steps,
        findings=findings,
        leftovers=tuple(Leftover(Ref(Kind.PRODUCT, long), (long,)) for _ in range(9)),
        unmanaged={long: 1},
    )
    text = comment(plan)
    assert len(text.encode()) <= LIMIT
    assert text.endswith("<!-- pricebook plan acme/production -->\n")
    check_markdown(text)
    assert_counts(plan, text)


def test_it_fits_any_number_of_problems() -> None:
    problems = [Problem("c", name, Span(name, i), name) for i, name in enumerate(sample_plan.HOSTILE * 300)]
    text = problems_document("markdown", problems)
    assert len(text.encode()) <= LIMIT
    check_markdown(text)
    listed = len(re.findall(r"^\| \*\*error\*\*", text, re.MULTILINE))
    (more,) = re.findall(r"^and ([\d,]+) more problems", text, re.MULTILINE)
    assert listed + int(more.replace(",", "")) == len(problems)


def assert_counts(plan: Plan, text: str) -> None:
    """Every number that the JSON plan counts is in the comment, and is the same."""
    data: Any = json.loads(plan_document("json", plan))
    assert f"### {escape_markdown(data['verdict'], 1000)}\n" in text
    assert data["summary"] in text
    for hazard in data["hazards"]:
        assert f"| `{hazard['hazard']}` | {hazard['count']:,} |" in text
    assert f"plan `{data['id']}`" in text
    for item in data["objects"]:
        if "rates" in item and item["rates"]["rows_total"] > 20 and len(data["objects"]) == 1:
            counts = item["rates"]["counts"]
            for word in ("down", "up", "new", "ended"):
                assert not counts[word] or f"{counts[word]:,} {word}" in text


def test_findings_are_told_with_their_place_and_waived_ones_are_folded() -> None:
    text = comment(sample_plan.judged())
    assert "**Findings: 1 error, 4 warnings, 1 note**" in text
    (row,) = re.findall(r"^\| \*\*error\*\* (\S+) .* \| `rate-cards/tokens.yaml:12:7` \|$", text, re.MULTILINE)
    assert row == "[`price-step`](https://pricebook.dev/errors/#price-step)"
    _, folded = text.split("<details><summary>1 waived finding</summary>")
    assert "agreed with finance, by ada until 2026-06-30" in folded.split("</details>")[0]


def test_the_first_line_is_the_verdict_and_the_last_a_hidden_marker() -> None:
    lines = comment(sample_plan.mixed()).splitlines()
    assert lines[0].startswith("### 5 prices change for 311 contracts")
    assert lines[-1] == marker("acme/production")


@pytest.mark.parametrize("target", ["acme/prod", "a--b/--><script>", "", "x" * 999, "Ünï/\ncode"])
def test_a_marker_is_one_comment(target: str) -> None:
    line = marker(target)
    assert re.fullmatch(r"<!-- pricebook plan ([a-z0-9_./]|-(?!-))* -->", line)


def test_the_same_plan_is_the_same_comment() -> None:
    assert comment(sample_plan.mixed()) == comment(sample_plan.mixed())


def test_rows_can_be_chosen() -> None:
    text = comment(sample_plan.many(), "region-01")
    rows = re.findall(r"^\| \*\*Model \d\d · (region-\d\d\d)\*\*", text.split("<summary>Prices of")[1], re.MULTILINE)
    assert rows
    assert all(row.startswith("region-01") for row in rows)


def test_page_of_a_receipt(golden: Golden) -> None:
    results = (
        StepResult("product:gpt-5", "done"),
        StepResult("rates:tokens#1", "failed", "the store says no | `really` @everyone"),
        StepResult("package:starter-plan@3", "blocked", "needs rates:tokens#1"),
    )
    receipt = Receipt("8f6461b8a26c", results, True, ("product:gpt-4o: name is GPT-4o",))
    text = receipt_document("markdown", receipt, sample_plan.mixed())
    check_markdown(text)
    golden("receipt.md", text)


def test_a_plan_without_impact_needs_neither_bills_nor_usage() -> None:
    drawn = (
        "import sys, sample_plan; from drawing import plan_document; plan_document('markdown', sample_plan.mixed());"
        "print(*(name for name in sys.modules if name.startswith(('pricebook.preview', 'pricebook.usage'))))"
    )
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(here), str(here.parent)))}
    done = subprocess.run([sys.executable, "-c", drawn], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
