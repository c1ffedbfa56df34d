"""Each rule by the example of its own page: what breaks it is found by it and by no other rule, and what just does not
break it is found by none."""

from pathlib import Path

import pytest
from project_bench import Bench

from pricebook.policy.judge import rules
from pricebook.policy.rule import Edits, Rule
from pricebook.policy.sample import SAMPLE
from pricebook.problem import Problem

ROOT = Path(__file__).resolve().parents[2]


def findings(rule: Rule, edits: Edits, folder: Path) -> list[Problem]:
    """What is found in the example with these edits; notes of other rules are left out."""
    example, bench = rule.example, Bench(folder, rule.example.policy)
    if rule.check is not None:
        found = bench.lint(example.text(edits), example.as_of)
    else:
        _, found = bench.planned(
            example.text(edits),
            held=example.text(example.observed),
            as_of=example.as_of,
            held_since=example.observed_since,
            contracts=dict(example.contracts),
            prune=example.prune,
        )
    return [finding for finding in found if finding.severity != "note" or finding.code == rule.id]


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_the_example_of_a_rule(rule: Rule, tmp_path: Path) -> None:
    bad = findings(rule, rule.example.bad, tmp_path)
    assert {finding.code for finding in bad} == {rule.id}
    for finding in bad:
        assert finding.severity == rule.severity
        assert finding.message
        assert finding.hint, "the way out"
        assert finding.at is not None or rule.check is None
    assert findings(rule, rule.example.good, tmp_path) == []


def test_the_sample_is_clean(tmp_path: Path) -> None:
    assert Bench(tmp_path).lint(SAMPLE) == ()


def test_ids_are_unique_and_each_rule_checks_one_thing() -> None:
    assert all(id_ == rule.id for id_, rule in rules().items())
    assert all((rule.check is None) != (rule.check_plan is None) for rule in rules().values())
    assert len(rules()) > 40


def test_a_finding_points_at_the_field(tmp_path: Path) -> None:
    (found,) = Bench(tmp_path).lint(SAMPLE.replace("tags: [compute]", "tags: [compute, Compute]"))
    assert (found.code, str(found.at)) == ("look-alike-name", "catalog.yaml:22:19")
    assert [(word, str(at)) for word, at in found.related] == [("the other", "catalog.yaml:22:10")]
    assert found.subject == "product:tokens"


def test_a_finding_points_at_the_cell_of_a_table(tmp_path: Path) -> None:
    rows = "".join(f"tokens,m{n},0.{n}\n" for n in range(1, 10)) + "tokens,wrong,4000\n"
    (tmp_path / "prices.csv").write_text("product,model,usd\n" + rows)
    table = (
        "  rates_from:\n    - table: prices.csv\n"
        "      columns: {product: product, pricing_group_values: [model], price: usd}\n"
        "      defaults: {starting_at: 2025-01-01, currency: USD}\n"
    )
    text = SAMPLE.replace("  name: Standard\n", "  name: Standard\n" + table)
    (found,) = Bench(tmp_path).lint(text)
    assert (found.code, str(found.at)) == ("price-outlier", "prices.csv:11:14")
    assert "$4,000.00 per 1M units for wrong" in found.message


def test_a_finding_points_into_a_schedule(tmp_path: Path) -> None:
    schedule = "schedule: [{starting_at: 2025-01-01, price: $0.40}, {starting_at: 2026-06-01, price: $40.00}]}"
    text = SAMPLE.replace("{model: small}, starting_at: 2025-01-01, price: $0.40}", "{model: small}, " + schedule)
    (found,) = Bench(tmp_path).lint(text)
    line = text.splitlines()[found.at.line - 1]
    assert line[found.at.column - 1 :].startswith("$40.00")


def planned_rise(price: str) -> str:
    """The sample, in which a price of $0.40 is another one from March on."""
    schedule = f"schedule: [{{starting_at: 2025-01-01, price: $0.40}}, {{starting_at: 2026-03-01, price: {price}}}]}}"
    return SAMPLE.replace("{model: small}, starting_at: 2025-01-01, price: $0.40}", f"{{model: small}}, {schedule}")


def test_a_new_price_with_its_new_date_is_judged_with_the_one_that_holds_until_then(tmp_path: Path) -> None:
    """The recommended edit is no hole in time, and no year without a fee."""
    old, new = "MONTHLY, entitled: false, starting_at: 2025-01-01, price: $10.00", "2026-06-01, price: $11.00"
    bench = Bench(tmp_path, "max_package_decrease: 5%\nmax_package_increase: 5%\n")
    text = SAMPLE.replace(old, f"MONTHLY, entitled: false, starting_at: {new}")
    assert text != SAMPLE
    plan, found = bench.planned(text, held=SAMPLE)
    assert plan.hazards
    assert [(one.code, "$120.00 to $132.00" in one.message) for one in found] == [("package-increase-limit", True)]
    assert "unpriced-subscription" in {one.code for one in bench.planned(text, held=text)[1]}


@pytest.mark.parametrize(
    ("desired", "found"),
    [
        ("$0.56", "rises by 40.0%, $0.40 to $0.56"),  # against $0.48 it were 16.7 %
        ("$0.44", None),  # a planned rise becomes a smaller one
        ("$0.40", None),  # and none
        ("$0.12", "falls by 70.0%, $0.40 to $0.12"),
    ],
)
def test_limits_look_at_what_customers_pay_until_then(desired: str, found: str | None, tmp_path: Path) -> None:
    bench = Bench(tmp_path, "max_increase: 25%\nmax_decrease: 15%\n")
    _, problems = bench.planned(planned_rise(desired), held=planned_rise("$0.48"), as_of="2026-01-01")
    messages = [problem.message for problem in problems]
    assert [found is not None and found in message for message in messages] == ([True] if found else [])


def test_who_typed_dollars_is_told_to_write_those_dollars(tmp_path: Path) -> None:
    """A price of 10 is ten cents. Whoever follows the hint must charge what was typed, not a hundredfold of it."""
    cheap = SAMPLE.replace("price: $10.00", "price: 10").replace("price: $100.00", "price: $1.00")
    hints = {found.message.partition(" is ")[2]: found.hint for found in Bench(tmp_path).lint(cheap)}
    assert "write $10.00 if" in hints["$0.10, less than one USD"]
