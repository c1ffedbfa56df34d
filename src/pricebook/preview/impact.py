"""Impact: what a change does to the bills of the customers who are there, summed up.

Two things are known of each customer: what the invoices of the time that is billed say, before and after, and what
that is a year (`preview.run_rate`), in which fees of every frequency count with their share. Sums are exact, and an
impact of many customers is what the impacts of parts of them give together, in whatever order: `Impact.merge`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Context, Decimal
from enum import StrEnum
from typing import NamedTuple, TypeVar

from pricebook.plan.contract import Contract
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.terms import Window

K = TypeVar("K")

LARGEST = 10
"""Moves that are kept with their lines."""
NAMED = 3
"""Customers above a limit who are named."""
MOST_NOTES = 200
"""Notes of different words that are kept."""
CREDITS, COMMITS = "credits", "commits"
"""What balances paid, among the products."""
ROUNDING = "rounding"
"""What bills were rounded by, among the products."""
PERCENT = Decimal("0.001")
"""To what relative changes are rounded where many are counted: as they are shown."""
_BEYOND = Decimal(100)
"""Relative changes above a hundredfold are counted together."""
_AMOUNTS = Context(prec=3, rounding=ROUND_CEILING)
"""To what amounts are rounded where many are counted: three digits, up, so that "at most" stays true."""
_FRACTION = Decimal("1e-6")


class Cause(StrEnum):
    """Why a line of a bill is not what it was."""

    PRICE = "charged before and after"
    NEW = "not charged before"
    """It had no price that the contract was entitled to: usage of a model that was in no list, say."""
    ENDED = "no longer charged"
    CREDITS = CREDITS
    COMMITS = COMMITS
    ROUNDING = ROUNDING


class Sides(NamedTuple):
    """An amount before and after, in the API unit of its pricing unit."""

    before: Decimal = ZERO
    after: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        """What is paid more; negative: less."""
        return EXACT.subtract(self.after, self.before)

    @property
    def relative(self) -> Decimal | None:
        """The change as a fraction of what was paid before; None where that was nothing."""
        return EXACT.divide(self.change, self.before).quantize(_FRACTION, context=EXACT) if self.before else None

    def plus(self, other: "Sides") -> "Sides":
        """The exact sum of both sides."""
        return Sides(EXACT.add(self.before, other.before), EXACT.add(self.after, other.after))

    def times(self, factor: Decimal) -> "Sides":
        """Both sides, multiplied."""
        return Sides(EXACT.multiply(self.before, factor), EXACT.multiply(self.after, factor))

    def over(self, parts: int) -> "Sides":
        """Both sides, divided."""
        return Sides(*(EXACT.divide(side, Decimal(parts)) for side in self))


class BillMove(NamedTuple):
    """What one contract pays a year. `lines` are the products and group values whose amount moves, the largest move
    first."""

    contract: Contract
    unit: str
    sides: Sides
    lines: tuple[tuple[str, Sides], ...]

    @property
    def rank(self) -> tuple[object, ...]:
        """The largest first; of equal ones the older contract."""
        contract = self.contract
        return -abs(self.sides.change), contract.starting_at, contract.customer, contract.id


class CustomerRow(NamedTuple):
    """What one customer pays in a unit: on `billed` the invoices of the time that is billed, and what that is a year.

    `due` is when a fee that changes, and that is not billed each month, is billed next.
    """

    customer: str
    unit: str
    contracts: int
    billed: Sides
    yearly: Sides
    due: datetime | None = None


@dataclass
class Earlier:
    """What rests on balances that were granted before the window: the number of `customers` whose bills draw from them,
    what the balances pay a year as if all were unused (`paid`), and the totals of all if nothing were left
    (`totals`)."""

    customers: int = 0
    paid: dict[str, Sides] = field(default_factory=dict)
    totals: dict[str, Sides] = field(default_factory=dict)


@dataclass
class Impact:
    """The bills of all customers, summed up, by pricing unit.

    `billed` is what invoices of the window, of so many `months`, say. All else is money a year: `yearly` in all, and
    `products`, `causes` and `packages` (on a version or a card: contracts, sides), each of which adds up to it; `due`
    is when a fee that changes, and that is not billed each month, is billed next. Of customers it is counted how many
    there are (`people`), pay more (`up`), less (`down`), and `above` each limit more; `risen` names some of those, the
    largest rise first. `relative` and `paid` count the changes of customers, rounded: a year, as fractions and as
    amounts. `skipped` counts contracts that are not billed, `unknown` those of which something that is charged is not
    known, `notes` what is not modelled or not billed, each by its words.
    """

    window: Window
    months: int
    limits: tuple[Decimal, ...] = ()
    contracts: int = 0
    people: int = 0
    up: int = 0
    down: int = 0
    billed: dict[str, Sides] = field(default_factory=dict)
    yearly: dict[str, Sides] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    products: dict[tuple[str, str], Sides] = field(default_factory=dict)
    causes: dict[tuple[Cause, str], Sides] = field(default_factory=dict)
    packages: dict[tuple[str, str], tuple[int, Sides]] = field(default_factory=dict)
    above: Counter[Decimal] = field(default_factory=Counter)
    risen: dict[Decimal, list[tuple[Decimal, str]]] = field(default_factory=dict)
    relative: Counter[Decimal] = field(default_factory=Counter)
    paid: dict[str, Counter[Decimal]] = field(default_factory=dict)
    largest: list[BillMove] = field(default_factory=list)
    earlier: Earlier = field(default_factory=Earlier)
    skipped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def same(self) -> int:
        """How many customers pay the same."""
        return self.people - self.up - self.down

    def customer(self, rows: Iterable[CustomerRow]) -> None:
        """Count one customer, who has a row for each unit."""
        changes, above = [], set[Decimal]()
        for row in rows:
            sides = row.yearly
            add(self.billed, row.unit, row.billed)
            add(self.yearly, row.unit, sides)
            if row.due is not None:
                self.due[row.unit] = min(row.due, self.due.get(row.unit, row.due))
            change = sides.change
            changes.append(change)
            relative = sides.relative if change else ZERO if sides.before else None
            if relative is not None:
                self.relative[min(relative, _BEYOND).quantize(PERCENT)] += 1
            self.paid.setdefault(row.unit, Counter())[_AMOUNTS.plus(change)] += 1
            for limit in self.limits if change > ZERO else ():
                # Those who paid nothing before and pay now are among them.
                if change > EXACT.multiply(abs(sides.before), limit):
                    above.add(limit)
                    self._name(limit, [(-change, row.customer)])
        self.people += 1
        self.up += any(change > ZERO for change in changes)
        self.down += all(change <= ZERO for change in changes) and any(changes)
        self.above.update(above)

    def _name(self, limit: Decimal, risen: Iterable[tuple[Decimal, str]]) -> None:
        self.risen[limit] = sorted({*self.risen.get(limit, ()), *risen})[:NAMED]

    def among_largest(self, sides: Sides) -> bool:
        """Whether a move can be one of those that are kept: this saves making most of them."""
        return len(self.largest) < LARGEST or abs(sides.change) >= abs(self.largest[-1].sides.change)

    def moved(self, moves: Iterable[BillMove]) -> None:
        """Keep the largest."""
        self.largest = sorted((*self.largest, *moves), key=lambda move: move.rank)[:LARGEST]

    def note(self, words: Iterable[str]) -> None:
        """Count what is said of one contract."""
        for each in words:
            self.notes[each if each in self.notes or len(self.notes) < MOST_NOTES else "and more of other sorts"] += 1

    def merge(self, other: "Impact") -> None:
        """Add what was found of other customers, in the same window and for the same limits."""
        assert (self.window, self.months, self.limits) == (other.window, other.months, other.limits)
        self.contracts += other.contracts
        self.people, self.up, self.down = self.people + other.people, self.up + other.up, self.down + other.down
        _add_all(self.billed, other.billed)
        _add_all(self.yearly, other.yearly)
        _add_all(self.products, other.products)
        _add_all(self.causes, other.causes)
        for unit, due in other.due.items():
            self.due[unit] = min(due, self.due.get(unit, due))
        for on, (contracts, sides) in other.packages.items():
            counted, sum_ = self.packages.get(on, (0, Sides()))
            self.packages[on] = (counted + contracts, sum_.plus(sides))
        for limit, risen in other.risen.items():
            self._name(limit, risen)
        for unit, paid in other.paid.items():
            self.paid.setdefault(unit, Counter()).update(paid)
        for mine, theirs in ((self.above, other.above), (self.relative, other.relative)):
            mine.update(theirs)
        for counts, more in ((self.skipped, other.skipped), (self.unknown, other.unknown), (self.notes, other.notes)):
            counts.update(more)
        self.moved(other.largest)
        self.earlier.customers += other.earlier.customers
        _add_all(self.earlier.paid, other.earlier.paid)
        _add_all(self.earlier.totals, other.earlier.totals)


def add(sums: dict[K, Sides], key: K, sides: Sides) -> None:
    """Add both sides to a sum."""
    sums[key] = sums[key].plus(sides) if key in sums else sides


def _add_all(sums: dict[K, Sides], more: Mapping[K, Sides]) -> None:
    for key, sides in more.items():
        add(sums, key, sides)
