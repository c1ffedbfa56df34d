"""What every verb answers. Order, rehearsal, digest, resume, the plan's document and its schema are loops over these.

A verb is a frozen value. It says what is meant by our keys alone, never by a store's ids, so the same one can be sent
again after a crash; only an object that is still nobody's is named by its id. `reason` explains and never decides.
A new one is a module of this room that is named in `plan.verb.table`, and what each store does for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Container, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.reference import Ref
from pricebook.observe.snapshot import ABSENT, Observed, Snapshot, digest_of
from pricebook.plan.contract import Lives
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import CLOSED


class Status(StrEnum):
    """What to make of a step now."""

    READY = "ready"
    BEGUN = "begun"
    """A part of it is done: it is finished before another one is begun."""
    DONE = "done"
    STALE = "stale"
    """Somebody else overtook it."""


class Wanted(NamedTuple):
    """What is desired, beside what is there; `removed` is what is to be let go."""

    desired: Catalog
    snapshot: Snapshot
    removed: Collection[Ref] = ()


class Graph(NamedTuple):
    """The steps of a plan, as needs are sought among them: their ids, those that add rates by card, in order, and which
    rate card an alias names."""

    ids: Container[str]
    rates: Mapping[str, Sequence[str]]
    aliases: Mapping[str, Ref]

    def known(self, id_: str) -> Iterator[str]:
        """The step, if it is one of the plan."""
        if id_ in self.ids:
            yield id_

    def made(self, ref: Ref) -> Iterator[str]:
        """The steps after which an object is there and ours, as it is to be."""
        yield from self.known(f"adopt:{ref}")
        yield from self.known(str(ref))

    def priced(self, card: str) -> Iterator[str]:
        """The step after which a card's rates are there: batches follow each other, so the last one stands for all."""
        yield from self.rates.get(card, ())[-1:]


@dataclass(slots=True)
class Fold:
    """A snapshot in the making: its objects, the schedules that each card comes to have beside those that it has, what
    is let go, and which objects that bear the mark of another one are archived, by their ids."""

    at: datetime
    objects: dict[Ref, Observed]
    added: dict[Ref, dict[str, str]] = field(default_factory=dict)
    released: set[Ref] = field(default_factory=set)
    seconds: set[str] = field(default_factory=set)

    def of(self, ref: Ref) -> Observed:
        """The object as it is by now."""
        return self.objects.get(ref, ABSENT)


@dataclass(frozen=True, slots=True)
class Look:
    """What a store holds now, read as the steps mean it to be, and all steps that it is looked at for.

    `lives` are the contracts of those customers whose contracts are moved. `schedules` are filled in by the verb of
    rates: no other card is read than those that steps change, and those once.
    """

    snapshot: Snapshot
    verbs: Sequence["Verb"]
    lives: Lives = field(default_factory=dict)
    schedules: dict[Ref, Mapping[str, str] | None] = field(default_factory=dict)


class Verb(ABC):
    """One thing that is done to one object."""

    __slots__ = ()
    __pydantic_config__ = CLOSED
    action: ClassVar[str]
    """What it is called in a plan's document."""
    symbol: ClassVar[str]
    """One character for what happens; a format may have a colour for it."""
    work: ClassVar[tuple[tuple[str, str, str], ...]]
    """What is counted of it, each with the words for one and for many; empty for what is counted and not told."""
    prefix: ClassVar[str] = ""
    """Before the ref, in the ids of its steps."""
    last: ClassVar[bool] = False
    """Whether it comes after everything else, one after the other in the order given."""
    after_reading_back: ClassVar[bool] = False
    """Whether it is done only once everything else was read back: it cannot be undone."""
    independent: ClassVar[bool] = False
    """Whether no step of it needs another one: many are done at the same time, and one that is stale is left alone
    while the others are done."""
    lets_go: ClassVar[bool] = False
    """Whether the object is nobody's afterwards."""
    ref: Ref
    reason: str

    @property
    @abstractmethod
    def label(self) -> str:
        """What it is called for people."""

    @property
    @abstractmethod
    def done(self) -> tuple[str, str]:
        """What becomes of an object, and of many of them: `is created`, `are created`."""

    @classmethod
    def wanted(cls, wanted: Wanted) -> Iterator["Verb"]:
        """The changes of this verb that are needed, in order, of those that do not come from comparing an object with
        what is desired of it (`plan.diff`)."""
        return iter(())

    def step_id(self, batch: int) -> str:
        """A name for the step that says what it does: `rates:tokens#2`, `package:pro@3`, `archive:product:old`."""
        return f"{self.prefix}{self.ref}"

    def needs(self, graph: Graph, step: str) -> Iterator[str]:
        """The ids of the steps that come before the one of this id. Of those that are `last` all others do."""
        return iter(())

    def expects(self, snapshot: Snapshot) -> str | None:
        """The digest of what it was planned on; see `plan.step.Step`."""
        observed = snapshot.of(self.ref).noun
        return digest_of(observed) if observed is not None else None

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """What it means for customers, and for what others did."""
        return iter(())

    @abstractmethod
    def fold(self, world: Fold) -> None:
        """Its effect, if the store keeps the vendor's rules."""

    @abstractmethod
    def status(self, expects: str | None, look: Look) -> Status:
        """Where it stands against what the store holds now."""

    def overtaken(self, look: Look) -> str:
        """Why a stale step is left alone, of a verb that is `independent`."""
        return ""

    def mean(self, nouns: MutableMapping[Ref, Noun], snapshot: Snapshot) -> None:  # noqa: B027 - most mean nothing
        """Put in how it means a noun to be, so that what the store does not show can be read (`observe.normalise`)."""

    def digest_content(self) -> tuple[object, ...]:
        """What of it the plan's digest binds, beside the object's name, what it expects and its hazards."""
        return (type(self).__name__,)

    def counts(self) -> Iterator[tuple[str, int]]:
        """How much work it is: names of `work`, and how many."""
        for name, _, _ in self.work[:1]:
            yield name, 1

    @property
    def gives(self) -> tuple[Alias, ...]:
        """The aliases that it gives its object anew (`plan.handover`)."""
        return ()

    @property
    def had(self) -> tuple[Alias, ...]:
        """The aliases that the object had before."""
        return ()

    @property
    def has(self) -> tuple[Alias, ...]:
        """Those that it has afterwards."""
        return self.gives

    @property
    def keeps(self) -> tuple[Alias, ...]:
        """Those that it loses once another object takes them."""
        return ()

    @property
    def sentence(self) -> str:
        """What happens, for a reader who sees the object's name before it."""
        return f"{self.label}: {self.reason}" if self.reason else self.label
