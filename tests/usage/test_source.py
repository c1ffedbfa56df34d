"""Usage where it is: the same impact from files, folders, exports, quantities that were counted, object stores."""

import csv
import gzip
import json
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow
import pytest
from population import CUSTOMERS, assessed, expected, population, written
from pyarrow import parquet

from pricebook.problem import Rejected
from pricebook.usage.cloud import system_of
from pricebook.usage.duck import DuckEngine
from pricebook.usage.engine import Engine
from pricebook.usage.source import sources


def same(engine: Engine, *given: str | Path, read: int | None = None) -> None:
    """The usage that is given comes to the invoices of the population."""
    billed, used, events = population()
    found, census, rows = assessed(engine, *given)
    assert census.read == (len(events) if read is None else read)
    assert census.coverage == 1
    assert {row.customer: row.billed for row in rows} == expected(billed, used)
    assert found.people == CUSTOMERS


def as_parquet(path: Path, events: list[dict[str, object]], **more: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**event, "properties": json.dumps(event["properties"]), **more} for event in events]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def by_day(folder: Path, events: list[dict[str, object]], **more: str) -> None:
    for day in sorted({str(event["timestamp"])[:10] for event in events}):
        own = [event for event in events if str(event["timestamp"]).startswith(day)]
        as_parquet(folder / f"dt={day}" / "part-0.parquet", own, **more)


def test_a_folder_stands_for_all_that_is_in_it(tmp_path: Path) -> None:
    events = population()[2]
    by_day(tmp_path / "table", events)
    (tmp_path / "table" / "_SUCCESS").touch()
    (tmp_path / "table" / "_temporary").mkdir()
    as_parquet(tmp_path / "table" / "_temporary" / "0.parquet", events[:1])
    same(DuckEngine(), tmp_path / "table")


