"""Threshold notifications by the vendor's own SDK: made, refused, shown as a customer's, archived, their keys free."""

from typing import Any

import pytest
from metronome import BadRequestError, ConflictError, Metronome, NotFoundError


@pytest.fixture
def customer(client: Metronome) -> str:
    """Whose alerts are asked for."""
    return client.v1.customers.create(name="Acme").data.id


def names(client: Metronome, customer: str, **asked: Any) -> list[str]:
    """The alerts that are shown as the customer's."""
    return [each.alert.name for each in client.v1.customers.alerts.list(customer_id=customer, **asked)]


def test_it_is_shown_as_it_was_made(client: Metronome, customer: str) -> None:
    metric = client.v1.billable_metrics.create(name="Calls", aggregation_type="COUNT").data.id
    spend = client.v1.alerts.create(
        alert_type="spend_threshold_reached",
        name="Spend",
        threshold=5000,
        group_values=[{"key": "region"}],
        uniqueness_key="spend",
    ).data.id
    client.v1.alerts.create(alert_type="usage_threshold_reached", name="Calls", threshold=10, billable_metric_id=metric)
    found = client.v1.customers.alerts.retrieve(customer_id=customer, alert_id=spend).data
    assert (found.alert.type, found.alert.threshold, found.alert.status) == ("spend_threshold_reached", 5000, "enabled")
    assert (found.alert.uniqueness_key, found.alert.credit_type and found.alert.credit_type.name) == (
        "spend",
        "USD (cents)",
    )
    assert [(group.key, group.value) for group in found.alert.group_values or ()] == [("region", None)]
    assert names(client, customer) == ["Spend", "Calls"]


def test_a_key_is_taken_until_it_is_released(client: Metronome, customer: str) -> None:
    said: Any = {"alert_type": "invoice_total_reached", "name": "Large", "threshold": 1, "uniqueness_key": "large"}
    first = client.v1.alerts.create(**said).data.id
    with pytest.raises(ConflictError, match="large"):
        client.v1.alerts.create(**said)
    client.v1.alerts.archive(id=first)
    with pytest.raises(ConflictError):
        client.v1.alerts.create(**said)
    client.v1.alerts.archive(id=first, release_uniqueness_key=True)
    assert client.v1.alerts.create(**said).data.id != first
    assert names(client, customer) == ["Large"]
    assert names(client, customer, alert_statuses=["ENABLED", "ARCHIVED"]) == ["Large", "Large"]
    assert names(client, customer, alert_statuses=["DISABLED"]) == []


def test_one_of_another_customer_is_not_shown(client: Metronome, customer: str) -> None:
    other = client.v1.customers.create(name="Other").data.id
    own = client.v1.alerts.create(
        alert_type="invoice_total_reached", name="Own", threshold=1, customer_id=customer
    ).data.id
    assert (names(client, customer), names(client, other)) == (["Own"], [])
    with pytest.raises(NotFoundError):
        client.v1.customers.alerts.retrieve(customer_id=other, alert_id=own)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"alert_type": "usage_threshold_reached", "threshold": 1}, "billable_metric is required"),
        ({"alert_type": "low_remaining_commit_percentage_reached", "threshold": 200}, "more than 100 percent"),
        ({"alert_type": "low_remaining_seat_balance_reached", "threshold": 1}, "seat_filter is required"),
    ],
)
def test_what_cannot_be_is_refused(client: Metronome, said: dict[str, Any], word: str) -> None:
    with pytest.raises(BadRequestError, match=word):
        client.v1.alerts.create(name="None", **said)


def test_an_offset_is_listed_and_can_change_until_it_is_archived(client: Metronome) -> None:
    offsets = client.v2.notifications.offset
    said: Any = {"name": "A day", "policy": {"type": "contract.start", "offset": "P1D"}, "uniqueness_key": "a-day"}
    made = offsets.create(**said).data
    assert (made.type, made.policy.offset) == ("OFFSET_LIFECYCLE_EVENT", "P1D")
    with pytest.raises(ConflictError):
        offsets.create(**said)
    with pytest.raises(BadRequestError, match=r"policy\.type must be contract\.start"):
        offsets.edit(id=made.id, policy={"type": "contract.end", "offset": "P2D"})
    offsets.edit(id=made.id, policy={"type": "contract.start", "offset": "P2D"})
    assert offsets.retrieve(id=made.id).data.policy.offset == "P2D"
    offsets.archive(id=made.id)
    assert [each.name for each in offsets.list()] == []
    assert [each.name for each in offsets.list(archive_filter="ALL")] == ["A day"]
