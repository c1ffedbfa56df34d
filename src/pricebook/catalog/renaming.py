"""A catalogue under other names: its nouns, every reference to them, and the products in the keys of rates."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pricebook.catalog.canonical import quoted
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.catalog.traverse import rewritten


@dataclass
class Renaming:
    """Other names, by kind and name. Whatever it does not name keeps its own."""

    names: Mapping[tuple[Kind, str], str]
    _heads: dict[str, str] = field(default_factory=dict)

    def name(self, kind: Kind, name: str) -> str:
        """The other name of a noun, or its own."""
        return self.names.get((kind, name), name)

    def ref(self, ref: Ref) -> Ref:
        """The ref under its other name."""
        return ref._replace(name=self.name(ref.kind, ref.name))

    def key(self, text: str) -> str:
        """A rate's key text with the product's other name."""
        head = text[: text.index(",{")]
        if head not in self._heads:
            product, frequency, _ = read_key(head + ",{}]")
            name = self.name(Kind.PRODUCT, product)
            self._heads[head] = f"[{quoted(name)},{quoted(frequency) if frequency else 'null'}"
        return self._heads[head] + text[len(head) :]

    def rates(self, rates: Rates) -> Rates:
        """The rates of a card."""
        return RateBook({self.key(key): schedule for key, schedule in rates.items()})

    def catalog(self, catalog: Catalog) -> Catalog:
        """The whole catalogue. Two nouns must not come to have one name."""
        nouns: dict[Ref, Noun] = {}
        for ref, noun in catalog.nouns.items():
            named = rewritten(noun, self.name)
            assert isinstance(named, Noun)
            nouns[self.ref(ref)] = named
        rates = {self.name(Kind.RATE_CARD, card): self.rates(held) for card, held in catalog.rates.items()}
        return Catalog(nouns, rates)
