"""`BillView`: the invoices of a contract as a person reads them, the one value that every format is drawn from.

Amounts are formatted here, once. Text is as it came: whoever draws it escapes it. Every row says in words why it says
what it says: the rate and since when it holds, the override, the tier, the conversion, the balance that pays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import USD, Scale
from pricebook.preview.assumption import ASSUMPTIONS, Assumption, assumed_of_line, assumed_of_terms
from pricebook.preview.invoice import Balance, Bill, Invoice, Line, Why
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.terms import Terms, Window
from pricebook.view.bill_terms import UNITS_USED, TermView, span, term_views
from pricebook.view.price import Unit, Units, money, number, percentage
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


class Reason(NamedTuple):
    """One thing that a line comes from. `lead` and `text` read as one; `about` is its heading where there is room."""

    about: str
    lead: str
    text: str

    def __str__(self) -> str:
        """`rate since 2025-04-01`."""
        return f"{self.lead} {self.text}" if self.lead else self.text


@dataclass(frozen=True, slots=True)
class RowView:
    """A line: what it is, its arithmetic (`3 × $2.50`), the amount, why, and what it rests on that no source states."""

    kind: str
    name: str
    groups: tuple[str, ...]
    arithmetic: str
    amount: str
    why: tuple[Reason, ...]
    assumed: tuple[Assumption, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice: when it is issued, what it is of (`usage of 2025-10-01 to 2025-11-01`) and when it is due, if that is
    said. `so_far` is the sum of all invoices up to this one."""

    issued: str
    what: str
    due: str
    rows: tuple[RowView, ...]
    total: str
    so_far: str
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """`2025-11-01 · usage of 2025-10-01 to 2025-11-01 · due 2025-11-16`."""
        return " · ".join([self.issued, self.what, *([f"due {self.due}"] if self.due else [])])


