"""Billable metrics.

Only the name of a metric changes; an archived one is still shown, and its products go on.
"""

from pricebook.account.refusal import Refused
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Call, Json, id_answer, listed
from pricebook.sandbox.wire import known, stamp

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
    return id_answer(call.work.add(KIND, body, fields=fields))


def list_metrics(call: Call) -> Json:
    """`GET billable-metrics`, archived ones with `include_archived`."""
    return listed(call, KIND, show, "" if call.flag("include_archived") else "archived_at IS NULL")


def list_of_customer(call: Call) -> Json:
    """`customers/{customer_id}/billable-metrics`: every metric counts for every customer."""
    call.work.get("customer", call.path_id("customer_id"))
    return list_metrics(call)


def update(call: Call) -> Json:
    """`PUT billable-metrics/{billable_metric_id}`: its name."""
    record = call.work.live(KIND, call.path_id("billable_metric_id"))
    call.work.put(record, record.body | {"name": call.body["name"]})
    return id_answer(record.id)


def show(_: AccountTransaction, record: Record, fields: dict[str, str]) -> Json:
    """A metric as it is read back."""
    return {"id": record.id, **record.body, "custom_fields": fields, **known(archived_at=stamp(record.archived_at))}
