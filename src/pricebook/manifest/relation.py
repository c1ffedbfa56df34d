"""Prices that are said by others: `relations` of a card, and single prices. `manifest.derivation` works them out.

A relation takes the rates of its card, or of another one, that `of` describes, and gives for each a rate with another
product, frequency or group value, whose amounts are so many times those. What the card says of a rate itself holds. The
relations of a card are worked out in their order, each over what the ones before have given. A single rate may have
such a price (`price: {of: ..., times: 50%}`): it is worked out as soon as the one is there that it starts from.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from pricebook.catalog.condition import Condition, Given, bars, needs
from pricebook.catalog.field import NonEmpty, Positive
from pricebook.catalog.model import Factor, Frequency, GroupValues, Model, Number, Text
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.card_rates import facts_of
from pricebook.manifest.factor import FactorTable
from pricebook.manifest.loading import Loading
from pricebook.manifest.rates import key_of
from pricebook.manifest.validation import LIST_HINT, validated


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Ending = Annotated[Number, Field(ge=0, lt=1), WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 1})]


class RelatedRates(Model):
    """The rates that a relation starts from: those that are all of this."""

    rate_card: Text | None = None
    """Those of another card; else of the card itself."""
    product: Annotated[NonEmpty[Text] | None, BeforeValidator(_several)] = None
    """Of this product, or of one of these."""
    billing_frequency: Frequency | None = None
    """With this billing frequency."""
    pricing_group_values: GroupValues = Field(default_factory=dict)
    """With these pricing group values."""

    def fits(self, key: RateKey) -> bool:
        """Whether a rate is one of them."""
        return (
            (self.product is None or key.product in self.product)
            and self.billing_frequency in (None, key.billing_frequency)
            and self.pricing_group_values.items() <= dict(key.pricing_group_values).items()
        )


class RelatedPrice(Model):
    """A price that is so many times another one."""

    of: RelatedRates
    """The rates that it starts from."""
    times: Factor | None = None
    """What their amounts are multiplied by: `0.5` or `50%`, `10`."""
    times_from: FactorTable | None = None
    """Instead of times: a table of factors."""
    round: Positive | None = None
    """Amounts are multiples of this, in the currency's major unit: `0.01`; half of it goes up."""
    ending: Ending | None = None
    """Amounts end like this, in the currency's major unit: `0.99` makes 12.30 the next price that does, 12.99."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("times times_from", hint="times: 50%"),
        bars("times", Given("times_from"), hint="keep one of them: the table says the factors"),
    )

    def rules(self) -> Iterator[Violation]:
        """It gives prices that are more than nothing."""
        if self.times is not None and not self.times:
            yield Violation("out-of-range", "0 is not more than 0", ("times",), "a free price is written as one")


class Relation(RelatedPrice):
    """Rates that are so many times others."""

    product: Text | None = None
    """The product of the rates that it gives; else the same."""
    billing_frequency: Frequency | None = None
    """Their billing frequency; else the same."""
    pricing_group_values: GroupValues = Field(default_factory=dict)
    """The pricing group values in which they differ."""

    def rules(self) -> Iterator[Violation]:
        """It gives other rates than those that it starts from."""
        yield from super().rules()
        same = self.product is None and self.billing_frequency is None and not self.pricing_group_values
        if same and self.of.rate_card is None:
            hint = "say in what the rates differ: product, billing_frequency or pricing_group_values"
            yield Violation("no-effect", "the relation gives the rates that it starts from", (), hint)

    def target(self, key: RateKey) -> RateKey:
        """The key of the rate that it gives for one."""
        values = {**dict(key.pricing_group_values), **self.pricing_group_values}
        product = self.product if self.product is not None else key.product
        return RateKey(product, self.billing_frequency or key.billing_frequency, tuple(sorted(values.items())))


class DependentPrice(NamedTuple):
    """What stands at a place of a card's spec: a group of rates, or one rate of this key."""

    at: Path
    price: RelatedPrice
    target: RateKey | None = None

    def starts_from(self, key: RateKey) -> bool:
        """Whether a rate is one of those that it starts from. Of a single price what `of` does not say is as in
        itself."""
        of, target = self.price.of, self.target
        if target is None or not of.fits(key):
            return of.fits(key)
        held, own = dict(key.pricing_group_values), dict(target.pricing_group_values)
        alike = all(held[name] == own[name] for name in held.keys() & own.keys() - of.pricing_group_values.keys())
        frequency = of.billing_frequency is not None or key.billing_frequency == target.billing_frequency
        return alike and frequency and (of.product is not None or key.product == target.product)


def dependent_prices(loading: Loading, card: Ref) -> Iterator[DependentPrice]:
    """What a card says by other prices: single prices, and then whole groups."""
    envelope = loading.envelopes[card]
    nouns: Mapping[Ref, Any] = loading.nouns
    facts = facts_of(loading, card.name, nouns[card]) if card in loading.nouns else None
    for index in loading.related_rates.get(card.name, ()):
        assert facts is not None, "of a card that was read"
        rate, at = envelope.spec["rates"][index], ("rates", index)
        price, violations = validated(RelatedPrice, rate["price"])
        loading.reject(violations, envelope, (*at, "price"))
        key, wrong = key_of(rate, facts)
        for name in rate.keys() - _KEYED:
            hint = "the rest is that of the price that it is said by"
            wrong.append(Violation("conflict", f"{name} stands beside a price that is said by another", (name,), hint))
        loading.reject(wrong, envelope, at)
        if price is not None and key is not None and not wrong:
            yield DependentPrice((*at, "price"), price, key)
    listed = envelope.spec.get("relations", ())
    if not isinstance(listed, tuple):
        loading.reject([Violation("type", "relations is not a list", ("relations",), LIST_HINT)], envelope)
        return
    for index, entry in enumerate(listed):
        relation, violations = validated(Relation, entry)
        loading.reject(violations, envelope, ("relations", index))
        if relation is not None:
            yield DependentPrice(("relations", index), relation)


_KEYED = {"product", "billing_frequency", "pricing_group_values", "price"}
