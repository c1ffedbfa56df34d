"""What left the manifests: who still sells, buys and uses it, and what it was probably renamed to."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import load
from pricebook.observe.snapshot import LiveContracts, Snapshot
from pricebook.plan.document import read, write
from pricebook.plan.planner import make_plan
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import Leftover, Plan
from pricebook.project.project import Project, ProjectSettings
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice

AT = datetime(2026, 6, 1, tzinfo=UTC)
SETTINGS = ProjectSettings.model_validate(
    {"namespace": "a", "manifests": ("catalog.yaml",), "environments": {"e": {"store": "memory"}}}
)
HEAD = "apiVersion: pricebook/v1\n"
SEAT = HEAD + "kind: Product\nmetadata: {name: desk-seat}\nspec: {name: Desk seat, type: SUBSCRIPTION}\n"
PHONE = HEAD + "kind: Product\nmetadata: {name: phone}\nspec: {name: Phone line, type: SUBSCRIPTION}\n"
CARD = (
    HEAD
    + """\
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates:
    - {product: phone, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}
"""
)
OFFICE = (
    HEAD
    + """\
kind: Package
metadata: {name: office}
spec:
  name: Office v{version}
  aliases: [{name: office}]
  rate_card: list
  subscriptions:
    - subscription_rate: {product: phone, billing_frequency: MONTHLY}
      quantity_management_mode: QUANTITY_ONLY
      initial_quantity: 1
      collection_schedule: ADVANCE
      proration: {is_prorated: true}
"""
)


def planned(folder: Path, held: list[str], desired: list[str], *, contracts: int = 0, prune: bool = False) -> Plan:
    """The plan from what is held to what is desired, with contracts on the package."""
    catalogs = []
    for texts in (held, desired):
        (folder / "catalog.yaml").write_text("---\n".join(texts), encoding="utf-8")
        catalogs.append(load(Project(folder, SETTINGS)))
    first = make_plan(catalogs[0].catalog, Snapshot(AT), namespace="a", environment="e", as_of=AT)
    snapshot = applied_to(Snapshot(AT), first)
    counts = {ref: contracts if ref.kind is Kind.PACKAGE else 0 for ref in snapshot.objects}
    objects = {ref: replace(each, live=LiveContracts(counts[ref])) for ref, each in snapshot.objects.items()}
    return make_plan(
        catalogs[1].catalog,
        replace(snapshot, objects=objects),
        namespace="a",
        environment="e",
        as_of=AT,
        prune=prune,
        places=catalogs[1].places,
    )


def test_what_is_sold_and_in_no_manifest_is_never_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, [PHONE, CARD, OFFICE], [PHONE, CARD], contracts=3)
    office = Leftover(Ref(Kind.PACKAGE, "office", 1), ("office",), 3, name="Office v1")
    assert (plan.steps, plan.leftovers) == ((), (office,))
    assert read(write(plan), "p") == plan
    view = plan_view(plan, RowChoice(), ())
    assert view.verdict == (
        "Office v1 is in no manifest any more and stays: 1 still sold by alias, 3 contracts on it."
        " What manifests declare is as they say (2 objects, 1 price)."
    )
    assert [each.sentence for each in view.leftovers] == ["still sold by alias office; 3 contracts on it"]


def test_who_uses_it_is_named(tmp_path: Path) -> None:
    plan = planned(tmp_path, [SEAT, PHONE, CARD, OFFICE], [SEAT], contracts=2)
    assert {each.ref.name: each.contracts for each in plan.leftovers} == {"office": 2, "phone": 2, "list": 0}
    sentences = {each.ref: each.sentence for each in plan_view(plan, RowChoice(), ()).leftovers}
    assert sentences["product:phone"] == "2 contracts buy it; used by rate-card:list, package:office@1"
    users = {str(each.ref): [str(ref) for ref in each.used_by] for each in plan.leftovers}
    assert users == {
        "package:office@1": [],
        "product:phone": ["rate-card:list", "package:office@1"],
        "rate-card:list": ["package:office@1"],
    }


def test_a_plan_that_knew_only_names_is_read(tmp_path: Path) -> None:
    plan = planned(tmp_path, [SEAT, PHONE], [PHONE])
    text = write(plan)
    whole = (
        '{"aliases":[],"contracts":0,"fees":{},"like":null,"name":"Desk seat","once":{},"ref":"product:desk-seat",'
        '"used_by":[]}'
    )
    assert whole in text
    assert read(text.replace(whole, '"product:desk-seat"'), "p").leftovers == (
        Leftover(Ref(Kind.PRODUCT, "desk-seat")),
    )


@pytest.mark.parametrize(
    ("new", "like"),
    [
        pytest.param(SEAT.replace("desk-seat", "workplace"), "workplace", id="by its title"),
        pytest.param(
            SEAT.replace("desk-seat", "desk-seats").replace("Desk seat", "Desks"), "desk-seats", id="by its name"
        ),
        pytest.param(SEAT.replace("desk-seat", "storage").replace("Desk seat", "Storage"), None, id="no likeness"),
        pytest.param(
            SEAT.replace("desk-seat", "desk-seats").replace("Desk seat, type: SUBSCRIPTION", "Desks, type: FIXED"),
            None,
            id="another thing",
        ),
    ],
)  # fmt: skip
def test_a_probable_rename_asks_for_moved(new: str, like: str | None, tmp_path: Path) -> None:
    plan = planned(tmp_path, [SEAT, PHONE], [new, PHONE])
    (left,) = plan.leftovers
    assert left.like == (Ref(Kind.PRODUCT, like) if like else None)
    found = [finding for finding in plan.findings if finding.code == "looks-renamed"]
    assert [str(finding.at) for finding in found] == (["catalog.yaml:1:1"] if like else [])
    for finding in found:
        assert f"moved: [{{from: product:desk-seat, to: product:{like}}}]" in finding.hint


def test_each_new_object_is_like_one_that_left(tmp_path: Path) -> None:
    """The likest takes it."""
    other = SEAT.replace("desk-seat", "desk-sea").replace("Desk seat", "Sea")
    plan = planned(tmp_path, [SEAT, other], [SEAT.replace("desk-seat", "desk-place")])
    assert {each.ref.name: each.like for each in plan.leftovers} == {
        "desk-seat": Ref(Kind.PRODUCT, "desk-place"),
        "desk-sea": None,
    }


def test_what_is_pruned_is_not_left(tmp_path: Path) -> None:
    plan = planned(tmp_path, [PHONE, CARD, OFFICE], [PHONE, CARD], prune=True)
    assert (plan.leftovers, [step.id for step in plan.steps]) == ((), ["archive:package:office@1"])
