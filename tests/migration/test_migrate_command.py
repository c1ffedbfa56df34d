"""`pricebook migrate` as a user meets it, on an account over HTTP: plan, apply through faults, check, the way back."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from killed import CATALOG, populate, write_project

from pricebook import wiring
from pricebook.cli.main import root
from pricebook.plan.document import plan_schema
from pricebook.sandbox.server import Served, serving

CONTRACTS = 7
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
START, WAVES = NOW - timedelta(days=90), [NOW + timedelta(days=30), NOW + timedelta(days=60)]


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands leave their connections to the end of the process; here that is the end of the test."""
    opened, open_store = [], wiring.open_store
    monkeypatch.setattr(wiring, "open_store", lambda *given: opened.append(open_store(*given)) or opened[-1])
    yield
    for store in opened:
        store.close()


@pytest.fixture
def account() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(params=["END_AND_PROVISION"])
def project(request: pytest.FixtureRequest, account: Served, tmp_path: Path) -> Path:
    """A project with two versions of a package, and customers on the first."""
    write_project(tmp_path, account.url, START, WAVES, request.param, workers=2)
    assert said(tmp_path, "apply", "--yes").exit_code == 0
    (tmp_path / "catalog" / "all.yaml").write_text(CATALOG.format(start=START.date(), quantity=2), encoding="utf-8")
    assert said(tmp_path, "apply", "--yes", "--allow", "all").exit_code == 0
    populate(account.sandbox.account, CONTRACTS, START)
    return tmp_path


def said(folder: Path, *argv: str) -> Result:
    runner = CliRunner(env={"METRONOME_BEARER_TOKEN": "sandbox"})
    return runner.invoke(root, ["-C", str(folder), *argv], catch_exceptions=False)


def answer(folder: Path, *argv: str) -> dict[str, object]:
    result = said(folder, "--format", "json", *argv)
    found: dict[str, object] = json.loads(result.stdout)
    return found


def contracts(account: Served) -> list[tuple[str, str, str | None, str | None]]:
    with account.sandbox.account.transaction("", writes=False) as work:
        return work.rows(
            "SELECT parent, json_extract(body, '$.starting_at'), json_extract(body, '$.ending_before'), archived_at"
            " FROM object WHERE kind = 'contract'"
        )


def test_a_plan_is_shown_written_and_described(project: Path) -> None:
    plan, notice = project / "plan.jsonl", project / "tell.csv"
    result = said(project, "migrate", "-o", str(plan), "--notice", str(notice), "--rows", "2")
    assert result.exit_code == 0
    assert "Migration move to package:starter@2" in result.output
    # Hand-worked: a second seat of $5.00 for seven contracts.
    money = f"Starter v1 ({CONTRACTS} contracts), with a new contract: fees +$35.00 a month (+$420.00 a year) in all"
    assert money in " ".join(result.output.split())
    assert "+ 2 × $5.00 a month" in result.output
    assert f"Migration: {CONTRACTS} contracts move in" in result.output
    text = plan.read_text(encoding="utf-8")
    document = json.loads(text)
    assert [error.message for error in Draft202012Validator(plan_schema()).iter_errors(document)] == []
    assert len(text.splitlines()) == CONTRACTS + 2  # a line for each contract, between the head and the end
    rows = list(csv.DictReader(notice.read_text(encoding="utf-8").splitlines()))
    assert {row["customer"] for row in rows} == {step["change"]["customer"] for step in document["steps"]}
    assert all(row["what_changes"].startswith("Seat: $5.00 a month") for row in rows)
    assert said(project, "migrate", "--csv").output == notice.read_text(encoding="utf-8")
    refused = said(project, "migrate", "--apply", str(plan), "--yes", "--csv")
    assert (refused.exit_code, "error[format]\n  there is no csv of this" in refused.output) == (1, True)


@pytest.mark.parametrize("kind", ["500-before", "500-after", "drop-before", "drop-after", "truncate", "429"])
@pytest.mark.parametrize("path", ["/v1/contracts/create", "/v1/contracts/updateEndDate"])
def test_a_fault_at_a_request_is_made_good(project: Path, account: Served, kind: str, path: str) -> None:
    account.fault(f"{kind}@3:{path}")
    said(project, "migrate", "move", "--apply", "--yes")
    account.sandbox.faults.clear()
    found = answer(project, "migrate", "move", "--apply", "--yes")
    held = contracts(account)
    assert len(held) == 2 * CONTRACTS
    for customer in {customer for customer, *_ in held}:
        (_, _, first_end, _), (_, second_start, second_end, _) = sorted(c for c in held if c[0] == customer)
        assert (first_end, second_end) == (second_start, None)
    assert answer(project, "migrate", "move")["left"] == {"moved already": CONTRACTS}
    assert found["sound"]


