"""`pricebook price set`: one price from a day on, written where the card has it, and nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricebook.catalog.timeline import read_schedule
from pricebook.cli.main import root
from pricebook.manifest.load import load
from pricebook.project.project import read_project

PROJECT = 'namespace: acme\nmanifests: [a.yaml]\nenvironments: {local: {store: "sqlite:///p.db"}}\n'
NOUNS = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec:
  name: Tokens
  aggregation_type: COUNT
  event_type_filter: {in_values: [t]}
  property_filters: [{name: model, exists: true}]
  group_keys: [[model]]
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - metadata: {name: in}
    spec: &usage {name: In, type: USAGE, billable_metric: tokens, pricing_group_key: [model], quantity_conversion: {operation: DIVIDE, conversion_factor: 1000}}
  - {metadata: {name: out}, spec: {<<: *usage, name: Out}}
  - {metadata: {name: seat}, spec: {name: Seat, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: card}
spec:
  name: Card   # the list
"""  # noqa: E501 - a product on one line
RATES = """\
  rates:
    # seats
    - {product: seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $10.00}   # a month
    - product: seat
      billing_frequency: ANNUAL
      schedule:
        - {starting_at: 2026-01-01, price: $100.00}
        - {starting_at: 2027-01-01, price: $110.00}
  relations:
    - {of: {product: seat, billing_frequency: MONTHLY}, billing_frequency: QUARTERLY, times: 3}
"""
WIDE = """\
  rates_from:
    - table: t.csv
      columns: {price: [in, out], pricing_group_values: [model]}
      per: 1M
      defaults: {starting_at: 2026-01-01, currency: USD}
"""
EDITIONS = """\
  rates_from:
    - editions:
        - {from: 2026-01-01, table: t.csv}   # first
        - {from: 2027-01-01, table: u.csv}
      columns: {price: [in, out], pricing_group_values: [model]}
      defaults: {currency: USD}
"""
DATED = """\
  rates_from:
    - table: t.csv
      columns: {product: p, price: usd, pricing_group_values: [model], starting_at: since}
      defaults: {currency: USD}
"""
TABLE = "model,in,out\na,2000,4000\nb,3000,\n"


def project(root: Path, card: str, **tables: str) -> Path:
    (root / "pricebook.yaml").write_text(PROJECT)
    (root / "a.yaml").write_text(NOUNS + card)
    for name, text in tables.items():
        (root / f"{name}.csv").write_text(text)
    return root


def price_set(root_: Path, *words: str, status: int = 0) -> Result:
    found = CliRunner().invoke(root, ["-C", str(root_), "price", "set", *words], catch_exceptions=False)
    assert found.exit_code == status, found.output
    return found


def starts(root_: Path, key: str) -> list[tuple[str, str]]:
    """When a price begins, and what it is in cents."""
    found = load(read_project(root_)).catalog.rates["card"].get(key)
    assert found is not None
    return [(each.starting_at[:10], str(each.terms.price)) for each in read_schedule(found)]


def test_a_price_of_the_list_gets_a_schedule_and_the_rest_stays(tmp_path: Path) -> None:
    project(tmp_path, RATES)
    price_set(tmp_path, "seat", "--from", "2026-07-01", "--price", "$12.00", "--frequency", "monthly", "--yes")
    text = (tmp_path / "a.yaml").read_text()
    changed = (
        "    - {product: seat, billing_frequency: MONTHLY, schedule: "
        "[{starting_at: 2026-01-01, price: $10.00}, {starting_at: 2026-07-01, price: $12.00}]}   # a month\n"
    )
    assert text.splitlines(keepends=True) == [
        changed if "MONTHLY, starting_at" in line else line for line in (NOUNS + RATES).splitlines(keepends=True)
    ]
    assert starts(tmp_path, '["seat","QUARTERLY",{}]') == [("2026-01-01", "3000"), ("2026-07-01", "3600")]


def test_what_begins_later_stays(tmp_path: Path) -> None:
    project(tmp_path, RATES)
    price_set(tmp_path, "seat", "--from", "2026-07-01", "--price", "104 USD", "--frequency", "ANNUAL", "--yes")
    assert starts(tmp_path, '["seat","ANNUAL",{}]') == [
        ("2026-01-01", "10000"),
        ("2026-07-01", "10400"),
        ("2027-01-01", "11000"),
    ]
    price_set(tmp_path, "seat", "--from", "2027-01-01", "--price", "$111", "--frequency", "ANNUAL", "--yes")
    assert starts(tmp_path, '["seat","ANNUAL",{}]')[-1] == ("2027-01-01", "11100")


def test_a_price_of_a_row_with_others_stands_in_a_table_of_its_own(tmp_path: Path) -> None:
    project(tmp_path, WIDE, t=TABLE)
    price_set(tmp_path, "in", "--from", "2026-07-01", "--price", "$2.5", "--where", "model=a", "--yes")
    assert (tmp_path / "t.csv").read_text() == TABLE
    assert (tmp_path / "t-2026-07-01.csv").read_text() == "model,in,out\na,2500,\n"
    assert starts(tmp_path, '["in",null,{"model":"a"}]') == [("2026-01-01", "200"), ("2026-07-01", "250")]
    assert starts(tmp_path, '["out",null,{"model":"a"}]') == [("2026-01-01", "400")]


def test_a_price_from_the_start_of_its_table_is_its_cell(tmp_path: Path) -> None:
    project(tmp_path, WIDE, t=TABLE)
    price_set(tmp_path, "out", "--from", "2026-01-01", "--price", "$4.2", "--where", "model=a", "--yes")
    assert (tmp_path / "t.csv").read_text() == TABLE.replace("4000", "4200")


