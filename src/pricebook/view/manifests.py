"""Answers about manifests: what an import or a change of prices writes into them, and the rules that look at them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pricebook.catalog.reference import stored_kinds
from pricebook.view.plain import hidden, optional
from pricebook.view.words import counted
from pricebook.workflow.importing import Imported
from pricebook.workflow.reprice import Repricing
from pricebook.workflow.rules import ListedRule
from pricebook.workflow.writing import FileChange


class ImportedObject(NamedTuple):
    """An object, and the store's id of it."""

    ref: str
    id: str


class WrittenFile(NamedTuple):
    """A file that is written; `new`: it was not there."""

    file: str
    new: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the account that the manifests do not say: of which object, what of it (empty: all of it), why."""

    kind: str
    id: str
    name: str
    path: str
    reason: str
    count: int


class Remaining(NamedTuple):
    """What a plan would still change in an object."""

    ref: str
    parts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """What an import makes. `gone` is what manifests adopt and the account has no more, `pending` what git has and the
    account has not yet, `missing` the objects among it that are not there at all; `written` is false for a dry run,
    whose edits are the lines of `diff`. `started` are files of a project that was begun with it."""

    answer: ClassVar[str] = "import"
    environment: str
    imported: tuple[ImportedObject, ...]
    updated: tuple[str, ...]
    unchanged: int
    prices: int
    files: tuple[WrittenFile, ...]
    left: tuple[LeftOut, ...]
    archived: Mapping[str, int]
    contracts: int
    pending: tuple[str, ...]
    missing: tuple[str, ...]
    gone: tuple[ImportedObject, ...]
    remaining: tuple[Remaining, ...]
    written: bool
    started: tuple[str, ...] = optional(())
    new: tuple[str, ...] = hidden()
    archived_words: tuple[str, ...] = hidden()
    diff: tuple[str, ...] = hidden()


class Repriced(NamedTuple):
    """A price, what it was on the day, and what it is then."""

    price: str
    observed: str
    desired: str


class LeftPrice(NamedTuple):
    """What a package charges, and where it says so."""

    price: str
    observed: str


class AffectedView(NamedTuple):
    """Contracts that pay a price which is written anew, of how many customers; and which contracts the store cannot
    list, empty: none."""

    contracts: int
    customers: int
    unlisted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepricingView:
    """Other prices in manifests. `skipped` counts chosen prices that are no amount, `left` are those that packages
    charge in place of chosen ones and that stay as they are; `new` are files that were not there. `told` counts who is
    to be told, where that was asked."""

    answer: ClassVar[str] = "repricing"
    prices: tuple[Repriced, ...]
    skipped: int
    files: tuple[str, ...]
    written: bool
    diff: str
    left: tuple[LeftPrice, ...]
    affected: AffectedView | None = optional()
    new: frozenset[str] = hidden(default=frozenset())


@dataclass(frozen=True, slots=True)
class EditsView:
    """Manifests that are written otherwise, or for the first time. `left` is what could not be changed in place."""

    answer: ClassVar[str] = "edits"
    files: tuple[WrittenFile, ...]
    left: tuple[str, ...]
    written: bool
    diff: str


@dataclass(frozen=True, slots=True)
class RulesView:
    """The rules, with the severity that each has here."""

    answer: ClassVar[str] = "rules"
    rules: tuple[ListedRule, ...]


@dataclass(frozen=True, slots=True)
class RulePageView:
    """The page of a rule, a hazard or an error code."""

    answer: ClassVar[str] = "rule-page"
    rule: str
    markdown: str


def import_view(made: Imported, *, dry_run: bool, started: Iterable[str] = ()) -> ImportView:
    """The view of what an import made."""
    counts = Counter(ref.kind for ref in made.fresh)
    new = [counted(counts[kind], kind.words) for kind in stored_kinds() if counts[kind]]
    archived = (counted(made.archived[kind], kind.words) for kind in stored_kinds() if made.archived.get(kind))
    return ImportView(
        environment=made.environment,
        imported=tuple(ImportedObject(str(ref), id_) for ref, id_ in sorted(made.fresh.items())),
        updated=_texts(made.updated),
        unchanged=made.kept,
        prices=made.prices,
        files=tuple(WrittenFile(one.file, one.before is None) for one in sorted(made.files, key=lambda one: one.file)),
        left=tuple(
            LeftOut(left.kind.value, left.id, left.name, left.path, left.reason, left.count) for left in made.left
        ),
        archived={kind.value: count for kind, count in made.archived.items()},
        contracts=made.contracts,
        pending=_texts(made.pending),
        missing=_texts(made.missing),
        gone=tuple(ImportedObject(str(ref), id_) for ref, id_ in made.gone),
        remaining=tuple(Remaining(name, parts) for name, parts in made.remaining),
        written=not dry_run,
        started=tuple(started),
        new=(*new, counted(made.prices, "price")) if made.prices else tuple(new),
        archived_words=tuple(archived),
        diff=tuple(line for one in made.files for line in one.diff_lines()) if dry_run else (),
    )


def edits_view(files: Iterable[FileChange], left: Iterable[tuple[str, str]], *, written: bool) -> EditsView:
    """The view of files that are, or would be, written."""
    changes = sorted(files, key=lambda one: one.file)
    return EditsView(
        tuple(WrittenFile(one.file, one.before is None) for one in changes),
        tuple(f"{name}: {reason}" for name, reason in left),
        written,
        "".join(one.diff() for one in changes),
    )


def repricing_view(made: Repricing, *, dry_run: bool, told: tuple[int, int, str] | None = None) -> RepricingView:
    """The view of prices that are written."""
    prices = tuple(Repriced(name, was, now) for name, was, now in made.prices)
    files = sorted(made.files, key=lambda one: one.file)
    new = frozenset(one.file for one in files if one.before is None)
    diff = "".join(one.diff() for one in files)
    left = tuple(LeftPrice(*one) for one in made.left)
    written = not dry_run and bool(files)
    names = tuple(one.file for one in files)
    whom = AffectedView(*told) if told is not None else None
    return RepricingView(
        prices=prices, skipped=made.skipped, files=names, written=written, diff=diff, left=left, affected=whom, new=new
    )


def _texts(refs: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted({str(ref) for ref in refs}))
