"""Prices that are said by others: a relation gives what somebody would have worked out, at the line that says it."""

from pathlib import Path

import pytest

from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.source_map import Location
from pricebook.problem import Problem, Rejected
from pricebook.project.project import read_project

PROJECT = 'namespace: acme\nmanifests: [a.yaml]\nenvironments: {local: {store: "sqlite:///p.db"}}\n'
CATALOG = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec: {name: Tokens, aggregation_type: COUNT, group_keys: [[model, mode]]}
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {metadata: {name: in}, spec: {name: In, type: USAGE, billable_metric: tokens, pricing_group_key: [model, mode]}}
  - {metadata: {name: out}, spec: {name: Out, type: USAGE, billable_metric: tokens, pricing_group_key: [model, mode]}}
  - {metadata: {name: seat}, spec: {name: Seat, type: SUBSCRIPTION}}
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: eur}
spec: {name: Euro, currency: EUR}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: eur}
spec:
  name: In euros
  fiat_credit_type: eur
"""
CARD = """\
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  rates:
    - {product: in, pricing_group_values: {model: a, mode: standard}, starting_at: 2026-01-01, price: $1.00}
    - {product: in, pricing_group_values: {model: b, mode: standard}, starting_at: 2026-01-01, price: $3.00}
    - {product: in, pricing_group_values: {model: b, mode: batch}, starting_at: 2026-01-01, price: $1.40}
    - product: seat
      billing_frequency: MONTHLY
      schedule: [{starting_at: 2026-01-01, price: $10.00}, {starting_at: 2027-01-01, price: $12.50}]
"""
BATCH = """\
  relations:
    - {of: {pricing_group_values: {mode: standard}}, pricing_group_values: {mode: batch}, times: 50%}
    - {of: {product: seat, billing_frequency: MONTHLY}, billing_frequency: ANNUAL, times: 10}
    - {of: {product: in, pricing_group_values: {mode: batch}}, product: out, times: 2}
"""
WORKED_OUT = """\
    - {product: in, pricing_group_values: {model: a, mode: batch}, starting_at: 2026-01-01, price: $0.50}
    - product: seat
      billing_frequency: ANNUAL
      schedule: [{starting_at: 2026-01-01, price: $100.00}, {starting_at: 2027-01-01, price: $125.00}]
    - {product: out, pricing_group_values: {model: a, mode: batch}, starting_at: 2026-01-01, price: $1.00}
    - {product: out, pricing_group_values: {model: b, mode: batch}, starting_at: 2026-01-01, price: $2.80}
"""


def loaded(root: Path, text: str) -> Loaded:
    root.mkdir(exist_ok=True)
    (root / "pricebook.yaml").write_text(PROJECT)
    (root / "a.yaml").write_text(CATALOG + text)
    return load(read_project(root))


def problems(root: Path, text: str) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        loaded(root, text)
    return list(caught.value.problems)


def test_relations_give_the_prices_that_somebody_worked_out(tmp_path: Path) -> None:
    found = loaded(tmp_path / "a", CARD + BATCH)
    assert found.catalog.rates["list"] == loaded(tmp_path / "b", CARD + WORKED_OUT).catalog.rates["list"]
    lines = (tmp_path / "a" / "a.yaml").read_text().splitlines()
    for key, said in (
        ('["seat","ANNUAL",{}]', "10}"),
        ('["out",null,{"mode":"batch","model":"b"}]', "2}"),
        ('["in",null,{"mode":"batch","model":"b"}]', "$1.40}"),  # what the card says itself holds
    ):
        location = Location(Ref(Kind.RATE_CARD, "list"), (), key)
        at = found.source_map.spans([location])[location]
        assert lines[at.line - 1][at.column - 1 :] == said


@pytest.mark.parametrize(
    ("more", "monthly", "later"),
    [
        ("", "€9.2", "€11.5"),
        (", round: 0.5", "€9", "€11.5"),
        (", ending: 0.99", "€9.99", "€11.99"),
        (", round: 5", "€10", "€10"),
    ],
)
def test_another_currency_is_another_card(tmp_path: Path, more: str, monthly: str, later: str) -> None:
    relation = f"  relations: [{{of: {{rate_card: list, product: [seat]}}, times: 0.92{more}}}]\n"
    head, tail = CATALOG.partition("  fiat_credit_type: eur\n")[:2]
    written = (
        "  rates:\n    - product: seat\n      billing_frequency: MONTHLY\n      schedule:\n"
        f"        [{{starting_at: 2026-01-01, price: {monthly}}}, {{starting_at: 2027-01-01, price: {later}}}]\n"
    )
    assert head + tail == CATALOG
    found = loaded(tmp_path / "a", relation + CARD)
    assert found.catalog.rates["eur"] == loaded(tmp_path / "b", written + CARD).catalog.rates["eur"]


def test_tiers_minimums_and_commit_rates_are_multiplied_too(tmp_path: Path) -> None:
    tiered = """\
    - product: out
      pricing_group_values: {model: c, mode: standard}
      starting_at: 2026-01-01
      rate_type: TIERED
      tiers: [{price: $4.00, size: 100}, {price: $2.00}]
      commit_rate: {rate_type: FLAT, price: $1.00}
