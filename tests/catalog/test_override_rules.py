"""Overrides: when they hold, what each type needs, and which commits they name."""

from decimal import Decimal

import pytest

from pricebook.catalog.override import Override
from pricebook.catalog.package import Package

NOW = {"value": 0, "unit": "DAYS"}
MONTH = {"value": 1, "unit": "MONTHS"}
BARE = {"starting_at_offset": NOW, "override_specifiers": [{"product": "pro"}]}
HALF = BARE | {"type": "MULTIPLIER", "multiplier": Decimal("0.5")}
OVERWRITE = BARE | {"type": "overwrite", "overwrite_rate": {"rate_type": "FLAT", "price": "$4"}}
TIERED = BARE | {
    "type": "TIERED",
    "priority": 1,
    "tiers": [{"multiplier": 1, "size": 10}, {"multiplier": Decimal("0.9")}],
}
JANUARY = {
    "starting_at": "2026-01-01",
    "ending_before": "2026-02-01",
    "override_specifiers": [{}],
    "type": "MULTIPLIER",
    "multiplier": Decimal("0.8"),
}


def specific(**specifier):
    return HALF | {"is_commit_specific": True, "override_specifiers": [{"product": "pro", **specifier}]}


@pytest.mark.parametrize(
    "spec",
    [
        HALF,
        HALF | {"duration": MONTH, "multiplier": 0},
        OVERWRITE,
        TIERED,
        JANUARY,
        BARE | {"entitled": True, "key": "enable-pro"},
        OVERWRITE | {"entitled": False, "override_specifiers": [{"product": "pro", "billing_frequency": "annual"}]},
        specific(commits=["a"], recurring_commits=["b"]) | {"target": "commit_rate"},
        specific(any_commits_or_credits=["a", "b"]),
        HALF | {"is_commit_specific": True},
    ],
)
def test_overrides_that_hold(broken, spec):
    assert broken(Override, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            OVERWRITE | {"override_specifiers": [{"product": "pro"}, {"product_tags": ["llm"]}]},
            [("overwrite-by-tag", "override_specifiers.1.product_tags")],
        ),
        (BARE, [("no-effect", "type")]),
        # time
        (HALF | {"starting_at_offset": None}, [("missing-field", "starting_at_offset")]),
        (JANUARY | {"starting_at_offset": NOW}, [("conflict", "starting_at")]),
        (JANUARY | {"duration": MONTH}, [("conflict", "duration")]),
        (HALF | {"ending_before": "2026-01-01"}, [("conflict", "ending_before")]),
        (JANUARY | {"ending_before": "2026-01-01"}, [("empty-period", "ending_before")]),
        (HALF | {"duration": {"value": 0, "unit": "DAYS"}}, [("greater_than", "duration.value")]),
        # types
        (HALF | {"multiplier": None}, [("missing-field", "multiplier")]),
        (HALF | {"multiplier": -1}, [("greater_than_equal", "multiplier")]),
        (HALF | {"priority": 0}, [("greater_than", "priority")]),
        (BARE | {"entitled": True, "multiplier": 1}, [("not-applicable", "multiplier")]),
        (OVERWRITE | {"overwrite_rate": None}, [("missing-field", "overwrite_rate")]),
        (OVERWRITE | {"multiplier": 1}, [("not-applicable", "multiplier")]),
        (HALF | {"overwrite_rate": OVERWRITE["overwrite_rate"]}, [("not-applicable", "overwrite_rate")]),
        (HALF | {"tiers": TIERED["tiers"]}, [("not-applicable", "tiers")]),
        (TIERED | {"tiers": []}, [("missing-field", "tiers")]),
        (TIERED | {"tiers": TIERED["tiers"][:1]}, [("tier-gap", "tiers.0.size")]),
        (TIERED | {"tiers": TIERED["tiers"][1:] * 2}, [("tier-gap", "tiers.0")]),
        (TIERED | {"priority": None}, [("missing-field", "priority")]),
        # commits
        (HALF | {"target": "COMMIT_RATE"}, [("not-applicable", "target")]),
        (
            specific(commits=["a"]) | {"is_commit_specific": False},
            [("not-applicable", "override_specifiers.0.commits")],
        ),
        (specific(product=None, commits=["a"]), [("missing-field", "override_specifiers.0.commits")]),
        (
            specific(commits=["a"], any_commits_or_credits=["b"]),
            [("conflict", "override_specifiers.0.any_commits_or_credits")],
        ),
        (specific(commits=["a", "a"]), [("duplicate", "override_specifiers.0.commits.1")]),
        (HALF | {"customer_id": "x"}, [("forbidden-field", "customer_id")]),
    ],
)
def test_what_an_override_must_keep(broken, spec, expected):
    assert broken(Override, spec) == expected


COMMIT = {
    "key": "annual",
    "type": "PREPAID",
    "product": "commit",
    "access_schedule": {"schedule_items": [{"amount": 1000, "starting_at_offset": NOW, "duration": MONTH}]},
}
CREDIT = {"key": "welcome", "product": "commit", "access_schedule": COMMIT["access_schedule"]}
RECURRING = {
    "key": "monthly",
    "product": "commit",
    "access_amount": {"unit_price": 1000},
    "priority": 1,
    "commit_duration": {"value": 1},
    "starting_at_offset": NOW,
}
TERMS = {
    "commits": [COMMIT],
    "credits": [CREDIT],
    "recurring_commits": [RECURRING],
    "recurring_credits": [RECURRING | {"key": "free"}],
}


def package(*overrides, **fields):
    return {"name": "P", "rate_card": "card", **TERMS, "overrides": overrides, **fields}


@pytest.mark.parametrize(
    "spec",
    [
        package(specific(commits=["annual"], recurring_commits=["monthly"])),
        package(specific(any_commits_or_credits=["annual", "welcome", "monthly", "free"])),
        package(HALF, OVERWRITE),
        package(HALF | {"priority": 2}, TIERED, OVERWRITE, multiplier_override_prioritization="explicit"),
    ],
)
def test_overrides_that_agree_with_their_package(broken, spec):
    assert broken(Package, spec) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (package(HALF, rate_card=None), [("missing-field", "rate_card")]),
        (package(TIERED), [("prioritization", "overrides.0.type")]),
        (
            package(HALF, multiplier_override_prioritization="EXPLICIT"),
            [("missing-field", "overrides.0.priority")],
        ),
        (
            package(specific(commits=["anual"])),
            [("unknown-key", "overrides.0.override_specifiers.0.commits.0")],
        ),
        (
            package(specific(recurring_commits=["annual"])),
            [("unknown-key", "overrides.0.override_specifiers.0.recurring_commits.0")],
        ),
        (
            package(specific(any_commits_or_credits=["annual", "nothing"])),
            [("unknown-key", "overrides.0.override_specifiers.0.any_commits_or_credits.1")],
        ),
        (
            package(specific(any_commits_or_credits=["annual"]), credits=[CREDIT | {"key": "annual"}]),
            [("ambiguous-key", "overrides.0.override_specifiers.0.any_commits_or_credits.0")],
        ),
    ],
)
def test_what_overrides_must_keep_in_their_package(broken, spec, expected):
    assert broken(Package, spec) == expected
