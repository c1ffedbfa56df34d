"""How much work steps are, in numbers and in a sentence: the same for what a plan will do and for what was done."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from pricebook.catalog.model import Alias
from pricebook.catalog.package import Package
from pricebook.catalog.path import name_of
from pricebook.plan.change import AddRates, Adopt, Archive, Create, Release, Repoint, Revise, Supersede
from pricebook.plan.step import Step
from pricebook.view.words import counted

_NEXT = "}],["
"""Stands between two segments, and in nothing that has only one but a hostile text."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Objects created, package versions that follow others, fields revised in place and objects they are of, rates
    added (segments of timelines), aliases that move and aliases given for the first time, objects adopted, renamed,
    let go and archived.
    """

    created: int = 0
    versions: int = 0
    fields: int = 0
    revised: int = 0
    rates: int = 0
    aliases_moved: int = 0
    aliases_given: int = 0
    reordered: int = 0
    adopted: int = 0
    renamed: int = 0
    released: int = 0
    archived: int = 0


def tally(steps: Iterable[Step]) -> Tally:
    """The work of some steps."""
    found: Counter[str] = Counter()
    for step in steps:
        for name, count in _of(step):
            found[name] += count
    return Tally(**found)


def tally_words(work: Tally) -> str:
    """`3 objects created, 1 new version, 43 rates added`; empty when there is nothing."""
    parts = (
        (work.adopted, "object adopted", "objects adopted"),
        (work.renamed, "object renamed", "objects renamed"),
        (work.created, "object created", "objects created"),
        (work.versions, "new version", "new versions"),
        (work.fields, "field revised in place", "fields revised in place"),
        (work.aliases_moved, "alias moved", "aliases moved"),
        (work.aliases_given, "alias given", "aliases given"),
        (work.reordered, "product order set", "product orders set"),
        (work.rates, "rate added", "rates added"),
        (work.released, "object let go", "objects let go"),
        (work.archived, "object archived", "objects archived"),
    )
    return ", ".join(counted(n, one, many) for n, one, many in parts if n)


def moved_aliases(change: Supersede | Repoint) -> tuple[list[Alias], list[Alias]]:
    """The aliases of a change that stand for something else afterwards, and those that nobody had before."""
    if isinstance(change, Repoint):
        gained = [alias for alias in change.aliases if alias not in change.observed]
        return (gained, []) if change.observed else ([], gained)
    if not isinstance(change.noun, Package):
        return [], []
    fresh = {name_of(f.desired) for f in change.fields if f.path[0] == "aliases" and f.observed is None}
    given = [alias for alias in change.noun.aliases if alias.name in fresh]
    return [alias for alias in change.noun.aliases if alias not in given], given


def segment_count(segments: str) -> int:
    """How many segments a schedule's canonical text has."""
    return len(json.loads(segments)) if _NEXT in segments else 1


def _of(step: Step) -> Iterator[tuple[str, int]]:
    change = step.change
    match change:
        case Create():
            yield "created", 1
            yield "aliases_given", len(change.noun.aliases) if isinstance(change.noun, Package) else 0
        case Revise():
            yield "revised", 1
            yield "fields", len(change.fields)
        case Supersede():
            yield "versions", 1
            yield from _of_aliases(change)
        case AddRates():
            yield "rates", sum([segment_count(rate.segments) for rate in change.rates])
        case Repoint():
            yield from _of_aliases(change)
            yield "reordered", int(set(change.aliases) == set(change.observed))
        case Adopt():
            yield "adopted" if change.was is None else "renamed", 1
        case Release():
            yield "released", 1
        case Archive():
            yield "archived", 1
        case _:
            assert_never(change)


def _of_aliases(change: Supersede | Repoint) -> Iterator[tuple[str, int]]:
    moved, given = moved_aliases(change)
    yield "aliases_moved", len(moved)
    yield "aliases_given", len(given)
