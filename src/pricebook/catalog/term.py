"""What the terms of a package have in common: a key of ours, offsets and lengths of time, and no absolute dates.

A package is customer-agnostic and time-relative. `Relative` says so in one place: whoever writes `customer_id` or
`starting_at` into any part of a package is told what to write instead.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from pricebook.catalog.calendar import rough_days
from pricebook.catalog.field import MOST_DAYS, Places, Whole
from pricebook.catalog.model import Model, Short, Upper
from pricebook.catalog.role import Role
from pricebook.catalog.violation import Violation

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=200)]

_TIME = "packages are time-relative"
_WHO = "packages are customer-agnostic"
_START = (_TIME, "use starting_at_offset, which counts from the start of the contract, and duration")
_POINT = (_TIME, "use date_offset, which counts from the start of the contract")
_CUSTOMER = (_WHO, "the customer is named when a contract is created on the package")
_BILLING = (
    _WHO,
    "a customer's billing configuration belongs to the contract; a package has billing_provider and delivery_method",
)


class Relative(Model):
    """The package and every part of it."""

    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {
        "starting_at": _START,
        "ending_before": (_TIME, "use duration, which counts from starting_at_offset"),
        "date": _POINT,
        "timestamp": _POINT,
        "billing_anchor_date": (_TIME, "usage statements are anchored by day and the contract's start"),
        "customer_id": _CUSTOMER,
        "customer": _CUSTOMER,
        "billing_provider_configuration": _BILLING,
        "billing_provider_configuration_id": _BILLING,
        "customer_billing_provider_configuration": _BILLING,
        "revenue_system_configuration": _BILLING,
    }


class Term(Relative):
    """A term of a package that can have a name of ours."""

    forbidden: ClassVar[Mapping[str, tuple[str, str]]] = {
        **Relative.forbidden,
        "temporary_id": ("pricebook derives it from key", "use key"),
    }

    key: Annotated[Key | None, Role.IDENTITY] = None
    """Our name for the term: diffs show it, and other terms of the package refer to it. Unique within its list."""


_COUNT = re.compile(r"(\d{1,9})\s+([A-Za-z]+)", re.ASCII)


def counted(*units: str) -> Short:
    """A number of units, such as `12 months`, in either case, for the fields of a length of time."""
    words = "|".join("".join(f"[{c}{c.lower()}]" for c in unit) for unit in units)
    return Short(rf"^\d{{1,9}}\s+(?:{words})[sS]?$", lambda text, _: _count(text))


def _count(text: str) -> dict[str, Any] | None:
    match = _COUNT.fullmatch(text)
    return {"value": int(match[1]), "unit": f"{match[2].upper().removesuffix('S')}S"} if match else None


class RelativeDate(Relative):
    """A point in time: an offset from the start of the contract."""

    value: Annotated[Whole, Field(ge=0)]
    """How many units; a hundred years at most."""
    unit: Annotated[Literal["DAYS", "WEEKS", "MONTHS", "YEARS"], Upper]
    """DAYS, WEEKS, MONTHS or YEARS."""

    short: ClassVar[Short | None] = counted("DAY", "WEEK", "MONTH", "YEAR")

    def rules(self) -> Iterator[Violation]:
        """Nothing is thought of beyond a hundred years."""
        if self.days > MOST_DAYS:
            message = f"{self.value} {self.unit} are more than a hundred years"
            yield Violation("out-of-range", message, ("value",), "check the unit: DAYS, WEEKS, MONTHS or YEARS")

    @property
    def days(self) -> int:
        """How long it is, roughly: to compare lengths, never to count with."""
        return rough_days(int(self.value), self.unit)


class Duration(RelativeDate):
    """A length of time, of at least one unit."""

    value: Annotated[Whole, Field(gt=0)]
    """How many units, at least 1."""


class Rounding(Relative):
    """How a prorated amount is rounded."""

    decimal_places: Places
    """Decimal places of the stored amount; negative for powers of ten: -2 rounds cents to the nearest dollar."""
    rounding_method: Annotated[Literal["HALF_UP", "FLOOR", "CEILING"], Upper]
    """HALF_UP, FLOOR or CEILING."""
