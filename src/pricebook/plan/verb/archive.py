"""Archive: an object is taken out of use, for good."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    prefix = "archive:"
    work = (("archived", "object archived", "objects archived"),)
    last = after_reading_back = True
    ref: RefText
    reason: str = ""

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """It cannot be undone, but where it can be made again."""
        if not self.ref.kind.replaced:
            yield Hazard.ARCHIVES

    def fold(self, world: Fold) -> None:
        """Versions of packages stay readable; of a card nothing is left but its name."""
        held = world.of(self.ref)
        if self.ref.kind.versioned:
            world.objects[self.ref] = replace(held, archived=True)
        else:
            marks = Marks(held.marks.content) if self.ref.kind is Kind.RATE_CARD else held.marks
            world.objects[self.ref] = replace(held, archived=True, noun=None, rates=NO_RATES, marks=marks)

    def status(self, expects: str | None, look: Look) -> Status:
        """A vendor may list an archived object no more."""
        snapshot = look.snapshot
        unlisted = snapshot.partial and self.ref not in snapshot.ids
        return Status.DONE if self.ref in snapshot.archived or unlisted else Status.READY

    @property
    def sentence(self) -> str:
        """Whether it is for good, and why."""
        how = "archived" if self.ref.kind.replaced else "archived for good"
        return f"{how}: {self.reason}" if self.reason else how
