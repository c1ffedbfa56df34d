"""`preview` and `test` as a user meets them."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from pricebook.cli.main import root

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b[31m<script>|`\u202e\n" + "x" * 500
SCENARIO = """\
apiVersion: pricebook/v1
kind: Scenario
metadata: {name: quarter}
spec:
  package_alias: starter-plan   # by its alias
  starting_at: 2025-10-01
  months: 1
  usage:
    - {product: input-tokens, at: 2025-10-05, quantity: 3000000, group_values: {model: large}}
  expect:
    total: $21.00     # a guess
    invoices:
      - {issued_at: 2025-10-01, total: $10.00}  # the fee
      - issued_at: 2025-11-01
        total: $10.00
        lines:
          - {type: usage, product: input-tokens, amount: $7.00}   # another guess
          - {type: applied, product: input-tokens, amount: -$7.50}
          - {type: subscription, product: starter-fee, amount: $10.00}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the starter plan."""
    shutil.copytree(ROOT / "examples" / "starter-plan", tmp_path / "p", ignore=shutil.ignore_patterns("scenario*"))
    return tmp_path / "p"


def pricebook(project: Path, *words: object, status: int = 0) -> Result:
    result = CliRunner().invoke(root, ["-C", str(project), *map(str, words)])
    assert result.exit_code == status, result.output
    return result


PREVIEW = """\
package starter-plan · customer acme
from 2025-10-01 until 2026-10-01; statements MONTHLY
  subscriptions[fee]: 1 × Starter subscription a month, charged at the start of each
    period; part of a period is prorated, 2025-10-01 to 2026-10-01
  recurring_credits[sign-up]: $10.00 of credit a month for Input tokens, Output tokens,
    priority 1, 2025-10-01 to 2026-01-01
  overrides[enable-fee]: entitled for Starter subscription, 2025-10-01 to 2026-10-01

2025-10-01 · scheduled · due 2025-10-16
  Starter subscription   1 × $10.00                                                 $10.00
      for 2025-10-01 to 2025-11-01; subscriptions[fee]; rate since 2025-04-01
  total                                                                             $10.00

2025-11-01 · usage of 2025-10-01 to 2025-11-01 · due 2025-11-16
  Input tokens · model=large   5 × $2.50                                            $12.50
      for 2025-10-01 to 2025-11-01; metered 5,000,000 ÷ 1,000,000
      rate since 2025-04-01
  Sign-up credit · model=large                                                     -$10.00
      recurring_credits[sign-up] 1; had $10.00, has $0.00 left
  Output tokens · model=small   0.000001 × $1.60                                $0.0000016
      for 2025-10-01 to 2025-11-01; metered 1 ÷ 1,000,000
      rate since 2025-04-01
  Starter subscription   1 × $10.00                                                 $10.00
      for 2025-11-01 to 2025-12-01; subscriptions[fee]; rate since 2025-04-01
  Rounding                                                                     -$0.0000016
      to the cent, half up
  total                                                                             $12.50

Balances
  recurring_credits[sign-up] 1: $0.00 of $10.00 left, expired (2025-10-01 to 2025-11-01)
  recurring_credits[sign-up] 2: $10.00 of $10.00 left, open (2025-11-01 to 2025-12-01)

