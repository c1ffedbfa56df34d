"""Threshold notifications of an account: read through a customer, made anew, the successor first, at every write."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from small import small
from test_every_write import KINDS, Killed, Trouble

from pricebook.plan.step import Plan
from pricebook.problem import Rejected
from pricebook.sandbox.wire import Request
from project import applied, planned
from vendor import Call, Vendor
from vendor import vendor as empty

MANIFESTS = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec: {name: Tokens, aggregation_type: SUM, aggregation_key: n, property_filters: [{name: n, exists: true}]}
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: spend}
spec: {name: Spend, alert_type: spend_threshold_reached, threshold: $50.00, evaluate_on_create: false}
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: many}
spec: {name: Many tokens, alert_type: usage_threshold_reached, threshold: 1000000, billable_metric: tokens}
"""
CHANGED = MANIFESTS.replace("$50.00", "$80.00")


def probe_of(account: Vendor) -> str:
    """The customer of the account, made when there is none."""

    def asked(method: str, body: bytes) -> Any:
        headers = {"authorization": f"Bearer {account.sandbox.token}", "content-type": "application/json"}
        return json.loads(account.sandbox.handle(Request(method, "/v1/customers", {}, headers, body)).body)["data"]

    there = asked("GET", b"")
    return str(there[0]["id"] if there else asked("POST", b'{"name": "Probe"}')["id"])


def shown(account: Vendor) -> list[tuple[str, int]]:
    """Every live notification, by name and threshold."""
    body = {"customer_id": probe_of(account)}
    items = account.client().read("POST", "/v1/customer-alerts/list", body)["data"]
    return sorted((item["alert"]["name"], int(item["alert"]["threshold"])) for item in items)


def steps(plan: Plan) -> list[str]:
    """What is done, in order."""
    return [step.id for step in plan.steps]


def test_they_are_made_read_back_and_made_anew(vendor: Vendor, tmp_path: Path) -> None:
    probe = probe_of(vendor)
    assert applied(small(tmp_path, MANIFESTS), vendor.store(probe=probe)).complete
    assert shown(vendor) == [("Many tokens", 1000000), ("Spend", 5000)]
    settled = planned(small(tmp_path, MANIFESTS), vendor.store(probe=probe))
    assert (settled.steps, settled.findings) == ((), ())
    changing = planned(small(tmp_path, CHANGED), vendor.store(probe=probe))
    assert steps(changing) == ["threshold-notification:spend@2", "archive:threshold-notification:spend@1"]
    vendor.calls.clear()
    assert applied(small(tmp_path, CHANGED), vendor.store(probe=probe)).complete
    made, archived = [call for call in vendor.writes if call.path.startswith("/v1/alerts")]
    assert (made.path, archived.path) == ("/v1/alerts/create", "/v1/alerts/archive")
    assert archived.body["release_uniqueness_key"] is True
    assert shown(vendor) == [("Many tokens", 1000000), ("Spend", 8000)]
    # What was archived is forgotten there, so that its content can come back.
    assert applied(small(tmp_path, MANIFESTS), vendor.store(probe=probe)).complete
    assert shown(vendor) == [("Many tokens", 1000000), ("Spend", 5000)]


def test_what_no_answer_shows_is_known_by_the_key(vendor: Vendor, tmp_path: Path) -> None:
    probe = probe_of(vendor)
    assert applied(small(tmp_path, MANIFESTS), vendor.store(probe=probe)).complete
    louder = MANIFESTS.replace(", evaluate_on_create: false", "")
    assert "threshold-notification:spend@2" in steps(planned(small(tmp_path, louder), vendor.store(probe=probe)))


def test_without_a_customer_nothing_is_made_that_could_not_be_found_again(vendor: Vendor, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        planned(small(tmp_path, MANIFESTS), vendor.store())
    assert {(problem.code, problem.hint) for problem in caught.value.problems} == {
        ("cannot", "name any customer in the environment: probe_customer: ID")
    }
    assert vendor.writes == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [MANIFESTS, CHANGED], ids=["first", "changed"])
