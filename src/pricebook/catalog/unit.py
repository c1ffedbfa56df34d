"""Pricing units: what amounts are counted in.

A unit with a currency is fiat; one without is a custom unit, such as credits or tokens. Which currencies there are, and
how the API counts them, is the vendor's to say (`money.CURRENCIES`): USD is in cents, all others in whole units.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import Field, model_validator

from pricebook.catalog.amount import USD, Scale
from pricebook.catalog.field import Whole
from pricebook.catalog.model import Currency, Noun, Text
from pricebook.catalog.money import CURRENCIES, EXACT, SYMBOLS
from pricebook.catalog.reference import Kind
from pricebook.catalog.violation import Violation


class PricingUnit(Noun):
    """What prices, commits and credits are counted in: a currency, or a custom unit. Nothing of it can change."""

    kind = Kind.PRICING_UNIT

    name: Text
    """The unit's name at the vendor; a custom unit's name appears on invoices."""
    currency: Currency | None = None
    """ISO 4217 code of a fiat unit; a custom unit has none."""
    scale: Annotated[Whole, Field(ge=0, le=9)] | None = None
    """Decimal digits between the currency's major unit and the API's: 2 for USD, 0 for all others. Need not be said."""

    @model_validator(mode="before")
    @classmethod
    def _known_scale(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get("scale") is not None:
            return data
        return {**data, "scale": known_scale(data.get("currency"))}

    def rules(self) -> Iterator[Violation]:
        """The scale is the one that the vendor has; a custom unit has none."""
        if self.currency is None and self.scale:
            message = f"scale {self.scale}: a custom unit has no major unit, its amounts are counted as they are"
            yield Violation("not-applicable", message, ("scale",), "leave scale out, or name the unit's currency")
        elif self.scale != known_scale(self.currency):
            counts = "cents" if self.currency == "USD" else "whole units"
            message = f"scale {self.scale}: the vendor counts {self.currency} in {counts}"
            hint = "leave scale out; plain numbers are then in that unit, and text with its currency stays as it is"
            yield Violation("currency-scale", message, ("scale",), hint)


def known_scale(currency: object) -> int:
    """Decimal digits between the major unit of a currency and the API's unit; 0 where there is none."""
    return CURRENCIES.get(currency.upper(), 0) if isinstance(currency, str) else 0


_SYMBOL_OF = {code: symbol for symbol, code in SYMBOLS.items()}
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


class Unit(NamedTuple):
    """How the amounts of a pricing unit read: what stands before and after the number, and at least how many decimal
    places it has. `scale` is that between the API's unit (cents) and the major unit."""

    before: str
    after: str
    places: int
    scale: int

    @classmethod
    def of(cls, scale: Scale | None, name: str) -> "Unit":
        """By how it is counted; what has no currency is counted as it is, by its name."""
        if scale is None or not scale.currency:
            return cls("", f" {name}", 0, 0)
        symbol = _SYMBOL_OF.get(scale.currency)
        return cls(symbol or "", "" if symbol else f" {scale.currency}", 2, scale.scale)


def money(amount: Decimal, unit: Unit, power: int = 0, group: str = ",") -> str:
    """`$1,234.50`, `10.00 CHF`, `5 ai-credits`: an amount in API units, times `10 ** power`, exactly."""
    before, after, places, scale = unit
    text = number(amount.scaleb(power - scale, EXACT), places, group)
    return f"-{before}{text[1:]}{after}" if text[0] == "-" else f"{before}{text}{after}"


def number(value: Decimal, places: int = 0, group: str = ",") -> str:
    """Plain notation with thousands separators, all digits, at least so many decimal places."""
    whole, _, fraction = f"{value:{group}f}".partition(".") if value else ("0", "", "")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def money_text(amount: Decimal, scale: Scale | None, name: str = "") -> str:
    """An amount in API units as a manifest has it: `$1234.50`."""
    return money(amount, Unit.of(scale, name), group="")
