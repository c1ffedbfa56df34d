"""Commits and credits that are granted again every period."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, model_validator

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.commit import Balance
from pricebook.catalog.condition import Condition, Is, bars
from pricebook.catalog.field import Whole
from pricebook.catalog.model import Amount, Fraction, NonNegative, Number, RecurrenceFrequency, Short, UnitName, Upper
from pricebook.catalog.money import MONEY_PATTERN, parse_money
from pricebook.catalog.role import Link, Role
from pricebook.catalog.schedule import AccessType, unit_of_access
from pricebook.catalog.term import Duration, Key, Relative, RelativeDate, Rounding, counted
from pricebook.catalog.violation import Violation


def priced(text: str, scales: Mapping[str, Scale]) -> dict[str, Any] | None:
    """`$10.00` as a unit price in the pricing unit of its currency; None for a text that is no money."""
    money = parse_money(text)
    if money is None:
        return None
    units = [name for name, scale in scales.items() if scale.currency == money.currency]
    return {"unit_price": text, "credit_type": units[0] if len(units) == 1 else USD}


def _priced_once(text: str, scales: Mapping[str, Scale]) -> dict[str, Any] | None:
    fields = priced(text, scales)
    return {**fields, "quantity": 1} if fields is not None else None


class AccessAmount(Relative):
    """What is granted every period: unit price times quantity."""

    amounts: ClassVar[tuple[str, ...]] = ("unit_price",)

    unit_price: Amount
    """The amount per quantity, in the API unit of the pricing unit (cents for USD)."""
    quantity: NonNegative | None = None
    """How many; without a subscription_config it is 1 when not given, with one the subscription's quantity counts."""
    credit_type: UnitName = USD
    """The pricing unit of the amount."""
    access_type: AccessType = "SPEND"
    """SPEND deducts the cost of usage, QUANTITY the number of units used."""

    short: ClassVar[Short | None] = Short(MONEY_PATTERN, priced)

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """Units used are not money."""
        return unit_of_access(super().unit_for(path, data), data)


class InvoiceAmount(Relative):
    """What the customer is billed for each recurring commit: unit price times quantity."""

    amounts: ClassVar[tuple[str, ...]] = ("unit_price",)

    unit_price: Amount
    """The price of one, in the API unit of the pricing unit (cents for USD)."""
    quantity: NonNegative
    """How many."""
    credit_type: UnitName
    """The pricing unit of the price."""

    short: ClassVar[Short | None] = Short(MONEY_PATTERN, _priced_once)


class CommitDuration(Relative):
    """How long each granted balance can be used."""

    value: Annotated[Whole, Field(gt=0)]
    """How many periods, at least 1."""
    unit: Annotated[Literal["PERIODS"], Upper] = "PERIODS"
    """PERIODS, whose length is that of recurrence_frequency."""

    short: ClassVar[Short | None] = counted("PERIOD")


class SeatIncrease(Relative):
    """What happens to the balance when seats are added within a period."""

    is_prorated: bool
    """Whether the increase is prorated."""


class SubscriptionConfig(Relative):
    """Ties a recurring balance to the quantity of a subscription."""

    subscription: Annotated[Key, Link(("subscriptions",))]
    """The key of a subscription of this package."""
    apply_seat_increase_config: SeatIncrease
    """What happens when seats are added within a period."""
    allocation: Annotated[Literal["INDIVIDUAL", "POOLED"], Upper] | None = None
    """INDIVIDUAL: each seat has its own balance (the subscription is SEAT_BASED). POOLED: the account has one."""


class AccessRounding(Relative):
    """How prorated recurring credits are rounded."""

    access: Rounding | None = None
    """Rounding of the granted amount."""


class CommitRounding(AccessRounding):
    """How prorated recurring commits are rounded."""

    invoice: Rounding | None = None
    """Rounding of the billed amount."""


class RecurringCredit(Balance):
    """A credit that is granted every period."""

    access_amount: AccessAmount
    """What is granted every period."""
    priority: Annotated[Number, Role.PLAIN]
    """Of several applicable balances the one with the lower priority is used first."""
    starting_at_offset: Annotated[RelativeDate, Role.PLAIN]
    """When the first is granted, counted from the start of the contract."""
    commit_duration: CommitDuration
    """How long each can be used."""
    duration: Duration | None = None
    """For how long they are granted, counted from starting_at_offset; when not given, until the contract ends."""
    recurrence_frequency: RecurrenceFrequency | None = None
    """How often; when not given, with the usage invoice. DAILY: one per package, not on a SEAT_BASED subscription."""
    proration: Annotated[Literal["NONE", "FIRST", "LAST", "FIRST_AND_LAST"], Upper] = "FIRST_AND_LAST"
    """Which of the first and last are prorated."""
    proration_rounding: Annotated[AccessRounding | None, Role.PLAIN] = None
    """How prorated amounts are rounded."""
    rollover_fraction: Fraction | None = None
    """The fraction, 0..1, of what is unused that rolls over when a contract follows another."""
    subscription_config: SubscriptionConfig | None = None
    """Ties it to the quantity of a subscription."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        *Balance.conditions,
        bars(
            "proration_rounding",
            Is("proration", "NONE"),
            "{name} stands beside proration NONE: there is nothing to round",
            "remove it, or prorate the FIRST, the LAST or both",
            code="conflict",
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _default_quantity(cls, data: Any, info: ValidationInfo) -> Any:
        """One, as in the vendor's example of a package, unless a subscription's quantity counts."""
        amount = data.get("access_amount") if isinstance(data, Mapping) else None
        if isinstance(amount, str):
            amount = AccessAmount.spelled_out(amount.strip(), (info.context or {}).get("units") or {})
        if not isinstance(amount, Mapping) or amount.get("quantity") is not None or data.get("subscription_config"):
            return data
        return {**data, "access_amount": {**amount, "quantity": 1}}


class RecurringCommit(RecurringCredit):
    """A commit that is made every period."""

    invoice_amount: Annotated[InvoiceAmount | None, Role.CHARGES] = None
    """What the customer is billed for each; none means free."""
    proration_rounding: Annotated[CommitRounding | None, Role.PLAIN] = None
    """How prorated amounts are rounded."""
