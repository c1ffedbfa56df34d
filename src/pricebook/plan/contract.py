"""A customer's contract, as far as prices are concerned: what it is on, how long, and where it came from.

A contract on a package can say nothing of its own: `Provision` is all that may be asked for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref
from pricebook.catalog.usage import SeatChange

TransitionType = Literal["SUPERSEDE", "RENEWAL"]
ContractStatus = Literal["running", "coming", "ended", "archived"]


class Transition(NamedTuple):
    """How a contract follows on an earlier one of the same customer.

    The vendor's documents say only that unused commits roll over; `handed_over` is what we assume besides. The vendor's
    SDK knows RENEWAL alone, and its document opens SUPERSEDE to some clients only.
    """

    type: TransitionType
    from_contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract on a package version or a rate card of ours. Instants are UTC.

    `package` has its version; None for a contract that is on no package of ours. `card` is the one that it pays by,
    settled when it was made; None when it is not ours or there is none. `ending_before` None: without end. An archived
    contract has `archived_at` and bills nothing. Of `uniqueness_key`, `created_at` and `transition` None can also mean
    that they are not known: the vendor's list of the contracts on a package does not show them.
    """

    id: str
    customer: str
    package: Ref | None
    card: Ref | None
    starting_at: datetime
    ending_before: datetime | None = None
    archived_at: datetime | None = None
    uniqueness_key: str | None = None
    created_at: datetime | None = None
    transition: Transition | None = None
    quantities: tuple[SeatChange, ...] | None = None
    """How the quantities of its subscriptions changed since it began, as far as they did; None: that is not known."""

    def runs(self, at: datetime) -> bool:
        """Whether it is in force at the instant, or still to start then."""
        return self.archived_at is None and (self.ending_before is None or self.ending_before > at)

    def state(self, at: datetime) -> ContractStatus:
        """What it does at an instant."""
        if self.archived_at is not None:
            return "archived"
        if not self.runs(at):
            return "ended"
        return "running" if self.starting_at <= at else "coming"

    @property
    def end(self) -> datetime:
        """When it ends, for comparing: the end of time where it has no end."""
        return self.ending_before or FOREVER


Lives = Mapping[str, Sequence[Contract]]
"""The contracts of each customer on the packages in question, archived and ended ones too."""


def gathered(contracts: Iterable[Contract], customers: frozenset[str] | None = None) -> dict[str, list[Contract]]:
    """Contracts by customer; of these customers only, if they are given."""
    lives: dict[str, list[Contract]] = {}
    for contract in contracts:
        if customers is None or contract.customer in customers:
            lives.setdefault(contract.customer, []).append(contract)
    return lives


def keyed(
    lives: dict[str, list[Contract]], target: Ref, look: Callable[[str], Iterable[Contract]]
) -> dict[str, list[Contract]]:
    """The same, with the uniqueness keys of customers who have another contract beside one on the target, where the
    list did not show them: is it what an interrupted run made? `look` gives the contracts of a customer."""
    found = dict(lives)
    for customer, contracts in lives.items():
        live = [c for c in contracts if c.archived_at is None]
        unnamed = [c for c in live if c.package == target and c.uniqueness_key is None]
        if any(other.end > new.starting_at for new in unnamed for other in live if other.id != new.id):
            known = {contract.id: contract for contract in look(customer)}
            found[customer] = [known.get(contract.id, contract) for contract in contracts]
    return found


@dataclass(frozen=True, slots=True)
class Provision:
    """A contract to be made: the customer, the start, on the hour, and a package version of ours, or else the alias
    that names one as of the start. `uniqueness_key`, at most 128 characters, is what makes asking twice make one.
    """

    customer: str
    starting_at: datetime
    uniqueness_key: str
    package: Ref | None = None
    alias: str | None = None
    transition: Transition | None = None
    custom_fields: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if (self.package is None) == (self.alias is None):
            raise ValueError("a contract is on a package version, or on what an alias names: one of the two")


def handed_over(kind: TransitionType, starting_at: datetime, earlier: Contract) -> datetime | None:
    """When the earlier contract ends once another one that starts at the instant follows on it; None: never.

    [assumed] A superseded contract ends where its successor starts, unless it ended before; a renewed one is left as it
    is, and must end by then, so that nobody is billed twice. Raises ValueError, whose text is the rule that was broken.
    """
    if earlier.archived_at is not None:
        raise ValueError(f"the contract {earlier.id} is archived: nothing can follow on it")
    if starting_at < earlier.starting_at:
        raise ValueError(
            f"the contract {earlier.id} starts at {instant_text(earlier.starting_at)}, later than its successor"
        )
    end = earlier.ending_before
    if end is not None and end <= starting_at:
        return end
    if kind == "SUPERSEDE":
        return starting_at
    until = f"runs until {instant_text(end)}" if end is not None else "has no end"
    raise ValueError(f"the contract {earlier.id} {until}: end it by {instant_text(starting_at)} to renew it")
