"""Prices that are said by others: `relations` of a card, worked out when it is loaded.

A relation takes the rates of its card, or of another one, that `of` describes, and gives for each a rate with another
product, frequency or group value, whose amounts are so many times those. What the card says of a rate itself holds. The
relations of a card are worked out in their order, each over what the ones before have given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from pricebook.catalog.amount import DIGITS_HINT, USD, Scale
from pricebook.catalog.field import NonEmpty, Positive
from pricebook.catalog.model import Factor, Frequency, GroupValues, Model, Number, Text
from pricebook.catalog.money import EXACT, carries, plain, to_api_unit, to_major_unit
from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms, is_fraction
from pricebook.catalog.timeline import RateKey, key_text, normal, read_key, read_schedule, schedule_text
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.card_rates import facts_of
from pricebook.manifest.loading import Loading
from pricebook.manifest.validation import LIST_HINT, validated
from pricebook.problem import did_you_mean, quote


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


class Relation(Model):
    """Rates that are so many times others."""

    of: RelatedRates
    """The rates that it starts from."""
    times: Factor
    """What their amounts are multiplied by: `0.5` or `50%`, `10`."""
    product: Text | None = None
    """The product of the rates that it gives; else the same."""
    billing_frequency: Frequency | None = None
    """Their billing frequency; else the same."""
    pricing_group_values: GroupValues = Field(default_factory=dict)
    """The pricing group values in which they differ."""
    round: Positive | None = None
    """Amounts are multiples of this, in the currency's major unit: `0.01`; half of it goes up."""
    ending: Ending | None = None
    """Amounts end like this, in the currency's major unit: `0.99` makes 12.30 the next price that does, 12.99."""

    def rules(self) -> Iterator[Violation]:
        """It gives other rates than those that it starts from, at a price."""
        if not self.times:
            yield Violation("out-of-range", "0 is not more than 0", ("times",), "a free price is written as one")
        same = self.product is None and self.billing_frequency is None and not self.pricing_group_values
        if same and self.of.rate_card is None:
            hint = "say in what the rates differ: product, billing_frequency or pricing_group_values"
            yield Violation("no-effect", "the relation gives the rates that it starts from", (), hint)

    def target(self, key: RateKey) -> RateKey:
        """The key of the rate that it gives for one."""
        values = {**dict(key.pricing_group_values), **self.pricing_group_values}
        product = self.product if self.product is not None else key.product
        return RateKey(product, self.billing_frequency or key.billing_frequency, tuple(sorted(values.items())))


def relate(loading: Loading) -> None:
    """Add to the cards the rates that their relations give, those of a card that others start from first."""
    relations: dict[str, list[tuple[int, Relation]]] = {}
    for ref, envelope in loading.envelopes.items():
        if ref.kind is Kind.RATE_CARD and isinstance(envelope.spec, dict) and "relations" in envelope.spec:
            relations[ref.name] = list(_read(loading, ref))
    done: set[str] = set()
    for name in relations:
        _relate_card(loading, name, relations, done, ())


def _read(loading: Loading, card: Ref) -> Iterator[tuple[int, Relation]]:
    envelope = loading.envelopes[card]
    listed = envelope.spec["relations"]
    if not isinstance(listed, tuple):
        loading.reject([Violation("type", "relations is not a list", ("relations",), LIST_HINT)], envelope)
        return
    for index, entry in enumerate(listed):
        relation, violations = validated(Relation, entry)
        loading.reject(violations, envelope, ("relations", index))
        if relation is not None:
            yield index, relation


def _relate_card(
    loading: Loading,
    name: str,
    relations: Mapping[str, list[tuple[int, Relation]]],
    done: set[str],
    above: tuple[str, ...],
) -> None:
    if name in done:
        return
    done.add(name)
    ref = Ref(Kind.RATE_CARD, name)
    for index, relation in relations.get(name, ()):
        at: Path = ("relations", index)
        other = relation.of.rate_card
        violation = None
        if other is not None and other in (name, *above):
            message = f"the prices of {quote(name)} are said by themselves, by way of {quote(other)}"
            violation = Violation("relation-cycle", message, (*at, "of", "rate_card"), "one card has prices of its own")
        elif other is not None and Ref(Kind.RATE_CARD, other) not in loading.envelopes:
            cards = [one.name for one in loading.envelopes if one.kind is Kind.RATE_CARD]
            hint = did_you_mean(other, cards) or f"rate cards: {', '.join(sorted(cards)[:10])}"
            message = f"rate card {quote(other)} does not exist"
            violation = Violation("unknown-reference", message, (*at, "of", "rate_card"), hint)
        if violation is not None:
            loading.reject([violation], loading.envelopes[ref])
            continue
        if other is not None:
            _relate_card(loading, other, relations, done, (*above, name))
        source = other or name
        if name in loading.rates and source in loading.rates:
            loading.reject(_derive(loading, ref, source, index, relation), loading.envelopes[ref], at)


