"""A tariff: a rate card's timelines and a package's overrides, prepared once and asked for many customers.

The rule it keeps: nothing here depends on a customer but the contract's terms, and every answer is remembered, so that
billing a hundred thousand customers reads each rate once. Asked twice, it answers the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.override import is_sold
from pricebook.catalog.product import Product
from pricebook.catalog.rate import OverwriteRate
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.terms import Charge, Curve, Terms, tiered
from pricebook.catalog.timeline import RateKey, key_text, read_schedule
from pricebook.catalog.unit import BUILT_IN
from pricebook.preview.invoice import Why
from pricebook.preview.match import Subject, links_to, overrides, winner
from pricebook.preview.price import multiplied, scaled
from pricebook.preview.terms import ContractTerms, DatedOverride, Grant, Window


class CardSegment(NamedTuple):
    """The terms of a rate and the time that they hold for."""

    window: Window
    terms: Terms


@dataclass(frozen=True, slots=True)
class TariffPrice:
    """What is charged at a time, and why. `segment` is the card's, None where only an overwrite says a price."""

    rate: Charge
    steps: Curve | None
    segment: Window | None
    listed: Curve | None
    """The card's steps."""
    override: DatedOverride | None
    commit_rate: bool = False

    def why(self) -> Why:
        """Where it comes from. `list_price` is there where an override says another than the card's one price."""
        override, listed = self.override, self.listed
        return Why(
            segment=self.segment,
            rate_type=self.rate.rate_type,
            list_price=listed[0].price if override is not None and listed is not None and len(listed) == 1 else None,
            override=override.name if override is not None else "",
            override_type=(override.term.type or "") if override is not None else "",
            factor=override.term.multiplier if override is not None else None,
            commit_rate=self.commit_rate,
        )


class Tariff:
    """The prices of one rate card, and the products and units that they are about."""

    def __init__(self, catalog: Catalog, card: str | None) -> None:
        """A card of the catalogue, by name; None for packages without one."""
        self.card = card
        found = catalog.cards.get(card) if card is not None else None
        self._rates: Rates = catalog.rates.get(card, _NONE) if card is not None else _NONE
        self.products: Mapping[str, Product] = catalog.products
        self.scales: Mapping[str, Scale] = catalog.scales
        self.names: Mapping[str, str] = {n: u.name for n, u in {**BUILT_IN, **catalog.units}.items()}
        self.fiat = found.fiat_credit_type if found is not None else USD
        conversions = found.credit_type_conversions if found is not None else ()
        self.conversions: Mapping[str, Decimal] = {c.custom_credit_type: c.fiat_per_custom_credit for c in conversions}
        self.worth: Mapping[str, Decimal] = {**self.conversions, self.fiat: Decimal(1)}
        """In the fiat unit."""
        order = found.product_order if found is not None else ()
        self.order: Mapping[str, int] = {name: place for place, name in enumerate(order)}
        self._timelines: dict[RateKey, tuple[CardSegment, ...]] = {}

    def timeline(self, key: RateKey) -> tuple[CardSegment, ...]:
        """The segments of one rate, by time; empty where the card has none."""
        found = self._timelines.get(key)
        if found is None:
            text = self._rates.get(key_text(key))
            segments = read_schedule(text) if text is not None else ()
            found = self._timelines[key] = tuple(
                CardSegment(Window(_instant(s.starting_at), _instant(s.ending_before)), s.terms) for s in segments
            )
        return found

    def instants(self) -> frozenset[datetime]:
        """Every instant at which some price of the card changes."""
        texts = {text for _, text in self._rates.items()}
        return frozenset(
            _instant(at) for text in texts for s in read_schedule(text) for at in (s.starting_at, s.ending_before)
        )


_NONE = RateBook({})


