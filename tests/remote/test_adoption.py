"""Adopting what an account had before: marks alone are written, and the plan after it is empty."""

from functools import partial
from pathlib import Path

import pytest
from filled import CARD, FEE, METRIC, PACKAGE, USAGE, Account

from pricebook.apply.keys import DIGEST, RATES, REF
from pricebook.apply.ports import StalePlan
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.document import read, write
from pricebook.plan.verb.table import AddRates, Adopt, Revise, Supersede
from pricebook.problem import Rejected
from pricebook.project.project import Project, read_project
from project import applied, edit, planned, settle
from vendor import Call, Vendor

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: metronome}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {{name: calls{calls}}}
spec: {{name: Calls, aggregation_type: COUNT, property_filters: [{{name: model}}], group_keys: [[model]]}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: fee{fee}}}
spec: {{name: Fee, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: usage{usage}}}
spec: {{name: Usage, type: USAGE, billable_metric: calls, pricing_group_key: [model]}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {{name: list{list}}}
spec:
  name: List
  aliases: [{{name: standard}}]
  rates:
    - {{product: fee, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $10.00}}
    - {{product: usage, pricing_group_values: {{model: small}}, starting_at: 2025-01-01, price: $10.00}}
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: starter{starter}}}
spec:
  name: Starter
  aliases: [{{name: starter}}]
  rate_card_alias: standard