def _derive(loading: Loading, card: Ref, source: str, index: int, relation: Relation) -> list[Violation]:
    """Add the rates that one relation gives; what is wrong with it, each thing once."""
    nouns: Mapping[Ref, Any] = loading.nouns
    facts = facts_of(loading, card.name, nouns[card])
    writer = _Writer(relation, loading.scales, facts.card.fiat_credit_type)
    book = dict(loading.rates[card.name].items())
    found: dict[str, str] = {}
    wrong: dict[tuple[str, str], Violation] = {}
    fits = False
    for text, schedule in loading.rates[source].items():
        key = read_key(text)
        if not relation.of.fits(key):
            continue
        fits = True
        target = relation.target(key)
        broken = facts.check_key(
            target.product, target.billing_frequency, tuple(k for k, _ in target.pricing_group_values)
        )
        made = writer.written(schedule) if broken is None else broken
        if isinstance(made, Violation):
            wrong.setdefault(
                (made.code, made.message), Violation(made.code, f"{target}: {made.message}", (), made.hint)
            )
        elif key_text(target) not in book:
            found[key_text(target)] = made
    if not fits and loading.rates[source].items():
        wrong["nothing-fits", ""] = Violation("nothing-fits", "no rate is like this", ("of",), "see ls, or the table")
    loading.rates[card.name] = RateBook({**book, **found})
    loading.related.setdefault(card.name, {}).update(dict.fromkeys(found, index))
    return list(wrong.values())[:10]


@dataclass(frozen=True)
class _Writer:
    """Schedules as a relation gives them, on a card with this fiat unit."""

    relation: Relation
    scales: Mapping[str, Scale]
    fiat: str

    def written(self, schedule: str) -> str | Violation:
        """The schedule with other amounts, or why there is none."""
        segments = []
        for segment in read_schedule(schedule):
            terms = self._terms(segment.terms)
            if isinstance(terms, Violation):
                return terms
            segments.append(segment._replace(terms=terms))
        return schedule_text(normal(segments))

    def _terms(self, terms: Terms) -> Terms | Violation:
        if terms.rate_type == "CUSTOM":
            return Violation("not-applicable", "a CUSTOM rate has no amount to multiply", (), "leave it out, under of")
        fields, unit = dict(terms.fields), terms.unit
        if not is_fraction(terms.rate_type) and self.relation.of.rate_card is not None:
            if self._scale(unit).currency is None:
                return Violation("not-applicable", f"{unit} is no currency", (), "leave these rates out, under of")
            fields.pop("credit_type", None)
            if self.fiat != USD:
                fields["credit_type"] = self.fiat
        to = str(fields.get("credit_type", USD))
        fraction = is_fraction(terms.rate_type)
        made = with_amounts(fields, lambda amount: self._amount(amount, unit, to, fraction=fraction))
        if isinstance(made, Violation):
            return made
        return Terms.of(made)

    def _scale(self, unit: str) -> Scale:
        return self.scales.get(unit, Scale(None, 0))

    def _amount(self, amount: Decimal, unit: str, to: str, *, fraction: bool) -> Decimal | Violation:
        relation = self.relation
        if fraction:
            product = EXACT.multiply(amount, relation.times)
            if product > 1:
                return Violation("out-of-range", "a percentage is a fraction in 0..1", ("times",))
            return product
        major = EXACT.multiply(to_major_unit(amount, self._scale(unit).scale), relation.times)
        if relation.round is not None:
            major = EXACT.multiply(
                EXACT.divide(major, relation.round).quantize(Decimal(1), ROUND_HALF_UP), relation.round
            )
        if relation.ending is not None:
            major = EXACT.add((major - relation.ending).to_integral_value(ROUND_CEILING), relation.ending)
        result = to_api_unit(major, self._scale(to).scale)
        if not carries(result):
            return Violation(
                "too-precise", f"{plain(result)} has more digits than can be carried", (), f"{DIGITS_HINT}: round"
            )
        return result


def with_amounts(fields: Mapping[str, Any], change: Any) -> dict[str, Any] | Violation:
    """The fields of terms with other amounts: prices, those of tiers, minimums and commit rates."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        made: Any = value
        match name:
            case "price" | "minimum":
                made = change(Decimal(value))
            case "tiers":
                made = [with_amounts(tier, change) for tier in value]
                made = next((tier for tier in made if isinstance(tier, Violation)), made)
            case "minimum_config" | "commit_rate" if isinstance(value, Mapping):
                made = with_amounts(value, change)
        if isinstance(made, Violation):
            return made
        found[name] = made
    return found
