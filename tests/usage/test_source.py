"""Usage where it is: the same impact from files, folders, exports, quantities that were counted, object stores."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pyarrow
import pytest
from moto.server import ThreadedMotoServer
from population import CUSTOMERS, assessed, expected, population, written
from pyarrow import parquet

from pricebook.problem import Rejected
from pricebook.usage.duck import DuckEngine
from pricebook.usage.engine import Engine
from pricebook.usage.source import sources

BUCKET = "usage-of-october"


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


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], str]]:
    """An object store on this machine; what puts a folder there gives its address."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)

    def put(folder: Path) -> str:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                client.upload_file(str(file), BUCKET, f"all/{file.relative_to(folder).as_posix()}")
        return f"s3://{BUCKET}/all"

    try:
        yield put
    finally:
        server.stop()


def test_an_object_store_is_read_where_it_is(bucket: Callable[[Path], str], tmp_path: Path) -> None:
    events = population()[2]
    by_day(tmp_path / "table", events[::2])
    lines = "".join(json.dumps(event) + "\n" for event in events[1::2])
    (tmp_path / "table" / "rest.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    same(DuckEngine(), bucket(tmp_path / "table"))


def test_a_bucket_that_is_not_there_is_said(bucket: Callable[[Path], str]) -> None:
    with pytest.raises(Rejected, match=r"cannot be read|stands for no file"):
        assessed(DuckEngine(), "s3://another-bucket/all")


def test_an_address_behind_http_is_fetched(tmp_path: Path) -> None:
    written(tmp_path)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        same(DuckEngine(), f"http://127.0.0.1:{server.server_port}/events.jsonl?token=1")
        with pytest.raises(Rejected, match="cannot be read: HTTP Error 404"):
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
