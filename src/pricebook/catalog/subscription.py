"""Subscriptions: a recurring fee for a quantity, such as seats."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.condition import Condition, Is, Not, bars, needs
from pricebook.catalog.model import CustomFields, Frequency, NonNegative, Text, Upper
from pricebook.catalog.reference import Kind, Reference
from pricebook.catalog.role import Role
from pricebook.catalog.term import Duration, Relative, RelativeDate, Rounding, Term
from pricebook.catalog.violation import Violation


class SubscriptionRate(Relative):
    """Which rate of the card is charged."""

    product: Annotated[str, Reference(Kind.PRODUCT, "SUBSCRIPTION")]
    """A SUBSCRIPTION product."""
    billing_frequency: Frequency
    """WEEKLY, MONTHLY, QUARTERLY or ANNUAL; the card has a rate for the product with this frequency."""


class Proration(Relative):
    """What is charged for part of a period."""

    is_prorated: bool | None = None
    """Whether part of a period is charged in part or in full."""
    invoice_behavior: Annotated[Literal["BILL_IMMEDIATELY", "BILL_ON_NEXT_COLLECTION_DATE"], Upper] | None = None
    """When a change of quantity is billed. BILL_IMMEDIATELY needs collection_schedule ADVANCE."""
    rounding: Rounding | None = None
    """How prorated amounts are rounded."""


class SeatConfig(Relative):
    """How seats are told apart."""

    seat_group_key: Text
    """The event property that names the seat: a group key of the metrics, and a presentation or pricing group key of
    the usage products that a credit per seat applies to."""
    initial_unassigned_seats: NonNegative | None = None
    """Seats at the start that nobody has yet."""


class BillingCycleConfig(Relative):
    """On which invoice the subscription stands."""

    invoice_placement: Annotated[Literal["ON_SCHEDULED_INVOICE", "ON_USAGE_INVOICE"], Upper] = "ON_USAGE_INVOICE"
    """ON_USAGE_INVOICE or ON_SCHEDULED_INVOICE."""


_MODE = "give it, or change quantity_management_mode"


class Subscription(Term):
    """A recurring fee: a rate of the card times a quantity."""

    subscription_rate: SubscriptionRate
    """Which rate of the card is charged."""
    collection_schedule: Annotated[Literal["ADVANCE", "ARREARS"], Upper]
    """ADVANCE: billed at the start of a period. ARREARS: at its end."""
    proration: Proration
    """What is charged for part of a period."""
    name: Annotated[Text | None, Role.COSMETIC] = None
    """A name for the subscription."""
    description: Annotated[Text | None, Role.COSMETIC] = None
    """What it is for."""
    initial_quantity: NonNegative | None = None
    """The quantity at the start; required for QUANTITY_ONLY."""
    quantity_management_mode: Annotated[Literal["QUANTITY_ONLY", "SEAT_BASED"], Upper] = "QUANTITY_ONLY"
    """QUANTITY_ONLY: the quantity is a number. SEAT_BASED: it is that of the seats, which are named one by one."""
    seat_config: SeatConfig | None = None
    """How seats are told apart; required for SEAT_BASED."""
    starting_at_offset: RelativeDate | None = None
    """When it starts, counted from the start of the contract; when not given, with the contract."""
    duration: Duration | None = None
    """How long it lasts; when not given, until the contract ends."""
    billing_cycle_config: BillingCycleConfig | None = None
    """On which invoice it stands."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("initial_quantity", Is("quantity_management_mode", "QUANTITY_ONLY"), hint=_MODE),
        needs("seat_config", Is("quantity_management_mode", "SEAT_BASED"), hint=_MODE),
        bars("seat_config", Not(Is("quantity_management_mode", "SEAT_BASED"))),
        bars("initial_quantity", Not(Is("quantity_management_mode", "QUANTITY_ONLY"))),
    )

    def rules(self) -> Iterator[Violation]:
        """Immediate bills only in advance."""
        if self.proration.invoice_behavior == "BILL_IMMEDIATELY" and self.collection_schedule != "ADVANCE":
            message = f"BILL_IMMEDIATELY needs collection_schedule ADVANCE, not {self.collection_schedule}"
            hint = "use BILL_ON_NEXT_COLLECTION_DATE, or collect in ADVANCE"
            yield Violation("conflict", message, ("proration", "invoice_behavior"), hint)
