"""Threshold notifications of an account: read through a customer, made anew, the successor first, at every write."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from small import small
from test_every_write import KINDS, Killed, Trouble

from pricebook.catalog.reference import Kind
from pricebook.plan.step import Plan
from pricebook.problem import Rejected
from project import applied, planned
from vendor import AT, Call, Vendor
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


def shown(account: Vendor) -> list[tuple[str, int]]:
    """Every live notification, by name and threshold."""
    body = {"customer_id": account.probe()}
    items = account.client().read("POST", "/v1/customer-alerts/list", body)["data"]
    return sorted((item["alert"]["name"], int(item["alert"]["threshold"])) for item in items)


def steps(plan: Plan) -> list[str]:
    """What is done, in order."""
    return [step.id for step in plan.steps]


def test_they_are_made_read_back_and_made_anew(vendor: Vendor, tmp_path: Path) -> None:
    probe = vendor.probe()
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
    probe = vendor.probe()
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
        probe = start.probe()
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


ALIKE = (
    "a,b", "a: b", "A B", "a b", "a-b", "a_b", "A-B", "é", "e", "🚀", "🔥", "-", "\u202e", "x" * 190, "x" * 190 + "y",
)  # fmt: skip


def keys_called(names: Callable[[int], str], *, every: int = 1) -> str:
    """Manifests of keys that differ by little, each under a name of ours."""
    kept = [(index, key) for index, key in enumerate(ALIKE) if index % every == 0]
    texts = [
        {
            "apiVersion": "pricebook/v1",
            "kind": "CustomFieldKey",
            "metadata": {"name": names(index)},
            "spec": {"entity": "rate_card", "key": key},
        }
        for index, key in kept
    ]
    return "---\n".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)


def test_what_manifests_call_it_makes_no_difference(vendor: Vendor, tmp_path: Path) -> None:
    assert applied(small(tmp_path, keys_called(lambda n: f"k{n}") + "---\n" + UNMARKED), vendor.store()).complete
    listed = vendor.client().read("POST", "/v1/customFields/listKeys", {})["data"]
    assert len([each for each in listed if not each["key"].startswith("pricebook_")]) == len(ALIKE) + 1
    reversed_names = keys_called(lambda n: f"k{len(ALIKE) - n}")
    # One that an account would call another key by.
    taken = keys_called(lambda n: f"rate_card-a-b{'-' + str(n) if n else ''}", every=3)
    for text in (reversed_names, taken, keys_called(lambda n: f"k{n}", every=2)):
        again = planned(small(tmp_path, text + "---\n" + UNMARKED.replace("trial-ends", "ends")), vendor.store())
        assert (again.steps, again.findings) == ((), ())
    renamed = small(tmp_path, UNMARKED.replace("trial-ends", "ends").replace("-P7D", "-P9D"))
    assert [step.id for step in planned(renamed, vendor.store()).steps] == ["offset-notification:ends"]
    assert applied(renamed, vendor.store()).complete
    assert [call.path for call in vendor.writes][-1] == "/v2/notifications/edit"
    assert planned(renamed, vendor.store()).steps == ()


def test_keys_that_nobody_declared_have_a_name_each(vendor: Vendor, tmp_path: Path) -> None:
    assert applied(small(tmp_path, keys_called(lambda n: f"k{n}")), vendor.store()).complete
    snapshot = vendor.store().snapshot("acme", AT)
    assert snapshot.notes == ()
    keys = {ref: noun.identity for ref, noun in snapshot.catalog.nouns.items() if ref.kind is Kind.CUSTOM_FIELD_KEY}
    assert sorted(keys.values()) == sorted(("rate_card", key) for key in ALIKE)


def test_two_that_an_account_could_not_tell_are_refused(vendor: Vendor, tmp_path: Path) -> None:
    twice = UNMARKED + "---\n" + UNMARKED.replace("customer-crm-id", "crm").replace("trial-ends", "ends")
    with pytest.raises(Rejected) as caught:
        planned(small(tmp_path, twice), vendor.store())
    assert [(problem.code, problem.message) for problem in caught.value.problems] == [
        ("duplicate", 'customer-crm-id has entity "customer" and key "crm_id" too, which is all that an account tells'),
        ("duplicate", 'trial-ends has name "Trial ends" too, which is all that an account tells'),
    ]


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
