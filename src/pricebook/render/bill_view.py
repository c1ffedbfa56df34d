"""`BillView`: the invoices of a contract as a person reads them, the one value that every format is drawn from.

Amounts are formatted here, once. Text is as it came: whoever draws it escapes it. Every row says in words why it says
what it says: the rate and since when it holds, the override, the tier, the conversion, the balance that pays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import USD, Scale
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.preview.invoice import Balance, Bill, Invoice, Line, Why
from pricebook.preview.price import EXACT
from pricebook.preview.terms import Terms, Window
from pricebook.render.page import counted
from pricebook.render.price import Unit, Units, money, number, percentage

_SIGNS = {"MULTIPLY": "×", "DIVIDE": "÷"}
_OPERATIONS = {"ROUND_UP": "rounded up", "ROUND_DOWN": "rounded down", "ROUND_HALF_UP": "rounded half up"}


@dataclass(frozen=True, slots=True)
class RowView:
    """A line: what it is, its arithmetic (`3 × $2.50`), the amount, and why."""

    kind: str
    name: str
    groups: tuple[str, ...]
    arithmetic: str
    amount: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice, titled `2025-11-01 · usage of 2025-10-01 to 2025-11-01 · due 2025-11-16`."""

    title: str
    rows: tuple[RowView, ...]
    total: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BillView:
    """A bill. `balances` are those with something left, or used up; `notes` say what is not billed or not modelled."""

    title: str
    subtitle: str
    invoices: tuple[InvoiceView, ...]
    total: str
    balances: tuple[str, ...]
    notes: tuple[str, ...]


def bill_view(title: str, terms: Terms, bill: Bill, catalog: Catalog, card: str | None) -> BillView:
    """The view of a contract's bill, by a rate card of the catalogue."""
    units = Units(scales_of(catalog))
    fiat = catalog.cards[card].fiat_credit_type if card is not None else USD
    until = f" until {_day(terms.ending_before)}" if terms.ending_before < FOREVER else ", without end"
    invoices = tuple(_invoice(invoice, units) for invoice in bill.invoices)
    total = f"{counted(len(invoices), 'invoice')}, {money(bill.total, units[fiat])} in all"
    balances = tuple(_balance(balance, units) for balance in bill.balances)
    subtitle = f"from {_day(terms.starting_at)}{until}; statements {terms.statement.frequency}"
    return BillView(title, subtitle, invoices, total, balances, bill.notes)


def _invoice(invoice: Invoice, units: Units) -> InvoiceView:
    what = "scheduled"
    if invoice.period is not None:
        what = f"usage of {_span(invoice.period)}"
    due = f" · due {_day(invoice.due_at)}" if invoice.due_at is not None else ""
    rows = tuple(_row(line, invoice.unit, units) for line in invoice.lines)
    return InvoiceView(
        f"{_day(invoice.issued_at)} · {what}{due}", rows, money(invoice.total, units[invoice.unit]), invoice.notes
    )


def _row(line: Line, fiat: str, units: Units) -> RowView:
    unit = units[line.unit]
    groups = tuple(f"{key}={value}" for key, value in (*line.pricing, *line.presentation))
    return RowView(
        line.kind,
        line.label,
        groups,
        _arithmetic(line, fiat, units),
        money(line.amount, unit),
        tuple(_reasons(line, unit)),
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


def _reasons(line: Line, unit: Unit) -> Iterator[str]:
    why = line.why
    if line.kind == "applied":
        yield from _applied(line, unit)
        return
    if line.starting_at < line.ending_before and line.kind not in ("conversion", "rounding"):
        yield f"for {_span(Window(line.starting_at, line.ending_before))}"
    if why.term:
        yield why.term
    if why.metered is not None and (why.conversion or why.rounding):
        rounded = f", {_OPERATIONS[why.rounding]}" if why.rounding else ""
        words = f" {_SIGNS[why.conversion[0]]} {number(why.conversion[1])}" if why.conversion is not None else ""
        yield f"metered {number(why.metered)}{words}{rounded}"
    if why.tier is not None:
        n, of, low, high = why.tier
        yield f"tier {n} of {of}: above {number(low)}" + (f", up to {number(high)}" if high is not None else "")
    yield from _price(why, unit)
    if why.minimum is not None:
        yield f"up to the minimum of {money(why.minimum, unit)}"
    if line.kind == "true_up" and why.left is not None:
        yield "what of the commit was not used"
    if line.kind == "rounding":
        yield "to the cent, half up"
    if why.note:
        yield why.note


def _price(why: Why, unit: Unit) -> Iterator[str]:
    if why.segment is not None:
        start, end = why.segment
        kind = "commit rate" if why.commit_rate else "rate"
        yield f"{kind} since {_day(start)}" + (f", until {_day(end)}" if end < FOREVER else "")
    if why.override:
        yield f"{why.override}: {_override(why, unit)}"
    if why.drawn_from:
        yield f"the price for what is drawn from {why.drawn_from}"


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


def _applied(line: Line, unit: Unit) -> Iterator[str]:
    yield line.balance
    if line.why.left is not None:
        before, after = line.why.left
        yield f"had {money(before, unit)}, has {money(after, unit)} left"
    if line.drawn != EXACT.minus(line.amount):
        yield f"{money(line.drawn, unit)} drawn; a POSTPAID commit is paid for by what is billed"


def _balance(balance: Balance, units: Units) -> str:
    grant = balance.grant
    unit = Unit("", " units used", 0, 0) if grant.counts_units else units[grant.unit]
    left, amount = money(balance.left, unit), money(grant.amount, unit)
    state = "expired" if balance.expired else "open"
    return f"{grant.id}: {left} of {amount} left, {state} ({_span(grant.window)})"


def _span(window: Window) -> str:
    start, end = window
    return f"{_day(start)} to {_day(end)}" if end < FOREVER else f"{_day(start)} on"


def _day(instant: datetime) -> str:
    return instant_words(instant)


def scales_of(catalog: Catalog) -> Mapping[str, Scale]:
    """What the catalogue's units need to be written."""
    return {name: scale_of(unit) for name, unit in {**BUILT_IN, **catalog.units}.items()}
