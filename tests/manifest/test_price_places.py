"""Where prices stand in a table: the same with the line of each key known beforehand, whatever the file is like."""

from pathlib import Path

import pytest

from pricebook.catalog.product import Product
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.unit import BUILT_IN, scale_of
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.manifest.tables import Source, price_places, read_table
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


def _source(path: Path) -> Source:
    said, violations = validated(
        RatesFrom,
        {
            "table": "t.csv",
            "columns": {"product": "name", "price": "usd"},
            "defaults": {"rate_type": "FLAT", "entitled": True, "starting_at": "2025-01-01", "currency": "USD"},
        },
    )
    assert said is not None, violations
    products = {name: Product(name=name, type="USAGE", billable_metric="m") for name in "abc"}
    card = RateCard(name="Card")
    facts = RateFacts("card", card, products, {name: scale_of(unit) for name, unit in BUILT_IN.items()})
    return Source(path, "t.csv", said, lambda _: Span("card.yaml"), facts)


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
@pytest.mark.parametrize("wanted", ["abc", "b", "ca"])
def test_a_known_line_changes_no_place(tmp_path: Path, content: bytes, wanted: str) -> None:
    source = _source(tmp_path / "t.csv")
    source.path.write_bytes(content)
    table = read_table(source)
    assert not table.problems
    lines = {key: line for line, key in enumerate(table.entries, 2)}
    keys = [key for key in table.entries if key[2] in wanted]
    slow = price_places(source, keys)
    assert len(slow) == len(wanted)
    assert price_places(source, keys, {key: lines[key] for key in keys}) == slow


def test_a_line_is_believed_only_when_the_row_is_there(tmp_path: Path) -> None:
    source = _source(tmp_path / "t.csv")
    source.path.write_bytes(HEADER + ROWS)
    first = next(iter(read_table(source).entries))
    for line in (2, 3, 4, 5, 1000):
        assert set(price_places(source, [first], {first: line}).values()) == {Span("t.csv", 2, 2)}


def test_only_the_rows_asked_for_are_parsed(tmp_path: Path) -> None:
    source = _source(tmp_path / "t.csv")
    source.path.write_bytes(HEADER + b"a,1\nb,no number,and too many cells\nc,3\n")
    key = next(key for key in read_table(source).entries if key[2] == "c")
    assert set(price_places(source, [key], {key: 4}).values()) == {Span("t.csv", 4, 2)}
