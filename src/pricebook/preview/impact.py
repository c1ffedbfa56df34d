"""Impact: what a change does to the bills of the customers who are there, each on the contract that they have.

Every contract is billed twice for the same usage, under what was observed and under what is desired, and nothing else
differs: a contract stays on its package version (a changed package is a new version, for contracts to come), while a
rate card's new prices reach every contract on it unless an override shields them. Of a migration it is the other way
round: prices are the same, and contracts are on another version. Statements are those of the package where the time
that is billed holds whole ones, counted from its start, and else one a month; usage is counted by the month, and dated
at its start; a balance that was granted earlier counts
as unused, because nobody but the vendor knows what is left of it [assumed]: where that matters, the same bills are
written once more as if nothing were left, so that both ends are known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from heapq import heappush, heappushpop
from typing import NamedTuple, TypeVar, cast

from pricebook.catalog.calendar import MONTHS, first_of_month
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import Quantity, ValuePairs
from pricebook.plan.contract import Contract
from pricebook.preview.bill import bill
from pricebook.preview.invoice import Bill, Ledger
from pricebook.preview.materialise import materialise
from pricebook.preview.price import EXACT, ZERO, summed
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, Statement, Window

K = TypeVar("K")

LARGEST = 10
"""Moves that are kept with their lines."""
BALANCES = "credits and commits"
"""What balances paid, among the products."""
ROUNDING = "rounding"
"""What bills were rounded by, among the products."""
UNPRICED = "some usage has no price that the contract is entitled to, or one that is not modelled: not billed"
"""A note: `preview` says which."""
WITHIN = "usage is billed as of the start of its month, and a balance or an override begins or ends within one"
"""A note: months are what usage is counted by."""


class Cause(StrEnum):
    """Why a line of a bill is not what it was."""

    PRICE = "charged before and after"
    NEW = "not charged before"
    """It had no price that the contract was entitled to: usage of a model that was in no list, say."""
    ENDED = "no longer charged"
    BALANCE = BALANCES
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


_FRACTION = Decimal("1e-6")


class BillMove(NamedTuple):
    """What one contract pays. `lines` are the products and group values whose amount moves, the largest move first."""

    contract: Contract
    unit: str
    sides: Sides
    lines: tuple[tuple[str, Sides], ...]


@dataclass
class Earlier:
    """What rests on balances that were granted before the window: the `customers` whose bills draw from them, what the
    balances pay as if all were unused (`paid`), and the totals of all contracts if nothing were left (`totals`)."""

    customers: set[str] = field(default_factory=set)
    paid: dict[str, Sides] = field(default_factory=dict)
    totals: dict[str, Sides] = field(default_factory=dict)


@dataclass
class Impact:
    """The bills of all contracts, summed up. Amounts are per pricing unit, for `months` months.

    `customers` are the sides of each customer, by unit; `products` and `causes` each add up to
    the totals. `skipped` counts contracts that are not billed, by reason.
    `notes` count what is not modelled or not billed, by its words.
    """

    window: Window
    months: int
    contracts: int = 0
    totals: dict[str, Sides] = field(default_factory=dict)
    customers: dict[tuple[str, str], Sides] = field(default_factory=dict)
    products: dict[tuple[str, str], Sides] = field(default_factory=dict)
    causes: dict[tuple[Cause, str], Sides] = field(default_factory=dict)
    packages: dict[tuple[str, str], tuple[int, Sides]] = field(default_factory=dict)
    largest: list[BillMove] = field(default_factory=list)
    earlier: Earlier = field(default_factory=Earlier)
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def above(self, limit: Decimal) -> list[str]:
        """The customers who pay more than that fraction more in one of their units, the largest rise first; those who
        paid nothing before and pay now are among them."""
        risen = [
            (sides.change, customer)
            for (customer, _), sides in self.customers.items()
            if sides.change > ZERO and sides.change > EXACT.multiply(abs(sides.before), limit)
        ]
        return list(dict.fromkeys(customer for _, customer in sorted(risen, key=lambda rise: (-rise[0], rise[1]))))

    @property
    def people(self) -> int:
        """How many customers are billed."""
        return len({customer for customer, _ in self.customers})


class Billing(NamedTuple):
    """A contract and its usage, dated within the window; `then` is the contract that takes its place under what is
    desired, None: it is the same."""

    contract: Contract
    usage: Sequence[Quantity]
    then: Contract | None = None


def impact(
    billings: Iterable[Billing],
    observed: Catalog,
    desired: Catalog,
    window: Window,
    months: int,
    *,
    assume_migrated: bool = False,
) -> Impact:
    """Bill every contract under the observed and the desired catalogue, which both hold all package versions.

    Contracts come in groups of equal package and start where that can be had: what they share is prepared once.
    `assume_migrated`: under what is desired, contracts are on the newest version of their package.
    """
    found = Impact(window, months)
    before, after = _Market(observed, window, months), _Market(desired, window, months)
    heap: list[tuple[Decimal, int, BillMove]] = []
    for count, billing in enumerate(billings):
        contract = billing.contract
        if contract.ending_before is not None and contract.ending_before <= window.starting_at:
            _count(found.skipped, "ended by then")
            continue
        if contract.starting_at >= window.ending_before:
            _count(found.skipped, "not begun by then")
            continue
        then = billing.then or contract
        target = after.newest(then.package) if assume_migrated else then.package
        old, new = before.prices(contract, contract.package), after.prices(then, target)
        if old is None or new is None:
            _count(found.skipped, "on a package that is not known here")
            continue
        bills = [_billed(prices, billing, window) for prices in (old, new)]
        unit = new.tariff.fiat
        amounts = Sides(bills[0].total, bills[1].total)
        lines = _lines(bills)
        _sum_up(found, contract, unit, amounts, lines)
        least = amounts
        if any(_touched(made, window) for made in bills):
            found.earlier.customers.add(contract.customer)
            _add(found.earlier.paid, unit, Sides(*(_paid_earlier(made, window) for made in bills)))
            both = zip((old, new), bills, strict=True)
            least = Sides(*(_billed(p, billing, window, _earlier(made, window)).total for p, made in both))
        _add(found.earlier.totals, unit, least)
        for note in dict.fromkeys((*bills[0].notes, *bills[1].notes)):
            _count(found.notes, note)
        if any(invoice.notes for invoice in bills[1].invoices):
            _count(found.notes, UNPRICED)
        size = abs(amounts.change)
        if size and (len(heap) < LARGEST or size > heap[0][0]):
            move = BillMove(contract, unit, amounts, _moved(lines))
            (heappush if len(heap) < LARGEST else heappushpop)(heap, (size, -count, move))
    found.largest = [move for *_, move in sorted(heap, key=lambda entry: (-entry[0], -entry[1]))]
    return found


_NONE: Mapping[str, Decimal] = {}


def _billed(prices: Prices, billing: Billing, window: Window, drawn: Mapping[str, Decimal] = _NONE) -> Bill:
    """The bill of the window; `drawn` is what was drawn from balances before it."""
    return bill(prices, billing.usage, (), window.ending_before, Ledger(window.starting_at, drawn))


def _earlier(made: Bill, window: Window) -> dict[str, Decimal]:
    """The balances that were granted before the window, with all that they held."""
    grants = (balance.grant for balance in made.balances)
    return {grant.id: grant.amount for grant in grants if grant.window.starting_at < window.starting_at}


def _touched(made: Bill, window: Window) -> bool:
    """Whether the bill draws from a balance that was granted before the window."""
    return any(made.closing.drawn.get(id_) for id_ in _earlier(made, window))


def _paid_earlier(made: Bill, window: Window) -> Decimal:
    """What those pay in the bill, in its fiat unit."""
    earlier = _earlier(made, window)
    lines = ((invoice.unit, line) for invoice in made.invoices for line in invoice.lines)
    return EXACT.minus(summed(line.amount for unit, line in lines if line.balance in earlier and line.unit == unit))


_Lines = dict[tuple[str, ValuePairs], tuple[Decimal | None, Decimal | None]]
"""What is paid for a product and its group values before and after; None: there is no such line."""


def _sum_up(found: Impact, contract: Contract, unit: str, amounts: Sides, lines: _Lines) -> None:
    found.contracts += 1
    _add(found.totals, unit, amounts)
    _add(found.customers, (contract.customer, unit), amounts)
    for (name, _), (before, after) in lines.items():
        sides = Sides(before or ZERO, after or ZERO)
        _add(found.products, (name, unit), sides)
        _add(found.causes, (_cause(name, before, after), unit), sides)
    on = str(contract.package or contract.card), unit
    counted, sum_ = found.packages.get(on, (0, Sides()))
    found.packages[on] = (counted + 1, sum_.plus(amounts))


def _lines(bills: Sequence[Bill]) -> _Lines:
    found: _Lines = {}
    for side, made in enumerate(bills):
        for invoice in made.invoices:
            for line in invoice.lines:
                if line.unit != invoice.unit:
                    continue
                applied = line.kind == "applied"
                key = (BALANCES if applied else line.product or ROUNDING, () if applied else line.pricing)
                before, after = found.get(key, (None, None))
                if side:
                    found[key] = (before, EXACT.add(after or ZERO, line.amount))
                else:
                    found[key] = (EXACT.add(before or ZERO, line.amount), after)
    return found


def _cause(name: str, before: Decimal | None, after: Decimal | None) -> Cause:
    if name == BALANCES:
        return Cause.BALANCE
    if name == ROUNDING:
        return Cause.ROUNDING
    if before is None:
        return Cause.NEW
    return Cause.ENDED if after is None else Cause.PRICE


def _moved(lines: _Lines) -> tuple[tuple[str, Sides], ...]:
    """What moves, by product and group values, the largest first."""
    sums = {
        " · ".join([name, *(f"{key}={value}" for key, value in pricing)]): Sides(before or ZERO, after or ZERO)
        for (name, pricing), (before, after) in lines.items()
    }
    moved = (entry for entry in sums.items() if entry[1].change)
    return tuple(sorted(moved, key=lambda entry: (-abs(entry[1].change), entry[0])))


class _Market:
    """One side: a catalogue with all package versions, and the prices of contracts in it, the last ones remembered."""

    def __init__(self, catalog: Catalog, window: Window, months: int) -> None:
        self._catalog, self._window, self._months = catalog, window, months
        self._tariffs: dict[str | None, Tariff] = {}
        self._last: tuple[object, Prices] | None = None
        self._bare = Package(name="no package")
        versions = sorted((ref for ref in catalog.nouns if ref.kind is Kind.PACKAGE), key=lambda ref: ref.version or 0)
        self._newest = {ref.name: ref for ref in versions}

    def newest(self, package: Ref | None) -> Ref | None:
        """The newest version of the package."""
        return self._newest.get(package.name, package) if package is not None else None

    def prices(self, contract: Contract, on: Ref | None) -> Prices | None:
        """The prices of a contract on a package version (None: on its card alone); None for an unknown version."""
        key = (on, contract.card, contract.starting_at, contract.ending_before)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        package = cast("Package | None", self._catalog.nouns.get(on)) if on is not None else self._bare
        if package is None:
            return None
        made = Prices(self._tariff(package, contract), self._terms(package, contract))
        self._last = (key, made)
        return made

    def _tariff(self, package: Package, contract: Contract) -> Tariff:
        settled = contract.card.name if contract.card is not None else package.rate_card
        card = self._catalog.card_at(settled, package.rate_card_alias, contract.starting_at)
        if card not in self._tariffs:
            self._tariffs[card] = Tariff(self._catalog, card)
        return self._tariffs[card]

    def _terms(self, package: Package, contract: Contract) -> ContractTerms:
        terms = materialise(package, contract.starting_at)
        end = min(terms.ending_before, contract.ending_before or terms.ending_before)
        start, wanted = self._window.starting_at, terms.statement.frequency
        whole = wanted in MONTHS and self._months % MONTHS[wanted] == 0
        statement = Statement(wanted if whole else "MONTHLY", start, start)
        notes = () if whole else (f"statements are {wanted}: billed as one a month here, so tiers start again in each",)
        within = (WITHIN,) if _changes_within(terms, self._window) else ()
        return replace(terms, ending_before=end, statement=statement, notes=(*terms.notes, *notes, *within))


def _changes_within(terms: ContractTerms, window: Window) -> bool:
    """Whether what pays, or what changes prices, begins or ends within a month of the window."""
    windows = [one.window for one in terms.overrides] + [one.window for one in terms.grants]
    windows += [one.window for one in terms.recurrences]
    edges = [edge for one in windows for edge in (one.starting_at, one.ending_before)]
    recurring = any(
        (each.anchor != first_of_month(each.anchor) or each.frequency not in MONTHS)
        and each.window.starting_at < window.ending_before
        and each.window.ending_before > window.starting_at
        for each in terms.recurrences
    )
    within = (edge for edge in edges if window.starting_at < edge < window.ending_before)
    return recurring or any(edge != first_of_month(edge) for edge in within)


def _add(sums: dict[K, Sides], key: K, sides: Sides) -> None:
    sums[key] = sums[key].plus(sides) if key in sums else sides


def _count(counts: dict[str, int], word: str) -> None:
    counts[word] = counts.get(word, 0) + 1
