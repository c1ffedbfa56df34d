"""Rules about how much: prices that are in the wrong unit, currency or period."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pricebook.catalog.calendar import PER_YEAR
from pricebook.catalog.model import Path
from pricebook.catalog.money import EXACT, plain, to_api_unit, to_major_unit
from pricebook.catalog.reference import Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, Timeline, key_text, read_key, terms_at
from pricebook.policy.fact import CardFacts, Facts, card_ref, package_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_RATES

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package

CHEAPEST = Decimal("0.5")
"""The least share of the monthly price that a month of a longer period may cost."""

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}
"""ISO 4217: decimals of currencies that have not two."""


def _annual(facts: Facts) -> Iterator[Finding]:
    for card in facts.cards.values():
        families: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, Timeline]] = {}
        for text, timeline in card.subscriptions.items():
            key = read_key(text)
            families.setdefault((key.product, key.pricing_group_values), {})[key.billing_frequency or ""] = timeline
        for (product, groups), by_frequency in sorted(families.items()):
            order = sorted(by_frequency, key=PER_YEAR.__getitem__, reverse=True)
            base = "MONTHLY" if "MONTHLY" in by_frequency else order[0]
            for frequency in order:
                if PER_YEAR[frequency] >= PER_YEAR[base]:
                    continue
                rate = key_text(RateKey(product, frequency, groups))
                yield from _dearer(facts, card, rate, by_frequency[frequency], frequency, by_frequency[base], base)


def _dearer(
    facts: Facts, card: CardFacts, key: str, timeline: Timeline, frequency: str, base: Timeline, name: str
) -> Iterator[Finding]:
    """The first instant from now on at which a longer period's price does not fit that of the shorter one."""
    instants = sorted({facts.now, *(s.starting_at for s in (*timeline, *base) if s.starting_at > facts.now)})
    for instant in instants:
        long, short = terms_at(timeline, instant), terms_at(base, instant)
        one, other = flat_price(long), flat_price(short)
        if one is None or other is None or one[1] != other[1] or not other[0]:
            continue
        periods = Decimal(PER_YEAR[name]) / PER_YEAR[frequency]
        share = EXACT.divide(one[0], EXACT.multiply(other[0], periods))
        if CHEAPEST <= share <= 1:
            continue
        many = f"{plain(periods.quantize(Decimal(1)))} {name} ones of {facts.money(other[0], other[1])}"
        price = f"the {frequency} price {facts.money(one[0], one[1])} of {read_key(key).product}"
        if share > 1:
            message = f"{price} is {times_words(share)} what {many} cost"
        else:
            message = f"{price} is only {share:.0%} of what {many} cost"
        start = next(s.starting_at for s in timeline if s.covers(instant))
        hint = "a longer period mostly costs 8 to 12 times the month; check the decimal point, and the frequency"
        yield Finding(card_ref(card.name), (start,), message, hint, rate=key)
        return


def flat_price(terms: Terms | None) -> tuple[Decimal, str] | None:
    """Price and unit where every unit costs the same money."""
    return (terms.flat, terms.unit) if terms is not None and terms.flat is not None else None


def times_words(factor: Decimal) -> str:
    return f"{plain(factor.quantize(Decimal('0.1')))} times"


def _small(facts: Facts) -> Iterator[Finding]:
    for ref, path, rate, amount, unit, what in _whole_amounts(facts):
        scale = facts.scales.get(unit)
        if scale is None or scale.currency is None or not 0 < to_major_unit(amount, scale.scale) < 1:
            continue
        message = f"{what} is {facts.money(amount, unit)}, less than one {scale.currency}"
        written = facts.money(to_api_unit(amount, scale.scale), unit)
        hint = f"a plain number is in the API's unit: write {written} if that is meant, with its currency"
        yield Finding(ref, path, message, hint, rate=rate)


def _indivisible(facts: Facts) -> Iterator[Finding]:
    for ref, path, rate, amount, unit, what in _whole_amounts(facts):
        scale = facts.scales.get(unit)
        if scale is None or scale.currency is None:
            continue
        digits = MINOR_DIGITS.get(scale.currency, 2)
        major = to_major_unit(amount, scale.scale)
        if major != round(major, digits):
            message = f"{what} is {facts.money(amount, unit)}, but {scale.currency} has {digits} decimals"
            hint = "an invoice would round it, each time; write an amount that can be paid"
            yield Finding(ref, path, message, hint, rate=rate)


Amounts = Iterator[tuple[Ref, Path, str | None, Decimal, str, str]]


def _whole_amounts(facts: Facts) -> Amounts:
    """What stands on an invoice as it is: subscription prices, charges, credits and commits."""
    for card in facts.cards.values():
        for key, timeline in card.subscriptions.items():
            for segment in timeline:
                price = flat_price(segment.terms)
                if price is not None and (segment.ending_before is None or segment.ending_before > facts.now):
                    k = read_key(key)
                    what = f"the {k.billing_frequency} price of {k.product}"
                    yield card_ref(card.name), (segment.starting_at,), key, *price, what
    for name, package in facts.packages.items():
        for path, amount, unit, what in _terms(package):
            yield package_ref(name), path, None, amount, unit, what


