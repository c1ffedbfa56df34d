"""The catalogue: the same type for what manifests desire and for what was observed in a store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from pricebook.catalog.amount import Scale
from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.unit import PricingUnit, scales_of

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package

N = TypeVar("N", bound=Noun)


@dataclass(frozen=True)
class Catalog:
    """Nouns by `Ref`, and the rates of each card by the card's name.

    A desired package has no version in its Ref; an observed one has, and every version is there.
    """

    nouns: Mapping[Ref, Noun] = field(default_factory=dict)
    rates: Mapping[str, Rates] = field(default_factory=dict)

    @cached_property
    def units(self) -> Mapping[str, PricingUnit]:
        """Declared pricing units by name; the built-in `usd` is not among them."""
        return cast("Mapping[str, PricingUnit]", self._of(Kind.PRICING_UNIT))

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        """How amounts of each pricing unit read, the built-in one's too."""
        return scales_of(self.units)

    @cached_property
    def holders(self) -> Mapping[str, Sequence[tuple[str, Alias]]]:
        """Rate-card alias -> the cards that hold it, in the order of their names, with when they do."""
        found: dict[str, list[tuple[str, Alias]]] = {}
        for name, card in sorted(self.cards.items()):
            for alias in card.aliases:
                found.setdefault(alias.name, []).append((name, alias))
        return found

    def only_card(self, card: str | None, alias: str | None) -> str | None:
        """The name of the card that a package means whenever it is used: by name, or by an alias that exactly one card
        holds."""
        held = {name for name, _ in self.holders.get(alias or "", ())}
        return card if card is not None else held.pop() if len(held) == 1 else None

    def card_at(self, card: str | None, alias: str | None, at: datetime) -> str | None:
        """The name of the card that a package means at an instant: by name, or by an alias "as of the contract's start
        date"."""
        held = (name for name, one in self.holders.get(alias or "", ()) if one.holds(at))
        return card if card is not None else next(held, None)

    @cached_property
    def metrics(self) -> Mapping[str, BillableMetric]:
        """Billable metrics by name."""
        return cast("Mapping[str, BillableMetric]", self._of(Kind.BILLABLE_METRIC))

    @cached_property
    def products(self) -> Mapping[str, Product]:
        """Products by name."""
        return cast("Mapping[str, Product]", self._of(Kind.PRODUCT))

    def tags_of(self, product: str) -> Collection[str]:
        """The tags of a product; none where it is not known."""
        return self.products[product].tags if product in self.products else ()

    @cached_property
    def cards(self) -> Mapping[str, RateCard]:
        """Rate cards by name."""
        return cast("Mapping[str, RateCard]", self._of(Kind.RATE_CARD))

    @cached_property
    def packages(self) -> Mapping[str, "Package"]:
        """Packages by name; of an observed catalogue the latest version of each."""
        found = sorted(
            ((ref.version or 0, ref.name, noun) for ref, noun in self.nouns.items() if ref.kind is Kind.PACKAGE),
            key=lambda f: f[:2],
        )
        return {name: cast("Package", noun) for _, name, noun in found}

    @property
    def digest(self) -> str:
        """One digest over every noun and every rate, whatever the order of files."""
        nouns = {str(ref): content_digest(noun) for ref, noun in self.nouns.items()}
        return digest(encode({"nouns": nouns, "rates": {card: rates.digest for card, rates in self.rates.items()}}))

    def _of(self, kind: Kind) -> dict[str, Noun]:
        return {ref.name: noun for ref, noun in self.nouns.items() if ref.kind is kind}
