"""The absolute terms of a contract: what a package becomes on a date.

Windows start inclusively and end exclusively. Everything that a package says relative to the start of the contract is a
date here; what repeats is a recurrence, whose periods `preview.grant` counts out. Terms end with the contract at the
latest ("updateEndDate": ending a contract will "truncate any terms"). Quantities of subscriptions over time are what
the package starts with, and the changes that a customer makes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

from pricebook.catalog.commit import Commit, Credit
from pricebook.catalog.override import Override
from pricebook.catalog.recurring import InvoiceAmount, RecurringCommit, RecurringCredit
from pricebook.catalog.reference import Kind
from pricebook.catalog.subscription import Subscription
from pricebook.catalog.traverse import rewritten
from pricebook.catalog.usage import SeatChange
from pricebook.preview.price import ZERO


class Window(NamedTuple):
    """A time: `ending_before` is `FOREVER` where there is no end."""

    starting_at: datetime
    ending_before: datetime

    def covers(self, instant: datetime) -> bool:
        """Whether the instant lies within."""
        return self.starting_at <= instant < self.ending_before


@dataclass(frozen=True, slots=True)
class Statement:
    """When usage is invoiced: at the end of each period of the cycle."""

    frequency: str
    anchor: datetime
    first: datetime
    """The first period that is invoiced starts here or later."""


@dataclass(frozen=True, slots=True)
class DatedSubscription:
    """A subscription with its time."""

    name: str
    """`subscriptions[fee]`."""
    key: str
    term: Subscription
    window: Window
    anchor: datetime
    """What its billing cycle is counted from."""


@dataclass(frozen=True, slots=True)
class DatedOverride:
    """An override with its time; `index` is its place in the package."""

    name: str
    term: Override
    window: Window
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCharge:
    """Something that is charged on a date: a scheduled charge, or the payment of a commit."""

    name: str
    kind: Literal["scheduled", "commit_purchase", "true_up"]
    product: str
    label: str
    at: datetime
    unit_price: Decimal
    quantity: Decimal
    unit: str
    commit: str = ""
    """Of a true-up: the id of the balance whose rest is charged."""

    def true_up(self, commit: str) -> "DatedCharge":
        """What of a POSTPAID commit was not used, in place of its payment."""
        return replace(self, kind="true_up", unit_price=Decimal(1), quantity=Decimal(1), commit=commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A balance: an amount that can be used within a window. `amount` is in the API unit, or counts units used."""

    id: str
    list: str
    key: str
    term: Commit | Credit | RecurringCredit
    kind: Literal["CREDIT", "PREPAID", "POSTPAID"]
    amount: Decimal
    unit: str
    window: Window
    free: bool
    """Whether the cost basis is $0."""
    counts_units: bool
    """access_type QUANTITY: units used are deducted, not their cost."""
    rolled_over: bool = False
    seat: tuple[str, str] | None = None
    """Only usage of this (seat group key, seat) draws from it."""
    contracts: float = 1
    """How many contracts of the customer can draw from it."""

    @property
    def rollover_fraction(self) -> Decimal | None:
        """The fraction of what is left that a contract that follows starts with."""
        return self.term.rollover_fraction if not isinstance(self.term, Credit) else None

    def named(self, rename: Callable[[Kind, str], str]) -> "Grant":
        """The same with other names for what it refers to."""
        return replace(self, term=rewritten(self.term, rename), unit=rename(Kind.PRICING_UNIT, self.unit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A recurring commit or credit with its time; periods are counted from the anchor."""

    list: str
    name: str
    key: str
    term: RecurringCredit
    window: Window
    frequency: str
    anchor: datetime

    @property
    def kind(self) -> Literal["CREDIT", "PREPAID"]:
        """What its balances are."""
        return "PREPAID" if isinstance(self.term, RecurringCommit) else "CREDIT"

    @property
    def invoice(self) -> InvoiceAmount | None:
        """What each commit is billed for."""
        return self.term.invoice_amount if isinstance(self.term, RecurringCommit) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLists:
    """Dated terms, by what they are."""

    subscriptions: tuple[DatedSubscription, ...] = ()
    overrides: tuple[DatedOverride, ...] = ()
    charges: tuple[DatedCharge, ...] = ()
    grants: tuple[Grant, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()


LISTS = tuple(one.name for one in fields(TermLists))
AnyDated = DatedSubscription | DatedOverride | DatedCharge | Grant | Recurrence


@dataclass(frozen=True, slots=True)
class ContractTerms(TermLists):
    """The terms of one contract. `notes` say what of the package is not modelled."""

    starting_at: datetime
    ending_before: datetime
    statement: Statement
    net_payment_terms_days: int | None
    consolidated: bool
    """scheduled_charges_on_usage_invoices: ALL."""
    explicit: bool
    """Multipliers go by priority."""
    notes: tuple[str, ...] = field(default=())

    def beside(self, own: "OwnTerms") -> "ContractTerms":
        """These terms, as far as the contract still has them, and those of its own, which were added after them."""
        count = len(self.overrides)
        added = replace(own, overrides=tuple(replace(one, index=count + one.index) for one in own.overrides))
        lists: dict[str, Any] = {
            name: (*(one for one in getattr(self, name) if label_of(one) not in own.without), *getattr(added, name))
            for name in LISTS
        }
        return replace(
            self,
            statement=own.statement or self.statement,
            consolidated=self.consolidated or own.consolidated,
            explicit=self.explicit or own.explicit,
            notes=(*self.notes, *own.notes),
            **lists,
        )


@dataclass(frozen=True, slots=True)
class OwnTerms(TermLists):
    """Terms that were agreed with one customer, beside those of the package.

    `without` names those of the package that the contract has no more (`label_of`). `statement` is another one than the
    package's; that and the two flags are there for contracts on no package above all.
    """

    without: frozenset[str] = frozenset()
    statement: Statement | None = None
    consolidated: bool = False
    explicit: bool = False
    notes: tuple[str, ...] = ()

    def named(self, rename: Callable[[Kind, str], str]) -> "OwnTerms":
        """The same with other names for what the terms refer to."""
        lists: dict[str, Any] = {name: tuple(_named(one, rename) for one in getattr(self, name)) for name in LISTS}
        return replace(self, **lists)


def _named(one: AnyDated, rename: Callable[[Kind, str], str]) -> AnyDated:
    if isinstance(one, Grant):
        return one.named(rename)
    if isinstance(one, DatedCharge):
        return replace(one, product=rename(Kind.PRODUCT, one.product), unit=rename(Kind.PRICING_UNIT, one.unit))
    changed: Any = replace(cast(Any, one), term=rewritten(one.term, rename))
    return cast(AnyDated, changed)


def label_of(term: AnyDated) -> str:
    """What tells a term of a contract from every other one of it."""
    if isinstance(term, Grant):
        return term.id
    return f"{term.name} {term.at:%Y-%m-%dT%H}" if isinstance(term, DatedCharge) else term.name


class Seats(NamedTuple):
    """A quantity from an instant on, with the seats that have names."""

    at: datetime
    quantity: Decimal
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quantities:
    """The quantities of one subscription, by time; the first holds from the start."""

    steps: tuple[Seats, ...]

    def at(self, instant: datetime) -> Seats:
        """What holds at an instant."""
        found = self.steps[0]
        for step in self.steps:
            if step.at > instant:
                break
            found = step
        return found

    def between(self, start: datetime, end: datetime) -> list[Seats]:
        """The changes after `start` and before `end`."""
        return [step for step in self.steps if start < step.at < end]


def quantities(terms: ContractTerms, changes: Iterable[SeatChange]) -> Mapping[str, Quantities]:
    """The quantities of every subscription, by key. Of two changes at one instant the one given last counts."""
    by_key: dict[str, list[SeatChange]] = {}
    for change in changes:
        by_key.setdefault(change.subscription, []).append(change)
    return {s.key: _of(s, by_key.get(s.key, ())) for s in terms.subscriptions}


def _of(subscription: DatedSubscription, changes: Iterable[SeatChange]) -> Quantities:
    term, start = subscription.term, subscription.window.starting_at
    unassigned = term.seat_config.initial_unassigned_seats if term.seat_config is not None else None
    steps = {start: Seats(start, term.initial_quantity or unassigned or ZERO, ())}
    for change in sorted(changes, key=lambda c: c.at):
        at = max(change.at, start)
        steps[at] = Seats(at, change.quantity, change.seats)
    return Quantities(tuple(steps[at] for at in sorted(steps)))
