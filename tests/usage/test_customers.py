"""Impact: real releases of a price list billed for a population, compared with bills that are worked out from the
tables alone; who is reached and who is not; and that nothing moves where nothing changes."""

import csv
import json
import re
import shutil
from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

import pytest

from pricebook.preview.impact import CustomerRow, Sides
from pricebook.project.project import read_project
from pricebook.store.sql import SqlStore
from pricebook.usage import pool
from pricebook.usage.assessment import Assessment
from pricebook.usage.duck import DuckEngine
from pricebook.workflow.impact import assess_impact
from pricebook.workflow.plan import plan

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BEGUN, NOW = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
COMPONENTS = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")

Key = tuple[str, str, str]


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an example, applied."""
    from click.testing import CliRunner

    from pricebook.cli.main import root

    folder = tmp_path / request.param
    shutil.copytree(EXAMPLES / request.param, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    started = "2025-01-01" if request.param == "llm-prices" else "2025-10-01"
    result = CliRunner().invoke(root, ["-C", str(folder), "--as-of", started, "apply", "--yes"])
    assert result.exit_code == 0, result.output
    return folder


def _store(project: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{project / 'pricebook.db'}")


def _assessed(project: Path, usage: Path, *, assume_migrated: bool = False) -> tuple[Assessment, dict[str, Sides]]:
    """The impact, and what each customer is billed in the window."""
    rows: list[CustomerRow] = []
    store, engine = _store(project), DuckEngine()
    made = plan(read_project(project), "local", store, NOW)
    try:
        found = assess_impact(
            made, store, [str(usage)], engine, assume_migrated=assume_migrated, keep=lambda row, _: rows.append(row)
        )
        return found, {row.customer: row.billed for row in rows}
    finally:
        engine.close()


def _edit(file: Path, pattern: str, text: str) -> None:
    edited, count = re.subn(pattern, text, file.read_text(encoding="utf-8"))
    assert count == 1
    file.write_text(edited, encoding="utf-8")


def _table(project: Path, release: str) -> dict[Key, Decimal]:
    """(component, provider, model) -> cents."""
    with (project / "prices" / f"litellm-{release}.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {(row["component"], row["provider"], row["model"]): Decimal(row["usd"]) * 100 for row in rows}


def _events(usage: Path, keys: list[Key], customers: int, count: int) -> dict[str, dict[Key, int]]:
    """Events of a month in a file, and what each customer used of each price."""
    chance, used = Random(3), defaultdict[str, dict[Key, int]](lambda: defaultdict(int))
    with usage.open("w", encoding="utf-8") as file:
        for number in range(count):
            customer, key = f"customer-{chance.randrange(customers)}", keys[int(len(keys) * chance.random() ** 3)]
            tokens = chance.randrange(1, 3_000_000)
            used[customer][key] += tokens
            component, provider, model = key
            event = {
                "transaction_id": f"t{number}",
                "customer_id": customer,
                "event_type": "model_usage",
                "timestamp": f"2026-01-{chance.randrange(1, 32):02}T12:00:00Z",
                "properties": {"component": component, "provider": provider, "model": model, "tokens": tokens},
            }
            file.write(json.dumps(event) + "\n")
    return used


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


@pytest.mark.parametrize("little", [pool.LITTLE, 100], ids=["here", "in a pool"])
@pytest.mark.parametrize("project", ["llm-prices"], indirect=True)
def test_a_release_of_the_price_list_costs_what_the_tables_say(
    project: Path, tmp_path: Path, little: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LITTLE", little)
    before, after = _table(project, "1.57.2"), _table(project, "1.67.0")
    priced = [key for key in sorted(before, key=lambda key: key[::-1]) if key[0] in COMPONENTS]
    moved = [key for key in priced if before[key] != after.get(key)]
    same = [key for key in priced if before[key] == after.get(key)]
    assert len(moved) > 20
    used = _events(tmp_path / "usage.jsonl", moved + same[:60], customers=40, count=3000)
    for number in range(50):  # ten of them use nothing
        _store(project).create_contract(f"customer-{number}", BEGUN, package_alias="pay-as-you-go", at=BEGUN)
    _edit(project / "catalog" / "rate-card.yaml", r"1\.57\.2", "1.67.0")
    _edit(project / "catalog" / "rate-card.yaml", r"2025-01-01", "2026-03-15")

    found, billed = _assessed(project, tmp_path / "usage.jsonl")

    bills = {
        customer: Sides(
            _cents(sum((before[key] * count for key, count in counts.items()), Decimal(0))),
            # What the new table does not have ends.
            _cents(sum((after.get(key, Decimal(0)) * count for key, count in counts.items()), Decimal(0))),
        )
        for customer, counts in used.items()
    }
    assert (found.impact.contracts, found.impact.months) == (50, 1)
    assert f"{found.impact.window.starting_at:%Y-%m-%d}" == "2026-04-01", "the first month in which all of it holds"
    sides = {customer: sides for customer, sides in billed.items() if sides.before}
    assert sides == bills
    total = Sides(sum(b.before for b in bills.values()), sum(b.after for b in bills.values()))
    assert found.impact.billed == {"usd": total}
    largest = sorted(bills, key=lambda customer: -abs(bills[customer].change))[:10]
    assert [move.contract.customer for move in found.impact.largest] == largest
    for component in COMPONENTS:
        exact = [
            sum((table.get(key, Decimal(0)) * count for counts in used.values() for key, count in counts.items()
                 if key[0] == component), Decimal(0))
            for table in (before, after)
        ]  # fmt: skip
        assert found.impact.products[component, "usd"] == tuple(12 * side for side in exact)


@pytest.mark.parametrize("project", ["llm-prices"], indirect=True)
def test_without_a_change_no_bill_moves(project: Path, tmp_path: Path) -> None:
    _events(tmp_path / "usage.jsonl", sorted(_table(project, "1.57.2"))[:300], customers=5, count=200)
    for number in range(5):
        _store(project).create_contract(f"customer-{number}", BEGUN, package_alias="pay-as-you-go", at=BEGUN)
    assessment, billed = _assessed(project, tmp_path / "usage.jsonl")
    found = assessment.impact
    assert found.billed["usd"].before > 0
    assert all(sides.before == sides.after for sides in billed.values())
    assert (found.up, found.down, found.same) == (0, 0, 5)
    assert found.largest == []


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """Usage of ann and bob in the starter plan's metrics: 30 million input tokens of the large model each."""
    path = tmp_path / "tokens.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for customer in ("ann", "bob"):
            event = {
                "transaction_id": customer,
                "customer_id": customer,
                "event_type": "completion",
                "timestamp": "2026-01-20T00:00:00Z",
                "properties": {"input_tokens": 30_000_000, "model": "large", "seat_id": "s1"},
            }
            file.write(json.dumps(event) + "\n")
    return path