def test_a_row_of_its_own_where_rows_have_dates(tmp_path: Path) -> None:
    project(tmp_path, DATED, t="p,model,since,usd\nin,a,2026-01-01,2\nout,a,2026-01-01,4\n")
    price_set(tmp_path, "in", "--from", "2026-07-01", "--price", "$2.5", "--yes")
    assert (tmp_path / "t.csv").read_text() == (
        "p,model,since,usd\nin,a,2026-01-01,2\nin,a,2026-07-01,2.5\nout,a,2026-01-01,4\n"
    )


def test_between_two_editions_there_is_a_further_one(tmp_path: Path) -> None:
    project(tmp_path, EDITIONS, t=TABLE, u=TABLE.replace("3000", "3300"))
    price_set(tmp_path, "in", "--from", "2026-07-01", "--price", "$3100", "--where", "model=b", "--yes")
    assert (tmp_path / "t-2026-07-01.csv").read_text() == TABLE.replace("3000", "3100")
    added = "        - {from: 2026-07-01, table: t-2026-07-01.csv}\n"
    lines = (tmp_path / "a.yaml").read_text().splitlines(keepends=True)
    assert [line for line in lines if "from: 2026-07-01" not in line] == (NOUNS + EDITIONS).splitlines(keepends=True)
    assert "".join(lines).count(f"# first\n{added}") == 1
    assert starts(tmp_path, '["in",null,{"model":"b"}]') == [
        ("2026-01-01", "300000"),
        ("2026-07-01", "310000"),
        ("2027-01-01", "330000"),
    ]
    assert starts(tmp_path, '["in",null,{"model":"a"}]') == [("2026-01-01", "200000")]


def test_a_price_that_later_editions_repeat_changes_there_too(tmp_path: Path) -> None:
    """It is one price until it is another one, however many tables say it."""
    project(tmp_path, EDITIONS, t=TABLE, u=TABLE)
    price_set(tmp_path, "out", "--from", "2026-07-01", "--price", "$5000", "--where", "model=a", "--yes")
    price_set(tmp_path, "in", "--from", "2026-09-01", "--price", "$1", "--where", "model=b", "--yes")
    assert starts(tmp_path, '["out",null,{"model":"a"}]') == [("2026-01-01", "400000"), ("2026-07-01", "500000")]
    assert starts(tmp_path, '["in",null,{"model":"b"}]') == [("2026-01-01", "300000"), ("2026-09-01", "100")]
    assert (tmp_path / "t.csv").read_text() == TABLE
    assert (tmp_path / "u.csv").read_text() == TABLE.replace("4000", "5000").replace("3000", "1")


def test_a_new_price_is_asked_for_as_one(tmp_path: Path) -> None:
    project(tmp_path, RATES)
    words = ("seat", "--from", "2026-07-01", "--price", "$3.00", "--frequency", "WEEKLY")
    assert "to make it, say --new" in price_set(tmp_path, *words, "--yes", status=1).stderr
    price_set(tmp_path, *words, "--new", "--yes")
    assert starts(tmp_path, '["seat","WEEKLY",{}]') == [("2026-07-01", "300")]


@pytest.mark.parametrize(
    ("card", "words", "error"),
    [
        (RATES, ("seat", "--price", "12", "--frequency", "MONTHLY"), "says no currency"),
        (RATES, ("seat", "--price", "€12", "--frequency", "MONTHLY"), "EUR"),
        (RATES, ("seat", "--price", "-$12", "--frequency", "MONTHLY"), "--price"),
        (RATES, ("seat", "--price", "$0,002", "--frequency", "MONTHLY"), "--price"),
        (RATES, ("seat", "--price", "$12"), "say which"),
        (RATES, ("chair", "--price", "$12"), "fits nothing"),
        (RATES, ("seat", "--price", "$12", "--card", "cart"), "fits nothing"),
        (RATES, ("seat", "--price", "$12", "--frequency", "QUARTERLY"), "is said by a relation"),
        (RATES, ("in", "--price", "$12", "--new"), "must give pricing group values"),
    ],
)
def test_what_cannot_be_is_one_error_and_writes_nothing(
    tmp_path: Path, card: str, words: tuple[str, ...], error: str
) -> None:
    project(tmp_path, card, t=TABLE)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    found = price_set(tmp_path, *words, "--from", "2026-07-01", "--yes", status=1)
    assert error in found.stderr.replace("\n  ", " ")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_table_that_says_other_prices_as_well_is_not_edited(tmp_path: Path) -> None:
    other = NOUNS[NOUNS.index("---\napiVersion: pricebook/v1\nkind: RateCard") :].replace("card}", "other}")
    project(tmp_path, WIDE + other + WIDE, t=TABLE)
    words = ("in", "--from", "2026-01-01", "--price", "$2.5", "--where", "model=a", "--card", "card", "--yes")
    assert "would change too; nothing was written" in price_set(tmp_path, *words, status=1).stderr
    assert (tmp_path / "t.csv").read_text() == TABLE


def test_a_reprice_leaves_to_relations_what_they_say(tmp_path: Path) -> None:
    project(tmp_path, RATES)
    words = ["-C", str(tmp_path), "reprice", "--increase", "10%", "--from", "2026-07-01", "--yes"]
    answer = CliRunner().invoke(root, words, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    assert starts(tmp_path, '["seat","MONTHLY",{}]') == [("2026-01-01", "1000"), ("2026-07-01", "1100")]
    assert starts(tmp_path, '["seat","QUARTERLY",{}]') == [("2026-01-01", "3000"), ("2026-07-01", "3300")]
