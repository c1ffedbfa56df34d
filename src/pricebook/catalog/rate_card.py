"""Rate cards, without their rates: those come by the hundred thousand and are kept apart, in the card's rate book."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from pricebook.catalog.alias import check_aliases
from pricebook.catalog.amount import USD
from pricebook.catalog.field import Distinct
from pricebook.catalog.model import Alias, Amount, CustomFields, Model, Noun, ProductName, Text, UnitName
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind
from pricebook.catalog.role import Role
from pricebook.catalog.violation import Violation


class CreditTypeConversion(Model):
    """What a custom pricing unit costs. Conversions can be added to a card, never modified."""

    custom_credit_type: UnitName
    """The custom pricing unit."""
    fiat_per_custom_credit: Amount
    """The price of one of it, in the API unit of the card's fiat unit (cents for USD)."""

    def rules(self) -> Iterator[Violation]:
        """A custom unit costs something, or nothing: what goes beyond free credits is then free as well."""
        if self.fiat_per_custom_credit < 0:
            message = f"{plain(self.fiat_per_custom_credit)} is less than 0"
            hint = "write $0.01, or the number of the fiat unit's API unit (cents)"
            yield Violation("out-of-range", message, ("fiat_per_custom_credit",), hint)


class RateCard(Noun):
    """A price list: the rates that contracts on it pay, all of them at once when a rate changes."""

    kind = Kind.RATE_CARD
    mutable: ClassVar[frozenset[str]] = frozenset(
        {"name", "description", "aliases", "custom_fields", "product_order", "credit_type_conversions"}
    )
    """Of `credit_type_conversions` only additions are possible."""
    amounts: ClassVar[tuple[str, ...]] = ("credit_type_conversions.*.fiat_per_custom_credit",)
    unit_field: ClassVar[str] = "fiat_credit_type"

    name: Annotated[Text, Role.COSMETIC]
    """Used only in the vendor's UI and API; not exposed to end customers."""
    description: Annotated[Text | None, Role.COSMETIC] = None
    """What the card is for; not exposed to end customers."""
    aliases: tuple[Alias, ...] = ()
    """Names by which contracts and packages find the card, each with a schedule."""
    fiat_credit_type: UnitName = USD
    """The fiat pricing unit in which invoices are written."""
    credit_type_conversions: tuple[CreditTypeConversion, ...] = ()
    """What each custom pricing unit used in rates costs. Required when rates use custom units; can only grow."""
    product_order: Annotated[tuple[ProductName, ...], Distinct, Role.COSMETIC] = ()
    """The order in which products stand on invoices."""
    custom_fields: CustomFields = Field(default_factory=dict)
    """Custom fields, text by key."""

    def rules(self) -> Iterator[Violation]:
        """One conversion for each unit; no alias twice at one instant."""
        units = [conversion.custom_credit_type for conversion in self.credit_type_conversions]
        for index, unit in enumerate(units):
            if unit in units[:index]:
                at = ("credit_type_conversions", index, "custom_credit_type")
                yield Violation("duplicate", f"the conversion of {unit} stands twice", at, "remove one")
        yield from check_aliases(self.aliases)
