"""JUnit XML: parsed back, counted, and whatever the data was, XML."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
import sample_plan
from hypothesis import given
from hypothesis import strategies as st

from drawing import plan_document, problems_document, receipt_document
from pricebook.apply.runner import Receipt, StepResult
from pricebook.format.junit import junit_document
from pricebook.plan.step import Plan
from pricebook.problem import Problem
from pricebook.view.check import Case, Checks

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=100)


def test_a_plan(golden: Callable[[str, str], None]) -> None:
    golden("judged.junit.xml", plan_document("junit", sample_plan.judged()))


@pytest.mark.parametrize("make", [sample_plan.judged, sample_plan.hostile, sample_plan.empty, sample_plan.many])
def test_counts_and_names(make: Callable[[], Plan]) -> None:
    suites = ET.fromstring(plan_document("junit", make()))
    (suite,) = suites
    assert int(suite.attrib["tests"]) == len(suite) > 0
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in suite]
    assert len(names) == len(set(names))


def test_errors_fail_warnings_are_told_and_waived_ones_are_skipped() -> None:
    suites = ET.fromstring(plan_document("junit", sample_plan.judged()))
    findings = [case for case in suites[0] if case.attrib["classname"] == "finding"]
    assert [[child.tag for child in case] for case in findings] == [
        ["failure"],
        ["system-out"],
        ["system-out"],
        ["skipped"],
    ]


def test_problems_fail_and_a_valid_project_passes() -> None:
    suites = ET.fromstring(problems_document("junit", sample_plan.problems()))
    assert suites.attrib["failures"] == "33"
    assert ET.fromstring(problems_document("junit", ())).attrib["tests"] == "1"


def test_a_receipt() -> None:
    results = (StepResult("a", "done"), StepResult("b", "failed", "no"), StepResult("c", "blocked", "needs b"))
    receipt = Receipt("p", results, False, ("a: not as sent",))
    suites = ET.fromstring(receipt_document("junit", receipt, sample_plan.mixed()))
    assert {case.attrib["name"]: [child.tag for child in case] for case in suites[0]} == {
        "a": [],
        "b": ["failure"],
        "c": ["skipped"],
        "Of 3 steps: 1 failed, 1 not tried.": ["failure"],
    } or suites.attrib["failures"] == "2"


@given(anything, anything, anything)
def test_any_text_is_xml(name: str, failure: str, file: str) -> None:
    text = junit_document(
        Checks(
            name,
            (
                Case(group=name, name=name, failures=(failure,), skipped="", file=file, line=1, output=failure),
                Case(group=name, name=file, failures=(), skipped=failure),
            ),
        )
    )
    ET.fromstring(text.encode())


@given(st.sampled_from(sample_plan.HOSTILE))
def test_hostile_problems(name: str) -> None:
    ET.fromstring(problems_document("junit", [Problem("c", name, None, name, subject=name)] * 3).encode())
