"""Scenarios: price tests. What a contract on a package is billed for some usage, beside the prices themselves.

A scenario is no part of a price list: it goes to no store, no plan sees it, and it moves nobody's bill.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.amount import USD
from pricebook.catalog.calendar import later
from pricebook.catalog.condition import Condition, Given, Not, bars, needs
from pricebook.catalog.field import Texts, Whole
from pricebook.catalog.line import LineKind
from pricebook.catalog.model import (
    CustomFields,
    GroupValues,
    Instant,
    Lower,
    Model,
    NonNegative,
    Noun,
    Number,
    PackageName,
    ProductName,
    RecurrenceFrequency,
    Sum,
    Text,
    UnitName,
    Upper,
)
from pricebook.catalog.reference import Kind, Reference
from pricebook.catalog.usage import Quantity, SeatChange, sorted_values
from pricebook.catalog.violation import Violation

NotificationName = Annotated[str, Reference(Kind.THRESHOLD_NOTIFICATION)]
OffsetNotificationName = Annotated[str, Reference(Kind.OFFSET_NOTIFICATION)]

MOST = 10_000
"""Repetitions of one entry of usage, a bound on hostile input."""


class ScenarioUsage(Model):
    """A quantity that was used, once or again and again."""

    product: ProductName
    """A USAGE product."""
    at: Instant
    """When; its price is that of this instant."""
    quantity: Number
    """How much, as its metric counts: before the product's quantity conversion."""
    group_values: GroupValues = Field(default_factory=dict)
    """The values of the product's pricing and presentation group keys."""
    every: RecurrenceFrequency | None = None
    """How often it is used again; beside times."""
    times: Annotated[Whole, Field(gt=0, le=MOST)] = 1
    """How many times in all; beside every."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars(
            "times",
            Not(Given("every")),
            "every is required beside times",
            "DAILY, WEEKLY, MONTHLY, QUARTERLY or ANNUAL",
            code="missing-field",
            at="every",
        ),
        needs("times", Given("every"), "{name} is required beside every", "say how many times in all"),
    )

    def quantities(self) -> Iterator[Quantity]:
        """The quantities that it stands for."""
        values = sorted_values(self.group_values.items())
        for index in range(self.times):
            at = later(self.at, index, self.every) if self.every is not None else self.at
            yield Quantity(self.product, values, at, self.quantity)


class ScenarioSeats(Model):
    """From an instant on a subscription has another quantity."""

    subscription: Text
    """The key of a subscription of the package; of one without key, its product and frequency: `seat MONTHLY`."""
    at: Instant
    """From when on."""
    quantity: NonNegative | None = None
    """How many; when not given, as many as seats are named."""
    seats: Texts | None = None
    """The seats by name, all of them, for balances that belong to each; of an empty list there are none."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("quantity seats", message="{name} is required", hint="or name the seats, under seats"),
    )

    def change(self) -> SeatChange:
        """The same as a plain value."""
        names = self.seats or ()
        count = self.quantity if self.quantity is not None else Decimal(len(names))
        return SeatChange(self.subscription, self.at, count, names)


class ExpectedLine(Model):
    """A line of an invoice. Only what is given is compared."""

    amounts: ClassVar[tuple[str, ...]] = ("amount",)

    type: Annotated[LineKind, Lower]
    """usage, composite, subscription, scheduled, commit_purchase, true_up, applied (a balance that pays), conversion
    (of a custom unit) or rounding (to the cent)."""
    amount: Sum
    """What it adds to the total, in the API unit of credit_type; less than zero where a balance pays."""
    product: ProductName | None = None
    """The product."""
    quantity: Number | None = None
    """How much, as it is priced: after the product's quantity conversion."""
    group_values: GroupValues = Field(default_factory=dict)
    """Values of group keys."""
    balance: Text | None = None
    """Of type applied: which balance pays, such as `recurring_credits[sign-up] 1`."""
    credit_type: UnitName = USD
    """The pricing unit of the amount."""


class ExpectedInvoice(Model):
    """An invoice. Only what is given is compared; of lines all, in their order."""

    amounts: ClassVar[tuple[str, ...]] = ("total",)

    issued_at: Instant
    """When it is issued."""
    type: Annotated[Literal["USAGE", "SCHEDULED"], Upper] | None = None
    """USAGE, at the end of a statement period, or SCHEDULED."""
    due_at: Instant | None = None
    """When it is due."""
    total: Sum
    """The sum of its lines, in the API unit of credit_type."""
    lines: tuple[ExpectedLine, ...] | None = None
    """Its lines; when not given, the total is enough."""
    credit_type: UnitName = USD
    """The fiat unit of the total."""


class ExpectedNotification(Model):
    """A message that the vendor sends about the contract's customer."""

    notification: NotificationName | None = None
    """The threshold notification; or use offset_notification."""
    offset_notification: OffsetNotificationName | None = None
    """The offset notification."""
    at: Instant
    """On which day; the hour makes no difference."""
    part: Text | None = None
    """Which part, where a notification watches several: `user_id=u1`, or `usage 2025-12-01` of invoices."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("notification offset_notification", hint="name a notification"),
        bars("offset_notification", Given("notification"), "{name} stands beside notification; a message is of one"),
    )


class Expectation(Model):
    """What should come out."""

    amounts: ClassVar[tuple[str, ...]] = ("total",)

    invoices: tuple[ExpectedInvoice, ...] | None = None
    """Every invoice, in order of time; when not given, the total is enough."""
    total: Sum | None = None
    """The sum of all invoices, in the API unit of credit_type."""
    notifications: tuple[ExpectedNotification, ...] | None = None
    """Every message about the customer, in order of time; when not given, none is looked at."""
    credit_type: UnitName = USD
    """The fiat unit of the total."""


class Scenario(Noun):
    """A price test: a contract on a package, what its customer uses, and the invoices that should come of it."""

    kind = Kind.SCENARIO

    description: Text | None = None
    """What it shows."""
    package: PackageName | None = None
    """The package, by our name; or use package_alias."""
    package_alias: Text | None = None
    """An alias of a package, looked up as of the contract's start."""
    starting_at: Instant
    """When the contract starts."""
    months: Annotated[Whole, Field(gt=0, le=1200)] | None = None
    """For how many months it is billed; or use until."""
    until: Instant | None = None
    """Until when it is billed: invoices that are issued then are still there."""
    billing_anchor_date: Instant | None = None
    """The contract's billing anchor, for packages whose usage statements are on a CUSTOM_DATE."""
    usage: tuple[ScenarioUsage, ...] = ()
    """What is used."""
    seats: tuple[ScenarioSeats, ...] = ()
    """How quantities of subscriptions change."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields of the contract, by which notifications may be for some contracts only."""
    expect: Expectation | None = None
    """What should come out; `pricebook test --update` writes it."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("package package_alias", hint="name a package"),
        bars("package_alias", Given("package"), "{name} stands beside package; a contract is on one package"),
        needs("months until", hint="for how many months is it billed?"),
        bars("until", Given("months")),
    )

    def rules(self) -> Iterator[Violation]:
        """It ends after it starts."""
        if self.until is not None and self.until < self.starting_at:
            hint = "bill until the contract starts, or later"
            yield Violation("empty-period", "until lies before starting_at", ("until",), hint)

    @property
    def end(self) -> datetime:
        """Until when it is billed."""
        return self.until if self.until is not None else later(self.starting_at, self.months or 0, "MONTHS")

    def quantities(self) -> list[Quantity]:
        """All of the usage."""
        return [quantity for entry in self.usage for quantity in entry.quantities()]
