"""The objects of the manifests: what there is and where it stands, and what needs what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.need import closed, needs
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import Loaded


class ListedObject(NamedTuple):
    """An object of the manifests: what it is called, how many prices a card has, the place of its manifest."""

    ref: str
    name: str
    prices: int
    at: str


@dataclass(frozen=True, slots=True)
class ObjectsView:
    """What the manifests declare."""

    answer: ClassVar[str] = "objects"
    objects: tuple[ListedObject, ...]


class Need(NamedTuple):
    """One object names another."""

    object: str
    needs: str


@dataclass(frozen=True, slots=True)
class GraphView:
    """Objects of the manifests, and what they need."""

    answer: ClassVar[str] = "graph"
    objects: tuple[ListedObject, ...]
    needs: tuple[Need, ...]


def objects_view(loaded: Loaded, chosen: Callable[[Ref], bool]) -> ObjectsView:
    """The view of those that are chosen, in the order in which they must exist."""
    found = sorted((ref for ref in (*loaded.catalog.nouns, *loaded.beside) if chosen(ref)), key=_order)
    return ObjectsView(_listed(loaded, found))


def graph_view(loaded: Loaded, about: Ref | None) -> GraphView:
    """The view of all objects that a store keeps, or of one with what it needs and what needs it."""
    catalog = loaded.catalog
    refs = set(catalog.nouns)
    if about is not None:
        refs = closed([about], catalog) | {ref for ref in refs if about in closed([ref], catalog)}
    found = sorted(refs, key=_order)
    return GraphView(_listed(loaded, found), tuple(_needs(found, catalog)))


def matching(pattern: str | None, kinds: Iterable[str]) -> Callable[[Ref], bool]:
    """Whether an object is of one of these kinds (none: of any), and its Ref or its name fits a pattern."""
    wanted = tuple(kinds)

    def fits(ref: Ref) -> bool:
        named = pattern is None or fnmatchcase(str(ref), pattern) or fnmatchcase(ref.name, pattern)
        return named and (not wanted or ref.kind.value in wanted)

    return fits


def _needs(refs: list[Ref], catalog: Catalog) -> Iterable[Need]:
    there = set(refs)
    for ref in refs:
        yield from (Need(str(ref), str(need)) for need in sorted(set(needs(ref, catalog)) & there, key=_order))


def _listed(loaded: Loaded, refs: Iterable[Ref]) -> tuple[ListedObject, ...]:
    nouns, rates, places = {**loaded.catalog.nouns, **loaded.beside}, loaded.catalog.rates, loaded.places
    prices = {Ref(Kind.RATE_CARD, card): len(book) for card, book in rates.items()}
    return tuple(ListedObject(str(ref), nouns[ref].title, prices.get(ref, 0), str(places[ref])) for ref in refs)


def _order(ref: Ref) -> tuple[int, str]:
    return ref.kind.rank, ref.name
