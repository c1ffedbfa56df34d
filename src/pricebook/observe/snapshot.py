"""What a store holds, as seen at one moment: one thing per object, with everything that the store says of it.

Whatever renames, normalises or adopts objects maps over `Snapshot.objects`; nothing else is keyed by them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import NO_RATES, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import NO_ALIASES, alias_digest
from pricebook.problem import Problem


class Foreign(NamedTuple):
    """An object of the store that is not ours: the store's id and its display name.

    `owner` is the mark that it bears of another namespace, or one of ours that makes no sense; empty for an object
    without any. `former` is the mark that it bore until its owner let it go. `unreadable` says why one that was asked
    for cannot be read as a noun; empty when it was not asked for.
    """

    kind: Kind
    id: str
    name: str
    archived: bool = False
    owner: str = ""
    unreadable: str = ""
    released_mark: str = ""
    twin: Ref | None = None
    """The object of ours whose mark it bears too: that one was made first."""


def strangers_in(foreign: Iterable[Foreign], adopt: Mapping[Ref, str]) -> dict[Ref, str]:
    """What is to be adopted to see everything that is live and nobody's: it has its id for a name where `adopt` has
    none for it."""
    known = set(adopt.values())
    nobodys = (each for each in foreign if not each.archived and not (each.owner or each.twin) and each.id not in known)
    return {**{Ref(each.kind, each.id): each.id for each in nobodys}, **adopt}


class Quirks(NamedTuple):
    """How a store shows otherwise what it was told; a value of its adapter (`observe.normalise`).

    `filled_in` are fields of terms, with what its answers have where a request left them open, and `statement` what
    they have of a package that says nothing of its usage statements. `not_shown` are fields that no answer has.
    """

    filled_in: Mapping[str, str]
    statement: Mapping[str, str]
    not_shown: tuple[str, ...]


class Marks(NamedTuple):
    """The digests that an object's marks carry of what was last applied; None where nothing was.

    `content` is of the noun (of a package it stands in its uniqueness key), `rates` and `aliases` are a card's
    (`observe.mark`). `order` is of a product order, where the store cannot show the order itself; `underway` of what a
    revision of ours was going to that stopped half way.
    """

    content: str | None = None
    rates: str | None = None
    aliases: str | None = None
    order: str | None = None
    underway: str | None = None


NO_MARKS = Marks()
"""Those of an object that nothing was applied to."""


class OwnContracts(NamedTuple):
    """Live contracts on a card that buy alike and otherwise than by a package alone: on none (None), or on a version
    with terms of their own beside it. `terms` have what decides what they pay, as a package (`preview.own.bought`),
    None where that cannot be read."""

    package: Ref | None
    terms: Noun | None
    contracts: int


@dataclass(frozen=True, slots=True)
class LiveContracts:
    """The live contracts on an object: how many, and of a card how many of them are on package versions, and which have
    terms of their own. `unlisted` says which others there may be, because they cannot be listed; empty: none."""

    count: int = 0
    by_package: Mapping[Ref, int] = field(default_factory=dict)
    own: tuple[OwnContracts, ...] = ()
    unlisted: str = ""

    @property
    def counted(self) -> "LiveContracts":
        """These."""
        return self


class Uncounted:
    """Live contracts that are counted once somebody asks, where that takes requests. Raises what `count` raises."""

    def __init__(self, count: Callable[[], LiveContracts]) -> None:
        self._count = count

    @cached_property
    def counted(self) -> LiveContracts:
        """What they come to."""
        return self._count()


NO_CONTRACTS = LiveContracts()


@dataclass(frozen=True, slots=True)
class Observed:
    """One object as a store shows it.

    `noun` is None where it is archived and not read, or cannot be read. `id` is the store's; empty for what an account
    knows by its name alone. An object that is `unmarked` was asked for by id, or bears the mark of an earlier name: it
    is read as if it were ours. `unsaid` are the paths of what the store says of it and no field of a noun does.
    Archived objects keep their marks for good. `live` are the contracts on it. `made` says when a package version was
    made, None where a store cannot tell.
    """

    noun: Noun | None
    id: str = ""
    rates: Rates = field(default_factory=lambda: NO_RATES)
    marks: Marks = NO_MARKS
    archived: bool = False
    unmarked: bool = False
    live: LiveContracts | Uncounted = NO_CONTRACTS
    made: datetime | None = None
    unsaid: tuple[str, ...] = ()

    @property
    def contracts(self) -> int:
        """How many live contracts are on it. Raises what counting them raises."""
        return self.live.counted.count

    @property
    def drifted(self) -> bool:
        """Whether it differs from what was last applied: it was edited behind our back."""
        return self.noun is not None and self.marks.content not in (None, digest_of(self.noun))

    @property
    def repointed(self) -> bool:
        """Whether a card's aliases or product order differ from those last applied; one that was given none has an
        empty mark."""
        if not isinstance(self.noun, RateCard):
            return False
        last = self.marks.aliases if self.marks.aliases is not None else NO_ALIASES
        return alias_digest(self.noun.aliases, self.noun.product_order) != last


ABSENT = Observed(None)
"""What is not there."""


@dataclass(frozen=True)
class Snapshot:
    """The objects that bear our namespace's marks, and those that were asked for by id (`apply.ports.Store`); packages
    with their version, all versions.

    `foreign` are the objects that are not ours, archived ones where the store lists them. `account` is the mark of the
    account for our namespace (`apply.target`), empty when it bears none. `quirks` are of a store that shows otherwise
    what it was told; None where what is read is what was written. `notes` are what a person should know,
    `keys` the custom-field keys of our own marks (`rate_card/pricebook_ref`), where a store has any.
    """

    observed_at: datetime
    objects: Mapping[Ref, Observed] = field(default_factory=dict)
    foreign: tuple[Foreign, ...] = ()
    account: str = ""
    quirks: Quirks | None = None
    notes: tuple[Problem, ...] = ()
    keys: tuple[str, ...] = ()

    def of(self, ref: Ref) -> Observed:
        """The object, or one that is not there."""
        return self.objects.get(ref, ABSENT)

    @cached_property
    def catalog(self) -> Catalog:
        """Every noun that was read, and the rates of the cards that have any."""
        nouns = {ref: each.noun for ref, each in self.objects.items() if each.noun is not None}
        return Catalog(nouns, {ref.name: each.rates for ref, each in self.objects.items() if len(each.rates)})

    @cached_property
    def ids(self) -> Mapping[Ref, str]:
        """The store's ids, of the objects that have one."""
        return {ref: each.id for ref, each in self.objects.items() if each.id}

    @cached_property
    def archived(self) -> frozenset[Ref]:
        """The archived objects, whose marks stay taken for good."""
        return frozenset(ref for ref, each in self.objects.items() if each.archived)

    @cached_property
    def unmarked(self) -> frozenset[Ref]:
        """The objects that are ours without bearing a mark of their name."""
        return frozenset(ref for ref, each in self.objects.items() if each.unmarked)

    @property
    def partial(self) -> bool:
        """Whether the store shows less than it was told."""
        return self.quirks is not None

    @property
    def digest(self) -> str:
        """The digest of what was observed: the base of a plan."""
        return self.catalog.digest

    @property
    def unmanaged(self) -> dict[Kind, int]:
        """How many live objects of each kind are not ours, of kinds that have any."""
        return dict(Counter(each.kind for each in self.foreign if not (each.archived or each.twin)))

    @property
    def sealed(self) -> frozenset[str]:
        """The names of archived products, or the ids of those that are not ours: their prices can no longer change."""
        ours = (ref.name for ref in self.archived if ref.kind is Kind.PRODUCT)
        return frozenset((*ours, *(each.id for each in self.foreign if each.archived and each.kind is Kind.PRODUCT)))

    def latest(self, of: Ref) -> Ref | None:
        """The newest version of an object, whichever is named, archived or not; None when there is none."""
        return self._latest.get(of.unversioned)

    @cached_property
    def _latest(self) -> Mapping[Ref, Ref]:
        return {ref.unversioned: ref for ref in sorted(self.objects, key=lambda ref: ref.version or 0)}


