"""Which file a new manifest goes to, as a person would sort them: one for what is small, one each for what is long.

Metrics, units and products share a file per kind; many products are split by their first tag, or else by their type. A
rate card and a package have a file each. The rule it keeps: what stands somewhere already decides, so a later import
puts its neighbour beside it.
"""

from collections.abc import Collection, Mapping
from itertools import count
from typing import cast

from pricebook.catalog.model import Noun
from pricebook.catalog.naming import name_of
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref

TOGETHER = 50
"""So many products share one file."""


def files_for(nouns: Mapping[Ref, Noun], existing: Collection[str]) -> dict[str, list[Ref]]:
    """File -> the refs whose manifests go to it, in order. `existing` are the files that are there."""
    found: dict[str, list[Ref]] = {}
    groups = {ref: _group(cast("Product", noun)) for ref, noun in nouns.items() if ref.kind is Kind.PRODUCT}
    many = len(groups) > TOGETHER and len(set(groups.values())) > 1
    split = Kind.PRODUCT.file not in existing and (many or any(file.startswith("products/") for file in existing))
    for ref in sorted(nouns, key=lambda ref: (ref.kind.rank, ref.name)):
        if ref.kind is Kind.PRODUCT and split:
            file = f"products/{groups[ref]}.yaml"
        elif ref.kind.file.endswith("/"):
            file = _own(f"{ref.kind.file}{ref.name}", existing)
        else:
            file = ref.kind.file
        found.setdefault(file, []).append(ref)
    return found


def _group(product: Product) -> str:
    """The first tag, or the type."""
    return next(filter(None, map(name_of, product.tags)), "") or product.type.lower().replace("_", "-")


def _own(stem: str, existing: Collection[str]) -> str:
    """A file that nothing else stands in."""
    numbered = (f"{stem}-{number}.yaml" if number > 1 else f"{stem}.yaml" for number in count(1))
    return next(file for file in numbered if file not in existing)
