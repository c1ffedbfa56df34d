"""`pricebook compare`: our list against another one, what is pinned, what changed, and margins over usage."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from jsonschema import Draft202012Validator

from pricebook.catalog.canonical import decode
from pricebook.cli.main import root
from pricebook.view.schema import answer_schema

PROJECT = """\
namespace: acme
manifests: [catalog.yaml]
environments: {local: {store: "sqlite:///pricebook.db"}}
comparisons:
  provider:
    table: theirs.csv
    columns: {product: kind, pricing_group_values: {model: name}, price: usd}
    map: {kind: {prompt: input, completion: output}}
    per: 1M
    tolerance: 1%
    pinned:
      - {what: "rate-card:list", part: "*model=tiny*", reason: we host it ourselves, until: 2027-01-01}
"""
CATALOG = """\
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: awu}
spec: {name: AWU}
---
apiVersion: pricebook/v1
kind: PricingUnit
metadata: {name: eur}
spec: {name: Euro, currency: EUR}
---
apiVersion: pricebook/v1
kind: BillableMetricList
items:
  - metadata: {name: input}
    spec: &metric
      name: Input
      aggregation_type: SUM
      aggregation_key: input
      event_type_filter: {in_values: [llm]}
      property_filters: [{name: input, exists: true}, {name: model, exists: true}]
      group_keys: [[model]]
  - metadata: {name: output}
    spec: {<<: *metric, name: Output, aggregation_key: output,
      property_filters: [{name: output, exists: true}, {name: model, exists: true}]}
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - metadata: {name: input}
    spec: &product {name: Input, type: USAGE, billable_metric: input, unit: token, pricing_group_key: [model],
      quantity_conversion: {conversion_factor: 1000000, operation: DIVIDE}}
  - metadata: {name: output}
    spec: {<<: *product, name: Output, billable_metric: output}
  - metadata: {name: seat}
    spec: {name: Seat, type: SUBSCRIPTION}
---
apiVersion: pricebook/v1
kind: RateCard
metadata: {name: list}
spec:
  name: List
  credit_type_conversions: [{custom_credit_type: awu, fiat_per_custom_credit: $0.01}]
  rates:
    - {product: input, pricing_group_values: {model: large}, starting_at: 2026-01-01, price: $2.50}
    - {product: input, pricing_group_values: {model: small}, starting_at: 2026-01-01, price: $0.40}
    - {product: input, pricing_group_values: {model: tiny}, starting_at: 2026-01-01, price: $0.10}
    - {product: output, pricing_group_values: {model: large}, starting_at: 2026-01-01, price: 800, credit_type: awu}
    - product: output
      pricing_group_values: {model: small}
      starting_at: 2026-01-01
      rate_type: TIERED
      tiers: [{price: $2.00, size: 10}, {price: $1.00}]
    - {product: seat, billing_frequency: MONTHLY, starting_at: 2026-01-01, price: $20.00}
"""
THEIRS = """\
kind,name,usd
prompt,large,2.00
prompt,small,0.401
prompt,tiny,0.05
prompt,fresh,1.00
completion,large,9.00
images,large,40
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "pricebook.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    (tmp_path / "theirs.csv").write_text(THEIRS)

    def ran(*words: str, status: int = 2) -> Result:
        line = ["-C", str(tmp_path), "--as-of", "2026-02-01", "compare", *words]
        done = CliRunner().invoke(root, line)
        assert done.exit_code == status, f"{done.output}{done.exception!r}"
        return done

    return ran


def answer(run: Run, *words: str, status: int = 2) -> Any:
    """The JSON of it, which its published schema has nothing against."""
    text = run("--format", "json", *words, status=status).stdout
    errors = Draft202012Validator(answer_schema("comparison")).iter_errors(json.loads(text))
    assert [error.message for error in errors] == []
    return decode(text)


def told(found: Any) -> dict[str, list[str]]:
    """The names of the prices by section."""
    return {item["section"]: [row["name"] for row in item["rows"]] for item in found["items"]}


