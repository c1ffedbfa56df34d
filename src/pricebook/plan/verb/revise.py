"""Revise: mutable fields of a noun change in place."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricebook.catalog.catalog import Catalog
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import FieldChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import RefText, Spec
from pricebook.plan.verb.making import Making


@dataclass(frozen=True, slots=True)
class Revise(Making):
    """Mutable fields of a noun change in place. `noun` is the whole of it afterwards."""

    action = label = "revise"
    symbol = "~"
    done = ("is revised", "are revised")
    work = (("fields", "field revised in place", "fields revised in place"), ("revised", "", ""))
    ref: RefText
    noun: Spec
    digest: str
    fields: tuple[FieldChange, ...]
    reason: str = ""

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """Somebody else's edit is lost."""
        if snapshot.of(self.ref).drifted:
            yield Hazard.FOREIGN_EDIT

    def counts(self) -> Iterator[tuple[str, int]]:
        """An object, and its fields."""
        yield "revised", 1
        yield "fields", len(self.fields)
