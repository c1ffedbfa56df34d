"""What rules ask of a catalogue, worked out once for all of them.

Rates are many: they are looked at card by card in one pass, and rules then speak of distinct schedules, of products and
of subscriptions, never of each rate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import EXACT, RATIO
from pricebook.catalog.path import named, path_text
from pricebook.catalog.priced import labelled, priced_products, unit_of, unit_word
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.rate_book import RateBook, Rates, count_rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import (
    RateKey,
    Timeline,
    head_text,
    key_text,
    read_head,
    read_key,
    read_schedule,
    terms_from,
)
from pricebook.catalog.unit import Unit, money
from pricebook.catalog.violation import Path
from pricebook.policy.finding import Finding

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.override import OverrideSpecifier
    from pricebook.catalog.package import Package
    from pricebook.catalog.specifier import Applicable, UsageSpecifier

Head = tuple[str, str | None]
"""A product and a billing frequency, or None."""


class CardFacts:
    """The rates of one card, seen once."""

    def __init__(self, name: str, card: RateCard, rates: Rates) -> None:
        self.name, self.card, self.rates = name, card, rates

    @cached_property
    def schedules(self) -> dict[Head, dict[str, int]]:
        """Product and frequency -> each distinct schedule text with the number of rates that have it."""
        found: dict[str, dict[str, int]] = {}
        counts = self.rates.counts if isinstance(self.rates, RateBook) else count_rates(self.rates.items())
        for (head, schedule), count in counts.items():
            found.setdefault(head, {})[schedule] = count
        return {read_head(head): schedules for head, schedules in found.items()}

    @cached_property
    def products(self) -> frozenset[str]:
        """The products that have a rate."""
        return frozenset(product for product, _ in self.schedules)

    @cached_property
    def group_values(self) -> frozenset[tuple[str, str]]:
        """Every pricing group key with a value that some rate has. Reads each key: for overrides that name values."""
        return frozenset(pair for key, _ in self.rates.items() for pair in read_key(key).pricing_group_values)

    @cached_property
    def subscriptions(self) -> dict[str, Timeline]:
        """Key text -> timeline, of the rates with a billing frequency."""
        if all(frequency is None for _, frequency in self.schedules):
            return {}
        return {key: read_schedule(text) for key, text in self.rates.items() if read_key(key).billing_frequency}

    def timeline(self, product: str, frequency: str | None) -> Timeline | None:
        """The timeline of a rate without pricing group values."""
        schedule = self.rates.get(key_text(RateKey(product, frequency, ())))
        return read_schedule(schedule) if schedule is not None else None

    def terms_of(self, product: str, now: str) -> Iterator[Terms]:
        """The terms of a product's rates that hold now, or else the first that will."""
        for head, schedules in self.schedules.items():
            for text in schedules if head[0] == product else ():
                terms = terms_from(read_schedule(text), now)
                if terms is not None:
                    yield terms

    def first_key(self, head: Head, schedules: frozenset[str]) -> str:
        """The first key of a product and frequency that has one of the schedules: for findings."""
        start = head_text(*head)
        return min(key for text in schedules for key in self._keys[text] if key.startswith(start))

    @cached_property
    def _keys(self) -> dict[str, list[str]]:
        """Schedule text -> the keys that have it."""
        found: dict[str, list[str]] = {}
        for key, schedule in self.rates.items():
            if schedule not in found:
                found[schedule] = []
            found[schedule].append(key)
        return found


class Priced(NamedTuple):
    """A schedule that `rates` rates of a card have, of one product and billing frequency."""

    card: CardFacts
    head: Head
    text: str
    rates: int
    timeline: Timeline

    @property
    def key(self) -> str:
        """The first rate that has it."""
        return self.card.first_key(self.head, frozenset((self.text,)))

    def finding(self, path: Path, message: str, hint: str) -> Finding:
        """What a rule has to say of the rates that have it."""
        return Finding(card_ref(self.card.name), path, message, hint, rate=self.key, more=self.rates - 1)


