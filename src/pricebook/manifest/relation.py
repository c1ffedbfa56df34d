"""Prices that are said by others: `relations` of a card, and single prices, worked out when it is loaded.

A relation takes the rates of its card, or of another one, that `of` describes, and gives for each a rate with another
product, frequency or group value, whose amounts are so many times those. What the card says of a rate itself holds. The
relations of a card are worked out in their order, each over what the ones before have given. A single rate may have
such a price (`price: {of: ..., times: 50%}`): it is worked out as soon as the one is there that it starts from.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from pricebook.catalog.canonical import quoted
from pricebook.catalog.condition import Condition, Given, bars, needs
from pricebook.catalog.field import NonEmpty, Positive
from pricebook.catalog.model import Factor, Frequency, GroupValues, Model, Number, Text
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, key_text, read_key
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.card_rates import facts_of
from pricebook.manifest.envelope import Envelope
from pricebook.manifest.factor import FactorTable, read_factors
from pricebook.manifest.loading import Loading
from pricebook.manifest.rates import key_of
from pricebook.manifest.related_terms import TermsWriter
from pricebook.manifest.validation import LIST_HINT, validated
from pricebook.problem import did_you_mean, quote
from pricebook.span import Span


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


class _Related(NamedTuple):
    """What stands at a place of a card's spec: a group of rates, or one rate of this key."""

    at: Path
    price: RelatedPrice
    target: RateKey | None = None


def relate(loading: Loading) -> None:
    """Add to the cards the rates that their relations give, those of a card that others start from first."""
    relations = {
        ref.name: list(_read(loading, ref))
        for ref, envelope in loading.envelopes.items()
        if ref.kind is Kind.RATE_CARD and isinstance(envelope.spec, dict)
    }
    done: set[str] = set()
    for name in relations:
        _relate_card(loading, name, relations, done, ())


def _read(loading: Loading, card: Ref) -> Iterator[_Related]:
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
            yield _Related((*at, "price"), price, key)
    listed = envelope.spec.get("relations", ())
    if not isinstance(listed, tuple):
        loading.reject([Violation("type", "relations is not a list", ("relations",), LIST_HINT)], envelope)
        return
    for index, entry in enumerate(listed):
        relation, violations = validated(Relation, entry)
        loading.reject(violations, envelope, ("relations", index))
        if relation is not None:
            yield _Related(("relations", index), relation)


def _relate_card(
    loading: Loading, name: str, relations: Mapping[str, list[_Related]], done: set[str], above: tuple[str, ...]
) -> None:
    if name in done:
        return
    done.add(name)
    envelope = loading.envelopes[Ref(Kind.RATE_CARD, name)]
    able: list[_Related] = []
    for one in relations.get(name, ()):
        other = one.price.of.rate_card
        violation = None
        if other is not None and other in (name, *above):
            message = f"the prices of {quote(name)} are said by themselves, by way of {quote(other)}"
            violation = Violation("relation-cycle", message, ("of", "rate_card"), "one card has prices of its own")
        elif other is not None and Ref(Kind.RATE_CARD, other) not in loading.envelopes:
            cards = [ref.name for ref in loading.envelopes if ref.kind is Kind.RATE_CARD]
            hint = did_you_mean(other, cards) or f"rate cards: {', '.join(sorted(cards)[:10])}"
            violation = Violation(
                "unknown-reference", f"rate card {quote(other)} does not exist", ("of", "rate_card"), hint
            )
        if violation is not None:
            loading.reject([violation], envelope, one.at)
            continue
        if other is not None:
            _relate_card(loading, other, relations, done, (*above, name))
        if name in loading.rates and (other or name) in loading.rates:
            able.append(one)
    _derive_all(loading, name, able)


def _derive_all(loading: Loading, card: str, related: list[_Related]) -> None:
    """Groups in their order; a single price as soon as there is the one that it starts from."""
    envelope = loading.envelopes[Ref(Kind.RATE_CARD, card)]
    waiting = [one for one in related if one.target is not None]
    groups = [one for one in related if one.target is None]
    while True:
        ready = [one for one in waiting if _source(loading, card, one)]
        waiting = [one for one in waiting if one not in ready]
        if not ready and not groups:
            break
        for one in ready or [groups.pop(0)]:
            loading.reject(_derive(loading, card, one), envelope, one.at)
    targets = {one.target for one in waiting}
    for one in waiting:
        message, code = "no price is like this", "nothing-fits"
        if any(_starts_from(one, key) for key in targets if key is not None):
            message, code = "the price is said by itself, by way of what it starts from", "relation-cycle"
        loading.reject([Violation(code, message, ("of",), "see pricebook ls, or the table")], envelope, one.at)


