"""Whom an uplift is told to: the contracts that pay what is written anew, and those that keep what a package says."""

import csv
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook.cli.main import root
from pricebook.store.sql import SqlStore

PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments: {local: {store: "sqlite:///pricebook.db"}}
"""
PACKAGE = """\
---
apiVersion: pricebook/v1
kind: Package
metadata: {{name: {name}}}
spec:
  name: {name}
  aliases: [{{name: {name}}}]
  rate_card: list
  subscriptions:
    - {{key: s, subscription_rate: {{product: {product}, billing_frequency: MONTHLY}}, collection_schedule: ADVANCE,
       initial_quantity: 1, proration: {{is_prorated: true}}}}
  overrides:
    - {{key: on, entitled: true, starting_at_offset: {{value: 0, unit: DAYS}},{price}
       override_specifiers: [{{product: {product}, billing_frequency: MONTHLY}}]}}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: ProductList
items:
  - {metadata: {name: seat}, spec: {name: Seat, type: SUBSCRIPTION}}
  - {metadata: {name: other}, spec: {name: Other, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  aliases: [{name: list}]
  rates:
    - {product: seat, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: $20.00}
    - {product: other, billing_frequency: MONTHLY, entitled: false, starting_at: 2025-01-01, price: $5.00}
"""
OWN = "type: OVERWRITE, overwrite_rate: {rate_type: SUBSCRIPTION, price: $10.00},"
START = datetime(2025, 6, 1, tzinfo=UTC)


def said(folder: Path, *words: str) -> Result:
    done = CliRunner().invoke(root, ["-C", str(folder), "--as-of", "2026-01-01", *words])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two customers on the list price of a seat, one of whom leaves before the day; one with a price of their own, one
    who buys something else."""
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    packages = [("pro", "seat", ""), ("own", "seat", f"\n       {OWN}"), ("beside", "other", "")]
    text = "".join(PACKAGE.format(name=name, product=product, price=price) for name, product, price in packages)
    (tmp_path / "catalog.yaml").write_text(CATALOG + text)
    said(tmp_path, "apply", "--yes", "--allow", "all")
    with closing(SqlStore(f"sqlite:///{tmp_path / 'pricebook.db'}")) as store:
        for customer, package in (("ada", "pro"), ("bob", "own"), ("cyd", "beside"), ("=dan", "pro")):
            store.create_contract(customer, START, package_alias=package, at=START)
    return tmp_path


def listed(shop: Path, *words: str) -> list[tuple[str, ...]]:
    file = shop / "notice.csv"
    asked = ("--from", "2027-01-01", "--where", "product == 'seat'", "--dry-run", "--notice", str(file))
    said(shop, "reprice", "--increase", "5%", *asked, *words)
    rows = csv.DictReader(file.read_text().splitlines())
    names = ("customer", "package", "price", "observed", "desired", "starting_at", "note")
    return sorted(tuple(row[name] for name in names) for row in rows)


CARD = ("list · seat · MONTHLY", "$20.00", "$21.00", "2027-01-01T00:00:00Z", "")


def test_those_are_told_who_pay_the_price(shop: Path) -> None:
    assert listed(shop) == [("'=dan", "package:pro@1", *CARD), ("ada", "package:pro@1", *CARD)]


def test_what_a_package_says_is_kept_until_a_contract_is_moved(shop: Path) -> None:
    (own,) = (row for row in listed(shop, "--overrides") if row[0] == "bob")
    assert own[1:2] + own[3:] == (
        "package:own@1", "$10.00", "$10.50", "", "keeps it until it is moved to a new version",
    )  # fmt: skip


def test_who_is_gone_by_then_is_not_told(shop: Path) -> None:
    with closing(SqlStore(f"sqlite:///{shop / 'pricebook.db'}")) as store:
        (ada,) = store.customer_contracts("acme", "ada")
        store.end_contract(ada, datetime(2026, 12, 1, tzinfo=UTC))
    assert [row[0] for row in listed(shop)] == ["'=dan"]


def test_it_is_counted_in_the_answer(shop: Path) -> None:
    answer = said(
        shop, "reprice", "--increase", "5%", "--from", "2027-01-01", "--dry-run", "--notice", str(shop / "n.csv")
    )
    assert "To be told: 3 customers, of 3 contracts that pay these prices." in answer.output
