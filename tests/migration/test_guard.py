"""A migration billed before and after, by hand: the old contract as it would go on, the new one with its terms anew.

The starter plan is $10 a month, and gives $10 of tokens in each of the first three months. Its second version has three
subscriptions instead of one. In March 2027 the credit of a contract of October 2026 is over, while that of the new
contract, which starts then, begins again: (3 - 1) x $10 more, and $10 less.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid5

import pytest
from click.testing import CliRunner, Result
from killed import NAMES

from pricebook import wiring
from pricebook.catalog.instant import instant_text
from pricebook.cli.main import root
from pricebook.metronome.remote import RemoteStore
from pricebook.sandbox import contract
from pricebook.sandbox.call import Call
from pricebook.sandbox.customer import KIND as CUSTOMER
from pricebook.sandbox.server import Served, serving
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
NAMED = {name: uuid5(NAMES, name) for name in ("ada", "bob", "eve")}
START = datetime(2026, 10, 1, tzinfo=UTC)
MOVE = """\
apiVersion: pricebook/v1
kind: Migration
metadata: {name: spring}
spec:
  package: starter-plan
  whom: {exclude: [eve]}
  waves: [{starting_at: 2027-03-01}]
  transition: END_AND_PROVISION
  guard: {max_customer_increase: 20%, max_total_change: 25%}
"""


def said(project: Path, *arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(root, ["-C", str(project), "--as-of", "2026-12-01", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands leave their connections to the end of the process; here that is the end of the test."""
    opened, open_store = [], wiring.open_store
    monkeypatch.setattr(wiring, "open_store", lambda *given: opened.append(open_store(*given)) or opened[-1])
    monkeypatch.setenv("METRONOME_BEARER_TOKEN", "sandbox")
    yield
    for store in opened:
        if isinstance(store, RemoteStore):
            store.close()


@pytest.fixture(params=["sqlite"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Three customers on the first version, two of whom move, and a month of their usage; in the embedded store, or in
    an account over HTTP, which names its customers by ids."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    with serving() if request.param == "account" else nullcontext() as account:
        if account is not None:
            settings = folder / "pricebook.yaml"
            text, local = settings.read_text(encoding="utf-8"), '{store: "sqlite:///pricebook.db"}'
            assert text.count(local) == 1
            remote = f'{{store: metronome, base_url: "{account.url}", requests_per_minute: 1000000}}'
            settings.write_text(text.replace(local, remote), encoding="utf-8")
        said(folder, "apply", "--yes")
        with (folder / "usage.jsonl").open("w", encoding="utf-8") as file:
            for customer, tokens in (("ada", 30_000_000), ("bob", 4_000_000), ("eve", 400_000_000)):
                id_ = str(NAMED[customer]) if account is not None else customer
                _provision(folder, account, id_)
                event = {
                    "transaction_id": customer,
                    "customer_id": id_,
                    "event_type": "completion",
                    "timestamp": "2026-11-20T00:00:00Z",
                    "properties": {"input_tokens": tokens, "model": "large", "seat_id": "s1"},
                }
                file.write(json.dumps(event) + "\n")
        package = folder / "catalog" / "packages" / "starter-plan.yaml"
        text = package.read_text(encoding="utf-8")
        assert text.count("initial_quantity: 1") == 1
        package.write_text(text.replace("initial_quantity: 1", "initial_quantity: 3"), encoding="utf-8")
        said(folder, "apply", "--yes", "--allow", "all")
        move = MOVE.replace("[eve]", f"[{NAMED['eve']}]") if account is not None else MOVE
        (folder / "catalog" / "spring.yaml").write_text(move, encoding="utf-8")
        yield folder


def _provision(folder: Path, account: Served | None, customer: str) -> None:
    """Give the customer a contract on the first version."""
    if account is None:
        with closing(SqlStore(f"sqlite:///{folder / 'pricebook.db'}")) as store:
            store.create_contract(customer, START, package_alias="starter-plan", at=START)
        return
    with account.sandbox.account.transaction(instant_text(START), writes=True) as work:
        work.add(CUSTOMER, {"name": customer, "ingest_aliases": []}, id_=customer)
        body = {"customer_id": customer, "package_alias": "starter-plan", "starting_at": instant_text(START)}
        contract.create(Call(work, body))


@pytest.mark.parametrize("project", ["account"], indirect=True)
def test_an_account_is_billed_as_the_embedded_store_is(project: Path) -> None:
    plan = project / "plan.jsonl"
    found = json.loads(
        said(project, "--format", "json", "migrate", "--impact", project / "usage.jsonl", "-o", plan).stdout
    )
    customers = {one["customer"]: (one["before"], one["after"]) for one in found["impact"]["largest"]}
    assert customers == {str(NAMED["ada"]): (85, 95), str(NAMED["bob"]): (20, 30)}
    assert found["verdict"] == json.loads(plan.read_text(encoding="utf-8"))["migration"]["verdict"] == "exceeded"
    (finding,) = [one for one in found["findings"] if one["code"] == "impact-limit"]
    assert str(NAMED["bob"]) in finding["message"]


def test_a_migration_is_billed_for_those_who_move(project: Path) -> None:
    result = said(project, "--format", "json", "migrate", "--impact", project / "usage.jsonl")
    found = json.loads(result.stdout)
    customers = {one["customer"]: (one["before"], one["after"]) for one in found["impact"]["largest"]}
    # 30 and 4 million tokens at $2.50: 10 + 75 and 10 + 10; then 30 + 75 - 10 and 30 + 10 - 10.
    assert customers == {"ada": (85, 95), "bob": (20, 30)}
    assert found["verdict"] == "exceeded"
    (finding,) = [one for one in found["findings"] if one["code"] == "impact-limit"]
    assert "1 of 2 customers pay more than the limit allows: bob" in finding["message"]
    assert finding["at"]["file"] == "catalog/spring.yaml"


def test_a_guard_is_verified_by_usage_and_written_into_the_plan(project: Path) -> None:
    spring, plan = project / "catalog" / "spring.yaml", project / "plan.jsonl"
    said(project, "migrate", "--impact", project / "usage.jsonl", "-o", plan)
    refused = said(project, "migrate", "--apply", plan, "--yes", status=1)
    assert "further than its guard allows" in refused.output
    spring.write_text(MOVE.replace("20%", "50%"), encoding="utf-8")
    shown = said(project, "migrate", "--impact", project / "usage.jsonl", "-o", plan)
    assert "Guard: bills move no further than the guard allows" in shown.output
    assert json.loads(plan.read_text(encoding="utf-8"))["migration"]["verdict"] == "kept"
    spring.write_text(MOVE.replace("20%", "50%").replace("25%", "15%"), encoding="utf-8")
    found = json.loads(said(project, "--format", "json", "migrate", "--impact", project / "usage.jsonl").stdout)
    assert found["verdict"] == "exceeded"  # 105 to 125: +19.0 %
