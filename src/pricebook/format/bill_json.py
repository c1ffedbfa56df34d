"""Bills as JSON, for programs: exact decimals as numbers, in the API unit of the pricing unit that is named beside."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.canonical import encode
from pricebook.format.document import problem_data
from pricebook.format.escape import escape_json
from pricebook.preview.invoice import Bill, Invoice, Line
from pricebook.preview.terms import Terms, Window
from pricebook.preview.verdict import Mismatch
from pricebook.problem import Problem
from pricebook.span import Span
from pricebook.usage.measure import Census
from pricebook.view.bill import BillView
from pricebook.view.events import census_data


def bills_json(package: str, bills: Iterable[tuple[str, Terms, Bill, BillView]], events: Census | None = None) -> str:
    """The bills of the customers of a package, each with its terms in dates and in words, and with what it rests on
    that no source states; and what became of the events, if some were counted."""
    counted = {"events": census_data(events)} if events is not None else {}
    return escape_json(encode({"package": package, "bills": [_one(*one) for one in bills], **counted}))


def outcomes_json(
    outcomes: Iterable[tuple[str, Span, str, Bill, Sequence[tuple[Mismatch, Span]]]],
    checked: Iterable[tuple[str, int, Sequence[Problem]]] = (),
) -> str:
    """The results of price tests: name, place, package, bill and mismatches of each scenario; name, number of cases and
    problems of each policy test."""
    listed = [
        {
            "name": name,
            "at": str(at),
            "package": package,
            "passed": not failures,
            "mismatches": [
                {
                    "at": str(place),
                    "issued_at": mismatch.issued_at,
                    "what": mismatch.what,
                    "expected": mismatch.expected,
                    "came": mismatch.came,
                    "unit": mismatch.unit or None,
                }
                for mismatch, place in failures
            ],
            **bill_data(bill),
        }
        for name, at, package, bill, failures in outcomes
    ]
    ruled = [
        {"name": name, "cases": cases, "passed": not failures, "problems": list(map(problem_data, failures))}
        for name, cases, failures in checked
    ]
    failed = sum(not one["passed"] for one in (*listed, *ruled))
    total = len(listed) + len(ruled)
    return escape_json(encode({"total": total, "failed": failed, "scenarios": listed, "policy_tests": ruled}))


def _one(customer: str, terms: Terms, bill: Bill, view: BillView) -> dict[str, Any]:
    return {
        "customer": customer or None,
        **_window(Window(terms.starting_at, terms.ending_before)),
        "terms": [
            {"term": term.name, "name": term.label, "text": term.sentence, **_window(term.window)}
            for term in view.terms
        ],
        **bill_data(bill),
        "assumptions": [{"code": one.code, "text": one.words, "chapter": one.chapter} for one in view.assumptions],
    }


def bill_data(bill: Bill) -> dict[str, Any]:
    """A bill as plain data."""
    return {
        "invoices": [_invoice(invoice) for invoice in bill.invoices],
        "total": bill.total,
        "balances": [
            {
                "id": balance.grant.id,
                "amount": balance.grant.amount,
                "left": balance.left,
                "unit": None if balance.grant.counts_units else balance.grant.unit,
                "expired": balance.expired,
                **_window(balance.grant.window),
            }
            for balance in bill.balances
        ],
        "notes": list(bill.notes),
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "type": invoice.kind,
        "issued_at": invoice.issued_at,
        "due_at": invoice.due_at,
        **(_window(invoice.period) if invoice.period is not None else {}),
        "unit": invoice.unit,
        "total": invoice.total,
        "lines": [_line(line) for line in invoice.lines],
        "notes": list(invoice.notes),
    }


def _line(line: Line) -> dict[str, Any]:
    """What does not concern the line is left out."""
    data: dict[str, Any] = {
        "type": line.kind,
        "name": line.label,
        "product": line.product or None,
        **_window(Window(line.starting_at, line.ending_before)),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "unit": line.unit,
        "amount": line.amount,
        "pricing_group_values": dict(line.pricing) or None,
        "presentation_group_values": dict(line.presentation) or None,
        "drawn": line.drawn if line.kind == "applied" else None,
        "balance": line.balance or None,
        "why": {
            field.name: _plain(value)
            for field in fields(line.why)
            if (value := getattr(line.why, field.name)) not in ("", None, False)
        }
        or None,
    }
    return {name: value for name, value in data.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Window):
        return _window(value)
    return list(value) if isinstance(value, tuple) else value


def _window(window: Window) -> dict[str, Any]:
    start, end = window
    return {"starting_at": start, "ending_before": end if end < FOREVER else None}
