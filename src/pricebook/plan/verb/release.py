"""Release: an object of ours becomes nobody's."""

from collections.abc import Iterator
from dataclasses import dataclass

from pricebook.plan.verb.form import RefText
from pricebook.plan.verb.verb import Fold, Look, Status, Verb, Wanted


@dataclass(frozen=True, slots=True)
class Release(Verb):
    """An object of ours becomes nobody's: our marks are taken off it, and it stays as it is, live."""

    action = label = "release"
    symbol = "○"
    done = ("is let go", "are let go")
    prefix = "release:"
    work = (("released", "object let go", "objects let go"),)
    last = lets_go = True
    ref: RefText
    reason: str = ""

    @classmethod
    def wanted(cls, wanted: Wanted) -> Iterator[Verb]:
        """What still bears our mark of what is removed; a package bears none that could be taken off."""
        snapshot = wanted.snapshot
        for ref in sorted(wanted.removed, key=lambda ref: (-ref.kind.rank, ref.name)):
            if ref in snapshot.ids and ref not in snapshot.archived and not ref.kind.versioned:
                yield cls(ref, "it is removed from the project")

    def fold(self, world: Fold) -> None:
        """It is nobody's."""
        world.released.add(self.ref)

    def status(self, expects: str | None, look: Look) -> Status:
        """Done when it bears no mark of ours."""
        return Status.READY if self.ref in look.snapshot.ids else Status.DONE

    @property
    def sentence(self) -> str:
        """Why it is let go."""
        return f"let go, and stays as it is: {self.reason}"
