"""What every rate of a card must keep, wherever it is written: checked once for all the rates that share it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from pricebook.catalog.amount import Scale
from pricebook.catalog.model import Frequency
from pricebook.catalog.product import Product
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.violation import Violation
from pricebook.problem import did_you_mean, quote

FREQUENCIES: tuple[str, ...] = get_args(get_args(Frequency)[0])


@dataclass
class RateFacts:
    """What the rates of one card may say: the products, the card's pricing units and their scales."""

    name: str
    card: RateCard
    products: Mapping[str, Product]
    scales: Mapping[str, Scale]
    broken: frozenset[str] = frozenset()
    """Products whose manifest is wrong: it is told there, and not again by every rate that names one."""
    _checked: dict[tuple[str, str | None, tuple[str, ...]], Violation | None] = field(default_factory=dict)

    def check_key(self, product: str, frequency: str | None, groups: tuple[str, ...]) -> Violation | None:
        """What is wrong with a rate of this product, billing frequency and sorted pricing group keys; remembered."""
        key = (product, frequency, groups)
        if key not in self._checked:
            if len(self._checked) > 100_000:
                self._checked.clear()
            self._checked[key] = self._check_key(product, frequency, groups)
        return self._checked[key]

    def _check_key(self, name: str, frequency: str | None, groups: tuple[str, ...]) -> Violation | None:
        product = self.products.get(name)
        if product is None and name in self.broken:
            return None
        if product is None:
            message = f"product {quote(name)} does not exist" if name else "no product"
            hint = did_you_mean(name, self.products)
            related = tuple(("there", Ref(Kind.PRODUCT, near), ()) for near in self.products if f'"{near}"' in hint)
            hint = hint or f"products: {', '.join(sorted(self.products)[:10]) or 'none is declared'}"
            return Violation("unknown-reference", message, ("product",), hint, related)
        if frequency is not None and frequency not in FREQUENCIES:
            message = f"{quote(frequency)} is not a billing frequency"
            hint = did_you_mean(frequency, FREQUENCIES) or f"one of {', '.join(FREQUENCIES)}"
            return Violation("not-a-choice", message, ("billing_frequency",), hint)
        if product.type == "SUBSCRIPTION" and frequency is None:
            message = f"a rate of the SUBSCRIPTION product {quote(name)} needs a billing_frequency"
            return Violation("missing-field", message, ("billing_frequency",), f"one of {', '.join(FREQUENCIES)}")
        if product.type != "SUBSCRIPTION" and frequency is not None:
            message = f"billing_frequency is for SUBSCRIPTION products; {quote(name)} is {product.type}"
            return Violation("not-applicable", message, ("billing_frequency",), "remove it")
        expected = self.group_key(name)
        if groups != expected:
            message = (
                f"a rate of {quote(name)} must give pricing group values for {_list(expected)}, not {_list(groups)}"
            )
            hint = "the keys are the product's pricing_group_key"
            return Violation("pricing-group-key", message, ("pricing_group_values",), hint)
        return None

    def group_key(self, product: str) -> tuple[str, ...]:
        """The pricing group keys of a product that there is, sorted."""
        return tuple(sorted(self.products[product].pricing_group_key or ()))

    def check_unit(self, unit: str) -> Violation | None:
        """What is wrong with a rate in this pricing unit."""
        card = self.card
        if unit == card.fiat_credit_type:
            return None  # when it does not exist, the card's own field says so
        if unit not in self.scales:
            message = f"pricing unit {quote(unit)} does not exist"
            hint = did_you_mean(unit, self.scales) or f"pricing units: {', '.join(sorted(self.scales)[:10])}"
            return Violation("unknown-reference", message, ("credit_type",), hint)
        if all(conversion.custom_credit_type != unit for conversion in card.credit_type_conversions):
            message = f"the card has no conversion for pricing unit {quote(unit)}"
            hint = "add it to credit_type_conversions"
            if currency := self.scales[unit].currency:
                fiat = self.scales.get(card.fiat_credit_type, Scale(None, 0)).currency or card.fiat_credit_type
                message = f"the card is in {fiat}, and {quote(unit)} is the currency {currency}"
                hint = f"prices in {currency} stand on a card of their own, with fiat_credit_type: {unit}"
            return Violation("unit-not-on-card", message, ("credit_type",), hint)
        return None


class OtherFacts(RateFacts):
    """The same of a list that is somebody else's: it may have products that we do not."""

    def _check_key(self, name: str, frequency: str | None, groups: tuple[str, ...]) -> Violation | None:
        return super()._check_key(name, frequency, groups) if name in self.products or not name else None

    def check_unit(self, unit: str) -> Violation | None:
        """What is wrong with a list in this pricing unit."""
        found = super().check_unit(unit)
        hint = "leave currency and credit_type out, and say as factor what one of theirs is worth in ours"
        return found._replace(hint=hint) if found is not None else None


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"
