"""What each customer pays before and after, as a table of its own: CSV, JSON lines or Parquet, written while it is
found, so that it may be of any length. The file is there once it is whole."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from pricebook.catalog.amount import Scale
from pricebook.catalog.canonical import encode
from pricebook.format.escape import escape_cell, escape_json
from pricebook.preview.impact import CustomerRow
from pricebook.preview.terms import Window
from pricebook.problem import quote, reject
from pricebook.view.impact import CUSTOMER_BILL, PLACES
from pricebook.view.impact_verdict import customer_bill

NOTICE = ("customer", "unit", "before", "after", "change", "relative_change", "yearly_change", "starting_at")
"""Columns of a list of those who have to be told: what they pay a month before and after, and from when on."""
_AT_ONCE = 10_000
"""Rows of a Parquet file that are held."""

Keep = Callable[[Mapping[str, Any]], object]
"""What is given a customer's bill, as `view.impact_verdict.customer_bill` has it."""


@contextmanager
def listing(path: Path, columns: Iterable[str] = CUSTOMER_BILL) -> Iterator[Keep]:
    """What rows are given to, to be written to a file whose name says its form. Raises Rejected for any other."""
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        hint = f"name it {', '.join(sorted(_FORMS))}, after what is to be in it"
        raise reject("value", f"{quote(path)} is of no form that customers can be listed in", hint=hint)
    part = path.with_name(f".{path.name}.part")
    try:
        with form(part, tuple(columns)) as keep:
            yield keep
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def cells(scales: Mapping[str, Scale], row: CustomerRow, window: Window) -> tuple[object, ...]:
    """A row of the whole list, by column."""
    return tuple(customer_bill(scales, row, window).values())


def _picked(row: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns}


@contextmanager
def _csv(path: Path, columns: tuple[str, ...]) -> Iterator[Keep]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)

        def keep(row: Mapping[str, Any]) -> None:
            cells = _picked(row, columns).values()
            # A number below zero is no formula, and has to stay a number.
            writer.writerow(escape_cell(cell) if isinstance(cell, str) else _cell(cell) for cell in cells)

        yield keep


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


@contextmanager
def _jsonl(path: Path, columns: tuple[str, ...]) -> Iterator[Keep]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda row: file.write(escape_json(encode(_picked(row, columns))) + "\n")


@contextmanager
def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[Keep]:
    try:
        # Of an extra, for those who ask for it.
        from pyarrow import Table, decimal128, int64, parquet, schema, string
    except ImportError:
        hint = "pip install 'pricebook[cloud]' brings what writes it; .csv and .jsonl need nothing"
        raise reject("missing-extra", "Parquet cannot be written here", hint=hint) from None
    kinds = {Decimal: decimal128(38, PLACES), int: int64(), str: string()}
    shape = schema([(name, kinds[CUSTOMER_BILL[name]]) for name in columns])
    held: list[dict[str, Any]] = []
    with parquet.ParquetWriter(path, shape) as writer:

        def flush() -> None:
            writer.write_table(Table.from_pylist(held, shape))
            held.clear()

        def keep(row: Mapping[str, Any]) -> None:
            held.append(_picked(row, columns))
            if len(held) >= _AT_ONCE:
                flush()

        yield keep
        flush()


_FORMS: Mapping[str, Callable[[Path, tuple[str, ...]], Any]] = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
