"""What a store holds, as seen at one moment: the observed catalogue with the store's ids and marks beside it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.mark import NO_ALIASES, alias_digest
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
    former: str = ""


def strangers_in(foreign: Iterable[Foreign], adopt: Mapping[Ref, str]) -> dict[Ref, str]:
    """What is to be adopted to see everything that is live and nobody's: it has its id for a name where `adopt` has
    none for it."""
    known = set(adopt.values())
    nobodys = (each for each in foreign if not each.archived and not each.owner and each.id not in known)
    return {**{Ref(each.kind, each.id): each.id for each in nobodys}, **adopt}


@dataclass(frozen=True)
class Snapshot:
    """The objects that bear our namespace's marks, and those that were asked for by id (`apply.ports.Store`).

    `catalog` has every live noun; packages with their version, all versions. `ids` are the store's ids. `marks` are the
    digests that the marks carry: of a package the digest in its uniqueness key, of the others the digest last applied.
    `rate_marks` and `alias_marks` are a card's marks of its rates and of its aliases (`plan.mark`), of those that any
    were applied to.
    `archived` are archived objects, whose marks stay taken for good. `contracts` counts the live contracts on a rate
    card and on a package version, `standing` those by card and package version together. `foreign` are the objects that
    are not ours, archived ones where the store lists them. `unmarked` are those that were asked for by id and bear no
    mark of ours: they stand in all of the above as if they were ours, but nothing was ever applied to them, so they are
    in none of the `marks`. `made` says when each package version was made; a store that cannot tell leaves it out.
    `account` is the mark of the account for our namespace (`apply.target`), empty when it bears none.

    What follows is of stores that show less than they were told (`plan.meaning`); `partial` says that this is one.
    `order_marks` are the digests of product orders that the store cannot show. `underway` are objects of which a
    revision of ours stopped half way, with the digest that it was going to. `unsaid` are the paths of what the store
    says of `unmarked` objects and no field of a noun does. `notes` are what a person should know.
    """

    observed_at: datetime
    catalog: Catalog = field(default_factory=Catalog)
    ids: Mapping[Ref, str] = field(default_factory=dict)
    marks: Mapping[Ref, str] = field(default_factory=dict)
    rate_marks: Mapping[Ref, str] = field(default_factory=dict)
    alias_marks: Mapping[Ref, str] = field(default_factory=dict)
    archived: frozenset[Ref] = frozenset()
    contracts: Mapping[Ref, int] = field(default_factory=dict)
    foreign: tuple[Foreign, ...] = ()
    unmarked: frozenset[Ref] = frozenset()
    standing: Mapping[tuple[Ref, Ref], int] = field(default_factory=dict)
    made: Mapping[Ref, datetime] = field(default_factory=dict)
    account: str = ""
    partial: bool = False
    order_marks: Mapping[Ref, str] = field(default_factory=dict)
    underway: Mapping[Ref, str] = field(default_factory=dict)
    unsaid: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of what was observed: the base of a plan."""
        return self.catalog.digest

    @property
    def unmanaged(self) -> dict[Kind, int]:
        """How many live objects of each kind are not ours, of kinds that have any."""
        return dict(Counter(each.kind for each in self.foreign if not each.archived))

    @property
    def sealed(self) -> frozenset[str]:
        """The names of archived products, or the ids of those that are not ours: their prices can no longer change."""
        ours = (ref.name for ref in self.archived if ref.kind is Kind.PRODUCT)
        return frozenset((*ours, *(each.id for each in self.foreign if each.archived and each.kind is Kind.PRODUCT)))

    def latest(self, name: str) -> Ref | None:
        """The newest version of a package, archived or not; None when there is none."""
        versions = [ref for ref in self.ids if ref.kind is Kind.PACKAGE and ref.name == name]
        return max(versions, key=lambda ref: ref.version or 0, default=None)

    def drifted(self, ref: Ref) -> bool:
        """Whether the object differs from what was last applied: it was edited behind our back."""
        noun, mark = self.catalog.nouns.get(ref), self.marks.get(ref)
        return noun is not None and mark is not None and digest_of(noun) != mark

    def repointed(self, card: Ref) -> bool:
        """Whether the card's aliases or product order differ from those last applied; a card that was given none has
        an empty mark."""
        noun = self.catalog.nouns.get(card)
        if not isinstance(noun, RateCard):
            return False
        return alias_digest(noun.aliases, noun.product_order) != self.alias_marks.get(card, NO_ALIASES)


def without(snapshot: Snapshot, refs: Collection[Ref], namespace: str) -> Snapshot:
    """The snapshot in which these objects are not ours any more: they are foreign, and bore a mark of the namespace."""
    gone = set(refs)

    def kept(values: Mapping[Ref, Any]) -> dict[Ref, Any]:
        return {ref: value for ref, value in values.items() if ref not in gone}

    cards = {ref.name for ref in gone if ref.kind is Kind.RATE_CARD}
    foreign = tuple(
        Foreign(
            ref.kind,
            snapshot.ids[ref],
            getattr(snapshot.catalog.nouns.get(ref), "name", ""),
            archived=ref in snapshot.archived,
            former=f"{namespace}/{ref}",
        )
        for ref in snapshot.ids
        if ref in gone
    )
    rates = {card: rates for card, rates in snapshot.catalog.rates.items() if card not in cards}
    return replace(
        snapshot,
        catalog=Catalog(kept(snapshot.catalog.nouns), rates),
        ids=kept(snapshot.ids),
        marks=kept(snapshot.marks),
        rate_marks=kept(snapshot.rate_marks),
        alias_marks=kept(snapshot.alias_marks),
        order_marks=kept(snapshot.order_marks),
        underway=kept(snapshot.underway),
        contracts=kept(snapshot.contracts),
        standing={pair: count for pair, count in snapshot.standing.items() if not gone.intersection(pair)},
        made=kept(snapshot.made),
        archived=snapshot.archived - gone,
        unmarked=snapshot.unmarked - gone,
        foreign=(*snapshot.foreign, *foreign),
    )


AFTER_RATES = {"aliases": (), "product_order": ()}
"""What a rate card is given only once its rates are there (`plan.change.Repoint`)."""


def digest_of(noun: Noun) -> str:
    """The digest by which an observed object is recognised; of a rate card without what follows its rates."""
    return content_digest(noun.model_copy(update=AFTER_RATES) if isinstance(noun, RateCard) else noun)
