"""What a company sets up beside its prices, as code: warnings for a shared pool of credits and for each seat, keys for
what its own services write, reminders. The public script that does the same is named in no manifest here."""

from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from metronome import Metronome

from pricebook.apply.ports import Provenance
from pricebook.apply.runner import Receipt, run
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.plan.step import Plan
from pricebook.project.project import Project, read_project
from pricebook.sandbox.server import Served
from pricebook.store.journal import SqlJournal
from pricebook.workflow.plan import plan
from vendor import AT, Call, Vendor
from vendor import vendor as empty

SETTINGS = """\
namespace: acme
manifests: [catalog]
environments: {local: {store: metronome, probe_customer: somebody}}
"""
PRICES = """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: work-credits}
spec: {name: Work credits}
---
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: work}
spec:
  name: Work
  aggregation_type: SUM
  aggregation_key: credits
  property_filters: [{name: credits, exists: true}, {name: user_id, exists: true}]
  group_keys: [[user_id]]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: work}
spec: {name: Work, type: USAGE, billable_metric: work, presentation_group_key: [user_id], tags: [metered]}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION, custom_fields: {seat_type: team, stripe_product: prod_1}}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: allowance}
spec: {name: Allowance, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  aliases: [{name: list}]
  credit_type_conversions: [{custom_credit_type: work-credits, fiat_per_custom_credit: $0.01}]
  rates:
    - {product: work, starting_at: 2025-01-01, credit_type: work-credits, price: 1}
    - {product: seat, billing_frequency: MONTHLY, starting_at: 2025-01-01, price: $20.00}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: team}
spec:
  name: Team
  aliases: [{name: team}]
  rate_card_alias: list
  subscriptions:
    - key: seats
      subscription_rate: {product: seat, billing_frequency: MONTHLY}
      collection_schedule: ADVANCE
      quantity_management_mode: SEAT_BASED
      seat_config: {seat_group_key: user_id}
      proration: {is_prorated: true}
  recurring_credits:
    - key: own
      product: allowance
      priority: 1
      access_amount: {unit_price: 40000, credit_type: work-credits}
      applicable_product_tags: [metered]
      commit_duration: {value: 1}
      recurrence_frequency: MONTHLY
      starting_at_offset: {value: 0, unit: DAYS}
      subscription_config:
        subscription: seats
        allocation: INDIVIDUAL
        apply_seat_increase_config: {is_prorated: false}
  credits:
    - key: pool
      product: allowance
      priority: 2
      applicable_product_tags: [metered]
      custom_fields: {balance: pool}
      access_schedule:
        credit_type: work-credits
        schedule_items: [{amount: 5000, starting_at_offset: {value: 0, unit: DAYS}, duration: {value: 1, unit: YEARS}}]
"""


def _pool(name: str, threshold: int) -> str:
    return f"""\
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {{name: pool-{name}}}
spec:
  name: The pool is {name}
  alert_type: low_remaining_contract_credit_and_commit_balance_reached
  threshold: {threshold}
  credit_type: work-credits
  custom_field_filters: [{{entity: ContractCredit, key: balance, value: pool}}]
"""


def _seat(name: str, threshold: int) -> str:
    return f"""\
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {{name: seat-{name}}}
spec:
  name: A seat is {name}
  alert_type: low_remaining_seat_balance_reached
  threshold: {threshold}
  credit_type: work-credits
  seat_filter: {{seat_group_key: user_id}}
"""


def _key(entity: str, key: str) -> str:
    name = f"{entity}-{key}".replace("_", "-")
    return (
        f"---\napiVersion: pricebook/v1\nkind: CustomFieldKey\nmetadata: {{name: {name}}}\n"
        f"spec: {{entity: {entity}, key: {key}}}\n"
    )


def _offset(name: str, event: str, offset: str) -> str:
    return (
        f"---\napiVersion: pricebook/v1\nkind: OffsetNotification\nmetadata: {{name: {name}}}\n"
        f"spec: {{name: {name.capitalize()}, policy: {{type: {event}, offset: {offset}}}}}\n"
    )


KEYS = [
    ("contract", "plan_code"),
    ("contract", "origin"),
    ("contract", "owner"),
    ("contract_credit", "balance"),
    ("contract_product", "seat_type"),
    ("contract_product", "stripe_product"),
]
SETUP = (
    PRICES
    + "".join(_pool(*each) for each in (("empty", 0), ("low", 100), ("critical", 10)))
    + "".join(_seat(*each) for each in (("empty", 0), ("low", 8000), ("half-low", 1600)))
    + "".join(_key(*each) for each in KEYS)
    + _offset("refilled", "credit.segment.start", "PT1H")
    + _offset("pool-ends", "credit.segment.end", "-P7D")
    + _offset("renewal", "contract.end", "-P1M")
)
CHANGED = SETUP.replace("threshold: 100\n", "threshold: 250\n")


