"""Commits and credits that a contract starts with. Both are of a FIXED product."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.condition import Condition, Is, needs
from pricebook.catalog.model import CustomFields, FixedProduct, Fraction, Number, Text, Upper
from pricebook.catalog.money import plain
from pricebook.catalog.role import Role
from pricebook.catalog.schedule import AccessSchedule, InvoiceSchedule
from pricebook.catalog.specifier import Applicable
from pricebook.catalog.term import Term
from pricebook.catalog.violation import Violation


class Balance(Applicable, Term):
    """What every balance has: commits and credits, once or recurring."""

    product: FixedProduct
    """The FIXED product under which it stands on invoices."""
    name: Annotated[Text | None, Role.COSMETIC] = None
    """Displayed on invoices."""
    description: Annotated[Text | None, Role.COSMETIC] = None
    """Used only in the vendor's UI and API; not exposed to end customers."""


class Credit(Balance):
    """An amount given to the customer."""

    access_schedule: AccessSchedule
    """When which amount can be used."""
    priority: Annotated[Number | None, Role.PLAIN] = None
    """Of several applicable balances the one with the lower priority is used first."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""


class Commit(Balance):
    """An amount that the customer commits to: paid before (PREPAID), or trued up at the end (POSTPAID)."""

    type: Annotated[Literal["PREPAID", "POSTPAID"], Upper]
    """PREPAID or POSTPAID."""
    access_schedule: AccessSchedule
    """When which amount can be used; of a POSTPAID commit one item."""
    invoice_schedule: Annotated[InvoiceSchedule | None, Role.CHARGES] = None
    """When it is paid. POSTPAID: required, one item, the same total as the access schedule. PREPAID: none is free."""
    priority: Annotated[Number | None, Role.PLAIN] = None
    """Of several applicable balances the one with the lower priority is used first."""
    rollover_fraction: Fraction | None = None
    """The fraction, 0..1, of what is unused that rolls over."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        *Balance.conditions,
        needs("invoice_schedule", Is("type", "POSTPAID"), hint="say when the true-up invoice is generated"),
    )

    def rules(self) -> Iterator[Violation]:
        """A POSTPAID commit has one amount, and its true-up invoice is over the same amount."""
        if self.type != "POSTPAID":
            return
        access, invoice = self.access_schedule, self.invoice_schedule
        if len(access.schedule_items) > 1:
            message = f"a POSTPAID commit has one access item, not {len(access.schedule_items)}"
            yield Violation("postpaid-items", message, ("access_schedule", "schedule_items"), "make one commit of each")
        if invoice is None:
            return
        if len(invoice.schedule_items) > 1:
            message = f"a POSTPAID commit has one invoice item, not {len(invoice.schedule_items)}"
            yield Violation("postpaid-items", message, ("invoice_schedule", "schedule_items"), "keep the true-up only")
        granted, charged = access.schedule_items[0].amount, invoice.schedule_items[0].total
        comparable = access.credit_type == invoice.credit_type and access.access_type == "SPEND"
        if len(access.schedule_items) == len(invoice.schedule_items) == 1 and comparable and granted != charged:
            message = f"the invoice's total {plain(charged)} is not the {plain(granted)} of the access schedule"
            hint = "in a POSTPAID commit unit_price times quantity is the amount"
            yield Violation("postpaid-total", message, ("invoice_schedule",), hint)
