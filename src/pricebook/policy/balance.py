"""Rules about commits and credits: what is granted can be used, for as long and on as much as was meant."""

from collections.abc import Iterator
from typing import Any

from pricebook.catalog.calendar import MONTHS, rough_days
from pricebook.catalog.declared import fields_of, granting_lists, lists_of
from pricebook.catalog.model import Model
from pricebook.catalog.violation import Path
from pricebook.policy.fact import CardedPackage, CardFacts, Facts
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_CREDIT, ahead_of, declared

PAID = ("invoice_amount", "invoice_schedule")


def balances(facts: Facts, *having: str) -> Iterator[tuple[CardedPackage, Path, Any]]:
    """What packages grant; or of it what can have one of these fields."""
    for offer in facts.offers:
        lists = lists_of(type(offer.package))
        for name in granting_lists(type(offer.package)):
            if not having or any(field in fields_of(lists[name].model) for field in having):
                for index, term in enumerate(getattr(offer.package, name)):
                    yield offer, (name, index), term


def _on_cards(facts: Facts) -> Iterator[tuple[CardedPackage, CardFacts, Path, Any]]:
    """The same, with the card, of packages that have one with rates."""
    return ((offer, offer.card, path, term) for offer, path, term in balances(facts) if offer.card is not None)


def _is_paid(term: Model) -> bool:
    return any(name in fields_of(type(term)) for name in PAID)


def _short(facts: Facts) -> Iterator[Finding]:
    for offer, path, term in balances(facts, "access_amount"):
        length = term.duration or offer.package.duration
        period = rough_days(1, term.recurrence_frequency or "MONTHLY")
        if length is None or length.days >= period - 2 or term.proration == "NONE":
            continue  # without proration the grant is whole: the vendor's idiom for one that is given once
        which = "the contract" if term.duration is None else "its duration"
        message = (
            f"{which} of {length.value} {length.unit} is shorter than one period of a"
            f" {term.recurrence_frequency or 'MONTHLY'} grant;"
            f" with proration {term.proration} it grants {length.days}/{period} of the amount"
        )
        hint = "say proration: NONE for the whole amount; or recur more often, or last longer"
        at = (*path, "duration") if term.duration is not None else (*path, "recurrence_frequency")
        yield offer.finding(at, message, hint)


def _part(facts: Facts) -> Iterator[Finding]:
    for offer, path, term in balances(facts, "access_amount"):
        length, frequency = term.duration, term.recurrence_frequency or "MONTHLY"
        if length is None or term.proration not in ("LAST", "FIRST_AND_LAST"):
            continue
        if length.days < rough_days(1, frequency) - 2 or _whole(length, frequency):
            continue
        message = (
            f"{length.value} {length.unit} are no whole number of {frequency} periods: with proration"
            f" {term.proration} the last grant is a part of the amount"
        )
        hint = "make the duration a multiple of the period, or say proration: NONE"
        yield offer.finding((*path, "duration"), message, hint)


def _whole(length: Any, frequency: str) -> bool:
    if frequency in MONTHS:
        return length.unit in MONTHS and length.value * MONTHS[length.unit] % MONTHS[frequency] == 0
    days = {"DAYS": length.value, "WEEKS": length.value * 7}.get(length.unit)
    return frequency == "DAILY" or (days is not None and days % rough_days(1, frequency) == 0)


def _idle(facts: Facts) -> Iterator[Finding]:
    for offer, card, path, term in _on_cards(facts):
        if facts.reached(term, card):
            continue
        given = [f for f in ("applicable_products", "applicable_product_tags", "specifiers") if getattr(term, f)]
        message = f"nothing on card {card.name} is what it applies to: it can never be used"
        hint = f"check {' and '.join(given) or 'the rates of the card'}"
        yield offer.finding((*path, *given[:1]), message, hint)


def _unit(facts: Facts) -> Iterator[Finding]:
    for offer, card, path, term in _on_cards(facts):
        field = next(name for name in ("access_amount", "access_schedule") if hasattr(term, name))
        access = getattr(term, field)
        if access.access_type != "SPEND":
            continue
        units = {
            card.card.fiat_credit_type if terms.is_fraction else terms.unit
            for product in facts.reached(term, card)
            for terms in card.terms_of(product, facts.now)
        }
        if not units or access.credit_type in units:
            continue
        message = (
            f"it is in {access.credit_type}, but what it applies to on card {card.name} is priced in"
            f" {', '.join(sorted(units))}"
        )
        hint = "grant it in the unit of the prices, or price something it applies to in its unit"
        yield offer.finding((*path, field), message, hint)


