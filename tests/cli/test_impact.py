"""`plan --impact`, as it is told: in text, JSON and the comment, with limits, and with hostile customers."""

import csv
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from pricebook.cli.main import root
from pricebook.store.sql import SqlStore

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "starter-plan"
HOSTILE = "<img src=x>|`@everyone`\x1b[31m\n# no"


def pricebook(project: Path, *arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(root, ["-C", str(project), *map(str, arguments)])
    assert result.exit_code == status, f"exit status {result.exit_code}\n{result.output}"
    return result


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The starter plan, applied, with two customers, a month of their usage, and a price that goes up."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("pricebook.db*"))
    pricebook(folder, "--as-of", "2025-10-01", "apply", "--yes")
    store = SqlStore(f"sqlite:///{folder / 'pricebook.db'}")
    with (folder / "usage.jsonl").open("w", encoding="utf-8") as file:
        for customer, tokens in ((HOSTILE, 30_000_000), ("bob", 4_000_000)):
            start = datetime(2025, 10, 1, tzinfo=UTC)
            store.create_contract(customer, start, package_alias="starter-plan", at=start)
            event: dict[str, Any] = {
                "transaction_id": customer,
                "customer_id": customer,
                "event_type": "completion",
                "timestamp": "2026-01-20T00:00:00Z",
                "properties": {"input_tokens": tokens, "model": "large", "seat_id": "s1"},
            }
            file.write(json.dumps(event) + "\n")
        file.write("not an event\n")
    card = folder / "catalog" / "rate-card.yaml"
    text = card.read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if "product: input-tokens" in line and "large" in line)
    card.write_text(text.replace(old, old.replace("2025-04-01, price: $2.50", "2026-03-01, price: $3.00")), "utf-8")
    assert "2026-03-01" in card.read_text(encoding="utf-8")
    return folder


AS_OF = ("--as-of", "2026-02-10")
UNREAD = "Not known: 1 event of 3, which cannot be read."
SENTENCE = f"+$17.00 a month (+16.2 %) on 66.6 % of usage; 2 pay more. {UNREAD}"


def test_the_plan_says_what_it_does_to_bills(project: Path) -> None:
    result = pricebook(project, *AS_OF, "plan", "--impact", project / "usage.jsonl")
    text = result.stdout.replace("\n", " ")
    assert f"Bills: {SENTENCE}" in text
    # 30 million tokens at $2.50 and then at $3.00, and the fee of $10
    assert "$85.00  $100.00  +$15.00  +17.6 %" in text
    assert "$20.00   $22.00   +$2.00  +10.0 %" in text
    assert "1 event of 3 not used: unreadable" in text
    assert "\x1b" not in result.stdout
    assert "billing 2 contracts twice" in result.stderr


def test_usage_that_had_no_price_before_is_told_apart(project: Path) -> None:
    """Bob uses 2 million tokens of a model that gets its first price, $7.00 a million, with the same plan."""
    event = {
        "transaction_id": "new",
        "customer_id": "bob",
        "event_type": "completion",
        "timestamp": "2026-01-21T00:00:00Z",
        "properties": {"input_tokens": 2_000_000, "model": "huge", "seat_id": "s1"},
    }
    with (project / "usage.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")
    card = project / "catalog" / "rate-card.yaml"
    text = card.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "product: input-tokens" in line and "large" in line)
    huge = line.replace("large", "huge").replace("$3.00", "$7.00")
    card.write_text(text.replace(line, f"{line}\n{huge}"), encoding="utf-8")
    annotations = project / "annotations.txt"
    asked = ("plan", "--impact", project / "usage.jsonl", "--report", f"github={annotations}")
    said = pricebook(project, *AS_OF, *asked).stdout.replace("\n", " ")
    sentence = (
        "+$31.00 a month (+29.5 %) on 75 % of usage: +$17.00 by changed prices, +$14.00 for what was not "
        "charged before; 2 pay more, 1 of 2 customers pay more than 20 % more. "
        "Not known: 1 event of 4, which cannot be read."
    )
    assert f"Bills: {sentence}" in said
    assert "not charged before: it had no price $0.00 $14.00 +$14.00" in " ".join(said.split())
    assert f"::notice title=pricebook bills::{sentence.replace('%', '%25')}" in annotations.read_text(encoding="utf-8")


def test_programs_and_reviewers_get_the_same_numbers(project: Path) -> None:
    comment = project / "comment.md"
    asked = ("--impact", project / "usage.jsonl", "--report", f"markdown={comment}")
    answer = json.loads(pricebook(project, "--format", "json", *AS_OF, "plan", *asked).stdout)
    found = answer["impact"]
    assert found["verdict"] == SENTENCE
    assert found["totals"] == [
        {"unit": "usd", "before": 105, "after": 122, "change": 17, "relative_change": pytest.approx(0.161905)}
    ]
    assert found["customers"] == {"total": 2, "up": 2, "down": 0, "same": 0, "above": 0}
    assert found["events"]["bad"] == {"unreadable": 1}
    assert [move["customer"] for move in found["largest"]] == [HOSTILE, "bob"]
    text = comment.read_text(encoding="utf-8")
    assert "**Bills:** " in text
    assert "$17.00 a month" in text
    assert "<img" not in text
    assert "@everyone`" not in text
    assert "\n# no" not in text


