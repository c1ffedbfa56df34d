"""How a bill becomes what is read of it: every amount in money, and every line with its reasons in words; and what
became of usage events, of which nothing is dropped in silence."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Any

from pricebook.catalog.amount import USD
from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.catalog.terms import is_fraction
from pricebook.catalog.unit import Unit, money, number
from pricebook.preview.assumption import ASSUMPTIONS, assumed_of_line, assumed_of_terms
from pricebook.preview.invoice import NO_REASON, Bill, ClosingBalance, Invoice, InvoiceLine, Why
from pricebook.preview.price import EXACT, totals
from pricebook.preview.terms import ContractTerms
from pricebook.usage.measure import Census
from pricebook.view.bill import (
    BalanceView,
    BillView,
    CustomerBillView,
    InvoiceView,
    LineView,
    Reason,
    TotalPart,
)
from pricebook.view.bill_terms import UNITS_USED, span, term_views
from pricebook.view.impact import EventsView
from pricebook.view.price import Units, percentage
from pricebook.view.rate_terms import units_of
from pricebook.view.words import counted

_SIGNS = {"MULTIPLY": "×", "DIVIDE": "÷"}
_OPERATIONS = {"ROUND_UP": "rounded up", "ROUND_DOWN": "rounded down", "ROUND_HALF_UP": "rounded half up"}
_PART_WORDS: dict[str, str] = {
    "usage": "Usage",
    "composite": "Share of usage",
    "subscription": "Subscription",
    "scheduled": "Scheduled charge",
    "commit_purchase": "Commit",
    "true_up": "True-up of a commit",
    "applied": "Paid by a balance",
    "conversion": "Custom units, converted",
    "rounding": "Rounding to the cent",
}
"""What a part of a total is called, by the kind of its lines, in the order in which parts are listed."""


def bill_view(title: str, terms: ContractTerms, bill: Bill, catalog: Catalog, card: str | None) -> BillView:
    """The view of a contract's bill, by a rate card of the catalogue."""
    return BillView(**bill_fields(title, terms, bill, catalog, card))


def customer_bill_view(
    package: str, customer: str, terms: ContractTerms, bill: Bill, catalog: Catalog, card: str | None
) -> CustomerBillView:
    """The view of a customer's bill on a package."""
    title = " · ".join(filter(None, (f"package {package}", customer and f"customer {customer}")))
    return CustomerBillView(
        **bill_fields(title, terms, bill, catalog, card),
        customer=customer or None,
        starting_at=terms.starting_at,
        ending_before=terms.ending_before,
        contract=terms,
        bill=bill,
        units=units_of(catalog),
        names={name: product.name for name, product in catalog.products.items()},
    )


def bill_fields(title: str, terms: ContractTerms, bill: Bill, catalog: Catalog, card: str | None) -> dict[str, Any]:
    """The fields of a `BillView`, for a view that has more."""
    units = units_of(catalog)
    fiat = catalog.cards[card].fiat_credit_type if card is not None else USD
    until = f" until {instant_words(terms.ending_before)}" if terms.ending_before < FOREVER else ", without end"
    sums = accumulate((invoice.total for invoice in bill.invoices), EXACT.add)
    invoices = tuple(_invoice(invoice, so_far, units) for invoice, so_far in zip(bill.invoices, sums, strict=True))
    rests = {*assumed_of_terms(terms), *(one for invoice in invoices for line in invoice.lines for one in line.assumed)}
    return {
        "invoices": invoices,
        "total": bill.total,
        "balances": tuple(map(_balance, bill.balances)),
        "notes": bill.notes,
        "title": title,
        "subtitle": f"from {instant_words(terms.starting_at)}{until}; statements {terms.statement.frequency}",
        "terms": term_views(terms, {n: p.name for n, p in catalog.products.items()}, units),
        "total_words": money(bill.total, units[fiat]),
        "parts": tuple(_parts(bill, units)),
        "balance_words": tuple(_balance_words(balance, units) for balance in bill.balances),
        "assumptions": tuple(one for one in ASSUMPTIONS if one in rests),
    }


