"""Usage: events that are ingested, found again, and counted by the metrics of the account."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from pricebook.account.refusal import Refused
from pricebook.catalog.instant import instant_text
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.reference import Kind
from pricebook.metronome.wire.noun import read_noun
from pricebook.preview.price import ZERO
from pricebook.sandbox import metric
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.bill import counting, ingested
from pricebook.sandbox.call import Body, Call, paged
from pricebook.sandbox.shape import read_instant
from pricebook.sandbox.wire import decode, encode, known, stamp
from pricebook.usage.measure import UsagePeriod, measure, read_usage
from pricebook.usage.meter import UsageMeter

_STEPS = {"HOUR": timedelta(hours=1), "DAY": timedelta(days=1)}
MOST = 100_000
"""Windows that one request may ask for."""


def ingest(call: Call) -> None:
    """`ingest`: up to a hundred events; one whose transaction id was seen before is left out."""
    rows = []
    for index, event in enumerate(call.body):
        at = read_instant(event["timestamp"])
        if at is None:
            raise Refused(400, f"[{index}].timestamp must be an RFC 3339 timestamp")
        rows.append((event["transaction_id"], call.work.now, encode({**event, "timestamp": at})))
    call.work.many("INSERT OR IGNORE INTO event (transaction_id, received_at, body) VALUES (?, ?, ?)", rows)


def search(call: Call) -> Any:
    """`events/search`: the events with these transaction ids."""
    ids = list(dict.fromkeys(call.body["transactionIds"]))
    found = call.work.among("SELECT body, received_at FROM event WHERE transaction_id", ids)
    return [_event(call.work, decode(text.encode()), received) for text, received in found]


def list_usage(call: Call) -> Body:
    """`usage`: of metrics and customers, by window."""
    work, body = call.work, call.body
    asked: dict[str, Body] = {one["id"]: one for one in body.get("billable_metrics") or ()}
    records = [one for one in work.page(metric.KIND, 0, -1) if not asked or one.id in asked]
    keys = {id_: [one["group_by"]["key"]] for id_, one in asked.items() if "group_by" in one}
    named = body.get("customer_ids")
    customers = named or [one.id for one in work.page("customer", 0, -1, "archived_at IS NULL")]
    windows = list(_windows(body["starting_on"], body["ending_before"], body["window_size"]))
    values = _measured(work, records, keys, customers, windows)
    found = []
    for record in records:
        group_by = asked.get(record.id, {}).get("group_by")
        for customer in customers:
            for start, end in windows:
                groups = values.get((record.id, customer, start), {})
                item = {
                    "billable_metric_id": record.id,
                    "billable_metric_name": record.body["name"],
                    "customer_id": customer,
                    "start_timestamp": stamp(instant_text(start)),
                    "end_timestamp": stamp(instant_text(end)),
                    "value": groups.get((), ZERO) if group_by is None else None,
                }
                if group_by is not None:
                    wanted = group_by.get("values")
                    grouped = {key[0]: value for key, value in groups.items() if wanted is None or key[0] in wanted}
                    item["groups"] = grouped
                found.append(item)
    return paged(call, found)


def list_grouped(call: Call) -> Body:
    """`usage/groups`: of one metric and customer, by window and group."""
    work, body = call.work, call.body
    record = work.get(metric.KIND, body["billable_metric_id"])
    group_by = body.get("group_by", {})
    keys = list(body.get("group_key") or ([group_by["key"]] if group_by else []))
    if body.get("current_period"):
        raise Refused(501, "the sandbox does not answer current_period: say starting_on and ending_before")
    if "starting_on" not in body or "ending_before" not in body:
        raise Refused(400, "starting_on and ending_before are required")
    filters: dict[str, Sequence[str]] = dict(body.get("group_filters") or {})
    if "values" in group_by:
        filters[group_by["key"]] = group_by["values"]
    windows = list(_windows(body["starting_on"], body["ending_before"], body["window_size"]))
    values = _measured(work, [record], {record.id: keys}, [body["customer_id"]], windows)
    found = []
    for start, end in windows:
        time = {"starting_on": stamp(instant_text(start)), "ending_before": stamp(instant_text(end))}
        for group, value in sorted(values.get((record.id, body["customer_id"], start), {}).items()):
            said = dict(zip(keys, group, strict=True))
            if all(said.get(key) in wanted for key, wanted in filters.items()):
                first = {"group_key": keys[0], "group_value": group[0]} if keys else {"group_key": None}
                found.append({**time, "group_value": None, **first, "group": said, "value": value})
    return paged(call, found)


def _measured(
    work: AccountTransaction,
    records: Sequence[Record],
    keys: Mapping[str, Sequence[str]],
    customers: Iterable[str],
    windows: Sequence[tuple[datetime, datetime]],
) -> dict[tuple[str, str, datetime], dict[tuple[str, ...], Any]]:
    """What metrics count for customers, by window and group. What a SQL metric counts, only the vendor knows."""
    meters = []
    for record in records:
        noun = read_noun(Kind.BILLABLE_METRIC, record.body)
        assert isinstance(noun, BillableMetric)
        if noun.sql is not None:
            raise Refused(501, f"the metric {record.id} is a SQL query, which only the vendor can run")
        meters.append(UsageMeter(record.id, noun, tuple(keys.get(record.id, ())), ()))
    periods = [UsagePeriod(customer, *window) for customer in dict.fromkeys(customers) for window in windows]
    events = [event for customer in dict.fromkeys(customers) for event in ingested(work, customer)]
    found: dict[tuple[str, str, datetime], dict[tuple[str, ...], Any]] = {}
    if not events or not meters or not periods:
        return found
    with counting(events) as (engine, file):
        read_usage(engine, [file], meters)
        for one in measure(engine, meters, periods)[1]:
            period = periods[one.period]
            of = (meters[one.meter].name, period.customer, period.starting_at)
            if None not in one.groups:
                found.setdefault(of, {})[tuple(str(value) for value in one.groups)] = one.quantity
    return found


def _windows(start: str, end: str, size: str) -> Iterator[tuple[datetime, datetime]]:
    """The windows of a time. Raises Refused (400) where these are too many, or none."""
    at, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
    step = _STEPS.get(size, until - at)
    if until <= at:
        raise Refused(400, "ending_before must be after starting_on")
    if (until - at) / step > MOST:
        raise Refused(400, f"that is more than {MOST:,} windows: ask for less time, or for larger ones")
    while at < until:
        yield at, min(at + step, until)
        at += step


def _event(work: AccountTransaction, event: Any, received: str) -> Body:
    sql = (
        "SELECT object.id, json_extract(object.body, '$.name') FROM object WHERE kind = 'customer' AND (id = ?"
        " OR EXISTS (SELECT 1 FROM json_each(object.body, '$.ingest_aliases') WHERE json_each.value = ?))"
    )
    owner = work.one(sql, event["customer_id"], event["customer_id"])
    return known(
        id=str(uuid5(NAMESPACE_DNS, event["transaction_id"])),
        transaction_id=event["transaction_id"],
        customer_id=event["customer_id"],
        event_type=event["event_type"],
        timestamp=event["timestamp"],
        properties=event.get("properties", {}),
        is_duplicate=False,
        processed_at=stamp(received),
        matched_customer={"id": owner[0], "name": owner[1]} if owner is not None else None,
    )