def objects_of(catalog: Catalog) -> dict[Ref, Observed]:
    """A catalogue as if a store held it, without any marks: the id of each object is its ref's text."""
    return {
        ref: Observed(noun, str(ref), catalog.rates.get(ref.name, NO_RATES) if ref.kind is Kind.RATE_CARD else NO_RATES)
        for ref, noun in catalog.nouns.items()
    }


def with_rates(snapshot: Snapshot, rates: Mapping[str, Rates]) -> Snapshot:
    """The snapshot whose cards have these rates, by the card's name, and no others."""
    objects = {
        ref: replace(each, rates=rates.get(ref.name, NO_RATES)) if ref.kind is Kind.RATE_CARD else each
        for ref, each in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects)


def without(snapshot: Snapshot, refs: Collection[Ref], namespace: str) -> Snapshot:
    """The snapshot in which these objects are not ours any more: they are foreign, and bore a mark of the namespace."""
    gone = [(ref, snapshot.objects[ref]) for ref in snapshot.objects if ref in refs]
    foreign = tuple(
        Foreign(
            kind=ref.kind,
            id=each.id,
            name=each.noun.title if each.noun is not None else "",
            archived=each.archived,
            released_mark=f"{namespace}/{ref}",
        )
        for ref, each in gone
    )
    return replace(
        snapshot,
        objects={
            ref: replace(each, live=Uncounted(partial(_besides, each, refs)))
            for ref, each in snapshot.objects.items()
            if ref not in refs
        },
        foreign=(*snapshot.foreign, *foreign),
    )


def _besides(observed: Observed, refs: Collection[Ref]) -> LiveContracts:
    """The contracts on an object without those on packages that are not ours any more: they are on none."""
    live = observed.live.counted
    by_package = {on: n for on, n in live.by_package.items() if on not in refs}
    return replace(live, by_package=by_package, own=tuple(one for one in live.own if one.package not in refs))


AFTER_RATES = {"aliases": (), "product_order": ()}
"""What a rate card is given only once its rates are there (`plan.verb.Repoint`)."""


def bare(noun: Noun) -> Noun:
    """The noun as it is made and revised: a rate card without what follows its rates."""
    return noun.model_copy(update=AFTER_RATES) if isinstance(noun, RateCard) else noun


def digest_of(noun: Noun) -> str:
    """The digest by which an observed object is recognised."""
    return content_digest(bare(noun))
