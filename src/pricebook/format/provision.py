"""A contract that is to be made, for people and programs: what it will be, what it costs, what to look out for."""

from collections.abc import Iterator
from typing import Any

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import bound_text, instant_text, instant_words
from pricebook.format.bill_json import bill_data
from pricebook.format.bill_text import draw_bill
from pricebook.format.escape import escape_json, escape_terminal
from pricebook.format.page import Paint, wrapped
from pricebook.plan.contract import Contract
from pricebook.preview.proposal import Proposal
from pricebook.view.bill import bill_view
from pricebook.view.words import counted


def draw_proposal(proposed: Proposal, catalog: Catalog, width: int, colour: bool) -> Iterator[str]:
    """What will be made, with its first invoice as long as nothing is used."""
    wanted = proposed.wanted
    by = f" (alias {wanted.alias})" if wanted.alias is not None else ""
    title = f"customer {wanted.customer} on {proposed.package}{by}"
    yield from draw_bill(bill_view(title, proposed.terms, proposed.first, catalog, proposed.card), width, colour)
    yield ""
    card = f"rate card {proposed.card}" if proposed.card is not None else "no rate card of ours"
    yield f"Pays by {escape_terminal(card)}. Shown is the first invoice, without any usage."
    yield f"Uniqueness key {escape_terminal(wanted.uniqueness_key, 200)}"
    paint = Paint(colour)
    for warning in warnings(proposed):
        yield from (paint("yellow", line) for line in wrapped(f"warning: {escape_terminal(warning, 600)}", width))


def warnings(proposed: Proposal) -> Iterator[str]:
    """What to look out for."""
    if proposed.overlapping:
        listed = ", ".join(f"{_on(one)} {_span(one)}" for one in proposed.overlapping[:3])
        many = counted(len(proposed.overlapping), "other contract")
        yield f"the customer has {many} at the same time, and each is billed: {listed}"


def draw_made(id_: str, contract: Contract | None, other: tuple[str, ...], colour: bool) -> Iterator[str]:
    """What was made, as it was read back."""
    if contract is None:
        yield f"Made: contract {escape_terminal(id_)}. It could not be read back."
    else:
        yield f"Made: contract {escape_terminal(id_)} on {_on(contract)} {_span(contract)}. Read back."
    for words in other:
        yield Paint(colour)("yellow", f"warning: {escape_terminal(words, 300)}")


def draw_present(contract: Contract) -> str:
    """There is nothing to make."""
    return f"There is this contract already: {escape_terminal(contract.id)} on {_on(contract)} {_span(contract)}."


def provision_json(proposed: Proposal, id_: str | None, contract: Contract | None, other: tuple[str, ...]) -> str:
    """The contract for programs. `made` is false when it was there already; `contract` is None when nothing is."""
    wanted = proposed.wanted
    end = contract.ending_before if contract is not None else proposed.ending_before
    data: dict[str, Any] = {
        "contract": id_,
        "made": id_ is not None and proposed.present is None,
        "customer": wanted.customer,
        "package": str(contract.package if contract is not None and contract.package else proposed.package),
        "alias": wanted.alias,
        "rate_card": proposed.card,
        "starting_at": instant_text(wanted.starting_at),
        "ending_before": bound_text(end),
        "uniqueness_key": wanted.uniqueness_key,
        "overlapping": [
            {
                "contract": one.id,
                "package": str(one.package) if one.package is not None else None,
                "starting_at": instant_text(one.starting_at),
                "ending_before": bound_text(one.ending_before),
            }
            for one in proposed.overlapping
        ],
        "first_invoice": bill_data(proposed.first),
        "warnings": [*warnings(proposed), *other],
    }
    return escape_json(encode(data))


def _on(contract: Contract) -> str:
    return escape_terminal(str(contract.package)) if contract.package is not None else "no package of ours"


def _span(contract: Contract) -> str:
    end = f"until {instant_words(contract.ending_before)}" if contract.ending_before is not None else "without end"
    return f"from {instant_words(contract.starting_at)} {end}"
