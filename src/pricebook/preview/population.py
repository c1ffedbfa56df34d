"""Customers, billed twice: under what was observed and under what is desired, each on the contracts that they have.

Nothing else differs: a contract stays on its package version (a changed package is a new version, for contracts to
come), while a rate card's new prices reach every contract on it unless an override shields them. Of a migration it is
the other way round: prices are the same, and contracts are on another version. Usage is counted by the month, and
dated at its start; a balance that was granted earlier counts as unused, because nobody but the vendor knows what is
left of it [assumed]: where that matters, the same bills are written once more as if nothing were left, so that both
ends are known.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.usage import Quantity, ValuePairs
from pricebook.plan.contract import Contract
from pricebook.preview.bill import bill, rolled_over
from pricebook.preview.customer import Billing, Customer, UsageLines
from pricebook.preview.impact import COMMITS, CREDITS, ROUNDING, BillMove, Cause, CustomerRow, Impact, Sides, add
from pricebook.preview.invoice import Bill, Ledger
from pricebook.preview.linear import PlainPair, PlainTariff
from pricebook.preview.market import ContractSide, Market
from pricebook.preview.price import EXACT, ZERO, summed, totals
from pricebook.preview.run_rate import FIXED
from pricebook.preview.terms import ContractTerms, Grant, Window

UNPRICED = "some usage has no price that the contract is entitled to, or one that is not modelled: not billed"
"""A note: `preview` says which."""
FOLLOWS = "what rolled over from the contract before, which had ended by then, is not known: taken as nothing"
"""A note."""
AS_STARTED = "quantities of subscriptions are those that the package starts with: what they are now is not known"
"""A note."""


def impact(
    billings: Iterable[Billing],
    observed: Catalog,
    desired: Catalog,
    window: Window,
    months: int,
    *,
    assume_migrated: bool = False,
    limits: tuple[Decimal, ...] = (),
    keep: Callable[[CustomerRow], object] = lambda row: None,
) -> Impact:
    """Bill contracts, those of a customer one after the other, in one process: see `Biller`. `keep` is given the rows
    of every customer."""
    biller = Biller(observed, desired, window, months, assume_migrated=assume_migrated, limits=limits)
    found = biller.nothing()
    for _, own in groupby(billings, key=lambda billing: billing.contract.customer):
        for row in biller.bill(found, Customer(tuple(own))):
            keep(row)
    return found


_Lines = dict[tuple[str, ValuePairs], Decimal]
"""What is paid a year for a product and its group values."""
_BothLines = dict[tuple[str, ValuePairs], tuple[Decimal | None, Decimal | None]]
"""The same of both sides, None where there is no such line."""
_LAST = {CREDITS: Cause.CREDITS, COMMITS: Cause.COMMITS, ROUNDING: Cause.ROUNDING}


@dataclass
class _End:
    """What a customer's bills come to, if balances of before were unused, or if nothing were left of them: what was
    drawn from those that are shared, on both sides, and contracts by id, from which others may bring balances along."""

    drawn: tuple[dict[str, Decimal], dict[str, Decimal]] = field(default_factory=lambda: ({}, {}))
    billed: dict[str, tuple[tuple[ContractTerms, Bill], ...]] = field(default_factory=dict)


@dataclass
class _Purse:
    """What the contracts of a customer share; `touched` is whether balances of before pay, so that the ends differ."""

    shared: tuple[Grant, ...]
    full: _End = field(default_factory=_End)
    empty: _End = field(default_factory=_End)
    touched: bool = False


class Biller:
    """Bills customers under the observed and the desired catalogue, which both hold all package versions.

    What contracts on one version and card from one start share is prepared once. `assume_migrated`: under what is
    desired, contracts are on the newest version of their package. `limits` are those of `Impact`.
    """

    def __init__(
        self,
        observed: Catalog,
        desired: Catalog,
        window: Window,
        months: int,
        *,
        assume_migrated: bool = False,
        limits: tuple[Decimal, ...] = (),
    ) -> None:
        self._window, self._months, self._limits = window, months, limits
        self._markets = Market(observed, window, months), Market(desired, window, months)
        self._pairs: dict[tuple[PlainTariff, PlainTariff], PlainPair] = {}
        self._assume_migrated = assume_migrated
        self._year = EXACT.divide(Decimal(12), Decimal(months))

    def nothing(self) -> Impact:
        """The impact on no customer."""
        return Impact(self._window, self._months, self._limits)

    def bill(self, found: Impact, customer: Customer) -> list[CustomerRow]:
        """Bill a customer, add what comes of it to what was found, and give the customer's rows, one for each unit."""
        rows: dict[str, CustomerRow] = {}
        purse = _Purse(customer.shared)
        alone = not customer.shared and not any(billing.contract.transition for billing in customer.billings)
        for billing in customer.billings:
            sides = self._sides(found, billing)
            if sides is None:
                continue
            plain = self._plain(found, billing, sides) if alone else None
            row = plain or self._contract(found, billing, sides, purse)
            known = rows.get(row.unit)
            rows[row.unit] = row if known is None else _joined(known, row)
        if rows:
            found.customer(rows.values())
            found.earlier.customers += purse.touched
        return list(rows.values())

    def _sides(self, found: Impact, billing: Billing) -> tuple[ContractSide, ContractSide] | None:
        """Both sides of a contract; None for one that is not billed."""
        contract, window = billing.contract, self._window
        then = billing.then or contract
        before, after = self._markets
        target = after.newest(then.package) if self._assume_migrated else then.package
        if contract.ending_before is not None and contract.ending_before <= window.starting_at:
            found.skipped["ended by then"] += 1
        elif contract.starting_at >= window.ending_before:
            found.skipped["not begun by then"] += 1
        elif billing.unread:
            found.unknown["the terms"] += 1
        else:
            # A contract that is made in its place can say nothing of its own (`plan.contract.Provision`).
            own = billing.own if then is contract else None
            old, new = before.side(contract, contract.package, billing.own), after.side(then, target, own)
            if old is not None and new is not None:
                return old, new
            found.unknown["the package version"] += 1
        return None

    def _plain(self, found: Impact, billing: Billing, sides: tuple[ContractSide, ContractSide]) -> CustomerRow | None:
        """The same as `_contract`, of one that has nothing but usage at one price each; None of any other."""
        before, after = sides[0].plain, sides[1].plain
        if before is None or after is None:
            return None
        pair = self._pairs.get((before, after))
        if pair is None:
            pair = self._pairs[before, after] = PlainPair(before, after)
        made = pair.bill(billing.usage if isinstance(billing.usage, UsageLines) else _gathered(billing.usage))
        if made is None:
            return None
        unit, contract, year = sides[1].prices.tariff.fiat, billing.contract, self._year
        lines: _BothLines = {
            key: (
                EXACT.multiply(a, year) if a is not None else None,
                EXACT.multiply(b, year) if b is not None else None,
            )
            for key, (a, b) in made.lines.items()
        }
        if any(made.rounding):
            a, b = made.rounding
            lines[ROUNDING, ()] = EXACT.multiply(a, year) if a else None, EXACT.multiply(b, year) if b else None
        billed = Sides(*made.totals)
        yearly = billed.times(year)
        self._sum_up(found, contract, unit, yearly, lines)
        add(found.earlier.totals, unit, yearly)
        if made.unpriced:
            found.note((UNPRICED,))
        return CustomerRow(contract.customer, unit, 1, billed, yearly)

    def _contract(
        self, found: Impact, billing: Billing, sides: tuple[ContractSide, ContractSide], purse: _Purse
    ) -> CustomerRow:
        """Bill one contract: the row of its customer, if it were the only one."""
        contract = billing.contract
        unit, last = sides[1].prices.tariff.fiat, contract.transition
        if last is not None and last.from_contract not in purse.full.billed:
            found.note((FOLLOWS,))
        before = [dict(each) for each in purse.full.drawn]
        bills = self._bills(billing, sides, purse.shared, purse.full, ({}, {}))
        lines = [self._lines(side, made) for side, made in zip(sides, bills, strict=True)]
        yearly = Sides(*(summed(each.values()) for each in lines))
        both: _BothLines = {key: (lines[0].get(key), lines[1].get(key)) for key in {**lines[0], **lines[1]}}
        self._sum_up(found, contract, unit, yearly, both)
        earlier = [self._earlier(made) for made in bills]
        touched = any(
            made.closing.drawn.get(id_, ZERO) != of.get(id_, ZERO)
            for made, ids, of in zip(bills, earlier, before, strict=True)
            for id_ in ids
        )
        purse.touched |= touched
        least = yearly
        if touched:
            paid = (self._paid(side, made, ids) for side, made, ids in zip(sides, bills, earlier, strict=True))
            add(found.earlier.paid, unit, Sides(*paid))
        if purse.touched:
            empty = self._bills(billing, sides, purse.shared, purse.empty, (earlier[0], earlier[1]))
            least = Sides(*(summed(self._lines(side, made).values()) for side, made in zip(sides, empty, strict=True)))
        else:
            self._keep(contract, sides, purse.shared, purse.empty, bills)
        add(found.earlier.totals, unit, least)
        found.note(dict.fromkeys((*bills[0].notes, *bills[1].notes)))
        if any(invoice.notes for invoice in bills[1].invoices):
            found.note((UNPRICED,))
        self._quantities(found, contract, sides[1].prices.terms)
        billed = Sides(bills[0].total, bills[1].total)
        return CustomerRow(contract.customer, unit, 1, billed, yearly, _due(sides))

    def _bills(
        self,
        billing: Billing,
        sides: tuple[ContractSide, ContractSide],
        shared: tuple[Grant, ...],
        end: _End,
        spent: tuple[Mapping[str, Decimal], Mapping[str, Decimal]],
    ) -> list[Bill]:
        """The bills of both sides; `spent` is taken to be drawn before."""
        contract, (start, until), last = billing.contract, self._window, billing.contract.transition
        before = end.billed.get(last.from_contract) if last is not None else None
        found = []
        for number, (side, drawn, gone) in enumerate(zip(sides, end.drawn, spent, strict=True)):
            brought = rolled_over(*before[number], side.prices.terms).brought if before is not None else ()
            ledger = Ledger(start, {**drawn, **gone}, (*shared, *brought))
            found.append(bill(side.prices, billing.usage, contract.quantities or (), until, ledger))
        self._keep(contract, sides, shared, end, found)
        return found

    @staticmethod
    def _keep(
        contract: Contract,
        sides: tuple[ContractSide, ContractSide],
        shared: tuple[Grant, ...],
        end: _End,
        bills: Sequence[Bill],
    ) -> None:
        end.billed[contract.id] = tuple((side.prices.terms, made) for side, made in zip(sides, bills, strict=True))
        for made, drawn in zip(bills, end.drawn, strict=True):
            drawn.update({g.id: made.closing.drawn[g.id] for g in shared if g.id in made.closing.drawn})

    def _sum_up(self, found: Impact, contract: Contract, unit: str, yearly: Sides, lines: _BothLines) -> None:
        found.contracts += 1
        for (name, _), (before, after) in lines.items():
            sides = Sides(before if before is not None else ZERO, after if after is not None else ZERO)
            cause = _LAST.get(name) or (Cause.NEW if before is None else Cause.ENDED if after is None else Cause.PRICE)
            add(found.products, (name, unit), sides)
            add(found.causes, (cause, unit), sides)
        on = str(contract.package or contract.card), unit
        counted, sum_ = found.packages.get(on, (0, Sides()))
        found.packages[on] = (counted + 1, sum_.plus(yearly))
        if yearly.before != yearly.after and found.among_largest(yearly):
            moved = [
                (
                    " · ".join([name, *(f"{key}={value}" for key, value in pricing)]),
                    Sides(before or ZERO, after or ZERO),
                )
                for (name, pricing), (before, after) in lines.items()
                if (before or ZERO) != (after or ZERO)
            ]
            moved.sort(key=lambda entry: (-abs(entry[1].change), entry[0]))
            found.moved((BillMove(contract, unit, yearly, tuple(moved)),))

    def _lines(self, side: ContractSide, made: Bill) -> _Lines:
        """What a bill comes to in a year, by what is paid for: fees as they are charged in one, all else as in the
        window. What is owed in a custom unit counts with its worth under what it is owed for: the lines that convert it
        say nothing of their own."""
        tariff, found = side.prices.tariff, _Lines()

        def count(name: str, pricing: ValuePairs, unit: str, amount: Decimal) -> None:
            if unit in tariff.worth:
                amount = EXACT.multiply(amount, tariff.worth[unit])
                found[name, pricing] = EXACT.add(found.get((name, pricing), ZERO), amount)

        kinds = {balance.grant.id: balance.grant.kind for balance in made.balances}
        for invoice in made.invoices:
            for line in invoice.lines:
                if line.kind in FIXED or line.kind == "conversion":
                    continue
                amount = line.amount if line.kind == "true_up" else EXACT.multiply(line.amount, self._year)
                if line.kind == "applied":
                    count(CREDITS if kinds.get(line.balance) == "CREDIT" else COMMITS, (), line.unit, amount)
                else:
                    count(line.product or ROUNDING, line.pricing, line.unit, amount)
        for charge in side.fixed:
            count(charge.product, (), charge.unit, charge.yearly)
        return found

    def _earlier(self, made: Bill) -> dict[str, Decimal]:
        """The balances that were granted before the window, with all that they held."""
        grants = (balance.grant for balance in made.balances)
        return {grant.id: grant.amount for grant in grants if grant.window.starting_at < self._window.starting_at}

    def _paid(self, side: ContractSide, made: Bill, earlier: Mapping[str, Decimal]) -> Decimal:
        """What those pay a year, in the fiat unit."""
        tariff = side.prices.tariff
        lines = (line for invoice in made.invoices for line in invoice.lines if line.balance in earlier)
        paid = summed(EXACT.multiply(line.amount, tariff.worth.get(line.unit, ZERO)) for line in lines)
        return EXACT.multiply(EXACT.minus(paid), self._year)

    def _quantities(self, found: Impact, contract: Contract, terms: ContractTerms) -> None:
        """Count what of the contract's quantities nobody knows."""
        told = {change.subscription for change in contract.quantities or ()}
        for subscription in terms.subscriptions:
            if subscription.key in told:
                continue
            if subscription.term.quantity_management_mode == "SEAT_BASED":
                product = subscription.term.subscription_rate.product
                found.unknown[f"the seats ({product})"] += 1
            elif contract.quantities is None:
                found.note((AS_STARTED,))


def _gathered(usage: Iterable[Quantity]) -> UsageLines:
    """The same, each product, group values and instant once."""
    sums = totals(((name, values, at), quantity) for name, values, at, quantity in usage)
    return UsageLines(list(sums.items()), lambda what: (what,))


def _joined(one: CustomerRow, other: CustomerRow) -> CustomerRow:
    """The rows of two contracts of a customer together."""
    due = min(filter(None, (one.due, other.due)), default=None)
    billed, yearly = one.billed.plus(other.billed), one.yearly.plus(other.yearly)
    return CustomerRow(one.customer, one.unit, one.contracts + other.contracts, billed, yearly, due)


def _due(sides: tuple[ContractSide, ContractSide]) -> datetime | None:
    """When a fee that changes, and that is not billed each month, is billed next."""
    old, new = ({(one.term, one.frequency): one for one in side.fixed} for side in sides)
    found = (
        one.due
        for key, one in new.items()
        if one.seldom and one.due is not None and (key not in old or old[key].yearly != one.yearly)
    )
    return min(found, default=None)
