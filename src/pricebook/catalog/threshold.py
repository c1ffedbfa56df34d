"""Thresholds: a charge whenever spend reaches an amount, or a recharge whenever a prepaid balance falls to one.

Amounts are in the fiat unit, except where `custom_credit_type` says otherwise; a cap is in the unit of its spend
tracker. Text with a currency is read as USD where the package itself names no other unit.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from pricebook.catalog.field import Distinct, NonEmpty
from pricebook.catalog.model import Amount, FixedProduct, Fraction, Number, Text, UnitName, Upper
from pricebook.catalog.money import plain
from pricebook.catalog.payment_gate import PaymentGateConfig
from pricebook.catalog.role import Role
from pricebook.catalog.specifier import Applicable
from pricebook.catalog.term import Duration, Relative
from pricebook.catalog.violation import Violation

THRESHOLDS = ("spend_threshold_configuration", "prepaid_balance_threshold_configuration")
"""The fields of a package, and of a contract, that hold one."""


def _entity(value: object) -> object:
    known = {word.lower(): word for word in ("Commit", "ContractCredit", "ContractCreditOrCommit")}
    return known.get(value.lower(), value) if isinstance(value, str) else value


Source = Annotated[Literal["THRESHOLD_RECHARGE", "MANUAL"], Upper]


class SpendSpecifier(Relative):
    """Which spend is counted."""

    spend_type: Annotated[Literal["COMMIT_PURCHASE"], Upper]
    """COMMIT_PURCHASE."""
    sources: Annotated[NonEmpty[Source], Distinct]
    """Where the spend comes from: THRESHOLD_RECHARGE, MANUAL or both."""
    discounted: Annotated[Literal["ANY", "DISCOUNTED_ONLY", "UNDISCOUNTED_ONLY"], Upper] = "ANY"
    """Whether discounted spend counts."""


class SpendTracker(Relative):
    """A counter of spend, set back every billing period."""

    alias: Text
    """The tracker's name, unique in the package; a discount's cap refers to it."""
    credit_type: UnitName
    """The pricing unit in which spend is counted."""
    reset_frequency: Annotated[Literal["BILLING_PERIOD"], Upper]
    """BILLING_PERIOD."""
    applicable_spend_specifiers: tuple[SpendSpecifier, ...]
    """Which spend is counted."""


class DiscountCap(Relative):
    """Up to which spend the discount applies."""

    amount: Amount
    """The spend in a billing period above which it stops, in the API unit of the spend tracker's pricing unit."""
    spend_tracker_alias: Text
    """The alias of a spend tracker of this package."""


class DiscountConfiguration(Relative):
    """A discount on what the customer pays for the threshold's commit."""

    payment_fraction: Fraction
    """The fraction, 0..1, that the customer pays: 0.85 is a discount of 15%."""
    cap: DiscountCap | None = None
    """Up to which spend the discount applies."""


class ThresholdCommit(Relative):
    """The commit that a threshold's payment makes."""

    product: FixedProduct
    """The FIXED product under which the payment stands on invoices."""
    name: Annotated[Text | None, Role.COSMETIC] = None
    """The line's name; when not given, the product's."""
    description: Annotated[Text | None, Role.COSMETIC] = None
    """What it is for."""
    priority: Number = Decimal(100)
    """Of several applicable balances the one with the lower priority is used first."""


class PrepaidThresholdCommit(Applicable, ThresholdCommit):
    """The commit that a recharge makes."""

    duration: Duration | None = None
    """How long it can be used; when not given, one year."""
    rollover_fraction: Fraction | None = None
    """The fraction, 0..1, of what is unused that rolls over."""


class CustomFieldFilter(Relative):
    """A custom field by which balances are told."""

    entity: Annotated[Literal["Commit", "ContractCredit", "ContractCreditOrCommit"], BeforeValidator(_entity)]
    """Whose field it is: Commit, ContractCredit or ContractCreditOrCommit."""
    key: Text
    """The field's key."""
    value: Text
    """The field's value."""


class BalanceExclusion(Relative):
    """Balances that are not counted."""

    custom_field_filters: tuple[CustomFieldFilter, ...]
    """Balances with all these custom fields are not counted."""


class ThresholdBalanceSpecifier(Relative):
    """Which balances count towards the threshold."""

    exclude: tuple[BalanceExclusion, ...]
    """One match is enough to leave a balance out."""


class SpendThresholdConfiguration(Relative):
    """Charges the customer whenever usage reaches an amount."""

    amounts: ClassVar[tuple[str, ...]] = ("threshold_amount",)

    is_enabled: bool
    """False: the contract is not evaluated against the threshold. Setting it to true evaluates at once."""
    threshold_amount: Amount
    """The amount of usage that starts a charge, in the fiat API unit (cents for USD)."""
    commit: ThresholdCommit
    """The commit that the payment makes."""
    payment_gate_config: PaymentGateConfig
    """Whether it can be used only once paid."""
    discount_configuration: DiscountConfiguration | None = None
    """A discount on the payment."""

    def rules(self) -> Iterator[Violation]:
        """Some spend starts a charge, not none."""
        if not self.threshold_amount:
            hint = "write how much may be used before it is charged"
            yield Violation("out-of-range", "spend of nothing would be charged at once", ("threshold_amount",), hint)


class PrepaidBalanceThresholdConfiguration(Relative):
    """Recharges a prepaid balance whenever it falls to an amount."""

    amounts: ClassVar[tuple[str, ...]] = ("threshold_amount", "recharge_to_amount")
    unit_field: ClassVar[str] = "custom_credit_type"

    is_enabled: bool
    """False: the contract is not evaluated against the threshold. Setting it to true evaluates at once."""
    threshold_amount: Amount
    """The balance at which it is recharged, in the API unit."""
    recharge_to_amount: Amount
    """The balance up to which it is recharged, in the API unit."""
    commit: PrepaidThresholdCommit
    """The commit that the payment makes."""
    payment_gate_config: PaymentGateConfig
    """Whether it can be used only once paid."""
    custom_credit_type: UnitName | None = None
    """The custom pricing unit of threshold, recharge and commit; when not given, the fiat unit."""
    discount_configuration: DiscountConfiguration | None = None
    """A discount on the payment."""
    threshold_balance_specifiers: tuple[ThresholdBalanceSpecifier, ...] = ()
    """Which balances are left out of what remains."""

    def rules(self) -> Iterator[Violation]:
        """A recharge ends above what starts it."""
        if self.recharge_to_amount <= self.threshold_amount:
            message = (
                f"recharging to {plain(self.recharge_to_amount)} leaves the balance at or below the threshold of"
                f" {plain(self.threshold_amount)}: it would be recharged again and again"
            )
            hint = "recharge_to_amount is the balance afterwards, and not what is added to it"
            yield Violation("out-of-range", message, ("recharge_to_amount",), hint)
