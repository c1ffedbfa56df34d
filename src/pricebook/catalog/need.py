"""What a noun needs: the nouns that it names, the products and units of a card's rates, and what those need in turn."""

from collections.abc import Iterable, Iterator

from pricebook.catalog.amount import USD
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_schedule
from pricebook.catalog.traverse import references


def needs(ref: Ref, catalog: Catalog) -> Iterator[Ref]:
    """What a noun names itself, whether or not the catalogue has it. A card that is named by an alias is the card that
    holds it."""
    noun = catalog.nouns[ref]
    for _, kind, name in references(noun):
        if kind is not Kind.PRICING_UNIT or name != USD:
            yield Ref(kind, name)
    alias = getattr(noun, "rate_card_alias", None)
    yield from (Ref(Kind.RATE_CARD, name) for name, _ in catalog.holders.get(alias or "", ()))
    if ref.kind is Kind.RATE_CARD and ref.name in catalog.rates:
        entries = dict(catalog.rates[ref.name].items())
        yield from (Ref(Kind.PRODUCT, product) for product, _ in pairs(entries))
        yield from (Ref(Kind.PRICING_UNIT, unit) for unit in units_of(entries.values()))


def closed(refs: Iterable[Ref], catalog: Catalog) -> set[Ref]:
    """The nouns with everything of the catalogue that they need."""
    found: set[Ref] = set()
    waiting = [ref for ref in refs if ref in catalog.nouns]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            waiting += [need for need in needs(ref, catalog) if need in catalog.nouns]
    return found


def units_of(schedules: Iterable[str]) -> set[str]:
    """The pricing units of prices, but for USD, which needs no noun."""
    return {segment.terms.unit for text in set(schedules) for segment in read_schedule(text)} - {USD}