2 invoices, $22.50 in all.
"""


def test_a_bill_says_where_everything_comes_from(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    usage = project / "usage.csv"
    usage.write_text(
        "customer,product,period,quantity,model\n"
        "acme,input-tokens,2025-10,5000000,large\nacme,output-tokens,2025-10,1,small\nbeta,input-tokens,2025-10,1,large\n"
    )
    arguments = ("preview", "starter-plan", "--starting-at", "2025-10-01", "--months", 1, "--usage", usage)
    assert pricebook(project, *arguments, "--customer", "acme").output == PREVIEW
    both = pricebook(project, *arguments).output
    assert both.startswith(PREVIEW)
    assert "\npackage starter-plan · customer beta\n" in both
    data = json.loads(pricebook(project, "--format", "json", *arguments).output)
    assert [(bill["customer"], bill["total"]) for bill in data["bills"]] == [("acme", 2250), ("beta", 2000)]
    lines = data["bills"][0]["invoices"][1]["lines"]
    assert sum(line["amount"] for line in lines) == pytest.approx(1250)
    assert lines[1]["why"] == {"left": [1000, 0], "term": "recurring_credits[sign-up] 1"}


def test_a_contract_is_renewed_and_takes_over_what_rolls_over(project: Path) -> None:
    file = project / "catalog" / "packages" / "starter-plan.yaml"
    text = file.read_text().replace("value: 12, unit: MONTHS", "value: 1, unit: MONTHS")
    file.write_text(text.replace("      priority: 1\n", "      priority: 1\n      rollover_fraction: 0.5\n"))
    usage = project / "usage.csv"
    usage.write_text(
        "product,timestamp,quantity,model\ninput-tokens,2025-10-05,2000000,large\ninput-tokens,2025-11-05,6000000,large\n"
    )
    when = ("--starting-at", "2025-10-01", "--until", "2025-12-01", "--usage", usage)
    data = json.loads(pricebook(project, "--format", "json", "preview", "starter-plan", *when, "--renew").output)
    first, second = data["bills"]
    assert (first["starting_at"], second["starting_at"]) == ("2025-10-01T00:00:00Z", "2025-11-01T00:00:00Z")
    assert (first["total"], first["notes"]) == (1000, [])  # the fee; $5.00 of tokens are paid by the credit
    assert second["total"] == 1000  # the fee, and $15.00 less $5.00 that rolled over and $10.00 of its own
    (line, *more) = [line for line in second["invoices"][-1]["lines"] if line["type"] == "applied"]
    assert (line["balance"], line["drawn"]) == ("recurring_credits[sign-up] 1 rolled over", 500)
    assert [(one["balance"], one["drawn"]) for one in more] == [("recurring_credits[sign-up] 1", 1000)]


def test_a_store_is_billed_by_version(project: Path) -> None:
    pricebook(project, "--as-of", "2025-10-01", "apply", "--yes")
    when = ("--starting-at", "2025-12-15", "--until", "2026-02-01")
    found = pricebook(project, "preview", "good@1", "--from-store", *when)
    assert "Good   1 × $4.00 × 17/31 days" in found.output
    assert "overrides[first-month]: 0.8 × the card's $5.00" in found.output
    assert "3 invoices, $11.19 in all." in found.output  # 2.19 + 4.00 + 5.00


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("goood",), 'error[unknown-package]\n  there is no package "goood"\n  did you mean "good"?'),
        (("good@7",), 'there is no package "good@7"'),
        (("good", "--months", 1, "--until", "2026-01-01"), "error[conflict]\n  --until stands beside --months"),
        (("good", "--starting-at", "soon"), "error[instant]\n  --starting-at: an instant is written"),
        (("good", "--starting-at", "2025-10-02", "--until", "2025-10-01"), "error[empty-period]"),
        (("good", "--usage", "no.csv"), 'error[missing-file] no.csv:1:1\n  there is no file "no.csv"'),
        (("good", "--customer", "x"), "error[unknown-customer]"),
        ((HOSTILE,), 'there is no package "\\x1b[31m<script>|`\\u202e\\nx'),
    ],
)
def test_what_cannot_be_previewed(project: Path, arguments: tuple[object, ...], expected: str) -> None:
    result = pricebook(project, "preview", *arguments, status=1)
    assert expected in result.stderr
    assert result.stdout == ""


FAILED = """\
FAIL  quarter   catalog/s.yaml:1
      total of all invoices: expected $21.00, came $20.00
        catalog/s.yaml:11:12
      2025-11-01 · usage input-tokens: expected $7.00, came $7.50
        catalog/s.yaml:17:58

      2025-11-01 · usage of 2025-10-01 to 2025-11-01 · due 2025-11-16
        Input tokens · model=large   3 × $2.50                                       $7.50
            for 2025-10-01 to 2025-11-01; metered 3,000,000 ÷ 1,000,000
            rate since 2025-04-01
        Sign-up credit · model=large                                                -$7.50
            recurring_credits[sign-up] 1; had $10.00, has $2.50 left
        Starter subscription   1 × $10.00                                           $10.00
            for 2025-11-01 to 2025-12-01; subscriptions[fee]; rate since 2025-04-01
        total                                                                       $10.00

