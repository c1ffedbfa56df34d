"""Threshold notifications: what the vendor tells our servers about every customer whose balance, spend or usage reaches
an amount.

They cannot be edited: a changed one is made anew, and the one before is archived once it was read back. One that is for
a single customer, or for a plan of the old kind, belongs to no price list, and has no manifest.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pricebook.catalog.amount import USD
from pricebook.catalog.condition import Condition, Given, Is, Not, bars, needs
from pricebook.catalog.field import NonEmpty, Texts
from pricebook.catalog.model import Amount, MetricName, Model, Noun, Text, UnitName, Upper
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.violation import Violation

AlertType = Literal[
    "spend_threshold_reached",
    "usage_threshold_reached",
    "invoice_total_reached",
    "monthly_invoice_total_spend_threshold_reached",
    "low_remaining_commit_balance_reached",
    "low_remaining_commit_percentage_reached",
    "low_remaining_contract_credit_balance_reached",
    "low_remaining_contract_credit_percentage_reached",
    "low_remaining_contract_credit_and_commit_balance_reached",
    "low_remaining_contract_credit_and_commit_percentage_reached",
    "low_remaining_seat_balance_reached",
    "low_remaining_days_for_commit_segment_reached",
    "low_remaining_days_for_contract_credit_segment_reached",
    "low_credit_balance_reached",
    "low_remaining_credit_percentage_reached",
    "low_remaining_days_in_plan_reached",
]
"""Every type of the vendor (SDK 4.12, alerts/create)."""


def _those(*parts: str) -> str:
    return " ".join(word for word in get_args(AlertType) if any(part in word for part in parts))


PERCENT, IN_DAYS, USAGE = _those("_percentage_"), _those("_days_"), _those("usage")
"""Those whose threshold is no amount of a pricing unit."""
_BALANCE = _those(
    "commit_balance", "commit_percentage", "contract_credit_balance", "contract_credit_percentage", "seat"
)
_BOTH, _GRANT = _those("credit_and_commit"), "low_credit_balance_reached low_remaining_credit_percentage_reached"

Entity = Literal["Contract", "Commit", "ContractCredit", "ContractCreditOrCommit"]


class NotificationFilter(Model):
    """A custom field by which contracts or balances are told."""

    entity: Entity
    """Whose field it is: Contract, Commit, ContractCredit or ContractCreditOrCommit."""
    key: Text
    """The field's key."""
    value: Text
    """The field's value."""


class BalanceFilter(Model):
    """A custom field by which balances are told, or by each of whose values they are grouped."""

    entity: Entity
    """Whose field it is: Contract, Commit, ContractCredit or ContractCreditOrCommit."""
    key: Text
    """The field's key."""
    value: Text | None = None
    """The field's value; when not given, there is a notification for each of its values."""


class FilterExclusion(Model):
    """Balances that are not counted."""

    custom_field_filters: NonEmpty[NotificationFilter]
    """Balances with all these custom fields are not counted."""


class AlertSpecifier(Model):
    """Which commits and credits are counted; of several specifiers one is enough."""

    custom_field_filters: tuple[BalanceFilter, ...] = ()
    """Only those with all these custom fields."""
    exclude: tuple[FilterExclusion, ...] = ()
    """What is left out of them; one match is enough."""


class SeatFilter(Model):
    """Whose balance is meant."""

    seat_group_key: Text
    """The event property that tells the seats: `user_id`."""
    seat_group_value: Text | None = None
    """One seat; when not given, each of them."""


class LineFilter(Model):
    """A group of usage, as it stands on invoices."""

    key: Text
    """The group key."""
    value: Text | None = None
    """Its value; when not given, each of them."""


