"""Rules about currencies: the same price in two of them, and what a custom unit is worth, is about the same money."""

from collections.abc import Iterator
from decimal import Decimal

from pricebook.catalog.money import EXACT, to_major_unit
from pricebook.catalog.timeline import read_key, read_schedule, terms_from
from pricebook.policy.amount import flat_price, times_words
from pricebook.policy.fact import CardFacts, Facts, Paid, card_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_RATES, declared

SPREAD = 5
"""So far apart two currencies' prices may be, after a rough conversion."""


PER_DOLLAR = {
    "USD": "1", "EUR": "0.9", "GBP": "0.8", "CHF": "0.9", "CAD": "1.4", "AUD": "1.5", "NZD": "1.7", "SGD": "1.3",
    "CNY": "7", "INR": "85", "BRL": "5.5", "MXN": "18", "SEK": "10", "NOK": "10", "PLN": "4", "CZK": "23",
    "ZAR": "18", "NGN": "1500", "TRY": "35",
}  # fmt: skip
"""What a dollar costs, roughly, in 2020 to 2026: good enough to see a factor of five, and for nothing else."""


def dollars(amount: Decimal, unit: str, card: CardFacts | None, facts: Facts) -> Decimal | None:
    """About how many dollars an amount is; one in a custom unit as the card converts it. None when nobody knows."""
    scale = facts.scales.get(unit)
    if scale is not None and scale.currency is None and card is not None:
        conversions = card.card.credit_type_conversions
        worth = next((c.fiat_per_custom_credit for c in conversions if c.custom_credit_type == unit), None)
        return dollars(EXACT.multiply(amount, worth), card.card.fiat_credit_type, None, facts) if worth else None
    if scale is None or scale.currency not in PER_DOLLAR:
        return None
    return to_major_unit(amount, scale.scale) / Decimal(PER_DOLLAR[scale.currency])


def _spread(facts: Facts) -> Iterator[Finding]:
    cards = sorted(facts.cards.values(), key=lambda card: card.name)
    for index, card in enumerate(cards):
        for other in cards[:index]:
            yield from _conversions(facts, other, card)
            if card.card.fiat_credit_type != other.card.fiat_credit_type:
                yield from _between(facts, other, card)
    yield from _overridden(facts)


def _conversions(facts: Facts, one: CardFacts, other: CardFacts) -> Iterator[Finding]:
    """Custom units that two cards convert, each at its own worth."""
    worth = {each.custom_credit_type: each.fiat_per_custom_credit for each in one.card.credit_type_conversions}
    for index, each in enumerate(other.card.credit_type_conversions):
        unit = each.custom_credit_type
        twin = (worth[unit], one.card.fiat_credit_type) if unit in worth else (Decimal(0), "")
        words = _apart(facts, (*twin, None), (each.fiat_per_custom_credit, other.card.fiat_credit_type, None))
        if words:
            message = f"what one {unit} is worth is far from what it is on card {one.name}: {words}"
            at = ("credit_type_conversions", index, "fiat_per_custom_credit")
            yield Finding(card_ref(other.name), at, message, "cents for dollars? Convert it again")


def _between(facts: Facts, one: CardFacts, other: CardFacts) -> Iterator[Finding]:
    """Two cards in different currencies: the prices that they have in common. One finding for each product."""
    found: dict[str, tuple[str, str, int]] = {}
    known: dict[tuple[str, str], str] = {}
    for key, text in sorted(other.rates.items()) if one.products & other.products else ():
        twin = one.rates.get(key)
        if twin is None:
            continue
        if (twin, text) not in known:
            sides = [(flat_price(terms_from(read_schedule(s), facts.now)), c) for s, c in ((twin, one), (text, other))]
            known[twin, text] = _apart(facts, *((*price, card) for price, card in sides if price is not None))
        if known[twin, text]:
            product = read_key(key).product
            first, words, count = found.get(product, (key, known[twin, text], 0))
            found[product] = (first, words, count + 1)
    for product, (key, words, count) in sorted(found.items()):
        message = f"the price of {product} is far from the one on card {one.name}: {words}"
        yield Finding(card_ref(other.name), (), message, "convert it again", rate=key, more=count - 1)


InUnit = tuple[Decimal, str, CardFacts | None]
"""How much, of which unit, and the card that converts it."""


def _apart(facts: Facts, *amounts: InUnit) -> str:
    """How far two amounts are from each other, in words; nothing when they are near, or one of them is nothing."""
    found = [dollars(amount, unit, card, facts) for amount, unit, card in amounts]
    sizes = sorted(size for size in found if size)
    if len(sizes) < 2 or sizes[1] < SPREAD * sizes[0]:
        return ""
    words = [facts.money(amount, unit) for amount, unit, _ in amounts]
    return f"{words[1]} and {words[0]}, about {times_words(sizes[1] / sizes[0])}"


def _overridden(facts: Facts) -> Iterator[Finding]:
    """What packages charge for one product in several currencies, where their overrides say it: each price is near
    some other one."""
    sold: dict[tuple[str, str], list[tuple[Paid, InUnit]]] = {}
    for paid in facts.paid:
        price = flat_price(terms_from(paid.timeline, facts.now))
        if price is not None and price[0]:
            sold.setdefault((paid.product, paid.frequency), []).append((paid, (*price, paid.offer.card)))
    for (product, frequency), sides in sold.items():
        for paid, amount in sides:
            others = [other for _, other in sides if other[1] != amount[1]] if paid.overridden else []
            apart = [_apart(facts, other, amount) for other in others]
            if apart and all(apart):
                message = f"the {frequency} price of {product} is far from that in another currency: {apart[0]}"
                yield paid.offer.finding(next(iter(paid.places.values())), message, "convert it again")


_CARD = """
  name: Europe
  fiat_credit_type: eur
  rates:
    - {product: tokens, pricing_group_values: {model: large}, starting_at: 2025-01-01, price: 2.30}"""
EUR = declared("PricingUnit", "eur", "{name: Euro, currency: EUR, scale: 0}") + declared("RateCard", "europe", _CARD)

RULES = (
    Rule(
        id="currency-spread",
        severity="warning",
        title="The same price in two currencies, or one unit's worth on two cards, is far apart.",
        why="The vendor counts USD in cents, and other currencies may be counted in whole units: the same number is"
        " then a hundred times as much. Prices in two currencies should be about the same money: on cards, in"
        " overrides of packages, and where a card says what a custom unit is worth.",
        way_out="Convert again, and check the scale of the pricing unit. The rates used here are rough, and only a"
        " factor of five is reported.",
        example=Example(
            bad=((AFTER_RATES, AFTER_RATES + EUR.replace("price: 2.30", "price: 230")),),
            good=((AFTER_RATES, AFTER_RATES + EUR),),
        ),
        check=_spread,
        source="USD amounts are in cents, while a public integration reports whole units for EUR.",
    ),
)
