"""Renaming what is ours: marks say the present name, nothing is made anew, and no package gets a version for it."""

from functools import partial
from pathlib import Path

import pytest
from small import BEFORE, PROJECT, changed, small
from test_adoption import die

from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.document import read, write
from pricebook.plan.verb.adopt import Adopt
from pricebook.problem import Rejected
from pricebook.project.project import Project, read_project
from project import applied, edit, planned, settle
from vendor import Vendor

NAMES = {"tokens": "calls", "usage": "inference", "fee": "seat", "list": "prices", "pro": "team"}
MOVED = """\
moved:
  - {from: billable-metric:tokens, to: billable-metric:calls}
  - {from: product:usage, to: product:inference}
  - {from: product:fee, to: product:seat}
  - {from: rate-card:list, to: rate-card:prices}
  - {from: package:pro, to: package:team}
"""


def renamed(directory: Path, text: str = BEFORE, moved: str = MOVED) -> Project:
    """The small project with every name of ours changed but those that are sold, and the entries that say so."""
    for old, new in NAMES.items():
        text = text.replace(f"metadata: {{name: {old}}}", f"metadata: {{name: {new}}}")
    text = text.replace("billable_metric: tokens", "billable_metric: calls").replace(
        "[fee, usage]", "[seat, inference]"
    )
    text = text.replace("[usage, fee]", "[inference, seat]")
    text = text.replace("product: usage", "product: inference").replace("product: fee", "product: seat")
    small(directory, text)
    (directory / "pricebook.yaml").write_text(PROJECT + moved)
    return read_project(directory)


def test_only_the_names_in_marks_change(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    before = vendor.store().snapshot("acme", planned(small(tmp_path), vendor.store()).as_of).ids
    project = renamed(tmp_path)
    plan = planned(project, vendor.store())
    assert [step.id for step in plan.steps] == [
        "adopt:billable-metric:calls",
        "adopt:product:inference",
        "adopt:product:seat",
        "adopt:rate-card:prices",
    ]
    assert not plan.hazards
    assert write(read(write(plan), "plan.json")) == write(plan)
    assert read(write(plan), "plan.json").digest == plan.digest
    vendor.calls.clear()
    assert applied(project, vendor.store(), plan).complete
    assert [call.path for call in vendor.writes] == ["/v1/customFields/setValues"] * 4
    again = planned(project, vendor.store())
    assert (again.steps, again.findings, again.leftovers) == ((), (), ())
    after = vendor.store().snapshot("acme", plan.as_of).ids
    assert after[Ref(Kind.PRODUCT, "inference")] == before[Ref(Kind.PRODUCT, "usage")]
    assert Ref(Kind.PRODUCT, "usage") not in after


def test_changes_go_with_it_and_are_gits(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    project = renamed(tmp_path, changed())
    plan = planned(project, vendor.store())
    assert "package:team@2" in {step.id for step in plan.steps}
    assert "FOREIGN_EDIT" not in plan.hazards
    settle(project, vendor)
    assert {step.id for step in planned(renamed(tmp_path), vendor.store()).steps} >= {"package:team@3"}


def test_changes_later_are_gits_too(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    settle(renamed(tmp_path), vendor)
    project = renamed(tmp_path, changed())
    assert "FOREIGN_EDIT" not in planned(project, vendor.store()).hazards
    settle(project, vendor)


def test_a_second_rename_follows_the_first(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    settle(renamed(tmp_path), vendor)
    text = (tmp_path / "catalog" / "all.yaml").read_text().replace("inference", "models")
    text = text.replace("metadata: {name: team}", "metadata: {name: squad}")
    more = "  - {from: product:inference, to: product:models}\n  - {from: package:team, to: package:squad}\n"
    project = renamed(tmp_path, text, MOVED + more)
    (step,) = planned(project, vendor.store()).steps
    assert isinstance(step.change, Adopt)
    assert step.change.was == Ref(Kind.PRODUCT, "inference")
    settle(project, vendor)
    with vendor.copied() as other:
        settle(project, other)


def test_an_account_without_the_old_names_is_filled_as_usual(vendor: Vendor, tmp_path: Path) -> None:
    project = renamed(tmp_path)
    assert "package:team@1" in {step.id for step in planned(project, vendor.store()).steps}
    settle(project, vendor)


def test_the_version_before_is_archived_under_its_own_name(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    project = renamed(tmp_path, changed("unit_price"))
    assert "archive:package:team@1" in {step.id for step in planned(project, vendor.store(), prune=True).steps}
    settle(project, vendor, prune=True)


@pytest.mark.parametrize(("moved", "message", "at"), [
    ("moved:\n  - {from: product:gone, to: product:nowhere}\n", "product:nowhere is not declared", "6:30"),
    ("moved:\n  - {from: product:fee, to: product:usage}\n", "product:fee is still declared", "6:12"),
    ("moved:\n  - {from: product:old, to: package:pro}\n", "product:old cannot become package:pro", "6:29"),
    ("moved:\n  - {from: pricing-unit:coins, to: pricing-unit:c}\n", 'unit:coins" cannot be renamed', "6:12"),
])  # fmt: skip
def test_an_entry_that_leads_nowhere_is_refused(
    vendor: Vendor, tmp_path: Path, moved: str, message: str, at: str
) -> None:
    small(tmp_path)
    (tmp_path / "pricebook.yaml").write_text(PROJECT + moved)
    with pytest.raises(Rejected) as rejected:
        planned(read_project(tmp_path), vendor.store())
    (problem,) = rejected.value.problems
    assert (problem.code, str(problem.at)) == ("moved", f"pricebook.yaml:{at}")
    assert message in problem.message


def test_a_name_that_another_object_has_is_refused(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    extra = "---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {name: seat}\nspec: {name: Seat, type: FIXED}\n"
    settle(small(tmp_path, BEFORE + extra), vendor)
    with pytest.raises(Rejected) as rejected:
        planned(renamed(tmp_path), vendor.store())
    assert "both product:fee and product:seat are there already" in {p.message for p in rejected.value.problems}


def test_an_apply_that_dies_anywhere_is_gone_on_with(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    project = renamed(tmp_path, changed("tags"))
    with vendor.copied() as other:
        settle(project, other)
        count = len(other.writes)
    for boundary in range(1, count + 1):
        with vendor.copied() as other:
            other.after = partial(die, other, boundary)
            with pytest.raises(KeyboardInterrupt):
                applied(project, other.store())
            other.after = lambda call: None
            settle(project, other)


def test_what_somebody_edits_meanwhile_is_still_theirs(vendor: Vendor, tmp_path: Path) -> None:
    settle(small(tmp_path), vendor)
    client = vendor.client()
    items = client.read("POST", "/v1/contract-pricing/products/list", {}, {"limit": "100"})["data"]
    id_ = next(item["id"] for item in items if item["current"]["name"] == "Usage")
    body = {"product_id": id_, "starting_at": "2025-10-01T09:00:00Z", "tags": ["mine"]}
    client.write("POST", "/v1/contract-pricing/products/update", body, "somebody-1")
    plan = planned(renamed(tmp_path), vendor.store())
    assert {step.id: step.hazards for step in plan.steps}["product:inference"] == ("FOREIGN_EDIT",)
    edit(tmp_path / "catalog" / "all.yaml", "tags: [metered]", "tags: [mine]")
    settle(read_project(tmp_path), vendor)
