"""Which model a kind of noun has. A module is imported only when a noun of its kind is met: start-up counts."""

from importlib import import_module
from typing import cast

from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind

_MODULES = {
    Kind.PRICING_UNIT: "unit",
    Kind.BILLABLE_METRIC: "metric",
    Kind.PRODUCT: "product",
    Kind.RATE_CARD: "rate_card",
    Kind.PACKAGE: "package",
    Kind.SCENARIO: "scenario",
    Kind.POLICY_TEST: "policy_test",
    Kind.MIGRATION: "migration",
}


def noun_class(kind: Kind) -> type[Noun]:
    """The model of the nouns of this kind."""
    module = import_module(f"pricebook.catalog.{_MODULES[kind]}")
    return cast(type[Noun], getattr(module, kind.manifest))
