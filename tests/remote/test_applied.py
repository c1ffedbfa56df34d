"""Real projects applied to an account over HTTP: all of it is there, and planning again finds nothing to do."""

from itertools import pairwise
from pathlib import Path

import pytest
from openapi import request_problems

from memory_store import MemoryStore
from pricebook.problem import Rejected
from pricebook.workflow.plan import plan
from project import applied, dated, edit, example, planned, settle
from vendor import AT, Vendor

TABLES = ["litellm-1.57.2.csv", "litellm-1.67.0.csv", "litellm-1.80.0.csv", "litellm-1.97.0.csv"]


def test_the_starter_plan(vendor: Vendor, tmp_path: Path) -> None:
    settle(example("starter-plan", tmp_path), vendor)
    judge(vendor)


def test_all_price_lists_one_after_the_other(vendor: Vendor, tmp_path: Path) -> None:
    project = example("llm-prices", tmp_path)
    settle(project, vendor)
    card = project.root / "catalog" / "rate-card.yaml"
    for before, after in pairwise(TABLES):
        edit(card, before, after)
        settle(project, vendor)
    judge(vendor)
    assert "/v1/contract-pricing/rate-cards/addRate" not in {call.path for call in vendor.calls}


def test_a_revision_of_everything_that_can_be_revised(vendor: Vendor, tmp_path: Path) -> None:
    project = example("starter-plan", tmp_path)
    settle(project, vendor)
    catalog = project.root / "catalog"
    edit(catalog / "plans.yaml", "{name: Starter subscription,", "{name: Starter, tags: [plans],")
    text = (catalog / "usage.yaml").read_text()
    first = text[text.index("  name: ") :].splitlines()[0]
    edit(catalog / "usage.yaml", first, first + " (metered)")
    edit(catalog / "rate-card.yaml", "  name: Tokens rate card\n", "  name: Tokens\n  description: All of them\n")
    assert planned(project, vendor.store()).steps
    settle(project, vendor)
    judge(vendor)


def test_dates_in_a_package_are_refused_with_their_place(vendor: Vendor, tmp_path: Path) -> None:
    project = example("starter-plan", tmp_path)
    dated(project)
    with pytest.raises(Rejected) as rejected:
        planned(project, vendor.store())
    (problem,) = rejected.value.problems
    assert problem.code == "cannot"
    assert problem.at is not None
    assert problem.at.file == "catalog/packages/good.yaml"
    assert not vendor.writes


def test_a_plan_file_that_cannot_be_done_is_refused_before_anything_is_sent(vendor: Vendor, tmp_path: Path) -> None:
    project = example("starter-plan", tmp_path)
    dated(project)
    made = plan(project, "local", MemoryStore(), AT)
    with pytest.raises(Rejected):
        applied(project, vendor.store(), made)
    assert not vendor.writes


def judge(vendor: Vendor) -> None:
    """Every request, and every answer of the sandbox, is what the vendor's document says."""
    found = {
        (call.path, problem) for call in vendor.calls for problem in request_problems(call.method, call.path, call.body)
    }
    assert not found
