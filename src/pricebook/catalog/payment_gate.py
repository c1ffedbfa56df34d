"""Payment gates: whether a threshold's commit can be used only once its payment has succeeded."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pricebook.catalog.model import Amount, Text, Upper, Violation
from pricebook.catalog.role import Role
from pricebook.catalog.term import Relative


class StripeConfig(Relative):
    """How Stripe collects the payment."""

    payment_type: Annotated[Literal["INVOICE", "PAYMENT_INTENT"], Upper]
    """INVOICE or PAYMENT_INTENT."""
    invoice_metadata: Annotated[dict[str, str], Role.COSMETIC] = Field(default_factory=dict)
    """INVOICE only: metadata added to the Stripe invoice."""

    def rules(self) -> Iterator[Violation]:
        """Metadata belongs to an invoice."""
        if self.invoice_metadata and self.payment_type != "INVOICE":
            message = f"invoice_metadata is for payment_type INVOICE, not {self.payment_type}"
            yield Violation("not-applicable", message, ("invoice_metadata",), "remove it")


class PrecalculatedTaxConfig(Relative):
    """A tax that is known beforehand."""

    amounts: ClassVar[tuple[str, ...]] = ("tax_amount",)

    tax_amount: Amount
    """The tax, in the currency and API unit of the commit's invoice (cents for USD)."""
    tax_name: Annotated[Text | None, Role.COSMETIC] = None
    """The tax's name, for the invoice's line."""


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

    def rules(self) -> Iterator[Violation]:
        """Each configuration stands beside the type that it is for."""
        gate, tax = self.payment_gate_type, self.tax_type
        if self.stripe_config is not None and gate != "STRIPE":
            message = f"stripe_config is for payment_gate_type STRIPE, not {gate}"
            yield Violation("not-applicable", message, ("stripe_config",), "remove it, or use the STRIPE gate")
        if tax == "STRIPE" and gate != "STRIPE":
            message = f"tax_type STRIPE is supported for payment_gate_type STRIPE only, not {gate}"
            yield Violation("not-applicable", message, ("tax_type",), "use ANROK, PRECALCULATED or NONE")
        if self.precalculated_tax_config is not None and tax != "PRECALCULATED":
            message = f"precalculated_tax_config is for tax_type PRECALCULATED, not {tax}"
            yield Violation("not-applicable", message, ("precalculated_tax_config",), "remove it, or set tax_type")
