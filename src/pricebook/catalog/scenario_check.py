"""What a scenario says of other nouns: its package, the products that are used, the subscriptions that have seats."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.path import labels
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import did_you_mean, quote

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package
    from pricebook.catalog.scenario import Scenario


def package_at(alias: str, catalog: Catalog, at: datetime) -> str | None:
    """The package that an alias names at an instant."""
    for name in sorted(catalog.packages):
        for held in catalog.packages[name].aliases:
            if held.name == alias and held.holds(at):
                return name
    return None


def package_of(scenario: "Scenario", catalog: Catalog) -> str | None:
    """The package that the scenario's contract is on; None where the alias names none."""
    if scenario.package_alias is None:
        return scenario.package
    return package_at(scenario.package_alias, catalog, scenario.starting_at)


def check_scenarios(nouns: Mapping[Ref, Noun], catalog: Catalog) -> Iterator[tuple[Ref, Path, Violation]]:
    """Every broken rule of those of the nouns that are scenarios, with its place. What does not exist has been
    reported."""
    for ref, noun in nouns.items():
        if ref.kind is Kind.SCENARIO:
            for path, violation in _check(cast("Scenario", noun), catalog):
                yield ref, path, violation


def _check(scenario: "Scenario", catalog: Catalog) -> Iterator[tuple[Path, Violation]]:
    name = package_of(scenario, catalog)
    if name is None and scenario.package_alias is not None:
        aliases = {alias.name for package in catalog.packages.values() for alias in package.aliases}
        hint = did_you_mean(scenario.package_alias, aliases) or "give the alias to a package, under its aliases"
        message = f"no package has the alias {quote(scenario.package_alias)} on {scenario.starting_at:%Y-%m-%d}"
        yield ("package_alias",), Violation("unknown-reference", message, (), hint)
    for index, entry in enumerate(scenario.usage):
        product = catalog.products.get(entry.product)
        if product is None:
            continue
        if product.type != "USAGE":
            message = f"product {quote(entry.product)} is {product.type}; only USAGE products are used"
            hint = "a subscription's quantity stands under seats"
            yield ("usage", index, "product"), Violation("product-type", message, (), hint)
            continue
        missing = [key for key in product.pricing_group_key if key not in entry.group_values]
        if missing:
            message = f"product {quote(entry.product)} is priced by {', '.join(product.pricing_group_key)}"
            hint = f"add {missing[0]}: ... to group_values"
            yield ("usage", index, "group_values"), Violation("pricing-group-key", message, (), hint)
    package = catalog.packages.get(name) if name is not None else None
    if package is not None:
        yield from _check_seats(scenario, package)


def _check_seats(scenario: "Scenario", package: "Package") -> Iterator[tuple[Path, Violation]]:
    keys = [label.text for label in labels(package.subscriptions)]
    for index, entry in enumerate(scenario.seats):
        if entry.subscription not in keys:
            hint = did_you_mean(entry.subscription, keys) or f"known keys: {', '.join(keys) or 'none'}"
            message = f"none of the package's subscriptions has the key {quote(entry.subscription)}"
            yield ("seats", index, "subscription"), Violation("unknown-key", message, (), hint)
