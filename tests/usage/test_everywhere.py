"""Wherever usage is, it comes to the same impact: files, folders, an object store, an export, Delta and Iceberg tables,
quantities that were counted already, and the account that counted them itself."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import httpx
import pyarrow
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from test_source import by_day

from pricebook import wiring
from pricebook.catalog.instant import instant_text
from pricebook.cli.main import root
from pricebook.metronome.remote import RemoteStore
from pricebook.sandbox import contract, usage
from pricebook.sandbox.call import Call
from pricebook.sandbox.customer import KIND as CUSTOMER
from pricebook.sandbox.server import Served, serving

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
START, MIDDLE = datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)
CUSTOMERS = {name: str(uuid5(NAMESPACE_DNS, name)) for name in ("ann", "bob", "eve")}
Event = dict[str, Any]
pytestmark = pytest.mark.whole


def said(project: Path, *arguments: object) -> str:
    result = CliRunner().invoke(root, ["-C", str(project), *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def events() -> list[Event]:
    """A month of tokens and seats; half of bob's under an alias of his."""
    found: list[Event] = []
    for place, (name, id_) in enumerate(CUSTOMERS.items(), 1):
        for day in range(1, 31, 1 + place):
            whose = "bob's" if name == "bob" and day % 2 else id_
            properties = {
                "input_tokens": 700_000 * day,
                "output_tokens": 1000 * place,
                "model": "large",
                "seat_id": "s",
            }
            found.append(
                {
                    "transaction_id": f"{name}-{day}",
                    "customer_id": whose,
                    "event_type": "completion",
                    "timestamp": f"2026-01-{day:02}T{day % 24:02}:30:00Z",
                    "properties": {key: str(value) for key, value in properties.items()},
                }
            )
    return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Served]]:
    """The starter plan in an account, where eve's contract follows on another one in the month that is billed, and a
    price that goes up; with the events, which the account has too."""
    opened, open_store = [], wiring.open_store
    monkeypatch.setattr(wiring, "open_store", lambda *given: opened.append(open_store(*given)) or opened[-1])
    monkeypatch.setenv("METRONOME_BEARER_TOKEN", "sandbox")
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    with serving() as account:
        settings = folder / "pricebook.yaml"
        text, local = settings.read_text(encoding="utf-8"), '{store: "sqlite:///pricebook.db"}'
        assert text.count(local) == 1
        remote = f'{{store: metronome, base_url: "{account.url}", requests_per_minute: 1000000}}'
        settings.write_text(text.replace(local, remote), encoding="utf-8")
        said(folder, "--as-of", "2025-10-01", "apply", "--yes")
        with account.sandbox.account.transaction(instant_text(START), writes=True) as work:
            for name, id_ in CUSTOMERS.items():
                work.add(CUSTOMER, {"name": name, "ingest_aliases": [f"{name}'s"]}, id_=id_)
                body = {"customer_id": id_, "package_alias": "starter-plan", "starting_at": instant_text(START)}
                made = contract.create(Call(work, body))
                if name == "eve":  # the first one ends then
                    follows = {"type": "SUPERSEDE", "from_contract_id": made["data"]["id"]}
                    contract.create(Call(work, body | {"starting_at": instant_text(MIDDLE), "transition": follows}))
            usage.ingest(Call(work, events()))
        card = folder / "catalog" / "rate-card.yaml"
        text = card.read_text(encoding="utf-8")
        old = next(line for line in text.splitlines() if "product: input-tokens" in line and "large" in line)
        card.write_text(text.replace(old, old.replace("2025-04-01, price: $2.50", "2026-03-01, price: $3.00")), "utf-8")
        yield folder, account
    for store in opened:
        if isinstance(store, RemoteStore):
            store.close()


def flat() -> pyarrow.Table:
    """Events as the rows of a table."""
    rows = [{**event, "properties": json.dumps(event["properties"])} for event in events()]
    return pyarrow.Table.from_pylist(rows)


def as_jsonl(folder: Path) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events()), encoding="utf-8")
    return path


def as_folder(folder: Path) -> Path:
    by_day(folder / "table", events())
    return folder / "table"


def as_export(folder: Path) -> Path:
    """Some events twice, and one of the sandbox."""
    by_day(folder / "export" / "events", events(), environment_type="PRODUCTION")
    by_day(folder / "export" / "events" / "again", events()[:9], environment_type="PRODUCTION")
    tried = [{**events()[0], "transaction_id": "tried"}]
    by_day(folder / "export" / "events" / "tried", tried, environment_type="SANDBOX")
    return folder / "export"


