"""Invoices and their lines. Amounts are in the API unit of their pricing unit (cents for USD), exact.

The rule they keep: an invoice's total is the sum of its lines to the last digit. Lines are not rounded; what the sum
has below the cent is a line of its own, of kind `rounding` (half up [assumed]: no source states where the vendor
rounds).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from pricebook.catalog.line import LineKind
from pricebook.catalog.terms import Curve
from pricebook.catalog.usage import ValuePairs
from pricebook.preview.price import ZERO, summed
from pricebook.preview.terms import Grant, Window


@dataclass(frozen=True, slots=True)
class Why:
    """Where a line comes from. What does not concern it is empty, and documents leave it out."""

    sparse: ClassVar[bool] = True
    term: str = ""
    """The term of the package: `subscriptions[fee]`."""
    segment: Window | None = None
    """The time of the card's rate."""
    rate_type: str = ""
    list_price: Decimal | None = None
    """The card's price, where an override says another."""
    override: str = ""
    override_type: str = ""
    factor: Decimal | None = None
    """What the list price was multiplied by."""
    commit_rate: bool = False
    """The price is the card's commit rate."""
    drawn_from: str = ""
    """The price holds because the usage is drawn from this balance."""
    tier: tuple[int, int, Decimal, Decimal | None] | None = None
    """Number of the tier, how many there are, and the quantities between which it lies."""
    metered: Decimal | None = None
    """The quantity before conversion and rounding."""
    conversion: tuple[str, Decimal] | None = None
    """MULTIPLY or DIVIDE, and by what."""
    rounding: str = ""
    share: str = ""
    """The part of the period: `17/31 days`."""
    base: Decimal | None = None
    """The spend that a percentage is of."""
    minimum: Decimal | None = None
    """The least that is charged, where it was more than the percentage."""
    left: tuple[Decimal, Decimal] | None = None
    """A balance before and after."""
    note: str = ""

    def in_tier(self, steps: Curve, number: int) -> "Why":
        """The same, of what falls into one of several tiers; `number` counts from 1."""
        if len(steps) == 1:
            return self
        below = steps[number - 2].upto or ZERO if number > 1 else ZERO
        return replace(self, tier=(number, len(steps), below, steps[number - 1].upto))


NO_REASON = Why()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line. `amount` counts towards the total; what is drawn from a POSTPAID commit does not ("the total on the
    line item is not included in the invoice's total", API), so its line has amount 0 and says it in `drawn`."""

    kind: LineKind
    product: str
    label: str
    starting_at: datetime
    ending_before: datetime
    unit: str
    amount: Decimal
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    pricing: ValuePairs = ()
    presentation: ValuePairs = ()
    drawn: Decimal = ZERO
    balance: str = ""
    """Of an applied line: the balance that pays."""
    why: Why = NO_REASON


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What is due on a date. A usage invoice covers a statement period and is issued at its end; a scheduled one has
    none. `due_at` is net_payment_terms_days after the issue ("Number of days after issuance of invoice after which the
    invoice is due", API), None where the package says nothing."""

    kind: Literal["usage", "scheduled"]
    issued_at: datetime
    due_at: datetime | None
    period: Window | None
    unit: str
    lines: tuple[InvoiceLine, ...]
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of the lines in the fiat unit; lines in custom units are converted by a line of their own."""
        return summed(line.amount for line in self.lines if line.unit == self.unit)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is left after a bill: until when invoices were issued, what was drawn from which balance, and balances that
    were brought along from an earlier contract."""

    through: datetime | None = None
    drawn: Mapping[str, Decimal] = field(default_factory=dict)
    brought: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosingBalance:
    """A balance as it stands at the end of a bill."""

    grant: Grant
    left: Decimal
    expired: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """The invoices of one contract up to an instant. `notes` say what is not billed or not modelled."""

    invoices: tuple[Invoice, ...]
    balances: tuple[ClosingBalance, ...]
    closing: Ledger
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of all invoices."""
        return summed(invoice.total for invoice in self.invoices)
