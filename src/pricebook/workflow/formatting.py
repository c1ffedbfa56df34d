"""Fmt: manifests in the house form, where they stand. What they say stays the same."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from pricebook.catalog.rate_book import RateBook
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_schedule
from pricebook.catalog.violation import Path
from pricebook.edit.dump import rates_data, spec_data
from pricebook.edit.house import house_values, tidied
from pricebook.edit.manifest_edit import ManifestEdit
from pricebook.edit.rate_edit import starts_of
from pricebook.manifest.load import Loaded, load
from pricebook.manifest.locate import extents
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates import read_rates
from pricebook.manifest.source_map import Declaration
from pricebook.manifest.syntax import Token, read_documents
from pricebook.manifest.text import MAX_YAML, editable, read_text
from pricebook.problem import Rejected, fits_nothing, reject
from pricebook.project.project import Project
from pricebook.workflow.writing import FileChange, write_all


@dataclass(frozen=True, slots=True)
class FormatEdits:
    """Files with other texts, and what of them could not be changed where it stands: the object, and why."""

    files: list[FileChange]
    left: list[tuple[str, str]]


def formatted(project: Project, names: Collection[str]) -> FormatEdits:
    """The files of the project, or those named, in the house form. Raises Rejected for manifests that do not hold, and
    for a name that is no file of them."""
    loaded = load(project)
    declarations = loaded.source_map.declarations
    files = sorted({declared.file for declared in declarations.values()})
    if unknown := [fits_nothing("FILE", name, files) for name in names if name not in files]:
        raise Rejected(unknown)
    chosen = set(names or files)
    editor = ManifestEdit(loaded)
    texts = {file: editable(read_text(project.root / file, file, limit=MAX_YAML)) for file in chosen}
    documents = {file: read_documents(file, text)[0] for file, text in texts.items()}
    for ref, declared in declarations.items():
        if declared.file in chosen and not declared.derived:
            spec = declared.spec_of(documents[declared.file])
            if isinstance(spec, dict) and (values := _values(loaded, ref, spec)):
                commented = _commented(texts[declared.file], declared)
                editor.put(ref, {path: value for path, value in values.items() if path not in commented})
    return FormatEdits([FileChange(*texts) for texts in editor.files(chosen, tidied)], editor.left)


def _values(loaded: Loaded, ref: Ref, spec: dict[str, Any]) -> dict[Path, Any]:
    """What a noun says otherwise than in the house form."""
    scales = loaded.catalog.scales
    noun = loaded.catalog.nouns.get(ref) or loaded.beside[ref]
    found = dict(house_values(spec, spec_data(noun, scales), ("spec",)))
    if isinstance(noun, RateCard) and "rates" in spec:
        facts = RateFacts(ref.name, noun, loaded.catalog.products, scales)
        written = read_rates(spec["rates"], facts)
        for key, index in written.position.items():
            (house,) = rates_data(RateBook({key: written.entries[key]}), noun, scales)
            rate, starts = spec["rates"][index], [each.starting_at for each in read_schedule(written.entries[key])]
            if ("schedule" in rate) == ("schedule" in house) and starts_of(rate) == starts:
                found.update(house_values(rate, house, ("spec", "rates", index)))
    return found


def _commented(text: str, declared: Declaration) -> set[Path]:
    """The paths of a noun whose text has a comment in it, which would be lost: other text for it counts as one."""
    base = len(declared.base)
    return {
        path[base:]
        for path, place in extents(text, declared.index).items()
        if place.token in (Token.MAPPING, Token.SEQUENCE) and "#" in text[place.start : place.end]
    }


def write(project: Project, made: FormatEdits) -> None:
    """Write the files; all of them, or none when they would not say the same as before. Raises Rejected."""
    write_all(project.root, made.files, partial(_check, project, _contents(project)))


def _check(project: Project, before: list[tuple[object, ...]]) -> None:
    if _contents(project) != before:
        hint = "this is a bug of pricebook: please report it with the manifests"
        raise reject("not-updatable", "the manifests would not say the same; nothing was written", hint=hint)


def _contents(project: Project) -> list[tuple[object, ...]]:
    """What the manifests say, as they stand and in each environment that has something of its own to say."""
    names = (name for name, one in project.settings.environments.items() if one.overlays or one.patches)
    found = (load(project, name) for name in (None, *names))
    return [(one.catalog, one.beside, one.waivers, one.adopt) for one in found]