class ThresholdNotification(Noun):
    """A webhook message about every customer who reaches a threshold. It cannot be edited: a changed one is a new one,
    and takes the place of the one before."""

    kind = Kind.THRESHOLD_NOTIFICATION
    amounts: ClassVar[tuple[str, ...]] = ("threshold",)
    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {
        "customer_id": ("a price list names no customer", "make it with the customer, or filter by a custom field"),
        "plan_id": ("plans are the vendor's old kind of package", "filter contracts by a custom field"),
        "uniqueness_key": ("pricebook derives it from the name and the content", "leave it out"),
    }

    name: Annotated[Text, Role.COSMETIC]
    """The display name of the notification; messages have it."""
    alert_type: AlertType
    """What is watched, in the vendor's words: `low_remaining_contract_credit_balance_reached`."""
    threshold: Amount
    """At which amount, in the API unit of the pricing unit or as text with a currency; or at how many percent, days, or
    units of usage."""
    credit_type: UnitName = USD
    """The pricing unit of the threshold, and of what is watched; when not given, USD."""
    billable_metric: MetricName | None = None
    """The metric whose usage is watched."""
    access_type: Annotated[Literal["SPEND", "QUANTITY"], Upper] | None = None
    """Only commits and credits that grant money (SPEND) or units of a product (QUANTITY)."""
    custom_field_filters: tuple[NotificationFilter, ...] = ()
    """Only contracts, commits or credits with all these custom fields."""
    alert_specifiers: tuple[AlertSpecifier, ...] = ()
    """Which commits and credits are counted."""
    group_values: tuple[LineFilter, ...] = ()
    """Only spend of these groups of usage."""
    seat_filter: SeatFilter | None = None
    """Whose balance is meant."""
    invoice_types_filter: Texts = ()
    """Only invoices of these types."""
    credit_grant_type_filters: Texts = ()
    """Only credit grants of these types."""
    evaluate_on_create: bool = True
    """Whether customers are told of who are beyond the threshold already when it is made."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("billable_metric", Is("alert_type", USAGE)),
        bars("billable_metric", Not(Is("alert_type", USAGE))),
        needs("seat_filter", Is("alert_type", _those("seat"))),
        bars("seat_filter", Not(Is("alert_type", _those("seat")))),
        bars("credit_type", Is("alert_type", f"{IN_DAYS} {USAGE}"), "{of.alert_type} has no pricing unit"),
        bars("access_type", Not(Is("alert_type", _BALANCE))),
        bars(
            "credit_type",
            Is("access_type", "QUANTITY"),
            "{name} stands beside access_type QUANTITY, which counts units of a product",
            "remove one of them",
            code="conflict",
        ),
        bars("alert_specifiers", Not(Is("alert_type", _BOTH))),
        bars("group_values", Not(Is("alert_type", "spend_threshold_reached"))),
        bars("invoice_types_filter", Not(Is("alert_type", "invoice_total_reached"))),
        bars("credit_grant_type_filters", Not(Is("alert_type", _GRANT))),
        bars("custom_field_filters", Given("alert_specifiers")),
    )

    @classmethod
    def unit_for(cls, path: str, data: Mapping[str, Any]) -> str | Violation:
        """That of `credit_type`; of percent, days and usage none."""
        asked = data.get("alert_type")
        forms = ((PERCENT, "in percent: 20"), (IN_DAYS, "in days: 7"), (USAGE, "in units of usage: 1000"))
        for types, form in forms:
            if asked in types.split():
                message = f"the threshold of {asked} is no amount of money"
                return Violation("currency-mismatch", message, (), f"write it {form}")
        return super().unit_for(path, data)

    @property
    def is_money(self) -> bool:
        """Whether the threshold is an amount in the pricing unit, and no share, time or quantity."""
        return self.alert_type not in f"{PERCENT} {IN_DAYS} {USAGE}".split() and self.access_type != "QUANTITY"

    def rules(self) -> Iterator[Violation]:
        """The threshold can be reached."""
        if self.alert_type in PERCENT.split() and self.threshold > 100:
            message = f"{plain(self.threshold)} is more than 100 percent"
            yield Violation("out-of-range", message, ("threshold",), "a tenth that is left is 10")
        if self.alert_type in IN_DAYS.split() and self.threshold != self.threshold.to_integral():
            message = f"{plain(self.threshold)} is no number of days"
            yield Violation("out-of-range", message, ("threshold",), "days are counted whole")
