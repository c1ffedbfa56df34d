"""The examples do what their pages say: validated, planned, applied, and planned again without anything left to do."""

import csv
import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pricebook.cli.main import root

ROOT = Path(__file__).resolve().parents[2]
RELEASES = [("1.57.2", "2025-01-01"), ("1.67.0", "2025-05-01"), ("1.80.0", "2025-12-01"), ("1.97.0", "2026-09-01")]
"""The tables of `examples/llm-prices` in their order, and the date from which its page lets each hold."""

Prices = dict[tuple[str, str, str], Decimal]
"""(component, provider, model) -> US dollars."""


def pricebook(project: Path, *arguments: object, status: int = 0) -> Result:
    """Run a command on a project, and insist on its exit status."""
    result = CliRunner().invoke(root, ["-C", str(project), *map(str, arguments)])
    assert result.exit_code == status, f"exit status {result.exit_code}\n{result.output}"
    return result


@pytest.mark.parametrize(("name", "as_of"), [("starter-plan", "2025-10-01"), ("llm-prices", "2025-01-01")])
def test_an_example_is_valid_and_applies_once(scratch: Path, name: str, as_of: str) -> None:
    project = scratch / "examples" / name
    assert pricebook(project, "validate").output.startswith("Valid: ")
    pricebook(project, "--as-of", as_of, "plan", "--exit-code", status=2)
    assert not (project / "pricebook.db").exists(), "planning writes nothing"
    applied = pricebook(project, "--as-of", as_of, "apply", "--yes").output
    assert "Read back and verified." in applied
    pricebook(project, "--as-of", as_of, "plan", "--exit-code")


def test_the_starter_plan_is_what_the_vendor_describes(scratch: Path) -> None:
    """The example of the vendor's page on packages, field by field."""
    project, file = scratch / "examples" / "starter-plan", scratch / "plan.json"
    pricebook(project, "--as-of", "2025-10-01", "plan", "-o", file)
    steps = {step["id"]: step for step in read_plan(file)["steps"]}
    package = steps["package:starter-plan@1"]["change"]["noun"]
    assert package["name"] == "Starter Plan (as of Oct 2025)"
    assert package["rate_card_alias"] == "Tokens rate card"
    assert package["net_payment_terms_days"] == 15
    assert package["duration"] == {"value": 12, "unit": "MONTHS"}
    (credit,) = package["recurring_credits"]
    assert credit["access_amount"] == {"unit_price": 1000, "quantity": 1}, "$10 in cents, once"
    assert credit["priority"] == 1
    assert credit["duration"] == {"value": 3, "unit": "MONTHS"}
    assert credit["applicable_products"] == ["input-tokens", "output-tokens"]
    (fee,) = package["subscriptions"]
    assert fee["subscription_rate"] == {"product": "starter-fee", "billing_frequency": "MONTHLY"}
    assert fee["collection_schedule"] == "ADVANCE"
    assert fee["proration"] == {"is_prorated": True, "invoice_behavior": "BILL_IMMEDIATELY"}
    good = next(
        rate for rate in steps["rates:tokens#1"]["change"]["rates"] if rate["key"] == ["good-plan", "MONTHLY", {}]
    )
    assert good["segments"] == [
        ["2025-04-01T00:00:00Z", None, {"entitled": False, "price": 500, "rate_type": "FLAT"}]
    ], "the rate of the vendor's page on subscriptions"


def test_a_fee_that_no_override_enables_is_refused(scratch: Path) -> None:
    project = scratch / "examples" / "starter-plan"
    manifest = project / "catalog" / "packages" / "better.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text[: text.index("  overrides:")], encoding="utf-8")
    refused = pricebook(project, "--as-of", "2025-10-01", "apply", "--yes", status=1)
    assert "--allow NEVER_INVOICED" in refused.output


def test_a_credit_per_seat_needs_the_seat_in_the_products(scratch: Path) -> None:
    project = scratch / "examples" / "starter-plan"
    manifest = project / "catalog" / "usage.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r"  presentation_group_key: .*\n", "", text), encoding="utf-8")
    assert "seat-key" in pricebook(project, "validate", status=1).output


