"""Invoices of a customer, drafts and final ones, as the bill engine makes them (`sandbox.bill`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from pricebook.account.refusal import Refused
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import EXACT, plain
from pricebook.preview.invoice import Invoice, InvoiceLine
from pricebook.sandbox.account import AccountTransaction
from pricebook.sandbox.bill import BilledContract, bills
from pricebook.sandbox.call import Body, Call, paged
from pricebook.sandbox.shape import read_instant
from pricebook.sandbox.unit import unit, unit_id
from pricebook.sandbox.wire import known, stamp_at

_TYPES = {
    "composite": "usage",
    "true_up": "commit_purchase",
    "applied": "applied_commit_or_credit",
    "conversion": "cpu_conversion",
}
"""The vendor's words for our kinds of lines; what sets a total right to the cent is a `rounding` here."""


def list_invoices(call: Call) -> Body:
    """`GET customers/{customer_id}/invoices`: by date, filtered."""
    query, customer = call.query, call.path_id("customer_id")

    def fits(name: str, said: str) -> bool:
        return query.get(name, said).upper() == said.upper()

    found = [
        (billed, id_, invoice)
        for billed in bills(call.work, customer)
        for id_, invoice in billed.invoices
        if fits("contract_id", billed.contract.id)
        and fits("type", invoice.kind)
        and fits("status", status(invoice, call.work.at))
        and _instant(query, "starting_on", "")
        <= instant_text(invoice.period.starting_at if invoice.period is not None else invoice.issued_at)
        < _instant(query, "ending_before", "~")
    ]
    found.sort(key=lambda one: one[2].issued_at, reverse=query.get("sort") == "date_desc")
    shown = [show(call.work, *one, whole=not call.flag("skip_zero_qty_line_items")) for one in found]
    unit_id = query.get("credit_type_id")
    return paged(call, [one for one in shown if unit_id in (None, one["credit_type"]["id"])])


def get_invoice(call: Call) -> Body:
    """`GET customers/{customer_id}/invoices/{invoice_id}`. Raises Refused (404)."""
    customer, id_ = call.path_id("customer_id"), call.path_id("invoice_id")
    for billed in bills(call.work, customer):
        for each, invoice in billed.invoices:
            if each == id_:
                whole = not call.flag("skip_zero_qty_line_items")
                return {"data": show(call.work, billed, id_, invoice, whole=whole)}
    raise Refused(404, f"there is no invoice {id_} of the customer {customer}")


def preview_events(call: Call) -> Body:
    """`customers/{customer_id}/previewEvents`: the drafts as they were with these events, or with these alone."""
    customer = call.path_id("customer_id")
    events = []
    for index, event in enumerate(call.body["events"]):
        at = read_instant(event.get("timestamp", call.work.now))
        if at is None:
            raise Refused(400, f"events[{index}].timestamp must be an RFC 3339 timestamp")
        own = {"customer_id": customer, "timestamp": at}
        events.append({"transaction_id": str(uuid4()), "properties": {}, **event, **own})
    alone = call.body.get("mode", "replace") != "merge"
    whole = not call.body.get("skip_zero_qty_line_items", False)
    return {
        "data": [
            show(call.work, billed, id_, invoice, whole=whole)
            for billed in bills(call.work, customer, more=events, alone=alone)
            for id_, invoice in billed.invoices
            if status(invoice, call.work.at) == "DRAFT"
        ]
    }


def status(invoice: Invoice, now: datetime) -> str:
    """Final from its date on."""
    return "FINALIZED" if invoice.issued_at <= now else "DRAFT"


def show(work: AccountTransaction, billed: BilledContract, id_: str, invoice: Invoice, *, whole: bool = True) -> Body:
    """An invoice as it is read back, with or without the lines of nothing."""
    customer, contract = billed.contract.parent or "", billed.contract
    state = status(invoice, work.at)
    start, end = invoice.period or (invoice.issued_at, invoice.issued_at)
    return known(
        id=id_,
        customer_id=customer,
        customer_custom_fields=work.fields("customer", [customer])[customer],
        contract_id=contract.id,
        contract_custom_fields=work.fields("contract", [contract.id])[contract.id],
        type=invoice.kind.upper(),
        status=state,
        credit_type=unit(work, unit_id(invoice.unit), live=False),
        line_items=[_line(work, billed, line) for line in invoice.lines if whole or line.quantity != 0],
        start_timestamp=stamp_at(start),
        end_timestamp=stamp_at(end),
        issued_at=stamp_at(invoice.issued_at) if state == "FINALIZED" else None,
        net_payment_terms_days=billed.terms.net_payment_terms_days,
        subtotal=invoice.total,
        total=invoice.total,
    )


def _line(work: AccountTransaction, billed: BilledContract, line: InvoiceLine) -> Body:
    product = billed.catalog.products.get(line.product)
    why = line.why
    return known(
        type=_TYPES.get(line.kind, line.kind),
        name=line.label,
        credit_type=unit(work, unit_id(line.unit), live=False),
        total=line.amount,
        quantity=line.quantity,
        unit_price=line.unit_price,
        starting_at=stamp_at(line.starting_at),
        ending_before=stamp_at(line.ending_before),
        product_id=line.product or None,
        product_type=product.type if product is not None else None,
        product_tags=list(product.tags) if product is not None else None,
        product_custom_fields=work.fields("contract_product", [line.product])[line.product] if product else None,
        pricing_group_values=dict(line.pricing) or None,
        presentation_group_values=dict(line.presentation) or None,
        subscription_id=why.term if line.kind == "subscription" else None,
        is_prorated=bool(why.share) if line.kind == "subscription" else None,
        scheduled_charge_id=why.term if line.kind == "scheduled" else None,
        postpaid_commit={"id": why.term} if line.kind == "true_up" else None,
        tier=dict(_tier(line)) or None,
        **dict(_commit(billed, line)),
    )


def _commit(billed: BilledContract, line: InvoiceLine) -> Iterator[tuple[str, Any]]:
    """Which commit or credit a line is of: the one that it pays, or the one that is paid for."""
    if line.kind in ("commit_purchase", "true_up"):
        yield "commit_id", line.why.term
        yield "commit_type", "PostpaidCommit" if line.kind == "true_up" else "PrepaidCommit"
    grant = next((one.grant for one in billed.bill.balances if line.balance and one.grant.id == line.balance), None)
    if grant is not None:
        id_ = billed.balance_id(grant)
        yield "applied_commit_or_credit", {"id": id_, "type": grant.kind}
        yield "commit_id", id_
        yield "commit_segment_id", billed.segment_id(grant)
        yield "commit_type", "PostpaidCommit" if grant.kind == "POSTPAID" else "PrepaidCommit"


def _tier(line: InvoiceLine) -> Iterator[tuple[str, Any]]:
    if line.why.tier is not None:
        number, _, below, upto = line.why.tier
        yield "level", number
        yield "starting_at", plain(below)
        yield "size", plain(EXACT.subtract(upto, below)) if upto is not None else None


def _start(invoice: Invoice) -> str:
    return instant_text(invoice.period.starting_at if invoice.period is not None else invoice.issued_at)


def _instant(query: Any, name: str, otherwise: str) -> str:
    if name not in query:
        return otherwise
    found = read_instant(query[name])
    if found is None:
        raise Refused(400, f"{name} must be an RFC 3339 timestamp, not {query[name][:60]!r}")
    return found