def as_delta(folder: Path) -> Path:
    """In two versions: what was written first is gone."""
    path = folder / "delta"
    write_deltalake(str(path), flat().slice(0, 5))
    write_deltalake(str(path), flat(), mode="overwrite")
    return path


def as_iceberg(folder: Path) -> Path:
    (folder / "warehouse").mkdir()
    catalog = SqlCatalog("c", uri=f"sqlite:///{folder}/iceberg.db", warehouse=f"file://{folder}/warehouse")
    try:
        catalog.create_namespace("n")
        table = catalog.create_table("n.events", schema=flat().schema)
        table.append(flat().slice(0, 5))
        table.overwrite(flat())
        return Path(table.location().removeprefix("file://"))
    finally:
        catalog.close()


def as_quantities(folder: Path) -> Path:
    """What the metrics count, by day."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for event in events():
        own, day = event["properties"], event["timestamp"][:10]
        for kind in ("input", "output"):
            sums[event["customer_id"], f"{kind}-tokens", own["model"], day] += int(own[f"{kind}_tokens"])
    path = folder / "quantities.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("customer", "product", "model", "period", "quantity"))
        writer.writerows((*key, count) for key, count in sums.items())
    return path


FORMS: list[Callable[[Path], Path]] = [as_folder, as_export, as_delta, as_iceberg, as_quantities]


def assessed(folder: Path, given: object) -> dict[str, Any]:
    text = said(folder, "--format", "json", "--as-of", "2026-02-10", "plan", "--impact", given)
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)["impact"]
    assert found.pop("events")["coverage"] == 1
    return found


def test_the_same_impact_from_everywhere(
    project: tuple[Path, Served], bucket: Callable[[Path], str], tmp_path: Path
) -> None:
    impact = partial(assessed, project[0])
    wanted = impact(as_jsonl(tmp_path))
    assert wanted["customers"]["up"] == 3
    assert {move["customer"] for move in wanted["largest"]} == set(CUSTOMERS.values())
    assert len(wanted["largest"]) == 4, "eve's contracts each have usage of their own days"
    found = {form.__name__: impact(form(tmp_path)) for form in FORMS}
    found["s3"] = impact(bucket(tmp_path / "table"))
    found["account"] = impact("account")
    found["account, by name"] = impact("account:2026-01")
    for name, one in found.items():
        assert one == wanted, name


def test_terms_of_a_customer_s_own_are_billed(project: tuple[Path, Served]) -> None:
    """Ann gets half of the price of input tokens, and bob has a credit of $5.00 himself: what all pay before falls by
    half of ann's tokens and by the credit, and what ann pays more is half as well."""
    folder, account = project
    before = assessed(folder, "account")
    headers = {"Authorization": "Bearer sandbox"}

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(account.url + path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    products = post("/v1/contract-pricing/products/list", {})
    ids = {one["current"]["name"]: one["id"] for one in products}
    (held,) = post("/v2/contracts/list", {"customer_id": CUSTOMERS["ann"]})
    half = {
        "type": "MULTIPLIER",
        "multiplier": 0.5,
        "starting_at": instant_text(START),
        "override_specifiers": [{"product_id": ids["Input tokens"]}],
    }
    post("/v2/contracts/edit", {"customer_id": CUSTOMERS["ann"], "contract_id": held["id"], "add_overrides": [half]})
    item = {"amount": 500, "starting_at": "2026-03-01T00:00:00Z", "ending_before": "2026-04-01T00:00:00Z"}
    credit = {"access_schedule": {"schedule_items": [item]}, "priority": 1, "product_id": ids["Sign-up credit"]}
    post("/v1/contracts/customerCredits/create", {"customer_id": CUSTOMERS["bob"], **credit})

    after = assessed(folder, "account")
    month = json.loads(said(folder, "--format", "json", "--as-of", "2026-02-10", "reconcile", "--month", "2026-01"))
    assert (month["share"], month["differing"]) == (1, []), "half of ann's price is on both bills"

    def anns(found: dict[str, Any]) -> dict[str, Any]:
        (move,) = (one for one in found["largest"] if one["customer"] == CUSTOMERS["ann"])
        (line,) = (one for one in move["lines"] if one["line"].startswith("input-tokens"))
        return {name: line[name] for name in ("before", "after", "change")}

    assert {name: 2 * amount for name, amount in anns(after).items()} == anns(before)
    saved = anns(after)["before"] + 5
    off = after["totals"][0]["before"] - before["totals"][0]["before"] + saved
    assert abs(off) < Decimal("0.01"), "but for the rounding of two invoices"
    credits = [{one["cause"]: one["before"] for one in found["causes"]}["credits"] for found in (before, after)]
    assert credits[1] == credits[0] - 5
