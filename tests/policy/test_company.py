"""Company rules in CEL: what they see, what is refused with its place, and that nothing hostile gets anywhere."""

from pathlib import Path

import pytest
from project_bench import instant, still

from pricebook.manifest.load import load
from pricebook.policy.sample import SAMPLE
from pricebook.policy.view import FIELDS
from pricebook.problem import Problem, Rejected
from pricebook.project.project import read_project
from pricebook.workflow.policy import checked_policy, company_rules
from pricebook.workflow.policy_test import run_policy_tests
from pricebook.workflow.python_rule import Reviewer
from pricebook.workflow.review import review

HEAD = 'namespace: acme\nmanifests: [catalog.yaml]\nenvironments:\n  local: {store: "sqlite:///a.db"}\npolicy:\n'
COSTS = "  tables: {costs: {table: costs.csv, key: [product, model]}}\n"
BELOW = "rate.price >= times(costs(rate.product, rate.groups['model']).usd, 1.2)"


def rule(require: str, each: str = "rate", when: str = "", message: str = "no") -> str:
    """One company rule, as a line of the policy."""
    asked = f"when: {quoted(when)}, " if when else ""
    return f"    - {{id: ours, each: {each}, {asked}require: {quoted(require)}, message: {message}}}\n"


def quoted(text: str) -> str:
    """A text in YAML's double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def found(folder: Path, policy: str, catalog: str = SAMPLE) -> list[Problem]:
    """What the company's rules find."""
    (folder / "pricebook.yaml").write_text(HEAD + policy)
    (folder / "catalog.yaml").write_text(catalog)
    project = read_project(folder)
    policy_ = checked_policy(project, "local")
    company = company_rules(project, "local")
    return list(review(project, policy_, load(project), instant("2026-01-01"), Reviewer(still), company=company))


def refused(folder: Path, policy: str) -> list[tuple[str, str]]:
    """Code and place of what cannot be asked."""
    with pytest.raises(Rejected) as caught:
        found(folder, policy)
    return [(problem.code, str(problem.at)) for problem in caught.value.problems]


