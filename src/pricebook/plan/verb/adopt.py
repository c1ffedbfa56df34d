"""Adopt: an object that is there becomes ours, or one of ours gets its present name."""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.mark import RateMark
from pricebook.observe.snapshot import Snapshot, digest_of
from pricebook.plan.verb.form import RefText, Spec
from pricebook.plan.verb.verb import Fold, Look, Status, Verb


@dataclass(frozen=True, slots=True)
class Adopt(Verb):
    """An object that is there and bears no mark becomes ours under `ref`: it gets our marks and stays as it is.

    `id` is the store's, `noun` what it was observed to be. It is marked with that: `digest`, and of a rate card `rates`
    (`observe.mark.RateMark`) and `aliases` (`observe.mark.alias_digest`), empty where it has none.

    With `was` it is ours already, under that name: only the name in its mark changes, and the marks are empty here.
    What it refers to may still be anybody's, so it needs no other step.
    """

    action = "adopt"
    symbol = "="
    prefix = "adopt:"
    work = (("adopted", "object adopted", "objects adopted"), ("renamed", "object renamed", "objects renamed"))
    ref: RefText
    id: Annotated[str, Field(description="the store's id of the object")]
    noun: Spec
    digest: str
    rates: Annotated[str, Field(description="what the card's rates are marked with")] = ""
    aliases: Annotated[str, Field(description="what the card's aliases are marked with")] = ""
    was: Annotated[RefText | None, Field(description="the name that it had as ours")] = None
    reason: str = ""

    @property
    def label(self) -> str:
        """Adopted or renamed."""
        return "adopt" if self.was is None else "rename"

    @property
    def done(self) -> tuple[str, str]:
        """The same."""
        return ("is adopted", "are adopted") if self.was is None else ("is renamed", "are renamed")

    def fold(self, world: Fold) -> None:
        """It is ours, and bears the marks."""
        held = world.of(self.ref)
        given = {"content": self.digest, "rates": self.rates, "aliases": self.aliases}
        marks = held.marks._replace(**{name: mark for name, mark in given.items() if mark})
        world.objects[self.ref] = replace(held, id=self.id, unmarked=False, marks=marks)

    def mean(self, nouns: MutableMapping[Ref, Noun], snapshot: Snapshot) -> None:
        """As it was seen."""
        nouns[self.ref] = self.noun

    def digest_content(self) -> tuple[object, ...]:
        """Which object, and the name that it had."""
        return ("Adopt", self.id, self.rates, str(self.was or ""))

    def status(self, expects: str | None, look: Look) -> Status:
        """Done when the object bears the mark; stale when it is not there, or was adopted as something that it is
        not."""
        held = look.snapshot.of(self.ref)
        if held.noun is None or held.archived or held.id != self.id:
            return Status.STALE
        if not held.unmarked:
            return Status.DONE
        if self.was is not None:
            return Status.READY  # whatever it says, it has another name now
        mark = RateMark.read(self.rates)
        moved = self.ref.kind is Kind.RATE_CARD and (mark is None or not mark.speaks_for(held.rates))
        return Status.STALE if moved or digest_of(held.noun) != expects else Status.READY

    def counts(self) -> Iterator[tuple[str, int]]:
        """Adopted or renamed."""
        yield "adopted" if self.was is None else "renamed", 1