def _source(loading: Loading, card: str, one: _Related) -> list[tuple[RateKey, str]]:
    """The rates that one starts from, as far as they are there by now."""
    items = loading.rates[one.price.of.rate_card or card].items()
    products = one.price.of.product or ((one.target.product,) if one.target is not None else ())
    if products:  # a key's text begins with its product: few of many are read
        heads = tuple(f"[{quoted(product)}," for product in products)
        items = [(text, schedule) for text, schedule in items if text.startswith(heads)]
    keyed = ((read_key(text), schedule) for text, schedule in items)
    return [(key, schedule) for key, schedule in keyed if _starts_from(one, key)]


def _starts_from(one: _Related, key: RateKey) -> bool:
    """Whether a rate is one of those that it starts from. Of a single price what `of` does not say is as in itself."""
    of, target = one.price.of, one.target
    if target is None or not of.fits(key):
        return of.fits(key)
    held, own = dict(key.pricing_group_values), dict(target.pricing_group_values)
    alike = all(held[name] == own[name] for name in held.keys() & own.keys() - of.pricing_group_values.keys())
    frequency = of.billing_frequency is not None or key.billing_frequency == target.billing_frequency
    return alike and frequency and (of.product is not None or key.product == target.product)


def _derive(loading: Loading, card: str, one: _Related) -> list[Violation]:
    """Add the rates that one gives; what is wrong with it, each thing once."""
    nouns: Mapping[Ref, Any] = loading.nouns
    facts = facts_of(loading, card, nouns[Ref(Kind.RATE_CARD, card)])
    price, found_in = one.price, _source(loading, card, one)
    writer = TermsWriter(
        loading.scales, facts.card.fiat_credit_type, price.of.rate_card is not None, price.round, price.ending
    )
    factors = None
    if price.times_from is not None:
        envelope = loading.envelopes[Ref(Kind.RATE_CARD, card)]
        said_at = partial(_said_at, loading, envelope, one.at)
        factors, problems = read_factors(loading.scope.root, envelope.document.file, price.times_from, facts, said_at)
        loading.problems += problems
        if problems:
            return []
    book = dict(loading.rates[card].items())
    found: dict[str, str] = {}
    wrong: dict[tuple[str, str], Violation] = {}
    if one.target is not None and len(found_in) > 1:
        listed = ", ".join(str(key) for key, _ in found_in[:3])
        message = f"{len(found_in):,} prices are like this: {listed}"
        return [Violation("ambiguous", message, ("of",), "say the product, billing_frequency and pricing_group_values")]
    for key, schedule in found_in:
        target = one.target or (price.target(key) if isinstance(price, Relation) else key)
        made: str | Violation | None = facts.check_key(
            target.product, target.billing_frequency, tuple(k for k, _ in target.pricing_group_values)
        )
        if made is None:
            times = factors.of(target) if factors is not None else price.times
            made = writer.written(schedule, times) if times is not None else _NO_FACTOR
        if isinstance(made, Violation):
            at = made.at if made.at == ("times_from",) else ()
            violation = Violation(made.code, f"{target}: {made.message}", at, made.hint)
            wrong.setdefault((made.code, made.message), violation)
        elif key_text(target) not in book:
            found[key_text(target)] = made
    if not found_in and loading.rates[price.of.rate_card or card].items():
        hint = "see pricebook ls, or the table"
        wrong["nothing-fits", ""] = Violation("nothing-fits", "no rate is like this", ("of",), hint)
    loading.rates[card] = RateBook({**book, **found})
    said = "times_from" if price.times_from is not None else "times"
    loading.related.setdefault(card, {}).update(dict.fromkeys(found, (*one.at, said)))
    return list(wrong.values())[:10]


_NO_FACTOR = Violation(
    "nothing-fits", "the table has no factor for this", ("times_from",), "give it a row, or leave it out, under of"
)
_KEYED = {"product", "billing_frequency", "pricing_group_values", "price"}


def _said_at(loading: Loading, envelope: Envelope, at: Path, path: Path) -> Span:
    return loading.placer.span(envelope.document, ("spec", *at, "times_from", *path))
