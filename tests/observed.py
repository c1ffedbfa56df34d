"""Snapshots as tests make, change and read them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import ABSENT, LiveContracts, Marks, Snapshot, objects_of


def holding(catalog: Catalog, at: datetime) -> Snapshot:
    """A store that holds a catalogue, without any marks."""
    return Snapshot(at, objects_of(catalog))


def by_hand(snapshot: Snapshot, catalog: Catalog) -> Snapshot:
    """The store after somebody changed its nouns and rates to these, and no marks."""
    return replace(
        snapshot,
        objects={
            ref: replace(
                snapshot.objects.get(ref, replace(ABSENT, id=str(ref))),
                noun=catalog.nouns.get(ref),
                rates=catalog.rates.get(ref.name, NO_RATES) if ref.kind is Kind.RATE_CARD else NO_RATES,
            )
            for ref in {**snapshot.objects, **catalog.nouns}
        },
    )


def marks_of(snapshot: Snapshot, name: str) -> dict[Ref, str]:
    """What is said under this field of `Marks`, of the objects that have it."""
    found = {ref: getattr(each.marks, name) for ref, each in snapshot.objects.items()}
    return {ref: mark for ref, mark in found.items() if mark is not None}


def remarked(snapshot: Snapshot, **marks: str | None) -> Snapshot:
    """The snapshot whose objects have these marks."""
    objects = {ref: replace(each, marks=each.marks._replace(**marks)) for ref, each in snapshot.objects.items()}
    return replace(snapshot, objects=objects)


def unmarked(snapshot: Snapshot) -> Snapshot:
    """The snapshot of which nothing bears a mark."""
    objects = {ref: replace(each, marks=Marks(), unmarked=True) for ref, each in snapshot.objects.items()}
    return replace(snapshot, objects=objects)


def contracts_of(snapshot: Snapshot) -> dict[Ref, int]:
    """How many live contracts there are on each object that has any."""
    return {ref: each.contracts for ref, each in snapshot.objects.items() if each.contracts}


def with_contracts(snapshot: Snapshot, counts: Mapping[Ref, int]) -> Snapshot:
    """The snapshot with so many live contracts on each object, whether it is there or not."""
    refs = {**snapshot.objects, **counts}
    return replace(
        snapshot, objects={ref: replace(snapshot.of(ref), live=LiveContracts(counts.get(ref, 0))) for ref in refs}
    )