1 of 1 scenario failed.
"""


def test_a_failure_shows_the_arithmetic_and_is_updated_in_place(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    file = project / "catalog" / "s.yaml"
    file.write_text(SCENARIO)
    assert pricebook(project, "test", status=1).output == FAILED
    refused = pricebook(project, "test", "--update", status=1)
    assert "error[confirmation]" in refused.stderr
    assert file.read_text() == SCENARIO
    updated = pricebook(project, "test", "quarter", "--update", "--yes")
    assert updated.output.endswith("wrote catalog/s.yaml\n")
    assert file.read_text() == SCENARIO.replace("$21.00 ", "$20.00 ").replace("amount: $7.00}", "amount: $7.50}")
    assert pricebook(project, "test").output == "ok    quarter\n1 scenario passed.\n"
    data = json.loads(pricebook(project, "--format", "json", "test").output)
    assert (data["total"], data["failed"], data["scenarios"][0]["total"]) == (1, 0, 2000)


NOTIFIED = """\
apiVersion: pricebook/v1
kind: ThresholdNotification
metadata: {name: half}
spec: {name: Half gone, alert_type: low_remaining_contract_credit_percentage_reached, threshold: 50}
---
apiVersion: pricebook/v1
kind: Scenario
metadata: {name: warned}
spec:
  package_alias: starter-plan
  starting_at: 2025-10-01
  months: 1
  usage: [{product: input-tokens, at: 2025-10-05, quantity: 3000000, group_values: {model: large}}]
  expect:
    notifications:
      - {notification: half, at: 2025-10-07}   # a guess
