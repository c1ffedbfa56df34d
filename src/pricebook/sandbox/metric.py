"""Billable metrics.

Only the name of a metric changes; an archived one is still shown, and its products go on.
"""

from pricebook.account.refusal import Refused
from pricebook.catalog.metric import BillableMetric, unfiltered_keys
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Body, Call, id_answer, listed
from pricebook.sandbox.rule import check_rules
from pricebook.sandbox.wire import known, stamp

KIND = "billable_metric"


def create(call: Call) -> Body:
    """`billable-metrics/create`. Raises Refused (400) for what is no metric."""
    body = dict(call.body)
    fields = body.pop("custom_fields", {})
    check_rules(BillableMetric, body)
    names = {each["name"] for each in body.get("property_filters", ())}
    for _, message, _ in unfiltered_keys(body.get("group_keys", ()), names):
        raise Refused(400, message)
    return id_answer(call.work.add(KIND, body, fields=fields))


def list_metrics(call: Call) -> Body:
    """`GET billable-metrics`, archived ones with `include_archived`."""
    return listed(call, KIND, show, "" if call.flag("include_archived") else "archived_at IS NULL")


def list_of_customer(call: Call) -> Body:
    """`customers/{customer_id}/billable-metrics`: every metric counts for every customer."""
    call.work.get("customer", call.path_id("customer_id"))
    return list_metrics(call)


def update(call: Call) -> Body:
    """`PUT billable-metrics/{billable_metric_id}`: its name."""
    record = call.work.live(KIND, call.path_id("billable_metric_id"))
    call.work.put(record, record.body | {"name": call.body["name"]})
    return id_answer(record.id)


def show(_: AccountTransaction, record: Record, fields: dict[str, str]) -> Body:
    """A metric as it is read back."""
    return {"id": record.id, **record.body, "custom_fields": fields, **known(archived_at=stamp(record.archived_at))}