def test_two_lists_are_told_apart(run: Run) -> None:
    found = answer(run, "provider")
    assert told(found) == {
        "dearer": ["Input · large"],
        "cheaper": ["Output · large"],
        "missing": ["images · large", "Input · fresh"],
        "extra": ["Output · small"],
        "pinned": ["Input · tiny"],
    }
    assert found["same"] == 1, "a quarter of a percent is within the tolerance"
    assert found["beside"] == 1, "they price no seats at all"
    (dearer,) = next(item["rows"] for item in found["items"] if item["section"] == "dearer")
    assert (dearer["our_price"], dearer["their_price"], dearer["relative"]) == (
        Decimal("2.5"),
        Decimal(2),
        Decimal("0.25"),
    )
    (cheaper,) = next(item["rows"] for item in found["items"] if item["section"] == "cheaper")
    assert cheaper["our_price"] == 8, "800 awu at a cent each"


def test_it_is_said_in_words(run: Run) -> None:
    text = run("provider").stdout
    assert "Of 4 prices in both lists ours is dearer in 1, cheaper in 1." in text
    assert "1 price of ours is of products that they do not price at all." in " ".join(text.split())
    assert "ours $2.50 per 1M tokens, theirs $2.00 per 1M tokens   +25.0 %" in text
    assert "we host it ourselves, until 2027-01-01" in " ".join(text.split())


def test_lists_that_say_the_same_end_well(run: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.csv").write_text("kind,name,usd\nprompt,large,2.50\nprompt,small,.4\nprompt,tiny,0.1\n")
    assert "ours is the same in all" in run("provider", status=0).stdout


def test_what_is_told_can_be_chosen(run: Run) -> None:
    assert told(answer(run, "provider", "--tell", "cheaper")).keys() == {"cheaper"}
    run("provider", "--tell", "mixed", status=0)


def test_a_pin_ends(run: Run, tmp_path: Path) -> None:
    project = tmp_path / "pricebook.yaml"
    project.write_text(PROJECT.replace("until: 2027-01-01", "until: 2026-02-01"))
    found = answer(run, "provider")
    assert "Input · tiny" in told(found)["dearer"]
    assert [finding["code"] for finding in found["findings"]] == ["acceptance-ended"]
    assert found["findings"][0]["at"]["line"] == 12


def test_pins_stand_in_a_file_too(run: Run, tmp_path: Path) -> None:
    pins = tmp_path / "pins.yaml"
    entry = '  - {{what: "rate-card:list", part: "{}", reason: sold below, until: 2026-03-01}}\n'
    parts = ("output*large*", "*large*", "*small*", "*fresh*", "*nosuch*")
    pins.write_text("accept:\n" + "".join(map(entry.format, parts)))
    found = answer(run, "provider", "--accept", str(pins), status=0)
    assert found["counts"]["pinned"] == 6
    assert [(f["code"], f["at"]["line"]) for f in found["findings"]] == [("acceptance-unused", 6)]


def test_what_changed_since_last_time(run: Run, tmp_path: Path) -> None:
    last = tmp_path / "last.json"
    last.write_text(run("provider", "--format", "json").stdout)
    assert answer(run, "provider", "--since", str(last))["counts"]["changed"] == 0
    changed = THEIRS.replace("tiny,0.05", "tiny,0.06").replace("prompt,fresh,1.00\n", "") + "prompt,new,7\n"
    (tmp_path / "theirs.csv").write_text(changed)
    found = answer(run, "provider", "--since", str(last), "--tell", "changed")
    (item,) = found["items"]
    assert [(row["name"], row["ours"], row["theirs"]) for row in item["rows"]] == [
        ("Input · fresh", "no price", "$1.00 per 1M tokens"),
        ("Input · new", "$7.00 per 1M tokens", "no price"),
        ("Input · tiny", "$0.06 per 1M tokens", "$0.05 per 1M tokens"),
    ], "what is pinned as well: the reason may have gone with the price"
    text = run("provider", "--since", str(last), "--tell", "changed").stdout
    assert "now $0.06 per 1M tokens, before $0.05 per 1M tokens" in text


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "pricebook-answer/plan"}', '{"format": "pricebook-answer/comparison"}',
     '{"format": "pricebook-answer/comparison", "listed": [{"product": "x"}]}',
     '{"format": "pricebook-answer/comparison", "listed": [{"product": "x", "billing_frequency": null,'
     '"pricing_group_values": {"model": 1}, "terms": {"rate_type": "FLAT", "price": 1}}]}',
     '{"format": "pricebook-answer/comparison", "listed": [{"product": "x", "billing_frequency": null,'
     '"pricing_group_values": {}, "terms": {"rate_type": "FLAT", "price": -1}}]}'],
)  # fmt: skip
def test_what_is_no_answer_of_last_time(run: Run, tmp_path: Path, text: str) -> None:
    last = tmp_path / "last.json"
    last.write_text(text)
    assert "error[since] " in run("provider", "--since", str(last), status=1).stderr


