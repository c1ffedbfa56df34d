"""Supersede: a package, which cannot be edited, gets a new version."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Alias
from pricebook.catalog.path import name_of
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.assess import never_invoiced, of_fields
from pricebook.plan.change import FieldChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import RefText, Spec
from pricebook.plan.verb.making import Making
from pricebook.plan.verb.verb import Look, Status


@dataclass(frozen=True, slots=True)
class Supersede(Making):
    """A package, which cannot be edited, gets a new version. `fields` is the difference from the version before."""

    action, label = "supersede", "version"
    symbol = "±"
    done = ("gets a new version", "get a new version")
    work = (("versions", "new version", "new versions"),)
    ref: RefText
    noun: Spec
    digest: str
    previous: RefText
    fields: tuple[FieldChange, ...]
    reason: str = ""

    def expects(self, snapshot: Snapshot) -> str | None:
        """The version before, by its mark."""
        return snapshot.of(self.previous).marks.content

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """What its terms lose, and that its aliases stand for them."""
        yield from of_fields(type(self.noun), self.fields)
        yield from never_invoiced(self.noun, desired)
        if self.gives:
            yield Hazard.ALIAS_MOVES

    def status(self, expects: str | None, look: Look) -> Status:
        """By its key."""
        return self.version_status(self.previous, look)

    def digest_content(self) -> tuple[object, ...]:
        """The content, and what it follows."""
        return (*Making.digest_content(self), str(self.previous))

    def counts(self) -> Iterator[tuple[str, int]]:
        """A version, and its aliases."""
        moved, given = self.alias_changes
        yield "versions", 1
        yield "aliases_moved", len(moved)
        yield "aliases_given", len(given)

    @property
    def alias_changes(self) -> tuple[list[Alias], list[Alias]]:
        """The aliases that stand for something else afterwards, and those that nobody had before."""
        fresh = {name_of(f.desired) for f in self.fields if f.path[0] == "aliases" and f.observed is None}
        given = [alias for alias in self.gives if alias.name in fresh]
        return [alias for alias in self.gives if alias not in given], given

    @property
    def sentence(self) -> str:
        """Why there is a new one."""
        return f"new version: {self.reason}"
