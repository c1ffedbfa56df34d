"""The results of price tests for a terminal or a log: what failed, what came instead, and the arithmetic of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from pricebook.catalog.instant import instant_words
from pricebook.format.bill_text import draw_invoice
from pricebook.format.escape import escape_terminal
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.format.problem_text import draw_problems
from pricebook.preview.verdict import Mismatch
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.view.bill import BillView
from pricebook.view.price import Units, money
from pricebook.view.words import counted

Failures = Sequence[tuple[Mismatch, Span]]


def draw_outcome(
    name: str, at: Span, failures: Failures, view: BillView, units: Units, width: int, colour: bool
) -> Iterator[str]:
    """A test: one line when it passed; otherwise every difference with its place, and the invoices worked out."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    if not failures:
        yield f"{paint('green', 'ok')}    {escape_terminal(name)}"
        return
    where = escape_terminal(f"{at.file}:{at.line}")
    yield f"{paint('alarm', 'FAIL')}  {paint('bold', escape_terminal(name))}   {where}"
    issued: set[datetime | None] = set()
    for mismatch, place in failures:
        issued.add(mismatch.issued_at)
        for line in wrapped(escape_terminal(difference(mismatch, units), 1000), width - 6):
            yield f"      {line}"
        yield paint("dim", f"        {escape_terminal(str(place))}")
    days = {instant_words(instant) for instant in issued if instant is not None}
    for invoice in view.invoices:
        if not days or invoice.title[:10] in days:
            yield ""
            yield from (f"      {line}" for line in draw_invoice(invoice, width - 6, paint))
    yield ""


def draw_checked(name: str, failures: Sequence[Problem], width: int, colour: bool) -> Iterator[str]:
    """A policy test: one line when it passed; otherwise every case that is not as expected."""
    paint = Paint(colour)
    yield f"{paint('alarm', 'FAIL') if failures else paint('green', 'ok')}    {escape_terminal(name)}"
    yield from draw_problems(failures, width, colour)


def difference(mismatch: Mismatch, units: Units) -> str:
    """`2025-11-01 · total: expected $12.00, came $10.00`."""
    when = f"{instant_words(mismatch.issued_at)} · " if mismatch.issued_at is not None else ""
    if mismatch.expected is None and mismatch.came is None:
        return f"{when}{mismatch.what}; pricebook test --update writes what comes"
    expected, came = _words(mismatch.expected, mismatch, units), _words(mismatch.came, mismatch, units)
    if mismatch.came is None:
        return f"{when}{mismatch.what}: expected {expected}, but there is none"
    if mismatch.expected is None:
        return f"{when}{mismatch.what}: came {came}, and is not expected"
    return f"{when}{mismatch.what}: expected {expected}, came {came}"


def _words(value: Decimal | str | None, mismatch: Mismatch, units: Units) -> str:
    if isinstance(value, Decimal):
        return money(value, units[mismatch.unit]) if mismatch.unit else f"{value:f}"
    return value or ""


def verdict_words(total: int, failed: int) -> str:
    """`3 scenarios passed.`, `1 of 3 scenarios failed.`"""
    if not total:
        return "There are no scenarios."
    return f"{failed:,} of {counted(total, 'scenario')} failed." if failed else f"{counted(total, 'scenario')} passed."
