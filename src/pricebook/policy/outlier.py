"""Rules about prices beside others: those before them, of the same product, and of the same in another currency."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from pricebook.catalog.instant import text_words
from pricebook.catalog.money import EXACT, RATIO, to_major_unit
from pricebook.catalog.priced import plural
from pricebook.catalog.terms import MAGNITUDE, shift
from pricebook.policy.amount import flat_price
from pricebook.policy.fact import CardFacts, Facts, card_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Edits, Example, Rule
from pricebook.policy.sample import AFTER_RATES

ABOVE, BELOW, ENOUGH = 1000, 10_000, 10
"""How many times the median of its product a price may be, or the median a price (a small thing is cheap more often
than a large one is dear), and of how many prices there must be one."""
THOUSAND, MILLION = Decimal(1000), Decimal(1_000_000)
"""So many of the units that a price is told for, and so many as they are metered, cost something."""
FEWEST = 3
"""Of so many prices one can be told from its neighbours."""


def _step(facts: Facts) -> Iterator[Finding]:
    for found in facts.priced:
        for before, after in pairwise(found.timeline):
            if after.starting_at < facts.now or not shift(before.terms, after.terms).tenfold:
                continue
            was, now = flat_price(before.terms), flat_price(after.terms)
            product = found.head[0]
            words = f": {facts.price(*was, product)} to {facts.price(*now, product)}" if was and now else ""
            when = text_words(after.starting_at)
            message = f"the price of {facts.label(found.key)} changes {MAGNITUDE} times or more on {when}{words}"
            hint = "cents for dollars, or per thousand for per million? Check the unit that the price is for"
            yield found.finding((after.starting_at,), message, hint)


def _outlier(facts: Facts) -> Iterator[Finding]:
    for (_, head), alike in facts.flat.items():
        by_unit: dict[str, list[tuple[Decimal, str, int]]] = {}
        for found, price, unit in alike:
            by_unit.setdefault(unit, []).append((price, found.text, found.rates))
        for unit, prices in by_unit.items():
            yield from _far(facts, found.card, head, unit, sorted(prices))


def _far(
    facts: Facts, card: CardFacts, head: tuple[str, str | None], unit: str, prices: list[tuple[Decimal, str, int]]
) -> Iterator[Finding]:
    """The prices far above the median, and those far below it: one finding for each side."""
    total = sum(count for _, _, count in prices)
    if total < ENOUGH:
        return
    seen, median = 0, prices[0][0]
    for price, _, count in prices:
        seen, median = seen + count, price
        if seen * 2 >= total:
            break
    for side, times, far, worst in (
        ("above", ABOVE, [p for p in prices if p[0] >= median * ABOVE], prices[-1]),
        ("below", BELOW, [p for p in prices if p[0] * BELOW <= median], prices[0]),
    ):
        if not far:
            continue
        count = sum(n for _, _, n in far)
        key = card.first_key(head, frozenset((worst[1],)))
        name, _, values = facts.label(key).partition(" · ")
        some = f"{count:,} of the {total:,} prices of {name} are" if count > 1 else f"a price of {name} is"
        message = (
            f"{some} {times:,} times or more {side} the median {facts.price(median, unit, head[0])}:"
            f" {facts.price(worst[0], unit, head[0])} for {values or name}"
        )
        hint = "per unit or per million, cents or dollars? Check the unit that the price is for"
        yield Finding(card_ref(card.name), (), message, hint, rate=key, more=count - 1)


def _nothing(facts: Facts) -> Iterator[Finding]:
    for (_, word, unit), prices in facts.metered.items():
        scale = facts.scales.get(unit)
        if scale is None or scale.currency is None:
            continue
        for price in prices:
            metered = max(EXACT.multiply(THOUSAND, price.told), MILLION)
            cost = to_major_unit(EXACT.multiply(price.one, metered), scale.scale)
            if cost >= Decimal("0.005"):
                break  # the cheapest first
            many = f"{metered.normalize():,f} {plural(word or 'unit')}"
            said = facts.price(price.written, unit, price.product)
            message = f"{said} for {facts.called(price.product)}: {many} are billed as nothing"
            hint = "a price for one where the product is sold by many? Check its conversion"
            yield price.found.finding((), message, hint)


def _neighbours(facts: Facts) -> Iterator[Finding]:
    for (name, word, unit), prices in facts.metered.items():
        total = sum(price.found.rates for price in prices)
        if total < FEWEST or not word:
            continue
        seen = 0
        for lower, upper in pairwise(prices):
            seen += lower.found.rates
            if upper.one < lower.one * ABOVE:
                continue
            low = seen * 2 <= total
            # Of many prices of one product the median tells more: `price-outlier`.
            few = (p for p in prices if sum(facts.cards[name].schedules[p.found.head].values()) < ENOUGH)
            for price in (one for one in few if (one.one <= lower.one) is low):
                beside = upper if low else lower
                times = RATIO.divide(max(price.one, beside.one), min(price.one, beside.one))
                side = "less" if low else "more"
                this, other = (facts.price(one.written, unit, one.product) for one in (price, beside))
                message = (
                    f"a {word} of {facts.label(price.found.key)} costs {times:,.0f} times {side} than one of"
                    f" {facts.label(beside.found.key)}: {this}, beside {other}"
                )
                hint = "per unit or per million? Check the price, and the conversion of its product"
                yield price.found.finding((), message, hint)
            break


_MODELS = "".join(
    f"    - {{product: tokens, pricing_group_values: {{model: m{n}}}, starting_at: 2025-01-01, price: $0.5{n}}}\n"
    for n in range(9)
)
_MEDIUM = "    - {product: tokens, pricing_group_values: {model: medium}, starting_at: 2025-01-01, price: $1.20}\n"
_COUNTED = (
    ("aggregation_key: count", "aggregation_key: tokens"),
    ("[{name: count, exists: true}", "[{name: tokens, exists: true}"),
)


def _step_to(price: str) -> Edits:
    steps = f"{{starting_at: 2025-01-01, price: $2.50}}, {{starting_at: 2026-06-01, price: {price}}}"
    return (("large}, starting_at: 2025-01-01, price: $2.50}", f"large}}, schedule: [{steps}]}}"),)


RULES = (
    Rule(
        id="price-step",
        severity="warning",
        title="A price steps tenfold or more within its own schedule.",
        why="A tenfold, hundredfold or thousandfold step is a change of unit, not of price: cents for dollars, per"
        " thousand for per million. The hazard MAGNITUDE says the same of a change against what the store holds.",
        way_out="Check the unit that each price of the schedule is for.",
        example=Example(bad=_step_to("3"), good=_step_to("$3.00")),
        check=_step,
    ),
    Rule(
        id="price-outlier",
        severity="warning",
        title="A price is a thousand times the median of its product, or a ten-thousandth.",
        why="In a list of hundreds of prices one that is per thousand instead of per million does not catch the eye."
        " Real published price lists have had such prices for months.",
        way_out="Check the unit that the price is for. Of many at once the first is named, and the others are counted.",
        example=Example(
            bad=((AFTER_RATES, AFTER_RATES + _MODELS), ("price: $2.50", "price: $2500.00")),
            good=((AFTER_RATES, AFTER_RATES + _MODELS),),
        ),
        check=_outlier,
        source="The LiteLLM price table, releases 1.80.0 and 1.97.0: $0.135 a token where $1.35 a million was meant.",
    ),
    Rule(
        id="bills-nothing",
        severity="warning",
        title="A thousand units of a product, or a million of what is metered, cost less than half a cent.",
        why="A price of one token where the product is sold by the million looks like any other small number. Every"
        " invoice is then $0.00, and nobody complains.",
        way_out="Write the price for what the product's conversion makes of the quantity, or correct the conversion.",
        example=Example(bad=(("price: $0.40", "price: $0.0000004"),), good=(("price: $0.40", "price: $0.0004"),)),
        check=_nothing,
        source="An API price list whose products divide by 1,000,000, with prices typed per token.",
    ),
    Rule(
        id="unit-outlier",
        severity="warning",
        title="One unit costs a thousand times more, or less, than the next one of its kind.",
        why="Prices are for different many: per token, per thousand, per million. Compared for one unit they lie close"
        " together, and one that was typed for another many lies far off, on a new list too.",
        way_out="Check the price, and the conversion of its product. What is meant is worth a waiver.",
        example=Example(
            bad=(*_COUNTED, (AFTER_RATES, AFTER_RATES + _MEDIUM.replace("$1.20", "$3000.00"))),
            good=(*_COUNTED, (AFTER_RATES, AFTER_RATES + _MEDIUM)),
        ),
        check=_neighbours,
        source="An API price list with one row per token among rows per million.",
    ),
)