def test_the_way_back_over_http(project: Path, account: Served) -> None:
    before = sorted(contracts(account))
    plan, back = str(project / "plan.jsonl"), str(project / "back.jsonl")
    assert said(project, "migrate", "-o", plan).exit_code == 0
    assert answer(project, "migrate", "--apply", plan, "--yes")["counts"] == {"moved": CONTRACTS}
    assert answer(project, "migrate", "--check")["counts"] == {"moved": CONTRACTS}
    assert said(project, "migrate", "--rollback", "-o", back).exit_code == 0
    moving_back = said(project, "migrate", "--rollback", "--csv").output
    assert len(list(csv.DictReader(moving_back.splitlines()))) == CONTRACTS
    assert answer(project, "migrate", "--apply", back, "--yes")["counts"] == {"moved back": CONTRACTS}
    log = said(project, "history", "--last", "2").output
    assert f"rollback of migration move to package:starter@2, {CONTRACTS} contracts" in log
    assert f"In all: migration move to package:starter@2, {CONTRACTS} contracts" in log
    held = contracts(account)
    assert sorted(c for c in held if c[3] is None) == before
    assert len(held) == 2 * CONTRACTS
    # The keys are taken for good: whoever applies the same plan again leaves everybody where they are.
    again = said(project, "migrate", "--apply", plan, "--yes")
    assert again.exit_code == 1
    assert "its new contract was archived" in again.output
    assert sorted(contracts(account)) == sorted(held)


def test_a_contract_that_changed_since_is_left_alone(project: Path, account: Served) -> None:
    plan = str(project / "plan.jsonl")
    said(project, "migrate", "-o", plan)
    with account.sandbox.account.transaction("", writes=True) as work:
        (held, *_) = work.page("contract", 0, 1)
        work.put(held, held.body | {"ending_before": "2099-01-01T00:00:00Z"})
    result = said(project, "migrate", "--apply", plan, "--yes")
    assert result.exit_code == 1
    assert "given another end since this was planned" in result.output
    assert held.id in result.output
    assert len(contracts(account)) == 2 * CONTRACTS - 1


def test_a_guard_that_nobody_verified_is_refused(project: Path, account: Served) -> None:
    move = project / "catalog" / "move.yaml"
    move.write_text(move.read_text() + "  guard: {max_total_change: 2%}\n", encoding="utf-8")
    result = said(project, "migrate", "--apply", "--yes")
    assert result.exit_code == 1
    assert "error[guard]" in result.output
    assert len(contracts(account)) == CONTRACTS
    assert said(project, "migrate", "--apply", "--yes", "--allow", "GUARD").exit_code == 0


def test_what_cannot_be_asked_is_refused(project: Path) -> None:
    for argv, code in (
        (("nobody",), "unknown-migration"),
        (("--plan", "--apply"), "conflict"),
        (("--allow", "PRICE_UP"), "unknown-hazard"),
        (("--apply",), "confirmation"),
        (("--rollback",), "unknown-migration"),
        (("--apply", "pricebook.yaml", "--yes"), "missing-file"),
        (("--apply", str(project / "pricebook.yaml"), "--yes"), "plan-file"),
    ):
        result = said(project, "migrate", *argv)
        assert (result.exit_code, f"error[{code}]" in result.output) == (1, True), (argv, result.output)


def test_versions_that_are_not_there_are_refused_with_their_places(project: Path) -> None:
    move = project / "catalog" / "move.yaml"
    move.write_text(move.read_text().replace("from_versions: [1]", "from_versions: [1, 4]\n  to_version: 9"))
    result = said(project, "migrate")
    assert result.exit_code == 1
    assert "error[unknown-version] catalog/move.yaml:7:15" in result.output
    assert "error[unknown-version] catalog/move.yaml:6:22" in result.output
    assert "versions there: 1, 2" in result.output


def test_a_table_of_customers_says_who_moves(project: Path) -> None:
    (first, *_) = answer(project, "migrate", "--rows", "all")["contracts"]  # type: ignore[misc]
    move = project / "catalog" / "move.yaml"
    move.write_text(move.read_text() + "  whom: {customers_from: who.csv}\n")
    who = move.with_name("who.csv")
    for content, code in (
        (f"name,customer\nx,{first['customer']}\n", None),
        ("customer\n\n", "empty-table"),
        ("name\nx\n", "missing-column"),
        ("customer,name\n,x\n", "missing-value"),
        ('customer\n"x', "csv-syntax"),
    ):
        who.write_text(content)
        result = said(project, "migrate")
        assert (
            f"error[{code}] catalog/who.csv" in result.output if code else "1 contract moves in 1 wave" in result.output
        )
    who.unlink()
    assert "error[missing-file]" in said(project, "migrate").output