def test_at_every_write_there_is_one_of_each(kind: str, text: str, tmp_path: Path) -> None:
    with empty() as start:
        probe = probe_of(start)
        if text is CHANGED:
            assert applied(small(tmp_path, MANIFESTS), start.store(probe=probe)).complete
        with start.copied() as whole:
            assert applied(small(tmp_path / "whole", text), whole.store(probe=probe)).complete
            count, expected = len(whole.writes), shown(whole)
        assert count >= 2
        for at in range(count):
            project = small(tmp_path / f"{at}", text)
            with start.copied() as account:
                trouble = Trouble(account, kind, at)
                account.before, account.after = trouble.before, trouble.after
                with suppress(Killed):
                    applied(project, account.store(probe=probe))
                assert trouble.hit
                account.fault()
                if text is CHANGED:
                    assert any(name == "Spend" for name, _ in shown(account)), "there is one at any time"
                assert applied(project, account.store(probe=probe)).complete, at
                assert shown(account) == expected, at
                assert planned(project, account.store(probe=probe)).steps == (), at


UNMARKED = """\
apiVersion: pricebook/v1
kind: CustomFieldKey
metadata: {name: customer-crm-id}
spec: {entity: customer, key: crm_id, enforce_uniqueness: true}
---
apiVersion: pricebook/v1
kind: OffsetNotification
metadata: {name: trial-ends}
spec:
  name: Trial ends
  policy: {type: credit.segment.end, offset: -P7D}
"""


def test_what_is_known_by_its_name_is_made_once_and_edited(vendor: Vendor, tmp_path: Path) -> None:
    assert applied(small(tmp_path, UNMARKED), vendor.store()).complete
    assert planned(small(tmp_path, UNMARKED), vendor.store()).steps == ()
    later = small(tmp_path, UNMARKED.replace("-P7D", "-P14D"))
    assert [step.id for step in planned(later, vendor.store()).steps] == ["offset-notification:trial-ends"]
    assert applied(later, vendor.store()).complete
    assert vendor.writes[-1].path == "/v2/notifications/edit"
    assert planned(later, vendor.store()).steps == ()
    nothing = planned(small(tmp_path, UNMARKED[: UNMARKED.index("---")]), vendor.store(), prune=True)
    assert nothing.steps == (), "what is nobody's by a mark is never archived"


def test_another_name_would_not_be_found_again(vendor: Vendor, tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        planned(small(tmp_path, UNMARKED.replace("{name: trial-ends}", "{name: ends}")), vendor.store())
    (problem,) = caught.value.problems
    assert problem.hint == "name its manifest so: metadata: {name: trial-ends}"


def test_a_token_that_may_not_read_them_hides_them_from_those_who_declare_none(vendor: Vendor, tmp_path: Path) -> None:
    def refuse(call: Call) -> httpx.Response | None:
        return httpx.Response(403, json={"message": "no"}) if call.path == "/v2/notifications/offset/list" else None

    vendor.before = refuse
    key = UNMARKED[: UNMARKED.index("---")]
    assert applied(small(tmp_path, key), vendor.store()).complete
    with pytest.raises(Rejected) as caught:
        planned(small(tmp_path, UNMARKED), vendor.store())
    assert [problem.hint for problem in caught.value.problems] == ["use a token that may read them"]


@pytest.mark.parametrize("kind", KINDS)
def test_at_every_write_what_is_known_by_its_name_is_there_once(kind: str, tmp_path: Path) -> None:
    with empty() as whole:
        assert applied(small(tmp_path / "whole", UNMARKED), whole.store()).complete
        count = len(whole.writes)
    for at in range(count):
        project = small(tmp_path / f"{at}", UNMARKED)
        with empty() as account:
            trouble = Trouble(account, kind, at)
            account.before, account.after = trouble.before, trouble.after
            with suppress(Killed):
                applied(project, account.store())
            assert trouble.hit
            account.fault()
            assert applied(project, account.store()).complete, at
            client = account.client()
            offsets = client.read("POST", "/v2/notifications/offset/list", {})["data"]
            keys = client.read("POST", "/v1/customFields/listKeys", {})["data"]
            assert [each["name"] for each in offsets] == ["Trial ends"], at
            assert [each["key"] for each in keys if each["entity"] == "customer"] == ["crm_id"], at