def test_every_release_of_the_table_changes_exactly_what_differs(scratch: Path) -> None:
    """What is new, changed and gone is computed here from the tables alone, with nothing of pricebook's."""
    project, file = scratch / "examples" / "llm-prices", scratch / "plan.json"
    card = project / "catalog" / "rate-card.yaml"
    before: Prices = {}
    for release, date in RELEASES:
        switch(card, release, date)
        now = read_table(project / "prices" / f"litellm-{release}.csv")
        changed = {key for key in before.keys() & now.keys() if before[key] != now[key]}
        gone = before.keys() - now.keys()
        tenfold = {key for key in changed if 0 < 10 * min(before[key], now[key]) <= max(before[key], now[key])}
        tenfold |= {key for key in changed if not before[key]}  # what was free is more than any multiple dearer

        pricebook(project, "--as-of", date, "plan", "--exit-code", "-o", file, status=2)
        planned = planned_rates(read_plan(file))
        assert {key for key, observed, _ in planned if observed is None} == now.keys() - before.keys()
        assert {key for key, observed, _ in planned if observed is not None} == changed | gone
        assert len(planned) == len({key for key, _, _ in planned}), "every price once"
        for key, _, (start, end, terms) in planned:
            price = before[key] if key in gone else now[key]
            assert terms == {"entitled": key not in gone, "price": price * 100, "rate_type": "FLAT"}
            assert (start, end) == (f"{date}T00:00:00Z", None)

        hazards = ["ENTITLEMENT_LOST"] * bool(gone) + ["MAGNITUDE"] * bool(tenfold)
        if hazards:
            refused = pricebook(project, "--as-of", date, "apply", "--yes", status=1).output
            assert f"the plan bears {', '.join(hazards)}; nothing was written" in refused
            for hazard, keys in (("ENTITLEMENT_LOST", gone), ("MAGNITUDE", tenfold)):
                assert re.search(rf"{hazard} +{len(keys):,} ", refused)
        allowed = [word for hazard in hazards for word in ("--allow", hazard)]
        pricebook(project, "--as-of", date, "apply", "--yes", *allowed)
        pricebook(project, "--as-of", date, "plan", "--exit-code")
        before = now


def test_the_demo_runs_green(shell_environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", str(ROOT / "examples" / "demo.sh")],
        cwd=tmp_path,
        env=shell_environment | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) <= 60
    assert "after it the plan was empty" in done.stdout
    assert not list(tmp_path.iterdir()), "the scratch copy is gone"


def test_the_demo_fails_loudly(shell_environment: dict[str, str], scratch: Path) -> None:
    """A tour that goes on over a broken step would show nothing."""
    manifest = scratch / "examples" / "starter-plan" / "catalog" / "rate-card.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("$2.50", "$2.40"), encoding="utf-8")
    done = subprocess.run(
        ["sh", str(scratch / "examples" / "demo.sh")],
        env=shell_environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1
    assert "changed nothing" in done.stderr


def test_the_editor_settings_name_schemas_that_are_there() -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    for schema, patterns in settings["yaml.schemas"].items():
        assert (ROOT / schema).is_file()
        assert all(list(ROOT.glob(pattern)) for pattern in patterns)


def switch(card: Path, release: str, date: str) -> None:
    text = re.sub(r"litellm-[0-9.]+\.csv", f"litellm-{release}.csv", card.read_text(encoding="utf-8"))
    card.write_text(re.sub(r"starting_at: [0-9-]+", f"starting_at: {date}", text), encoding="utf-8")


def read_table(path: Path) -> Prices:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["component"], row["provider"], row["model"]): Decimal(row["usd"]) for row in csv.DictReader(file)}


def read_plan(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)


def planned_rates(plan: Any) -> list[tuple[tuple[str, str, str], Any, list[Any]]]:
    """Of each price that the plan changes its key, what the store has, and the one segment that is added."""
    found = []
    for step in plan["steps"]:
        for rate in step["change"].get("rates", ()):
            product, frequency, groups = rate["key"]
            assert frequency is None
            (segment,) = rate["segments"]
            found.append(((product, groups["provider"], groups["model"]), rate["observed"], segment))
    return found