def test_an_option_that_says_nothing_to_what_is_asked_is_refused(project: Path) -> None:
    plan, usage = str(project / "plan.jsonl"), str(project / "usage.jsonl")
    said(project, "migrate", "-o", plan)
    (project / "usage.jsonl").write_text("", encoding="utf-8")
    for argv, word in (
        (("--rollback", plan, "--notice", "tell.csv"), "--notice"),
        (("--apply", plan, "-o", "other.jsonl"), "--output"),
        (("--apply", "--expect", "0" * 24), "--expect"),
        (("--check", plan, "--impact", usage), "--impact"),
    ):
        result = said(project, "migrate", *argv)
        assert (result.exit_code, f"error[conflict]\n  {word} says nothing" in result.output) == (1, True), (
            result.output
        )


def test_a_plan_of_another_migration_is_refused(project: Path) -> None:
    plan = str(project / "plan.jsonl")
    said(project, "migrate", "-o", plan)
    result = said(project, "migrate", "autumn", "--apply", plan, "--yes")
    assert result.exit_code == 1
    assert 'is a plan of migration "move", not of "autumn"' in " ".join(result.output.split())


def test_a_plan_is_applied_by_its_own_command_and_in_its_own_format(project: Path) -> None:
    moves, prices, first = (str(project / name) for name in ("plan.jsonl", "plan.json", "first.jsonl"))
    said(project, "migrate", "-o", moves)
    said(project, "plan", "-o", prices)
    Path(first).write_text('{"format":1,"moves":1,"what":"pricebook-migration"}\n{"contract":"c"}\n', encoding="utf-8")
    for argv, code, words in (
        (("apply", moves, "--yes"), "plan-file", "it moves contracts"),
        (("migrate", "--apply", prices, "--yes"), "plan-file", "it moves no contracts"),
        (("migrate", "--apply", first, "--yes"), "plan-format", "the plan has format 1"),
    ):
        result = said(project, *argv)
        assert (result.exit_code, f"error[{code}]" in result.output, words in result.output) == (1, True, True)


def test_the_journal_tells_runs_to_several_versions_apart(project: Path, account: Served) -> None:
    move = project / "catalog" / "move.yaml"
    text = move.read_text(encoding="utf-8")
    first = str(next(iter(sorted(customer for customer, *_ in contracts(account)))))
    move.write_text(f"{text}  whom: {{customers: [{first}]}}\n", encoding="utf-8")
    assert said(project, "migrate", "--apply", "--yes").exit_code == 0
    move.write_text(text, encoding="utf-8")
    (project / "catalog" / "all.yaml").write_text(CATALOG.format(start=START.date(), quantity=3), encoding="utf-8")
    assert said(project, "apply", "--yes", "--allow", "all").exit_code == 0
    assert said(project, "migrate", "--apply", "--yes").exit_code == 0
    assert "error[several-targets]" in said(project, "migrate", "--check").output
    for version, moved in (2, 1), (3, CONTRACTS - 1):
        move.write_text(text.replace("  package: starter\n", f"  package: starter\n  to_version: {version}\n"))
        assert answer(project, "migrate", "--check")["counts"] == {"moved": moved}


def test_who_is_named_and_has_no_contract_is_told(project: Path) -> None:
    plan = project / "plan.jsonl"
    assert said(project, "migrate", "-o", str(plan)).exit_code == 0
    known = min(step["change"]["customer"] for step in json.loads(plan.read_text())["steps"])
    path = project / "catalog" / "move.yaml"
    text = path.read_text(encoding="utf-8")

    def whom(line: str) -> Result:
        path.write_text(text.replace("  waves:", f"  whom: {{{line}}}\n  waves:"), encoding="utf-8")
        return said(project, "migrate")

    assert whom(f"exclude: ['{known}']").exit_code == 0
    refused = whom(f"exclude: ['{known.upper()}']")
    assert refused.exit_code == 1
    assert f'exclude "{known.upper()}" fits nothing' in " ".join(refused.output.split())
    assert f'did you mean "{known}"?' in " ".join(refused.output.split())
    for line in ("exclude: [nobody]", "customers: [nobody]"):
        told = whom(line)
        assert told.exit_code == 0
        assert '"nobody" fits nothing' in told.output
