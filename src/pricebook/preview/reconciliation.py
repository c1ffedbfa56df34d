"""Our bill of a contract against the vendor's invoices of the same month, line by line.

Lines are compared by what they are for: their sort, product and group values, those of one month added up. A difference
is *explained* where something is known that makes it, and by that alone; everything else is not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.money import plain
from pricebook.catalog.product import Product
from pricebook.catalog.usage import Quantity, ValuePairs, sorted_values
from pricebook.observe.invoice import VendorInvoice, VendorLine
from pricebook.preview.invoice import Bill, Invoice, InvoiceLine
from pricebook.preview.price import EXACT, ZERO, summed
from pricebook.preview.proration import places_of
from pricebook.preview.terms import ContractTerms

NEAR = Decimal("1e-6")
"""Amounts in the API unit that differ by less are the same: the vendor's come through JSON numbers."""


class LineVerdict(StrEnum):
    """What is to be said of a line."""

    EQUAL = "equal"
    EXPLAINED = "explained"
    OPEN = "not explained"


class LineKey(NamedTuple):
    """What a line is for."""

    kind: str
    product: str
    values: ValuePairs
    unit: str


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line on both sides; None where it is on one only. `why` explains a difference, or says what it is."""

    key: LineKey
    name: str
    ours: Decimal | None
    theirs: Decimal | None
    verdict: LineVerdict
    why: str = ""

    @property
    def money(self) -> Decimal:
        """How much is at stake: the greater side."""
        return max(abs(self.ours or ZERO), abs(self.theirs or ZERO))


class _Side(NamedTuple):
    name: str
    amount: Decimal
    quantity: Decimal
    prices: frozenset[Decimal]


@dataclass(frozen=True, slots=True)
class OurMonth:
    """What we would have billed. `sold` are the products of the terms' fees, charges and balances; `earlier` whether a
    balance is older than the month, of which nobody but the vendor knows what was left."""

    invoices: tuple[Invoice, ...]
    sold: frozenset[str]
    earlier: bool


def our_month(terms: ContractTerms, made: Bill, start: datetime, end: datetime) -> OurMonth:
    """What of our bill is of a time: usage by the start of its period, everything else by its date."""
    sold = {s.term.subscription_rate.product for s in terms.subscriptions} | {c.product for c in terms.charges}
    sold |= {grant.term.product for grant in terms.grants} | {one.term.product for one in terms.recurrences}
    found = ((i.period.starting_at if i.period is not None else i.issued_at, i) for i in made.invoices)
    earlier = any(b.grant.window.starting_at < start and b.grant.window.ending_before > start for b in made.balances)
    return OurMonth(tuple(i for at, i in found if start <= at < end), frozenset(sold), earlier)


def quantities_of(invoices: Iterable[VendorInvoice], products: Mapping[str, Product]) -> Iterator[Quantity]:
    """The usage that the invoices are about, as it was before the product's conversion. What was rounded stays so."""
    for line in (line for invoice in invoices for line in invoice.lines):
        product = products.get(line.product)
        if line.kind == "usage" and product is not None and line.quantity and line.starting_at is not None:
            yield Quantity(line.product, line.values, line.starting_at, _metered(line.quantity, product))


def _metered(quantity: Decimal, product: Product) -> Decimal:
    conversion = product.quantity_conversion
    if conversion is None:
        return quantity
    operate = EXACT.divide if conversion.operation == "MULTIPLY" else EXACT.multiply
    return operate(quantity, conversion.conversion_factor)