def _invoice(invoice: Invoice, so_far: Decimal, units: Units) -> InvoiceView:
    unit, period = units[invoice.unit], invoice.period
    return InvoiceView(
        type=invoice.kind,
        issued_at=invoice.issued_at,
        due_at=invoice.due_at,
        starting_at=period.starting_at if period is not None else None,
        ending_before=period.ending_before if period is not None else None,
        unit=invoice.unit,
        total=invoice.total,
        lines=tuple(_line(line, invoice, units) for line in invoice.lines),
        notes=invoice.notes,
        issued=instant_words(invoice.issued_at),
        what=f"usage of {span(*period)}" if period is not None else "scheduled",
        due=instant_words(invoice.due_at) if invoice.due_at is not None else "",
        total_words=money(invoice.total, unit),
        so_far=money(so_far, unit),
    )


def _parts(bill: Bill, units: Units) -> Iterator[TotalPart]:
    """What the total is made of: each product by what is charged for it, then what balances pay, then the rounding."""
    unit = bill.invoices[-1].unit if bill.invoices else ""
    lines = (line for invoice in bill.invoices for line in invoice.lines if line.unit == invoice.unit)
    sums = totals(((line.kind, line.label), line.amount) for line in lines if line.amount or line.kind != "applied")
    order = list(_PART_WORDS)
    for (kind, name), amount in sorted(sums.items(), key=lambda part: order.index(part[0][0])):
        yield TotalPart(_PART_WORDS[kind], name, money(amount, units[unit]))


def _line(line: InvoiceLine, invoice: Invoice, units: Units) -> LineView:
    unit = units[line.unit]
    return LineView(
        type=line.kind,
        name=line.label,
        starting_at=line.starting_at,
        ending_before=line.ending_before,
        unit=line.unit,
        amount=line.amount,
        product=line.product or None,
        quantity=line.quantity,
        unit_price=line.unit_price,
        pricing_group_values=dict(line.pricing) or None,
        presentation_group_values=dict(line.presentation) or None,
        drawn=line.drawn if line.kind == "applied" else None,
        balance=line.balance or None,
        why=line.why if line.why != NO_REASON else None,
        groups=tuple(f"{key}={value}" for key, value in (*line.pricing, *line.presentation)),
        arithmetic=_arithmetic(line, invoice.unit, units),
        amount_words=money(line.amount, unit),
        reasons=tuple(_reasons(line, unit)),
        assumed=tuple(assumed_of_line(line, invoice)),
    )


def _arithmetic(line: InvoiceLine, fiat: str, units: Units) -> str:
    unit = units[line.unit]
    if line.why.base is not None and line.unit_price is not None:
        return f"{percentage(line.unit_price)} of {money(line.why.base, unit)}"
    if line.quantity is None:
        return ""
    if line.kind == "conversion" and line.unit_price is not None:
        return f"{number(line.quantity)} × {money(line.unit_price, units[fiat])}"
    if line.unit_price is None:
        return number(line.quantity)
    price = percentage(line.unit_price) if is_fraction(line.why.rate_type) else money(line.unit_price, unit)
    part = f" × {line.why.share}" if line.why.share else ""
    return f"{number(line.quantity)} × {price}{part}"


def _reasons(line: InvoiceLine, unit: Unit) -> Iterator[Reason]:
    why = line.why
    if line.kind == "applied":
        yield from _applied(line, unit)
        return
    if line.starting_at < line.ending_before and line.kind not in ("conversion", "rounding"):
        yield Reason("Time", "for", span(line.starting_at, line.ending_before))
    if why.term:
        yield Reason("Term", "", why.term)
    if why.metered is not None and (why.conversion or why.rounding):
        rounded = f", {_OPERATIONS[why.rounding]}" if why.rounding else ""
        words = f" {_SIGNS[why.conversion[0]]} {number(why.conversion[1])}" if why.conversion is not None else ""
        yield Reason("Metered", "metered", f"{number(why.metered)}{words}{rounded}")
    if why.tier is not None:
        n, of, low, high = why.tier
        upto = f", up to {number(high)}" if high is not None else ""
        yield Reason("Tier", "tier", f"{n} of {of}: above {number(low)}{upto}")
    yield from _price(why, unit)
    if why.minimum is not None:
        yield Reason("Minimum", "up to", f"the minimum of {money(why.minimum, unit)}")
    if line.kind == "true_up" and why.left is not None:
        yield Reason("True-up", "", "what of the commit was not used")
    if line.kind == "rounding":
        yield Reason("Rounding", "", "to the cent, half up")
    if why.note:
        yield Reason("Note", "", why.note)


