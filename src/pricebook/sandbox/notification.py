"""Notifications: those at thresholds are shown as those of a customer, and by no list of the account; those so long
before or after an event are listed, and their offset can change."""

from typing import Any

from pricebook.account.refusal import Refused
from pricebook.catalog.offset_notification import OffsetNotification
from pricebook.catalog.threshold_notification import IN_DAYS, USAGE, ThresholdNotification
from pricebook.sandbox import customer, metric
from pricebook.sandbox.account import CREATED_BY, AccountTransaction, Record
from pricebook.sandbox.alarm import ASKED, Alarms
from pricebook.sandbox.call import Body, Call, id_answer, listed
from pricebook.sandbox.rule import check_rules
from pricebook.sandbox.unit import unit
from pricebook.sandbox.wire import known, stamp

KIND = "alert"
_OTHERS = ("customer_id", "plan_id", "uniqueness_key")
"""What a request says besides what a notification is."""


def create(call: Call) -> Body:
    """`alerts/create`. Raises Refused, 409 for a uniqueness key that was used before."""
    work, body = call.work, call.body
    key = body.get("uniqueness_key")
    work.check_key(KIND, key)
    if "plan_id" in body:
        raise Refused(400, "plan_id: there is no such plan")
    said = {name: value for name, value in body.items() if name not in _OTHERS}
    check_rules(ThresholdNotification, said)
    if "credit_type_id" in body:
        unit(work, body["credit_type_id"])
    if "billable_metric_id" in body:
        work.live(metric.KIND, body["billable_metric_id"], 400)
    owner = work.live(customer.KIND, body["customer_id"], 400).id if "customer_id" in body else None
    return id_answer(work.add(KIND, said, parent=owner, uniqueness_key=key))


def archive(call: Call) -> Body:
    """`alerts/archive`; with `release_uniqueness_key` its key is free again."""
    record = call.work.get(KIND, call.body["id"])
    call.work.archive(record)
    if call.body.get("release_uniqueness_key"):
        call.work.run("UPDATE object SET uniqueness_key = NULL WHERE kind = ? AND id = ?", KIND, record.id)
    return id_answer(record.id)


def list_of_customer(call: Call) -> Body:
    """`customer-alerts/list`: the customer's own, and those for everybody; enabled ones without a word."""
    owner = call.work.get(customer.KIND, call.body["customer_id"]).id
    wanted = call.body.get("alert_statuses", ["ENABLED"])
    states = {"ENABLED": "archived_at IS NULL", "ARCHIVED": "archived_at IS NOT NULL", "DISABLED": "FALSE"}
    where = f"(parent IS NULL OR parent = ?) AND ({' OR '.join(states[name] for name in wanted) or 'FALSE'})"
    alarms = Alarms(call.work, owner)
    return listed(call, KIND, lambda work, record, _: show(work, record, alarms, {}), where, owner)


def get_of_customer(call: Call) -> Body:
    """`customer-alerts/get`: one of them."""
    owner = call.work.get(customer.KIND, call.body["customer_id"]).id
    record = call.work.get(KIND, call.body["alert_id"])
    if record.parent not in (None, owner):
        raise Refused(404, f"the customer {owner} has no alert {record.id}")
    asked = {name: call.body[name] for name in ASKED if name in call.body}
    return {"data": show(call.work, record, Alarms(call.work, owner), asked)}


def show(work: AccountTransaction, record: Record, alarms: Alarms, asked: Body) -> Body:
    """A notification as it is read back: neither its metric nor whether it looked at everybody when it was made; and
    whether the customer is in alarm."""
    body: dict[str, Any] = dict(record.body)
    for name in ("billable_metric_id", "evaluate_on_create"):
        body.pop(name, None)
    type_, unit_id = body.pop("alert_type"), body.pop("credit_type_id", None)
    counted = type_ in (USAGE, *IN_DAYS.split())
    alert = {
        "id": record.id,
        "type": type_,
        "status": "archived" if record.archived_at else "enabled",
        "updated_at": stamp(record.archived_at or record.created_at),
        **body,
    } | known(credit_type=None if counted else unit(work, unit_id, live=False), uniqueness_key=record.uniqueness_key)
    if record.archived_at:
        return {"alert": alert, "customer_status": None}
    status, reason = alarms.status(record.body, asked)
    return {"alert": alert, "customer_status": status} | known(triggered_by=reason)


OFFSET = "offset_notification"


def create_offset(call: Call) -> Body:
    """`v2/notifications/create`. Raises Refused, 409 for a uniqueness key that was used before."""
    work, body = call.work, dict(call.body)
    key = body.pop("uniqueness_key", None)
    work.check_key(OFFSET, key)
    check_rules(OffsetNotification, body)
    return {"data": show_offset(work, work.get(OFFSET, work.add(OFFSET, body, uniqueness_key=key)), {})}


def edit_offset(call: Call) -> Body:
    """`v2/notifications/edit`: the offset; of what the system made nothing."""
    if "id" not in call.body:
        raise Refused(501, "the sandbox has no notifications of the system; Metronome does")
    record = call.work.live(OFFSET, call.body["id"])
    body = record.body | {"policy": call.body["policy"]}
    check_rules(OffsetNotification, body)
    if body["policy"]["type"] != record.body["policy"]["type"]:
        raise Refused(400, f"policy.type must be {record.body['policy']['type']}, as it is")
    call.work.put(record, body)
    return {"data": show_offset(call.work, call.work.get(OFFSET, record.id), {})}


def archive_offset(call: Call) -> Body:
    """`v2/notifications/archive`."""
    call.work.archive(call.work.get(OFFSET, call.body["id"]))
    return {"data": show_offset(call.work, call.work.get(OFFSET, call.body["id"]), {})}


def show_offset(_: AccountTransaction, record: Record, __: dict[str, str]) -> Body:
    """An offset notification as it is read back: without its uniqueness key."""
    return {
        "id": record.id,
        "name": record.body["name"],
        "type": "OFFSET_LIFECYCLE_EVENT",
        "policy": record.body["policy"],
        "environment_type": "SANDBOX",
        "created_at": stamp(record.created_at),
        "created_by": CREATED_BY,
    } | known(archived_at=stamp(record.archived_at))
