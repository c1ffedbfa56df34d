"""`pricebook show` and `pricebook history`: what it costs, how that came to be, and who decided it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

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
metadata: {name: credit}
spec: {name: Credit, type: FIXED}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  aliases: [{name: list}]
  rates:
    - product: pro
      billing_frequency: MONTHLY
      schedule:
        - {starting_at: 2026-01-01, price: $5.00}
    - {product: pro, billing_frequency: ANNUAL, starting_at: 2026-02-01, price: $50.00}
---
apiVersion: pricebook/v1
kind: Package
metadata: {name: starter}
spec:
  name: Starter
  aliases: [{name: starter}]
  rate_card: list
  credits:
    - key: sign-up
      product: credit
      priority: 1
      access_schedule:
        schedule_items:
          - {amount: $10.00, starting_at_offset: {value: 0, unit: DAYS}, duration: {value: 1, unit: MONTHS}}
"""
DEARER = "        - {starting_at: 2026-03-01, price: $6.00}\n"
HOSTILE = {"GITHUB_ACTOR": "=ada\x1b[31m<b>|`x`", "GITHUB_SHA": "c" * 40, "GITHUB_REF_NAME": "fix/$(x)"}


def pricebook(folder: Path, *words: str, as_of: str = "2026-02-10", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", as_of, *words]
    clean = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": ":".join(sys.path),
        "COLUMNS": "110",
        "GIT_CEILING_DIRECTORIES": "/",
    }
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=clean | env)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was applied twice: by ada, and then from a pull request of somebody with a name to beware of."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "pricebook.yaml").write_text(PROJECT)
    (folder / "catalog.yaml").write_text(CATALOG)
    assert pricebook(folder, "apply", "--yes", as_of="2026-01-01", GITHUB_ACTOR="ada").returncode == 0
    dearer = CATALOG.replace("price: $5.00}\n", f"price: $5.00}}\n{DEARER}").replace("$10.00", "$15.00")
    (folder / "catalog.yaml").write_text(dearer)
    digest = pricebook(folder, "plan", "--digest").stdout.strip()
    answer = pricebook(folder, "apply", "--yes", "--expect", digest, **HOSTILE)
    assert answer.returncode == 0, answer.stderr
    with closing(sqlite3.connect(folder / "pricebook.db")) as connection, connection:
        connection.execute("UPDATE run SET owner = 'user@host:1:a', started_at = '2026-02-10T09:00:00+00:00'")
        connection.execute("UPDATE run SET started_at = '2026-01-01T09:00:00+00:00' WHERE number = 1")
        connection.execute("DROP TRIGGER package_update")
        connection.execute("UPDATE package SET created_at = '2026-02-10T09:00:00Z'")
        connection.execute("UPDATE package SET created_at = '2026-01-01T09:00:00Z' WHERE mark LIKE '%@1'")
    return folder


def plans(shop: Path) -> list[str]:
    """The digests of the plans that were applied."""
    with closing(sqlite3.connect(shop / "pricebook.db")) as connection:
        return [row[0] for row in connection.execute("SELECT plan FROM run ORDER BY number")]


def test_the_price_on_a_date_and_who_decided_it(shop: Path) -> None:
    first, second = (plan[:12] for plan in plans(shop))
    answer = pricebook(shop, "show", "product:pro", "--on", "2026-03-01")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == (
        "rate-card:list on 2026-03-01\n"
        "  Pro   $50.00 a year   from 2026-02-01   [1]\n"
        "  Pro   $6.00 a month   from 2026-03-01   [2]\n"
        f"[1] applied 2026-01-01 ada, plan {first}\n"
        f"[2] applied 2026-02-10 =ada\\x1b[31m<b>|`x`, cccccccccccc, plan {second}\n"
    )
    exact = json.loads(pricebook(shop, "--format", "json", "show", "product:pro", "--on", "2026-02-28").stdout)
    found = [(line["name"], line["amount"], line["since"], line["until"], line["run"]) for line in exact["prices"]]
    assert found == [
        ("pro · ANNUAL", 50, "2026-02-01", "", 1),
        ("pro · MONTHLY", 5, "2026-01-01", "2026-03-01", 1),
    ]
    before = pricebook(shop, "show", "product:pro", "--on", "2025-12-31")
    assert before.stdout == "There is nothing of this.\n"


