"""Create: a noun that the store does not have."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricebook.catalog.catalog import Catalog
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.assess import never_invoiced
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import RefText, Spec
from pricebook.plan.verb.making import Making
from pricebook.plan.verb.verb import Look, Status


@dataclass(frozen=True, slots=True)
class Create(Making):
    """A noun that the store does not have. A rate card is created without its aliases: see `Repoint`."""

    action = label = "create"
    symbol = "+"
    done = ("is created", "are created")
    work = (("created", "object created", "objects created"),)
    ref: RefText
    noun: Spec
    digest: str
    reason: str = ""

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """A package that is never invoiced."""
        return never_invoiced(self.noun, desired)

    def status(self, expects: str | None, look: Look) -> Status:
        """Of a package, by its key."""
        if self.ref.kind.versioned:
            return self.version_status(None, look)
        return Making.status(self, expects, look)

    def counts(self) -> Iterator[tuple[str, int]]:
        """An object, and the aliases that it is made with."""
        yield "created", 1
        yield "aliases_given", len(self.gives)
