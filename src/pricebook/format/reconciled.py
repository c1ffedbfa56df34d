"""A month reconciled, as plain lines: how much of the money is explained, and what is not."""

from collections.abc import Iterator
from decimal import Decimal

from pricebook.catalog.unit import money_text
from pricebook.format.escape import escape_terminal
from pricebook.format.lookup import columns
from pricebook.format.page import Page, wrapped
from pricebook.view.reconciled import ReconciledLine, ReconciledView
from pricebook.view.words import counted


def reconciled_text(view: ReconciledView, page: Page) -> Iterator[str]:
    """The verdict, the money, and each contract of which not all is equal."""
    what = f"{counted(view.contracts, 'contract')}, {counted(view.invoices, 'invoice')}"
    if view.share is None:
        said = "nothing was invoiced, and nothing would have been"
    else:
        said = f"{_percent(view.share)} of the money is equal or explained; {_percent(view.bound)} is asked for"
    style = "green" if view.accepted else "red"
    yield page.paint("bold", f"{view.month:%Y-%m}") + f"   {what}"
    yield from (page.paint(style, line) for line in wrapped(said, page.columns))
    if view.passed_over:
        yield f"{counted(view.passed_over, 'object')} passed over: no finalized invoice of a contract"
    if view.money:
        rows: list[tuple[str, ...]] = [("", "equal", "explained", "not explained")]
        for of in view.money:
            amounts = (of.equal, of.explained, of.not_explained)
            rows.append((of.unit, *(money_text(amount, view.scales.get(of.unit), of.unit) for amount in amounts)))
        yield from columns(rows, page.width)
    for one in view.differing:
        yield ""
        on = f"   {one.package}" if one.package is not None else ""
        yield page.paint("bold", escape_terminal(f"contract {one.contract}")) + escape_terminal(
            f"   customer {one.customer}{on}"
        )
        if one.note:
            yield f"  not billed here: {one.note}"
        lines = [(_what(line), _money(line.ours, line, view), _money(line.theirs, line, view)) for line in one.lines]
        table = list(columns([("", "ours", "theirs"), *lines], page.width))
        yield table[0]
        for line, drawn in zip(one.lines, table[1:], strict=True):
            yield drawn
            yield from (f"      {part}" for part in wrapped(f"{line.verdict.value}: {line.why}", page.columns - 6))


def _what(line: ReconciledLine) -> str:
    values = (f"{key}={value}" for key, value in line.group_values.items())
    return " · ".join((f"{line.type} {line.product}".strip(), *values))


def _money(amount: Decimal | None, line: ReconciledLine, view: ReconciledView) -> str:
    return money_text(amount, view.scales.get(line.unit), line.unit) if amount is not None else "none"


def _percent(share: Decimal) -> str:
    """Never rounded up: 99.99 % is not all."""
    return f"{(share * 100).quantize(Decimal('0.01'), 'ROUND_FLOOR').normalize():f} %"
