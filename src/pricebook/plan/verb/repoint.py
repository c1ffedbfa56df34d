"""Repoint: the aliases and the product order of a rate card. How an alias changes hands is in `plan.handover`."""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.model import Alias, Noun
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Ref
from pricebook.observe.mark import alias_digest
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.handover import fits, holders_of, is_given
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import AliasSpec, RefText
from pricebook.plan.verb.verb import Fold, Graph, Look, Status, Verb


@dataclass(frozen=True, slots=True)
class Repoint(Verb):
    """The aliases and the product order of a rate card, given once its rates are all there.

    `observed` and `observed_order` are what it had, and `held_by` the other cards that had any of the names that it is
    given, or are given one by the same plan: a name that another one has got meanwhile is not taken away again.
    `yields` is what it had and another card is to have: it keeps that until the other one takes it (`plan.handover`).
    """

    action = label = "repoint"
    symbol = "→"
    done = ("gets its aliases", "get their aliases")
    prefix = "repoint:"
    work = (
        ("aliases_moved", "alias moved", "aliases moved"),
        ("aliases_given", "alias given", "aliases given"),
        ("reordered", "product order set", "product orders set"),
    )
    ref: RefText
    aliases: tuple[AliasSpec, ...]
    observed: tuple[AliasSpec, ...]
    product_order: tuple[str, ...] = ()
    reason: str = ""
    observed_order: Annotated[tuple[str, ...], Field(description="the order that the card had")] = ()
    held_by: Annotated[
        tuple[str, ...], Field(description="the other cards that had, or are given, one of its new aliases")
    ] = ()
    yields: Annotated[tuple[AliasSpec, ...], Field(description="kept until another card takes it")] = ()

    @property
    def given(self) -> frozenset[str]:
        """The names of the aliases that it does not have yet as they are to be."""
        return frozenset(alias.name for alias in self.gives)

    def needs(self, graph: Graph, step: str) -> Iterator[str]:
        """The card, and its rates."""
        yield from graph.made(self.ref)
        yield from graph.priced(self.ref.name)

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """New contracts get something else, or somebody else's doing is undone."""
        if self.observed:
            yield Hazard.ALIAS_MOVES
        if snapshot.of(self.ref).repointed:
            yield Hazard.FOREIGN_EDIT

    def fold(self, world: Fold) -> None:
        """The card has them, and the mark of them."""
        held = world.of(self.ref)
        assert held.noun is not None
        noun = held.noun.model_copy(update={"aliases": self.aliases, "product_order": self.product_order})
        marks = held.marks._replace(aliases=alias_digest(self.aliases, self.product_order))
        world.objects[self.ref] = replace(held, noun=noun, marks=marks)

    def mean(self, nouns: MutableMapping[Ref, Noun], snapshot: Snapshot) -> None:
        """The card with this order, which a store may not show."""
        card = nouns.get(self.ref) or snapshot.of(self.ref).noun
        if isinstance(card, RateCard):
            nouns[self.ref] = card.model_copy(update={"product_order": self.product_order})

    def digest_content(self) -> tuple[object, ...]:
        """What it is given, and what it had."""
        aliases, observed = (sorted(encode(spec_of(alias)) for alias in each) for each in (self.aliases, self.observed))
        return ("Repoint", aliases, self.product_order, observed)

    def status(self, expects: str | None, look: Look) -> Status:
        """Done when it has them and the mark; ready while it is as it was seen, or a card that is still to be made."""
        held = look.snapshot.of(self.ref)
        card = held.noun
        if not isinstance(card, RateCard):
            return Status.READY if not self.observed else Status.STALE
        if is_given(self, card.aliases) and card.product_order == self.product_order:
            marked = held.marks.aliases == alias_digest(self.aliases, self.product_order)
            return Status.DONE if marked else Status.READY
        holders = holders_of(self.given, self.ref, look.snapshot.catalog)
        return Status.READY if fits(self, card.aliases, card.product_order, holders) else Status.STALE

    def counts(self) -> Iterator[tuple[str, int]]:
        """The aliases, or the order alone."""
        moved, given = self.alias_changes
        yield "aliases_moved", len(moved)
        yield "aliases_given", len(given)
        yield "reordered", int(set(self.aliases) == set(self.observed))

    @property
    def gives(self) -> tuple[Alias, ...]:
        """Those that it does not have yet as they are to be."""
        return tuple(alias for alias in self.aliases if alias not in self.observed)

    @property
    def had(self) -> tuple[Alias, ...]:
        """What it had."""
        return self.observed

    @property
    def has(self) -> tuple[Alias, ...]:
        """What it is to have."""
        return self.aliases

    @property
    def keeps(self) -> tuple[Alias, ...]:
        """What it yields."""
        return self.yields

    @property
    def alias_changes(self) -> tuple[list[Alias], list[Alias]]:
        """The aliases that stand for something else afterwards, and those that nobody had before."""
        gained = list(self.gives)
        return (gained, []) if self.observed else ([], gained)
