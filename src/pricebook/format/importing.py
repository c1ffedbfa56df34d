"""What an import made: how much of what, in which files, and what of the account the manifests do not say."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from pricebook.catalog.canonical import encode
from pricebook.catalog.reference import Kind, Ref, stored_kinds
from pricebook.format.escape import escape_json, escape_terminal, padded
from pricebook.format.page import wrapped
from pricebook.view.words import counted


class Left(Protocol):
    """Something of the account that the manifests do not say."""

    @property
    def kind(self) -> Kind:
        """The kind of the object."""

    @property
    def id(self) -> str:
        """The store's id of the object."""

    @property
    def name(self) -> str:
        """Its display name."""

    @property
    def path(self) -> str:
        """What of it; empty for all of it."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def count(self) -> int:
        """Of how many."""


class File(Protocol):
    """A file that is written."""

    @property
    def file(self) -> str:
        """Its name, relative to the project."""

    @property
    def before(self) -> str | None:
        """Its text before; None for a new one."""

    def diff(self) -> list[str]:
        """The lines of a unified diff."""


class Imported(Protocol):
    """See `workflow.importing.Imported`."""

    environment: str
    fresh: dict[Ref, str]
    updated: list[Ref]
    kept: int
    prices: int
    archived: Mapping[Kind, int]
    pending: list[Ref]
    gone: list[tuple[Ref, str]]
    contracts: int
    remaining: list[tuple[str, str]]

    @property
    def files(self) -> Sequence[File]:
        """What is written."""

    @property
    def left(self) -> Sequence[Left]:
        """What the manifests do not say."""


def draw_import(made: Imported, width: int, *, dry_run: bool) -> Iterator[str]:
    """The summary, and everything that is not in the manifests, once."""
    yield from _summary(made)
    if made.files:
        new = sorted(file.file for file in made.files if file.before is None)
        changed = sorted(file.file for file in made.files if file.before is not None)
        yield ""
        yield from (f"  {line}" for line in _listed(new, "new"))
        yield from (f"  {escape_terminal(file)}   changed" for file in changed)
    yield from _unsaid(made, width)
    yield ""
    if dry_run:
        yield "Nothing was written (--dry-run)."
    elif made.remaining:
        yield "Next: pricebook plan   (besides adopting it would change what is listed as remaining above)"
    elif made.files:
        yield "Review it, commit it. Next: pricebook plan   (nothing changes in the account; it is adopted)"
    else:
        yield "Nothing to write: the manifests say what the account says."


def _summary(made: Imported) -> Iterator[str]:
    counts = Counter(ref.kind for ref in made.fresh)
    words = [counted(counts[kind], kind.words) for kind in stored_kinds() if counts[kind]]
    if made.prices:
        words.append(counted(made.prices, "price"))
    place = escape_terminal(made.environment)
    yield f"Imported from {place}: {', '.join(words) or 'nothing new'}."
    if made.updated:
        yield f"Updated: {', '.join(escape_terminal(str(ref)) for ref in sorted(set(made.updated)))}."
    if made.kept and not made.fresh:
        yield f"{counted(made.kept, 'object')} as the manifests have them."
    if made.pending:
        names = ", ".join(escape_terminal(str(ref)) for ref in sorted(set(made.pending)))
        yield f"Left as git has them, where the account is behind: {names}."


def _listed(files: list[str], word: str) -> Iterator[str]:
    """The files, many of one folder as one line."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(str(PurePosixPath(file).parent), []).append(file)
    for folder, found in folders.items():
        if len(found) > 8:
            kinds = Counter(PurePosixPath(file).suffix for file in found)
            parts = [counted(count, "table" if suffix == ".csv" else "file") for suffix, count in sorted(kinds.items())]
            yield f"{escape_terminal(folder)}/   {word}: {' and '.join(reversed(parts))}"
        else:
            yield from (f"{escape_terminal(file)}   {word}" for file in found)


def _unsaid(made: Imported, width: int) -> Iterator[str]:
    archived = [counted(made.archived[kind], kind.words) for kind in stored_kinds() if made.archived.get(kind)]
    if archived:
        yield ""
        yield f"Left out because they are archived: {', '.join(archived)}."
    if made.contracts:
        yield f"Not in manifests: {counted(made.contracts, 'contract')} on these packages."
    if made.left:
        yield ""
        yield f"Of what the account has, the manifests do not say {counted(len(made.left), 'thing')}:"
        for left in made.left:
            yield from _item(f"{left.kind.words} {left.id}", left.name, left.path, left.reason, width)
    if made.gone:
        yield ""
        yield "Gone from the account, and still in the manifests:"
        for ref, id_ in made.gone:
            yield f"  {escape_terminal(str(ref))}   {escape_terminal(id_)}"
    if made.remaining:
        yield ""
        yield "Remaining: what a plan would still change, because manifests cannot say it:"
        for name, parts in made.remaining:
            yield from (
                f"  {line}" for line in wrapped(f"{escape_terminal(name)}: {escape_terminal(parts, 500)}", width - 4)
            )


def _item(head: str, name: str, path: str, reason: str, width: int) -> Iterator[str]:
    title = f'{padded(escape_terminal(head), 30)} "{escape_terminal(name, 60)}"'
    yield f"  {title}" + (f" · {escape_terminal(path, 120)}" if path else "")
    yield from (f"      {line}" for line in wrapped(escape_terminal(reason, 500), width - 8))


def import_json(made: Imported, *, dry_run: bool) -> str:
    """The same as JSON."""
    data = {
        "environment": made.environment,
        "imported": [{"ref": str(ref), "id": id_} for ref, id_ in sorted(made.fresh.items())],
        "updated": sorted({str(ref) for ref in made.updated}),
        "unchanged": made.kept,
        "prices": made.prices,
        "files": [
            {"file": file.file, "new": file.before is None} for file in sorted(made.files, key=lambda file: file.file)
        ],
        "left": [
            {
                "kind": left.kind.value,
                "id": left.id,
                "name": left.name,
                "path": left.path,
                "reason": left.reason,
                "count": left.count,
            }
            for left in made.left
        ],
        "archived": {kind.value: count for kind, count in made.archived.items()},
        "contracts": made.contracts,
        "pending": sorted({str(ref) for ref in made.pending}),
        "gone": [{"ref": str(ref), "id": id_} for ref, id_ in made.gone],
        "remaining": [{"ref": name, "parts": parts} for name, parts in made.remaining],
        "written": not dry_run,
    }
    return escape_json(encode(data))


def draw_export(counts: Mapping[Kind, int], prices: int, file: str) -> Iterator[str]:
    """What was saved of an account, and where."""
    words = [counted(count, kind.words) for kind, count in counts.items() if count]
    yield f"Saved to {escape_terminal(file)}: {', '.join([*words, counted(prices, 'price')])}."
    yield f"Next: pricebook import --from {escape_terminal(file)}"


def export_json(counts: Mapping[Kind, int], prices: int, file: str) -> str:
    """The same as JSON."""
    found = {kind.value: count for kind, count in counts.items()}
    return escape_json(encode({"file": file, "counts": found, "prices": prices}))