"""
    halved = tiered.replace("standard", "batch").replace("$2", "$1").replace("price: $1.00}\n", "price: $0.50}\n")
    halved = halved.replace("$4", "$2")
    relation = "  relations: [{of: {product: out}, pricing_group_values: {mode: batch}, times: 0.5}]\n"
    found = loaded(tmp_path / "a", CARD + tiered + relation).catalog.rates["list"]
    assert found == loaded(tmp_path / "b", CARD + tiered + halved).catalog.rates["list"]


BAD = {
    "itself": (
        "{of: {product: seat}, times: 2}",
        [("no-effect", "a.yaml:38:7", "the relation gives the rates that it starts from")],
    ),
    "nothing": (
        "{of: {product: seat}, billing_frequency: ANNUAL, times: 0}",
        [("out-of-range", "a.yaml:38:63", "0 is not more than 0")],
    ),
    "what is not there": (
        "{of: {product: saet}, billing_frequency: ANNUAL, times: 2}",
        [("nothing-fits", "a.yaml:38:12", "no rate is like this")],
    ),
    "another product's key, told once": (
        "{of: {product: in}, product: seat, times: 2}",
        [
            (
                "missing-field",
                "a.yaml:38:7",
                'seat · mode=standard · model=a: a rate of the SUBSCRIPTION product "seat" needs a billing_frequency',
            )
        ],
    ),
    "a fraction that no price can say": (
        "{of: {product: seat}, billing_frequency: ANNUAL, times: 0.3333333333333333}",
        [("too-precise", "a.yaml:38:7", "seat · ANNUAL: 416.666666666666625 has more digits than can be carried")],
    ),
    "a list that is none": ("", [("type", "a.yaml:37:14", "relations is not a list")]),
    "a circle of cards": (
        "{of: {rate_card: list}, times: 2}",
        [("relation-cycle", "a.yaml:38:24", 'the prices of "list" are said by themselves, by way of "list"')],
    ),
}


@pytest.mark.parametrize(("relation", "expected"), BAD.values(), ids=BAD)
def test_a_relation_that_says_no_price(tmp_path: Path, relation: str, expected: list[tuple[str, str, str]]) -> None:
    text = f"  relations:\n    - {relation}\n" if relation else "  relations: twice\n"
    found = problems(tmp_path, CARD + text)
    assert [(p.code, str(p.at), p.message) for p in found] == expected


def test_two_cards_that_say_each_others_prices(tmp_path: Path) -> None:
    here = "  relations: [{of: {rate_card: eur, product: seat}, times: 2}]\n"
    there = "  relations: [{of: {rate_card: list, product: seat}, times: 2}]\n"
    found = problems(tmp_path, there + CARD + here)
    assert [(p.code, str(p.at)) for p in found] == [("relation-cycle", "a.yaml:38:32")]
