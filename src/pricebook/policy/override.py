"""Rules about overrides: what a package says about prices reaches some price, and says one thing."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pricebook.catalog.canonical import encode
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import plain
from pricebook.catalog.terms import MAGNITUDE, is_fraction
from pricebook.catalog.timeline import read_key, read_schedule, terms_from
from pricebook.catalog.violation import Path
from pricebook.policy.amount import times_words
from pricebook.policy.currency import dollars
from pricebook.policy.fact import CardFacts, Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_ENABLE, SALE

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.override import Override, OverrideSpecifier
    from pricebook.catalog.package import Package

CHEAPEST, DEAREST = Decimal("0.2"), 2
"""A multiplier up to the one or above the other is hardly meant: 0.2 for 20 % off, 20 for 20 %."""


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
        for path, value in _factors(offer.package):
            if not CHEAPEST < value <= DEAREST:
                effect = "everything is free" if not value else f"what is paid is multiplied by {plain(value)}"
                hint = "it is what the list price is multiplied by: 0.8 takes 20 % off"
                yield offer.finding(path, f"{path[-1]} {plain(value)}: {effect}", hint)


def _factors(package: "Package") -> Iterator[tuple[Path, Decimal]]:
    """What prices and payments are multiplied by."""
    for index, override in enumerate(package.overrides):
        if override.multiplier is not None:
            yield ("overrides", index, "multiplier"), override.multiplier
        for number, tier in enumerate(override.tiers):
            yield ("overrides", index, "tiers", number, "multiplier"), tier.multiplier
    for name, threshold in package.thresholds:
        if (discount := threshold.discount_configuration) is not None:
            yield (name, "discount_configuration", "payment_fraction"), discount.payment_fraction


def _far(facts: Facts) -> Iterator[Finding]:
    for offer in facts.offers:
        for index, override in enumerate(offer.package.overrides):
            rate = override.overwrite_rate
            if rate is None or offer.card is None or is_fraction(rate.rate_type):
                continue
            field = "price" if rate.price is not None else "tiers"
            prices = (rate.price,) if rate.price is not None else tuple(tier.price for tier in rate.tiers)
            said = [_worth(price, rate.credit_type, offer.card, facts) for price in prices if price]
            listed = sorted(_listed(override, offer.card, facts))
            if not said or not listed:
                continue
            if min(said) >= MAGNITUDE * listed[-1] or max(said) * MAGNITUDE <= listed[0]:
                low, high = (max(said), listed[0]) if max(said) < listed[0] else (listed[-1], min(said))
                which = "below" if max(said) < listed[0] else "above"
                message = (
                    f"{facts.money(prices[-1], rate.credit_type)} is {times_words(high / low)} {which} the list price"
                    f" on card {offer.card.name}"
                )
                hint = "cents for dollars, or per thousand for per million? Check the unit that the price is for"
                yield offer.finding(("overrides", index, "overwrite_rate", field), message, hint)


def _worth(price: Decimal, unit: str, card: CardFacts, facts: Facts) -> Decimal:
    """About how many dollars; of a unit that nobody can convert the amount itself."""
    found = dollars(price, unit, card, facts)
    return found if found is not None else price


def _listed(override: "Override", card: CardFacts, facts: Facts) -> Iterator[Decimal]:
    """The prices above nothing of what an override reaches, in about dollars."""
    for specifier in override.override_specifiers:
        for product, frequency, groups in facts.changed(specifier, card):
            texts = set(card.schedules[product, frequency])
            if groups:
                keys = ((read_key(key), text) for key, text in card.rates.items() if text in texts)
                texts = {s for k, s in keys if k.product == product and {*groups} <= {*k.pricing_group_values}}
            for text in texts:
                terms = terms_from(read_schedule(text), facts.now)
                for price in terms.prices if terms is not None and not terms.is_fraction else ():
                    if price and terms is not None:
                        yield _worth(price, terms.unit, card, facts)


_WITH_SALE = (AFTER_ENABLE, AFTER_ENABLE + SALE)
_SECOND = SALE.replace("key: sale", "key: loyalty").replace("0.8", "0.9")

_OWN = """\
    - key: own
      type: OVERWRITE
      overwrite_rate: {rate_type: SUBSCRIPTION, price: $8.00}
      starting_at_offset: {value: 0, unit: MONTHS}
      override_specifiers: [{product: fee, billing_frequency: MONTHLY}]
"""

RULES = (
    Rule(
        id="idle-override",
        severity="warning",
        title="An override reaches no rate on its card.",
        why="The discount that was promised is not given, or the subscription that was to be enabled is not.",
        way_out="Check names, tags, frequency and group values against the card.",
        example=Example(
            bad=(_WITH_SALE, ("[{product: tokens}]", "[{product: tokens, pricing_group_values: {model: Large}}]")),
            good=(_WITH_SALE,),
        ),
        check=_idle,
    ),
    Rule(
        id="override-collision",
        severity="warning",
        title="Two overrides of the same kind change the same rates at the same time.",
        why="Discounts are not multiplied: under LOWEST_MULTIPLIER the greatest counts alone. Of two OVERWRITE rates"
        " one is never used.",
        way_out="Keep one, let them follow each other, or set EXPLICIT prioritization.",
        example=Example(bad=((AFTER_ENABLE, AFTER_ENABLE + SALE + _SECOND),), good=(_WITH_SALE,)),
        check=_collision,
    ),
    Rule(
        id="strange-multiplier",
        severity="warning",
        title="What is paid is nothing, a fifth or less, or more than twice the price.",
        why="20 for 20 % makes the price twenty times as high; 0.2 for 20 % off takes 80 % off; 0 gives everything"
        " away.",
        way_out="Write what the list price is multiplied by: 0.8 takes 20 % off.",
        example=Example(bad=(_WITH_SALE, ("multiplier: 0.8", "multiplier: 20")), good=(_WITH_SALE,)),
        check=_strange,
        source="The vendor's OpenAPI document, MULTIPLIER overrides.",
    ),
    Rule(
        id="strange-overwrite",
        severity="warning",
        title="A package's own price is ten times the list price or more, or a tenth of it or less.",
        why="What a package says in place of the card is what its customers pay, and nobody compares it with the list."
        " A factor of ten is a decimal point or another unit, and no discount.",
        way_out="Check the unit that the price is for, and its currency. What is free is not counted.",
        example=Example(
            bad=((AFTER_ENABLE, AFTER_ENABLE + _OWN.replace("$8.00", "$800.00")),),
            good=((AFTER_ENABLE, AFTER_ENABLE + _OWN),),
        ),
        check=_far,
        source="dust-tt/dust#26494: seats are priced in overrides of packages.",
    ),
)
