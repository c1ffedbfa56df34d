"""When usage is invoiced."""

from typing import Annotated, Literal

from pricebook.catalog.model import Frequency, Upper
from pricebook.catalog.term import Relative, RelativeDate


class UsageStatementSchedule(Relative):
    """When usage is invoiced."""

    frequency: Frequency
    """WEEKLY, MONTHLY, QUARTERLY or ANNUAL."""
    day: Annotated[Literal["FIRST_OF_MONTH", "CONTRACT_START", "CUSTOM_DATE"], Upper] = "FIRST_OF_MONTH"
    """The day on which a period starts: FIRST_OF_MONTH, CONTRACT_START or CUSTOM_DATE."""
    invoice_generation_starting_at_offset: RelativeDate | None = None
    """When invoices start to be generated, counted from the start of the contract; when not given, with it. Used when
    earlier invoices are imported."""
