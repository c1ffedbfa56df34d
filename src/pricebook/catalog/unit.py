"""Pricing units: what amounts are counted in.

A unit with a currency is fiat; one without is a custom unit, such as credits or tokens. The scale between a currency's
major unit and the unit of the API belongs to the pricing unit: USD is in cents, a public integration reports whole EUR.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, model_validator

from pricebook.catalog.condition import Condition, Every, Given, Is, Not, needs
from pricebook.catalog.field import Whole
from pricebook.catalog.model import USD, Noun, Scale, Text, Upper, Violation
from pricebook.catalog.money import SYMBOLS, plain, to_major_unit
from pricebook.catalog.reference import Kind


class PricingUnit(Noun):
    """What prices, commits and credits are counted in: a currency, or a custom unit. Nothing of it can change."""

    kind = Kind.PRICING_UNIT
    mutable: ClassVar[frozenset[str]] = frozenset()

    name: Text
    """The unit's name at the vendor; a custom unit's name appears on invoices."""
    currency: Annotated[str, Upper, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    """ISO 4217 code of a fiat unit; a custom unit has none."""
    scale: Annotated[Whole, Field(ge=0, le=9)] | None = None
    """Decimal digits between the currency's major unit and the API's unit: 2 when the API counts cents."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs(
            "scale",
            Every((Given("currency"), Not(Is("currency", "USD")))),
            "the scale of {of.currency} is not known: say it",
            "2 when the API counts hundredths of it, 0 when it counts whole units",
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _default_scale(cls, data: Any) -> Any:
        """USD is counted in cents, and a custom unit has no major unit; for any other currency no source says."""
        if not isinstance(data, Mapping) or data.get("scale") is not None:
            return data
        known = {None: 0, "USD": 2}
        currency = data.get("currency")
        currency = currency.upper() if isinstance(currency, str) else currency
        return {**data, "scale": known[currency]} if currency is None or currency == "USD" else data

    def rules(self) -> Iterator[Violation]:
        """A custom unit has no scale."""
        if self.currency is None and self.scale:
            message = f"scale {self.scale}: a custom unit has no major unit, its amounts are counted as they are"
            yield Violation("not-applicable", message, ("scale",), "leave scale out, or name the unit's currency")


USD_UNIT = PricingUnit.model_construct(name="USD (cents)", currency="USD", scale=2)
"""The built-in unit `usd`; a manifest may not redefine it."""

BUILT_IN: Mapping[str, PricingUnit] = {USD: USD_UNIT}
"""The units that every account has, by our name."""


def scales_of(units: Mapping[str, PricingUnit]) -> dict[str, Scale]:
    """How amounts of units read, by name, and those of the built-in one."""
    return {name: scale_of(unit) for name, unit in {**BUILT_IN, **units}.items()}


def scale_of(unit: PricingUnit) -> Scale:
    """What the text of an amount needs to know of its unit."""
    return Scale(unit.currency, unit.scale or 0)


def money_text(amount: Decimal, scale: Scale | None, unit: str = "") -> str:
    """An amount of the API unit as people write it, exactly: `$10.00`, `€0.0000025`, `7 CHF`; what has no currency is
    counted as it is, `12 credits`."""
    if scale is None or scale.currency is None:
        return f"{plain(amount)} {unit}"
    text = plain(to_major_unit(amount, scale.scale))
    whole, _, places = text.partition(".")
    if scale.scale:
        text = f"{whole}.{places:0<{min(scale.scale, 2)}}"
    symbol = next((symbol for symbol, code in SYMBOLS.items() if code == scale.currency), "")
    if not symbol:
        return f"{text} {scale.currency}"
    return f"-{symbol}{text[1:]}" if text[0] == "-" else symbol + text
