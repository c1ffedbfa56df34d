"""A bill as plain lines for a terminal or a log: each invoice with its lines, and why each line says what it says."""

from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import MIN_WIDTH, Paint, filled, wrapped
from pricebook.view.bill import BillView, InvoiceView, RowView
from pricebook.view.bill_terms import TermView

_STYLES = {"applied": "green", "rounding": "dim"}


def draw_bill(view: BillView, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of a bill."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    yield paint("bold", cut(escape_terminal(view.title), width))
    yield paint("dim", cut(escape_terminal(view.subtitle), width))
    for term in view.terms[1:]:  # the first are the statements, which the subtitle has
        yield from _term(term, width, paint)
    for invoice in view.invoices:
        yield ""
        yield from draw_invoice(invoice, width, paint)
    yield ""
    if view.balances:
        yield "Balances"
        for balance in view.balances:
            yield from (f"  {line}" for line in wrapped(escape_terminal(balance), width - 2))
        yield ""
    for note in view.notes:
        yield from _note(note, width, paint)
    yield from (paint("bold", line) for line in wrapped(f"{view.sentence}.", width))


def draw_note(note: str, width: int, colour: bool = False) -> Iterator[str]:
    """A note that stands below all bills."""
    yield from _note(note, max(width, MIN_WIDTH), Paint(colour))


def draw_invoice(invoice: InvoiceView, width: int, paint: Paint) -> Iterator[str]:
    """One invoice: its title, its lines, its total."""
    amounts = [width_of(escape_terminal(text)) for text in (invoice.total, *(row.amount for row in invoice.rows))]
    column = min(max(amounts), width // 3)
    yield paint("bold", cut(escape_terminal(invoice.title), width))
    for row in invoice.rows:
        yield from _row(row, width, column, paint)
    yield _line("  total", escape_terminal(invoice.total), width, column, paint, "bold")
    for note in invoice.notes:
        yield from (f"  {line}" for line in _note(note, width - 2, paint))


def _term(term: TermView, width: int, paint: Paint) -> Iterator[str]:
    text = f"{term.name}: {term.sentence}, {term.when}"
    lines = wrapped(escape_terminal(text, 400), width - 4)
    yield from (paint("dim", f"  {'' if at == 0 else '  '}{line}") for at, line in enumerate(lines))


def _row(row: RowView, width: int, column: int, paint: Paint) -> Iterator[str]:
    name = " · ".join(escape_terminal(text) for text in (row.name, *row.groups))
    arithmetic = f"   {escape_terminal(row.arithmetic)}" if row.arithmetic else ""
    yield _line(f"  {name}{arithmetic}", escape_terminal(row.amount), width, column, paint, _STYLES.get(row.kind, ""))
    room = width - 6 - column
    for line in filled([escape_terminal(str(reason), 400) for reason in row.why], room, "; ") if row.why else ():
        yield paint("dim", f"      {line}")


def _line(left: str, amount: str, width: int, column: int, paint: Paint, style: str) -> str:
    room = width - column - 1
    return paint(
        style, f"{padded(cut(left, room), room)} {' ' * max(column - width_of(amount), 0)}{cut(amount, column)}"
    )


def _note(note: str, width: int, paint: Paint) -> Iterator[str]:
    yield from (paint("yellow", line) for line in wrapped(escape_terminal(f"note: {note}", 1000), width))
