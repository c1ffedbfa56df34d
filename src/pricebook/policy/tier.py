"""Rules about tiers: what lies above a tier should not be dearer by accident, nor nearly free.

The vendor's tiers are graduated: each price is for the quantity that falls into its tier. So the total never falls when
somebody buys more, but it can stand still, or jump in price.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from pricebook.catalog.money import plain
from pricebook.catalog.reference import Ref
from pricebook.catalog.terms import MAGNITUDE
from pricebook.catalog.violation import Path
from pricebook.policy.fact import Facts, card_ref, package_ref
from pricebook.policy.finding import Finding
from pricebook.policy.rule import Edits, Example, Rule

Ladder = tuple[Ref, Path, str | None, str, tuple[Decimal, ...], str]
"""Where tiers stand, what they price, the price or multiplier of each, and all of them in words."""


def _ladders(facts: Facts) -> Iterator[Ladder]:
    for found in facts.priced:
        for segment in found.timeline:
            terms = segment.terms
            for charge in (terms.charge, terms.commit):
                if charge is not None and charge.tiers:
                    said = [plain(p) if terms.is_fraction else facts.money(p, terms.unit) for p in charge.prices]
                    at, ref = (segment.starting_at,), card_ref(found.card.name)
                    yield ref, at, found.key, found.head[0], charge.prices, _list(said)
    for name, package in facts.packages.items():
        for index, override in enumerate(package.overrides):
            what = f"override {override.key or index + 1}"
            if override.tiers:
                steps = tuple(tier.multiplier for tier in override.tiers)
                words = _list([plain(step) for step in steps])
                yield package_ref(name), ("overrides", index, "tiers"), None, what, steps, words
            rate = override.overwrite_rate
            if rate is not None and rate.tiers:
                steps = tuple(tier.price for tier in rate.tiers)
                words = _list([facts.money(p, rate.credit_type) for p in steps])
                yield package_ref(name), ("overrides", index, "overwrite_rate", "tiers"), None, what, steps, words


def _inversion(facts: Facts) -> Iterator[Finding]:
    for ref, path, rate, what, prices, words in _ladders(facts):
        for number, (here, above) in enumerate(pairwise(prices), 2):
            if 0 < here < above:
                message = f"tier {number} of {what} costs more than tier {number - 1}: {words}"
                hint = "whoever buys more pays more for each; a free first tier is not counted"
                yield Finding(ref, path, message, hint, rate=rate)
                break


def _cliff(facts: Facts) -> Iterator[Finding]:
    for ref, path, rate, what, prices, words in _ladders(facts):
        for number, (here, above) in enumerate(pairwise(prices), 2):
            if here > 0 and above * MAGNITUDE <= here:
                fall = "is free" if not above else f"costs {MAGNITUDE} times less or worse"
                message = f"tier {number} of {what} {fall}: {words}"
                hint = "a decimal point, or another unit? A tier's price is for the quantity that falls into it"
                yield Finding(ref, path, message, hint, rate=rate)
                break


def _list(words: Sequence[str]) -> str:
    return ", ".join(words[:8]) + (", …" if len(words) > 8 else "")


def _tiers(*prices: str) -> Edits:
    steps = ", ".join(
        f"{{price: {price}}}" if n == len(prices) - 1 else f"{{price: {price}, size: 1000}}"
        for n, price in enumerate(prices)
    )
    old = "{model: large}, starting_at: 2025-01-01, price: $2.50}"
    return ((old, f"{{model: large}}, starting_at: 2025-01-01, rate_type: TIERED, tiers: [{steps}]}}"),)


RULES = (
    Rule(
        id="tier-inversion",
        severity="warning",
        title="A tier costs more than the one below it.",
        why="Volume prices fall. Two tiers in the wrong order charge the best customers most, and they are the ones who"
        " check their invoices.",
        way_out="Put the tiers in order. A first tier that is free does not count as an inversion.",
        example=Example(bad=_tiers("$2.00", "$2.50", "$1.00"), good=_tiers("$2.50", "$2.00", "$1.00")),
        check=_inversion,
        source="The vendor's rate types: TIERED prices the quantity that falls into each tier.",
    ),
    Rule(
        id="tier-cliff",
        severity="error",
        title="Above a tier the price falls tenfold or more, or everything is free.",
        why="All usage above that point brings nearly nothing. A tier in dollars above one in cents looks like this,"
        " and so does a forgotten price.",
        way_out="Correct the price of the tier; say nothing of usage that shall not be possible, rather than price it"
        " at 0.",
        example=Example(bad=_tiers("$2.50", "$2.00", "2"), good=_tiers("$2.50", "$2.00", "$1.50")),
        check=_cliff,
        source="The vendor's rate types: the last tier takes all the rest.",
    ),
)
