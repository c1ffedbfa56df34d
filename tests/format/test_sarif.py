"""SARIF that code scanning takes: valid against the published schema, at the right lines, with nothing that acts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import sample_plan
from jsonschema import Draft4Validator

from drawing import plan_document, problems_document
from pricebook.format.sarif import RESULTS
from pricebook.plan.step import Plan
from pricebook.problem import Problem
from pricebook.span import Span

SCHEMA = Path(__file__).parent / "schema" / "sarif-2.1.0-rtm.5.json"
VALIDATOR = Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def read(text: str) -> Any:
    document = json.loads(text)
    VALIDATOR.validate(document)
    assert all(char.isprintable() for char in text.rstrip("\n"))
    return document["runs"][0]


@pytest.mark.parametrize(
    "make", [sample_plan.judged, sample_plan.refused, sample_plan.empty, sample_plan.hostile, sample_plan.many]
)
def test_plans_are_valid(make: Callable[[], Plan]) -> None:
    run = read(plan_document("sarif", make()))
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"]


def test_the_sample(golden: Callable[[str, str], None]) -> None:
    document = json.loads(plan_document("sarif", sample_plan.judged(), base="pricing"))
    document["runs"][0]["tool"]["driver"]["version"] = "VERSION"
    golden("judged.sarif.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def test_refused_hazards_and_findings_stand_at_their_lines() -> None:
    run = read(plan_document("sarif", sample_plan.judged(), base="pricing"))
    places = {
        result["ruleId"]: (
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for result in run["results"]
    }
    assert places == {
        "ENTITLEMENT_LOST": ("pricing/rate-cards/tokens.yaml", 1),
        "ARCHIVES": ("pricing/pricebook.yaml", 1),
        "price-step": ("pricing/rate-cards/tokens.yaml", 12),
        "notice-period": ("pricing/rate-cards/tokens.yaml", 12),
        "naming": ("pricing/pricebook.yaml", 1),
        "round-price": ("pricing/rate-cards/tokens.yaml", 20),
    }
    (waived,) = (result for result in run["results"] if "suppressions" in result)
    assert waived["suppressions"][0]["justification"] == "agreed with finance, by ada until 2026-06-30"


def test_what_the_policy_does_not_refuse_is_no_result() -> None:
    run = read(plan_document("sarif", sample_plan.refused(), refused=()))
    assert run["results"] == []


def test_refusals_are_results() -> None:
    run = read(problems_document("sarif", sample_plan.problems(), base="a b"))
    first = run["results"][0]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/packages/pro.yaml"
    assert first["message"]["text"] == 'rate card "standrad" does not exist. did you mean "standard"?.'
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "9980 more results are not listed."


def test_more_than_code_scanning_shows_are_counted() -> None:
    run = read(problems_document("sarif", [Problem("c", f"m {i}") for i in range(RESULTS + 7)]))
    assert len(run["results"]) == RESULTS
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "7 more results are not listed."


@pytest.mark.parametrize("name", sample_plan.HOSTILE)
def test_names_come_back_and_make_no_link(name: str) -> None:
    run = read(problems_document("sarif", [Problem("c", name, Span(name, 1))]))
    (result,) = run["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert unquote(uri, errors="surrogatepass") == name.replace("\\", "/")
    text = result["message"]["text"]
    assert text.isprintable() or "\u200e" in text
    assert "](" not in text.replace("\\]", "")
