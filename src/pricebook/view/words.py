"""Words that every answer uses: counted nouns, and what a plan says in which there is nothing to do."""

from pricebook.catalog.reference import Kind
from pricebook.plan.step import Plan


def counted(n: int, one: str, many: str = "") -> str:
    """`1 price`, `8,212 prices`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def nothing_words(kept: int, prices: int) -> str:
    """`Nothing to change: the store says what the manifests say (17 objects, 12 prices).`"""
    there = f", {counted(prices, 'price')}" if prices else ""
    return f"Nothing to change: the store says what the manifests say ({counted(kept, 'object')}{there})."


def adopted_packages(plan: Plan) -> tuple[tuple[str, str], ...]:
    """The packages that are ours by an id in their manifest, each with that id."""
    found = ((ref, id_) for ref, id_ in plan.adopted.items() if ref.kind is Kind.PACKAGE)
    return tuple(sorted((f"{ref}@1", id_) for ref, id_ in found))
