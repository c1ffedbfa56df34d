"""What a card says about a table of rates: `rates_from`, with which column holds what and what holds for every row."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from pricebook.catalog.condition import Condition, Given, bars
from pricebook.catalog.model import Currency, Frequency, Instant, Lower, Model, Path, Text, Upper, Violation

RowRateType = Annotated[Literal["FLAT", "PERCENTAGE"], Upper]


def _named(value: Any) -> Any:
    """Columns in a list bear the names of the pricing group keys."""
    return {name: name for name in value} if isinstance(value, tuple) and set(map(type, value)) <= {str} else value


class Columns(Model):
    """Which column of the table holds which field of a rate."""

    product: Text | None = None
    """Column with the product's name."""
    price: Text
    """Column with the price."""
    pricing_group_values: Annotated[dict[str, Text], BeforeValidator(_named)] = Field(default_factory=dict)
    """Columns with the pricing group values: a list when the columns bear the keys' names, else key: column."""
    billing_frequency: Text | None = None
    """Column with the billing frequency; an empty cell means the default."""
    starting_at: Text | None = None
    """Column with the instant from which the price holds; an empty cell means the default."""
    ending_before: Text | None = None
    """Column with the instant until which the price holds; an empty cell means the default."""
    entitled: Text | None = None
    """Column that says true or false; an empty cell means the default."""

    @property
    def named(self) -> dict[str, Path]:
        """Every column that is used, with the place that names it, below the entry of `rates_from`."""
        found: dict[str, Path] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            for name in value.values() if isinstance(value, dict) else (value,) if value is not None else ():
                found.setdefault(name, ("columns", field))
        return found


class Defaults(Model):
    """What holds for every row that does not say otherwise."""

    product: Text | None = None
    """The product's name."""
    rate_type: RowRateType = "FLAT"
    """FLAT, or PERCENTAGE: then the prices are fractions in 0..1."""
    entitled: bool = True
    """Whether contracts on the card get the products without an override that enables them."""
    starting_at: Instant | None = None
    """From when the prices hold (inclusive)."""
    ending_before: Instant | None = None
    """Until when (exclusive); when not given, until the next price starts, or without end."""
    billing_frequency: Frequency | None = None
    """WEEKLY, MONTHLY, QUARTERLY or ANNUAL: for SUBSCRIPTION products."""
    currency: Currency | None = None
    """The table's numbers are in this currency's major unit."""
    credit_type: Annotated[str, Lower] | None = None
    """The table's numbers are in this pricing unit's API unit."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars("credit_type", Given("currency"), hint="keep one of them: the numbers are in one unit"),
    )


class RatesFrom(Model):
    """A table of rates beside the manifest."""

    table: Text
    """File name, relative to the manifest."""
    columns: Columns
    """Which column holds what."""
    defaults: Defaults = Defaults()
    """What holds for every row that does not say otherwise."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between the cells of a row."""

    def rules(self) -> Iterator[Violation]:
        """Every row can tell its product and its start."""
        if self.columns.product is None and self.defaults.product is None:
            hint = "name the column under columns, or the product under defaults"
            yield Violation("missing-field", "no column and no default says the product", ("columns",), hint)
        if self.columns.starting_at is None and self.defaults.starting_at is None:
            hint = "add starting_at under defaults, or map it to a column"
            yield Violation(
                "missing-field", "no column and no default says from when the prices hold", ("defaults",), hint
            )