LOUD = """\
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: spend}
spec: {name: Spend, alert_type: spend_threshold_reached, threshold: $50.00}
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: by-seat}
spec: {name: By seat, alert_type: spend_threshold_reached, threshold: $1.00, group_values: [{key: seat_id}]}
---
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: enterprise}
spec:
  name: Enterprise
  alert_type: spend_threshold_reached
  threshold: $50.00
  custom_field_filters: [{entity: Contract, key: tier, value: enterprise}]
"""


def test_it_says_whom_new_thresholds_would_have_alarmed_and_when(project: Path) -> None:
    """At $3.00 the 30 million tokens of January 20 are $90.00 on March 20, and the 4 million are $12.00."""
    manifest = project / "catalog" / "notifications.yaml"
    manifest.write_text(LOUD, encoding="utf-8")
    comment = project / "comment.md"
    asked = ("plan", "--impact", project / "usage.jsonl", "--report", f"markdown={comment}")
    said = " ".join(pricebook(project, *AS_OF, *asked).stdout.split())
    assert "Notifications: customers they would have alarmed notification first on customers alarmed before" in said
    assert "spend 2026-03-20 (1) 2 1 new" in said
    assert "by-seat 2026-03-20 (2) 2 2 new" in said
    assert "enterprise 2 not known new" in said
    assert "whether enterprise alarms 2 customers is not known: it filters by custom fields of contracts" in said
    assert "| spend | 2026-03-20 (1) | 2 | 1 | new |" in comment.read_text(encoding="utf-8")
    pricebook(project, *AS_OF, "apply", "--yes")
    manifest.write_text(LOUD.replace("threshold: $50.00}", "threshold: $10.00}"), encoding="utf-8")
    found = json.loads(pricebook(project, "--format", "json", *AS_OF, *asked[:3]).stdout)["impact"]["notifications"]
    assert found == [
        {
            "notification": "spend",
            "customers": 2,
            "alarmed": 2,
            "alarmed_before": 1,
            "days": {"2026-03-20": 2},
            "unknown": {},
        }
    ]


def test_a_limit_that_is_exceeded_fails_the_run(project: Path) -> None:
    settings = project / "pricebook.yaml"
    text = settings.read_text(encoding="utf-8")
    assert "policy" not in text
    settings.write_text(text + "policy: {impact: {max_customer_increase: 15%, max_total_change: 2%}}\n", "utf-8")
    result = pricebook(project, *AS_OF, "plan", "--impact", project / "usage.jsonl", status=1)
    assert "1 of 2 customers pay more than 15 % more" in result.stdout.replace("\n", " ")
    assert result.stdout.count("error[impact-limit] pricebook.yaml:") == 2
    assert "change by +16.2 %" in result.stdout.replace("\n", " ")
    pricebook(project, *AS_OF, "plan")  # without usage nothing is known, and nothing exceeded