class Metered(NamedTuple):
    """What one metered unit costs, by a price as it is written; `told` is of how many units people speak: those of the
    conversion, or a million tokens."""

    one: Decimal
    found: Priced
    written: Decimal
    told: Decimal

    @property
    def product(self) -> str:
        """What it is the price of."""
        return self.found.head[0]


class CardedPackage(NamedTuple):
    """A package, and the card with rates that a contract on it starts on now, or else next."""

    name: str
    package: "Package"
    card: CardFacts | None

    def finding(
        self,
        path: Path,
        message: str,
        hint: str,
        *,
        label: str | None = None,
        related: tuple[tuple[str, Ref, Path], ...] = (),
    ) -> Finding:
        """What a rule has to say of the package; without a `label` it is of the term that the path leads to."""
        if label is None:
            label = self.term(path) if len(path) > 1 else ""
        return Finding(package_ref(self.name), path, message, hint, label=label, related=related)

    def term(self, path: Path) -> str:
        """The term that a path leads to or into: `recurring_credits[gift]`."""
        return path_text(named(self.package, path[:2]))


class Paid(NamedTuple):
    """What one of a package's subscriptions costs over time, for each; `places` says from when on it stands where in
    the package. There is nothing where a contract has no right to it, and of tiers."""

    offer: CardedPackage
    product: str
    frequency: str
    timeline: Timeline
    places: Mapping[str, Path]

    @property
    def overridden(self) -> bool:
        """Whether an override ever says it."""
        return any(path[0] == "overrides" for path in self.places.values())