COST = ("--key", "product=kind", "--key", "model=name", "--price", "usd", "--per", "1M", "--cost")
COSTS = """\
kind,name,usd
input,large,1.00
input,small,0.39
input,fresh,2.00
output,large,10.00
output,small,1.50
"""


def test_margins_by_product(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cost.csv").write_text(COSTS)
    found = answer(run, "--with", str(tmp_path / "cost.csv"), *COST, "--least-margin", "20%")
    assert told(found)["below"] == ["Input · small", "Output · large", "Output · small"]
    margins = {row["product"]: (row["prices"], row["below"], row["least"], row["greatest"]) for row in found["margins"]}
    assert margins == {
        "input": (2, 1, Decimal("0.025"), Decimal("0.6")),
        "output": (2, 2, Decimal("-0.5"), Decimal("0.25")),  # of the second tier a dollar costs 1.50
    }
    assert "3 of 4 prices leave less than 20 % above what they cost." in found["verdict"]


def events(*used: tuple[str, str, str, str, str]) -> str:
    """Usage as it is ingested: customer, day, model, property and quantity."""
    return "".join(
        json.dumps({
            "transaction_id": str(number), "customer_id": who, "event_type": "llm", "timestamp": f"{day}T00:00:00Z",
            "properties": {"model": model, name: amount},
        }) + "\n"
        for number, (who, day, model, name, amount) in enumerate(used)
    )  # fmt: skip


def test_margins_over_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cost.csv").write_text(COSTS)
    usage = tmp_path / "usage.jsonl"
    usage.write_text(events(
        ("ada", "2026-01-05", "large", "input", "3000000"),      # charged $7.50, costs $3.00
        ("ada", "2026-01-06", "small", "output", "8000000"),     # within the first tier: $16.00, costs $12.00
        ("bob", "2026-01-06", "small", "output", "8000000"),     # a customer of their own: $16.00, $12.00
        ("ada", "2026-02-06", "small", "output", "12000000"),    # another month: 10 x $2 + 2 x $1, costs $18.00
        ("bob", "2026-01-07", "tiny", "input", "1000000"),       # no cost known: $0.10
        ("bob", "2026-01-07", "fresh", "input", "4000000"),      # no price: costs $8.00
    ))  # fmt: skip
    found = answer(run, "--with", str(tmp_path / "cost.csv"), *COST, "--impact", str(usage))
    rows = {row["name"]: row for row in found["margins"]}
    assert [rows["Output"][name] for name in ("charged", "cost", "margin")] == [54, 42, Decimal("0.222222222222")]
    whole = rows["all usage"]
    assert (whole["charged"], whole["cost"]) == (Decimal("61.5"), 45)
    assert (whole["uncosted"], whole["unpriced"]) == (Decimal("0.1"), 8)
    assert "Over the usage 26.8 % is left: $61.50 charged at list prices, $45.00 of cost." in found["verdict"]
    assert "Nobody pays for $8.00 of cost: we have no price for it." in found["verdict"]
    assert "What $0.10 of it costs is not known." in found["verdict"]


def test_quantities_that_were_counted_already(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cost.csv").write_text(COSTS)
    usage = tmp_path / "usage.csv"
    usage.write_text("customer,product,period,quantity,model\nada,input,2026-01,2000000,large\n")
    found = answer(run, "--with", str(tmp_path / "cost.csv"), *COST, "--impact", str(usage))
    assert (found["margins"][-1]["charged"], found["margins"][-1]["cost"]) == (5, 2)


def test_a_list_as_a_provider_publishes_it(run: Run, tmp_path: Path) -> None:
    """JSON by model, with a column of each component, and prices per token."""
    listed = tmp_path / "list.json"
    listed.write_text('{"large": {"in": 2.5e-06, "out": 0.000008, "max": 8}, "small": {"in": 4e-7, "max": 8}}')
    (tmp_path / "pricebook.yaml").write_text(
        PROJECT
        + """\
  published:
    key: name
    columns: {pricing_group_values: {model: name}, price: {input: in, output: out}}
    per: 1
"""
    )
    found = answer(run, "published", "--with", str(listed))
    assert (found["same"], told(found)) == (3, {"extra": ["Input · tiny", "Output · small"]})


def test_the_next_release_of_the_cards_own_table(run: Run, tmp_path: Path) -> None:
    rates = CATALOG.index("  rates:\n")
    (tmp_path / "catalog.yaml").write_text(
        CATALOG[:rates]
        + """\
  rates_from:
    - table: one.csv
      columns: {product: kind, pricing_group_values: {model: name}, price: usd}
      per: 1M
      defaults: {starting_at: 2026-01-01}
"""
    )
    (tmp_path / "one.csv").write_text("kind,name,usd\ninput,large,2.5\n")
    (tmp_path / "two.csv").write_text("kind,name,usd\ninput,large,2\ninput,small,1\n")
    found = answer(run, "--with", str(tmp_path / "two.csv"))
    assert told(found) == {"dearer": ["Input · large"], "missing": ["Input · small"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("provder",), 'the comparison "provder" fits nothing\n  did you mean "provider"?'),
        (("provider", "--card", "lsit"), 'the rate card "lsit" fits nothing\n  did you mean "list"?'),
        (("--with", "theirs.csv"), "rate-card:list has no table"),
        (("provider", "--tolerance", "5"), '"5" is not a percentage'),
        (("provider", "--cost"), "tolerance stands beside cost"),
        (("provider", "--least-margin", "5%"), "a margin is one above a cost"),
        (("--key", "product=kind", "--price", "usd"), "nothing says which list is compared"),
        (("provider", "--with", "nosuch.csv"), 'there is no file "nosuch.csv"'),
        (("provider", "--with", "catalog.yaml"), 'the table has no column "kind"'),
        (("provider", "--currency", "EUR"), "is the currency EUR\n  leave currency and credit_type out"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(
    run: Run, tmp_path: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in run(*words, status=1).stderr


def test_every_bad_row_of_theirs_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.csv").write_text('kind,name,usd\nprompt,large,free\nprompt,small,-1\nprompt,"a ",1\n')
    said = run("provider", status=1).stderr
    assert [code for code in ("error[amount]", "error[out-of-range]", "error[white-space]") if code in said] == [
        "error[amount]", "error[out-of-range]", "error[white-space]",
    ]  # fmt: skip
    assert "theirs.csv:2:14" in said


def test_a_declared_list_stands_in_the_project(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pricebook.yaml").write_text(PROJECT.replace("theirs.csv", "../theirs.csv"))
    assert "error[outside] pricebook.yaml:" in run("provider", status=1).stderr


def test_names_of_theirs_are_inert(run: Run, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)> | @all ::error::x ##vso[task.setvariable]y \x1b[31m"
    (tmp_path / "theirs.csv").write_text(f'kind,name,usd\nprompt,"{hostile}",1\nprompt,large,2.5\n')
    out = tmp_path / "out.md"
    text = run("provider", "--report", f"markdown={out}").stdout
    assert "\x1b" not in text
    assert "\n::error" not in text
    told_ = run("provider", "--format", "json").stdout
    assert "##vso[" not in told_
    assert hostile in {
        row["pricing_group_values"]["model"] for item in json.loads(told_)["items"] for row in item["rows"]
    }
    page = github_flavored_markdown_to_html(out.read_text(), Options.CMARK_OPT_UNSAFE)
    assert "onerror" in page
    assert "<img" not in page
    assert "@all" not in page
