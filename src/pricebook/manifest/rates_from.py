"""What a card says about a table of rates: `rates_from`, with which column holds what and what holds for every row."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from pricebook.catalog.condition import Condition, Given, bars, needs
from pricebook.catalog.field import NonEmpty, Positive
from pricebook.catalog.model import Frequency, GroupValues, Instant, Lower, Model, Text, Upper
from pricebook.catalog.violation import Path, Violation, broken
from pricebook.problem import quote, written

RowRateType = Annotated[Literal["FLAT", "PERCENTAGE"], Upper]
_SCALES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
_COUNT = re.compile(r"(\d{1,12})\s*([KMB]?)", re.ASCII | re.IGNORECASE)
COUNT_PATTERN = r"^[1-9]\d{0,11}\s*[KMBkmb]?$"


def named_alike(value: Any) -> Any:
    """Columns in a list bear the names of the pricing group keys."""
    return {name: name for name in value} if isinstance(value, tuple) and set(map(type, value)) <= {str} else value


def _by_product(value: Any) -> Any:
    """One column of prices is that of whichever product; columns in a list bear the products' names."""
    return {"": value} if isinstance(value, str) else named_alike(value)


def _one_or_several(value: Any) -> Any:
    """Each of some columns has a value, or one of several."""
    return (
        {name: (one,) if isinstance(one, str) else one for name, one in value.items()} if type(value) is dict else value
    )


def _count(value: Any) -> Any:
    match = _COUNT.fullmatch(value) if isinstance(value, str) else None
    found = int(match[1]) * _SCALES[match[2].upper()] if match else value
    if isinstance(found, bool) or not isinstance(found, (int, Decimal)) or found <= 0:
        raise broken(Violation("type", f"{written(value)} is no number of units", (), "write 1M, 1K or 1000000"))
    return Decimal(found)


class TierColumns(Model):
    """The columns of one tier of a row's price."""

    price: Text
    """Column with the price in the tier; where the cell is empty the row has fewer tiers."""
    size: Text | Positive | None = None
    """How many units the tier holds, or the column that says so; none on the last tier."""


