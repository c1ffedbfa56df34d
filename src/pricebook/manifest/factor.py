"""Tables of factors: what prices are multiplied by, as of rates of exchange by product."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pricebook.catalog.amount import Scale
from pricebook.catalog.model import Text
from pricebook.catalog.money import percent
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.violation import Path
from pricebook.manifest.cell_amount import AmountReader, Unusable
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import Columns, Defaults, RatesFrom, RowsFrom, named_alike
from pricebook.manifest.row import RowReader
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.text import is_below
from pricebook.problem import Problem, quote
from pricebook.span import Span


class FactorTable(RowsFrom):
    """A table of factors beside the manifest; each row is for the prices that have what its columns say."""

    table: Text
    """File name, relative to the manifest, as of rates_from."""
    factor: Text
    """Column with the factor: `0.92`, or `92%`."""
    product: Text | None = None
    """Column with the product of the rates that get it."""
    billing_frequency: Text | None = None
    """Column with their billing frequency."""
    pricing_group_values: Annotated[dict[str, Text], BeforeValidator(named_alike)] = Field(default_factory=dict)
    """Columns with their pricing group values: a list when the columns bear the keys' names, else key: column."""

    @property
    def rates_from(self) -> RatesFrom:
        """How its rows are read."""
        columns = Columns.model_construct(
            product=self.product,
            price={"": self.factor},
            billing_frequency=self.billing_frequency,
            pricing_group_values=self.pricing_group_values,
        )
        shared = {name: getattr(self, name) for name in ("table", *RowsFrom.model_fields)}
        return RatesFrom.model_construct(
            columns=columns, defaults=Defaults(starting_at=datetime(1, 1, 1, tzinfo=UTC)), **shared
        )


@dataclass
class Factors:
    """The factors of a table by what its columns say."""

    table: FactorTable
    found: dict[tuple[str, ...], Decimal] = field(default_factory=dict)

    def of(self, key: RateKey) -> Decimal | None:
        """The factor for a rate; None: there is none."""
        table, groups = self.table, dict(key.pricing_group_values)
        said = [key.product] if table.product is not None else []
        said += [key.billing_frequency or ""] if table.billing_frequency is not None else []
        return self.found.get((*said, *(groups.get(name, "") for name in table.pricing_group_values)))


def read_factors(
    root: FilePath, manifest: str, table: FactorTable, facts: RateFacts, span_at: Callable[[Path], Span]
) -> tuple[Factors, list[Problem]]:
    """The factors of a table that a manifest names, and what is wrong with it."""
    factors = Factors(table)
    (source,) = TableSource.beside(root, manifest, table.rates_from, facts, span_at)
    if not is_below(source.path, root):
        message = f"table {quote(table.table)} is outside the project"
        return factors, [Problem("outside", message, span_at(("table",)), "keep tables below pricebook.yaml")]
    reader = _FactorReader(source)
    for said, factor in reader.factors(table):
        factors.found[said] = factor
    return factors, reader.problems


class _FactorReader(RowReader):
    """One pass over a table of factors."""

    def _cells(self, spec: RatesFrom, names: list[str]) -> Any:
        return names

    def factors(self, table: FactorTable) -> Iterator[tuple[tuple[str, ...], Decimal]]:
        """What the columns of each good row say, and its factor."""
        number = AmountReader(self.source.spec, self.source.facts, "", Scale(None, 0)).number
        seen: set[tuple[str, ...]] = set()
        for names, batches in self._read():
            keyed = [*filter(None, (table.product, table.billing_frequency)), *table.pricing_group_values.values()]
            places, at = [names.index(column) for column in keyed], names.index(table.factor)
            for lines, rows in batches:
                for line, row in zip(lines, rows, strict=True):
                    said, text = tuple(row[place].strip() for place in places), row[at].strip()
                    try:
                        factor = percent(text) if text.endswith("%") else number(text, at)
                        if factor is None or factor <= 0:
                            hint = "a number above 0, or a share: 0.92, 92%"
                            raise Unusable("out-of-range", f"{quote(text)} is no factor", at + 1, hint)
                        if said in seen:
                            raise Unusable(
                                "duplicate-rate", "a factor for the same prices stands twice", 1, "remove one"
                            )
                    except Unusable as error:
                        self._refuse(line, error)
                    else:
                        seen.add(said)
                        yield said, factor
