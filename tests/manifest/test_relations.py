"""Prices that are said by others: a relation gives what somebody would have worked out, at the line that says it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pricebook.catalog.amount import MOST_SHARE
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Segment, read_schedule, schedule_text
from pricebook.catalog.violation import Violation
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.related_terms import TermsWriter
from pricebook.manifest.schema import schema_files
from pricebook.manifest.source_map import Location
from pricebook.manifest.validation import validated
from pricebook.problem import Problem, Rejected
from pricebook.project.project import ProjectSettings, read_project

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


def test_a_share_may_become_as_large_as_a_share_may_be() -> None:
    writer = TermsWriter({}, "usd", converted=False, step=None, ending=None)
    half, most, more = (
        schedule_text([Segment("2026-01-01T00:00:00Z", None, Terms.of({"rate_type": "PERCENTAGE", "price": price}))])
        for price in (Decimal("0.5"), Decimal(MOST_SHARE), Decimal(MOST_SHARE + 1))
    )
    assert writer.written(half, Decimal(10)) == most
    refused = writer.written(half, Decimal(12))
    assert isinstance(refused, Violation)
    assert (refused.code, refused.message) == ("out-of-range", "6: a percentage is a fraction in 0..5")
    for price in (most, more):  # as a manifest has them
        fields = dict(read_schedule(price)[0].terms.fields) | {"entitled": True}
        assert (validated(RateTerms, fields, {})[0] is not None) is (price == most)


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


# --- a single price, and factors from a table

SINGLE = """\
    - {product: in, pricing_group_values: {model: a, mode: batch}, price: {of: {pricing_group_values: {mode: standard}}, times: 50%}}
    - {product: seat, billing_frequency: ANNUAL, price: {of: {billing_frequency: MONTHLY}, times: 10}}
    - {product: out, pricing_group_values: {model: a, mode: batch}, price: {of: {product: in}, times: 2}}
    - {product: out, pricing_group_values: {model: b, mode: batch}, price: {of: {product: in}, times: 2}}
"""  # noqa: E501 - a rate on one line


def test_a_single_price_is_said_by_another(tmp_path: Path) -> None:
    """In whatever order they stand; of what `of` does not say, it is as in the rate itself."""
    expected = dict(loaded(tmp_path / "b", CARD + WORKED_OUT).catalog.rates["list"].items())
    for lines in (SINGLE, "".join(reversed(SINGLE.splitlines(keepends=True)))):
        found = loaded(tmp_path / "a", CARD + lines)
        assert dict(found.catalog.rates["list"].items()) == expected
    location = Location(Ref(Kind.RATE_CARD, "list"), (), '["seat","ANNUAL",{}]')
    at = found.source_map.spans([location])[location]
    line = (tmp_path / "a" / "a.yaml").read_text().splitlines()[at.line - 1]
    assert line[at.column - 1 :] == "10}}"


def test_a_long_chain_of_single_prices_is_worked_out_from_its_far_end(tmp_path: Path) -> None:
    """Each is said by the one below it, so that none can be worked out before all that follow."""
    said = "    - {product: in, pricing_group_values: {model: m%d, mode: standard}, price: {of: {pricing_group_values: {model: m%d}}, times: 1}}\n"  # noqa: E501 - a rate on one line
    last = "    - {product: in, pricing_group_values: {model: m1500, mode: standard}, starting_at: 2026-01-01, price: $0.70}\n"  # noqa: E501
    rates = loaded(tmp_path, CARD + "".join(said % (n, n + 1) for n in range(1500)) + last).catalog.rates["list"]
    assert len(rates) == 4 + 1501
    key = '["in",null,{"mode":"standard","model":"m%d"}]'
    assert rates.get(key % 0) == rates.get(key % 1500)


def test_cards_may_start_from_one_another_as_far_as_anybody_likes(tmp_path: Path) -> None:
    card = "---\napiVersion: pricebook/v1\nkind: RateCard\nmetadata: {name: c%d}\nspec: {name: C%d, %s}\n"
    said = "".join(card % (n, n, f"relations: [{{of: {{rate_card: c{n + 1}}}, times: 1}}]") for n in range(1100))
    last = card % (
        1100,
        1100,
        "rates: [{product: seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $3.00}]",
    )
    rates = loaded(tmp_path, said + last).catalog.rates
    assert dict(rates["c0"].items()) == dict(rates["c1100"].items()) != {}


def test_groups_start_from_single_prices_and_single_ones_from_groups(tmp_path: Path) -> None:
    single = (
        "    - {product: seat, billing_frequency: QUARTERLY, price: {of: {billing_frequency: MONTHLY}, times: 3}}\n"
    )
    last = "    - {product: seat, billing_frequency: WEEKLY, price: {of: {billing_frequency: ANNUAL}, times: 0.02}}\n"
    group = (
        "  relations:\n    - {of: {product: seat, billing_frequency: QUARTERLY}, billing_frequency: ANNUAL, times: 4}\n"
    )
    rates = loaded(tmp_path, CARD + single + last + group).catalog.rates["list"]
    assert '"price":2.4' in (rates.get('["seat","WEEKLY",{}]') or "").replace("240", "2.4")
    assert '"price":12000' in (rates.get('["seat","ANNUAL",{}]') or "")


EXCHANGE = "product,frequency,eur,gbp\nin,,0.9,1\nseat,MONTHLY,92%,1\n"
IN_EUROS = """\
  relations:
    - of: {rate_card: list, product: [in, seat]}
      times_from: {table: fx.csv, factor: eur, product: product, billing_frequency: frequency}
      round: 0.01
      ending: 0.99
