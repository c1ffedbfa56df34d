"""What others do to the account: it is named, told apart from what git did, and never overwritten without a word."""

from pathlib import Path
from typing import Any

import pytest
from small import changed, small

from pricebook.apply.ports import StalePlan
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.table import AddRates, Repoint, Revise
from pricebook.problem import Rejected
from pricebook.project.project import read_project
from project import applied, planned, settle
from vendor import Vendor

CARDS = "/v1/contract-pricing/rate-cards"
PRODUCTS = "/v1/contract-pricing/products"


class Somebody:
    """Somebody with a token of their own."""

    def __init__(self, vendor: Vendor) -> None:
        self.client, self.count = vendor.client(), 0

    def does(self, path: str, body: dict[str, Any]) -> Any:
        """One request."""
        self.count += 1
        return self.client.write("POST", path, body, f"somebody-{self.count}")

    def sees(self, path: str, name: str) -> Any:
        """An object by its name."""
        items = self.client.read("POST", path, {}, {"limit": "100"})["data"]
        return next(item for item in items if (item.get("name") or item["current"]["name"]) == name)


@pytest.fixture
def somebody(vendor: Vendor, tmp_path: Path) -> Somebody:
    """Somebody in an account that was applied to."""
    settle(small(tmp_path), vendor)
    return Somebody(vendor)


def test_a_tag(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    product = somebody.sees(f"{PRODUCTS}/list", "Usage")
    at = "2025-10-01T09:00:00Z"
    somebody.does(f"{PRODUCTS}/update", {"product_id": product["id"], "starting_at": at, "tags": ["mine"]})
    (step,) = planned(small(tmp_path), vendor.store()).steps
    assert isinstance(step.change, Revise)
    assert step.hazards == (Hazard.FOREIGN_EDIT,)
    assert [field.path for field in step.change.fields] == [("tags",)]
    settle(small(tmp_path), vendor)


def test_a_change_of_git_is_no_foreign_edit(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    made = planned(small(tmp_path, changed()), vendor.store())
    assert made.steps
    assert Hazard.FOREIGN_EDIT not in made.hazards


def test_a_rate_beside_a_change_of_git(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    card, product = somebody.sees(f"{CARDS}/list", "List"), somebody.sees(f"{PRODUCTS}/list", "Fee")
    rate = {
        "product_id": product["id"],
        "billing_frequency": "MONTHLY",
        "starting_at": "2026-06-01T00:00:00Z",
        "entitled": True,
        "rate_type": "SUBSCRIPTION",
        "price": 1,
    }
    somebody.does(f"{CARDS}/addRates", {"rate_card_id": card["id"], "rates": [rate]})
    (step,) = planned(small(tmp_path, changed("$0.10")), vendor.store()).steps
    assert isinstance(step.change, AddRates)
    hazards = {change.key: Hazard.FOREIGN_EDIT in change.hazards for change in step.change.rates}
    assert hazards == {'["fee","MONTHLY",{}]': True, '["usage",null,{"model":"small"}]': False}
    settle(small(tmp_path, changed("$0.10")), vendor)


def test_an_alias(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    card = somebody.sees(f"{CARDS}/list", "List")
    somebody.does(f"{CARDS}/update", {"rate_card_id": card["id"], "aliases": [{"name": "other"}]})
    (step,) = planned(small(tmp_path), vendor.store()).steps
    assert isinstance(step.change, Repoint)
    assert Hazard.FOREIGN_EDIT in step.hazards
    settle(small(tmp_path), vendor)


def test_an_archived_product(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    somebody.does(f"{PRODUCTS}/archive", {"product_id": somebody.sees(f"{PRODUCTS}/list", "Grant")["id"]})
    with pytest.raises(Rejected) as rejected:
        planned(small(tmp_path), vendor.store())
    assert [problem.code for problem in rejected.value.problems] == ["archived"]


def test_an_archived_package(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    package = somebody.sees("/v1/packages/list", "Pro v1")
    somebody.does("/v1/packages/archive", {"package_id": package["id"]})
    (step,) = planned(small(tmp_path), vendor.store()).steps
    assert step.id == "package:pro@2"
    settle(small(tmp_path), vendor)


def test_an_alias_that_went_to_a_foreign_package(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    somebody.does("/v1/packages/create", {"name": "Theirs", "aliases": [{"name": "pro"}]})
    made = planned(small(tmp_path), vendor.store())
    assert not made.steps
    (finding,) = made.findings
    assert (finding.code, finding.subject) == ("reads-otherwise", "package:pro@1")
    assert "aliases" in finding.message
    assert made.unmanaged == {"package": 1}


def test_custom_fields_of_other_systems_stay_theirs(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    product = somebody.sees(f"{PRODUCTS}/list", "Usage")
    somebody.does("/v1/customFields/addKey", {"entity": "contract_product", "key": "erp", "enforce_uniqueness": False})
    body = {"entity": "contract_product", "entity_id": product["id"], "custom_fields": {"erp": "4711"}}
    somebody.does("/v1/customFields/setValues", body)
    assert not planned(small(tmp_path), vendor.store()).steps
    made = planned(small(tmp_path, changed()), vendor.store())
    assert Hazard.FOREIGN_EDIT not in made.hazards
    settle(small(tmp_path, changed()), vendor)
    fields = somebody.sees(f"{PRODUCTS}/list", "Usage of models")["custom_fields"]
    assert (fields["erp"], fields["team"]) == ("4711", "infra")


def test_an_update_that_is_still_to_come(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    product = somebody.sees(f"{PRODUCTS}/list", "Usage")
    later = "2025-12-01T00:00:00Z"
    somebody.does(f"{PRODUCTS}/update", {"product_id": product["id"], "starting_at": later, "tags": ["mine"]})
    made = planned(small(tmp_path), vendor.store())
    assert not made.steps
    assert [(finding.code, finding.subject) for finding in made.findings] == [("scheduled-update", "product:usage")]


def test_what_is_nobodys_is_counted_and_left_alone(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    somebody.does(f"{PRODUCTS}/create", {"name": "Theirs", "type": "FIXED"})
    somebody.does(f"{CARDS}/create", {"name": "Theirs"})
    made = planned(small(tmp_path), vendor.store(), prune=True)
    assert (made.steps, made.unmanaged) == ((), {"product": 1, "rate-card": 1})


def test_another_namespace_is_somebody_else(vendor: Vendor, somebody: Somebody, tmp_path: Path) -> None:
    other = small(tmp_path / "other")
    (other.root / "pricebook.yaml").write_text(
        (other.root / "pricebook.yaml").read_text().replace("namespace: acme", "namespace: ac")
    )
    made = planned(read_project(other.root), vendor.store(), prune=True)
    assert made.unmanaged == {"billable-metric": 1, "product": 3, "rate-card": 1, "package": 1}
    assert not [step for step in made.steps if step.id.startswith("archive")]


def test_an_edit_between_plan_and_apply_makes_the_plan_stale(
    vendor: Vendor, somebody: Somebody, tmp_path: Path
) -> None:
    project = small(tmp_path, changed("tags"))
    made = planned(project, vendor.store())
    product = somebody.sees(f"{PRODUCTS}/list", "Usage")
    at = "2025-10-01T09:00:00Z"
    somebody.does(f"{PRODUCTS}/update", {"product_id": product["id"], "starting_at": at, "name": "Mine"})
    count = len(vendor.writes)
    with pytest.raises(StalePlan):
        applied(project, vendor.store(), made)
    assert len(vendor.writes) == count
