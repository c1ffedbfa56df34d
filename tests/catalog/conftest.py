"""Reading broken rules out of a validation, the way the loader does."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from pricebook.catalog.amount import Scale
from pricebook.catalog.fingerprint import tupled
from pricebook.catalog.model import Model
from pricebook.catalog.violation import Path, RefusedValue, Violation

Broken = Callable[..., list[tuple[str, str]]]
Violations = Callable[..., list[tuple[Path, Violation]]]

OUR_CODES = frozenset(
    [
        "aggregation-key",
        "alias-overlap",
        "ambiguous-key",
        "conflict",
        "daily-recurrence",
        "duplicate",
        "duplicate-key",
        "empty",
        "empty-period",
        "forbidden-field",
        "missing-field",
        "no-effect",
        "not-applicable",
        "not-money",
        "out-of-range",
        "postpaid-items",
        "postpaid-total",
        "prioritization",
        "seat-allocation",
        "tier-gap",
        "unknown-field",
        "unknown-key",
    ]
)
"""The codes of rules that nouns keep alone; each says a way out."""

UNITS = {
    "usd": Scale("USD", 2),
    "eur": Scale("EUR", 0),
    "tokens": Scale(None, 0),
}


def _violations(model: type[Model], spec: Mapping[str, Any]) -> list[tuple[Path, Violation]]:
    try:
        model.model_validate(tupled(spec), context={"units": UNITS})
    except ValidationError as error:
        found: list[tuple[Path, Violation]] = []
        for one in error.errors():
            path: Path = tuple(one["loc"])
            if one["type"] == "rules":
                found += [(path + v.at, v) for v in one["ctx"]["violations"]]
            elif isinstance(one["input"], RefusedValue):
                found.append((path, one["input"].violation))
            else:
                found.append((path, Violation(one["type"], one["msg"])))
        return found
    return []


@pytest.fixture
def violations() -> Violations:
    """Every broken rule of a spec, with its whole path; pydantic's own errors under pydantic's names."""
    return _violations


@pytest.fixture
def broken() -> Broken:
    """The code and the dotted path of every broken rule of a spec, sorted."""

    def broken_rules(model: type[Model], spec: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = _violations(model, spec)
        assert [v.message for _, v in found if not v.hint and v.code in OUR_CODES] == [], "a rule without a way out"
        return sorted((v.code, ".".join(map(str, path))) for path, v in found)

    return broken_rules
