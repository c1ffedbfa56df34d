"""Where prices stand in a table: the line kept of each row is the one found again, whatever the file is like."""

from pathlib import Path

import pytest

from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import count_rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.timeline import read_key
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.row import BATCH
from pricebook.manifest.table_source import TableSource
from pricebook.manifest.tables import price_places, read_table
from pricebook.manifest.validation import validated
from pricebook.span import Span

HEADER = b"name,usd\n"
ROWS = b"a,1\nb,2\nc,3\n"
FILES = {
    "plain": HEADER + ROWS,
    "no line end": HEADER + ROWS[:-1],
    "windows": (HEADER + ROWS).replace(b"\n", b"\r\n"),
    "old macintosh": (HEADER + ROWS).replace(b"\n", b"\r"),
    "byte order mark": b"\xef\xbb\xbf" + HEADER + ROWS,
    "empty lines": HEADER + b"\n" + ROWS.replace(b"b", b"\n\nb"),
    "quoted": HEADER + ROWS.replace(b"b", b'"b"'),
    "line ends in cells": b'name,usd,"a\nnote"\n' + ROWS.replace(b"\n", b',"x\ny"\n'),
    "a row within a cell": b"name,usd,note\n" + b'a,1,"\nb,2,\n"\nb,2,\nc,3,\n',
}


def _source(path: Path, group: str = "") -> TableSource:
    said, violations = validated(
        RatesFrom,
        {
            "table": "t.csv",
            "columns": {"product": "name", "price": "usd", "pricing_group_values": (group,) if group else ()},
            "defaults": {"rate_type": "FLAT", "entitled": True, "starting_at": "2025-01-01", "currency": "USD"},
        },
    )
    assert said is not None, violations
    products = {
        name: Product(name=name, type="USAGE", billable_metric="m", pricing_group_key=(group,) if group else ())
        for name in "abc"
    }
    card = RateCard(name="Card")
    facts = RateFacts("card", card, products, {name: scale_of(unit) for name, unit in BUILT_IN.items()})
    return TableSource(path, "t.csv", said, lambda _: Span("card.yaml"), facts)


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_the_line_of_each_entry_is_kept(tmp_path: Path, content: bytes) -> None:
    source = _source(tmp_path / "t.csv")
    source.path.write_bytes(content)
    table = read_table(source)
    assert not table.problems
    assert len(table.lines) == len(table.entries) == 3
    texts = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    # Of a row with line ends in its cells the place is the line where it ends, and the number of the cell.
    columns = {line: texts[line - 1].find(b",") + 2 if b"," in texts[line - 1] else 2 for line in table.lines}
    kept = {key: Span("t.csv", line, columns[line]) for key, line in zip(table.entries, table.lines, strict=True)}
    assert {key: at for (key, _), at in price_places(source, table.entries).items()} == kept


def test_counts_are_those_of_the_entries(tmp_path: Path) -> None:
    source = _source(tmp_path / "t.csv")
    source.path.write_bytes(HEADER + ROWS)
    table = read_table(source)
    assert table.counts == count_rates(table.entries.items())
    assert sum(table.counts.values()) == 3


@pytest.mark.parametrize("bad", [0, 1, BATCH - 1, BATCH, 2 * BATCH + 7])
def test_a_bad_row_spoils_no_other_row_of_its_batch(tmp_path: Path, bad: int) -> None:
    source = _source(tmp_path / "t.csv", group="n")
    rows = [b"a,%d,%d\n" % (number, number) for number in range(2 * BATCH + 8)]
    rows[bad] = b"a,much,%d\n" % bad
    source.path.write_bytes(b"name,usd,n\n" + b"".join(rows))
    table = read_table(source)
    assert [(problem.code, problem.at) for problem in table.problems] == [("amount", Span("t.csv", bad + 2, 3))]
    assert list(table.lines) == [line for line in range(2, len(rows) + 2) if line != bad + 2]
    assert [read_key(key).pricing_group_values for key in table.entries] == [
        (("n", str(number)),) for number in range(len(rows)) if number != bad
    ]
