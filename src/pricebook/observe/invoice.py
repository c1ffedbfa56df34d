"""The vendor's invoices, as an account shows them or an export has them, in our words.

Amounts are in the API unit of their pricing unit, as everywhere. Products and units that are ours have our names,
others their own. What is drawn from a POSTPAID commit stands on a line of its own that counts nothing ("not included in
the invoice's total", SDK `LineItem.type`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pricebook.catalog.amount import USD, USD_ID
from pricebook.catalog.instant import read_bound, read_moment
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import ValuePairs, sorted_values

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError)
"""What `read_invoice` raises of what is no invoice."""

_KINDS = {"applied_commit_or_credit": "applied", "cpu_conversion": "conversion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorLine:
    """A line: of which sort (as `catalog.line`, or the vendor's word), for which product and group values. `product`
    is empty where it is for none."""

    kind: str
    product: str
    name: str
    values: ValuePairs
    unit: str
    amount: Decimal
    quantity: Decimal | None
    unit_price: Decimal | None
    starting_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorInvoice:
    """An invoice of a contract. `kind` is USAGE or SCHEDULED, `at` the start of its period or when it is issued."""

    id: str
    customer: str
    contract: str
    kind: str
    status: str
    at: datetime
    unit: str
    total: Decimal
    lines: tuple[VendorLine, ...]


def read_invoice(item: Any, refs: Mapping[str, Ref], composites: frozenset[str]) -> VendorInvoice | None:
    """The invoice of one object of the vendor's lists; None for one that is no contract's. `refs` are our objects by
    the account's ids, `composites` the names of our composite products. Raises one of UNREADABLE."""
    contract = item.get("contract_id")
    if not contract:
        return None
    kind, start, issued = str(item["type"]).upper(), item.get("start_timestamp"), item.get("issued_at")
    return VendorInvoice(
        id=str(item["id"]),
        customer=str(item["customer_id"]),
        contract=str(contract),
        kind=kind,
        status=str(item["status"]).upper(),
        at=read_moment(start if kind == "USAGE" and start else issued or start),
        unit=_unit(item["credit_type"], refs),
        total=_number(item["total"]),
        lines=tuple(_line(line, refs, composites) for line in item["line_items"]),
    )


def _line(line: Any, refs: Mapping[str, Ref], composites: frozenset[str]) -> VendorLine:
    id_ = line.get("product_id") or ""
    ref = refs.get(id_)
    product = ref.name if ref is not None and ref.kind is Kind.PRODUCT else id_
    kind = str(line["type"]).lower()
    if kind == "usage" and product in composites:
        kind = "composite"
    if line.get("postpaid_commit") is not None:
        kind = "true_up"
    counted = (line.get("applied_commit_or_credit") or {}).get("type") == "POSTPAID" and kind != "true_up"
    values = {**(line.get("presentation_group_values") or {}), **(line.get("pricing_group_values") or {})}
    start = line.get("starting_at")
    return VendorLine(
        kind=_KINDS.get(kind, kind),
        product=product,
        name=str(line["name"]),
        values=sorted_values((str(k), str(v)) for k, v in values.items() if v is not None),
        unit=_unit(line["credit_type"], refs),
        amount=Decimal(0) if kind == "applied_commit_or_credit" and counted else _number(line["total"]),
        quantity=_number(line["quantity"]) if line.get("quantity") is not None else None,
        unit_price=_number(line["unit_price"]) if line.get("unit_price") is not None else None,
        starting_at=read_bound(start),
    )


def _unit(credit_type: Any, refs: Mapping[str, Ref]) -> str:
    id_ = credit_type["id"]
    ref = refs.get(id_)
    return USD if id_ == USD_ID else ref.name if ref is not None else str(credit_type.get("name") or id_)


def _number(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(value)
    return number
