"""Prices stand in the order of the manifests, and a price says what it is for also where that is what changes."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drawing import plan_document
from pricebook.manifest.load import load
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Plan
from pricebook.project.project import Project, ProjectSettings
from pricebook.view.plan import PlanView, plan_view
from pricebook.view.price_list import price_list
from pricebook.view.rows import RowChoice

AT = datetime(2026, 6, 1, tzinfo=UTC)
SETTINGS = ProjectSettings.model_validate(
    {"namespace": "a", "manifests": ("catalog.yaml",), "environments": {"e": {"store": "memory"}}}
)
CATALOG = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: hours}
spec:
  name: Hours
  aggregation_type: SUM
  aggregation_key: hours
  property_filters: [{name: hours, exists: true}, {name: chip, exists: true}]
  group_keys: [[chip]]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - metadata: {name: spot}
    spec: &time {name: Spot time, type: USAGE, unit: GPU-hour, billable_metric: hours, pricing_group_key: [chip]}
  - {metadata: {name: reserved}, spec: {<<: *time, name: Reserved time}}
  - {metadata: {name: care}, spec: {name: Care, type: COMPOSITE, composite_products: [spot, reserved]}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates: [{product: care, starting_at: 2026-01-01, rate_type: PERCENTAGE, price: 5%}]
  rates_from:
    - table: chips.csv
      columns: {price: [spot, reserved], pricing_group_values: [chip]}
      defaults: {starting_at: 2026-01-01, currency: USD}
"""
CHIPS = ["zeta", "alpha", "mu", "beta", *(f"chip-{n}" for n in range(12, 0, -1))]


def write(folder: Path, text: str = CATALOG, times: int = 1, chips: list[str] = CHIPS) -> Project:
    (folder / "catalog.yaml").write_text(text, encoding="utf-8")
    lines = [f"{chip},{(n + 2) * times},{(n + 1) * times}" for n, chip in enumerate(chips)]
    (folder / "chips.csv").write_text("\n".join(["chip,spot,reserved", *lines, ""]), encoding="utf-8")
    return Project(folder, SETTINGS)


def held_of(project: Project) -> Snapshot:
    found = load(project).catalog
    return applied_to(Snapshot(AT), make_plan(found, Snapshot(AT), namespace="a", environment="e", as_of=AT))


def planned(project: Project, held: Snapshot) -> Plan:
    return make_plan(load(project).catalog, held, namespace="a", environment="e", as_of=AT)


def viewed(project: Project, held: Snapshot) -> PlanView:
    return plan_view(planned(project, held), RowChoice(every=True))


def test_rows_and_matrices_stand_as_the_table_does(tmp_path: Path) -> None:
    """A model that is new stands where it was written in, one that is gone at the end."""
    held = held_of(write(tmp_path))
    later = CATALOG.replace("defaults: {starting_at: 2026-01-01", "defaults: {starting_at: 2027-01-01")
    chips = ["newest", *(chip for chip in CHIPS if chip != "mu")]
    project = write(tmp_path, later, 2, chips)
    (item,) = [item for item in viewed(project, held).objects if item.rates is not None]
    assert item.rates is not None
    told = [row.pricing_group_values["chip"] for row in item.rates.rows if row.product == "spot"]
    assert told == [*chips, "mu"]
    comment = plan_document("markdown", planned(project, held))
    matrix = comment[comment.index("as a matrix: 17 rows") :].split("</details>")[0]
    assert re.findall(r"^\| ([a-z0-9-]+) \|", matrix, re.MULTILINE) == [*chips, "mu"]
    assert "|  | Spot time, per GPU-hour | Reserved time, per GPU-hour |" in matrix


def test_a_site_lists_prices_as_they_are_declared(tmp_path: Path) -> None:
    project = write(tmp_path)
    held = held_of(project)
    listed = price_list(held, "a", (), load(project).catalog.rates).prices["list"]
    assert [str(one.key) for one in listed[1:4]] == ["spot · chip=zeta", "spot · chip=alpha", "spot · chip=mu"]
    alone = price_list(held, "a").prices["list"]  # without manifests by their keys
    assert [str(one.key) for one in alone[1:3]] == ["reserved · chip=alpha", "reserved · chip=beta"]


def test_a_percentage_says_of_what(tmp_path: Path) -> None:
    held = held_of(write(tmp_path))
    dearer = CATALOG.replace("price: 5%", "price: 7.5%").replace("care, starting_at: 2026", "care, starting_at: 2027")
    (words, *_) = viewed(write(tmp_path, dearer), held).verdict.split(" (")
    assert words == "Care goes from 5 % to 7.5 % of Spot time and Reserved time"


@pytest.mark.parametrize("since", ["2026-01-01", "2027-01-01"])
def test_prices_that_are_for_another_quantity_are_no_unchanged_prices(since: str, tmp_path: Path) -> None:
    """What a product counts changes when it is applied, whenever its prices do."""
    held = held_of(write(tmp_path))
    counted = "{name: 60 GPU-hours, operation: DIVIDE, conversion_factor: 60}"
    text = CATALOG.replace("name: Reserved time", f"name: Reserved time, quantity_conversion: {counted}")
    view = viewed(write(tmp_path, text), held)
    words = "Prices of Reserved time that stay as they are become per 60 GPU-hours instead of per GPU-hour."
    assert view.verdict.startswith(words)
    assert "No existing price changes" not in view.verdict
    moved = text.replace("defaults: {starting_at: 2026-01-01", f"defaults: {{starting_at: {since}")
    plan = planned(write(tmp_path, moved, 60), held)
    assert "| **Reserved time**: every price that stays | per GPU-hour | per 60 GPU-hours | other unit |" in (
        plan_document("markdown", plan)
    )
    (item,) = [item for item in plan_view(plan, RowChoice(every=True)).objects if item.rates is not None]
    assert item.rates is not None
    row = next(row for row in item.rates.rows if row.key == "reserved · chip=zeta")
    told = (row.observed, row.desired, row.per, row.change)
    if since == "2026-01-01":
        assert told == ("$1.00 per GPU-hour", "$60.00 per 60 GPU-hours", "", "other unit")
    else:  # until then $1.00 is for sixty of them
        assert told == ("$1.00", "$60.00", "per 60 GPU-hours", "+5,900.0 %")