class Columns(Model):
    """Which column of the table holds which field of a rate."""

    product: Text | None = None
    """Column with the product's name."""
    price: Annotated[dict[str, Text], BeforeValidator(_by_product)] = Field(default_factory=dict)
    """Column with the price. Of a table with a column for each of several products product: column, or a list when the
    columns bear the products' names; there `*` stands for any text, as in `["*_cost*"]`."""
    tiers: tuple[TierColumns, ...] = ()
    """Instead of price: the columns of the tiers, in their order."""
    tier_size: Text | None = None
    """Column with the size of a tier: rows that are alike otherwise are the tiers of one rate, in their order."""
    tier_up_to: Text | None = None
    """The same with the quantity up to which a tier goes; empty in the last."""
    pricing_group_values: Annotated[dict[str, Text], BeforeValidator(named_alike)] = Field(default_factory=dict)
    """Columns with the pricing group values: a list when the columns bear the keys' names, else key: column."""
    billing_frequency: Text | None = None
    """Column with the billing frequency; an empty cell means the default."""
    starting_at: Text | None = None
    """Column with the instant from which the price holds; an empty cell means the default."""
    ending_before: Text | None = None
    """Column with the instant until which the price holds; an empty cell means the default."""
    entitled: Text | None = None
    """Column that says true or false; an empty cell means the default."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("price tiers", hint="name the column with the price: price: usd"),
        bars("price tier_size tier_up_to", Given("tiers"), hint="the columns under tiers say it"),
        bars("tier_up_to", Given("tier_size"), hint="keep one of them"),
    )

    def rules(self) -> Iterator[Violation]:
        """A column of prices is that of one product, or each names its own."""
        if len(self.price) > 1 and "" in self.price:
            yield Violation("empty", "a column of prices has no product", ("price",), "price: {PRODUCT: COLUMN}")
        if any(self.price) and self.product is not None:
            hint = "keep one of them: each row is a price of one product, or has the prices of several"
            yield Violation("conflict", "product stands beside the products under price", ("product",), hint)
        for index, tier in enumerate(self.tiers):
            if (tier.size is None) != (index + 1 == len(self.tiers)):
                yield Violation("tier-gap", "only the last tier has no size", ("tiers", index), "the others need one")

    @property
    def priced(self) -> dict[str, tuple[TierColumns, ...]]:
        """The columns of prices by product, an empty name where the row or a default says the product."""
        if self.tiers:
            return {"": self.tiers}
        return {product: (TierColumns(price=column),) for product, column in self.price.items()}

    @property
    def named(self) -> dict[str, Path]:
        """Every column that is used, with the place that names it, below the entry of `rates_from`."""
        found: dict[str, Path] = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if field == "tiers":
                value = {index: one for index, tier in enumerate(value) for one in (tier.price, tier.size)}
            for name in value.values() if isinstance(value, dict) else (value,):
                if isinstance(name, str):
                    found.setdefault(name, ("columns", field))
        return found


class Defaults(Model):
    """What holds for every row that does not say otherwise."""

    product: Text | None = None
    """The product's name."""
    pricing_group_values: GroupValues = Field(default_factory=dict)
    """Pricing group values that are the same in every row."""
    rate_type: RowRateType = "FLAT"
    """FLAT, or PERCENTAGE: then the prices are fractions."""
    entitled: bool = True
    """Whether contracts on the card get the products without an override that enables them."""
    starting_at: Instant | None = None
    """From when the prices hold (inclusive)."""
    ending_before: Instant | None = None
    """Until when (exclusive); when not given, until the next price starts, or without end."""
    billing_frequency: Frequency | None = None
    """WEEKLY, MONTHLY, QUARTERLY or ANNUAL: for SUBSCRIPTION products."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), Upper] | None = None
    """The table's numbers are in this currency's major unit."""
    credit_type: Annotated[str, Lower] | None = None
    """The table's numbers are in this pricing unit's API unit."""

    conditions: ClassVar[tuple[Condition, ...]] = (
        bars("credit_type", Given("currency"), hint="keep one of them: the numbers are in one unit"),
    )


class Edition(Model):
    """The list as it is from a date on: all of it, in place of the edition before."""

    from_: Annotated[Instant, Field(alias="from")]
    """From when it holds (inclusive), until the next edition."""
    table: Text
    """File name, relative to the manifest."""


class Numbers(Model):
    """How the numbers of a table are written."""

    decimal: Literal[".", ","] = "."
    """What stands before the fraction."""
    thousands: Literal[",", ".", " ", "'", "_"] | None = None
    """What stands between groups of three digits; nothing when not given."""

    def rules(self) -> Iterator[Violation]:
        """The two differ."""
        if self.decimal == self.thousands:
            yield Violation("conflict", "decimal and thousands are the same", ("thousands",), "they differ in a number")


class TableSpec(NamedTuple):
    """One table of an entry: what is said of it, and where its name stands below the entry."""

    spec: "RatesFrom"
    named: Path


class RowsFrom(Model):
    """How the rows of a table are read, and which of them."""

    where: Annotated[dict[Text, NonEmpty[str]], BeforeValidator(_one_or_several)] = Field(default_factory=dict)
    """Only rows in which these columns have the given value, or one of them."""
    numbers: Numbers | None = None
    """How numbers are written, where that is not 1234.56."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between the cells of a row."""
    sheet: Text | None = None
    """The sheet of a workbook; the first one when not given."""
    key: Text | None = None
    """Of JSON that is an object of objects: the column that their names are."""


