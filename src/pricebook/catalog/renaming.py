"""A catalogue under other names: its nouns, every reference to them, and the products and units of its rates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pricebook.catalog.canonical import quoted
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import head_text, heads_of, read_head, read_schedule, schedule_text
from pricebook.catalog.traverse import rewritten


@dataclass
class Renaming:
    """Other names, by kind and name. Whatever it does not name keeps its own."""

    names: Mapping[tuple[Kind, str], str]
    _heads: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _units(self) -> list[str]:
        """The pricing units that have another name, as they stand in schedules."""
        return [quoted(name) for kind, name in self.names if kind is Kind.PRICING_UNIT]

    def name(self, kind: Kind, name: str) -> str:
        """The other name of a noun, or its own."""
        return self.names.get((kind, name), name)

    def ref(self, ref: Ref) -> Ref:
        """The ref under its other name."""
        return ref._replace(name=self.name(ref.kind, ref.name))

    def key(self, text: str) -> str:
        """A rate's key text with the product's other name."""
        (head,) = heads_of((text,))
        if head not in self._heads:
            product, frequency = read_head(head)
            self._heads[head] = head_text(self.name(Kind.PRODUCT, product), frequency)
        return self._heads[head] + text[len(head) :]

    def schedule(self, text: str) -> str:
        """A schedule's text with the pricing units' other names."""
        if not any(name in text for name in self._units):
            return text
        segments = []
        for segment in read_schedule(text):
            terms = segment.terms
            if "credit_type" in terms.fields:
                terms = Terms.of({**terms.fields, "credit_type": self.name(Kind.PRICING_UNIT, terms.unit)})
            segments.append(segment._replace(terms=terms))
        return schedule_text(segments)

    def noun(self, noun: Noun) -> Noun:
        """The noun with what it refers to under its other name."""
        named = rewritten(noun, self.name)
        assert isinstance(named, Noun)
        return named

    @cached_property
    def reaches_rates(self) -> bool:
        """Whether rates say any of the names: those of others need not be read."""
        return any(kind in (Kind.PRODUCT, Kind.PRICING_UNIT) for kind, _ in self.names)

    def rates(self, rates: Rates) -> Rates:
        """The rates of a card."""
        if not self.reaches_rates or not len(rates):
            return rates
        return RateBook({self.key(key): self.schedule(schedule) for key, schedule in rates.items()})

    def catalog(self, catalog: Catalog) -> Catalog:
        """The whole catalogue. Two nouns must not come to have one name."""
        nouns = {self.ref(ref): self.noun(noun) for ref, noun in catalog.nouns.items()}
        rates = {self.name(Kind.RATE_CARD, card): self.rates(rates) for card, rates in catalog.rates.items()}
        return Catalog(nouns, rates)
