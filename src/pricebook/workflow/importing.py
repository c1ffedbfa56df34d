"""Import: what an account holds becomes manifests that a person would have written, and the next plan only adopts it.

New objects get manifests; those that manifests declare already are updated where they stand, in the fields and rows
that differ, with comments and order as they are. Nothing is deleted: what the account has no more is told. The files
are written all or none, and only what loads again stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Noun
from pricebook.catalog.need import closed, needs
from pricebook.catalog.product import Product
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.edit.arrangement import files_for
from pricebook.edit.dump import manifest_text, rates_data, spec_data
from pricebook.edit.manifest_edit import ManifestEdit
from pricebook.edit.table_dump import Dumped, tables_of
from pricebook.manifest.load import Loaded
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.drift import Comparison, Facet, compare
from pricebook.problem import quote, reject
from pricebook.project.project import Project
from pricebook.workflow.drift import request_of
from pricebook.workflow.git import uncommitted
from pricebook.workflow.manifests import appended, folder_of, read, schema_line, text_of
from pricebook.workflow.survey import Left, Readable, Survey, survey
from pricebook.workflow.writing import FileChange, write_all


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """Which objects are meant: those of `kinds` (empty: any) that a tag, a card or a name chooses, or all when none of
    the three says anything. What they need comes along. Cards and names are patterns (`*`, `?`), in any case of
    letters, of our name, the display name or an alias."""

    kinds: tuple[Kind, ...] = ()
    tags: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is chosen apart."""
        return not (self.kinds or self.tags or self.cards or self.names)

    def includes(self, ref: Ref, noun: Noun) -> bool:
        """Whether the object itself is chosen."""
        if self.kinds and ref.kind not in self.kinds:
            return False
        if not (self.tags or self.cards or self.names):
            return True
        tags = noun.tags if isinstance(noun, Product) else ()
        called = [ref.name, noun.title, *(alias.name for alias in noun.held_aliases)]
        patterns = (*self.names, *(self.cards if ref.kind is Kind.RATE_CARD else ()))
        return any(tag in self.tags for tag in tags) or any(
            fnmatchcase(str(each).lower(), pattern.lower()) for each in called for pattern in patterns
        )


@dataclass
class Imported:
    """What an import writes and what it found. `fresh` are the new manifests with the store's ids, `updated` those that
    were changed; `left` is what the account has and the manifests do not say, `pending` what git has and the account
    does not, `gone` what manifests adopt and the account does not have any more."""

    environment: str
    files: list[FileChange] = field(default_factory=list)
    fresh: dict[Ref, str] = field(default_factory=dict)
    updated: list[Ref] = field(default_factory=list)
    kept: int = 0
    prices: int = 0
    left: list[Left] = field(default_factory=list)
    archived: Mapping[Kind, int] = field(default_factory=dict)
    pending: list[Ref] = field(default_factory=list)
    missing: list[Ref] = field(default_factory=list)
    """Of what is pending, the objects that are not in the account at all."""
    gone: list[tuple[Ref, str]] = field(default_factory=list)
    contracts: int = 0
    remaining: list[tuple[str, str]] = field(default_factory=list)
    """What a plan would still do besides adopting, by step and reason: what manifests cannot say."""


def import_account(
    project: Project,
    environment: str,
    store: Readable,
    at: datetime,
    *,
    choice: ImportChoice,
    output: str | None = None,
    dry_run: bool = False,
    dirty: bool = False,
) -> Imported:
    """Read the account of an environment and write manifests. Raises Rejected, with nothing written, StoreError.

    `output` is a folder below the project, by default the first that holds manifests. A file that git has no copy of
    as it is now is changed only when `dirty` allows it.
    """
    loaded, folder = read(project, environment), folder_of(project, output)
    namespace, adopted = project.settings.namespace, loaded.adopted(environment)
    found = survey(store, namespace, at, loaded.catalog, adopted)
    chosen = closed((ref for ref, noun in found.catalog.nouns.items() if choice.includes(ref, noun)), found.catalog)
    present = set(found.snapshot.ids.values())
    fresh = {ref: id_ for ref, id_ in found.fresh.items() if ref in chosen}
    mine = set(fresh.values())
    made = Imported(
        environment,
        fresh=fresh,
        left=[left for left in found.left if choice.everything or not left.path or left.id in mine],
        archived=found.archived,
        gone=[(ref, id_) for ref, id_ in sorted(adopted.items()) if id_ not in present],
        contracts=sum(each.contracts for ref, each in found.snapshot.objects.items() if ref.kind is Kind.PACKAGE),
    )
    edits = ManifestEdit(loaded)
    if loaded.catalog.nouns:
        comparison = _compare(loaded.catalog, found.snapshot, namespace, environment, at)
        _update(edits, made, comparison, found.snapshot, loaded.catalog, None if choice.everything else chosen)
    made.files = _changes(project, folder, found, made, edits, loaded)
    touched = [change.file for change in made.files if change.before is not None]
    if not dry_run and not dirty and (unsaved := uncommitted(project.root, touched)):
        names = ", ".join(map(quote, unsaved[:5])) + (", ..." if len(unsaved) > 5 else "")
        message = f"git has no copy of {names} as it is now, and the import would change it"
        raise reject("uncommitted", message, hint="commit it first, or say --allow-dirty")
    if not dry_run:
        write_all(project.root, made.files, lambda: _verify(made, project, found.snapshot, at))
    return made


def _compare(desired: Catalog, snapshot: Snapshot, namespace: str, environment: str, at: datetime) -> Comparison:
    return compare(desired, snapshot, namespace=namespace, environment=environment, as_of=at, places={})


