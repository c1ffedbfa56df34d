"""How prorated amounts are rounded."""

from typing import Annotated, Literal

from pricebook.catalog.field import Whole
from pricebook.catalog.model import Upper
from pricebook.catalog.term import Relative


class Rounding(Relative):
    """How a prorated amount is rounded."""

    decimal_places: Whole
    """Decimal places of the stored amount; negative for powers of ten: -2 rounds cents to the nearest dollar."""
    rounding_method: Annotated[Literal["HALF_UP", "FLOOR", "CEILING"], Upper]
    """HALF_UP, FLOOR or CEILING."""
