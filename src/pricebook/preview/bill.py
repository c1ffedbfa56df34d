"""Billing: terms, usage and seats in, invoices out.

`bill` issues every invoice of a contract up to an instant, in order of time, and says what is left for the next call:
billing month by month, handing `closing` on, gives the invoices of billing the year. A usage invoice is issued at the
end of its statement period, with what is charged on that date where the terms allow it; everything else is charged on
a scheduled invoice of its date. The order in which charges draw from balances: usage, fees, composite charges
(docs.metronome.com, "Understand prioritization rules"), and conversions last [assumed].
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pricebook.catalog.calendar import Period, cycle
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.preview.burn import Burn
from pricebook.preview.fee import Fee, Unpriced, fees
from pricebook.preview.grant import billed, granted
from pricebook.preview.invoice import Bill, ClosingBalance, Invoice, Ledger
from pricebook.preview.metered import MeteredUsage, metered
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.sheet import InvoiceSheet
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import ContractTerms, DatedCharge, Window, quantities

NOTHING = Ledger()


def bill(
    prices: Prices,
    usage: Iterable[Quantity],
    seats: Iterable[SeatChange],
    until: datetime,
    opening: Ledger = NOTHING,
) -> Bill:
    """The invoices issued after `opening.through` (None: from the contract's start on) up to and including `until`.

    `usage` may hold more than is invoiced now: what lies in periods that end later waits, what lies before is taken as
    invoiced. Nothing is read but the arguments, and none of them is changed.
    """
    terms, scales, after = prices.terms, prices.tariff.scales, opening.through
    held = quantities(terms, seats)
    burn = Burn(prices, (*opening.brought, *granted(terms, held, until, scales)), dict(opening.drawn))
    measured, strange = metered(usage, prices.tariff.products)
    notes = [f"{count:,} quantities of {name}: no product that usage is counted for" for name, count in strange.items()]
    notes += _outside(terms, measured)
    statements = [p for p in _statements(terms, until) if after is None or p.ending_before > after]
    ends = {p.ending_before for p in statements}
    due: dict[datetime, list[Fee | DatedCharge]] = {}
    apart: dict[datetime, list[Fee | DatedCharge]] = {}
    for found in fees(prices, held, after, until):
        if isinstance(found, Unpriced):
            notes.append(f"{found.subscription} is not charged on {found.at:%Y-%m-%d}: {found.why}")
        else:
            placed = due if found.on_usage_invoice and found.at in ends else apart
            placed.setdefault(found.at, []).append(found)
    for charge in (*terms.charges, *billed(terms, until, scales)):
        if charge.at <= until and (after is None or charge.at > after):
            # "The charge's timestamp must match the usage invoice's ending_before date for consolidation" (SDK)
            placed = due if terms.consolidated and charge.at in ends else apart
            placed.setdefault(charge.at, []).append(charge)
    invoices: list[Invoice] = []
    for at in sorted({*apart, *ends}):
        period = next((p for p in statements if p.ending_before == at), None)
        if period is not None:
            sheet = InvoiceSheet(prices, burn)
            sheet.usage(measured, period)
            invoices.append(_closed(sheet, terms, at, period, due.get(at, ())))
        if at in apart:
            invoices.append(_apart(prices, burn, measured, at, apart[at]))
    closing = Ledger(until, burn.drawn, opening.brought)
    balances = tuple(ClosingBalance(g, burn.left(g), g.window.ending_before <= until) for g in burn.grants)
    return Bill(tuple(invoices), balances, closing, (*terms.notes, *notes))


def _apart(
    prices: Prices, burn: Burn, measured: Sequence[MeteredUsage], at: datetime, charged: Sequence[Fee | DatedCharge]
) -> Invoice:
    """What is charged on a date of its own. Within a statement it finds what the usage until then leaves of balances,
    though that is invoiced later: they are drawn from in the order of time [assumed]."""
    terms, ahead = prices.terms, burn.ahead()
    statement = terms.statement
    if burn.grants and measured and any(isinstance(c, Fee) or c.kind == "true_up" for c in charged):
        for period in cycle(statement.anchor, statement.frequency, terms.starting_at, at):
            within = period.ending_before == at < min(period.cycle_end, terms.ending_before)
            if within and period.starting_at >= statement.first:
                InvoiceSheet(prices, ahead).usage(measured, period)
    before = dict(ahead.drawn)
    invoice = _closed(InvoiceSheet(prices, ahead), terms, at, None, charged)
    for id_, drawn in ahead.drawn.items():
        more = EXACT.subtract(drawn, before.get(id_, ZERO))
        if more:
            burn.drawn[id_] = EXACT.add(burn.drawn.get(id_, ZERO), more)
    return invoice


def _statements(terms: ContractTerms, until: datetime) -> Iterator[Period]:
    """The statement periods that end by then, and are invoiced at all."""
    statement = terms.statement
    for period in cycle(statement.anchor, statement.frequency, terms.starting_at, min(terms.ending_before, until)):
        # One that is cut by `until`, and not by the contract's end, has not ended yet.
        ended = period.ending_before in (period.cycle_end, terms.ending_before)
        if ended and period.starting_at >= statement.first:
            yield period


def _outside(terms: ContractTerms, measured: Iterable[MeteredUsage]) -> Iterator[str]:
    before = after = 0
    for one in measured:
        before += one.before(terms.starting_at)
        after += len(one.times) - one.before(terms.ending_before)
    if before:
        yield f"{before:,} quantities lie before the contract's start, {terms.starting_at:%Y-%m-%d}: not billed"
    if after:
        yield f"{after:,} quantities lie after the contract's end, {terms.ending_before:%Y-%m-%d}: not billed"


def _closed(
    sheet: InvoiceSheet,
    terms: ContractTerms,
    at: datetime,
    statement: Period | None,
    charged: Sequence[Fee | DatedCharge],
) -> Invoice:
    """The invoice with everything but usage added: fees, what is a share of the usage, other charges."""
    sheet.fees([one for one in charged if isinstance(one, Fee)])
    if statement is not None:
        sheet.composites(statement)
    for one in charged:
        if not isinstance(one, Fee):
            sheet.charge(one)
    period = Window(*statement[:2]) if statement is not None else None
    sheet.close(period, at)
    days = terms.net_payment_terms_days
    due_at = at + timedelta(days=days) if days is not None else None
    kind: Literal["usage", "scheduled"] = "usage" if statement is not None else "scheduled"
    return Invoice(
        kind=kind,
        issued_at=at,
        due_at=due_at,
        period=period,
        unit=sheet.fiat,
        lines=tuple(sheet.lines),
        notes=tuple(sheet.notes),
    )


def rolled_over(terms: ContractTerms, made: Bill, successor: ContractTerms) -> Ledger:
    """What a contract that follows starts with: what is left of every balance that was open at the end, at most the
    fraction of its original amount ("As $10,000 is less than 50% of $100,000, all $10,000 [...] will roll over",
    docs.metronome.com, "Manage contract lifecycle transitions"). It is open as long as the successor lasts [assumed].
    """
    end = terms.ending_before
    window = Window(successor.starting_at, successor.ending_before)
    brought = tuple(
        # An id of its own: the successor's package may grant one of the same name.
        replace(
            grant,
            id=f"{grant.id} rolled over",
            amount=min(left, EXACT.multiply(grant.amount, grant.rollover_fraction)),
            window=window,
            rolled_over=True,
        )
        for grant, left in ((balance.grant, balance.left) for balance in made.balances)
        if grant.rollover_fraction and left > ZERO and grant.window.ending_before >= end
    )
    return Ledger(None, {}, brought)


class PeriodPart(NamedTuple):
    """A part of the statement period that starts at `statement`: [starting_at, ending_before)."""

    statement: datetime
    starting_at: datetime
    ending_before: datetime


def parts(prices: Prices, seats: Iterable[SeatChange], until: datetime) -> Iterator[PeriodPart]:
    """The parts of every statement period of the contract up to an instant, in order, within which nothing changes:
    usage that is counted part by part, and dated at the start of its part, is billed as it would be event by event.

    They are cut where a price of the card changes, where an override or a balance begins or ends, and where something
    else is charged that balances pay."""
    terms, changes = prices.terms, tuple(seats)
    held = quantities(terms, changes)
    grants = tuple(granted(terms, held, until, prices.tariff.scales))
    windows = [*(grant.window for grant in grants), *(override.window for override in terms.overrides)]
    cuts = {instant for window in windows for instant in window}
    cuts |= prices.tariff.instants() | {change.at for change in changes}
    if grants:
        cuts |= {fee.at for fee in fees(prices, held, None, until)} | {charge.at for charge in terms.charges}
    inner = sorted(cuts)
    statement = terms.statement
    for period in cycle(statement.anchor, statement.frequency, terms.starting_at, min(terms.ending_before, until)):
        start, end = period.starting_at, period.ending_before
        at = start
        for cut in (*(cut for cut in inner if start < cut < end), end):
            yield PeriodPart(start, at, cut)
            at = cut
