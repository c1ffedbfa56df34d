"""Lists of others that ours is held against: `comparisons` in `pricebook.yaml`.

What a column of such a list means is said as of a table of a rate card. What differs and is meant to is pinned, with a
reason and an end.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pricebook.catalog.condition import Condition, Given, bars
from pricebook.catalog.field import Percent
from pricebook.catalog.model import Lower, Text
from pricebook.catalog.violation import Violation
from pricebook.manifest.rates_from import RatesFrom
from pricebook.project.acceptance import Acceptance

Told = Literal["missing", "extra", "dearer", "cheaper", "mixed", "other", "below", "changed"]


class OtherList(RatesFrom):
    """Somebody else's list of prices: a provider's, a competitor's, or what we pay. Its prices are those of today, in
    the major unit of our card's currency (dollars) where it does not say another one."""

    dated: ClassVar[bool] = False
    conditions: ClassVar[tuple[Condition, ...]] = (
        bars("tolerance", Given("cost"), hint="least_margin says how far above the cost prices have to be"),
    )

    table: Text | None = None
    """File name, relative to pricebook.yaml; `--with` names another one."""
    rate_card: Text | None = None
    """Our card, by name; the only one when not given."""
    cost: bool = False
    """Whether the list is what we pay: then margins are told, and prices below it."""
    least_margin: Percent | None = None
    """Of a cost: so much of our price at least has to be left, or the price is told as below it."""
    tolerance: Percent | None = None
    """Prices that differ by no more than this share of theirs count as the same."""
    tell: tuple[Annotated[Told, Lower], ...] = ()
    """What is told, and decides the exit code; everything when not given."""
    pinned: tuple[Acceptance, ...] = ()
    """What differs and is meant to, why, and until when."""

    def rules(self) -> Iterator[Violation]:
        """There is one list, and a margin is one of a cost."""
        yield from super().rules()
        if self.editions:
            yield Violation("not-applicable", "what is compared is one list", ("editions",), "name it under table")
        if self.least_margin is not None and not self.cost:
            yield Violation("missing-field", "a margin is one above a cost", ("least_margin",), "add cost: true")