class Prices:
    """The prices of one contract: a tariff under the terms' overrides. Customers with equal terms can share it."""

    def __init__(self, tariff: Tariff, terms: ContractTerms) -> None:
        self.tariff, self.terms = tariff, terms
        self._presented = any(
            specifier.presentation_group_values
            for override in terms.overrides
            for specifier in override.term.override_specifiers
        )
        self._matching: dict[Any, tuple[DatedOverride, ...]] = {}
        self._prices: dict[Any, TariffPrice | None] = {}
        self._cuts: dict[Any, tuple[datetime, ...]] = {}

    @cached_property
    def composites(self) -> tuple[Subject, ...]:
        """The composite products that have a price, those that are a share of others' last."""
        products = self.tariff.products.items()
        found = [Subject(name, product) for name, product in products if product.type == "COMPOSITE"]
        priced = [s for s in found if self.tariff.timeline(s.key) or self.matching(s)]
        return tuple(sorted(priced, key=lambda s: (s.product.include_composite_spend, s.name)))

    def matching(self, subject: Subject) -> tuple[DatedOverride, ...]:
        """The overrides that are about the subject, whenever they hold."""
        if not self.terms.overrides:
            return ()
        key = self._key(subject)
        found = self._matching.get(key)
        if found is None:
            found = self._matching[key] = tuple(o for o in self.terms.overrides if overrides(o, subject))
        return found

    def cuts(self, subject: Subject) -> tuple[datetime, ...]:
        """The instants at which the subject's price may change."""
        key = self._key(subject)
        found = self._cuts.get(key)
        if found is None:
            windows = [s.window for s in self.tariff.timeline(subject.key)]
            windows += [o.window for o in self.matching(subject)]
            found = self._cuts[key] = tuple(instant for window in windows for instant in window)
        return found

    def price(self, subject: Subject, at: datetime, grant: Grant | None = None) -> TariffPrice | None:
        """What is charged at an instant, drawn from a balance or (None) not; None where the contract has no right to
        it, or there is no rate.

        Of the overrides one holds: a commit-specific one before one of the contract, and an OVERWRITE before the others
        (docs.metronome.com, "Offer discounts on commits")."""
        special = grant is not None and (grant.term.rate_type is not None or self._specific(subject))
        key = (self._key(subject), at, (grant.list, grant.key) if special and grant is not None else None)
        if key not in self._prices:
            self._prices[key] = self._make(subject, at, grant if special else None)
        return self._prices[key]

    def _key(self, subject: Subject) -> Any:
        return subject.name, subject.frequency, subject.pricing, subject.presentation if self._presented else ()

    def _specific(self, subject: Subject) -> bool:
        return any(o.term.is_commit_specific for o in self.matching(subject))

    def _make(self, subject: Subject, at: datetime, grant: Grant | None) -> TariffPrice | None:
        segment = next((s for s in self.tariff.timeline(subject.key) if s.window.covers(at)), None)
        active = [o for o in self.matching(subject) if o.window.covers(at)]
        if not is_sold(segment is not None and segment.terms.entitled, (o.term for o in active)):
            return None
        commit = segment.terms.commit if segment is not None else None
        by_commit = commit is not None and grant is not None and grant.term.rate_type == "COMMIT_RATE"
        chosen, target = None, "COMMIT_RATE" if by_commit else "LIST_RATE"
        if grant is not None:
            specific = [o for o in active if o.term.is_commit_specific and o.term.target == target]
            chosen = winner((o for o in specific if links_to(o, grant, subject)), explicit=self.terms.explicit)
        if chosen is None and not by_commit:
            chosen = winner((o for o in active if not o.term.is_commit_specific), explicit=self.terms.explicit)
        base = commit if by_commit else segment.terms.charge if segment is not None else None
        rate = _overwrite(chosen.term.overwrite_rate) if chosen is not None and chosen.term.overwrite_rate else base
        if rate is None:
            return None
        steps = rate.curve or None
        if steps is not None and chosen is not None and chosen.term.multiplier is not None:
            steps = scaled(steps, chosen.term.multiplier)
        elif steps is not None and chosen is not None and chosen.term.tiers:
            steps = multiplied(steps, tiered([(tier.multiplier, tier.size) for tier in chosen.term.tiers]))
        window = segment.window if segment is not None else None
        return TariffPrice(rate, steps, window, (base.curve or None) if base is not None else None, chosen, by_commit)


def _instant(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text is not None else FOREVER


def _overwrite(rate: OverwriteRate) -> Charge:
    minimum = rate.minimum_config.minimum if rate.minimum_config is not None else None
    return Charge(rate.rate_type, rate.price, [(t.price, t.size) for t in rate.tiers], minimum, rate.credit_type)