@dataclass(frozen=True)
class Facts:
    """A catalogue as of an instant."""

    catalog: Catalog
    as_of: datetime

    @cached_property
    def now(self) -> str:
        """The instant as text, which sorts as time does."""
        return instant_text(self.as_of)

    @cached_property
    def cards(self) -> dict[str, CardFacts]:
        """Every card that has rates."""
        return {
            name: CardFacts(name, card, self.catalog.rates[name])
            for name, card in self.catalog.cards.items()
            if name in self.catalog.rates
        }

    @property
    def products(self) -> Mapping[str, Any]:
        """`Catalog.products`."""
        return self.catalog.products

    @property
    def packages(self) -> "Mapping[str, Package]":
        """`Catalog.packages`."""
        return self.catalog.packages

    @cached_property
    def offers(self) -> tuple[CardedPackage, ...]:
        """Every package with its card."""
        return tuple(CardedPackage(name, package, self.card_of(package)) for name, package in self.packages.items())

    @cached_property
    def paid(self) -> tuple[Paid, ...]:
        """What every subscription of every package costs its customers."""
        if not self.offers:
            return ()
        # The bills are for projects that have packages.
        from pricebook.policy.paid import paid_for

        return tuple(paid for offer in self.offers for paid in paid_for(offer, self))

    @property
    def scales(self) -> Mapping[str, Scale]:
        """How amounts of each pricing unit read."""
        return self.catalog.scales

    @cached_property
    def priced(self) -> tuple[Priced, ...]:
        """Every distinct schedule of each card, product and frequency."""
        return tuple(
            Priced(card, head, text, count, read_schedule(text))
            for card in self.cards.values()
            for head, schedules in card.schedules.items()
            for text, count in schedules.items()
        )

    @cached_property
    def flat(self) -> Mapping[tuple[str, Head], list[tuple[Priced, Decimal, str]]]:
        """What is priced now, or else next, with one price above zero in money for every unit, by card, product and
        frequency: the price, and its pricing unit."""
        found: dict[tuple[str, Head], list[tuple[Priced, Decimal, str]]] = {}
        for priced in self.priced:
            terms = terms_from(priced.timeline, self.now)
            if terms is not None and terms.flat:
                found.setdefault((priced.card.name, priced.head), []).append((priced, terms.flat, terms.unit))
        return found

    @cached_property
    def metered(self) -> Mapping[tuple[str, str, str], list[Metered]]:
        """The prices of usage now, by card, unit and pricing unit: what is to be compared, the cheapest first."""
        metrics = self.catalog.metrics
        found: dict[tuple[str, str, str], list[Metered]] = {}
        for (card, (name, _)), alike in self.flat.items():
            product = self.products.get(name)
            if product is None or product.type != "USAGE":
                continue
            _, power = unit_of(product, metrics)
            conversion, word = product.quantity_conversion, unit_word(product, metrics)
            factor = conversion.conversion_factor if conversion is not None else Decimal(1)
            if conversion is not None and conversion.operation == "MULTIPLY":
                factor = RATIO.divide(Decimal(1), factor)
            many = factor.scaleb(power)
            for priced, price, unit in alike:
                one = RATIO.divide(price, factor)
                found.setdefault((card, word, unit), []).append(Metered(one, priced, price, many))
        for prices in found.values():
            prices.sort(key=lambda price: (price.one, price.found.head, price.found.text))
        return found

    def card_of(self, package: "Package") -> CardFacts | None:
        """The card that a contract on the package starts on now: by name, or by who holds the alias; else the next."""
        alias = package.rate_card_alias
        following = (name for name, _ in self.catalog.holders.get(alias or "", ()))
        now = self.catalog.card_at(package.rate_card, alias, self.as_of)
        return self.cards.get(now or next(following, ""))

    def start_of(self, package: "Package") -> str:
        """From when contracts can be made on the package: now, or when the first of its aliases starts."""
        starts = [alias.starting_at for alias in package.aliases]
        first = min((at for at in starts if at is not None), default=None)
        if None in starts or first is None:
            return self.now
        return max(self.now, instant_text(first))

    def money(self, amount: Decimal, unit: str = USD) -> str:
        """An amount of the API unit, for a sentence: `$1,000.00`, `12 credits`."""
        return money(amount, Unit.of(self.scales.get(unit), unit))

    @cached_property
    def spoken(self) -> Mapping[str, PricedProduct]:
        """How the products of cards are spoken of, and what their prices are for."""
        return priced_products(self.catalog, {name for card in self.cards.values() for name in card.products})

    def called(self, product: str) -> str:
        """What people call a product."""
        found = self.spoken.get(product)
        return found.name if found is not None else product

    def label(self, key: str) -> str:
        """A price as people call it, with how often it is charged: `Team seat · ANNUAL`."""
        read = read_key(key)
        name = labelled(self.spoken.get(read.product) or PricedProduct(read.product, ""), read)
        return f"{name} · {read.billing_frequency}" if read.billing_frequency else name

    def price(self, amount: Decimal, unit: str, product: str) -> str:
        """A price with what it is for: `$2.50 per 1M tokens`."""
        found = self.spoken.get(product)
        said = self.money(amount.scaleb(found.power, EXACT) if found is not None else amount, unit)
        return f"{said} per {found.unit}" if found is not None and found.unit else said

    def reached(self, by: "UsageSpecifier | Applicable", card: CardFacts) -> frozenset[str]:
        """The products with a rate on the card whose usage a specifier, or a balance, can mean."""
        return frozenset(name for name in card.products if by.reaches(name, self.catalog.tags_of(name)))

    def changed(self, by: "OverrideSpecifier", card: CardFacts) -> Iterator[RateKey]:
        """The products and frequencies on the card some of whose prices an override changes, each with the group values
        that it says."""
        groups = tuple(sorted(by.pricing_group_values.items()))
        keys = (RateKey(*head, groups) for head in card.schedules)
        presentation = by.presentation_group_values.items()
        return (key for key in keys if by.fits(key, self.catalog.tags_of(key.product), presentation))


def package_ref(name: str) -> Ref:
    """The ref of a desired package."""
    return Ref(Kind.PACKAGE, name)


def card_ref(name: str) -> Ref:
    """The ref of a rate card."""
    return Ref(Kind.RATE_CARD, name)