def _terms(package: "Package") -> Iterator[tuple[Path, Decimal, str, str]]:
    for i, charge in enumerate(package.scheduled_charges):
        for j, item in enumerate(charge.schedule.schedule_items):
            at: Path = ("scheduled_charges", i, "schedule", "schedule_items", j, "unit_price")
            yield at, item.unit_price, charge.schedule.credit_type, f"a charge of {charge.product}"
    for name in ("commits", "credits"):
        for i, balance in enumerate(getattr(package, name)):
            access = balance.access_schedule
            for j, item in enumerate(access.schedule_items if access.access_type == "SPEND" else ()):
                at = (name, i, "access_schedule", "schedule_items", j, "amount")
                yield at, item.amount, access.credit_type, f"what the {name[:-1]} of {balance.product} grants"
    for name in ("recurring_commits", "recurring_credits"):
        for i, balance in enumerate(getattr(package, name)):
            amount = balance.access_amount
            if amount.access_type == "SPEND":
                what = f"what the recurring {name[10:-1]} of {balance.product} grants"
                yield (name, i, "access_amount", "unit_price"), amount.unit_price, amount.credit_type, what


def _percent(facts: Facts) -> Iterator[Finding]:
    for found in facts.priced():
        for segment in found.timeline:
            most = max(segment.terms.charge.prices, default=Decimal(0))
            if segment.terms.is_fraction and most >= CHEAPEST:
                message = f"{found.head[0]} costs {most:.0%} of what it is a share of"
                hint = f"a percentage is a fraction: {plain(most / 100)} is {plain(most)} %"
                yield found.finding((segment.starting_at,), message, hint)
                break


_SHARE = """\
---
apiVersion: pricebook/v1
kind: Product
metadata: {name: support}
spec: {name: Support, type: COMPOSITE, composite_tags: [compute]}
"""
_SHARE_RATE = "    - {product: support, rate_type: PERCENTAGE, starting_at: 2025-01-01, price: 0.03}\n"

RULES = (
    Rule(
        "annual-price",
        "error",
        "The price of a longer period does not fit the monthly one.",
        "A year that costs more than twelve months, or less than half of them, is mostly a slip of the decimal point,"
        " a monthly price under the annual frequency, or the other way round. Customers find the cheap one at once.",
        "Correct the price or its billing frequency. A deliberate discount of more than half is worth a waiver.",
        Example(bad=(("price: $100.00", "price: $1000.00"),)),
        _annual,
        source="Stripe's and Metronome's pricing pages put a year at 8 to 12 months.",
    ),
    Rule(
        "cents-for-dollars",
        "warning",
        "A fee, a charge or a credit is less than one dollar.",
        "Plain numbers are in the API's unit, which for USD is the cent: `price: 10` is ten cents. Who means dollars"
        " sells the plan for a hundredth of its price, and nobody complains.",
        "Write amounts with their currency: `$10.00`.",
        Example(bad=(("price: $10.00", "price: 10"), ("price: $100.00", "price: $1.00"))),
        _small,
        source="domain.md, trap 12: cents and dollars mixed up.",
    ),
    Rule(
        "indivisible-price",
        "warning",
        "An amount that stands on an invoice as it is has more decimals than its currency.",
        "Half a cent cannot be paid: it is rounded on every invoice, and the books do not agree with the price list.",
        "Write an amount that the currency can carry. Prices per unit of usage may be as small as they like.",
        Example(bad=(("price: $10.00", "price: $9.999"),)),
        _indivisible,
        source="ISO 4217, minor units.",
    ),
    Rule(
        "percent-or-fraction",
        "warning",
        "A percentage is half of the price or more.",
        "A percentage is written as a fraction. `price: 1` is not one percent but all of it, and doubles the bill.",
        "Write 0.01 for 1 %.",
        Example(
            bad=(
                (AFTER_RATES, AFTER_RATES + _SHARE_RATE.replace("0.03", "1")),
                (
                    "metadata: {name: gift}\nspec: {name: Gift, type: FIXED}\n",
                    "metadata: {name: gift}\nspec: {name: Gift, type: FIXED}\n" + _SHARE,
                ),
            ),
            good=(
                (AFTER_RATES, AFTER_RATES + _SHARE_RATE),
                (
                    "metadata: {name: gift}\nspec: {name: Gift, type: FIXED}\n",
                    "metadata: {name: gift}\nspec: {name: Gift, type: FIXED}\n" + _SHARE,
                ),
            ),
        ),
        _percent,
        source="The vendor's OpenAPI document: the price of a PERCENTAGE rate is a fraction.",
    ),
)
