"""Rules about overrides: what a package says about prices reaches some price, and says one thing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import plain
from pricebook.policy.fact import CardFacts, Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_ENABLE, SALE

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.override import Override, OverrideSpecifier

DEAREST = 2
"""A multiplier above this is hardly meant."""


def _idle(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        card = offer.card
        for i, override in enumerate(offer.package.overrides if card is not None else ()):
            for j, specifier in enumerate(override.override_specifiers):
                assert card is not None
                lack = _lack(specifier, card, facts)
                if lack:
                    at = ("overrides", i, "override_specifiers", j)
                    message = f"the specifier reaches no rate on card {card.name}: {lack}"
                    hint = "the override does nothing; check names, tags and values letter for letter"
                    yield offer.finding(at, message, hint)


def _lack(specifier: "OverrideSpecifier", card: CardFacts, facts: Facts) -> str:
    """Why the specifier reaches nothing; empty when it does."""
    products = facts.reached(specifier, card)
    if not products:
        if specifier.product is not None:
            return f"{specifier.product} has none there"
        return f"no product there has the tags {', '.join(specifier.product_tags)}"
    frequency = specifier.billing_frequency
    if frequency is not None and not any((product, frequency) in card.schedules for product in products):
        return f"there is no {frequency} one"
    for group in specifier.pricing_group_values.items():
        if group not in card.group_values:
            return f"no rate is for {group[0]} {group[1]}"
    return ""


def _collision(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        seen: dict[tuple[str, str], list[tuple[int, Override]]] = {}
        for index, override in enumerate(offer.package.overrides):
            if override.type == "OVERWRITE":
                hint = "one of the two rates is never used"
            elif override.type == "MULTIPLIER" and offer.package.multiplier_override_prioritization != "EXPLICIT":
                hint = "only the greatest discount counts, they are not multiplied"
            else:
                continue
            for text in {encode(spec_of(specifier)) for specifier in override.override_specifiers}:
                others = seen.setdefault((override.type, text), [])
                clash = next((i for i, other in others if _at_once(other, override)), None)
                if clash is not None:
                    both = f"{offer.term(('overrides', index))} and {offer.term(('overrides', clash))}"
                    yield offer.finding(("overrides", index), f"{both} change the same rates at once", hint)
                others.append((index, override))


def _at_once(one: "Override", other: "Override") -> bool:
    """Whether two overrides share a time; one that is dated and one that is not are taken to."""
    if (one.starting_at is None) != (other.starting_at is None):
        return True
    (start, end), (begin, stop) = _span(one), _span(other)
    return (end is None or begin < end) and (stop is None or start < stop)


def _span(override: "Override") -> tuple[str, str | None]:
    if override.starting_at is not None:
        end = override.ending_before
        return instant_text(override.starting_at), instant_text(end) if end is not None else None
    start = override.starting_at_offset.days if override.starting_at_offset is not None else 0
    return f"{start:09}", f"{start + override.duration.days:09}" if override.duration is not None else None


def _strange(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        for index, override in enumerate(offer.package.overrides):
            value = override.multiplier
            if value is None or 0 < value <= DEAREST:
                continue
            effect = "everything is free" if not value else f"the price is multiplied by {plain(value)}"
            message = f"multiplier {plain(value)}: {effect}"
            hint = "a multiplier is what the list price is multiplied by: 0.8 takes 20 % off"
            yield offer.finding(("overrides", index, "multiplier"), message, hint)


_WITH_SALE = (AFTER_ENABLE, AFTER_ENABLE + SALE)
_SECOND = SALE.replace("key: sale", "key: loyalty").replace("0.8", "0.9")

RULES = (
    Rule(
        "idle-override",
        "warning",
        "An override reaches no rate on its card.",
        "The discount that was promised is not given, or the subscription that was to be enabled is not.",
        "Check names, tags, frequency and group values against the card.",
        Example(
            bad=(
                _WITH_SALE,
                (
                    "override_specifiers: [{product: tokens}]",
                    "override_specifiers: [{product: tokens, pricing_group_values: {model: Large}}]",
                ),
            ),
            good=(_WITH_SALE,),
        ),
        _idle,
    ),
    Rule(
        "override-collision",
        "warning",
        "Two overrides of the same kind change the same rates at the same time.",
        "Discounts are not multiplied: under LOWEST_MULTIPLIER the greatest counts alone. Of two OVERWRITE rates one is"
        " never used.",
        "Keep one, let them follow each other, or set EXPLICIT prioritization.",
        Example(bad=((AFTER_ENABLE, AFTER_ENABLE + SALE + _SECOND),), good=(_WITH_SALE,)),
        _collision,
        source="domain.md, trap 10.",
    ),
    Rule(
        "strange-multiplier",
        "warning",
        "A multiplier is 0, or more than twice the price.",
        "20 for 20 % makes the price twenty times as high; 0 gives everything away.",
        "Write what the list price is multiplied by: 0.8 takes 20 % off.",
        Example(bad=(_WITH_SALE, ("multiplier: 0.8", "multiplier: 20")), good=(_WITH_SALE,)),
        _strange,
        source="The vendor's OpenAPI document, MULTIPLIER overrides.",
    ),
)
