"""Answers about places: which account an environment is, what was copied or saved, and the files that were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pricebook.apply.copied import Copied, TableExtent
from pricebook.catalog.reference import Kind
from pricebook.view.plain import hidden
from pricebook.view.words import counted


@dataclass(frozen=True, slots=True)
class AccountView:
    """The mark in an account, and the id that pricebook.yaml remembers; None where there is none. `keys` are the
    custom-field keys in which pricebook keeps its own marks: `rate_card/pricebook_ref`."""

    answer: ClassVar[str] = "account"
    environment: str
    marked_as: str | None
    id: str | None
    remembered: str | None
    keys: tuple[str, ...]
    namespace: str = hidden()


class ProjectLine(NamedTuple):
    """A line of pricebook.yaml as it has to be, and where it stands."""

    at: str
    line: str


@dataclass(frozen=True, slots=True)
class CopiedView:
    """What was copied. `tables` are digests of what was read back; `steps` are those of a plan against the copy, None
    where it was not planned again."""

    answer: ClassVar[str] = "copy"
    environment: str
    from_: tuple[str, ...]
    to: str
    already: bool
    tables: Mapping[str, TableExtent]
    namespaces: tuple[str, ...]
    steps: int | None
    lines: tuple[ProjectLine, ...]


@dataclass(frozen=True, slots=True)
class ExportView:
    """What was saved of an account into a file."""

    answer: ClassVar[str] = "export"
    file: str
    counts: Mapping[str, int]
    prices: int
    contracts: int
    sentence: str = hidden()


@dataclass(frozen=True, slots=True)
class SiteView:
    """The pages that were written: how many files are there, were written anew and removed, and their bytes."""

    answer: ClassVar[str] = "site"
    index: str
    files: int
    written: int
    removed: int
    size: int


@dataclass(frozen=True, slots=True)
class FilesView:
    """Files that were written. `after` are lines on what comes next."""

    answer: ClassVar[str] = "files"
    files: tuple[str, ...]
    after: tuple[str, ...] = hidden(default=())


def copied_view(copied: Copied) -> CopiedView:
    """The view of a copy."""
    return CopiedView(
        environment=copied.environment,
        from_=copied.sources,
        to=copied.target,
        already=copied.already,
        tables=copied.tables,
        namespaces=copied.namespaces,
        steps=copied.steps,
        lines=tuple(ProjectLine(str(place), line) for place, line in copied.lines),
    )


def export_view(file: str, counts: Mapping[Kind, int], prices: int, contracts: int) -> ExportView:
    """The view of what was saved."""
    words = [counted(count, kind.words) for kind, count in counts.items() if count]
    words += [counted(prices, "price"), *([counted(contracts, "contract")] if contracts else [])]
    return ExportView(file, {kind.value: count for kind, count in counts.items()}, prices, contracts, ", ".join(words))
