"""What a price says of itself on a line: its segment of the card, the override that won, the tier, the commit rate."""

from dataclasses import replace
from decimal import Decimal

from pricebook.catalog.product import Product
from pricebook.catalog.terms import Curve
from pricebook.preview.invoice import Why
from pricebook.preview.price import ZERO
from pricebook.preview.tariff import TariffPrice


def reason(price: TariffPrice) -> Why:
    """Where a price comes from. `list_price` is there where an override says another than the card's one price."""
    override, listed = price.override, price.listed
    return Why(
        segment=price.segment,
        rate_type=price.rate.rate_type,
        list_price=listed[0].price if override is not None and listed is not None and len(listed) == 1 else None,
        override=override.name if override is not None else "",
        override_type=(override.term.type or "") if override is not None else "",
        factor=override.term.multiplier if override is not None else None,
        commit_rate=price.commit_rate,
    )


def in_tier(why: Why, steps: Curve, number: int) -> Why:
    """The same, of what falls into one of several tiers; `number` counts from 1."""
    if len(steps) == 1:
        return why
    below = steps[number - 2].upto or ZERO if number > 1 else ZERO
    return replace(why, tier=(number, len(steps), below, steps[number - 1].upto))


def of_metered(why: Why, product: Product, metered: Decimal) -> Why:
    """The same, of a quantity that is not what was metered: converted, rounded or cut."""
    conversion, rounding = product.quantity_conversion, product.quantity_rounding
    return replace(
        why,
        metered=metered,
        conversion=(conversion.operation, conversion.conversion_factor) if conversion is not None else None,
        rounding=rounding.rounding_method if rounding is not None else "",
    )
