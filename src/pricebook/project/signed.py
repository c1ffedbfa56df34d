"""The waivers of a project: those of `waivers.yaml`, and those that stand in the metadata of manifests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pricebook.catalog.reference import Ref
from pricebook.manifest.envelope import WaiverHere, Waivers
from pricebook.manifest.load import Loaded
from pricebook.manifest.locate import NodePath, locate
from pricebook.manifest.place import read_one
from pricebook.manifest.scope import WAIVERS_FILE
from pricebook.manifest.text import MAX_YAML, read_text
from pricebook.problem import Rejected
from pricebook.project.project import Project
from pricebook.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A waiver with its place: the findings of `rule` about what `covers` says are accepted until an instant."""

    rule: str
    covers: str
    reason: str
    by: str
    until: datetime
    at: Span
    lines: frozenset[int] = frozenset()
    """All lines of the file that say something of it."""


FIELDS = ("rule", "covers", "reason", "by", "until")


def signed_waivers(project: Project, loaded: Loaded) -> tuple[Signed, ...]:
    """Every waiver of the project. Raises Rejected with all that is wrong with `waivers.yaml`."""
    found = list(_from_file(project))
    for ref, waivers in loaded.waivers:
        declared = loaded.source_map.declarations[ref]
        paths: list[NodePath] = [(*declared.base, "metadata", "waivers", index) for index in range(len(waivers))]
        try:
            text = read_text(project.root / declared.file, declared.file, limit=MAX_YAML)
            places = locate(declared.file, text, declared.index, _all(paths))
        except Rejected:  # gone since it was read
            places = {}
        for path, waiver in zip(paths, waivers, strict=True):
            found.append(_signed(waiver, _below(ref, waiver.covers), places, path, declared.at))
    return tuple(found)


def _below(ref: Ref, covers: str | None) -> str:
    """What a waiver beside a noun covers: the noun and all its parts, or those that it names."""
    if covers is None:
        return f"{ref}*"
    return covers if covers.startswith(str(ref)) else f"{ref}/{covers}"


def _all(paths: Sequence[NodePath]) -> list[NodePath]:
    return [each for path in paths for each in (path, *((*path, field) for field in FIELDS))]


def _signed(
    waiver: WaiverHere, covers: str, places: Mapping[NodePath, Span], path: NodePath, otherwise: Span
) -> Signed:
    rule, at = waiver.rule.lower().replace("_", "-"), places.get(path, otherwise)
    lines = frozenset(places[each].line for each in _all([path]) if each in places)
    return Signed(rule=rule, covers=covers, reason=waiver.reason, by=waiver.by, until=waiver.until, at=at, lines=lines)


def _from_file(project: Project) -> list[Signed]:
    if not (project.root / WAIVERS_FILE).is_file():
        return []
    found = read_one(Waivers, project.root, WAIVERS_FILE, beside="put all of them under one waivers:")
    if found is None:
        return []
    waivers = found.value.waivers
    places: list[NodePath] = [("waivers", index) for index in range(len(waivers))]
    spans = found.spans(_all(places))
    return [_signed(one, one.covers, spans, at, spans[at]) for one, at in zip(waivers, places, strict=True)]
