"""A bill as plain lines: each invoice with its lines, and why each line says what it says; a contract to be made."""

from collections.abc import Iterator

from pricebook.format.escape import cut, escape_terminal, padded, width_of
from pricebook.format.page import Page, Paint, filled, wrapped
from pricebook.view.bill import BillsView, BillView, InvoiceView, LineView
from pricebook.view.bill_terms import TermView
from pricebook.view.provision import ProvisionView

_STYLES = {"applied": "green", "rounding": "dim"}


def bills_text(view: BillsView, page: Page) -> Iterator[str]:
    """The bill of every customer, and what of the events is on none of them."""
    for number, one in enumerate(view.bills):
        yield from [""] if number else []
        yield from draw_bill(one, page)
    if view.source:
        yield from _note(f"Billed {view.source}.", page.columns, page.paint)
    for note in view.lost:
        yield from _note(note, page.columns, page.paint)


def draw_bill(view: BillView, page: Page) -> Iterator[str]:
    """The lines of a bill."""
    width, paint = page.columns, page.paint
    yield paint("bold", cut(escape_terminal(view.title), width))
    yield paint("dim", cut(escape_terminal(view.subtitle), width))
    for term in view.terms[1:]:  # the first are the statements, which the subtitle has
        yield from _term(term, width, paint)
    for invoice in view.invoices:
        yield ""
        yield from draw_invoice(invoice, width, paint)
    yield ""
    if view.balance_words:
        yield "Balances"
        for balance in view.balance_words:
            yield from (f"  {line}" for line in wrapped(escape_terminal(balance), width - 2))
        yield ""
    for note in view.notes:
        yield from _note(note, width, paint)
    yield from (paint("bold", line) for line in wrapped(f"{view.sentence}.", width))


def draw_invoice(invoice: InvoiceView, width: int, paint: Paint) -> Iterator[str]:
    """One invoice: its title, its lines, its total."""
    amounts = [
        width_of(escape_terminal(text))
        for text in (invoice.total_words, *(line.amount_words for line in invoice.lines))
    ]
    column = min(max(amounts), width // 3)
    yield paint("bold", cut(escape_terminal(invoice.title), width))
    for line in invoice.lines:
        yield from _of_line(line, width, column, paint)
    yield _line("  total", escape_terminal(invoice.total_words), width, column, paint, "bold")
    for note in invoice.notes:
        yield from (f"  {part}" for part in _note(note, width - 2, paint))


def _term(term: TermView, width: int, paint: Paint) -> Iterator[str]:
    text = f"{term.term}: {term.text}, {term.when}"
    lines = wrapped(escape_terminal(text, 400), width - 4)
    yield from (paint("dim", f"  {'' if at == 0 else '  '}{line}") for at, line in enumerate(lines))


def _of_line(view: LineView, width: int, column: int, paint: Paint) -> Iterator[str]:
    name = " · ".join(escape_terminal(text) for text in (view.name, *view.groups))
    arithmetic = f"   {escape_terminal(view.arithmetic)}" if view.arithmetic else ""
    amount, style = escape_terminal(view.amount_words), _STYLES.get(view.type, "")
    yield _line(f"  {name}{arithmetic}", amount, width, column, paint, style)
    reasons = [escape_terminal(str(reason), 400) for reason in view.reasons]
    for line in filled(reasons, width - 6 - column, "; ") if reasons else ():
        yield paint("dim", f"      {line}")


def _line(left: str, amount: str, width: int, column: int, paint: Paint, style: str) -> str:
    room = width - column - 1
    return paint(
        style, f"{padded(cut(left, room), room)} {' ' * max(column - width_of(amount), 0)}{cut(amount, column)}"
    )


def _note(note: str, width: int, paint: Paint) -> Iterator[str]:
    yield from (paint("yellow", line) for line in wrapped(escape_terminal(f"note: {note}", 1000), width))


def provision_text(view: ProvisionView, page: Page) -> Iterator[str]:
    """What will be made, with its first invoice as long as nothing is used; or what was made, as it was read back."""
    if view.contract is None:
        yield from _proposed(view, page)
    elif not view.made:
        yield f"There is this contract already: {escape_terminal(view.contract)} on {escape_terminal(view.found)}."
    elif not view.found:
        yield f"Made: contract {escape_terminal(view.contract)}. It could not be read back."
    else:
        yield f"Made: contract {escape_terminal(view.contract)} on {escape_terminal(view.found)}. Read back."
    for words in view.differences:
        yield page.paint("yellow", f"warning: {escape_terminal(words, 300)}")


def _proposed(view: ProvisionView, page: Page) -> Iterator[str]:
    yield from draw_bill(view.first_invoice, page)
    yield ""
    card = f"rate card {view.rate_card}" if view.rate_card is not None else "no rate card of ours"
    yield f"Pays by {escape_terminal(card)}. Shown is the first invoice, without any usage."
    yield f"Uniqueness key {escape_terminal(view.uniqueness_key, 200)}"
    for warning in view.warnings:
        lines = wrapped(f"warning: {escape_terminal(warning, 600)}", page.width)
        yield from (page.paint("yellow", line) for line in lines)