"""


def exchanged(root: Path, table: str, relations: str = IN_EUROS) -> Loaded:
    root.mkdir(exist_ok=True)
    (root / "fx.csv").write_text(table)
    (root / "pricebook.yaml").write_text(PROJECT)
    (root / "a.yaml").write_text(CATALOG + relations + CARD)
    return load(read_project(root))


def test_factors_stand_in_a_table(tmp_path: Path) -> None:
    found = exchanged(tmp_path, EXCHANGE)
    prices = {
        key: [segment.terms.price for segment in read_schedule(text)]
        for key, text in found.catalog.rates["eur"].items()
    }
    assert prices == {
        '["in",null,{"mode":"standard","model":"a"}]': [Decimal("0.99")],
        '["in",null,{"mode":"standard","model":"b"}]': [Decimal("2.99")],
        '["in",null,{"mode":"batch","model":"b"}]': [Decimal("1.99")],
        '["seat","MONTHLY",{}]': [Decimal("9.99"), Decimal("11.99")],
    }
    location = Location(Ref(Kind.RATE_CARD, "eur"), (), '["seat","MONTHLY",{}]')
    at = found.source_map.spans([location])[location]
    assert (tmp_path / "a.yaml").read_text().splitlines()[at.line - 1][at.column - 1 :].startswith("{table: fx.csv")


FACTORS = {
    "a factor of nothing": (EXCHANGE.replace("0.9,", "0,"), IN_EUROS, ["out-of-range fx.csv:2:5"]),
    "less than nothing": (EXCHANGE.replace("0.9,", "-1,"), IN_EUROS, ["out-of-range fx.csv:2:5"]),
    "a word": (EXCHANGE.replace("0.9,", "x,"), IN_EUROS, ["out-of-range fx.csv:2:5"]),
    "twice": (EXCHANGE + "in,,2,1\n", IN_EUROS, ["duplicate-rate fx.csv:4:1"]),
    "no row": (EXCHANGE.replace("seat", "seats"), IN_EUROS, ["nothing-fits a.yaml:26:19"]),
    "no column": (EXCHANGE.replace("eur", "chf"), IN_EUROS, ["missing-column fx.csv:1:1"]),
    "no table": (EXCHANGE, IN_EUROS.replace("fx.csv", "xf.csv"), ["missing-file a.yaml:26:27"]),
    "outside": (EXCHANGE, IN_EUROS.replace("fx.csv", "../fx.csv"), ["outside a.yaml:26:27"]),
    "both": (EXCHANGE, IN_EUROS + "      times: 2\n", ["conflict a.yaml:29:14"]),
    "neither": (EXCHANGE, IN_EUROS.replace("times_from", "times_form"), ["unknown-field"]),
}


@pytest.mark.parametrize(("table", "relations", "expected"), FACTORS.values(), ids=FACTORS)
def test_factors_that_cannot_be_used(tmp_path: Path, table: str, relations: str, expected: list[str]) -> None:
    with pytest.raises(Rejected) as caught:
        exchanged(tmp_path, table, relations)
    found = sorted(f"{p.code} {p.at}" for p in caught.value.problems)
    assert [one[: len(said)] for one, said in zip(found, expected, strict=True)] == expected


WRONG = {
    "a circle of two": (
        "    - {product: out, pricing_group_values: {model: z, mode: batch}, price: {of: {product: in}, times: 2}}\n"
        "    - {product: in, pricing_group_values: {model: z, mode: batch}, price: {of: {product: out}, times: 2}}\n",
        ["relation-cycle", "relation-cycle"],
    ),
    "itself": (
        "    - {product: in, pricing_group_values: {model: z, mode: batch}, price: {of: {product: in}, times: 2}}\n",
        ["relation-cycle"],
    ),
    "what there is not": (
        "    - {product: in, pricing_group_values: {model: z, mode: batch}, price: {of: {product: out}, times: 2}}\n",
        ["nothing-fits"],
    ),
    "several": (
        "    - {product: seat, billing_frequency: ANNUAL, price: {of: {product: in}, times: 2}}\n",
        ["nothing-fits"],
    ),
    "one of several": (
        "    - {product: all, price: {of: {product: in}, times: 2}}\n"
        "---\napiVersion: pricebook/v1\nkind: Product\nmetadata: {name: all}\n"
        "spec: {name: All, type: USAGE, billable_metric: tokens}\n",
        ["ambiguous"],
    ),
    "dates of its own": (
        "    - {product: seat, billing_frequency: ANNUAL, starting_at: 2026-01-01, "
        "price: {of: {billing_frequency: MONTHLY}, times: 2}}\n",
        ["conflict"],
    ),
    "a factor of nothing": (
        "    - {product: seat, billing_frequency: ANNUAL, price: {of: {billing_frequency: MONTHLY}, times: 0}}\n",
        ["out-of-range"],
    ),
    "a key that cannot be": (
        "    - {product: seat, price: {of: {billing_frequency: MONTHLY}, times: 1}}\n",
        ["missing-field"],
    ),
}


@pytest.mark.parametrize(("lines", "codes"), WRONG.values(), ids=WRONG)
def test_a_single_price_that_cannot_be(tmp_path: Path, lines: str, codes: list[str]) -> None:
    found = problems(tmp_path, CARD + lines)
    assert [p.code for p in found] == codes
    first = 1 + (CATALOG + CARD).count("\n")
    assert all(p.at is not None and first <= p.at.line < first + 2 for p in found)


def test_the_schema_takes_a_price_that_is_said_by_another() -> None:
    validator = Draft202012Validator(json.loads(schema_files(ProjectSettings)["manifest.schema.json"]))

    def judged(rate: dict[str, Any]) -> bool:
        spec = {"name": "Card", "rates": [rate]}
        noun = {"apiVersion": "pricebook/v1", "kind": "RateCard", "metadata": {"name": "card"}, "spec": spec}
        return validator.is_valid(noun)

    price = {"of": {"product": "y"}, "times": "50%"}
    assert judged({"product": "x", "price": price})
    assert judged({"product": "x", "price": {**price, "times": 2, "ending": 0.99}})
    assert not judged({"product": "x", "price": price, "starting_at": "2026-01-01"})
    assert not judged({"product": "x", "price": {"of": {"product": "y"}}})
    assert not judged({"product": "x", "price": {**price, "form": "y"}})
    assert not judged({"product": "x", "price": "$2"})