def test_its_timeline(shop: Path) -> None:
    answer = pricebook(shop, "show", "product:pro", "--where", "billing_frequency=MONTHLY")
    assert answer.stdout.splitlines()[:3] == [
        "Pro on rate-card:list",
        "  from 2026-01-01 until 2026-03-01   $5.00 a month   [1]",
        "  from 2026-03-01                    $6.00 a month   [2]",
    ]


def test_what_differs_between_two_dates(shop: Path) -> None:
    answer = pricebook(shop, "show", "rate-card:list", "--from", "2026-01-15", "--to", "2026-03-01")
    assert answer.stdout == (
        "2 prices are not the same on 2026-01-15 and on 2026-03-01\n"
        "rate-card:list\n"
        "  Pro   no price -> $50.00 a year   new\n"
        "  Pro   $5.00 -> $6.00 a month      +20.0 %\n"
    )


def test_versions_and_aliases_of_a_package(shop: Path) -> None:
    path = "credits[sign-up].access_schedule.schedule_items[1].amount"
    answer = pricebook(shop, "show", "package:starter")
    assert answer.stdout == (
        "package:starter@2   made 2026-02-10 09:00Z\n"
        "        Credit             $15.00 of credit for everything, priority 1, for 1 month\n"
        "        Length             without end\n"
        "        Invoices of usage  monthly, at the end of each period\n"
        f"  {path}   $10.00 -> $15.00   +50.0 %\n"
        "package:starter@1   made 2026-01-01 09:00Z\n"
        "\n"
        "Aliases\n"
        "  starter   package:starter@1   until 2026-02-10 09:00Z\n"
        "  starter   package:starter@2   from 2026-02-10 09:00Z\n"
    )
    diff = pricebook(shop, "show", "package:starter@2..@1")
    assert diff.stdout == f"  {path}   $15.00 -> $10.00   -33.3 %\n"
    missing = pricebook(shop, "show", "package:starter@1..3")
    assert (missing.returncode, "there are: @1, @2" in missing.stderr) == (1, True)


def test_what_the_manifests_lead_to(shop: Path) -> None:
    text = (shop / "catalog.yaml").read_text()
    try:
        (shop / "catalog.yaml").write_text(text.replace("$6.00", "$9.00"))
        answer = pricebook(shop, "show", "product:pro", "--on", "2026-04-01", "--desired", "--rows", "monthly")
    finally:
        (shop / "catalog.yaml").write_text(text)
    assert "Pro   $9.00 a month" in answer.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("product:prp",), "unknown-object"),
        (("prp",), "unknown-object"),
        (("pro@1..@2",), "unknown-object"),
        (("rate-cart:list",), "object-name"),
        (("billable-metric:x",), "object-name"),
        (("product:pro", "--on", "soon"), "instant"),
        (("product:pro", "--where", "x"), "value"),
        (("product:pro", "--card", "\x1b[31m"), "unknown-object"),
        (("product:pro", "--on", "2026-01-01", "--from", "2026-01-01"), "conflict"),
    ],
)
def test_questions_that_make_no_sense(shop: Path, words: tuple[str, ...], code: str) -> None:
    answer = pricebook(shop, "--format", "json", "show", *words)
    assert answer.returncode == 1
    assert [problem["code"] for problem in json.loads(answer.stdout)["problems"]] == [code]
    assert "\x1b" not in answer.stdout


def test_a_name_is_enough_where_one_object_bears_it(shop: Path) -> None:
    for name, kind in (("starter", "package"), ("pro", "product"), ("starter@2..@1", "package")):
        assert pricebook(shop, "show", name).stdout == pricebook(shop, "show", f"{kind}:{name}").stdout != ""


