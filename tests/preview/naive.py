"""A second biller, as simple and as slow as can be: whole days, fractions, one unit after the other.

It was written from the vendor's rules alone, shares no code with the one that is sold, and knows a part of what
that one knows: one card, one package, calendar months. What both know they must bill alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

Tiers = tuple[tuple[Fraction, Fraction | None], ...]
"""Prices with the size of their tier; the last has none."""
FOREVER = date(9999, 1, 1)
MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUAL": 12}


@dataclass(frozen=True)
class Override:
    """In the order of adding; `names` are the balances of a commit-specific one, none of them means any."""

    kind: str
    products: frozenset[str]
    start: date
    end: date = FOREVER
    tiers: Tiers = ()
    """An OVERWRITE's prices; a TIERED one's or MULTIPLIER's factors."""
    priority: int = 0
    specific: bool = False
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Balance:
    name: str
    kind: str
    """PREPAID, CREDIT or POSTPAID."""
    amount: Fraction
    start: date
    end: date
    priority: int | None = None
    cost: Fraction = Fraction()
    """What is charged for it at the start of the contract; a credit costs nothing."""
    products: frozenset[str] | None = None
    """What it pays for; None is everything."""
    groups: tuple[str, ...] = ()
    """It pays for usage of these groups only, a specifier each that has only the group's value."""
    commit_rate: bool = False
    rollover: Fraction = Fraction()
    rolled: bool = False
    trued_up: date | None = None

    def may_pay(self, product: str, group: str | None, day: date) -> bool:
        """Whether what is used then is something that it pays for."""
        if not self.start <= day < self.end:
            return False
        if self.products is not None and product not in self.products:
            return False
        return not self.groups or group in self.groups


@dataclass(frozen=True)
class Fee:
    name: str
    product: str
    frequency: str
    advance: bool
    prorated: bool
    quantities: tuple[tuple[date, int], ...]
    """From when on which; the first is that of the start."""
    immediately: bool = False
    rounding: tuple[str, int] | None = None
    """HALF_UP, FLOOR or CEILING, to so many places of a cent."""
    scheduled: bool = False
    """Whether it stands on an invoice of its own."""


@dataclass(frozen=True)
class Use:
    product: str
    group: str
    day: date
    quantity: Fraction


@dataclass(frozen=True)
class Contract:
    start: date
    end: date
    rates: dict[str, tuple[tuple[date, Tiers], ...]]
    """Prices of each product, from when on."""
    commit_rates: dict[str, Tiers] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    explicit: bool = False
    balances: tuple[Balance, ...] = ()
    fees: tuple[Fee, ...] = ()
    usage: tuple[Use, ...] = ()


Charged = tuple[Fee, date, date, Fraction, Fraction]
"""A fee, when it is charged, from when on it is for, its unit price, its amount."""


@dataclass
class Result:
    totals: list[tuple[date, str, Fraction]] = field(default_factory=list)
    """Of each invoice that is not 0: when it is issued, USAGE or SCHEDULED, and its total before it is rounded."""
    left: dict[str, Fraction] = field(default_factory=dict)