def test_usage_that_cannot_be_read_is_refused(project: Path) -> None:
    (project / "usage.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    refused = pricebook(project, *AS_OF, "plan", "--impact", project / "usage.csv", status=1)
    assert "error[usage-file]" in refused.stderr
    assert "has no column transaction_id" in refused.stderr


def test_a_branch_is_billed_on_what_is_pending_besides(project: Path) -> None:
    """Main makes the large model $3.00, which is not applied yet; the branch makes it $4.00."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True)

    (project / ".gitignore").write_text("pricebook.db*\nusage.jsonl\n", encoding="utf-8")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "three dollars, and one thing more")
    git("checkout", "-q", "-b", "feature")
    card = project / "catalog" / "rate-card.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("price: $3.00", "price: $4.00"), encoding="utf-8")
    git("commit", "-qam", "four dollars")
    reports = {name: project / f"report.{name}" for name in ("github", "junit", "sarif")}
    asked = ["plan", "--base", "main", "--impact", project / "usage.jsonl"]
    asked += [word for name, path in reports.items() for word in ("--report", f"{name}={path}")]
    (totals,) = json.loads(pricebook(project, "--format", "json", *AS_OF, *asked).stdout)["impact"]["totals"]
    # 34 million tokens at $3.00 and then at $4.00, and two fees of $10
    assert (totals["before"], totals["after"]) == (122, 156)
    said = {name: path.read_text(encoding="utf-8") for name, path in reports.items()}
    for name, text in said.items():
        assert "Pending besides, in main (" in text, name
        assert "$34.00 a month" in text, name
    notes = json.loads(said["sarif"])["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"].partition(":")[0] for note in notes] == ["bills", "besides"]
    assert "::notice title=pricebook besides::Pending besides, in main (" in said["github"]
    assert '<testcase classname="besides" name="main">' in said["junit"]


def test_all_customers_are_listed_and_those_who_pay_more(project: Path, tmp_path: Path) -> None:
    """What each pays a month, a year and on the invoices; a hostile name is no formula, and JSON says the same."""
    every, risen = tmp_path / "every.csv", tmp_path / "risen.csv"
    asked = ("plan", "--impact", project / "usage.jsonl")
    pricebook(project, *AS_OF, *asked, "--impact-out", every, "--notice", risen)
    with every.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["before"], row["after"], row["change"], row["yearly_change"]) for row in rows] == [
        ("85", "100", "15", "180"),  # 30 million tokens at $2.50 and then at $3.00, and the fee of $10
        ("20", "22", "2", "24"),
    ]
    assert [(row["billed_before"], row["billed_after"], row["next_billed"]) for row in rows] == [
        ("85", "100", ""),
        ("20", "22", ""),
    ]
    with risen.open(encoding="utf-8", newline="") as file:
        assert [(row["change"], row["starting_at"]) for row in csv.DictReader(file)] == [
            ("15", "2026-03-01"),
            ("2", "2026-03-01"),
        ]
    for path in (tmp_path / "every.jsonl", tmp_path / "every.parquet"):
        pricebook(project, *AS_OF, *asked, "--impact-out", path)
    lines = [json.loads(line) for line in (tmp_path / "every.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["customer"] for line in lines] == [HOSTILE, "bob"]
    assert [line["change"] for line in lines] == [15, 2]
    found = parquet.read_table(tmp_path / "every.parquet").to_pylist()
    assert [(row["customer"], row["change"]) for row in found] == [(HOSTILE, 15), ("bob", 2)]


def test_lists_of_customers_need_usage_and_a_form(project: Path, tmp_path: Path) -> None:
    refused = pricebook(project, *AS_OF, "plan", "--notice", tmp_path / "a.csv", status=1)
    assert "--notice without --impact" in refused.stderr
    asked = ("plan", "--impact", project / "usage.jsonl", "--impact-out", tmp_path / "a.xlsx")
    assert "is of no form" in pricebook(project, *AS_OF, *asked, status=1).stderr
    assert list(tmp_path.glob("a.*")) == [], "nothing is written"


def test_what_cannot_be_listed_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an account says it, whose contracts outside packages nobody can list."""
    monkeypatch.setattr(SqlStore, "unlisted", "contracts that are on no package of ours")
    asked = ("--format", "json", *AS_OF, "plan", "--impact", project / "usage.jsonl")
    found = json.loads(pricebook(project, *asked).stdout)["impact"]
    assert not found["complete"]
    assert "Not known: contracts that are on no package of ours; 1 event of 3" in found["verdict"]


def test_that_no_bill_changes_is_said_only_when_all_is_known(project: Path) -> None:
    card = project / "catalog" / "rate-card.yaml"
    card.write_text(
        card.read_text(encoding="utf-8").replace("2026-03-01, price: $3.00", "2025-04-01, price: $2.50"), "utf-8"
    )
    usage = project / "usage.jsonl"
    asked = ("--format", "json", *AS_OF, "plan", "--impact", usage)
    partly = json.loads(pricebook(project, *asked).stdout)["impact"]["verdict"]
    assert partly.startswith("Nothing changes in what is known of bills on 66.6 % of usage.")
    lines = usage.read_text(encoding="utf-8").splitlines(keepends=True)
    usage.write_text("".join(lines[:2]), encoding="utf-8")
    whole = json.loads(pricebook(project, *asked).stdout)["impact"]
    assert whole["complete"]
    assert whole["verdict"].startswith("No bill changes in total; 0 pay more, 0 pay less")


def test_usage_of_strangers_fails_the_run(project: Path) -> None:
    """Of 4 events one is no event, and one of somebody whom nobody knows: 50 % of 95 %."""
    with (project / "usage.jsonl").open("a", encoding="utf-8") as file:
        event = {"transaction_id": "x", "customer_id": "ws_81c", "event_type": "completion", "properties": {}}
        file.write(json.dumps({**event, "timestamp": "2026-01-21T00:00:00Z"}) + "\n")
    settings = project / "pricebook.yaml"
    settings.write_text(settings.read_text("utf-8") + "policy: {impact: {min_coverage: 95%}}\n", "utf-8")
    result = pricebook(project, *AS_OF, "plan", "--impact", project / "usage.jsonl", status=1)
    said = result.stdout.replace("\n", " ")
    assert "error[impact-coverage] pricebook.yaml:" in said
    assert "only 50.0 % of the usage could be read and belongs to somebody who is billed" in said
    assert "on 50 % of usage" in said
    assert "of 1 customer id, the largest ws_81c: 1 event" in " ".join(said.split())