def test_the_audit_log(shop: Path) -> None:
    first, second = plans(shop)
    answer = pricebook(shop, "history")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == (
        "2026-02-10 09:00:00Z  done  =ada\\x1b[31m<b>|`x`\n"
        f"  plan {second} · approved · from cccccccccccc on fix/$(x) · user@host:1:a\n"
        "    rate-card:list                1 price changes; no contract is on the card\n"
        "      Pro   $5.00 -> $6.00 a month   from 2026-03-01\n"
        "    Starter (package:starter@2)   new version: packages cannot be edited\n"
        "      Credit   $10.00 of credit for everything, priority 1, for 1 month -> $15.00 of credit for everything,\n"
        "        priority 1, for 1 month\n"
        "  In all: 1 new version, 1 alias moved, 1 rate added.\n"
        "\n"
        "2026-01-01 09:00:00Z  done  ada\n"
        f"  plan {first} · user@host:1:a\n"
        "    Credit (product:credit)       new product, FIXED\n"
        "    Pro (product:pro)             new product, SUBSCRIPTION\n"
        "    List (rate-card:list)         new rate card, invoiced in usd\n"
        "    rate-card:list                2 prices are new\n"
        "      Pro   $50.00 a year   from 2026-02-01\n"
        "      Pro   $5.00 a month   from 2026-01-01\n"
        "    rate-card:list                1 alias given, once its rates are there\n"
        "    Starter (package:starter@1)   new package, for contracts made from now on\n"
        "  In all: 4 objects created, 2 aliases given, 2 rates added.\n"
    )


def test_the_log_cuts_no_name_that_somebody_has_to_type(tmp_path: Path) -> None:
    key, name = "professional-plan-for-larger-teams", "Professional plan for larger teams of many people"
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    text = CATALOG.replace("metadata: {name: pro}", f"metadata: {{name: {key}}}").replace(
        "name: Pro,", f"name: {name},"
    )
    (tmp_path / "catalog.yaml").write_text(
        text.replace("product: pro\n", f"product: {key}\n").replace(": pro,", f": {key},")
    )
    assert pricebook(tmp_path, "apply", "--yes").returncode == 0
    lines = pricebook(tmp_path, "history", COLUMNS="60").stdout.splitlines()
    assert max(map(len, lines)) <= 60
    assert f"(product:{key})" in " ".join(lines).split()


def test_of_one_object_in_a_period_and_as_a_table(shop: Path) -> None:
    def runs(*words: str) -> list[int]:
        return [
            run["number"] for run in json.loads(pricebook(shop, "--format", "json", "history", *words).stdout)["runs"]
        ]

    assert runs("package:starter") == [2, 1]
    assert runs("package:starter@1") == [1]
    assert runs("product:pro") == [2, 1]
    assert runs("product:credit") == [1]
    assert runs("--since", "2026-02-01") == [2]
    assert runs("--until", "2026-02-01") == [1]
    assert runs("--last", "1") == [2]
    assert runs("product:nothing") == []
    table = pricebook(shop, "history", "package:starter@2", "--csv").stdout.splitlines()
    assert len(table) == 2
    assert table[1].startswith("2,2026-02-10 09:00:00Z,")
    assert ",'=ada\\x1b[31m<b>|`x`,user@host:1:a," in table[1]


def test_a_price_that_somebody_changed_is_nobodys_decision(shop: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in shop.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy / "pricebook.db")) as connection, connection:
        connection.execute("UPDATE rate_timeline SET schedule = replace(schedule, ':600,', ':700,')")
    answer = pricebook(copy, "show", "product:pro", "--on", "2026-03-01")
    assert "[2] changed in the account since 2026-02-10 =ada" in answer.stdout
    with closing(sqlite3.connect(copy / "pricebook.db")) as connection, connection:
        connection.executescript("DROP TABLE journal; DROP TABLE run")
    assert "[" not in pricebook(copy, "show", "product:pro", "--on", "2026-03-01").stdout
    assert pricebook(copy, "history").stdout == "The journal knows of no apply of this.\n"


def test_a_run_that_was_killed_is_said_to_be_interrupted(shop: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in shop.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy / "pricebook.db")) as connection, connection:
        connection.execute("UPDATE run SET ended_at = NULL, result = '' WHERE number = 2")
        connection.execute("DELETE FROM journal WHERE run = 2 AND step LIKE 'package%' AND state = 'done'")
    lines = pricebook(copy, "history", "--last", "1").stdout.splitlines()
    assert lines[0].startswith("2026-02-10 09:00:00Z  interrupted")
    assert "    Starter (package:starter@2)   sent: new version: packages cannot be edited" in lines
    drift = pricebook(copy, "drift")
    assert "has not ended" in " ".join(drift.stdout.split())
