"""Approval bound to content: `plan --digest`, and `apply --expect` that does what was approved or nothing."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pricebook import SITE

PROJECT = """\
namespace: acme
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
PRODUCT = """\
apiVersion: pricebook/v1
kind: Product
metadata: {name: pro}
spec: {name: Pro, type: SUBSCRIPTION}
"""
CARD = """\
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: standard}
spec:
  name: Standard
  rates:
    - {product: pro, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $5.00}
"""


def pricebook(folder: Path, *words: str, as_of: str = "2026-01-01T09:10:11Z") -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    line = [sys.executable, "-m", "pricebook", "-C", str(folder), "--as-of", as_of, *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def project(folder: Path, **files: str) -> Path:
    """A project with these manifests."""
    (folder / "catalog").mkdir(parents=True)
    (folder / "pricebook.yaml").write_text(PROJECT)
    for name, text in files.items():
        (folder / "catalog" / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A project with a product and a price."""
    return project(tmp_path / "made", product=PRODUCT, card=CARD)


def digest(folder: Path, as_of: str = "2026-01-01T09:10:11Z") -> str:
    """What `plan --digest` prints."""
    answer = pricebook(folder, "plan", "--digest", as_of=as_of)
    assert (answer.returncode, answer.stderr) == (0, "")
    found = answer.stdout.removesuffix("\n")
    assert len(found) == 24
    return found


def test_layout_comments_tables_machine_and_minute_say_nothing(made: Path, tmp_path: Path) -> None:
    table = "product,frequency,usd,since\npro,MONTHLY,5.0000,2026-01-01\n"
    other = """\
# the price list
kind: RateCard
metadata:
    name: "standard"
spec:
    rates_from:
      - table: prices.csv
        columns: {product: product, billing_frequency: frequency, price: usd, starting_at: since}
        defaults: {rate_type: FLAT, entitled: true, currency: USD}
    name: Standard      # not shown to customers
apiVersion: pricebook/v1
---
"""
    plain = CARD.replace("price: $5.00", "price: 500")
    first = project(tmp_path / "first", all=f"{PRODUCT}---\n{plain}")
    second = project(tmp_path / "second", zz=other + PRODUCT)
    (second / "catalog" / "prices.csv").write_text(table)
    assert digest(first) == digest(second, as_of="2026-01-01T09:55:00Z")
    assert digest(first) != digest(project(tmp_path / "third", all=f"{PRODUCT}---\n{plain.replace('500', '501')}"))


def test_what_was_approved_is_applied(made: Path) -> None:
    answer = pricebook(made, "apply", "--yes", "--expect", digest(made).upper())
    assert (answer.returncode, "Read back and verified." in answer.stdout) == (0, True), answer.stderr
    again = pricebook(made, "apply", "--yes", "--expect", "0" * 24)
    assert (again.returncode, again.stdout.startswith("Nothing to change")) == (0, True)


def test_anything_else_is_not(made: Path) -> None:
    approved = digest(made)
    card = made / "catalog" / "card.yaml"
    card.write_text(CARD.replace("$5.00", "$6.00"))
    answer = pricebook(made, "apply", "--yes", "--expect", approved)
    assert answer.returncode == 3
    assert " ".join(answer.stderr.split()) == (
        "error[not-approved]"
        f" what was approved is {approved}, and this plan is {digest(made)}; nothing was written"
        " the manifests or the store changed since it was approved: review the plan, and approve its digest"
        f" more: {SITE}/errors/#not-approved"
    )
    assert not (made / "pricebook.db").exists()


def test_a_plan_file_is_held_to_it_as_well(made: Path) -> None:
    file = str(made / "plan.json")
    pricebook(made, "plan", "-o", file)
    approved = digest(made)
    assert pricebook(made, "apply", file, "--yes", "--expect", approved[::-1]).returncode == 3
    assert not (made / "pricebook.db").exists()
    assert pricebook(made, "apply", file, "--yes", "--expect", approved).returncode == 0


def test_the_approved_file_tells_what_is_otherwise(made: Path) -> None:
    file = str(made / "plan.json")
    pricebook(made, "plan", "-o", file)
    card = made / "catalog" / "card.yaml"
    card.write_text(CARD.replace("$5.00", "$6.00").replace("name: Standard", "name: Regular"))
    answer = pricebook(made, "apply", "--yes", "--expect", file)
    assert answer.returncode == 3
    assert (
        "Otherwise is: prices of standard: that of pro · MONTHLY is another than was approved;"
        ' rate-card:standard: name is "Regular", approved was "Standard"'
    ) in " ".join(answer.stderr.split())
    assert not (made / "pricebook.db").exists()
    card.write_text(CARD)
    assert pricebook(made, "apply", "--yes", "--expect", file).returncode == 0


def test_an_approved_apply_that_was_killed_is_gone_on_with(made: Path) -> None:
    approved = digest(made)
    assert pricebook(made, "apply", "--yes", "--expect", approved).returncode == 0
    with closing(sqlite3.connect(made / "pricebook.db")) as connection, connection:
        # As a kill after the first step would have left it.
        connection.execute("UPDATE run SET ended_at = NULL, result = ''")
        connection.executescript("DROP TRIGGER rate_card_mark; UPDATE rate_card SET mark = 'other/rate-card:x';")
    assert digest(made) != approved
    answer = pricebook(made, "apply", "--yes", "--expect", approved)
    assert answer.returncode == 0
    assert "1 step had been done before. Read back and verified." in " ".join(answer.stdout.split())
    card = made / "catalog" / "card.yaml"
    card.write_text(CARD.replace("$5.00", "$6.00"))
    assert pricebook(made, "apply", "--yes", "--expect", approved).returncode == 3


@pytest.mark.parametrize("word", ["", "0", "x" * 24, "0" * 25, "\x1b[31m"])
def test_half_an_approval_is_none(made: Path, word: str) -> None:
    answer = pricebook(made, "--format", "json", "apply", "--yes", "--expect", word)
    assert answer.returncode == 1
    assert [problem["code"] for problem in json.loads(answer.stdout)["problems"]] == ["plan-digest"]
    assert "\x1b" not in answer.stdout


def test_the_digest_is_that_of_the_json_plan(made: Path) -> None:
    shown = json.loads(pricebook(made, "--format", "json", "plan").stdout)
    assert json.loads(pricebook(made, "--format", "json", "plan", "--digest").stdout) == {
        "format": "pricebook-answer/digest",
        "digest": shown["id"],
    }
    assert shown["id"] == digest(made)
