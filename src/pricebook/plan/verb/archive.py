"""Archive: an object is taken out of use, for good."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES
from pricebook.catalog.reference import Kind
from pricebook.observe.snapshot import Marks, Snapshot
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import RefText
from pricebook.plan.verb.verb import Fold, Look, Status, Verb


@dataclass(frozen=True, slots=True)
class Archive(Verb):
    """An object is taken out of use, for good. Nothing is archived before what replaces it was read back."""

    action = label = "archive"
    symbol = "-"
    done = ("is archived", "are archived")
    prefix = "archive:"
    work = (("archived", "object archived", "objects archived"),)
    last = after_reading_back = True
    ref: RefText
    reason: str = ""
    second: Annotated[str, Field(description="of two objects with one mark, the id of the one that is archived")] = ""

    def step_id(self, batch: int) -> str:
        """One of two objects is named by its id."""
        return f"{self.prefix}{self.ref}" + (f"#{self.second}" if self.second else "")

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """It cannot be undone, but where it can be made again."""
        if not self.ref.kind.replaced:
            yield Hazard.ARCHIVES

    def fold(self, world: Fold) -> None:
        """Versions of packages stay readable; of a card nothing is left but its name."""
        held = world.of(self.ref)
        if self.second:
            world.seconds.add(self.second)
        elif self.ref.kind.versioned:
            world.objects[self.ref] = replace(held, archived=True)
        else:
            marks = Marks(held.marks.content) if self.ref.kind is Kind.RATE_CARD else held.marks
            world.objects[self.ref] = replace(held, archived=True, noun=None, rates=NO_RATES, marks=marks)

    def status(self, expects: str | None, look: Look) -> Status:
        """A vendor may list an archived object no more."""
        snapshot = look.snapshot
        if self.second:
            there = any(each.id == self.second and not each.archived for each in snapshot.foreign)
            return Status.READY if there else Status.DONE
        unlisted = snapshot.partial and self.ref not in snapshot.ids
        return Status.DONE if self.ref in snapshot.archived or unlisted else Status.READY

    @property
    def sentence(self) -> str:
        """Whether it is for good, and why."""
        how = "archived" if self.ref.kind.replaced else "archived for good"
        return f"{how}: {self.reason}" if self.reason else how
