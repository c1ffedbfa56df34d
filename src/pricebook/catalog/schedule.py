"""Schedules that count from the start of a contract: when a balance can be used, and when something is charged."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.amount import USD
from pricebook.catalog.field import NonEmpty
from pricebook.catalog.model import Amount, CustomFields, NonNegative, ProductName, Text, UnitName, Upper
from pricebook.catalog.money import EXACT
from pricebook.catalog.role import Role
from pricebook.catalog.term import Duration, Relative, RelativeDate, Term
from pricebook.catalog.violation import Violation

AccessType = Annotated[Literal["SPEND", "QUANTITY"], Upper]
"""How a balance is drawn down: SPEND deducts the cost of usage, QUANTITY the number of units used."""

_UNITS_USED = Violation(
    "not-money", "with access_type QUANTITY it is a number of units used", (), "write a plain number"
)


def unit_of_access(unit: str | Violation, data: Mapping[str, Any]) -> str | Violation:
    """The pricing unit of a granted amount; one of access_type QUANTITY is not money."""
    access = data.get("access_type")
    return _UNITS_USED if isinstance(access, str) and access.upper() == "QUANTITY" else unit


class AccessItem(Relative):
    """An amount that can be used for a time."""

    amount: Amount
    """How much, in the API unit of the schedule's pricing unit (cents for USD)."""
    starting_at_offset: Annotated[RelativeDate, Role.PLAIN]
    """When it can be used from, counted from the start of the contract."""
    duration: Duration
    """For how long."""


class AccessSchedule(Relative):
    """When the amounts of a commit or credit can be used."""

    amounts: ClassVar[tuple[str, ...]] = ("schedule_items.*.amount",)

    schedule_items: NonEmpty[AccessItem]
    """The amounts; a POSTPAID commit has exactly one."""
    access_type: AccessType = "SPEND"
    """SPEND deducts the cost of usage, QUANTITY the number of units used."""
    credit_type: UnitName = USD
    """The pricing unit of the amounts."""

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """Units used are not money."""
        return unit_of_access(super().unit_for(path, data), data)


class ChargeItem(Relative):
    """A charge at a point in time: unit price times quantity."""

    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {
        **Relative.forbidden,
        "amount": ("in a package a charge is a unit price times a quantity", "use unit_price and quantity"),
    }

    unit_price: Amount
    """Price of one, in the API unit of the schedule's pricing unit (cents for USD)."""
    quantity: NonNegative
    """How many; multiplied by unit_price."""
    date_offset: Annotated[RelativeDate, Role.PLAIN]
    """When, counted from the start of the contract."""

    @property
    def total(self) -> Decimal:
        """What is charged, in the API unit."""
        return EXACT.multiply(self.unit_price, self.quantity)


class ChargeSchedule(Relative):
    """When something is charged."""

    amounts: ClassVar[tuple[str, ...]] = ("schedule_items.*.unit_price",)

    schedule_items: NonEmpty[ChargeItem]
    """The charges."""
    credit_type: UnitName = USD
    """The pricing unit of the prices."""


class InvoiceSchedule(ChargeSchedule):
    """When a commit is paid for."""

    do_not_invoice: bool = False
    """True: no invoice is generated from this schedule."""


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
