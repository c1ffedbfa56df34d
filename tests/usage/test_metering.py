"""Previews of events: counted part by part they are billed as they would be one by one, whatever their file."""

import csv
import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from pricebook.catalog.usage import Quantity
from pricebook.cli.main import root
from pricebook.manifest.load import load
from pricebook.preview.bill import bill
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff
from pricebook.project.project import read_project
from pricebook.usage.duck import DuckEngine
from pricebook.workflow.preview import PreviewRequest, preview

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
START, UNTIL = datetime(2025, 10, 10, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def event(number: int, customer: str, at: datetime, **properties: object) -> dict[str, Any]:
    """An event in the vendor's ingest format."""
    return {
        "transaction_id": f"t{number}",
        "customer_id": customer,
        "event_type": "completion",
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "properties": properties,
    }


def written(path: Path, events: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The starter plan, whose large model has another price from November 16 on."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    card = folder / "catalog" / "rate-card.yaml"
    text = card.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "product: input-tokens" in line and "large" in line)
    dated = "schedule: [{starting_at: 2025-04-01, price: $2.50}, {starting_at: 2025-11-16, price: $3.10}]"
    card.write_text(text.replace(line, line.replace("starting_at: 2025-04-01, price: $2.50", dated)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counted_in_parts_they_cost_what_they_cost_one_by_one(project: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    catalog = load(read_project(project)).catalog
    events, singles = [], []
    for number in range(120):
        at = START + timedelta(minutes=chance.randrange(int((UNTIL - START) / timedelta(minutes=1))))
        model, seat, tokens = chance.choice(["large", "small"]), chance.choice("ab"), chance.randrange(4_000_000)
        events.append(event(number, "acme", at, input_tokens=tokens, model=model, seat_id=seat))
        singles.append(Quantity("input-tokens", (("model", model), ("seat_id", seat)), at, Decimal(tokens)))
    engine = DuckEngine()
    try:
        asked = PreviewRequest(
            package="starter-plan", starting_at=START, until=UNTIL, events=[written(tmp_path / "events.jsonl", events)]
        )
        (found,) = preview(asked, catalog, engine).bills
    finally:
        engine.close()
    prices = Prices(Tariff(catalog, "tokens"), materialise(catalog.packages["starter-plan"], START))
    whole = bill(prices, singles, (), UNTIL)
    assert found.customer == "acme"
    assert found.bill.invoices == whole.invoices
    assert sum(line.kind == "usage" for invoice in whole.invoices for line in invoice.lines) > 12
    assert found.bill.total == whole.total


ACTIVE = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: people}
spec:
  name: People
  aggregation_type: UNIQUE
  aggregation_key: person
  property_filters: [{name: person, exists: true}]
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: people}
spec: {name: People, type: USAGE, billable_metric: people}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: people}
spec:
  name: People
  rates:
    - product: people
      schedule: [{starting_at: 2025-01-01, price: $1.00}, {starting_at: 2025-11-16, price: $2.00}]
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: people}
spec: {name: People, rate_card: people}
"""


def test_what_does_not_add_up_grows(project: Path, tmp_path: Path) -> None:
    """Ann and Bob in the first half of November at $1.00, only Cid is new in the second at $2.00; in December two come,
    and the count starts again: 2 × 1.00 + 1 × 2.00, and 2 × 2.00."""
    (project / "catalog" / "people.yaml").write_text(ACTIVE, encoding="utf-8")
    days = {"2025-11-05": "ann", "2025-11-10": "bob", "2025-11-20": "ann", "2025-11-25": "cid", "2025-12-02": "ann"}
    days |= {"2025-12-20": "bob", "2025-12-21": "ann"}
    events = [
        event(number, "acme", datetime.fromisoformat(day).replace(tzinfo=UTC), person=who)
        for number, (day, who) in enumerate(days.items())
    ]
    file = written(tmp_path / "events.jsonl", [*events, {**events[0], "transaction_id": "none", "properties": {}}])
    asked = ("--starting-at", "2025-11-01", "--months", "2", "--events", str(file))
    answer = json.loads(told(project, "--format", "json", "preview", "people", *asked))
    assert [invoice["total"] for invoice in answer["bills"][0]["invoices"]] == [400, 400]
    lines = [
        (line["quantity"], line["amount"]) for invoice in answer["bills"][0]["invoices"] for line in invoice["lines"]
    ]
    assert lines == [(2, 200), (1, 200), (2, 400)]
    assert answer["events"]["without_metric"] == 1, "each event is counted once, though some are looked at again"


def told(project: Path, *words: str, status: int = 0) -> str:
    result = CliRunner().invoke(root, ["-C", str(project), *words])
    assert result.exit_code == status, result.output
    return result.stdout if not status else result.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_the_form_of_the_file_changes_nothing(project: Path, tmp_path: Path, form: str) -> None:
    """$2.50 × 2 for acme, $3.10 × 1 for bob; one event twice, one of a time that is not billed."""
    instants = {"acme": datetime(2025, 11, 5, 1, 2, 3, tzinfo=UTC), "bob": datetime(2025, 11, 16, tzinfo=UTC)}
    events = [
        event(0, "acme", instants["acme"], input_tokens=2_000_000, model="large", seat_id="a"),
        event(0, "acme", instants["acme"], input_tokens=2_000_000, model="large", seat_id="a"),
        event(1, "bob", instants["bob"], input_tokens=1_000_000, model="large", seat_id="b"),
        event(2, "bob", datetime(2027, 1, 1, tzinfo=UTC), input_tokens=9, model="large", seat_id="b"),
    ]
    path = written(tmp_path / "events.jsonl", events)
    if form == "csv":
        path = tmp_path / "events.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, events[0].keys())
            writer.writeheader()
            writer.writerows({**one, "properties": json.dumps(one["properties"])} for one in events)
    elif form == "parquet":
        table = f"read_json('{path}', format = 'newline_delimited')"
        path = tmp_path / "events.parquet"
        duckdb.sql(f"COPY (SELECT * FROM {table}) TO '{path}' (FORMAT parquet)")
    asked = ("preview", "starter-plan", "--starting-at", "2025-11-01", "--months", "1", "--events", str(path))
    answer = json.loads(told(project, "--format", "json", *asked))
    usage = {
        one["customer"]: [line["amount"] for line in one["invoices"][-1]["lines"] if line["type"] == "usage"]
        for one in answer["bills"]
    }
    assert usage == {"acme": [500], "bob": [310]}
    assert (answer["events"]["read"], answer["events"]["duplicates"]) == (4, 1)
    assert answer["events"]["without_contract"] == 1
    text = told(project, *asked, "--customer", "bob")
    assert "customer acme" not in text
    assert "note: 1 event not counted again: the transaction_id was there already" in text
    page = tmp_path / "bill.html"
    told(project, *asked, "--report", f"html={page}")
    assert "1 event not counted again" in page.read_text(encoding="utf-8")
    refused = told(project, *asked, "--customer", "bobb", status=1)
    assert 'error[unknown-customer]\n  no event is of customer "bobb"\n  did you mean "bob"?' in refused
