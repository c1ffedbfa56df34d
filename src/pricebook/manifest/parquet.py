"""Parquet tables: the door to Arrow for tables of rates, which an extra brings.

Decimals and whole numbers are exact. A binary number is the shortest decimal that reads back as it (0.0000025), which
is what whoever wrote it had typed. What is neither text nor a number, a date or true and false is no cell.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from pricebook.catalog.money import plain
from pricebook.problem import reject
from pricebook.span import Span

MAX_COLUMNS = 1000
MAX_ROWS = 20_000_000
MAX_BYTES = 1 << 30
"""Bytes of a table once it is unpacked, as its own foot says."""
MAX_TEXT = 4096
"""Characters of a cell."""
ROWS = 1000
"""Rows that are unpacked at once."""


def parquet_rows(stream: BinaryIO, shown: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each row, the header first. Raises Rejected for what is no Parquet, unpacks to more
    than it may, or cannot be read for want of the extra."""
    try:
        # Brought by an extra, and heavy.
        from pyarrow import ArrowException
        from pyarrow import types as kinds
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        hint = "install it: pip install 'pricebook[cloud]'; or save the table as CSV"
        raise reject("missing-extra", "Parquet needs pyarrow, which is not installed", Span(shown), hint) from None
    try:
        # Texts stay in the dictionaries in which they are packed: a text that is repeated is there once.
        file = ParquetFile(stream)
        names = file.schema_arrow.names
        texts = [
            field.name
            for field in file.schema_arrow
            if kinds.is_string(field.type) or kinds.is_large_string(field.type)
        ]
        size = sum(file.metadata.row_group(each).total_byte_size for each in range(file.metadata.num_row_groups))
        if len(names) > MAX_COLUMNS or file.metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
            message = f"the table has {len(names):,} columns, {file.metadata.num_rows:,} rows and {size:,} bytes"
            hint = f"the most are {MAX_COLUMNS:,}, {MAX_ROWS:,} and {MAX_BYTES:,}: split the table"
            raise reject("too-large", message, Span(shown), hint)
        stream.seek(0)
        file = ParquetFile(stream, read_dictionary=texts)
        yield 1, names
        line = 1
        for batch in file.iter_batches(batch_size=ROWS):
            columns = [_texts(column, shown, name, line) for column, name in zip(batch.columns, names, strict=True)]
            for row in zip(*columns, strict=True):
                line += 1
                yield line, list(row)
    except (ArrowException, OSError, ValueError, OverflowError) as error:
        reason = str(error).split("\n", 1)[0][:200]
        raise reject("not-parquet", f"the file is no Parquet that can be read ({reason})", Span(shown)) from None


def _texts(column: Any, shown: str, name: str, line: int) -> list[str]:
    """The cells of a column, whose first row is behind this line. Raises Rejected."""
    values = column.to_pylist() if not hasattr(column, "dictionary") else _looked_up(column)
    return [_text(value, shown, name, at) for at, value in enumerate(values, line + 1)]


def _looked_up(column: Any) -> Iterator[object]:
    words = column.dictionary.to_pylist()
    return (None if at is None else words[at] for at in column.indices.to_pylist())


def _text(value: object, shown: str, name: str, line: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str() if len(value) <= MAX_TEXT:
            return value
        case int():
            return str(value)
        case float():
            return plain(Decimal(repr(value))) if value - value == 0 else str(value)
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
    what = f"a text of {len(value):,} characters" if isinstance(value, str) else type(value).__name__
    raise reject("type", f"column {name!r} has {what}, which is no cell of a table", Span(shown, line))
