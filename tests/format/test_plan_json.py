"""JSON says the same numbers as the terminal, exactly."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sample_plan

from drawing import plan_document, plan_lines, problems_document
from pricebook.plan.step import Plan
from pricebook.plan.verb.add_rates import AddRates


def read(plan: Plan, rows: str | None = None) -> Any:
    return json.loads(plan_document("json", plan, rows), parse_float=Decimal)


def test_who_owns_what(golden: Callable[[str, str], None]) -> None:
    text = json.dumps(json.loads(plan_document("json", sample_plan.owned())), indent=1, ensure_ascii=True)
    golden("owned.json", text + "\n")


def test_rows_are_exact() -> None:
    data = read(sample_plan.mixed())
    (card,) = (item for item in data["objects"] if item["action"] == "rates")
    row = card["rates"]["rows"][0]
    assert row["observed_price"] == Decimal("0.00025")
    assert row["desired_price"] == Decimal("0.0002")
    assert row["relative_change"] == Decimal("-0.2")
    assert (row["observed"], row["desired"], row["per"]) == ("$2.50", "$2.00", "per 1M tokens")
    assert row["pricing_group_values"] == {"component": "input", "region": "us"}


def test_rows_are_those_asked_for() -> None:
    def rows(choice: str | None) -> tuple[int, int]:
        rates = read(sample_plan.many(), choice)["objects"][0]["rates"]
        return len(rates["rows"]), rates["rows_total"]

    assert rows(None) == (0, 8000)
    assert rows("7") == (7, 8000)
    assert rows("all") == (8000, 8000)


@pytest.mark.parametrize("make", [sample_plan.mixed, sample_plan.many, sample_plan.refused, sample_plan.new_version])
def test_counts_are_those_of_the_terminal(make: Any) -> None:
    plan = make()
    data, page = read(plan), "\n".join(plan_lines(plan, width=300))
    for hazard in data["hazards"]:
        assert f"{hazard['hazard']}" in page
        assert plan.hazards[hazard["hazard"]] == hazard["count"]
        assert f"{hazard['count']:,}" in page
    assert data["summary"] in page
    assert data["verdict"] in page
    assert data["counts"]["prices_total"] == sum(
        len(s.change.rates) for s in plan.steps if isinstance(s.change, AddRates)
    )
    assert data["counts"]["kept"] == plan.kept
    assert data["refused"] == sorted(h["hazard"] for h in data["hazards"] if h["refused"])


def test_the_same_plan_is_the_same_text() -> None:
    first, second = (plan_document("json", sample_plan.mixed()) for _ in range(2))
    assert first == second
    assert "\n" not in first


def test_hostile_names_come_back_and_do_not_act() -> None:
    text = plan_document("json", sample_plan.hostile())
    assert all(char.isprintable() for char in text if char not in "\u034f")
    refs = {item["ref"] for item in json.loads(text)["objects"]}
    assert {f"product:{name}" for name in sample_plan.HOSTILE} <= refs


def test_problems() -> None:
    data = json.loads(problems_document("json", sample_plan.problems()))
    assert data["total"] == 10_014
    assert len(data["problems"]) == 34
    assert data["problems"][0]["at"] == {"file": "packages/pro.yaml", "line": 14, "column": 16}
    assert data["problems"][0]["related"][0]["at"]["file"] == "rate-cards/standard.yaml"


def test_the_largest_moves_are_those_of_all_rows() -> None:
    rates = read(sample_plan.many(), "all")["objects"][0]["rates"]
    moves = sorted(row["relative_change"] for row in rates["rows"] if row["relative_change"] is not None)
    assert [row["relative_change"] for row in rates["largest_falls"]] == moves[:15]
    assert [row["relative_change"] for row in rates["largest_rises"]] == moves[:-16:-1]
