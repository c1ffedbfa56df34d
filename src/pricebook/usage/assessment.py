"""An impact, with what it was made from: which usage, of when, and what of it could not be counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from pricebook.preview.impact import Impact
from pricebook.preview.terms import Window
from pricebook.usage.alarmed import Alarmed
from pricebook.usage.measure import Census


class NoiseSides(NamedTuple):
    """What a notification does, and what the one before it did; None: there was none."""

    after: Alarmed
    before: Alarmed | None


@dataclass(frozen=True)
class Assessment:
    """`used` is the time of the usage; `uncounted` are products whose usage cannot be counted here, with the reason.
    `moved_to` is the package version to which the contracts move, of a migration; `unlisted` are contracts that could
    not be listed. `names` are what people call products, by their keys."""

    impact: Impact
    census: Census
    used: Window
    uncounted: dict[str, str]
    assume_migrated: bool
    moved_to: str = ""
    unlisted: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    noise: Mapping[str, NoiseSides] = field(default_factory=dict)
    """Of each threshold notification that is new or changed, by name, whom it would have alarmed; the usage of
    products that are `unadded` is in none of it, because it does not add up by the day."""
    unadded: Sequence[str] = ()

    @property
    def coverage(self) -> Decimal:
        """The fraction of events that could be read and belong to somebody who is billed; of a migration, in which
        only those are billed who move, that could be read."""
        return replace(self.census, outside=0).coverage if self.moved_to else self.census.coverage

    @property
    def complete(self) -> bool:
        """Whether all that is charged is known, so that what is said of all bills is said of all of them."""
        return self.coverage == 1 and not self.uncounted and not self.impact.unknown and not self.unlisted
