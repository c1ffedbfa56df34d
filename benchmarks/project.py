"""Projects to measure with: the real price table, repeated under other model names until it is as long as asked for.

The same rows give the same bytes, always. A project has one rate card, one metric, and a product for each component
that the table prices; its rates stand in a CSV table, or in the card's own YAML.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Literal

Form = Literal["csv", "yaml"]
Row = tuple[str, str, str, str, str]
"""provider, mode, model, component, usd"""

_SETTINGS = """namespace: bench
manifests: [catalog]
environments:
  local: {store: "sqlite:///pricebook.db"}
"""
_METRIC = """apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: usage}
spec:
  name: Usage
  aggregation_type: SUM
  aggregation_key: quantity
  property_filters: [{name: quantity, exists: true}, {name: provider, exists: true}, {name: model, exists: true}]
  group_keys: [[provider, model]]
"""
_PRODUCT = """---
apiVersion: pricebook/v1
kind: Product
metadata: {{name: {name}}}
spec: {{name: {name}, type: USAGE, billable_metric: usage, pricing_group_key: [provider, model]}}
"""
_CARD = """apiVersion: pricebook/v1
kind: RateCard
metadata: {name: models}
spec:
  name: Language models
  aliases: [{name: models}]
"""
_TABLE = """  rates_from:
    - table: rates.csv
      columns: {{product: component, pricing_group_values: [provider, model], price: usd}}
      defaults: {{rate_type: FLAT, entitled: true, starting_at: {since}, currency: USD}}
"""
_RATE = """    - product: {component}
      pricing_group_values:
        provider: {provider}
        model: {model}
      entitled: true
      starting_at: 2025-01-01
      price: ${usd}
"""
SINCE, CHANGED_SINCE = "2025-01-01", "2026-01-01"


@dataclass(frozen=True)
class Project:
    """A project on disk. `rates` is the file that holds its rates."""

    root: Path
    rates: Path
    rows: int

    @property
    def database(self) -> Path:
        """Where its store is, once something was applied."""
        return self.root / "pricebook.db"

    def forget(self) -> None:
        """Delete the store."""
        for suffix in ("", "-wal", "-shm"):
            self.root.joinpath(f"pricebook.db{suffix}").unlink(missing_ok=True)


def repeated(table: Path, rows: int) -> Iterator[Row]:
    """So many rows: the table's own, then again with `@2` behind the model's name, `@3`, and so on."""
    left = rows
    for time in count(1):
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            assert next(reader) == ["provider", "mode", "model", "component", "usd"], f"{table} has other columns"
            for provider, mode, model, component, usd in reader:
                if not left:
                    return
                left -= 1
                yield provider, mode, model if time == 1 else f"{model}@{time}", component, usd


def raised(rows: Iterator[Row], changes: int) -> Iterator[Row]:
    """The rows, the first so many that are not free at a tenth more."""
    left = changes
    for row in rows:
        price = Decimal(row[-1])
        if left and price and len(price.as_tuple().digits) < 12:
            left -= 1
            yield *row[:4], f"{price * 11 / 10:f}"
        else:
            yield row


def write_project(root: Path, table: Path, rows: int, form: Form = "csv", changes: int = 0) -> Project:
    """Write a project. With `changes`, so many prices are a tenth higher, and the table holds from 2026 on."""
    catalog = root / "catalog"
    catalog.mkdir(parents=True)
    root.joinpath("pricebook.yaml").write_text(_SETTINGS, encoding="utf-8")
    source = repeated(table, rows)
    wanted = raised(source, changes) if changes else source
    if form == "csv":
        path = catalog / "rates.csv"
        components = _write_csv(path, wanted)
        since = CHANGED_SINCE if changes else SINCE
        catalog.joinpath("card.yaml").write_text(_CARD + _TABLE.format(since=since), encoding="utf-8")
    else:
        path = catalog / "card.yaml"
        components = _write_yaml(path, wanted)
    products = "".join(_PRODUCT.format(name=name) for name in sorted(components))
    catalog.joinpath("products.yaml").write_text(_METRIC + products, encoding="utf-8")
    return Project(root, path, rows)


def write_products(root: Path, count: int) -> Project:
    """A project of so many products, without prices: as many steps."""
    catalog = root / "catalog"
    catalog.mkdir(parents=True)
    root.joinpath("pricebook.yaml").write_text(_SETTINGS, encoding="utf-8")
    path = catalog / "products.yaml"
    path.write_text(
        _METRIC + "".join(_PRODUCT.format(name=f"product-{n:05}") for n in range(count - 1)), encoding="utf-8"
    )
    return Project(root, path, count)


def _write_csv(path: Path, rows: Iterator[Row]) -> set[str]:
    components = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("provider", "mode", "model", "component", "usd"))
        for row in rows:
            components.add(row[3])
            writer.writerow(row)
    return components


def _write_yaml(path: Path, rows: Iterator[Row]) -> set[str]:
    components = set()
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{_CARD}  rates:\n")
        for provider, _, model, component, usd in rows:
            components.add(component)
            names = {"provider": json.dumps(provider), "model": json.dumps(model)}
            file.write(_RATE.format(component=component, usd=usd, **names))
    return components
