"""Usage that an account counted itself: by metric, customer and group values. Reads only."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from threading import Event

from pricebook.apply.ports import MeteredUse
from pricebook.catalog.instant import instant_text, read_moment
from pricebook.metronome.answer import USAGE, USAGE_BY_GROUP
from pricebook.metronome.kind import Json
from pricebook.metronome.listing import Reader, in_turn, pages

TOGETHER = 100
"""Customers of whom one request asks."""


def read_usage(
    client: Reader,
    metric: str,
    keys: Sequence[str],
    customers: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    daily: bool,
) -> Iterator[MeteredUse]:
    """See `apply.ports.UsageStore`. By several keys together an account tells one customer at a time."""
    size = {"window_size": "DAY" if daily else "NONE"}
    time = {"starting_on": instant_text(start), "ending_before": instant_text(end), **size}

    def of_many(some: Sequence[str], stop: Event) -> list[MeteredUse]:
        asked = {"id": metric, **({"group_by": {"key": keys[0]}} if keys else {})}
        body = {**time, "customer_ids": list(some), "billable_metrics": [asked]}
        return [
            one for items, _ in pages(client, USAGE, body, stop=stop) for item in items for one in _each(item, keys)
        ]

    def of_one(customer: str, stop: Event) -> list[MeteredUse]:
        body = {**time, "customer_id": customer, "billable_metric_id": metric, "group_key": list(keys)}
        return [
            MeteredUse(customer, read_moment(item["starting_on"]), item["group"], item["value"])
            for items, _ in pages(client, USAGE_BY_GROUP, body, stop=stop)
            for item in items
            if item.get("value")
        ]

    groups = (customers[at : at + TOGETHER] for at in range(0, len(customers), TOGETHER))
    work = (partial(of_many, some) for some in groups) if len(keys) < 2 else (partial(of_one, one) for one in customers)
    for found in in_turn(client, work):
        yield from found


def _each(item: Json, keys: Sequence[str]) -> Iterator[MeteredUse]:
    at = read_moment(item["start_timestamp"])
    found: dict[str | None, Decimal | None] = dict(item.get("groups") or {}) if keys else {None: item.get("value")}
    for value, quantity in found.items():
        if quantity:
            yield MeteredUse(item["customer_id"], at, {keys[0]: value} if value is not None else {}, quantity)
