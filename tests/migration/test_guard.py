"""A migration billed before and after, by hand: the old contract as it would go on, the new one with its terms anew.

The starter plan is $10 a month, and gives $10 of tokens in each of the first three months. Its second version has three
subscriptions instead of one. In March 2027 the credit of a contract of October 2026 is over, while that of the new
contract, which starts then, begins again: (3 - 1) x $10 more, and $10 less.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook.cli.main import root
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three customers on the first version, two of whom move, and a month of their usage."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    said(folder, "apply", "--yes")
    with (folder / "usage.jsonl").open("w", encoding="utf-8") as file:
        for customer, tokens in (("ada", 30_000_000), ("bob", 4_000_000), ("eve", 400_000_000)):
            store = SqlStore(f"sqlite:///{folder / 'pricebook.db'}")
            store.create_contract(customer, START, package_alias="starter-plan", at=START)
            event = {
                "transaction_id": customer,
                "customer_id": customer,
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
    (folder / "catalog" / "spring.yaml").write_text(MOVE, encoding="utf-8")
    return folder


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
    assert json.loads(plan.read_text(encoding="utf-8").splitlines()[0])["verdict"] == "kept"
    spring.write_text(MOVE.replace("20%", "50%").replace("25%", "15%"), encoding="utf-8")
    found = json.loads(said(project, "--format", "json", "migrate", "--impact", project / "usage.jsonl").stdout)
    assert found["verdict"] == "exceeded"  # 105 to 125: +19.0 %
