"""Rules about how much: prices that are in the wrong unit, currency or period."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.calendar import PER_YEAR
from pricebook.catalog.leaf import amounts
from pricebook.catalog.money import EXACT, plain, to_api_unit, to_major_unit
from pricebook.catalog.path import named, path_text
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Timeline, read_key, terms_at
from pricebook.policy.fact import CardedPackage, CardFacts, Facts, Paid, card_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_RATES, ahead_of, declared

CHEAPEST = Decimal("0.5")
"""The least share of the monthly price that a month of a longer period may cost."""
DECIMALS = 2
"""Of every currency that the vendor has (`catalog.money.CURRENCIES`; ISO 4217, minor units)."""
_PERIODS = frozenset(
    "weekly week monthly month mo m quarterly quarter q annual annually yearly year yr y 1m 12m 1y".split()  # noqa: SIM905
)
"""What names say of a period."""


class PeriodPrice(NamedTuple):
    """A price of one period beside those of others: whose it is, how it came to be, and who says it where."""

    product: str
    frequency: str
    timeline: Timeline
    overridden: bool
    say: Callable[[str, str, str], Finding]
    """From an instant, a message and a hint."""


def stem(name: str) -> str:
    """What a name says besides the period: `seat-yearly` and `seat` are one thing."""
    words = re.split(r"[\s_.-]+", name.lower())
    return "-".join(word for word in words if word not in _PERIODS) or name


def _annual(facts: Facts) -> Iterator[Finding]:
    families: dict[tuple[Any, ...], list[PeriodPrice]] = {}
    for card in facts.cards.values():
        for text, timeline in card.subscriptions.items():
            key = read_key(text)
            say = partial(_of_rate, card, text)
            side = PeriodPrice(key.product, key.billing_frequency or "", timeline, overridden=True, say=say)
            families.setdefault((card.name, stem(key.product), key.pricing_group_values), []).append(side)
    for paid in facts.paid:
        side = PeriodPrice(paid.product, paid.frequency, paid.timeline, paid.overridden, partial(_of_package, paid))
        families.setdefault((stem(paid.offer.name), stem(paid.product), None), []).append(side)
    for family in families.values():
        by_frequency: dict[str, list[PeriodPrice]] = {}
        for side in family:
            by_frequency.setdefault(side.frequency, []).append(side)
        order = sorted(by_frequency, key=PER_YEAR.__getitem__, reverse=True)
        base = "MONTHLY" if "MONTHLY" in by_frequency else order[0]
        for long in (side for frequency in order for side in by_frequency[frequency]):
            if PER_YEAR[long.frequency] < PER_YEAR[base]:
                found = [_unfit(facts, long, short) for short in by_frequency[base]]
                if all(found):
                    yield from filter(None, found[:1])


def _of_rate(card: CardFacts, rate: str, since: str, message: str, hint: str) -> Finding:
    return Finding(card_ref(card.name), (since,), message, hint, rate=rate)


def _of_package(paid: Paid, since: str, message: str, hint: str) -> Finding:
    return paid.offer.finding(paid.places[since], message, hint)


def _unfit(facts: Facts, long: PeriodPrice, short: PeriodPrice) -> Finding | None:
    """The first instant from now on at which a longer period's price does not fit that of the shorter one. What a
    package does not price otherwise is told of the card."""
    if not long.overridden and not short.overridden:
        return None
    sides = (long, short)
    for instant in sorted({facts.now, *(s.starting_at for side in sides for s in side.timeline)}):
        one, other = (terms_at(side.timeline, instant) for side in sides) if instant >= facts.now else (None, None)
        if one is None or other is None or one.flat is None or not other.flat or one.unit != other.unit:
            continue
        if not one.flat and not one.entitled:
            continue  # a place that packages fill
        periods = Decimal(PER_YEAR[short.frequency]) / PER_YEAR[long.frequency]
        share = EXACT.divide(one.flat, EXACT.multiply(other.flat, periods))
        if CHEAPEST <= share <= 1:
            continue
        many = f"{plain(periods.quantize(Decimal(1)))} {short.frequency} ones of {facts.money(other.flat, other.unit)}"
        if short.product != long.product:
            many += f" of {facts.called(short.product)}"
        how = f"{times_words(share)} what {many} cost" if share > 1 else f"only {share:.0%} of what {many} cost"
        message = (
            f"the {long.frequency} price {facts.money(one.flat, one.unit)} of {facts.called(long.product)} is {how}"
        )
        start = next(s.starting_at for s in long.timeline if s.covers(instant))
        hint = "a longer period mostly costs 8 to 12 times the month; check the decimal point, and the frequency"
        return long.say(start, message, hint)
    return None


def flat_price(terms: Terms | None) -> tuple[Decimal, str] | None:
    """Price and unit where every unit costs the same money."""
    return (terms.flat, terms.unit) if terms is not None and terms.flat is not None else None


def times_words(factor: Decimal) -> str:
    return f"{plain(factor.quantize(Decimal('0.1')))} times"


def _small(facts: Facts) -> Iterator[Finding]:
    for found, scale in _whole_amounts(facts):
        if not 0 < to_major_unit(found.amount, scale.scale) < 1:
            continue
        written = facts.money(to_api_unit(found.amount, scale.scale), found.unit)
        hint = f"a plain number is in the API's unit: write {written} if that is meant, with its currency"
        yield found.say(
            f"{found.what} is {facts.money(found.amount, found.unit)}, less than one {scale.currency}", hint
        )


def _indivisible(facts: Facts) -> Iterator[Finding]:
    for found, scale in _whole_amounts(facts):
        major = to_major_unit(found.amount, scale.scale)
        if major != round(major, DECIMALS):
            message = (
                f"{found.what} is {facts.money(found.amount, found.unit)}, but {scale.currency} has {DECIMALS} decimals"
            )
            yield found.say(message, "an invoice would round it, each time; write an amount that can be paid")


class Payable(NamedTuple):
    """What stands on an invoice, or in a balance, as it is."""

    what: str
    amount: Decimal
    unit: str
    say: Callable[[str, str], Finding]


def _whole_amounts(facts: Facts) -> Iterator[tuple[Payable, Scale]]:
    """Subscription prices wherever they stand, charges, thresholds, and what commits and credits grant: those in a
    currency, with its scale."""
    for found in (*_listed(facts), *_in_packages(facts), *_in_notifications(facts)):
        scale = facts.scales.get(found.unit)
        if scale is not None and scale.currency is not None:
            yield found, scale


def _listed(facts: Facts) -> Iterator[Payable]:
    for card in facts.cards.values():
        for text, timeline in card.subscriptions.items():
            for segment in timeline:
                price = flat_price(segment.terms)
                if price is not None and (segment.ending_before is None or segment.ending_before > facts.now):
                    key = read_key(text)
                    what = f"the {key.billing_frequency} price of {facts.called(key.product)}"
                    yield Payable(what, *price, partial(_of_rate, card, text, segment.starting_at))


def _in_packages(facts: Facts) -> Iterator[Payable]:
    for offer in facts.offers:
        for path, amount, unit, model in amounts(offer.package):
            if path[0] == "overrides" and not _sells(offer, int(path[1]), facts):
                continue  # a price of usage may be as small as it likes
            quantity = getattr(model, "quantity", None)
            total = amount if quantity is None else EXACT.multiply(amount, quantity)
            what = path_text(named(offer.package, path))
            if quantity not in (None, 1):
                what += f" times {plain(quantity)}"
            yield Payable(what, total, unit, partial(offer.finding, path))


def _in_notifications(facts: Facts) -> Iterator[Payable]:
    for ref, noun in sorted(facts.catalog.nouns.items()):
        for path, amount, unit, _ in amounts(noun) if getattr(noun, "is_money", False) else ():
            yield Payable(path_text(path), amount, unit, partial(Finding, ref, path))


def _sells(offer: CardedPackage, index: int, facts: Facts) -> bool:
    """Whether an override of a package is about nothing but subscriptions."""
    reached = {
        name
        for specifier in offer.package.overrides[index].override_specifiers
        for name in (facts.reached(specifier, offer.card) if offer.card is not None else (specifier.product,))
    }
    sold = (facts.products.get(name) if name is not None else None for name in reached)
    return all(product is not None and product.type == "SUBSCRIPTION" for product in sold)


def _percent(facts: Facts) -> Iterator[Finding]:
    for found in facts.priced:
        for segment in found.timeline:
            if not segment.terms.is_fraction:
                continue
            most = max(segment.terms.charge.prices, default=Decimal(0))
            if most >= CHEAPEST:
                message = f"{facts.called(found.head[0])} costs {most:.0%} of what it is a share of"
                hint = f"a percentage is a fraction: {plain(most / 100)} is {plain(most)} %"
                yield found.finding((segment.starting_at,), message, hint)
                break


_SUPPORT = declared("Product", "support", "{name: Support, type: COMPOSITE, composite_tags: [compute]}")
_SHARE = ahead_of("RateCard", "standard", _SUPPORT)
_SHARE_RATE = "    - {product: support, rate_type: PERCENTAGE, starting_at: 2025-01-01, price: 0.03}\n"

RULES = (
    Rule(
        id="annual-price",
        severity="error",
        title="The price of a longer period does not fit the monthly one.",
        why="A year that costs more than twelve months, or less than half of them, is mostly a slip of the decimal"
        " point, a monthly price under the annual frequency, or the other way round. Customers find the cheap one at"
        " once.",
        way_out="Correct the price or its billing frequency. A deliberate discount of more than half is worth a"
        " waiver.",
        example=Example(bad=(("price: $100.00", "price: $1000.00"),)),
        check=_annual,
        source="Stripe's and Metronome's pricing pages put a year at 8 to 12 months.",
    ),
    Rule(
        id="cents-for-dollars",
        severity="warning",
        title="A fee, a charge or a credit is less than one dollar.",
        why="Plain numbers are in the API's unit, which for USD is the cent: `price: 10` is ten cents. Who means"
        " dollars sells the plan for a hundredth of its price, and nobody complains.",
        way_out="Write amounts with their currency: `$10.00`.",
        example=Example(bad=(("price: $10.00", "price: 10"), ("price: $100.00", "price: $1.00"))),
        check=_small,
        source="Cents and dollars mixed up.",
    ),
    Rule(
        id="indivisible-price",
        severity="warning",
        title="An amount that stands on an invoice as it is has more decimals than its currency.",
        why="Half a cent cannot be paid: it is rounded on every invoice, and the books do not agree with the price"
        " list.",
        way_out="Write an amount that the currency can carry. Prices per unit of usage may be as small as they like.",
        example=Example(bad=(("price: $10.00", "price: $9.999"),)),
        check=_indivisible,
        source="ISO 4217, minor units.",
    ),
    Rule(
        id="percent-or-fraction",
        severity="warning",
        title="A percentage is half of the price or more.",
        why="A percentage is written as a fraction. `price: 1` is not one percent but all of it, and doubles the bill.",
        way_out="Write 0.01 for 1 %.",
        example=Example(
            bad=((AFTER_RATES, AFTER_RATES + _SHARE_RATE.replace("0.03", "1")), _SHARE),
            good=((AFTER_RATES, AFTER_RATES + _SHARE_RATE), _SHARE),
        ),
        check=_percent,
        source="The vendor's OpenAPI document: the price of a PERCENTAGE rate is a fraction.",
    ),
)
