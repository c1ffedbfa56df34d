"""How much there is in a catalogue: the answer of `validate`."""

from collections.abc import Collection, Iterable

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.reference import Kind, Ref
from pricebook.format.escape import escape_json
from pricebook.problem import Problem


def census(catalog: Catalog, beside: Collection[Ref]) -> dict[str, int]:
    """How many nouns of each kind there are, and how many prices."""
    counts = {kind.words: sum(ref.kind is kind for ref in (*catalog.nouns, *beside)) for kind in Kind}
    return counts | {"price": sum(len(rates) for rates in catalog.rates.values())}


def census_text(catalog: Catalog, beside: Collection[Ref]) -> str:
    """`Valid: 3 products, 1 rate card, 8,212 prices.`"""
    found = [f"{n:,} {word}{'s' if n != 1 else ''}" for word, n in census(catalog, beside).items() if n]
    return f"Valid: {', '.join(found)}."


def census_json(catalog: Catalog, beside: Collection[Ref], findings: Iterable[Problem]) -> str:
    """The same as JSON, with what the rules say."""
    from pricebook.format.document import problem_data

    counts = {word.replace(" ", "_"): n for word, n in census(catalog, beside).items()}
    return escape_json(encode({"valid": True, "counts": counts, "findings": list(map(problem_data, findings))}))