def _price(why: Why, unit: Unit) -> Iterator[Reason]:
    if why.segment is not None:
        start, end = why.segment
        kind = "commit rate" if why.commit_rate else "rate"
        until = f", until {instant_words(end)}" if end < FOREVER else ""
        yield Reason(kind.capitalize(), kind, f"since {instant_words(start)}{until}")
    if why.override:
        yield Reason("Override", "", f"{why.override}: {_override(why, unit)}")
    if why.drawn_from:
        yield Reason("Drawn from", "the price for what is drawn from", why.drawn_from)


def _override(why: Why, unit: Unit) -> str:
    listed = ""
    if why.list_price is not None:
        price = percentage(why.list_price) if is_fraction(why.rate_type) else money(why.list_price, unit)
        listed = f" {price}"
    match why.override_type:
        case "OVERWRITE":
            return f"instead of the card's{listed or ' rate'}"
        case "TIERED":
            return f"multiplies the card's{listed or ' tiers'} by quantity"
        case _:
            return f"{number(why.factor) if why.factor is not None else '?'} × the card's{listed or ' tiers'}"


def _applied(line: InvoiceLine, unit: Unit) -> Iterator[Reason]:
    yield Reason("Balance", "", line.balance)
    if line.why.left is not None:
        before, after = line.why.left
        yield Reason("Left", "", f"had {money(before, unit)}, has {money(after, unit)} left")
    if line.drawn != EXACT.minus(line.amount):
        text = f"{money(line.drawn, unit)} drawn; a POSTPAID commit is paid for by what is billed"
        yield Reason("Drawn", "", text)


def _balance(balance: ClosingBalance) -> BalanceView:
    grant = balance.grant
    unit = None if grant.counts_units else grant.unit
    return BalanceView(grant.id, grant.amount, balance.left, unit, balance.expired, *grant.window)


def _balance_words(balance: ClosingBalance, units: Units) -> str:
    grant = balance.grant
    unit = UNITS_USED if grant.counts_units else units[grant.unit]
    left, amount = money(balance.left, unit), money(grant.amount, unit)
    state = "expired" if balance.expired else "open"
    return f"{grant.id}: {left} of {amount} left, {state} ({span(*grant.window)})"


def lost_words(census: Census, uncounted: Mapping[str, str]) -> Iterator[str]:
    """A line for each reason why events are not billed; `uncounted` are products that cannot be counted, with why."""
    for reason, count, examples in census.bad:
        named = f" (from {' to '.join(examples)})" if examples else ""
        yield f"{counted(count, 'event')} of {census.read:,} not used: {reason}{named}"
    if census.duplicates:
        yield f"{counted(census.duplicates, 'event')} not counted again: the transaction_id was there already"
    if census.outside:
        largest = ", ".join(f"{customer}: {counted(count, 'event')}" for customer, count in census.named)
        whose = f"of {counted(census.strangers, 'customer id')}, the largest {largest}"
        yield f"{counted(census.outside, 'event')} belong to no contract here: {whose}"
    if census.unmatched:
        yield f"{counted(census.unmatched, 'event')} counted by no metric"
    for name, count in census.invalid:
        yield f"{counted(count, 'event')} of metric {name} not counted: the value is no number below 10^15"
    for product, reason in sorted(uncounted.items()):
        yield f"usage of {product} is not billed: {reason}"


def events_view(census: Census) -> EventsView:
    """How many events of each sort there were."""
    return EventsView(
        read=census.read,
        coverage=census.coverage,
        strangers=census.strangers,
        bad={reason: count for reason, count, _ in census.bad},
        duplicates=census.duplicates,
        without_contract=census.outside,
        without_metric=census.unmatched,
        invalid=dict(census.invalid),
    )
