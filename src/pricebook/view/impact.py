"""An impact as a reviewer sees it: one sentence, a few tables, what the numbers do not cover, and the numbers.

Money is a month, in which fees of every frequency count with their share, unless a name says otherwise. Texts are
rounded to the least unit that is paid; numbers are exact, in major units of their pricing unit. How they are found
stands in `view.impact_table`, so that what draws an impact needs neither bills nor usage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from pricebook.view.plain import hidden


@dataclass(frozen=True, slots=True)
class ImpactTable:
    """Rows for reading. The first `texts` columns are text, the others amounts. `more` says what was left out;
    a `detail` is read by few."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    more: str = ""
    detail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What is billed before and after."""

    unit: str
    before: Decimal
    after: Decimal
    change: Decimal
    relative_change: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSums(Sums):
    """Of a product."""

    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseSums(Sums):
    """Of one cause of the change."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSums(Sums):
    """Of the contracts on a package version, or on a card."""

    on: str
    contracts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSums(Sums):
    """Of a line of a contract's bills."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSums(Sums):
    """Of a contract, with what its change consists of."""

    contract: str
    customer: str
    on: str
    lines: tuple[LineSums, ...]


PLACES = 10
"""Decimal places of amounts of one customer: a month of a year need not come out even."""


_AMOUNTS = ("yearly_before", "yearly_after", "yearly_change", "billed_before", "billed_after", "billed_change")
CUSTOMER_BILL: Mapping[str, type] = {
    "customer": str,
    "unit": str,
    "contracts": int,
    "starting_at": str,
    **dict.fromkeys(("before", "after", "change", "relative_change", *_AMOUNTS), Decimal),
    "next_billed": str,
}
"""What is told of one customer in a unit, and what it is, besides None: of so many contracts what they come to a month,
a year, and on the invoices of the time that is billed, which begins at `starting_at`; `next_billed` as in
`YearlySums`."""


class Customers(NamedTuple):
    """How many customers there are, pay more, less and the same, and pay more than the limit more."""

    total: int
    up: int
    down: int
    same: int
    above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlySums(Sums):
    """Of a year; `next_billed` is when a fee that changes, and that is not billed each month, is billed next."""

    next_billed: str | None


class EarlierBalances(NamedTuple):
    """Customers who draw from balances that were granted before, what they pay, and what all pay if those are empty."""

    customers: int
    paid: tuple[Sums, ...]
    totals_if_used_up: tuple[Sums, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationNoise:
    """A threshold notification that is new or changed: how many of the `customers` it would have alarmed by the usage,
    on which day of the window how many of them first (`days`), and of how many it cannot be told (`unknown`, why).
    `alarmed_before` is how many the one before it alarms; None: it is new."""

    notification: str
    customers: int
    alarmed: int
    alarmed_before: int | None
    days: Mapping[str, int]
    unknown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EventsView:
    """What became of usage events: how many were read, and of each sort those that are on no bill. `coverage` is the
    fraction that could be read and is of somebody who is billed, `strangers` how many customer ids nobody has."""

    read: int
    coverage: Decimal
    strangers: int
    bad: Mapping[str, int]
    duplicates: int
    without_contract: int
    without_metric: int
    invalid: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactView:
    """An impact. `limit` is the relative increase above which customers are counted; `billed` is what the invoices of
    the window say, `totals` and `yearly` what that is a month and a year. `complete`: all that is charged is known; if
    not, `unknown` says what of how many contracts, `uncounted` products that cannot be counted, with why, and `events`
    what of the usage. `notes` say what is not billed, and of how many contracts. `notifications` say whom those would
    have alarmed that are new or changed."""

    verdict: str
    starting_at: str
    ending_before: str
    months: int
    usage_starting_at: str
    assume_migrated: bool
    moved_to: str | None
    contracts: int
    skipped: Mapping[str, int]
    customers: Customers
    limit: Decimal
    totals: tuple[Sums, ...]
    yearly: tuple[YearlySums, ...]
    billed: tuple[Sums, ...]
    products: tuple[ProductSums, ...]
    causes: tuple[CauseSums, ...]
    packages: tuple[PackageSums, ...]
    earlier_balances: EarlierBalances
    largest: tuple[ContractSums, ...]
    events: EventsView
    complete: bool
    unknown: Mapping[str, int]
    uncounted: Mapping[str, str]
    notes: Mapping[str, int]
    notifications: tuple[NotificationNoise, ...]
    sentences: tuple[str, ...] = hidden()
    tables: tuple[ImpactTable, ...] = hidden()
    caveats: tuple[str, ...] = hidden()
