"""What a bill rests on that no source states: each assumption by a name, with its words, and the lines that need it.

The rules themselves stand where they are kept, marked `[assumed]`; docs/bills.md has them all with their sources. Here
is said which of them a line would look different without, so that a reader can judge an amount.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pricebook.preview.invoice import Invoice, InvoiceLine
from pricebook.preview.terms import ContractTerms

_LAST_SAFE_DAY = 28


class Assumption(NamedTuple):
    """A rule that no source states. `chapter` is its heading in docs/bills.md."""

    code: str
    words: str
    chapter: str


MONTH_ENDS = Assumption(
    "month-ends", "Months clamp at their ends, counted from the anchor: January 31, February 28.", "Terms in dates"
)
LONG_STATEMENTS = Assumption(
    "statement-cycle",
    "Annual statements are calendar years, weeks count from the first of the contract's first month.",
    "Statements and invoices",
)
FEE_APART = Assumption(
    "fee-apart",
    "A fee stands on the usage invoice that ends on its date, and where none does on an invoice of its own.",
    "Statements and invoices",
)
TIERS_GO_ON = Assumption(
    "tiers-go-on", "When a price changes within a statement period, the quantity in its tiers goes on.", "Prices"
)
LINE_BY_LINE = Assumption("line-by-line", "Rounding counts for each combination of group values by itself.", "Prices")
CONVERT_FIRST = Assumption("convert-first", "A quantity is converted first and then rounded.", "Prices")
WHOLE_MINIMUM = Assumption("whole-minimum", "The minimum of a composite charge is not prorated.", "Prices")
HALF_UP_FEES = Assumption(
    "prorated-fee", "Part of a period costs its share of the days, half up to the cent unless the term says.", "Fees"
)
PAID_IN_ORDER = Assumption(
    "paid-in-order",
    "A fee counts at the start of the time that it is for; what is charged within a statement comes after the usage "
    "until then, and a balance without priority after those with one.",
    "Commits and credits",
)
BILLED_AT_START = Assumption(
    "billed-at-start", "A recurring commit is billed at the start of each of its periods.", "Commits and credits"
)
ROLLED_OVER = Assumption(
    "rolled-over", "What rolls over is open as long as the contract that follows lasts.", "Commits and credits"
)
CONVERTED = Assumption(
    "converted-rest",
    "What is left in a custom unit is converted at the end of the period, and fiat balances that are open then pay.",
    "Commits and credits",
)
HALF_UP = Assumption("half-up", "What a sum has below the cent is rounded half up, once for each invoice.", "Rounding")

ASSUMPTIONS = tuple(one for one in tuple(globals().values()) if isinstance(one, Assumption))
"""All of them, in the order of docs/bills.md."""


def assumed_of_terms(terms: ContractTerms) -> Iterator[Assumption]:
    """What the dates of a contract rest on."""
    if terms.starting_at.day > _LAST_SAFE_DAY or terms.statement.anchor.day > _LAST_SAFE_DAY:
        yield MONTH_ENDS
    if terms.statement.frequency in ("ANNUAL", "WEEKLY") and terms.statement.anchor != terms.starting_at:
        yield LONG_STATEMENTS


def assumed_of_line(line: InvoiceLine, invoice: Invoice) -> Iterator[Assumption]:
    """What a line of the invoice rests on."""
    why = line.why
    match line.kind:
        case "subscription" if invoice.kind == "scheduled":
            yield FEE_APART
        case "applied":
            yield PAID_IN_ORDER
            if line.balance.endswith(" rolled over"):
                yield ROLLED_OVER
        case "conversion":
            yield CONVERTED
        case "rounding":
            yield HALF_UP
        case "commit_purchase" if why.term.startswith("recurring_commits["):
            yield BILLED_AT_START
    if why.tier is not None:
        yield TIERS_GO_ON
    if why.rounding and (line.pricing or line.presentation):
        yield LINE_BY_LINE
    if why.conversion is not None and why.rounding:
        yield CONVERT_FIRST
    if why.minimum is not None:
        yield WHOLE_MINIMUM
    if why.share:
        yield HALF_UP_FEES