def test_a_pattern_stands_for_what_fits_it(tmp_path: Path) -> None:
    events = population()[2]
    for number in range(3):
        lines = "".join(json.dumps(event) + "\n" for event in events[number::3])
        with gzip.open(tmp_path / f"events-{number}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(lines)
    (tmp_path / "notes.txt").touch()
    same(DuckEngine(), str(tmp_path / "events-*.gz"))


def test_an_export_holds_other_tables_other_environments_and_some_events_twice(tmp_path: Path) -> None:
    events = population()[2]
    by_day(tmp_path / "events", events, environment_type="PRODUCTION")
    twice = [{**event} for event in events[:50]]
    as_parquet(tmp_path / "events" / "dt=2026-11-01" / "late.parquet", twice, environment_type="production")
    tried = [{**event, "transaction_id": f"s{at}"} for at, event in enumerate(events[:20])]
    as_parquet(tmp_path / "events" / "dt=2026-11-01" / "tried.parquet", tried, environment_type="SANDBOX")
    as_parquet(tmp_path / "invoices" / "dt=2026-11-01" / "part-0.parquet", events[:3])
    same(DuckEngine(), tmp_path, read=len(events) + 70)


@pytest.fixture(params=[".csv", ".parquet"])
def quantities(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What each customer used, counted already."""
    rows: list[dict[str, object]] = []
    for customer, halves in population()[1].items():
        for period, used in zip(("2026-10", "2026-10-15"), halves, strict=True):
            counted = [("tokens", model, count) for model, count in used.tokens.items()]
            rows += [
                {"customer": customer, "product": product, "model": model, "period": period, "quantity": count}
                for product, model, count in (*counted, ("jobs", None, used.jobs))
            ]
    path = tmp_path / f"quantities{request.param}"
    if request.param == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_quantities_that_were_counted_already_are_billed_as_they_are(quantities: Path) -> None:
    same(DuckEngine(), quantities, read=6 * CUSTOMERS)


@pytest.mark.java
def test_spark_takes_quantities_and_folders_too(quantities: Path, tmp_path: Path, require_spark: None) -> None:
    from pricebook.usage.spark import SparkEngine

    same(SparkEngine(), quantities, read=6 * CUSTOMERS)
    by_day(tmp_path / "table", population()[2])
    same(SparkEngine(), tmp_path / "table")


def test_quantities_that_cannot_be_used_are_counted_by_reason(tmp_path: Path) -> None:
    path = tmp_path / "quantities.csv"
    path.write_text(
        "customer,product,model,period,quantity\n"
        "customer-000,tokens,small,2026-10,5\n"
        "customer-000,tokens,small,October,5\n"
        "customer-000,tokens,small,2026-10-03,many\n"
        "customer-000,seat,,2026-10,5\n"
        ",tokens,small,2026-10,5\n"
        "nobody,tokens,small,2026-10-03,5\n",
        encoding="utf-8",
    )
    _, census, _ = assessed(DuckEngine(), path)
    assert (census.read, census.outside, census.named) == (6, 1, (("nobody", 1),))
    assert {reason: count for reason, count, _ in census.bad} == {
        "a quantity of no customer": 1,
        "a quantity of no product of type USAGE": 1,
        "a quantity that is no number": 1,
        "a quantity without a period": 1,
    }


def test_an_object_store_is_read_where_it_is(bucket: Callable[[Path], str], tmp_path: Path) -> None:
    events = population()[2]
    by_day(tmp_path / "table", events[::2])
    lines = "".join(json.dumps(event) + "\n" for event in events[1::2])
    (tmp_path / "table" / "rest.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    same(DuckEngine(), bucket(tmp_path / "table"))


def test_a_bucket_that_is_not_there_is_said(bucket: Callable[[Path], str]) -> None:
    with pytest.raises(Rejected, match=r"cannot be read|stands for no file"):
        assessed(DuckEngine(), "s3://another-bucket/all")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        # Nobody listens there, and it is not asked for long.
        (
            "gs://anonymous@b/x?endpoint_override=127.0.0.1%3A1&scheme=http&retry_limit_seconds=1",
            "cannot be read: .*conn",
        ),
        ("abfss://c@a.dfs.core.windows.net/x?enable_tls=maybe", "cannot be read: .*enable_tls|cannot be read: .*bool"),
        ("ftp://b/x", "cannot be read: Unrecognized filesystem"),
        ("delta+s3://b/x?y", "cannot be read"),
        ("iceberg+s3://b/metadata/v1.metadata.json", "cannot be read"),
    ],
)
def test_what_an_address_lacks_is_said(address: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "a", "AWS_REGION": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    with pytest.raises(Rejected, match=said) as refused:
        assessed(DuckEngine(), address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "kind", "path"),
    [
        ("s3://b/x?region=eu-north-1", "S3FileSystem", "b/x"),
        ("gs://anonymous@b/x", "GcsFileSystem", "b/x"),
        ("abfss://c@a.dfs.core.windows.net/x", "AzureFileSystem", "c/x"),
    ],
)
def test_the_stores_of_three_vendors_are_known(address: str, kind: str, path: str) -> None:
    system, found = system_of(address)
    assert (type(system).__name__, found) == (kind, path)


def test_an_address_behind_http_is_fetched(tmp_path: Path) -> None:
    written(tmp_path)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        same(DuckEngine(), f"http://127.0.0.1:{server.server_port}/events.jsonl?token=1")
        with pytest.raises(Rejected, match=r"refuses /others\.jsonl with 404: File not found"):
            assessed(DuckEngine(), f"http://127.0.0.1:{server.server_port}/others.jsonl")
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(Rejected, match="is not encrypted"):
        assessed(DuckEngine(), "http://example.com/events.jsonl")


@pytest.mark.parametrize("given", ["nothing-*.jsonl", "empty", "notes.txt", "gone/"])
def test_what_stands_for_no_file_is_refused(given: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(Rejected, match="known form"):
        sources([tmp_path / given])
