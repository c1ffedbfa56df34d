"""Policy tests: what the company's rules say of the cases that stand beside them. Reads the project's files only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricebook.catalog.policy_test import PolicyCase, PolicyTest
from pricebook.catalog.reference import Ref
from pricebook.manifest.load import Loaded
from pricebook.policy.cel import CelError
from pricebook.policy.company import Compiled
from pricebook.problem import Problem, did_you_mean, quote
from pricebook.project.project import Project
from pricebook.span import Span
from pricebook.workflow.policy import company_rules


@dataclass(frozen=True, slots=True)
class CheckedCases:
    """A policy test that was run: how many cases it has, and what of it is not as expected. Empty: it passed."""

    name: str
    at: Span
    cases: int
    failures: tuple[Problem, ...]


def policy_tests(loaded: Loaded) -> dict[str, Ref]:
    """The policy tests of a project by name."""
    return {ref.name: ref for ref, noun in loaded.beside.items() if isinstance(noun, PolicyTest)}


def run_policy_tests(
    loaded: Loaded, project: Project, environment: str, names: Sequence[str] = ()
) -> list[CheckedCases]:
    """Run the policy tests of these names, all of them when there are none, by name. Raises Rejected for rules that
    cannot be asked."""
    tests = {ref: noun for ref, noun in loaded.beside.items() if isinstance(noun, PolicyTest)}
    rules = {one.rule.id: one for one in company_rules(project, environment)} if tests else {}
    wanted = [ref for ref in sorted(tests) if not names or ref.name in names]
    return [_run(ref, tests[ref], rules, loaded) for ref in wanted]


def _run(ref: Ref, test: PolicyTest, rules: Mapping[str, Compiled], loaded: Loaded) -> CheckedCases:
    rule, place = rules.get(test.rule), loaded.source_map.span
    if rule is None:
        hint = did_you_mean(test.rule, rules) or f"rules: {', '.join(sorted(rules)) or 'there are none'}"
        problem = Problem("unknown-rule", f"there is no company rule {quote(test.rule)}", place(ref, "rule"), hint)
        return CheckedCases(ref.name, loaded.places[ref], len(test.cases), (problem,))
    found: list[Problem] = []
    for index, case in enumerate(test.cases):
        unknown = sorted(case.given.keys() - rule.defaults.keys())
        if unknown:
            hint = did_you_mean(unknown[0], rule.defaults) or f"names: {', '.join(rule.defaults)}"
            message = f"{quote(unknown[0])} is no name of a {rule.rule.each}"
            found.append(Problem("unknown-field", message, place(ref, "cases", index, "given"), hint))
            continue
        said = _verdict(rule, case)
        if said != case.expect:
            which = f"{case.name}: " if case.name else ""
            message = f"{which}{test.rule} was expected to be {case.expect} here, and is {said}"
            at = place(ref, "cases", index, "expect")
            found.append(Problem("policy-test", message, at, f"require: {rule.rule.require}"))
    return CheckedCases(ref.name, loaded.places[ref], len(test.cases), tuple(found))


def _verdict(rule: Compiled, case: PolicyCase) -> str:
    given = {name: _plain(value, isinstance(rule.defaults[name], float)) for name, value in case.given.items()}
    try:
        return rule.verdict({**rule.defaults, **given})
    except CelError as error:
        return f"not to be told ({error})"


def _plain(value: Any, number: bool) -> Any:
    """The value as an expression takes it: numbers as doubles where the view has one, and inside of lists."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal) or (isinstance(value, int) and number):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(item, isinstance(item, Decimal)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, isinstance(item, Decimal)) for item in value]
    return value