def _two_contracts(project: Path) -> None:
    for customer, start in (("ann", datetime(2026, 1, 1, tzinfo=UTC)), ("bob", datetime(2025, 10, 1, tzinfo=UTC))):
        _store(project).create_contract(customer, start, package_alias="starter-plan", at=start)


@pytest.mark.parametrize("project", ["starter-plan"], indirect=True)
@pytest.mark.parametrize(
    ("assume_migrated", "ann"),
    [
        # 30 million tokens for $2.50 each, $10 of which the credit of her third month pays, and the fee of $10
        (False, Sides(Decimal(7500), Decimal(7500))),
        (True, Sides(Decimal(7500), Decimal(7000))),
    ],
)
def test_a_changed_package_reaches_nobody_who_is_there(
    project: Path, tokens: Path, assume_migrated: bool, ann: Sides
) -> None:
    _two_contracts(project)
    _edit(project / "catalog" / "packages" / "starter-plan.yaml", r"unit_price: \$10\.00", "unit_price: $15.00")
    assessment, billed = _assessed(project, tokens, assume_migrated=assume_migrated)
    bob = Sides(Decimal(8500), Decimal(8500))  # his three months of credit are over
    assert billed == {"ann": ann, "bob": bob}
    yearly = ann.plus(bob).times(Decimal(12))
    assert assessment.impact.packages == {("package:starter-plan@1", "usd"): (2, yearly)}


@pytest.mark.parametrize("project", ["starter-plan"], indirect=True)
def test_a_changed_card_reaches_everybody_on_it(project: Path, tokens: Path) -> None:
    _two_contracts(project)
    _edit(
        project / "catalog" / "rate-card.yaml",
        r"(product: input-tokens,.*large.*)2025-04-01, price: \$2\.50",
        r"\g<1>2026-03-01, price: $2.00",
    )
    found, billed = _assessed(project, tokens)
    assert billed == {"ann": Sides(Decimal(7500), Decimal(6000)), "bob": Sides(Decimal(8500), Decimal(7000))}
    assert [(move.contract.customer, [line for line, _ in move.lines]) for move in found.impact.largest] == [
        ("bob", ["input-tokens · model=large"]),  # of equal moves the older contract first
        ("ann", ["input-tokens · model=large"]),
    ]


@pytest.mark.parametrize("project", ["starter-plan"], indirect=True)
def test_who_is_not_billed_is_said(project: Path, tokens: Path) -> None:
    _two_contracts(project)
    _store(project).create_contract("carl", datetime(2025, 11, 1, tzinfo=UTC), package_alias="starter-plan", at=NOW)
    (ended,) = _store(project).customer_contracts("acme", "carl")
    _store(project).end_contract(ended, datetime(2026, 2, 20, tzinfo=UTC))
    later = datetime(2026, 6, 1, tzinfo=UTC)
    _store(project).create_contract("dora", later, package_alias="starter-plan", at=NOW)
    found, _ = _assessed(project, tokens)
    assert found.impact.skipped == {"ended by then": 1, "not begun by then": 1}
    assert found.impact.contracts == 2