def compare(
    ours: OurMonth | None, theirs: Iterable[VendorInvoice], scales: Mapping[str, Scale]
) -> tuple[ComparedLine, ...]:
    """The lines of a contract on both sides, by what they are for; without ours nothing is explained."""
    left = _ours(ours.invoices) if ours is not None else {}
    right = _theirs(line for invoice in theirs for line in invoice.lines)
    found = []
    for key in sorted({*left, *right}):
        a, b = left.get(key), right.get(key)
        smallest = Decimal(1).scaleb(-places_of(scales.get(key.unit)))
        verdict, why = _judged(key, a, b, ours, smallest) if ours is not None else (LineVerdict.OPEN, "")
        name = (b or a or _NOTHING).name
        found.append(ComparedLine(key, name, a.amount if a else None, b.amount if b else None, verdict, why))
    return tuple(found)


_NOTHING = _Side("", ZERO, ZERO, frozenset())


def _judged(
    key: LineKey, a: _Side | None, b: _Side | None, month: OurMonth, smallest: Decimal
) -> tuple[LineVerdict, str]:
    ours, theirs = a or _NOTHING, b or _NOTHING
    off = EXACT.subtract(theirs.amount, ours.amount)
    if abs(off) < NEAR:
        return LineVerdict.EQUAL, ""
    if abs(off) < smallest or key.kind == "rounding":
        return LineVerdict.EXPLAINED, "rounding: less than the smallest amount that can be paid"
    if "tax" in key.kind:
        return LineVerdict.EXPLAINED, "tax: bills here have none"
    if key.kind == "applied" and month.earlier:
        return LineVerdict.EXPLAINED, "what was left of a balance that is older than the month is not known"
    charged = key.kind in ("subscription", "scheduled", "commit_purchase", "true_up")
    if charged and a is None and key.product not in month.sold:
        return LineVerdict.EXPLAINED, "an edit of the contract: its package has no such term"
    if a is None or b is None:
        return LineVerdict.OPEN, "the vendor has no such line" if b is None else "our bill has no such line"
    if key.kind == "subscription" and a.prices == b.prices:
        return LineVerdict.EXPLAINED, f"an edit of the contract: {_quantities(a, b)}"
    if a.quantity != b.quantity:
        return LineVerdict.OPEN, _quantities(a, b)
    return LineVerdict.OPEN, "the price differs" if a.prices != b.prices else "the amount differs"


def _quantities(a: _Side, b: _Side) -> str:
    return f"quantity {plain(b.quantity)}, ours {plain(a.quantity)}"


def _ours(invoices: Iterable[Invoice]) -> dict[LineKey, _Side]:
    found: dict[LineKey, list[_Side]] = {}
    for line in (line for invoice in invoices for line in invoice.lines):
        values = sorted_values((*line.pricing, *line.presentation))
        key = _key(line.kind, line.product, values, line.unit, line.starting_at)
        found.setdefault(key, []).append(_side(line.label, line))
    return {key: _added(sides) for key, sides in found.items()}


def _theirs(lines: Iterable[VendorLine]) -> dict[LineKey, _Side]:
    found: dict[LineKey, list[_Side]] = {}
    for line in lines:
        key = _key(line.kind, line.product, line.values, line.unit, line.starting_at)
        found.setdefault(key, []).append(_side(line.name, line))
    return {key: _added(sides) for key, sides in found.items()}


def _side(name: str, line: InvoiceLine | VendorLine) -> _Side:
    prices = frozenset(price for price in (line.unit_price,) if price is not None)
    return _Side(name, line.amount, line.quantity or ZERO, prices)


def _key(kind: str, product: str, values: ValuePairs, unit: str, at: datetime | None) -> LineKey:
    """What pays is compared as a whole: which line of an invoice a balance pays is a matter of its order. A fee is told
    by its period too."""
    if kind in ("applied", "conversion", "rounding"):
        return LineKey(kind, "", (), unit)
    if kind == "subscription" and at is not None:
        values = (("from", f"{at:%Y-%m-%d}"),)
    return LineKey(kind, product, values, unit)


def _added(sides: list[_Side]) -> _Side:
    prices = frozenset(price for side in sides for price in side.prices)
    return _Side(sides[0].name, summed(s.amount for s in sides), summed(s.quantity for s in sides), prices)
