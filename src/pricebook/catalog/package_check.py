"""What a package and the nouns it refers to say of each other: product types, rates on its card, units, seats."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.product import Product
from pricebook.catalog.product_check import has_group_key
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import is_fraction
from pricebook.catalog.traverse import names, references
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package
    from pricebook.catalog.specifier import Applicable

FieldViolation = tuple[Path, Violation]


def check_package(package: "Package", card: str | None, catalog: Catalog) -> Iterator[FieldViolation]:
    """Every broken rule of one package. `card` is the rate card it uses, or None when that cannot be told: then what
    depends on the card is not checked."""
    yield from _check_types(package, catalog)
    yield from _check_overwrites(package, catalog)
    yield from _check_quantities(package)
    if card is not None and card in catalog.cards:
        yield from _check_rates(package, card, catalog)
        yield from _check_units(package, card, catalog)
    yield from _check_seats(package, card, catalog)


def priced_on(card: str, catalog: Catalog) -> frozenset[tuple[str, str | None]]:
    """The (product, billing frequency) pairs with a rate on the card of a desired catalogue."""
    return cast(RateBook, catalog.rates[card]).priced if card in catalog.rates else frozenset()


def _check_types(package: "Package", catalog: Catalog) -> Iterator[FieldViolation]:
    products = catalog.products
    for at, field, name in names(package):
        product = products.get(name) if field.type else None
        if product is not None and product.type != field.type:
            message = f"product {quote(name)} is {product.type}; here a {field.type} product is needed"
            related = (("the product", Ref(Kind.PRODUCT, name), ("type",)),)
            yield at, Violation("product-type", message, (), f"name a {field.type} product", related)


def _check_overwrites(package: "Package", catalog: Catalog) -> Iterator[FieldViolation]:
    """An OVERWRITE of a subscription says the frequency, too (page "Provision your customer"); what only entitles need
    not. Where it goes by pricing group values it has one for each key ("all pricing group values must be named", page
    "Contract edits and overrides")."""
    for index, override in enumerate(package.overrides):
        for position, specifier in enumerate(override.override_specifiers if override.type == "OVERWRITE" else ()):
            at = ("overrides", index, "override_specifiers", position)
            product = catalog.products.get(specifier.product or "")
            if product is not None and product.type == "SUBSCRIPTION" and specifier.billing_frequency is None:
                message = f"an OVERWRITE of the subscription {quote(specifier.product)} has to say billing_frequency"
                hint = "add billing_frequency: MONTHLY, or that of the rate which it replaces"
                related = (("the product", Ref(Kind.PRODUCT, specifier.product or ""), ("type",)),)
                yield at, Violation("missing-field", message, (), hint, related)
            said = specifier.pricing_group_values
            lacking = [k for k in product.pricing_group_key if k not in said] if product is not None and said else []
            if lacking:
                message = (
                    f"an OVERWRITE by pricing group values has to name all of them: {', '.join(lacking)} is missing"
                )
                hint = f"add {lacking[0]}: ..., a specifier for each value"
                related = (("the product", Ref(Kind.PRODUCT, specifier.product or ""), ("pricing_group_key",)),)
                yield (*at, "pricing_group_values"), Violation("pricing-group-key", message, (), hint, related)


def _check_quantities(package: "Package") -> Iterator[FieldViolation]:
    """What is granted for a subscription is counted by its quantity: one of its own is refused by the vendor (400 "must
    not specify a quantity if a subscription is configured")."""
    for at, term in package.recurring:
        if term.subscription_config is not None and term.access_amount.quantity is not None:
            message = "quantity stands beside subscription_config, whose subscription says how many"
            hint = "remove it, or the subscription_config"
            yield (*at, "access_amount", "quantity"), Violation("conflict", message, (), hint)


def _check_rates(package: "Package", card: str, catalog: Catalog) -> Iterator[FieldViolation]:
    priced = priced_on(card, catalog)
    for index, subscription in enumerate(package.subscriptions):
        rate = subscription.subscription_rate
        product = catalog.products.get(rate.product)
        if product is None or product.type != "SUBSCRIPTION" or (rate.product, rate.billing_frequency) in priced:
            continue
        others = sorted(frequency for name, frequency in priced if name == rate.product and frequency)
        hint = f"it has {', '.join(others)}" if others else "add the rate to the card, or name another card"
        message = f"rate card {quote(card)} has no {rate.billing_frequency} rate for product {quote(rate.product)}"
        related = (("the rate card", Ref(Kind.RATE_CARD, card), ()),)
        at = ("subscriptions", index, "subscription_rate")
        yield at, Violation("no-rate", message, (), hint, related)


def _check_units(package: "Package", name: str, catalog: Catalog) -> Iterator[FieldViolation]:
    card = catalog.cards[name]
    known = {card.fiat_credit_type, *(conversion.custom_credit_type for conversion in card.credit_type_conversions)}
    for path, kind, unit in references(package):
        if kind is not Kind.PRICING_UNIT or unit in known:
            continue
        if path[0] == "overrides" and is_fraction(_overwrite_type(package, path)):
            continue  # a percentage has no pricing unit of its own
        message = f"rate card {quote(name)} has no conversion for pricing unit {quote(unit)}"
        hint = f"use {card.fiat_credit_type}, or add the unit to the card's credit_type_conversions"
        related = (("the rate card", Ref(Kind.RATE_CARD, name), ("credit_type_conversions",)),)
        yield path, Violation("unit-not-on-card", message, (), hint, related)


def _overwrite_type(package: "Package", path: Path) -> str:
    rate = package.overrides[int(path[1])].overwrite_rate
    return rate.rate_type if rate is not None else ""


def _check_seats(package: "Package", card: str | None, catalog: Catalog) -> Iterator[FieldViolation]:
    """Of a balance per seat: every usage product it applies to can tell the seats apart, and so can its metric."""
    seats = {s.key: s.seat_config for s in package.subscriptions if s.key is not None}
    for at, term in package.recurring:
        config = term.subscription_config
        seat = seats.get(config.subscription) if config is not None else None
        if config is None or config.allocation != "INDIVIDUAL" or seat is None:
            continue
        for product in _applicable(term, card, catalog):
            lack = _lacks_seat(catalog.products[product], seat.seat_group_key, catalog)
            if lack:
                message = f"a balance per seat applies to product {quote(product)}, but {lack}"
                hint = f"{quote(seat.seat_group_key)} has to be a group key of both, or narrow applicable_products"
                related = (("the product", Ref(Kind.PRODUCT, product), ("presentation_group_key",)),)
                yield (*at, "subscription_config", "allocation"), Violation("seat-key", message, (), hint, related)


def _lacks_seat(product: Product, key: str, catalog: Catalog) -> str:
    if key not in product.presentation_group_key and key not in product.pricing_group_key:
        return f"{quote(key)} is in neither its presentation nor its pricing group key"
    metric = catalog.metrics.get(product.billable_metric or "")
    if metric is not None and not has_group_key(metric, frozenset({key})):
        return f"{quote(key)} is no group key of its metric {quote(product.billable_metric)}"
    return ""


def _applicable(term: "Applicable", card: str | None, catalog: Catalog) -> list[str]:
    """The USAGE products on the card that the balance applies to: those it names, or all when it names none. Where the
    card cannot be told, all that it names."""
    on_card = {name for name, _ in priced_on(card, catalog)} if card is not None else None
    usage = {
        name: product
        for name, product in catalog.products.items()
        if product.type == "USAGE" and (on_card is None or name in on_card)
    }
    if on_card is None:
        named = tuple(each for each in term.specifiers if each.product is not None or each.product_tags)
        if not (term.applicable_products or term.applicable_product_tags or named):
            return []
        term = term.model_copy(update={"specifiers": named})
    return [name for name, product in usage.items() if term.reaches(name, product.tags)]
