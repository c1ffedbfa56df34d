"""Letting go of what is ours: marks are taken off, nothing is archived, and others may adopt it."""

from functools import partial
from pathlib import Path

import pytest
from small import BEFORE, PROJECT, small
from test_adoption import die

from pricebook.apply.keys import MARKS
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.document import read, write
from pricebook.problem import Rejected
from pricebook.project.project import Project, read_project
from project import applied, planned, settle
from vendor import Vendor

EXTRA = (
    "---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {name: old}\nspec: {name: Old, type: FIXED}\n"
    "---\napiVersion: pricebook/v1\nkind: RateCard\nmetadata: {name: past}\nspec:\n  name: Past\n"
    "  rates: [{product: fee, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $1.00}]\n"
    "---\napiVersion: pricebook/v1\nkind: Package\nmetadata: {name: pilot}\nspec: {name: Pilot, rate_card: list}\n"
)
REMOVED = "removed: [product:old, rate-card:past, package:pilot]\n"
OLD = Ref(Kind.PRODUCT, "old")


def project(directory: Path, removed: str = REMOVED, text: str = BEFORE) -> Project:
    """The small project, and what it lets go."""
    small(directory, text)
    (directory / "pricebook.yaml").write_text(PROJECT + removed)
    return read_project(directory)


@pytest.fixture
def before(vendor: Vendor, tmp_path: Path) -> dict[Ref, str]:
    """The ids of an account to which everything was applied."""
    settle(small(tmp_path, BEFORE + EXTRA), vendor)
    return dict(vendor.store().snapshot("acme", planned(small(tmp_path, BEFORE + EXTRA), vendor.store()).as_of).ids)


def test_marks_are_taken_off_and_nothing_else(vendor: Vendor, before: dict[Ref, str], tmp_path: Path) -> None:
    made = project(tmp_path)
    plan = planned(made, vendor.store(), prune=True)
    assert [step.id for step in plan.steps] == ["release:rate-card:past", "release:product:old"]
    assert (plan.hazards.total(), plan.leftovers) == (0, ())
    assert write(read(write(plan), "plan.json")) == write(plan)
    vendor.calls.clear()
    assert applied(made, vendor.store(), plan).complete
    assert {call.path for call in vendor.writes} == {"/v1/customFields/deleteValues", "/v1/customFields/setValues"}
    again = planned(made, vendor.store(), prune=True)
    assert (again.steps, again.leftovers, again.unmanaged) == ((), (), {"product": 1, "rate-card": 1})
    items = vendor.client().read("POST", "/v1/contract-pricing/products/list", {}, {"limit": "100"})["data"]
    fields = next(item["custom_fields"] for item in items if item["id"] == before[OLD])
    assert fields == {"pricebook_ref": f"~acme/product:old#{before[OLD][:6]}"}
    assert fields.keys() < MARKS


def test_what_was_let_go_can_be_adopted_again(vendor: Vendor, before: dict[Ref, str], tmp_path: Path) -> None:
    settle(project(tmp_path), vendor)
    text = BEFORE + EXTRA.split("---")[1].join(("---", ""))
    with pytest.raises(Rejected) as rejected:
        planned(project(tmp_path, "", text), vendor.store())
    assert [problem.code for problem in rejected.value.problems] == ["adopt-or-create"]
    text = text.replace("{name: old}", f"{{name: older, adopt: {{local: {before[OLD]}}}}}")
    assert [step.id for step in planned(project(tmp_path, "", text), vendor.store()).steps] == ["adopt:product:older"]
    settle(project(tmp_path, "", text), vendor)


@pytest.mark.parametrize(("removed", "message", "at"), [
    ("removed: [product:never]\n", "product:never is removed, and local has nothing of that name any more", "5:11"),
    ("removed: [product:fee]\n", "product:fee is still declared", "5:11"),
])  # fmt: skip
def test_an_entry_that_matches_nothing_is_refused(
    vendor: Vendor, tmp_path: Path, removed: str, message: str, at: str
) -> None:
    with pytest.raises(Rejected) as rejected:
        planned(project(tmp_path, removed), vendor.store())
    (problem,) = rejected.value.problems
    assert (problem.code, problem.message, str(problem.at)) == ("removed", message, f"pricebook.yaml:{at}")


def test_an_environment_may_let_go_more(vendor: Vendor, before: dict[Ref, str], tmp_path: Path) -> None:
    made = project(tmp_path, "")
    text = PROJECT.replace("{store: metronome}", "{store: metronome, removed: [product:old]}")
    (tmp_path / "pricebook.yaml").write_text(text)
    assert [step.id for step in planned(read_project(made.root), vendor.store()).steps] == ["release:product:old"]


def test_an_apply_that_dies_anywhere_is_gone_on_with(vendor: Vendor, before: dict[Ref, str], tmp_path: Path) -> None:
    made = project(tmp_path)
    for boundary in range(1, 5):
        with vendor.copied() as other:
            other.after = partial(die, other, boundary)
            with pytest.raises(KeyboardInterrupt):
                applied(made, other.store())
            other.after = lambda call: None
            settle(made, other)