def _tie(facts: Facts) -> Iterator[Finding]:
    seen: dict[str, list[tuple[Path, Any]]] = {}
    for offer, card, path, term in _on_cards(facts):
        before = seen.setdefault(offer.name, [])
        for at, other in before if term.priority is not None else ():
            alike = term.priority == other.priority and _is_paid(term) != _is_paid(other)
            if alike and facts.reached(term, card) & facts.reached(other, card):
                message = f"{offer.term(path)} and {offer.term(at)} have the same priority {term.priority}"
                hint = "a paid commit may burn before a free credit: give the one to be used first the lower number"
                yield offer.finding((*path, "priority"), message, hint)
        before.append((path, term))


_COMMIT = """\
  commits:
    - key: prepaid
      type: PREPAID
      product: gift
      priority: 2
      access_schedule:
        schedule_items:
          - {amount: $1200.00, starting_at_offset: {value: 0, unit: MONTHS}, duration: {value: 12, unit: MONTHS}}
      invoice_schedule:
        schedule_items: [{unit_price: $1000.00, quantity: 1, date_offset: {value: 0, unit: MONTHS}}]
"""
WITH_COMMIT = ("  recurring_credits:\n", _COMMIT + "  recurring_credits:\n")
RULES = (
    Rule(
        id="short-credit",
        severity="error",
        title="A recurring grant lasts shorter than its period.",
        why="A yearly credit of a package that lasts a month is granted once and, prorated, is a 365th or a twelfth of"
        " what the page promises. The customer sees some cents.",
        way_out="Recur as often as the amount says, or grant it once.",
        example=Example(bad=(("recurrence_frequency: MONTHLY", "recurrence_frequency: ANNUAL"),)),
        check=_short,
        source="The vendor's OpenAPI document, proration of recurring credits: FIRST_AND_LAST is the default.",
    ),
    Rule(
        id="part-period",
        severity="warning",
        title="The duration of a recurring grant is no whole number of its periods.",
        why="The last grant is prorated: of three and a half months the fourth credit is half of one.",
        way_out="Make the duration a multiple of the period, or say `proration: NONE`.",
        example=Example(bad=((AFTER_CREDIT, "      duration: {value: 100, unit: DAYS}\n"),)),
        check=_part,
        source="The vendor's OpenAPI document, proration of recurring credits.",
    ),
    Rule(
        id="idle-credit",
        severity="error",
        title="A commit or credit applies to no product on its card.",
        why="The customer has paid for, or was promised, a balance that never goes down.",
        way_out="Check the names and tags; a tag is one that the products have, letter for letter.",
        example=Example(bad=(("applicable_product_tags: [compute]", "applicable_product_tags: [Compute]"),)),
        check=_idle,
    ),
    Rule(
        id="credit-unit",
        severity="error",
        title="A commit or credit is in another pricing unit than everything that it applies to.",
        why="A balance in dollars is not drawn down by prices in tokens, nor the other way round.",
        way_out="Grant it in the unit of the prices.",
        example=Example(
            bad=(
                ("access_amount: {unit_price: $5.00}", "access_amount: {unit_price: 500, credit_type: points}"),
                (
                    "  aliases: [{name: standard}]",
                    "  aliases: [{name: standard}]\n  credit_type_conversions:"
                    " [{custom_credit_type: points, fiat_per_custom_credit: $0.01}]",
                ),
                ahead_of("RateCard", "standard", declared("PricingUnit", "points", "{name: Points}")),
            ),
        ),
        check=_unit,
        source="[assumed]: no source says that a balance in one unit covers prices in another.",
    ),
    Rule(
        id="priority-tie",
        severity="note",
        title="A paid commit and a free credit have the same priority.",
        why="Balances burn by priority, then by what they cost: which of the two is used first is left to the tie.",
        way_out="Give the one that shall be used first the lower priority.",
        example=Example(bad=(WITH_COMMIT, ("priority: 2", "priority: 1")), good=(WITH_COMMIT,)),
        check=_tie,
    ),
)
