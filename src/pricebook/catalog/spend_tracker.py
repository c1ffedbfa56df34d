"""Spend trackers: counters of spend, against which a threshold's discount is capped."""

from typing import Annotated, Literal

from pricebook.catalog.field import Distinct, NonEmpty
from pricebook.catalog.model import Text, UnitName, Upper
from pricebook.catalog.term import Relative

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
