"""Amounts of a table: what a cell says, in the API unit of the pricing unit of the table, and terms made of it.

A table says its currency once, and then its numbers are in that currency's major unit (dollars); with `credit_type`
instead they are in the pricing unit's API unit (cents). They may be for another number of units than the product's
price, and in another notation, where the card says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pricebook.catalog.amount import DIGITS_HINT, MOST_SHARE, SHARE, USD, Scale
from pricebook.catalog.canonical import encode
from pricebook.catalog.money import EXACT, carries, parse_money, percent, read_number, to_api_unit
from pricebook.catalog.terms import is_fraction
from pricebook.catalog.violation import Path
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.problem import quote


class Unusable(Exception):  # noqa: N818 - a cell that cannot be used, caught where its row is read
    """A cell that cannot be used: the 1-based number of the cell, what is wrong, and the way out.

    When it is not the cell's fault but that of the card, `entry_path` is the place below the entry of `rates_from`.
    What is `about` a product, whichever row names it, is told once.
    """

    def __init__(
        self, code: str, message: str, column: int = 1, hint: str = "", entry_path: Path = (), about: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.column, self.hint = code, message, column, hint
        self.entry_path, self.about = entry_path, about


Multiplier = tuple[Decimal, Decimal]
"""What a price is multiplied and divided by."""


@dataclass
class AmountReader:
    """The amounts of one table."""

    spec: RatesFrom
    facts: RateFacts
    unit: str
    scale: Scale
    _multipliers: dict[str, Multiplier] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RatesFrom, facts: RateFacts) -> "AmountReader":
        """Those of a table. Raises Unusable where its unit is none of the card."""
        return cls(spec, facts, *_unit(spec, facts))

    def flat(self, text: str, at: int, entitled: bool, factor: Multiplier | None) -> str:
        """The canonical terms of a price as written. Raises Unusable."""
        return self._terms(self.spec.defaults.rate_type, {"price": self.amount(text, at, factor)}, entitled)

    def _terms(self, kind: str, amounts: dict[str, object], entitled: bool) -> str:
        terms: dict[str, object] = {"entitled": entitled, "rate_type": kind, **amounts}
        if not is_fraction(kind) and self.unit != USD:
            terms["credit_type"] = self.unit
        return encode(terms)

    def multiplier(self, product: str) -> Multiplier | None:
        """What the prices of a product are multiplied by; None: nothing."""
        spec = self.spec
        if spec.per is None:
            return (spec.factor, Decimal(1)) if spec.factor is not None else None
        if product not in self._multipliers:
            known = self.facts.products.get(product)
            conversion = known.quantity_conversion if known is not None else None
            above, below = spec.factor or Decimal(1), spec.per
            if conversion is not None and conversion.operation == "DIVIDE":
                above = EXACT.multiply(above, conversion.conversion_factor)
            elif conversion is not None:
                below = EXACT.multiply(below, conversion.conversion_factor)
            self._multipliers[product] = above, below
        return self._multipliers[product]

    def amount(self, text: str, at: int, factor: Multiplier | None = None) -> Decimal:
        """A price as written, in the API unit. Raises Unusable."""
        text, column, most = text.strip(), at + 1, None
        number = self.number(text, at)
        if is_fraction(self.spec.defaults.rate_type):
            most = Decimal(MOST_SHARE)
            number = percent(text) if number is None else number
        if number is None and (money := parse_money(self._canonical(text, at))) is not None:
            if money.currency != self.spec.defaults.currency or most is not None:
                counted = self.spec.defaults.currency or f"the pricing unit {self.unit}"
                message = f"{quote(text)} is in {money.currency}, but the table's numbers are in {counted}"
                raise Unusable("currency-mismatch", message, column, "say the table's currency under defaults")
            number = money.amount
        if number is None:
            hint = 'numbers: {decimal: ","} under rates_from reads a decimal comma' if "," in text else ""
            raise Unusable("amount", f"{quote(text)} is not a number" if text else "no price", column, hint)
        price = to_api_unit(number, self.scale.scale if most is None else 0)
        if factor is not None:
            price = EXACT.divide(EXACT.multiply(price, factor[0]), factor[1])
        if price < 0 or (most is not None and price > most):
            rule = "a price is not negative" if most is None else SHARE.message
            raise Unusable("out-of-range", f"{quote(text)}: {rule}", column)
        if not carries(price):
            raise Unusable("too-precise", f"{quote(text)} has more digits than can be carried", column, DIGITS_HINT)
        return price

    def number(self, text: str, at: int) -> Decimal | None:
        """A number as written; None for a text that is none. Raises Unusable for another notation than the card's."""
        return read_number(self._canonical(text, at))

    def _canonical(self, text: str, at: int) -> str:
        """A number in the table's own notation, as 1234.56; other texts as they are. Raises Unusable for one that is
        written in neither way."""
        numbers = self.spec.numbers
        if numbers is None:
            return text
        between = re.escape(numbers.thousands or "")
        whole = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+|\d+" if between else r"\d+"
        form = rf"([^\d.,]*)({whole})(?:{re.escape(numbers.decimal)}(\d+))?([^\d.,]*|[eE][-+]?\d+)"
        match = re.fullmatch(form, text)
        if match is None:
            if any(character.isdigit() for character in text):
                example = f"1{numbers.thousands or ''}234{numbers.decimal}50"
                raise Unusable(
                    "amount", f"{quote(text)} is not written as {example}", at + 1, "see numbers of the card"
                )
            return text
        digits = match[2].replace(numbers.thousands or "\0", "")
        return f"{match[1]}{digits}{'.' + match[3] if match[3] else ''}{match[4]}"

    def tiered(self, tiers: Sequence[tuple[Decimal, Decimal | None]], entitled: bool) -> str:
        """The canonical terms of tiers; whatever size the last one has, it takes all the rest."""
        listed = [{"price": price, "size": size} for price, size in tiers[:-1]]
        kind = "TIERED_PERCENTAGE" if is_fraction(self.spec.defaults.rate_type) else "TIERED"
        return self._terms(kind, {"tiers": [*listed, {"price": tiers[-1][0]}]}, entitled)


def _unit(spec: RatesFrom, facts: RateFacts) -> tuple[str, Scale]:
    """The pricing unit of a table, and the scale of its numbers. Raises Unusable."""
    defaults, fiat = spec.defaults, facts.card.fiat_credit_type
    if defaults.currency is None:
        unit = defaults.credit_type or fiat
        scale = Scale(facts.scales[unit].currency if unit in facts.scales else None, 0)
    else:
        found = {name: scale for name, scale in facts.scales.items() if scale.currency == defaults.currency}
        if not found:
            hint = f"declare a PricingUnit with currency: {defaults.currency}"
            message = f"no pricing unit is in {defaults.currency}"
            raise Unusable("unknown-reference", message, 1, hint, ("defaults", "currency"))
        unit = fiat if fiat in found else next(iter(found))
        scale = found[unit]
    wrong = facts.check_unit(unit)
    if wrong is not None:
        at = ("defaults", "credit_type" if defaults.currency is None else "currency")
        raise Unusable(wrong.code, wrong.message, 1, wrong.hint, at)
    return unit, scale
