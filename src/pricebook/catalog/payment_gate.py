"""Payment gates: whether a threshold's commit can be used only once its payment has succeeded."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.condition import Condition, Every, Is, Not, bars
from pricebook.catalog.model import Amount, Text, Upper
from pricebook.catalog.role import Role
from pricebook.catalog.term import Relative


class StripeConfig(Relative):
    """How Stripe collects the payment."""

    payment_type: Annotated[Literal["INVOICE", "PAYMENT_INTENT"], Upper]
    """INVOICE or PAYMENT_INTENT."""
    invoice_metadata: Annotated[dict[str, str], Role.COSMETIC] = Field(default_factory=dict)
    """INVOICE only: metadata added to the Stripe invoice."""

    conditions: ClassVar[tuple[Condition, ...]] = (bars("invoice_metadata", Not(Is("payment_type", "INVOICE"))),)


class PrecalculatedTaxConfig(Relative):
    """A tax that is known beforehand."""

    amounts: ClassVar[tuple[str, ...]] = ("tax_amount",)

    tax_amount: Amount
    """The tax, in the currency and API unit of the commit's invoice (cents for USD)."""
    tax_name: Annotated[Text | None, Role.COSMETIC] = None
    """The tax's name, for the invoice's line."""


_NO_STRIPE = Not(Is("payment_gate_type", "STRIPE"))


class PaymentGateConfig(Relative):
    """Whether the balance is available only once its payment has succeeded, and who collects it."""

    payment_gate_type: Annotated[Literal["NONE", "STRIPE", "EXTERNAL"], Upper]
    """STRIPE: the vendor collects through Stripe. EXTERNAL: your own integration does. NONE: no gate."""
    tax_type: Annotated[Literal["NONE", "STRIPE", "ANROK", "PRECALCULATED"], Upper] = "NONE"
    """Who calculates tax; STRIPE only with the STRIPE gate."""
    stripe_config: StripeConfig | None = None
    """STRIPE gate only: how Stripe collects."""
    precalculated_tax_config: PrecalculatedTaxConfig | None = None
    """Tax type PRECALCULATED only: the tax."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars("stripe_config", _NO_STRIPE),
        bars(
            "tax_type",
            Every((_NO_STRIPE, Is("tax_type", "STRIPE"))),
            "tax_type STRIPE is supported for payment_gate_type STRIPE only, not {of.payment_gate_type}",
            "use ANROK, PRECALCULATED or NONE",
        ),
        bars("precalculated_tax_config", Not(Is("tax_type", "PRECALCULATED"))),
    )
