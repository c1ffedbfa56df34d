"""Burn-down: which balance pays for what, in the vendor's documented order.

"Understand prioritization rules" (docs.metronome.com): rollover commits come first, those from POSTPAID commits before
PREPAID ones, then by priority, fewest applicable products, fewest group value specifiers, earliest end. Then prepaid
commits and credits: by priority, cost basis ($0 first), fewest applicable products, fewest group value specifiers,
earliest end, earliest start, fewest contracts. POSTPAID commits come last, whatever their priority. A balance without
priority comes after those with one [assumed]; what is equal in everything in the order of the package [assumed].
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pricebook.catalog.terms import Curve
from pricebook.preview.match import Subject, breadth, draws
from pricebook.preview.price import EXACT, ZERO, cost, reach
from pricebook.preview.tariff import Prices, TariffPrice
from pricebook.preview.terms import Grant


class Draw(NamedTuple):
    """What was taken from a balance: money in `unit`, and what the balance held before and after."""

    grant: Grant
    money: Decimal
    before: Decimal
    after: Decimal


class Piece(NamedTuple):
    """A quantity at one price, with what paid for it. `amount` is its whole price."""

    start: Decimal
    end: Decimal
    price: TariffPrice
    steps: Curve
    amount: Decimal
    draws: tuple[Draw, ...]
    special: bool
    """The price is not the one without a balance."""


class Burn:
    """The balances of one contract while it is billed: what is left only shrinks, and never below zero."""

    def __init__(self, prices: Prices, grants: Iterable[Grant], drawn: dict[str, Decimal]) -> None:
        self.prices, self.drawn = prices, drawn
        products = prices.tariff.products
        wide: dict[Any, tuple[float, float]] = {}

        def order(grant: Grant) -> Any:
            key = (grant.list, grant.key, grant.rolled_over)
            if key not in wide:
                wide[key] = breadth(grant.term, products)
            return _rank(grant, wide[key])

        self.grants = sorted(grants, key=order)
        self._applicable: dict[Any, list[Grant]] = {}

    def applicable(self, subject: Subject) -> list[Grant]:
        """The balances that may pay for the subject, in the order in which they do, whatever their time. One of nothing
        pays nothing, and so moves no bill."""
        if not self.grants:
            return self.grants
        key = (subject.name, subject.pricing, subject.presentation)
        found = self._applicable.get(key)
        if found is None:
            found = self._applicable[key] = [g for g in self.grants if g.amount > 0 and draws(g, subject)]
        return found

    def ahead(self) -> "Burn":
        """The same balances as they stand now, to draw from without drawing from these."""
        other = copy(self)
        other.drawn = dict(self.drawn)
        return other

    def left(self, grant: Grant) -> Decimal:
        """What is left of a balance."""
        taken = self.drawn.get(grant.id)
        return grant.amount if taken is None else EXACT.subtract(grant.amount, taken)

    def _take(self, grant: Grant, money: Decimal, units: Decimal) -> Draw:
        before = self.left(grant)
        self.drawn[grant.id] = EXACT.add(self.drawn.get(grant.id, ZERO), units)
        return Draw(grant, money, before, self.left(grant))

    def amount(self, subject: Subject, at: datetime, unit: str, amount: Decimal) -> list[Draw]:
        """Pay an amount that has no quantity to speak of: a fee, a composite charge, a conversion."""
        found, owed = [], amount
        for grant in self.applicable(subject):
            if owed <= 0:
                break
            left = self.left(grant)
            if left > 0 and grant.unit == unit and not grant.counts_units and grant.window.covers(at):
                money = min(left, owed)
                found.append(self._take(grant, money, money))
                owed = EXACT.subtract(owed, money)
        return found

    def usage(self, subject: Subject, at: datetime, start: Decimal, end: Decimal, listed: TariffPrice) -> list[Piece]:
        """Price a quantity, drawing it from one balance after the other; `listed` is the price without any.

        Where a balance has a price of its own (a commit rate, a commit-specific override), the quantity is split at
        the point where the balance is used up.
        """
        assert listed.steps is not None
        pieces: list[Piece] = []
        found: list[Draw] = []
        current, steps, first, paid = listed, listed.steps, start, ZERO
        # How far balances have paid, in units. Money that ran out within a unit leaves it open until somebody asks.
        reached: Decimal | None = start

        def piece(upto: Decimal, amount: Decimal) -> Piece:
            return Piece(
                start=first,
                end=upto,
                price=current,
                steps=steps,
                amount=amount,
                draws=tuple(found),
                special=steps != listed.steps,
            )

        for grant in self.applicable(subject) if end > start else ():
            left = self.left(grant)
            if left <= 0 or not grant.window.covers(at):
                continue
            price = self.prices.price(subject, at, grant)
            if price is None or price.steps is None or (grant.unit != price.rate.unit and not grant.counts_units):
                continue
            if reached is None and (price.steps != steps or grant.counts_units):
                reached = reach(steps, first, end, paid)
            if price.steps != steps and reached is not None:
                # This balance has a price of its own: what the ones before it paid ends here.
                if found:
                    pieces.append(piece(reached, paid))
                current, steps, first, found, paid = price, price.steps, reached, [], ZERO
            owed = EXACT.subtract(cost(steps, first, end), paid)
            if grant.counts_units and reached is not None:
                there = min(EXACT.add(reached, left), end)
                done = there == end
                money = owed if done else min(cost(steps, reached, there), owed)
                found.append(self._take(grant, money, EXACT.subtract(there, reached)))
                reached = there
            elif owed > 0:
                money = min(left, owed)
                done = money == owed
                found.append(self._take(grant, money, money))
                reached = None
            else:
                money, done = ZERO, True
            paid = EXACT.add(paid, money)
            if done:
                break
        else:
            # All balances are used up before the quantity is: the rest costs what is listed.
            if steps != listed.steps:
                here = reached if reached is not None else reach(steps, first, end, paid)
                pieces.append(piece(here, paid))
                current, steps, first, found = listed, listed.steps, here, []
        pieces.append(piece(end, cost(steps, first, end)))
        return pieces


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces of one quantity as few as can be: those that go on at the same price are one, and so is what the same
    balance pays of them in one go."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last is None or last.end != piece.start or last.steps != piece.steps:
            found.append(piece)
            continue
        draws = list(last.draws)
        for draw in piece.draws:
            if draws and draws[-1].grant is draw.grant and draws[-1].after == draw.before:
                money = EXACT.add(draws[-1].money, draw.money)
                draws[-1] = draws[-1]._replace(money=money, after=draw.after)
            else:
                draws.append(draw)
        amount = EXACT.add(last.amount, piece.amount)
        found[-1] = last._replace(end=piece.end, amount=amount, draws=tuple(draws))
    return found


def _rank(grant: Grant, wide: tuple[float, float]) -> Any:
    postpaid, rolled = grant.kind == "POSTPAID", grant.rolled_over
    group = (0 if postpaid else 1) if rolled else (3 if postpaid else 2)
    priority = (grant.term.priority is None, grant.term.priority or ZERO)
    start, end = grant.window
    return (group, priority, not (rolled or grant.free), wide, end, start, grant.contracts)
