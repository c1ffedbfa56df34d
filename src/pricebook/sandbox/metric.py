"""Billable metrics. Only the name changes; an archived metric is still shown, and its products go on."""

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Call, Json, id_answer, listed
from pricebook.sandbox.custom_field import fields_of, set_fields
from pricebook.sandbox.wire import stamp

KIND = "billable_metric"
_BESIDE_SQL = ("aggregation_type", "event_type_filter", "property_filters", "aggregation_key", "group_keys")


def create(call: Call) -> Json:
    """`billable-metrics/create`. A `sql` metric has nothing else, any other one an aggregation type."""
    body = dict(call.body)
    fields = body.pop("custom_fields", {})
    if "sql" in body:
        beside = [name for name in _BESIDE_SQL if name in body]
        if beside:
            raise Refused(400, f"sql and {', '.join(beside)} are mutually exclusive")
    elif "aggregation_type" not in body:
        raise Refused(400, "aggregation_type is required when there is no sql")
    elif body["aggregation_type"] == "COUNT":
        if "aggregation_key" in body:
            raise Refused(400, "aggregation_key is not applicable when the aggregation type is count")
    elif "aggregation_key" not in body:
        raise Refused(400, f"aggregation_key is required for {body['aggregation_type']}")
    id_ = call.work.add(KIND, body)
    set_fields(call.work, KIND, id_, fields)
    return id_answer(id_)


def get(call: Call) -> Json:
    """`GET billable-metrics/{billable_metric_id}`."""
    record = call.work.get(KIND, call.path_id("billable_metric_id"))
    return {"data": _shown(call.work, [record])[0]}


def list_metrics(call: Call) -> Json:
    """`GET billable-metrics`, archived ones with `include_archived`."""
    return listed(call, KIND, _shown, "" if call.flag("include_archived") else "archived_at IS NULL")


def update(call: Call) -> Json:
    """`PUT billable-metrics/{billable_metric_id}`: its name."""
    record = call.work.live(KIND, call.path_id("billable_metric_id"))
    call.work.put(record, record.body | {"name": call.body["name"]})
    return id_answer(record.id)


def archive(call: Call) -> Json:
    """`billable-metrics/archive`, for good."""
    record = call.work.get(KIND, call.body["id"])
    call.work.archive(record)
    return id_answer(record.id)


def _shown(work: AccountTransaction, found: list[Record]) -> list[Json]:
    fields = fields_of(work, KIND, [record.id for record in found])
    return [
        {"id": record.id, **record.body, "custom_fields": fields[record.id]}
        | ({"archived_at": stamp(record.archived_at)} if record.archived_at is not None else {})
        for record in found
    ]
