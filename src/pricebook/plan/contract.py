"""A customer's contract, as far as prices are concerned: what it is on and how long."""

from dataclasses import dataclass
from datetime import datetime

from pricebook.catalog.reference import Ref


@dataclass(frozen=True, slots=True)
class Contract:
    """A live contract on a package version or a rate card of ours.

    `package` has its version; None for a contract that is on a rate card alone. `card` is the one that it pays by,
    settled when it was made; None when it is not ours or there is none. `ending_before` None: without end.
    """

    id: str
    customer: str
    package: Ref | None
    card: Ref | None
    starting_at: datetime
    ending_before: datetime | None = None
