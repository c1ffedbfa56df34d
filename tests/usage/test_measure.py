"""Counting, compared with the same counting written as plain loops: every aggregation, filter and group key, every file
form, on every engine. Nothing is dropped in silence."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricebook.catalog.fingerprint import noun_of
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.reference import Kind
from pricebook.problem import Rejected
from pricebook.usage.duck import DuckEngine
from pricebook.usage.engine import Engine
from pricebook.usage.measure import Census, CountedQuantity, UsagePeriod, measure, read_usage
from pricebook.usage.meter import UsageMeter

Event = dict[str, Any]
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
PERIODS = (
    UsagePeriod("ann", JANUARY, JANUARY + timedelta(days=15)),
    UsagePeriod("ann", JANUARY + timedelta(days=15), JANUARY + timedelta(days=31)),
    UsagePeriod("b'ob\\", JANUARY, JANUARY + timedelta(days=31)),
)


def _metric(**spec: Any) -> BillableMetric:
    return cast(BillableMetric, noun_of(Kind.BILLABLE_METRIC, {"name": "a metric", **spec}))


def _meter(name: str, keys: tuple[str, ...] = (), **spec: Any) -> UsageMeter:
    return UsageMeter(name, _metric(**spec), keys, (name,))


TOKENS = {"name": "tokens", "exists": True}
METERS = (
    _meter("requests", aggregation_type="COUNT", event_type_filter={"in_values": ["use"]}),
    *(
        _meter(
            f"tokens-{kind}",
            ("model", "o'region/~\\"),
            aggregation_type="SUM",
            aggregation_key="tokens",
            event_type_filter={"not_in_values": ["other"]},
            property_filters=[{"name": "kind", "in_values": [kind]}, TOKENS],
        )
        for kind in ("input", "out'put", "a\\b")
    ),
    _meter("largest", ("model",), aggregation_type="MAX", aggregation_key="tokens", property_filters=[TOKENS]),
    _meter("latest", ("model",), aggregation_type="LATEST", aggregation_key="tokens", property_filters=[TOKENS]),
    _meter(
        "models",
        aggregation_type="UNIQUE",
        aggregation_key="model",
        property_filters=[{"name": "model", "exists": True}],
    ),
    _meter(
        "without-kind",
        aggregation_type="COUNT",
        property_filters=[{"name": "kind", "exists": False}, {"name": "model", "not_in_values": ["m1"]}],
    ),
    _meter("two", aggregation_type="COUNT", property_filters=[{"name": "kind", "in_values": ["input", "a\\b"]}]),
)


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text is not None and "_" not in text else None
    except InvalidOperation:
        return None
    return number if number is not None and abs(number) < 10**15 else None


def _takes(metric: BillableMetric, event: Event) -> bool:
    types = metric.event_type_filter
    if types is not None and types.in_values and event["event_type"] not in types.in_values:
        return False
    if types is not None and event["event_type"] in types.not_in_values:
        return False
    for each in metric.property_filters:
        value = event["properties"].get(each.name)
        if each.exists is not None and each.exists != (value is not None):
            return False
        if (each.in_values and value not in each.in_values) or value in each.not_in_values:
            return False
    return True


def _aggregated(metric: BillableMetric, events: list[Event]) -> Decimal | None:
    values = [event["properties"].get(metric.aggregation_key) for event in events]
    numbers = [(event["timestamp"], n) for event, n in zip(events, map(_number, values), strict=True) if n is not None]
    match metric.aggregation_type:
        case "COUNT":
            return Decimal(len(events))
        case "UNIQUE":
            return Decimal(len({value for value in values if value is not None}))
        case "SUM":
            return sum((n for _, n in numbers), Decimal(0)) if numbers else None
        case "MAX":
            return max((n for _, n in numbers), default=None)
        case _:
            return max(numbers)[1] if numbers else None


def _by_hand(events: list[Event]) -> list[CountedQuantity]:
    with localcontext(prec=60):
        return _counted_by_hand(events)


def _counted_by_hand(events: list[Event]) -> list[CountedQuantity]:
    """The same in loops. Timestamps are of one form, so texts sort as instants do."""
    first: dict[str, Event] = {}
    for event in sorted(events, key=lambda e: (e["timestamp"], e["customer_id"], json.dumps(e["properties"]))):
        first.setdefault(event["transaction_id"], event)
    found = []
    for number, period in enumerate(PERIODS):
        inside = [
            event
            for event in first.values()
            if event["customer_id"] == period.customer
            and period.starting_at <= datetime.fromisoformat(event["timestamp"]) < period.ending_before
        ]
        for index, meter in enumerate(METERS):
            groups: dict[tuple[str | None, ...], list[Event]] = {}
            for event in inside:
                if _takes(meter.metric, event):
                    values = tuple(event["properties"].get(key) for key in meter.keys)
                    groups.setdefault(values, []).append(event)
            for values, members in groups.items():
                quantity = _aggregated(meter.metric, members)
                if quantity is not None:
                    found.append(CountedQuantity(number, index, values, quantity))
    return sorted(found, key=_order)


def _order(row: CountedQuantity) -> tuple[object, ...]:
    return (row.period, row.meter, tuple((value is None, value or "") for value in row.groups))


def _random_events(count: int, seed: int) -> list[Event]:
    chance = Random(seed)
    events = []
    for index in range(count):
        at = JANUARY + timedelta(hours=chance.randrange(-40, 24 * 33), minutes=chance.randrange(60))
        properties = {
            "model": chance.choice(["m1", "m'2", "m\\3"]),
            "kind": chance.choice(["input", "out'put", "a\\b", "else"]),
            "o'region/~\\": chance.choice(["eu", "us"]),
            "tokens": chance.choice(["1", "2.5", "0.000000000000000001", "12345678901234567890", "many", "1_0", "1e3"]),
        }
        for name in list(properties):
            if chance.random() < 0.1:
                del properties[name]
        events.append(
            {
                "transaction_id": f"t{chance.randrange(count)}" if chance.random() < 0.05 else f"u{index}",
                "customer_id": chance.choice(["ann", "b'ob\\", "nobody"]),
                "event_type": chance.choice(["use", "other", "third"]),
                "timestamp": at.isoformat().replace("+00:00", "Z"),
                "properties": properties,
            }
        )
    return events


def _write_jsonl(path: Path, events: list[Event]) -> Path:
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    return path


def _write_csv(path: Path, events: list[Event]) -> Path:
    path = path.with_suffix(".csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["transaction_id", "customer_id", "event_type", "timestamp", "properties"])
        for event in events:
            rows.writerow([*list(event.values())[:4], json.dumps(event["properties"])])
    return path


def _write_parquet(path: Path, events: list[Event]) -> Path:
    import duckdb

    jsonl, path = _write_jsonl(path.with_name("source"), events), path.with_suffix(".parquet")
    with duckdb.connect() as connection:
        types = "{transaction_id: VARCHAR, customer_id: VARCHAR, event_type: VARCHAR, timestamp: VARCHAR, "
        types += "properties: 'MAP(VARCHAR, VARCHAR)'}"
        for name in ("VARCHAR", "timestamp"):
            types = types.replace(f": {name},", f": '{name}',")
        connection.execute(
            f"COPY (SELECT * REPLACE (CAST(timestamp AS TIMESTAMP) AS timestamp) FROM read_json('{jsonl}', "
            f"columns = {types}, format = 'newline_delimited')) TO '{path}' (FORMAT parquet)"
        )
    return path


@pytest.fixture
def duck() -> Iterator[Engine]:
    engine = DuckEngine()
    yield engine
    engine.close()


@pytest.fixture
def spark(require_spark: None) -> Iterator[Engine]:
    from pricebook.usage.spark import SparkEngine

    engine = SparkEngine()
    yield engine
    engine.close()


@pytest.fixture(params=["duck", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


def test_every_engine_counts_what_loops_count(engine: Engine, tmp_path: Path) -> None:
    events = _random_events(1200, seed=7)
    forms: list[Callable[[Path, list[Event]], Path]] = [_write_jsonl, _write_csv, _write_parquet]
    files = [write(tmp_path / "events", events[at::3]) for at, write in enumerate(forms)]
    read_usage(engine, files, METERS)
    census, found = measure(engine, METERS, PERIODS)
    assert sorted(found, key=_order) == _by_hand(events)
    distinct = {event["transaction_id"]: event for event in events}
    assert (census.read, census.bad) == (1200, ())
    assert census.duplicates == 1200 - len(distinct) > 0
    assert census.outside > 400
    assert census.unmatched > 0
    assert {name for name, _ in census.invalid} == {
        "tokens-input",
        "tokens-out'put",
        "tokens-a\\b",
        "largest",
        "latest",
    }


@given(st.integers(0, 10**6), st.integers(0, 60))
@settings(max_examples=15, deadline=None)
def test_splitting_and_repeating_files_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int
) -> None:
    events, directory = _random_events(60, seed), tmp_path_factory.mktemp("usage")
    whole = [_write_jsonl(directory / "whole", events)]
    parts = [_write_jsonl(directory / "one", events[cut:]), _write_jsonl(directory / "two", events[:cut] + events)]
    counted = []
    for files in (whole, parts):
        engine = DuckEngine()
        read_usage(engine, files, METERS)
        census, found = measure(engine, METERS, PERIODS)
        counted.append((census.outside, census.unmatched, census.invalid, sorted(found, key=_order)))
        engine.close()
    assert counted[0] == counted[1]
    assert counted[0][3] == _by_hand(events)


BAD = """\
{"transaction_id": "ok", "customer_id": "ann", "event_type": "use", "timestamp": "2026-01-02T00:00:00Z"}
not json at all
[1, 2]
{"customer_id": "ann", "event_type": "use", "timestamp": "2026-01-02T00:00:00Z"}
{"transaction_id": "c", "customer_id": "", "event_type": "use", "timestamp": "2026-01-02T00:00:00Z"}
{"transaction_id": "d", "customer_id": "ann", "timestamp": "2026-01-02T00:00:00Z"}
{"transaction_id": "e", "customer_id": "ann", "event_type": "use"}
{"transaction_id": "f", "customer_id": "ann", "event_type": "use", "timestamp": "2026-01-02"}
{"transaction_id": "g", "customer_id": "ann", "event_type": "use", "timestamp": "2026-02-30T00:00:00Z"}
{"transaction_id": "h", "customer_id": "ann", "event_type": "use", "timestamp": "2026-01-02T00:00:00"}
{"transaction_id": "i", "customer_id": "ann", "event_type": "use", "timestamp": "2026-01-01T00:59:59+01:00"}
"""


def test_bad_events_are_counted_by_reason(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(BAD)
    span = read_usage(engine, [path], METERS[:1])
    assert span == (JANUARY - timedelta(seconds=1), JANUARY + timedelta(days=1))
    census, found = measure(engine, METERS[:1], PERIODS)
    instant = "the timestamp is no RFC 3339 instant"
    assert census == Census(
        read=11,
        bad=(
            ("no customer_id", 1, ("c",)),
            ("no event_type", 1, ("d",)),
            ("no timestamp", 1, ("e",)),
            ("no transaction_id", 1, ()),
            (instant, 3, ("f", "h")),
            ("unreadable", 2, ()),
        ),
        outside=1,  # an hour ahead of UTC: still December
        strangers=1,
        named=(("ann", 1),),
    )
    assert [(row.period, row.quantity) for row in found] == [(0, 1)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("events.txt", "", "is of no known form"),
        ("events.csv", "transaction_id,customer_id\na,b\n", "has no column event_type and none timestamp"),
        ("events.parquet", "no parquet", "cannot be read"),
    ],
)
def test_a_file_that_is_no_usage_is_refused(duck: Engine, tmp_path: Path, name: str, content: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(Rejected, match=words):
        read_usage(duck, [path], METERS)


def test_a_missing_file_is_refused(duck: Engine, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        read_usage(duck, [tmp_path / "none.jsonl"], METERS)


def test_an_absurd_event_is_told_and_spoils_nobodys_sum(tmp_path: Path, engine: Engine) -> None:
    def used(number: int, customer: str, tokens: str) -> Event:
        properties = {"model": "m1", "kind": "input", "tokens": tokens}
        what = {"transaction_id": f"t{number}", "customer_id": customer, "event_type": "use"}
        return {**what, "timestamp": "2026-01-02T00:00:00Z", "properties": properties}

    absurd = ["9" * 20, "9" * 20, "1e19", "-1e19", "9" * 400, "1e400", *["9" * 15] * 50]
    events = [used(0, "ann", "7"), *(used(at, "b'ob\\", tokens) for at, tokens in enumerate(absurd, 1))]
    meter = METERS[1]
    read_usage(engine, [_write_jsonl(tmp_path / "events", events)], [meter])
    census, found = measure(engine, [meter], PERIODS)
    assert [(one.period, one.quantity) for one in found] == [(0, 7), (2, 50 * (10**15 - 1))]
    assert census.invalid == (("tokens-input", 6),)
