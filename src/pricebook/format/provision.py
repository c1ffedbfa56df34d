"""A contract that is to be made, or was: what it will be, what it costs, what to look out for."""

from collections.abc import Iterator

from pricebook.format.bill import draw_bill
from pricebook.format.escape import escape_terminal
from pricebook.format.page import Page, wrapped
from pricebook.view.provision import ProvisionView


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