class RatesFrom(RowsFrom):
    """A table of rates beside the manifest."""

    table: Text | None = None
    """File name, relative to the manifest: CSV, a workbook (.xlsx), JSON (.json) or Parquet (.parquet)."""
    editions: tuple[Edition, ...] = ()
    """Instead of table: one list in several dated editions, in their order. Each replaces the one before as a whole:
    prices that are in it no more end when it begins."""
    columns: Columns
    """Which column holds what."""
    defaults: Defaults = Field(default_factory=Defaults.model_construct)
    """What holds for every row that does not say otherwise."""
    map: dict[Text, dict[str, Text]] = Field(default_factory=dict)
    """Our names by column and by the value that stands there, as for a product that the table calls otherwise."""
    empty: Annotated[Literal["SKIP", "ERROR"], Upper] = "SKIP"
    """What an empty cell of prices is: no such price (SKIP), or an ERROR."""
    per: Annotated[Decimal, BeforeValidator(_count)] | None = None
    """The prices are for so many of what is metered, such as `1M`, whatever the product's quantity_conversion."""
    factor: Positive | None = None
    """What every price is multiplied by."""

    dated: ClassVar[bool] = True
    """Whether it has to say from when its prices hold."""
    conditions: ClassVar[tuple[Condition, ...]] = (
        needs("table editions", hint="table: prices.csv"),
        bars("table", Given("editions"), hint="keep one of them: each edition names its own table"),
    )

    def rules(self) -> Iterator[Violation]:
        """Every row can tell its product and its start; editions come one after the other."""
        columns, defaults = self.columns, self.defaults
        if columns.product is None and defaults.product is None and not any(columns.price):
            hint = "name the column under columns, or the product under defaults"
            yield Violation("missing-field", "no column and no default says the product", ("columns",), hint)
        if any(columns.price) and defaults.product is not None:
            message = "product stands beside the products under price"
            yield Violation("conflict", message, ("defaults", "product"), "remove it")
        for key in sorted(columns.pricing_group_values.keys() & defaults.pricing_group_values.keys()):
            message = f"{quote(key)} is a column and a constant"
            yield Violation("conflict", message, ("defaults", "pricing_group_values", key), "keep one of them")
        if self.editions:
            yield from self._check_editions()
        elif self.dated and columns.starting_at is None and defaults.starting_at is None:
            hint = "add starting_at under defaults, or map it to a column"
            yield Violation(
                "missing-field", "no column and no default says from when the prices hold", ("defaults",), hint
            )

    def _check_editions(self) -> Iterator[Violation]:
        for where in ("columns", "defaults"):
            for field in ("starting_at", "ending_before"):
                if getattr(getattr(self, where), field) is not None:
                    message = f"{field} stands beside editions, which say when each holds"
                    yield Violation("conflict", message, (where, field), "remove it")
        for index, (before, after) in enumerate(zip(self.editions, self.editions[1:], strict=False), 1):
            if after.from_ <= before.from_:
                hint = "the editions stand in the order of their dates"
                message = "this edition does not begin after the one before"
                yield Violation("empty-period", message, ("editions", index, "from"), hint)

    def tables(self) -> Iterator[TableSpec]:
        """Its tables, one or one for each edition, each as an entry of its own."""
        if not self.editions:
            yield TableSpec(self, ("table",))
        ends = [*(edition.from_ for edition in self.editions[1:]), None]
        for index, (edition, end) in enumerate(zip(self.editions, ends, strict=False)):
            defaults = self.defaults.model_copy(update={"starting_at": edition.from_, "ending_before": end})
            update = {"table": edition.table, "editions": (), "defaults": defaults}
            yield TableSpec(self.model_copy(update=update), ("editions", index, "table"))

    def matched(self, header: Sequence[str]) -> "RatesFrom":
        """The same for a table with this header: names of columns with `*` are those that they fit."""
        price = self.columns.price
        if not any("*" in column for column in price.values()):
            return self
        found: dict[str, str] = {}
        for product, column in price.items():
            fits = fnmatch.filter(header, column.replace("[", "[[]")) if "*" in product else []
            found |= {name: name for name in fits} or {product: column}
        return self.model_copy(update={"columns": self.columns.model_copy(update={"price": found})})

    @property
    def is_plain(self) -> bool:
        """Whether its cells are prices, written as numbers are: what an editor of the table can write."""
        return not (self.columns.tiers or self.columns.tier_size or self.columns.tier_up_to or self.numbers)

    @property
    def named(self) -> dict[str, Path]:
        """Every column that the table must have, with the place that names it, below the entry of `rates_from`."""
        kept = {name: ("where", name) for name in self.where} | {name: ("map", name) for name in self.map}
        return kept | self.columns.named
