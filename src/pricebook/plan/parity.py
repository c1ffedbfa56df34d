"""Parity: what two environments hold, the one against the other, with the same difference that a plan is made of.

What differs because an overlay says so is told apart: the two manifests differ there in the same way, and both
environments are as their manifests have them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Marks, Snapshot, digest_of, objects_of
from pricebook.plan.applied import applied, from_now_on
from pricebook.plan.change import FieldChange
from pricebook.plan.drift import Comparison, Drift, Facet, compare
from pricebook.plan.timeline import rate_change
from pricebook.plan.versions import named
from pricebook.span import Span


@dataclass(frozen=True, slots=True)
class Side:
    """One environment: its name, what it holds, and what its manifests say."""

    name: str
    snapshot: Snapshot
    declared: Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """`one` against `other`. `differs` are differences that no overlay explains, `intended` those that one does;
    `missing` are objects that only `one` has, `only_there` those that only `other` has, and `same` the rest.
    `versions` are the newest versions of the packages that both have."""

    one: str
    other: str
    comparison: Comparison
    differs: tuple[Drift, ...]
    intended: tuple[Drift, ...]
    missing: tuple[Drift, ...]
    only_there: tuple[Ref, ...]
    same: tuple[Ref, ...]
    versions: Mapping[str, tuple[int, int]]

    @property
    def apart(self) -> bool:
        """Whether there is a difference that nobody intended."""
        return bool(self.differs or self.missing or self.only_there)


def parity(one: Side, other: Side, *, namespace: str, as_of: datetime, places: Mapping[Ref, Span]) -> Parity:
    """Everything in which two environments differ as of an instant."""
    content, there = applied(one.snapshot, one.declared.nouns), applied(other.snapshot, other.declared.nouns)
    wanted = from_now_on(content, other.snapshot.catalog, as_of)
    comparison = compare(
        wanted, other.snapshot, namespace=namespace, environment=other.name, as_of=as_of, places=places
    )
    meant = _meant(one, other, namespace, as_of)
    differs: list[Drift] = []
    intended: list[Drift] = []
    missing: list[Drift] = []
    for drift in comparison.drifts:
        if drift.facet is Facet.MISSING:
            missing.append(drift)
            continue
        explained = list(_explained(drift, meant, one, other, as_of))
        intended += filter(None, [drift.only(explained)])
        differs += filter(None, [drift.only([not each for each in explained])])
    absent = {drift.ref for drift in missing} | {d.ref.unversioned for d in missing}
    # The rates of a card that is not there say no more than that it is not.
    differs = [drift for drift in differs if drift.ref.unversioned not in absent]
    apart = {drift.ref.unversioned for drift in (*differs, *intended)} | absent
    return Parity(
        one=one.name,
        other=other.name,
        comparison=comparison,
        differs=tuple(differs),
        intended=tuple(intended),
        missing=tuple(missing),
        only_there=tuple(sorted(there.nouns.keys() - content.nouns.keys())),
        same=tuple(sorted(content.nouns.keys() - apart)),
        versions=dict(_versions(content, one.snapshot, other.snapshot)),
    )


def _versions(content: Catalog, one: Snapshot, other: Snapshot) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in content.packages:
        here, there = one.latest(Ref(Kind.PACKAGE, name)), other.latest(Ref(Kind.PACKAGE, name))
        if here is not None and there is not None:
            yield name, (here.version or 0, there.version or 0)


def _meant(one: Side, other: Side, namespace: str, as_of: datetime) -> dict[tuple[Ref, Facet], Drift]:
    """The differences between the manifests of the two, which are those of their overlays."""
    snapshot = _as_snapshot(other.declared, as_of)
    found = compare(one.declared, snapshot, namespace=namespace, environment=other.name, as_of=as_of, places={})
    return {(drift.ref.unversioned, _facet(drift)): drift for drift in found.drifts}


def _facet(drift: Drift) -> Facet:
    return Facet.FIELDS if drift.facet is Facet.VERSION else drift.facet


def _as_snapshot(catalog: Catalog, as_of: datetime) -> Snapshot:
    """Manifests as if somebody held them: every package in its first version."""
    nouns: dict[Ref, Noun] = {}
    marks: dict[Ref, str] = {}
    for ref, noun in catalog.nouns.items():
        if ref.kind.versioned:
            first = ref._replace(version=1)
            nouns[first], marks[first] = named(noun, 1), content_digest(noun)
        else:
            nouns[ref], marks[ref] = noun, digest_of(noun)
    objects = objects_of(Catalog(nouns, catalog.rates))
    return Snapshot(as_of, {ref: replace(each, marks=Marks(marks[ref])) for ref, each in objects.items()})


def _explained(
    drift: Drift, meant: Mapping[tuple[Ref, Facet], Drift], one: Side, other: Side, as_of: datetime
) -> Iterator[bool]:
    """Of each part of the difference, whether an overlay explains it."""
    ref = drift.ref.unversioned
    alike = meant.get((ref, _facet(drift)))
    if drift.facet is Facet.RATES:
        keys = {rate.key for rate in alike.rates} if alike is not None else set()
        for rate in drift.rates:
            yield rate.key in keys and all(_as_declared(side, ref.name, rate.key, as_of) for side in (one, other))
    elif drift.fields:
        fields: tuple[FieldChange, ...] = alike.fields if alike is not None else ()
        for field in drift.fields:
            yield field in fields
    else:
        yield alike is not None and alike.change == drift.change


def _as_declared(side: Side, card: str, key: str, as_of: datetime) -> bool:
    """Whether a price is as the environment's own manifests have it."""
    held = side.snapshot.catalog.rates.get(card, NO_RATES).get(key)
    declared = side.declared.rates.get(card, NO_RATES).get(key)
    return rate_change(key, declared, held, instant_text(next_hour(as_of)), live=True) is None