def test_never_below_cost(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text("product,model,usd\ntokens,small,0.30\ntokens,large,2.5\n")
    policy = COSTS + "  company_rules:\n" + rule(BELOW, when="'compute' in rate.tags", message="below cost")
    (one,) = found(tmp_path, policy)
    assert (one.code, one.severity, str(one.at)) == ("ours", "error", "catalog.yaml:42:95")
    assert one.message == "below cost (tokens · model=large: 2.5)"


def test_what_is_reckoned_is_reckoned_in_decimals(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text("product,model,usd\ntokens,small,0.1\ntokens,large,0.1\n")
    exact = "rate.price >= times(costs(rate.product, rate.groups['model']).usd, 3.0)"
    catalog = SAMPLE.replace("price: $0.40", "price: $0.30").replace("price: $2.50", "price: $0.30")
    policy = COSTS + "  company_rules:\n" + rule(exact, when="'compute' in rate.tags")
    assert found(tmp_path, policy, catalog) == [], "0.1 * 3 is more than 0.3 in binary"


@pytest.mark.parametrize("each", FIELDS)
def test_every_name_can_be_used(tmp_path: Path, each: str) -> None:
    names = " || ".join(f"{name} == {name}" for name in [*FIELDS[each], "now"])
    assert found(tmp_path, "  company_rules:\n" + rule(names, each=each)) == []


@pytest.mark.parametrize(
    "require",
    [
        "rate.prize > 1.0",
        "rate.price > 'x'",
        "rate.price",
        "rate.price >",
        "nope(1)",
        "rate.product.matches(",
        "x" * 3000,
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(tmp_path: Path, require: str) -> None:
    column = len("    - {id: ours, each: rate, require: ") + 1
    assert refused(tmp_path, "  company_rules:\n" + rule(require)) == [("expression", f"pricebook.yaml:7:{column}")]


NESTED = "[0,1,2,3,4,5,6,7,8,9]"


@pytest.mark.parametrize(
    "require",
    [
        ".all(x, ".join([NESTED] * 8) + ".all(x, true" + ")" * 8,
        "'" + "a" * 900 + "!'.matches('(a+)+$') == false && [1][5] == 1",
        "rate.groups['none'] == 'x'",
        "1 / 0 == 1",
    ],
)
def test_a_bomb_or_an_error_ends_that_rule_and_no_other(tmp_path: Path, require: str) -> None:
    # The first would take a hundred million steps, and the second a century: both end because steps are counted.
    text = SAMPLE.replace("price: $100.00", "price: $1000.00")
    problems = found(tmp_path, "  company_rules:\n" + rule(require), text)
    assert [(problem.code, str(problem.at)) for problem in problems] == [
        ("annual-price", "catalog.yaml:44:98"),
        ("rule-failed", "pricebook.yaml:7:7"),
    ]


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    deep = "(" * 400 + "true" + ")" * 400
    assert refused(tmp_path, "  company_rules:\n" + rule(deep))[0][0] == "expression"


def test_a_table_outside_of_the_project_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.csv").write_text("product,model,usd\n")
    (project / "link.csv").symlink_to(tmp_path / "secret.csv")
    for name in ("../secret.csv", "/etc/passwd", "link.csv"):
        policy = f"  tables: {{costs: {{table: {name}, key: [product]}}}}\n  company_rules:\n" + rule("true")
        assert refused(project, policy) == [("outside", "pricebook.yaml:6:27")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("product,usd\na,1\n", "missing-column"),
        ("product,model,usd\na,b,1\na,b,2\n", "duplicate-row"),
        ("product,model,usd\na,b\n", "row-width"),
        ('product,model,usd\n"a,b,1\n', "csv-syntax"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "costs.csv").write_text(text)
    assert refused(tmp_path, COSTS + "  company_rules:\n" + rule("true"))[0][0] == code


TESTS = """\
---
apiVersion: pricebook/v1
kind: PolicyTest
metadata: {name: margins}
spec:
  rule: ours
  cases:
    - {given: {rate.product: tokens, rate.price: 0.36, rate.groups: {model: small}}, expect: EXPECTED}
    - {given: {rate.product: tokens, rate.price: 0.35, rate.groups: {model: small}}, expect: broken}
    - {name: free, given: {rate.price: 0}, expect: not-asked}
"""


def checked(folder: Path, tests: str) -> list[tuple[str, str]]:
    """Code and place of what is not as expected."""
    (folder / "costs.csv").write_text("product,model,usd\ntokens,small,0.3\n")
    policy = COSTS + "  company_rules:\n" + rule(BELOW, when="rate.price > 0.0")
    (folder / "pricebook.yaml").write_text(HEAD + policy)
    (folder / "catalog.yaml").write_text(SAMPLE + tests)
    project = read_project(folder)
    (outcome,) = run_policy_tests(load(project), project, "local")
    assert outcome.cases == 3
    return [(problem.code, str(problem.at)) for problem in outcome.failures]


def test_a_rule_is_tested_beside_it(tmp_path: Path) -> None:
    assert checked(tmp_path, TESTS.replace("EXPECTED", "kept")) == []


def test_a_test_that_fails_says_where(tmp_path: Path) -> None:
    assert checked(tmp_path, TESTS.replace("EXPECTED", "broken")) == [("policy-test", "catalog.yaml:102:94")]


def test_a_test_of_no_rule_or_with_a_name_that_is_none(tmp_path: Path) -> None:
    assert (
        checked(tmp_path, TESTS.replace("rule: ours", "rule: our").replace("EXPECTED", "kept"))[0][0] == "unknown-rule"
    )
    text = TESTS.replace("rate.price: 0.36", "rate.prize: 0.36").replace("EXPECTED", "kept")
    assert checked(tmp_path, text)[0][0] == "unknown-field"
