"""`BillView`: the invoices of a contract as people and programs read them, the one value that all formats draw.

Numbers are exact; amounts are formatted once, beside them (`view.billing`). Text is as it came: whoever draws it
escapes it. Every line says in words why it says what it says: the rate and since when it holds, the override, the
tier, the conversion, the balance that pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, NamedTuple

from pricebook.preview.assumption import Assumption
from pricebook.preview.invoice import Bill, Why
from pricebook.preview.terms import ContractTerms
from pricebook.view.bill_terms import TermView
from pricebook.view.impact import EventsView
from pricebook.view.plain import hidden, optional
from pricebook.view.price import Units
from pricebook.view.words import counted


class Reason(NamedTuple):
    """One thing that a line comes from. `lead` and `text` read as one; `about` is its heading where there is room."""

    about: str
    lead: str
    text: str

    def __str__(self) -> str:
        """`rate since 2025-04-01`."""
        return f"{self.lead} {self.text}" if self.lead else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line: what it is and its amount; in words its arithmetic (`3 × $2.50`), its reasons, and what it rests on that
    no source states. What does not concern the line is left out."""

    type: str
    name: str
    starting_at: datetime
    ending_before: datetime
    unit: str
    amount: Decimal
    product: str | None = optional()
    quantity: Decimal | None = optional()
    unit_price: Decimal | None = optional()
    pricing_group_values: Mapping[str, str] | None = optional()
    presentation_group_values: Mapping[str, str] | None = optional()
    drawn: Decimal | None = optional()
    balance: str | None = optional()
    why: Why | None = optional()
    groups: tuple[str, ...] = hidden()
    arithmetic: str = hidden()
    amount_words: str = hidden()
    reasons: tuple[Reason, ...] = hidden()
    assumed: tuple[Assumption, ...] = hidden()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceView:
    """An invoice: when it is issued, what it is of (`usage of 2025-10-01 to 2025-11-01`) and when it is due, if that is
    said. `so_far` is the sum of all invoices up to this one."""

    type: str
    issued_at: datetime
    due_at: datetime | None
    starting_at: datetime | None = optional()
    ending_before: datetime | None = optional()
    unit: str
    total: Decimal
    lines: tuple[LineView, ...]
    notes: tuple[str, ...]
    issued: str = hidden()
    what: str = hidden()
    due: str = hidden()
    total_words: str = hidden()
    so_far: str = hidden()

    @property
    def title(self) -> str:
        """`2025-11-01 · usage of 2025-10-01 to 2025-11-01 · due 2025-11-16`."""
        return " · ".join([self.issued, self.what, *([f"due {self.due}"] if self.due else [])])


class BalanceView(NamedTuple):
    """A balance at the end of a bill: what was granted and what is left, in `unit`; None: it counts units used."""

    id: str
    amount: Decimal
    left: Decimal
    unit: str | None
    expired: bool
    starting_at: datetime
    ending_before: datetime


class TotalPart(NamedTuple):
    """What of the total is of one kind and name."""

    kind: str
    name: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillView:
    """A bill. `notes` say what is not billed or not modelled. In words: `parts` add up to the total, `open_balances`
    are those with something left, or used up, and `assumptions` are all that its lines and dates rest on."""

    invoices: tuple[InvoiceView, ...]
    total: Decimal
    balances: tuple[BalanceView, ...]
    notes: tuple[str, ...]
    title: str = hidden()
    subtitle: str = hidden()
    terms: tuple[TermView, ...] = hidden()
    total_words: str = hidden()
    parts: tuple[TotalPart, ...] = hidden()
    balance_words: tuple[str, ...] = hidden()
    assumptions: tuple[Assumption, ...] = hidden()

    @property
    def sentence(self) -> str:
        """`3 invoices, $32.50 in all`."""
        return f"{counted(len(self.invoices), 'invoice')}, {self.total_words} in all"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBillView(BillView):
    """The bill of a customer, with the terms of the contract; `customer` is None where the usage names none. Pictures
    are drawn of `contract` and `bill`, by `units` and the `names` of products."""

    customer: str | None
    starting_at: datetime
    ending_before: datetime
    terms: tuple[TermView, ...]
    assumptions: tuple[Assumption, ...]
    contract: ContractTerms = hidden()
    bill: Bill = hidden()
    units: Units = hidden()
    names: Mapping[str, str] = hidden()


@dataclass(frozen=True, slots=True)
class BillsView:
    """The bills of the customers of a package, and what became of the events where some were counted. `source` says by
    which prices they are, `lost` what of the events is on none of them."""

    answer: ClassVar[str] = "bills"
    package: str
    bills: tuple[CustomerBillView, ...]
    events: EventsView | None = optional()
    source: str | None = optional()
    lost: tuple[str, ...] = hidden(default=())
