"""`pricebook drift` as a user meets it: whole reports, exit codes, what is accepted, and the plan that undoes it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: seat}
spec: {name: Seat, type: SUBSCRIPTION, tags: [old]}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  aliases: [{name: list}]
  rates:
    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}
    - {product: pro, billing_frequency: ANNUAL, starting_at: 2026-01-01, price: $50.00}
    - {product: seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $7.00}
"""


def pricebook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", "2026-02-01", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was applied."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    return tmp_path


def by_hand(project: Path, *statements: str) -> None:
    """Somebody works in the account."""
    with closing(sqlite3.connect(project / "pricebook.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


MOVED = (
    """UPDATE rate_timeline SET schedule = replace(schedule, ':700,', ':900,') WHERE key LIKE '["seat"%'""",
    "INSERT INTO rate_timeline SELECT rate_card_id, replace(key, 'MONTHLY', 'WEEKLY'), product_id, schedule"
    """ FROM rate_timeline WHERE key LIKE '["seat"%'""",
    "UPDATE product SET spec = replace(spec, 'old', 'new | `x` \\u001b[31m<b>@everyone') WHERE name = 'Seat'",
    "UPDATE alias SET withdrawn_at = '2026-01-15T00:00:00Z'",
    "INSERT INTO product (id, name, spec, created_at, type) VALUES ('x', 'Theirs', '{}', '', 'FIXED')",
)
REPORT = """\
acme · local · as of 2026-02-01 00:00Z
4 differences were made in the account; all of them move money: Seat is $9.00 a month in the account, and $7.00 a month
in git. 1 change of git is not applied yet.

Changed in the account
  product:seat   1 field changed in the account   catalog.yaml:6
      tags   git old, account new | `x` \\x1b[31m<b>@everyone
  rate-card:list   aliases changed in the account   catalog.yaml:11
      alias list   git always, account nothing
  rate-card:list   2 prices changed in the account   catalog.yaml:11
      Seat (seat · MONTHLY)   git $7.00 a month, account $9.00 a month   from 2026-01-01
      Seat (seat · WEEKLY)    git nothing, account $9.00 a week   from 2026-02-01

Pending: in git, not applied yet
  rate-card:list   1 price changed in git, not applied yet   catalog.yaml:11
      Pro (pro · MONTHLY)   git $6.00 a month, account $5.00 a month   from 2026-01-01

Not ours and untouched: 1 product.
"""


def test_nobody_touched_it(project: Path) -> None:
    answer = pricebook(project, "drift")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == (
        "acme · local · as of 2026-02-01 00:00Z\nNo drift: nobody changed the account (3 objects, 3 prices compared).\n"
    )


def test_pending_alone_is_no_drift(project: Path) -> None:
    edit(project)
    answer = pricebook(project, "drift")
    assert answer.returncode == 0
    assert "1 change of git is not applied yet" in " ".join(answer.stdout.split())


def edit(project: Path) -> None:
    """Git moves on."""
    (project / "catalog.yaml").write_text(CATALOG.replace("$5.00", "$6.00"))


def test_the_whole_report(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    by_hand(project, *MOVED)
    edit(project)
    before = (project / "pricebook.db").read_bytes()
    (project / "pricebook.db").chmod(0o444)
    answer = pricebook(project, "drift")
    assert (answer.returncode, answer.stderr) == (2, "")
    assert answer.stdout == REPORT
    assert (project / "pricebook.db").read_bytes() == before
    machine = json.loads(pricebook(project, "--format", "json", "drift", "--rows", "weekly").stdout)
    assert machine["counts"] == {"accepted": 0, "both": 0, "drifted": 4, "pending": 1, "unclear": 0}
    assert [(item["facet"], item["total"], len(item["rows"])) for item in machine["items"]] == [
        ("fields", 1, 0),
        ("aliases", 1, 0),
        ("rates", 2, 1),
        ("rates", 1, 0),
    ]


KNOWN = """\
accept:
  - {what: rate-card:list, part: seat *, reason: a trial of Ada's, until: 2026-03-01}
  - {what: product:seat, reason: it was, until: 2026-02-01}
  - {what: "rate-card:list", part: aliases, reason: moved for a week, until: 2026-02-08}
  - {what: product:pro, reason: never, until: 2027-01-01}
"""


def test_what_is_known_is_no_drift_until_its_end(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    by_hand(project, *MOVED)
    (project / "known.yaml").write_text(KNOWN)
    answer = pricebook(project, "drift", "--accept", str(project / "known.yaml"))
    assert answer.returncode == 2
    assert answer.stdout.splitlines()[1:14] == [
        "1 difference was made in the account; it moves money: product:seat tags is new | `x` \\x1b[31m<b>@everyone in"
        " the",
        "account, and old in git. 3 differences are known and accepted.",
        "",
        "Changed in the account",
        "  product:seat   1 field changed in the account   catalog.yaml:6",
        "      tags   git old, account new | `x` \\x1b[31m<b>@everyone",
        "",
        "Known and accepted",
        "  rate-card:list   aliases changed in the account (moved for a week, until 2026-02-08)   catalog.yaml:11",
        "      alias list   git always, account nothing",
        "  rate-card:list   2 prices changed in the account (a trial of Ada's, until 2026-03-01)   catalog.yaml:11",
        "      Seat (seat · MONTHLY)   git $7.00 a month, account $9.00 a month   from 2026-01-01",
        "      Seat (seat · WEEKLY)    git nothing, account $9.00 a week   from 2026-02-01",
    ]
    assert "warning[acceptance-ended]" in answer.stdout
    assert "warning[acceptance-unused]" in answer.stdout
    known = KNOWN.replace("2026-02-01}", "2026-02-02}")
    (project / "known.yaml").write_text(known)
    assert pricebook(project, "drift", "--accept", str(project / "known.yaml")).returncode == 0


def test_every_mistake_of_the_file_at_once(project: Path) -> None:
    (project / "known.yaml").write_text("accept:\n  - {what: '', until: soon}\n  - {wat: x, reason: y}\n")
    answer = pricebook(project, "--format", "json", "drift", "--accept", str(project / "known.yaml"))
    assert answer.returncode == 1
    found = [(p["code"], p["at"]["line"]) for p in json.loads(answer.stdout)["problems"]]
    assert {line for _, line in found} == {2, 3}
    assert len(found) >= 5


def test_the_plan_that_undoes_it_leaves_what_is_pending(project: Path) -> None:
    by_hand(project, *MOVED)
    edit(project)
    plan = str(project / "revert.json")
    answer = pricebook(project, "drift", "--revert", plan)
    assert answer.stdout.splitlines()[-2:] == [
        "3 steps would undo it. When that is meant:",
        f"  pricebook apply {plan} --allow ENTITLEMENT_LOST --allow FOREIGN_EDIT --allow RETROACTIVE",
    ]
    assert pricebook(project, "apply", plan, "--yes").returncode == 1
    applied = pricebook(project, "apply", plan, "--yes", "--allow", "all")
    assert applied.returncode == 0, applied.stderr
    after = pricebook(project, "drift")
    assert after.returncode == 0
    assert "Pro (pro · MONTHLY)   git $6.00 a month, account $5.00 a month" in after.stdout


def test_every_format_from_one_reading(project: Path, tmp_path: Path) -> None:
    by_hand(project, *MOVED)
    files = {name: tmp_path / f"drift.{name}" for name in ("markdown", "junit", "json")}
    reports = [word for name, file in files.items() for word in ("--report", f"{name}={file}")]
    assert pricebook(project, "drift", *reports).returncode == 2
    assert files["markdown"].read_text() == MARKDOWN
    suite = ElementTree.parse(files["junit"]).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "3", "0")
    assert "\\x1b[31m" in files["junit"].read_text()
    assert json.loads(files["json"].read_text())["drifted"] is True
    refused = pricebook(project, "--format", "sarif", "drift")
    assert (refused.returncode, "format" in refused.stdout) == (1, True)


MARKDOWN = """\
### 4 differences were made in the account; all of them move money: Seat is $9.00 a month in the account, and $7.00 a \
month in git.

acme · local · as of 2026-02-01 00:00Z

#### Changed in the account

| what | git | account | when |
|:-----|:----|:--------|:-----|
| **product:&#8203;seat** 1 field changed in the account `catalog.yaml:6` | | | |
| &nbsp;&nbsp;tags | old | new &#124; \\`x\\` \\\\x1b\\[31m&lt;b&gt;@&#8203;everyone |  |
| **rate-card:&#8203;list** aliases changed in the account `catalog.yaml:11` | | | |
| &nbsp;&nbsp;alias list | always | nothing |  |
| **rate-card:&#8203;list** 2 prices changed in the account `catalog.yaml:11` | | | |
| &nbsp;&nbsp;Seat (seat · MONTHLY) | $7.00 a month | $9.00 a month | from 2026-01-01 |
| &nbsp;&nbsp;Seat (seat · WEEKLY) | nothing | $9.00 a week | from 2026-02-01 |

Not ours and untouched: 1 product.
<!-- pricebook plan drift/acme/local -->
"""