"""
ALL = (METRIC, FEE, USAGE, CARD, PACKAGE)


@pytest.fixture
def account(vendor: Vendor) -> Account:
    """The account."""
    return Account(vendor)


def project(directory: Path, account: Account, *adopt: Ref, **said: str) -> Project:
    """Manifests that say what the account has, with the ids of these objects; `said` instead of an id."""
    ids = {ref.name: account.ids[ref] for ref in adopt} | said
    names = {ref.name: f", adopt: {{local: {ids[ref.name]}}}" if ref.name in ids else "" for ref in ALL}
    (directory / "catalog").mkdir(exist_ok=True, parents=True)
    (directory / "pricebook.yaml").write_text(PROJECT)
    (directory / "catalog" / "all.yaml").write_text(CATALOG.format(**names))
    return read_project(directory)


def refused(made: Project, vendor: Vendor) -> list[tuple[str, str, str]]:
    """The codes, places and messages of a refusal."""
    with pytest.raises(Rejected) as rejected:
        planned(made, vendor.store())
    assert not vendor.writes or all(call.key.startswith("somebody") for call in vendor.writes if call.key)
    return [(problem.code, str(problem.at), problem.message) for problem in rejected.value.problems]


def test_adopted_objects_get_marks_and_nothing_else(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    plan = planned(made, vendor.store())
    assert [step.id for step in plan.steps] == [
        "adopt:billable-metric:calls",
        "adopt:product:fee",
        "adopt:product:usage",
        "adopt:rate-card:list",
    ]
    assert (plan.kept, plan.hazards.total()) == (5, 0)
    assert plan.adopted == account.ids
    vendor.calls.clear()
    assert applied(made, vendor.store(), plan).complete
    paths = {call.path for call in vendor.writes}
    assert paths == {"/v1/customFields/addKey", "/v1/customFields/setValues"}
    again = planned(made, vendor.store())
    assert (again.steps, again.findings, again.kept) == ((), (), 5)
    assert again.adopted == {PACKAGE: account.ids[PACKAGE]}


def test_the_entries_of_marked_objects_may_go_or_stay(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    settle(project(tmp_path, account, *ALL), vendor)
    assert not planned(project(tmp_path, account, PACKAGE), vendor.store()).steps


def test_one_price_changed_is_one_change(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    settle(made, vendor)
    edit(
        tmp_path / "catalog" / "all.yaml",
        "model: small}, starting_at: 2025-01-01, price: $10.00}",
        "model: small}, schedule: [{starting_at: 2025-01-01, price: $10.00}, {starting_at: 2026-01-01, price: $9.00}]}",
    )
    (step,) = planned(made, vendor.store()).steps
    assert isinstance(step.change, AddRates)
    assert [rate.key for rate in step.change.rates] == ['["usage",null,{"model":"small"}]']
    assert step.hazards == ("PRICE_DOWN",)
    settle(made, vendor)


def test_what_differs_is_adopted_first_and_changed_then(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    text = tmp_path / "catalog" / "all.yaml"
    edit(text, "name: Usage, type", "name: Usage of models, type")
    edit(
        text,
        "model: small}, starting_at: 2025-01-01, price: $10.00}",
        "model: large}, starting_at: 2026-01-01, price: $9.00}",
    )
    edit(text, "  name: Starter\n", "  name: Starter 2\n")
    plan = planned(made, vendor.store())
    ids = [step.id for step in plan.steps]
    needs = {step.id: step.needs for step in plan.steps}
    assert ids.index("adopt:product:usage") < ids.index("product:usage") < ids.index("rates:list#1")
    assert "adopt:product:usage" in needs["product:usage"]
    assert {"adopt:rate-card:list", "adopt:product:usage", "product:usage"} <= set(needs["rates:list#1"])
    assert "FOREIGN_EDIT" not in plan.hazards
    kinds = {step.id: type(step.change) for step in plan.steps}
    assert (kinds["product:usage"], kinds["package:starter@2"]) == (Revise, Supersede)
    settle(made, vendor)


def test_a_package_with_another_content_is_version_two(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    customer = account.make("/v1/customers", {"name": "Somebody"})
    contract = {"customer_id": customer, "package_id": account.ids[PACKAGE], "starting_at": "2025-10-01T00:00:00Z"}
    account.does("/v1/contracts/create", contract)
    made = project(tmp_path, account, *ALL)
    settle(made, vendor)
    edit(
        tmp_path / "catalog" / "all.yaml",
        "  name: Starter\n",
        "  name: Starter\n  duration: {value: 12, unit: MONTHS}\n",
    )
    (step,) = planned(made, vendor.store()).steps
    assert (step.id, step.reach) == ("package:starter@2", 1)
    settle(made, vendor)
    account.ids[PACKAGE] = ""  # the entry is taken out: version 2 has our key, and stands on its own
    assert not planned(project_without(tmp_path), vendor.store()).steps


def project_without(directory: Path) -> Project:
    """The project in a directory without the entry of its package."""
    text = directory / "catalog" / "all.yaml"
    head, _, tail = text.read_text().rpartition("metadata: {name: starter")
    text.write_text(f"{head}metadata: {{name: starter}}\n{tail.partition(chr(10))[2]}")
    return read_project(directory)


def test_taking_the_entry_of_a_package_out_is_a_question(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    settle(project(tmp_path, account, *ALL), vendor)
    (problem,) = refused_again(project_without(tmp_path), vendor)
    assert problem.startswith("package:starter would be new, but the account has a package named")


def refused_again(made: Project, vendor: Vendor) -> list[str]:
    """The messages of a refusal."""
    with pytest.raises(Rejected) as rejected:
        planned(made, vendor.store())
    return [problem.message for problem in rejected.value.problems]


def test_the_same_display_name_is_a_question(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    twin = account.product({"name": "Fee", "type": "SUBSCRIPTION"})
    made = project(tmp_path, account, METRIC, USAGE, CARD, PACKAGE)
    with pytest.raises(Rejected) as rejected:
        planned(made, vendor.store())
    (problem,) = rejected.value.problems
    first = account.ids[FEE]
    assert problem.code == "adopt-or-create"
    assert str(problem.at) == "catalog/all.yaml:8:18"
    assert problem.message == (
        f'product:fee would be new, but the account has 2 products named "Fee" already: {first}, {twin}'
    )
    assert problem.hint == (
        f"if it is one of them, add under metadata adopt: {{local: {first}}} or adopt: {{local: {twin}}};"
        " if it is another one, adopt: {local: new}"
    )


def test_a_new_one_is_made_when_that_is_said(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, METRIC, USAGE, fee="new", list="new", starter="new")
    plan = planned(made, vendor.store())
    assert {"product:fee", "rate-card:list", "package:starter@1"} <= {step.id for step in plan.steps}
    settle(made, vendor)


@pytest.mark.parametrize("case", ["missing", "kind", "archived", "owned", "twice", "claimed"])
def test_what_cannot_be_adopted_is_said_where_it_stands(
    vendor: Vendor, account: Account, tmp_path: Path, case: str
) -> None:
    id_ = account.ids[USAGE]
    if case == "missing":
        id_ = "00000000-0000-4000-8000-000000000000"
    elif case == "kind":
        id_ = account.ids[CARD]
    elif case == "archived":
        id_ = account.product({"name": "Gone", "type": "FIXED"})
        account.does("/v1/contract-pricing/products/archive", {"product_id": id_})
    elif case == "owned":
        key = {"entity": "contract_product", "key": "pricebook_ref", "enforce_uniqueness": True}
        account.does("/v1/customFields/addKey", key)
        mark = {"entity": "contract_product", "entity_id": id_, "custom_fields": {REF: "other/product:x"}}
        account.does("/v1/customFields/setValues", mark)
    elif case == "twice":
        id_ = account.ids[FEE]
    elif case == "claimed":
        settle(project(tmp_path, account, *ALL), vendor)
        edit(
            tmp_path / "catalog" / "all.yaml",
            f"name: usage, adopt: {{local: {id_}}}",
            f"name: use, adopt: {{local: {id_}}}",
        )
        edit(tmp_path / "catalog" / "all.yaml", "{product: usage,", "{product: use,")
        with pytest.raises(Rejected) as rejected:
            planned(read_project(tmp_path), vendor.store())
        (problem,) = rejected.value.problems
        assert (problem.code, problem.message) == ("adopt-claimed", f"{id_} is ours already, as product:usage")
        return
    made = project(tmp_path, account, METRIC, FEE, CARD, PACKAGE, usage=id_)
    found = refused(made, vendor)
    at = "catalog/all.yaml:13:"
    assert {(code, place.startswith(at)) for code, place, _ in found} >= {(f"adopt-{case}", True)}
    assert {code for code, _, _ in found} == {f"adopt-{case}"}


def test_an_environment_that_does_not_exist_is_refused(account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account)
    edit(tmp_path / "catalog" / "all.yaml", "{name: fee}", "{name: fee, adopt: {prod: x}}")
    with pytest.raises(Rejected) as rejected:
        planned(made, None)  # type: ignore[arg-type] - nothing is asked
    (problem,) = rejected.value.problems
    assert (problem.code, str(problem.at)) == ("unknown-environment", "catalog/all.yaml:8:37")


def test_an_object_that_changed_since_makes_the_plan_stale(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    plan = planned(made, vendor.store())
    at = "2025-10-01T09:00:00Z"
    account.does(
        "/v1/contract-pricing/products/update", {"product_id": account.ids[FEE], "starting_at": at, "name": "F"}
    )
    with pytest.raises(StalePlan) as stale:
        applied(made, vendor.store(), plan)
    assert [step.id for step in stale.value.steps] == ["adopt:product:fee"]


def test_custom_fields_of_other_systems_stay(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    account.does("/v1/customFields/addKey", {"entity": "contract_product", "key": "erp", "enforce_uniqueness": False})
    body = {"entity": "contract_product", "entity_id": account.ids[FEE], "custom_fields": {"erp": "4711"}}
    account.does("/v1/customFields/setValues", body)
    settle(project(tmp_path, account, *ALL), vendor)
    items = vendor.client().read("POST", "/v1/contract-pricing/products/list", {}, {"limit": "100"})["data"]
    fields = next(item["custom_fields"] for item in items if item["id"] == account.ids[FEE])
    assert (fields["erp"], fields[REF]) == ("4711", "acme/product:fee")
    assert fields.keys() == {"erp", REF, DIGEST}
    assert RATES not in fields


def test_a_plan_with_adoptions_is_a_file(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    plan = planned(project(tmp_path, account, *ALL), vendor.store())
    again = read(write(plan), "plan.json")
    assert write(again) == write(plan)
    assert again.digest == plan.digest
    assert [step.change for step in again.steps if isinstance(step.change, Adopt)] == [s.change for s in plan.steps]


def test_an_apply_that_dies_anywhere_is_gone_on_with(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    edit(tmp_path / "catalog" / "all.yaml", "name: Usage, type", "name: Usage of models, type")
    with vendor.copied() as other:
        settle(made, other)
        count = len(other.writes)
    assert count > 10
    for boundary in range(1, count + 1):
        with vendor.copied() as other:
            other.after = partial(die, other, boundary)
            with pytest.raises(KeyboardInterrupt):
                applied(made, other.store())
            other.after = lambda call: None
            settle(made, other)


def die(vendor: Vendor, boundary: int, call: Call) -> None:
    """The process ends after so many writes."""
    if len(vendor.writes) >= boundary:
        raise KeyboardInterrupt


def test_two_that_adopt_at_once_end_as_one_would(vendor: Vendor, account: Account, tmp_path: Path) -> None:
    made = project(tmp_path, account, *ALL)
    first, second = vendor.store(), vendor.store()
    plan = planned(made, first)
    second.snapshot("acme", plan.as_of, plan.adopted)
    assert applied(made, first, plan).complete
    for step in plan.steps:
        assert second.perform("acme", step.change, plan.as_of) == account.ids[step.change.ref]
    assert not planned(made, vendor.store()).steps
    assert Ref(Kind.PRODUCT, "fee") in vendor.store().snapshot("acme", plan.as_of).ids
