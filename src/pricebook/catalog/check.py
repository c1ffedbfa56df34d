"""Rules across nouns: what a catalogue must keep that no noun can tell alone.

References are resolved by the loader, so a target that is missing is skipped here: it has been reported.
"""

from collections.abc import Iterator

from pricebook.catalog.alias import overlap, schedule_words
from pricebook.catalog.amount import USD
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias
from pricebook.catalog.package_check import check_package, priced_on
from pricebook.catalog.product_check import check_products
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key, units_of_schedule
from pricebook.catalog.unit import BUILT_IN
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote

NounViolation = tuple[Ref, Path, Violation]


def check_catalog(catalog: Catalog) -> Iterator[NounViolation]:
    """Every broken rule: the noun in which it is mended, the place below it, and what is wrong."""
    yield from _check_units(catalog)
    yield from check_products(catalog)
    yield from _check_cards(catalog)
    yield from _check_identities(catalog)
    for name, package in catalog.packages.items():
        used = catalog.only_card(package.rate_card, package.rate_card_alias)
        for path, violation in check_package(package, used, catalog):
            yield Ref(Kind.PACKAGE, name), path, violation
    for kind, aliases in (
        (Kind.RATE_CARD, {name: card.aliases for name, card in catalog.cards.items()}),
        (Kind.PACKAGE, {name: package.aliases for name, package in catalog.packages.items()}),
    ):
        yield from _check_alias_owners(kind, aliases)


def _check_units(catalog: Catalog) -> Iterator[NounViolation]:
    unit = catalog.units.get(USD)
    if unit is not None and unit != BUILT_IN[USD]:
        message = f"{quote(USD)} is the built-in pricing unit of USD in cents; it cannot be redefined"
        yield Ref(Kind.PRICING_UNIT, USD), (), Violation("reserved-name", message, (), "give the unit another name")


def _check_identities(catalog: Catalog) -> Iterator[NounViolation]:
    """What an account cannot mark it knows by what it says: two that say the same are one there."""
    first: dict[tuple[Kind, tuple[str, ...]], Ref] = {}
    for ref, noun in catalog.nouns.items() if any(noun.called for noun in catalog.nouns.values()) else ():
        other = first.setdefault((ref.kind, noun.identity), ref) if noun.called else ref
        if other != ref:
            said = " and ".join(f"{name} {quote(getattr(noun, name))}" for name in noun.called)
            message = f"{other.name} has {said} too, which is all that an account tells"
            related = (("the other", other, ()),)
            yield ref, (noun.called[-1],), Violation("duplicate", message, (), "remove one of them", related)


def _check_cards(catalog: Catalog) -> Iterator[NounViolation]:
    units = {**BUILT_IN, **catalog.units}
    for name, card in catalog.cards.items():
        ref = Ref(Kind.RATE_CARD, name)
        fiat = units.get(card.fiat_credit_type)
        if fiat is not None and fiat.currency is None:
            message = f"fiat_credit_type {quote(card.fiat_credit_type)} is a custom unit, not a currency"
            hint = "name a unit with a currency; custom units belong to credit_type_conversions"
            yield ref, ("fiat_credit_type",), Violation("not-a-currency", message, (), hint)
        for index, conversion in enumerate(card.credit_type_conversions):
            unit = units.get(conversion.custom_credit_type)
            if unit is not None and unit.currency is not None:
                message = f"{quote(conversion.custom_credit_type)} is the currency {unit.currency}, not a custom unit"
                at = ("credit_type_conversions", index, "custom_credit_type")
                hint = f"prices in {unit.currency} stand on a card of their own, with that as its fiat_credit_type"
                yield ref, at, Violation("currency-conversion", message, (), hint)
        rates = catalog.rates.get(name, NO_RATES) if card.credit_type_conversions else NO_RATES
        for key, text in rates.items():
            if text.count('"rate_type"') > 1 and len(found := units_of_schedule(text)) > 1:
                message = f"{read_key(key)} is priced in {' and '.join(sorted(found))}: a rate keeps its pricing unit"
                hint = "price a new product in the other unit: the vendor refuses to change that of a rate"
                yield ref, ("rates",), Violation("unit-changes", message, (), hint)
        priced = {product for product, _ in priced_on(name, catalog)} if card.product_order else set()
        for index, product in enumerate(card.product_order):
            if product not in priced and product in catalog.products:
                message = f"product {quote(product)} has no rate on this card"
                yield ref, ("product_order", index), Violation("no-rate", message, (), "add a rate, or take it out")


def _check_alias_owners(kind: Kind, aliases: dict[str, tuple[Alias, ...]]) -> Iterator[NounViolation]:
    """An alias belongs to one object at a time. The vendor lets the last assignment win: here it is a mistake."""
    seen: dict[str, list[tuple[str, int, Alias]]] = {}
    for owner in sorted(aliases):
        for index, alias in enumerate(aliases[owner]):
            for other, at, earlier in seen.get(alias.name, ()):
                if other != owner and overlap(earlier, alias):
                    message = (
                        f"the alias {quote(alias.name)} is held twice at once: here {schedule_words(alias)},"
                        f" by {kind.words} {quote(other)} {schedule_words(earlier)}"
                    )
                    related = (("it also stands here", Ref(kind, other), ("aliases", at)),)
                    hint = "end the one before the other starts"
                    violation = Violation("alias-collision", message, (), hint, related)
                    yield Ref(kind, owner), ("aliases", index), violation
            seen.setdefault(alias.name, []).append((owner, index, alias))
