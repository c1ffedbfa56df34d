"""The results of price tests: what failed, what came instead, and the bill that it came of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.catalog.unit import money
from pricebook.preview.notified import Mismatch
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.bill import BillView
from pricebook.view.billing import bill_fields
from pricebook.view.plain import hidden, optional
from pricebook.view.price import Units
from pricebook.view.rate_terms import units_of
from pricebook.workflow.policy_test import CheckedCases
from pricebook.workflow.test import TestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class MismatchView:
    """Something that is not as expected, of which invoice. `unit` is that of amounts, None for what is none; None as
    expected or came: there is no such thing."""

    at: str
    issued_at: datetime | None
    what: str
    expected: Decimal | str | None
    came: Decimal | str | None
    unit: str | None
    words: str = hidden()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioView(BillView):
    """A scenario that was billed."""

    name: str
    at: str
    package: str
    passed: bool
    mismatches: tuple[MismatchView, ...]
    place: Span = hidden()
    group: str = hidden()


@dataclass(frozen=True, slots=True)
class PolicyTestView:
    """A policy test, and what of its cases is not as expected."""

    name: str
    cases: int
    passed: bool
    problems: tuple[Problem, ...]
    place: Span = hidden()


@dataclass(frozen=True, slots=True)
class TestsView:
    """The results of all tests that were run. `source` says by which prices scenarios were billed where the
    manifests do not say it all."""

    answer: ClassVar[str] = "tests"
    total: int
    failed: int
    scenarios: tuple[ScenarioView, ...]
    policy_tests: tuple[PolicyTestView, ...]
    source: str | None = optional()

    @property
    def sentence(self) -> str:
        """`3 scenarios passed.`, `1 of 3 scenarios failed.`"""
        if not self.total:
            return "There are no scenarios."
        many = f"{self.total:,} scenario{'s' if self.total != 1 else ''}"
        return f"{self.failed:,} of {many} failed." if self.failed else f"{many} passed."


def tests_view(
    outcomes: Iterable[TestResult], checked: Iterable[CheckedCases], catalog: Catalog, source: str
) -> TestsView:
    """The results of scenarios and of policy tests."""
    scenarios = tuple(_scenario(outcome, catalog) for outcome in outcomes)
    tests = tuple(PolicyTestView(one.name, one.cases, not one.failures, one.failures, one.at) for one in checked)
    failed = sum(not one.passed for one in scenarios) + sum(not one.passed for one in tests)
    return TestsView(len(scenarios) + len(tests), failed, scenarios, tests, source or None)


def _scenario(outcome: TestResult, catalog: Catalog) -> ScenarioView:
    verdict, units = outcome.verdict, units_of(catalog)
    return ScenarioView(
        **bill_fields(outcome.name, verdict.terms, verdict.bill, catalog, verdict.card),
        name=outcome.name,
        at=str(outcome.at),
        package=verdict.package,
        passed=not outcome.failures,
        mismatches=tuple(
            MismatchView(
                at=str(place),
                issued_at=one.issued_at,
                what=one.what,
                expected=one.expected,
                came=one.came,
                unit=one.unit or None,
                words=difference(one, units),
            )
            for one, place in outcome.failures
        ),
        place=outcome.at,
        group=outcome.group,
    )


def difference(mismatch: Mismatch, units: Units) -> str:
    """`2025-11-01 · total: expected $12.00, came $10.00`."""
    when = f"{instant_words(mismatch.issued_at)} · " if mismatch.issued_at is not None else ""
    if mismatch.expected is None and mismatch.came is None:
        return f"{when}{mismatch.what}; pricebook test --update writes what comes"
    expected, came = _words(mismatch.expected, mismatch, units), _words(mismatch.came, mismatch, units)
    if mismatch.came is None:
        return f"{when}{mismatch.what}: expected {expected}, but there is none"
    if mismatch.expected is None:
        return f"{when}{mismatch.what}: came {came}, and is not expected"
    return f"{when}{mismatch.what}: expected {expected}, came {came}"


def _words(value: Decimal | str | None, mismatch: Mismatch, units: Units) -> str:
    if isinstance(value, Decimal):
        return money(value, units[mismatch.unit]) if mismatch.unit else f"{value:f}"
    return value or ""
