"""A copy of what an environment keeps: what it asks of two databases, and what became of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from pricebook.span import Span


class TableExtent(NamedTuple):
    """What a table holds: how many rows, and a digest of them in the order of their keys."""

    rows: int
    digest: str


class Copier(Protocol):
    """Where something is, where it goes, and the way there. Everything but the names raises StoreError."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is, for people: the store, and the journal when that is somewhere else."""

    @property
    def target(self) -> str:
        """Where it goes, for people."""

    @property
    def shown(self) -> str:
        """The target's URL without its secrets, as it may stand in a project file."""

    @property
    def onto_itself(self) -> bool:
        """Whether the target is a source."""

    def is_empty(self) -> bool:
        """Whether there is nothing to copy. Creates nothing."""

    def environments(self) -> set[str]:
        """The environments of which the journal knows."""

    def namespaces(self) -> set[str]:
        """Whose marks the store's objects bear; none when only a journal is copied."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody writes to the sources meanwhile; everybody may read."""

    def compared(self) -> Literal["empty", "same", "other"]:
        """What the target holds, compared with the sources; who holds a lease does not count."""

    def present(self) -> dict[str, TableExtent]:
        """The tables of the target that hold anything. Creates nothing."""

    def run(self, tell: Callable[[int], None]) -> dict[str, TableExtent]:
        """Copy every table into a target that is empty, and read it back; `tell` hears how many rows are there so far.

        Raises StoreRefused when the target holds anything already, OutcomeUnknown when no answer came to its end, and
        StoreError; nothing is there then, but after OutcomeUnknown everything may be.
        """


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What was copied, or was there already. `steps` is how long the plan is, against the one as against the other;
    None where only a journal was copied. `lines` are what to write into the project file, each with its place."""

    environment: str
    sources: tuple[str, ...]
    target: str
    already: bool
    tables: Mapping[str, TableExtent]
    namespaces: tuple[str, ...]
    steps: int | None
    lines: tuple[tuple[Span, str], ...]