def days(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += timedelta(days=1)


def add_months(start: date, months: int) -> date:
    """Of a day that every month has."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, start.day)


def half_up(value: Fraction) -> Fraction:
    """To the whole cent; a half goes away from zero."""
    return Fraction(floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2)))


def rounded(value: Fraction, how: tuple[str, int]) -> Fraction:
    unit = Fraction(10) ** -how[1]
    steps = value / unit
    whole = {"HALF_UP": floor(steps + Fraction(1, 2)), "FLOOR": floor(steps), "CEILING": ceil(steps)}[how[0]]
    return whole * unit


def price_at(tiers: Tiers, position: Fraction) -> tuple[Fraction, Fraction | None]:
    """The price of what lies just after the position, and where its tier ends."""
    end = Fraction()
    for price, size in tiers:
        if size is None:
            return price, None
        end += size
        if position < end:
            return price, end
    raise AssertionError("the last tier has no size")


def multiplied(tiers: Tiers, factors: Tiers) -> Tiers:
    """Both laid over each other."""
    made: list[tuple[Fraction, Fraction | None]] = []
    position = Fraction()
    while True:
        price, end = price_at(tiers, position)
        factor, other = price_at(factors, position)
        ends = [one for one in (end, other) if one is not None]
        if not ends:
            return (*made, (price * factor, None))
        made.append((price * factor, min(ends) - position))
        position = min(ends)


class Biller:
    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.left = {balance.name: balance.amount for balance in contract.balances}

    def list_price(self, product: str, day: date) -> Tiers:
        return [tiers for since, tiers in self.contract.rates[product] if since <= day][-1]

    def terms(self, product: str, day: date, balance: Balance | None) -> Tiers:
        """What a unit costs when the balance pays it, or nobody: one override holds, of four ranks."""
        base = self.list_price(product, day)
        held = [o for o in self.contract.overrides if product in o.products and o.start <= day < o.end]
        if balance is not None:
            if balance.commit_rate and product in self.contract.commit_rates:
                return self.contract.commit_rates[product]  # overrides of this test are of list prices
            named = [o for o in held if o.specific and (not o.names or balance.name.split(" ")[0] in o.names)]
            found = self.prevailing(named, base)
            if found is not None:
                return found
        found = self.prevailing([o for o in held if not o.specific], base)
        return base if found is None else found

    def prevailing(self, held: Sequence[Override], base: Tiers) -> Tiers | None:
        overwrites = [o for o in held if o.kind == "OVERWRITE"]
        if overwrites:
            return overwrites[-1].tiers
        if not held:
            return None
        best = min(held, key=lambda o: o.priority) if self.contract.explicit else min(held, key=lambda o: o.tiers[0][0])
        return multiplied(base, best.tiers)

    def order(self) -> list[Balance]:
        """Which balance pays first."""

        def key(balance: Balance) -> tuple[object, ...]:
            if balance.rolled:
                group = 0 if balance.kind == "POSTPAID" else 1
            else:
                group = 3 if balance.kind == "POSTPAID" else 2
            return (
                group,
                balance.priority is None,
                balance.priority or 0,
                balance.cost > 0 and not balance.rolled,
                balance.products is None,
                len(balance.products or ()),
                not balance.groups,
                len(balance.groups),
                balance.end,
                balance.start,
            )

        return sorted(self.contract.balances, key=key)

    def payers(self, product: str, group: str | None, day: date) -> list[Balance]:
        return [b for b in self.order() if b.amount and b.may_pay(product, group, day)]

    def lines(self, start: date, end: date, counters: dict[tuple[str, str], Fraction]) -> Fraction:
        """Serve what was used in these days of one statement; what is due of it."""
        lines = []
        for product, group in sorted({(u.product, u.group) for u in self.contract.usage}):
            before: object = None
            pieces: list[tuple[date, Fraction]] = []
            for day in days(start, end):
                payers = self.payers(product, group, day)
                seen = (self.terms(product, day, None), [(b.name, self.terms(product, day, b)) for b in payers])
                if seen != before:
                    pieces.append((day, Fraction()))
                    before = seen
                used = [u.quantity for u in self.contract.usage if (u.product, u.group, u.day) == (product, group, day)]
                pieces[-1] = (pieces[-1][0], pieces[-1][1] + sum(used))
            for since, quantity in pieces:
                position = counters.get((product, group), Fraction())
                counters[product, group] = to = position + quantity
                while position < to:
                    price, tier = price_at(self.terms(product, since, None), position)
                    until = to if tier is None else min(tier, to)
                    lines.append((since, -price, product, group, position, until))
                    position = until
        return sum((self.serve(*line) for line in sorted(lines)), Fraction())

    def serve(self, since: date, _: Fraction, product: str, group: str, position: Fraction, to: Fraction) -> Fraction:
        due = Fraction()
        for balance in self.payers(product, group, since):
            tiers = self.terms(product, since, balance)
            while position < to and self.left[balance.name] > 0:
                price, tier = price_at(tiers, position)
                until = min(position + 1, to) if tier is None else min(position + 1, tier, to)
                cost = (until - position) * price
                if cost > self.left[balance.name]:
                    cost = self.left[balance.name]
                    until = position + cost / price
                self.left[balance.name] -= cost
                position = until
                if balance.kind == "POSTPAID":
                    due += cost
        tiers = self.terms(product, since, None)
        while position < to:
            price, tier = price_at(tiers, position)
            until = to if tier is None else min(tier, to)
            due += (until - position) * price
            position = until
        return due

    def charges(self, fee: Fee) -> Iterator[tuple[date, date, Fraction, Fraction]]:
        """What is charged of it, but for the fee itself."""
        start = self.contract.start.replace(day=1)
        step = MONTHS[fee.frequency]
        for number in range(200):
            first, last = add_months(start, step * number), add_months(start, step * (number + 1))
            if first >= self.contract.end:
                return
            begin, stop = max(first, self.contract.start), min(last, self.contract.end)

            def cost(since: date, until: date, quantity: int) -> Fraction:
                price = self.terms(fee.product, begin, None)[0][0]  # noqa: B023
                part = Fraction((until - since).days, (last - first).days) if fee.prorated else Fraction(1)  # noqa: B023
                if part == 1:
                    return price * quantity
                if fee.rounding is not None:
                    return rounded(price * part, fee.rounding) * quantity
                return half_up(price * part * quantity)

            price = self.terms(fee.product, begin, None)[0][0]
            changes = [(max(at, begin), n) for at, n in fee.quantities if at < stop]
            changes = [(at, n) for i, (at, n) in enumerate(changes) if i + 1 == len(changes) or changes[i + 1][0] > at]
            if fee.advance:
                billed = 0
                for at, quantity in changes:
                    if quantity > billed:
                        when = at if at == begin or fee.immediately else stop
                        yield when, at, price, cost(at, stop, quantity - billed)
                        billed = quantity
            elif fee.prorated:
                for (at, quantity), (until, _) in zip(changes, [*changes[1:], (stop, 0)], strict=True):
                    yield stop, at, price, cost(at, until, quantity)
            else:
                yield stop, begin, price, cost(begin, stop, max(n for _, n in changes))

    def bill(self) -> Result:
        result = Result()
        charges = [(fee, *charge) for fee in self.contract.fees for charge in self.charges(fee)]
        charges = [charge for charge in charges if charge[-1]]
        statements = []
        month = self.contract.start.replace(day=1)
        while month < self.contract.end:
            later = add_months(month, 1)
            statements.append((max(month, self.contract.start), min(later, self.contract.end)))
            month = later
        ends = {end for _, end in statements}
        for start, end in statements:
            bought = {self.contract.start for b in self.contract.balances if b.cost}
            moments = bought | {c[1] for c in charges} | {b.trued_up for b in self.contract.balances if b.trued_up}
            for moment in sorted(m for m in moments if start <= m < end and m not in ends):
                self.apart(result, moment, charges, start)
            due = self.lines(start, end, {})
            due += sum(self.settle([c for c in charges if c[1] == end and not c[0].scheduled]))
            self.close(result, end, "USAGE", due)
            self.apart(result, end, [c for c in charges if c[0].scheduled], end)
        result.left = dict(self.left)
        return result

    def apart(self, result: Result, moment: date, charges: Sequence[Charged], since: date) -> None:
        """What is charged on a date of its own finds what the usage of the statement until then leaves, and takes from
        the balances what it takes; the usage is served when it is invoiced."""
        ahead = Biller(self.contract)
        ahead.left = dict(self.left)
        ahead.lines(since, moment, {})
        before = dict(ahead.left)
        total = sum(ahead.settle([c for c in charges if c[1] == moment]), Fraction())
        for balance in self.contract.balances:
            if balance.trued_up == moment:
                total += ahead.left[balance.name]
                ahead.left[balance.name] = Fraction()
            if moment == self.contract.start and not balance.rolled:
                total += balance.cost
        for name in self.left:
            self.left[name] -= before[name] - ahead.left[name]
        self.close(result, moment, "SCHEDULED", total)

    def settle(self, charges: Sequence[Charged]) -> Iterator[Fraction]:
        """What is due of each fee: balances pay for one if they are open at the start of what it is for."""
        for fee, _, since, _, amount in sorted(charges, key=lambda c: (c[2], -c[3], c[0].product)):
            due, owed = amount, amount
            for balance in self.payers(fee.product, None, since):
                paid = min(owed, self.left[balance.name])
                self.left[balance.name] -= paid
                owed -= paid
                if balance.kind != "POSTPAID":
                    due -= paid
            yield due

    @staticmethod
    def close(result: Result, at: date, kind: str, total: Fraction) -> None:
        if total:
            result.totals.append((at, kind, total))


def renewed(contract: Contract, result: Result, following: Contract) -> Contract:
    """The contract that follows, with what rolls over of what was open at the end: a share of the original amount is
    the most."""
    rolled = [
        replace(
            balance,
            name=f"{balance.name} rolled",
            amount=min(result.left[balance.name], balance.rollover * balance.amount),
            start=following.start,
            end=following.end,
            rolled=True,
        )
        for balance in contract.balances
        if balance.end >= contract.end
    ]
    return replace(following, balances=(*following.balances, *(one for one in rolled if one.amount)))
