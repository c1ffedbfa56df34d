"""How balances burn down: what is open of each term at every moment, as a line that can be drawn.

What usage takes is spread evenly over the part of the statement in which it lies, because a line of an invoice has no
finer time than that; a fee takes its amount at the start of its period. What is open when a balance ends falls away.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pricebook.preview.invoice import Bill, Invoice
from pricebook.preview.price import EXACT, ZERO, summed
from pricebook.preview.terms import Grant

_HOUR = timedelta(hours=1)


class Point(NamedTuple):
    """What is open at an instant: just before it, and from it on."""

    at: datetime
    before: Decimal
    after: Decimal
    lapsed: bool = False
    """Something that was open fell away."""


@dataclass(frozen=True, slots=True)
class BalanceTimeline:
    """The balances of one term, in the API unit or counting units used. What was granted is what was used, what
    lapsed and what is still open."""

    grant: Grant
    """The first of them."""
    points: tuple[Point, ...]
    granted: Decimal
    used: Decimal
    lapsed: Decimal
    open: Decimal


class _Draw(NamedTuple):
    """What was taken from a balance between two instants; `lapsed` when nobody used it."""

    start: datetime
    end: datetime
    amount: Decimal
    lapsed: bool = False


def timelines(bill: Bill, until: datetime) -> tuple[BalanceTimeline, ...]:
    """A timeline for each term that grants balances, in the order in which they are used."""
    drawn = _drawn(bill.invoices)
    terms: dict[tuple[str, str, bool], list[Grant]] = {}
    for balance in bill.balances:
        grant = balance.grant
        terms.setdefault((grant.list, grant.key, grant.rolled_over), []).append(grant)
    return tuple(_timeline(grants, drawn, until) for grants in terms.values())


def _drawn(invoices: Iterable[Invoice]) -> Mapping[str, list[_Draw]]:
    """What was taken from each balance, and over which time. A payment follows what it pays for; what is trued up was
    not used."""
    found: dict[str, list[_Draw]] = {}
    for invoice in invoices:
        paid_for = ""
        for line in invoice.lines:
            start, why = line.starting_at, line.why
            if line.kind == "applied" and why.left is not None:
                end = line.ending_before if paid_for == "usage" else start
                found.setdefault(line.balance, []).append(_Draw(start, end, EXACT.subtract(*why.left)))
            elif line.kind == "true_up" and why.left is not None:
                found.setdefault(why.term, []).append(_Draw(start, start, max(why.left[0], ZERO), lapsed=True))
            else:
                paid_for = line.kind
    return found


def _timeline(grants: list[Grant], drawn: Mapping[str, list[_Draw]], until: datetime) -> BalanceTimeline:
    moves: list[_Draw] = []
    granted = used = lapsed = ZERO
    for grant in grants:
        start, end = grant.window
        taken = [one._replace(end=max(min(one.end, end), one.start)) for one in drawn.get(grant.id, ())]
        rest = EXACT.subtract(grant.amount, summed(one.amount for one in taken))
        if end <= until:
            taken.append(_Draw(end, end, rest, lapsed=True))
        granted = EXACT.add(granted, grant.amount)
        used = EXACT.add(used, summed(one.amount for one in taken if not one.lapsed))
        lapsed = EXACT.add(lapsed, summed(one.amount for one in taken if one.lapsed))
        moves += [_Draw(start, start, EXACT.minus(grant.amount)), *taken]
    still = EXACT.subtract(EXACT.subtract(granted, used), lapsed)
    return BalanceTimeline(grants[0], tuple(_points(moves, until)), granted, used, lapsed, still)


def _points(moves: list[_Draw], until: datetime) -> Iterator[Point]:
    instants = {at for one in moves for at in one[:2] if at <= until} | {until}
    for at in sorted(instants):
        before = summed(EXACT.minus(_taken(one, at, at_once=False)) for one in moves)
        after = summed(EXACT.minus(_taken(one, at, at_once=True)) for one in moves)
        yield Point(at, before, after, any(one.lapsed and one.amount and one.start == at for one in moves))


def _taken(one: _Draw, at: datetime, *, at_once: bool) -> Decimal:
    """What of it is gone at an instant; of what goes at once all or nothing."""
    if one.start == one.end:
        return one.amount if at > one.start or (at == one.start and at_once) else ZERO
    if at >= one.end:
        return one.amount
    if at <= one.start:
        return ZERO
    part = EXACT.divide(Decimal((at - one.start) // _HOUR), Decimal((one.end - one.start) // _HOUR))
    return EXACT.multiply(one.amount, part)