def project(folder: Path, text: str = SETUP) -> Project:
    """The project of a text."""
    (folder / "catalog").mkdir(parents=True, exist_ok=True)
    (folder / "pricebook.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "catalog" / "all.yaml").write_text(text, encoding="utf-8")
    return read_project(folder)


def planned(made: Project, store: RemoteStore) -> Plan:
    return plan(made, "local", store, AT)


def applied(made: Project, store: RemoteStore) -> Receipt:
    """The receipt of an apply, with the journal beside the project."""
    journal = SqlJournal(f"sqlite:///{made.root}/journal.db")
    try:
        found = planned(made, store)
        return run(
            found, store, journal, owner="t@h:1:x", clock=lambda: AT, tell=lambda _: None, provenance=Provenance()
        )
    finally:
        journal.close()


def test_it_is_set_up_read_back_by_the_sdk_and_planned_again(served: Served, client: Metronome, tmp_path: Path) -> None:
    probe = client.v1.customers.create(name="Somebody").data.id
    reach: Any = {"concurrency": 4, "connect_timeout": 9.0, "read_timeout": 60.0, "requests_per_minute": 1_000_000}
    count, opened = iter(range(10_000)), ExitStack()

    def store() -> RemoteStore:
        asked = Client(served.url, served.token, probe=probe, **reach)
        return opened.enter_context(closing(RemoteStore(asked, {}, nonce=lambda: f"n{next(count)}")))

    with opened:
        assert applied(project(tmp_path), store()).complete
        alerts = {each.alert.name: each for each in client.v1.customers.alerts.list(customer_id=probe)}
        assert {name: each.alert.threshold for name, each in alerts.items()} == {
            "The pool is empty": 0,
            "The pool is low": 100,
            "The pool is critical": 10,
            "A seat is empty": 0,
            "A seat is low": 8000,
            "A seat is half-low": 1600,
        }
        pool, seat = alerts["The pool is low"].alert, alerts["A seat is low"].alert
        assert pool.custom_field_filters is not None
        assert [(each.entity, each.key, each.value) for each in pool.custom_field_filters] == [
            ("ContractCredit", "balance", "pool")
        ]
        assert seat.seat_filter is not None
        assert (seat.seat_filter.seat_group_key, seat.credit_type and seat.credit_type.name) == (
            "user_id",
            "Work credits",
        )
        keys = {(each.entity, each.key): each.enforce_uniqueness for each in client.v1.custom_fields.list_keys()}
        assert {key: keys[key] for key in KEYS} == dict.fromkeys(KEYS, False)
        offsets: Any = client.post("/v2/notifications/offset/list", cast_to=object, body={})
        assert sorted((each["name"], each["policy"]["offset"]) for each in offsets["data"]) == [
            ("Pool-ends", "-P7D"),
            ("Refilled", "PT1H"),
            ("Renewal", "-P1M"),
        ]
        again = planned(project(tmp_path), store())
        assert (again.steps, again.findings) == ((), ())
        changing = planned(project(tmp_path, CHANGED), store())
        assert [step.id for step in changing.steps] == [
            "threshold-notification:pool-low@2",
            "archive:threshold-notification:pool-low@1",
        ]
        assert applied(project(tmp_path, CHANGED), store()).complete
        said = [each.alert for each in client.v1.customers.alerts.list(customer_id=probe)]
        assert [each.threshold for each in said if each.name == "The pool is low"] == [250]
        settled = planned(project(tmp_path, CHANGED), store())
        assert (settled.steps, settled.findings) == ((), ())


class Killed(BaseException):
    """The process ends here."""


class Deadly:
    """The process ends at the n-th request: before it is made, or when it was done and not answered."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.when = at, after

    def before(self, call: Call) -> httpx.Response | None:
        """Called before a request is answered."""
        if self.at == 0 and not self.when:
            raise Killed
        self.at -= 1
        return None

    def after(self, call: Call) -> None:
        """Called when the answer is ready."""
        if self.at == -1 and self.when:
            raise Killed


def contents(account: Vendor) -> list[tuple[str, object]]:
    """What was set up: every notification that is live, every key, every offset."""
    client, body = account.client(), {"customer_id": account.probe()}
    found = [
        (each["alert"]["name"], each["alert"]["threshold"])
        for each in client.read("POST", "/v1/customer-alerts/list", body)["data"]
    ]
    found += [
        (f"{each['entity']}/{each['key']}", each["enforce_uniqueness"])
        for each in client.read("POST", "/v1/customFields/listKeys", {})["data"]
    ]
    found += [
        (each["name"], each["policy"]["offset"])
        for each in client.read("POST", "/v2/notifications/offset/list", {})["data"]
    ]
    return sorted(found, key=str)


@pytest.mark.whole
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("text", [SETUP, CHANGED], ids=["first", "changed"])
def test_killed_at_every_request_it_is_there_once(text: str, after: bool, tmp_path: Path) -> None:
    with empty() as start:
        start.probe()
        if text is CHANGED:
            assert applied(project(tmp_path / "start"), start.store(probe=start.probe())).complete
        with start.copied() as whole:
            probe = whole.probe()
            whole.calls.clear()
            assert applied(project(tmp_path / "whole", text), whole.store(probe=probe)).complete
            count, expected = len(whole.calls), contents(whole)
        for at in range(count):
            made = project(tmp_path / f"{at}", text)
            with start.copied() as account:
                deadly = Deadly(at, after=after)
                account.before, account.after = deadly.before, deadly.after
                with suppress(Killed):
                    applied(made, account.store(probe=probe, concurrency=1))
                account.before, account.after = lambda call: None, lambda call: None
                if text is CHANGED:
                    assert any(name == "The pool is low" for name, _ in contents(account)), "there is one at any time"
                assert applied(made, account.store(probe=probe)).complete, at
                assert contents(account) == expected, at
                assert planned(made, account.store(probe=probe)).steps == (), at