def _update(
    edits: ManifestEdit,
    made: Imported,
    found: Comparison,
    snapshot: Snapshot,
    desired: Catalog,
    chosen: set[Ref] | None,
) -> None:
    """Edit the manifests of what the account has otherwise. What git alone moved is left as git has it."""
    held = normalise(snapshot, desired.nouns)
    made.kept = found.kept
    lost = {ref for ref, _ in made.gone}
    for drift in found.drifts:
        ref = drift.ref.unversioned
        if ref in lost or drift.facet is Facet.OWNER or (chosen is not None and ref not in chosen):
            continue
        # Nothing says of what was never applied who changed it: the account does.
        theirs = drift.origin.is_drift or ref in snapshot.unmarked
        request = request_of(drift, held, desired) if theirs else None
        if request is None:
            made.pending.append(ref)
            made.missing += [ref] if drift.facet is Facet.MISSING else []
        else:
            edits.make(request)
            made.updated.append(ref)
    for name, reason in edits.left:
        ref = Ref.parse(name)
        made.left.append(Left(ref.kind, snapshot.ids.get(ref, ""), ref.name, "", reason))


def _changes(
    project: Project, folder: str, found: Survey, made: Imported, edits: ManifestEdit, loaded: Loaded
) -> list[FileChange]:
    """Every file that changes: those that were edited, and those that new manifests and tables go to. A file comes
    after those that it needs, so that whatever was written when somebody pulled the plug loads, and the next import
    goes on from there."""
    texts: dict[str, tuple[str | None, str]] = {file: (was, text) for file, was, text in edits.files()}
    top = project.root / folder
    existing = (
        {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()} if top.is_dir() else set()
    )
    scales = found.catalog.scales
    nouns = {ref: found.catalog.nouns[ref] for ref in made.fresh}
    declarations = loaded.source_map.declarations
    turns = {
        declarations[ref].file: (ref.kind.rank, True) for ref in sorted(made.updated, key=lambda ref: ref.kind.rank)
    }
    for short, refs in files_for(nouns, existing).items():
        file = normpath(f"{folder}/{short}")
        turns[file] = max(turns.get(file, (0, False)), *(_turn(ref, found.catalog) for ref in refs))
        parts: list[str] = []
        for ref in refs:
            standing = partial(_text_beside, project.root / file)
            spec, tables = _spec(ref, nouns[ref], found.catalog, scales, PurePosixPath(short).stem, standing)
            parts.append(_document(ref, spec, made, found.snapshot))
            for name, text in (item for table in tables for item in table.files.items()):
                texts[str(PurePosixPath(file).with_name(name))] = (standing(name), text)
            made.prices += len(found.catalog.rates.get(ref.name, ())) if ref.kind is Kind.RATE_CARD else 0
        before, text = texts[file] if file in texts else text_of(project.root / file)
        if before is None:
            texts[file] = (None, schema_line(project, file) + "---\n".join(parts))
        else:
            texts[file] = (before, appended(text, parts))
    before_cards = (Kind.RATE_CARD.rank, False)
    order = sorted(texts, key=lambda file: (turns.get(file, before_cards), file))
    return [FileChange(file, *texts[file]) for file in order if texts[file][0] != texts[file][1]]


def _turn(ref: Ref, catalog: Catalog) -> tuple[int, bool]:
    """When a new noun is written: after what is of an earlier kind, and of its own kind after what needs none of it. A
    card comes after the tables, which stand before the cards."""
    return ref.kind.rank, ref.kind is Kind.RATE_CARD or any(need.kind is ref.kind for need in needs(ref, catalog))


def _spec(
    ref: Ref,
    noun: Noun,
    catalog: Catalog,
    scales: Mapping[str, Scale],
    stem: str,
    standing: Callable[[str], str | None],
) -> tuple[dict[str, Any], list[Dumped]]:
    """The spec of a manifest, with the tables that stand beside it."""
    spec = spec_data(noun, scales)
    if not isinstance(noun, RateCard) or ref.name not in catalog.rates:
        return spec, []
    tables, rest = tables_of(stem, catalog.rates[ref.name], noun, scales, standing)
    if len(rest):
        spec["rates"] = rates_data(rest, noun, scales)
    if tables:
        spec["rates_from"] = [dict(table.entry) for table in tables]
    return spec, tables


def _document(ref: Ref, spec: Mapping[str, Any], made: Imported, snapshot: Snapshot) -> str:
    """A manifest under a comment that says where it came from. What bears our mark already needs no id."""
    id_ = made.fresh[ref]
    seen = ref._replace(version=1) if ref.kind.versioned else ref
    # An account has nowhere to put a mark on a unit: what is known by its name has no id here.
    unmarked = seen in snapshot.unmarked or (not ref.kind.marked and snapshot.partial and id_ != "")
    adopt = {"adopt": {made.environment: id_}} if unmarked else {}
    lines = [f"# imported from {ref.kind.words} {id_}\n"] if id_ else []
    return "".join(lines) + manifest_text(ref, adopt, spec)


def _text_beside(beside: Path, name: str) -> str | None:
    """The text of a file that stands beside another one, None when there is none; of what is no text, nothing."""
    path = beside.with_name(name)
    if not path.is_file():
        return None
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _verify(made: Imported, project: Project, snapshot: Snapshot, at: datetime) -> None:
    """The manifests load, and a plan of them would do nothing but adopt; whatever else it would do is noted."""
    desired = read(project, made.environment).catalog
    written = {*made.fresh, *made.updated}
    found = _compare(desired, snapshot, project.settings.namespace, made.environment, at)
    for drift in found.drifts:
        ref = drift.ref.unversioned
        if ref in written and ref not in made.pending and drift.facet is not Facet.OWNER:
            made.remaining.append((str(drift.ref), ", ".join(drift.parts)))