"""


def test_what_is_sent_is_expected_like_an_invoice(project: Path) -> None:
    file = project / "catalog" / "s.yaml"
    file.write_text(NOTIFIED)
    output = pricebook(project, "test", status=1).output
    assert "notification half: expected 2025-10-07, came 2025-10-05\n        catalog/s.yaml:16:34" in output
    (scenario,) = json.loads(pricebook(project, "--format", "json", "test", status=1).output)["scenarios"]
    assert [(each["expected"], each["came"]) for each in scenario["mismatches"]] == [("2025-10-07", "2025-10-05")]
    pricebook(project, "test", "--update", "--yes")
    assert "[{notification: half, at: 2025-10-05}]" in file.read_text()
    assert pricebook(project, "test").output == "ok    warned\n1 scenario passed.\n"


def test_ci_reads_junit(project: Path) -> None:
    (project / "catalog" / "s.yaml").write_text(SCENARIO)
    report = project / "report.xml"
    output = pricebook(project, "test", "--report", f"junit={report}", status=1).output
    assert output.endswith("1 of 1 scenario failed.\n")
    suite = ElementTree.fromstring(report.read_text())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    (case,) = suite
    assert (case.get("classname"), case.get("name")) == ("pricebook.scenario", "quarter")
    assert (case.get("file"), case.get("line")) == ("catalog/s.yaml", "1")
    assert case[0].text is not None
    assert "total of all invoices: expected $21.00, came $20.00 (catalog/s.yaml:11:12)" in case[0].text
    assert case[1].text is not None
    arithmetic = [line.strip() for line in case[1].text.splitlines()]
    assert "Input tokens · model=large   3 × $2.50" in " ".join(arithmetic)
    assert "recurring_credits[sign-up] 1; had $10.00, has $2.50 left" in arithmetic, "each on a line of its own"
    assert pricebook(project, "--format", "junit", "test", status=1).stdout == report.read_text()
    assert "there is no sarif of this" in pricebook(project, "--format", "sarif", "test", status=1).output


def test_what_comes_is_written_where_nothing_is_expected(project: Path) -> None:
    file = project / "catalog" / "s.yaml"
    file.write_text("\ufeff" + SCENARIO.partition("  expect:")[0] + "# a foot\n", newline="\r\n")
    output = pricebook(project, "test", "--update", "--yes").output
    assert "nothing is expected; pricebook test --update writes what comes" in output
    assert pricebook(project, "test").output == "ok    quarter\n1 scenario passed.\n"
    written = file.read_bytes().decode()
    assert written.count("\n") == written.count("\r\n")
    text = written.replace("\r\n", "\n")
    assert text.startswith("\ufeff" + SCENARIO.partition("  expect:")[0])
    assert "      - issued_at: 2025-10-01\n        total: $10.00\n" in text
    assert text.endswith("# a foot\n")


def test_invoices_and_lines_that_are_missing_or_too_many(project: Path) -> None:
    file = project / "catalog" / "s.yaml"
    file.write_text(
        SCENARIO.replace("$21.00", "$20.00")
        .replace("      - {issued_at: 2025-10-01, total: $10.00}  # the fee\n", "")
        .replace("          - {type: applied, product: input-tokens, amount: -$7.50}\n", "")
        + "          - {type: rounding, amount: $0.01}\n"
    )
    output = pricebook(project, "test", status=1).output
    assert "2025-10-01 · invoice: came 2025-10-01, and is not expected" in output
    assert "2025-11-01 · applied input-tokens: came -$7.50, and is not expected" in output
    assert "2025-11-01 · rounding: expected $0.01, but there is none" in output
    pricebook(project, "test", "--update", "--yes")
    pricebook(project, "test")


def test_an_unknown_name_is_told(project: Path) -> None:
    (project / "catalog" / "s.yaml").write_text(SCENARIO)
    result = pricebook(project, "test", "quartet", status=1)
    assert result.stderr == (
        'error[unknown-scenario]\n  there is no scenario "quartet"\n  did you mean "quarter"?\n'
        "more: https://pricebook.dev/errors/#unknown-scenario\n"
    )


def test_without_scenarios_there_is_nothing_to_fail(project: Path) -> None:
    assert pricebook(project, "test").output == "There are no scenarios.\n"


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_hostile_customers_are_inert_in_every_form(project: Path, form: str) -> None:
    """In events, which are listed where they are bad too: nothing steers a terminal, or ends an element."""
    names = ["</script><script>alert(1)</script>", HOSTILE, "=cmd|'/C calc'!A0", "x" * 10_000]
    events = [
        {
            "transaction_id": name,
            "customer_id": name,
            "event_type": "completion",
            "timestamp": "2026-01-20T00:00:00Z" if at < len(names) else name,
            "properties": {"input_tokens": 1_000_000, "model": name, "seat_id": name},
        }
        for at, name in enumerate([*names, "bad\x1b[31m\u202e</script>"])
    ]
    usage = project / "usage.jsonl"
    usage.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    asked = ["preview", "starter-plan", "--starting-at", "2026-01-01", "--months", "1", "--events", usage]
    shown = pricebook(project, "--format", form, *asked).stdout
    assert all(char.isprintable() or char == "\n" for char in shown)
    if form == "json":
        bills = json.loads(shown)["bills"]
        assert sorted(one["customer"] for one in bills) == sorted(names)
    else:
        assert "x" * 1100 not in shown
    if form == "html":
        assert "<script" not in shown
        assert "</script" not in shown


def test_what_holds_before_a_new_date_is_asked_of_the_store(project: Path) -> None:
    """ "Simply the new price with its new date" leaves scenarios of the time before as they were."""
    cheap = SCENARIO.replace("total: $21.00     # a guess", "total: $20.00").replace("amount: $7.00}", "amount: $7.50}")
    (project / "catalog" / "scenario.yaml").write_text(cheap)
    pricebook(project, "--as-of", "2025-09-01", "apply", "--yes")
    assert pricebook(project, "test").output == "ok    quarter\n1 scenario passed.\n"
    card = project / "catalog" / "rate-card.yaml"
    text = card.read_text()
    (old,) = [line for line in text.splitlines() if "input-tokens" in line and "large" in line]
    card.write_text(text.replace(old, old.replace("2025-04-01", "2027-01-01").replace("$2.50", "$2.00")))
    source = "by the manifests, and before they begin by what acme/local holds"
    assert pricebook(project, "test").output == f"ok    quarter\nBilled {source}.\n1 scenario passed.\n"
    bill = pricebook(project, "--format", "json", "preview", "starter-plan", "--starting-at", "2025-10-01")
    assert json.loads(bill.output)["source"] == source
    # A row that left the list holds in the store until the new list begins.
    (gone,) = [line for line in card.read_text().splitlines() if "input-tokens" in line and "large" in line]
    small = gone.replace("large", "small-2")
    card.write_text(card.read_text().replace(gone, small))
    assert "1 scenario passed." in pricebook(project, "test").output
    card.write_text(card.read_text().replace(small, gone))
    (project / "pricebook.db").rename(project / "elsewhere.db")
    alone = pricebook(project, "test", status=1).output
    assert "Billed by the manifests alone: acme/local holds nothing before they begin." in alone
    assert not (project / "pricebook.db").exists(), "looking makes nothing"


def test_an_account_that_cannot_be_read_is_said_and_is_no_error(project: Path) -> None:
    settings = project / "pricebook.yaml"
    settings.write_text(settings.read_text().replace("sqlite:///pricebook.db", "metronome"))
    card = project / "catalog" / "rate-card.yaml"
    card.write_text(card.read_text().replace("2025-04-01, price: $2.50", "2027-01-01, price: $2.00"))
    said = pricebook(project, "preview", "starter-plan", "--starting-at", "2025-10-01").output
    assert "by the manifests alone: what acme/local holds before they begin cannot be read" in " ".join(said.split())