class Part(NamedTuple):
    """What of the total is of one kind and name."""

    kind: str
    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class BillView:
    """A bill. `balances` are those with something left, or used up; `notes` say what is not billed or not modelled.

    `total` is the amount, and `parts` add up to it; `assumptions` are all that its lines and dates rest on.
    """

    title: str
    subtitle: str
    terms: tuple[TermView, ...]
    invoices: tuple[InvoiceView, ...]
    total: str
    parts: tuple[Part, ...]
    balances: tuple[str, ...]
    notes: tuple[str, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def sentence(self) -> str:
        """`3 invoices, $32.50 in all`."""
        return f"{counted(len(self.invoices), 'invoice')}, {self.total} in all"


def bill_view(title: str, terms: Terms, bill: Bill, catalog: Catalog, card: str | None) -> BillView:
    """The view of a contract's bill, by a rate card of the catalogue."""
    units = Units(scales_of(catalog))
    fiat = catalog.cards[card].fiat_credit_type if card is not None else USD
    until = f" until {instant_words(terms.ending_before)}" if terms.ending_before < FOREVER else ", without end"
    sums = accumulate((invoice.total for invoice in bill.invoices), EXACT.add)
    invoices = tuple(_invoice(invoice, so_far, units) for invoice, so_far in zip(bill.invoices, sums, strict=True))
    rests = {*assumed_of_terms(terms), *(one for invoice in invoices for row in invoice.rows for one in row.assumed)}
    return BillView(
        title,
        f"from {instant_words(terms.starting_at)}{until}; statements {terms.statement.frequency}",
        term_views(terms, catalog.products, units),
        invoices,
        money(bill.total, units[fiat]),
        tuple(_parts(bill, units)),
        tuple(_balance(balance, units) for balance in bill.balances),
        bill.notes,
        tuple(one for one in ASSUMPTIONS if one in rests),
    )


def _invoice(invoice: Invoice, so_far: Decimal, units: Units) -> InvoiceView:
    unit = units[invoice.unit]
    return InvoiceView(
        instant_words(invoice.issued_at),
        f"usage of {span(invoice.period)}" if invoice.period is not None else "scheduled",
        instant_words(invoice.due_at) if invoice.due_at is not None else "",
        tuple(_row(line, invoice, units) for line in invoice.lines),
        money(invoice.total, unit),
        money(so_far, unit),
        invoice.notes,
    )


def _parts(bill: Bill, units: Units) -> Iterator[Part]:
    """What the total is made of: each product by what is charged for it, then what balances pay, then the rounding."""
    sums: dict[tuple[str, str], Decimal] = {}
    unit = ""
    for invoice in bill.invoices:
        unit = invoice.unit
        for line in invoice.lines:
            if line.unit == unit and (line.amount or line.kind != "applied"):
                key = (line.kind, line.label)
                sums[key] = EXACT.add(sums.get(key, ZERO), line.amount)
    order = list(_PART_WORDS)
    for (kind, name), amount in sorted(sums.items(), key=lambda part: order.index(part[0][0])):
        yield Part(_PART_WORDS[kind], name, money(amount, units[unit]))


def _row(line: Line, invoice: Invoice, units: Units) -> RowView:
    unit = units[line.unit]
    groups = tuple(f"{key}={value}" for key, value in (*line.pricing, *line.presentation))
    return RowView(
        line.kind,
        line.label,
        groups,
        _arithmetic(line, invoice.unit, units),
        money(line.amount, unit),
        tuple(_reasons(line, unit)),
        tuple(assumed_of_line(line, invoice)),
    )


def _arithmetic(line: Line, fiat: str, units: Units) -> str:
    unit = units[line.unit]
    if line.why.base is not None and line.unit_price is not None:
        return f"{percentage(line.unit_price)} of {money(line.why.base, unit)}"
    if line.quantity is None:
        return ""
    if line.kind == "conversion" and line.unit_price is not None:
        return f"{number(line.quantity)} × {money(line.unit_price, units[fiat])}"
    if line.unit_price is None:
        return number(line.quantity)
    price = percentage(line.unit_price) if "PERCENTAGE" in line.why.rate_type else money(line.unit_price, unit)
    part = f" × {line.why.share}" if line.why.share else ""
    return f"{number(line.quantity)} × {price}{part}"


def _reasons(line: Line, unit: Unit) -> Iterator[Reason]:
    why = line.why
    if line.kind == "applied":
        yield from _applied(line, unit)
        return
    if line.starting_at < line.ending_before and line.kind not in ("conversion", "rounding"):
        yield Reason("Time", "for", span(Window(line.starting_at, line.ending_before)))
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
        price = percentage(why.list_price) if "PERCENTAGE" in why.rate_type else money(why.list_price, unit)
        listed = f" {price}"
    match why.override_type:
        case "OVERWRITE":
            return f"instead of the card's{listed or ' rate'}"
        case "TIERED":
            return f"multiplies the card's{listed or ' tiers'} by quantity"
        case _:
            return f"{number(why.factor) if why.factor is not None else '?'} × the card's{listed or ' tiers'}"


def _applied(line: Line, unit: Unit) -> Iterator[Reason]:
    yield Reason("Balance", "", line.balance)
    if line.why.left is not None:
        before, after = line.why.left
        yield Reason("Left", "", f"had {money(before, unit)}, has {money(after, unit)} left")
    if line.drawn != EXACT.minus(line.amount):
        text = f"{money(line.drawn, unit)} drawn; a POSTPAID commit is paid for by what is billed"
        yield Reason("Drawn", "", text)


def _balance(balance: Balance, units: Units) -> str:
    grant = balance.grant
    unit = UNITS_USED if grant.counts_units else units[grant.unit]
    left, amount = money(balance.left, unit), money(grant.amount, unit)
    state = "expired" if balance.expired else "open"
    return f"{grant.id}: {left} of {amount} left, {state} ({span(grant.window)})"


def scales_of(catalog: Catalog) -> Mapping[str, Scale]:
    """What the catalogue's units need to be written."""
    return catalog.scales
