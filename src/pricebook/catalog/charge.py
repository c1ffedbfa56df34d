"""Charges at points in time, outside of usage."""

from typing import Annotated

from pydantic import Field

from pricebook.catalog.model import CustomFields, ProductName, Text
from pricebook.catalog.role import Role
from pricebook.catalog.schedule import ChargeSchedule
from pricebook.catalog.term import Term


class ScheduledCharge(Term):
    """A charge at points in time, such as a set-up fee."""

    product: ProductName
    """The product under which it stands on invoices."""
    schedule: ChargeSchedule
    """When how much is charged."""
    name: Annotated[Text | None, Role.COSMETIC] = None
    """Displayed on invoices."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""
