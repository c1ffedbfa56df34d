"""What a rule finds: the noun, the place in it, what is wrong and the way out. Its span in a file comes later."""

from typing import NamedTuple

from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import read_key
from pricebook.catalog.violation import Path
from pricebook.problem import Severity


class Finding(NamedTuple):
    """One thing that a rule has to say.

    `path` leads below the noun's spec. With `rate`, the text of a rate's key, it leads below that rate of the card
    `ref`, wherever the rate is written. `label` says in the noun's own words which part is meant; a waiver can name it.
    `more` counts others of the same kind. `file` stands for the noun when it is about a file of the project.
    """

    ref: Ref | None
    path: Path
    message: str
    hint: str = ""
    rate: str | None = None
    label: str = ""
    related: tuple[tuple[str, Ref, Path], ...] = ()
    more: int = 0

    @property
    def subject(self) -> str:
        """What it is about, as text: the ref, or nothing for the project as a whole."""
        return str(self.ref) if self.ref is not None else ""

    @property
    def part(self) -> str:
        """`subject/label`, of a rate with the rate's key: what a waiver's `covers` is compared with."""
        label = self.label or (str(read_key(self.rate)) if self.rate is not None else "")
        return f"{self.subject}/{label}" if label else self.subject


class Judged(NamedTuple):
    """A finding with the id and severity of the rule that made it."""

    rule: str
    severity: Severity
    finding: Finding
