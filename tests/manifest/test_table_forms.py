"""Tables as they come: what a card says of a table gives the prices that somebody would have written out."""

# ruff: noqa: E501 - an entry of a table stands on one line

import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet
import pytest

from pricebook.manifest.load import load
from pricebook.problem import Problem, Rejected
from pricebook.project.project import read_project

PROJECT = 'namespace: acme\nenvironments: {local: {store: "sqlite:///pricebook.db"}}\n'
NOUNS = """\
apiVersion: pricebook/v1
kind: BillableMetric
metadata: {name: tokens}
spec: {name: Tokens, aggregation_type: COUNT, group_keys: [[model, mode]]}
---
apiVersion: pricebook/v1
kind: ProductList
items:
  - {metadata: {name: in}, spec: {name: In, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}}
  - {metadata: {name: out}, spec: {name: Out, type: USAGE, billable_metric: tokens, pricing_group_key: [model]}}
  - metadata: {name: million}
    spec:
      name: Million
      type: USAGE
      billable_metric: tokens
      pricing_group_key: [model]
      quantity_conversion: {operation: DIVIDE, conversion_factor: 1000000}
  - metadata: {name: both}
    spec: {name: Both, type: USAGE, billable_metric: tokens, pricing_group_key: [mode, model]}
  - {metadata: {name: seat}, spec: {name: Seat, type: SUBSCRIPTION}}
"""
CARD = "apiVersion: pricebook/v1\nkind: RateCard\nmetadata: {name: card}\nspec:\n  name: Card\n"
FROM = "starting_at: 2026-01-01"


def prices(root: Path, card: str, files: Mapping[str, str]) -> dict[str, str]:
    """The rates of a card with these lines, beside these files. Raises Rejected."""
    root.mkdir(exist_ok=True)
    (root / "pricebook.yaml").write_text(PROJECT)
    (root / "catalog.yaml").write_text(NOUNS)
    (root / "card.yaml").write_text(CARD + card)
    for name, text in files.items():
        (root / name).write_text(text)
    return dict(load(read_project(root)).catalog.rates["card"].items())


def problems(root: Path, card: str, files: Mapping[str, str]) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        prices(root, card, files)
    return list(caught.value.problems)


def rate(product: str, price: str, model: str = "", mode: str = "", start: str = FROM, more: str = "") -> str:
    groups = ", ".join(f"{name}: {value}" for name, value in (("mode", mode), ("model", model)) if value)
    values = f", pricing_group_values: {{{groups}}}" if groups else ""
    return f"    - {{product: {product}{values}, {start}, {price}{more}}}\n"


WIDE = "model,input,output,mode\na,1.00,2.00,chat\nb,0.50,,chat\nc,,,image\nd,3,4,image\n"
CASES = {
    "several prices in a row, some of them empty": (
        f"{{columns: {{price: {{in: input, out: output}}, pricing_group_values: [model]}}, defaults: {{{FROM}, currency: USD}}}}",
        WIDE,
        rate("in", "price: $1", "a")
        + rate("out", "price: $2", "a")
        + rate("in", "price: $0.5", "b")
        + rate("in", "price: $3", "d")
        + rate("out", "price: $4", "d"),
    ),
    "only some rows": (
        f"{{columns: {{price: {{in: input}}, pricing_group_values: [model]}}, where: {{mode: image, model: [c, d]}}, "
        f"defaults: {{{FROM}, currency: USD}}}}",
        WIDE,
        rate("in", "price: $3", "d"),
    ),
    "other names, and constants": (
        "{columns: {product: what, price: usd, pricing_group_values: {model: name}}, map: {what: {input_cost: both}}, "
        f"defaults: {{{FROM}, currency: USD, pricing_group_values: {{mode: batch}}}}}}",
        "what,name,usd\ninput_cost,a,1\nboth,b,2\n",
        rate("both", "price: $1", "a", "batch") + rate("both", "price: $2", "b", "batch"),
    ),
    "for a million": (
        f"{{columns: {{product: p, price: usd, pricing_group_values: [model]}}, per: 1M, defaults: {{{FROM}, currency: USD}}}}",
        "p,model,usd\nin,a,2.50\nmillion,a,2.50\n",
        rate("in", "price: $0.0000025", "a") + rate("million", "price: $2.5", "a"),
    ),
    "for one, and half of it": (
        f"{{columns: {{product: p, price: usd, pricing_group_values: [model]}}, per: 1, factor: 0.5, defaults: {{{FROM}, currency: USD}}}}",
        "p,model,usd\nin,a,0.0000025\nmillion,a,2.5e-6\n",
        rate("in", "price: $0.00000125", "a") + rate("million", "price: $1.25", "a"),
    ),
    "numbers as they are written elsewhere": (
        '{columns: {product: p, price: eur, pricing_group_values: [model]}, numbers: {decimal: ",", thousands: "."}, '
        f'delimiter: ";", defaults: {{{FROM}, currency: USD}}}}',
        "p;model;eur\nin;a;0,002\nin;b;1.234,5\nin;c;$7\n",
        rate("in", "price: $0.002", "a") + rate("in", 'price: "$1,234.5"', "b") + rate("in", "price: $7", "c"),
    ),
    "shares": (
        f"{{columns: {{product: p, price: share, pricing_group_values: [model]}}, defaults: {{{FROM}, rate_type: PERCENTAGE}}}}",
        "p,model,share\nin,a,12.5%\nin,b,0.5\n",
        rate("in", "rate_type: PERCENTAGE, price: 12.5%", "a") + rate("in", "rate_type: PERCENTAGE, price: 50%", "b"),
    ),
    "tiers in columns": (
        "{columns: {product: p, pricing_group_values: [model], tiers: [{price: first, size: 100}, {price: next, size: width}, {price: rest}]}, "
        f"defaults: {{{FROM}, currency: USD}}}}",
        "p,model,first,next,width,rest\nin,a,3,2,50,1\nin,b,3,2,,\n",
        rate("in", "rate_type: TIERED, tiers: [{price: $3, size: 100}, {price: $2, size: 50}, {price: $1}]", "a")
        + rate("in", "rate_type: TIERED, tiers: [{price: $3, size: 100}, {price: $2}]", "b"),
    ),
    "tiers in rows": (
        f"{{columns: {{product: p, pricing_group_values: [model], price: usd, tier_up_to: to}}, defaults: {{{FROM}, currency: USD}}}}",
        "p,model,to,usd\nin,a,100,3\nin,b,10,3\nin,a,150,2\nin,a,,1\nin,b,,2\n",
        rate("in", "rate_type: TIERED, tiers: [{price: $3, size: 100}, {price: $2, size: 50}, {price: $1}]", "a")
        + rate("in", "rate_type: TIERED, tiers: [{price: $3, size: 10}, {price: $2}]", "b"),
    ),
    "tiers by their sizes, over time": (
        "{columns: {product: p, pricing_group_values: [model], price: usd, tier_size: size, starting_at: from}, defaults: {currency: USD}}",
        "p,model,from,size,usd\nin,a,2026-01-01,100,3\nin,a,2026-01-01,,1\nin,a,2027-01-01,200,3\nin,a,2027-01-01,,1\n",
        "    - product: in\n      pricing_group_values: {model: a}\n      rate_type: TIERED\n      schedule:\n"
        "        - {starting_at: 2026-01-01, tiers: [{price: $3, size: 100}, {price: $1}]}\n"
        "        - {starting_at: 2027-01-01, tiers: [{price: $3, size: 200}, {price: $1}]}\n",
    ),
}


@pytest.mark.parametrize(("entry", "table", "written"), CASES.values(), ids=CASES)
def test_a_table_says_what_could_be_written_out(tmp_path: Path, entry: str, table: str, written: str) -> None:
    found = prices(tmp_path / "a", f"  rates_from:\n    - {{table: t.csv, {entry[1:]}\n", {"t.csv": table})
    assert found == prices(tmp_path / "b", f"  rates:\n{written}", {})


JSON = """\
{
  "a": {"input_cost": 1e-06, "output_cost": 0.000002, "mode": "chat", "tools": ["x"]},
  "b": {"input_cost": 0.1, "output_cost": null, "deprecated": true}
}
"""


def test_json_as_its_makers_released_it(tmp_path: Path) -> None:
    card = (
        "  rates_from:\n    - table: t.json\n      key: model\n"
        "      columns: {price: {in: input_cost, out: output_cost}, pricing_group_values: [model]}\n"
        f"      defaults: {{{FROM}, currency: USD}}\n"
    )
    written = (
        rate("in", "price: $0.000001", "a") + rate("out", "price: $0.000002", "a") + rate("in", "price: $0.1", "b")
    )
    expected = prices(tmp_path / "b", f"  rates:\n{written}", {})
    assert prices(tmp_path / "a", card, {"t.json": JSON}) == expected
    rows = JSON.replace('"a": {', '{"model": "a", ').replace('"b": {', '{"model": "b", ')
    assert prices(tmp_path / "a", card, {"t.json": f"[{rows.strip()[1:-1]}]"}) == expected
    (wrong,) = problems(tmp_path / "a", card, {"t.json": JSON.replace("0.1", '"free"')})
    assert (wrong.code, str(wrong.at)) == ("amount", "t.json:3:2")
    for text in ("{", "[1]", '{"a": {} "b": {}}', "prices", '{"a" {}}', "[" * 100_000):
        (wrong,) = problems(tmp_path / "a", card, {"t.json": text})
        assert (wrong.code, str(wrong.at)) == ("not-json", "t.json:1:1")


def test_columns_that_bear_the_names_of_products(tmp_path: Path) -> None:
    table = {"t.csv": "model,in,note,out\na,1,x,2\n"}
    columns = "  rates_from:\n    - table: t.csv\n      columns: {{price: {}, pricing_group_values: [model]}}\n"
    columns += f"      defaults: {{{{{FROM}, currency: USD}}}}\n"
    expected = prices(tmp_path / "b", "  rates:\n" + rate("in", "price: $1", "a") + rate("out", "price: $2", "a"), {})
    assert prices(tmp_path / "a", columns.format("[in, out]"), table) == expected
    assert prices(tmp_path / "a", columns.format('["i*", "o*t"]'), table) == expected
    (nothing,) = problems(tmp_path / "a", columns.format('[in, "*_cost"]'), table)
    assert (nothing.code, nothing.message) == ("missing-column", 'the table has no column "*_cost"')
    (more,) = problems(tmp_path / "a", columns.format('["*n*"]'), table)
    assert (more.code, str(more.at), more.message) == (
        "unknown-reference",
        "card.yaml:8:24",
        'product "note" does not exist',
    )


EDITIONS = (
    "  rates_from:\n"
    "    - editions: [{from: 2025-01-01, table: old.csv}, {from: 2025-11-01, table: new.csv}]\n"
    "      columns: {product: p, pricing_group_values: [model], price: usd}\n"
    "      defaults: {currency: USD}\n"
)
OLD, NEW = "p,model,usd\nin,gone,1\nin,kept,2\nin,dearer,3\n", "p,model,usd\nin,kept,2\nin,dearer,4\nin,new,5\n"


def test_an_edition_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    from_2025, from_november = "starting_at: 2025-01-01", "starting_at: 2025-11-01"
    until = ", ending_before: 2025-11-01"
    dearer = "{starting_at: 2025-01-01, price: $3}, {starting_at: 2025-11-01, price: $4}"
    written = (
        rate("in", "price: $1", "gone", start=from_2025, more=until)
        + rate("in", "price: $2", "kept", start=from_2025)
        + rate("in", f"schedule: [{dearer}]", "dearer", start="rate_type: FLAT")
        + rate("in", "price: $5", "new", start=from_november)
    )
    found = prices(tmp_path / "a", EDITIONS, {"old.csv": OLD, "new.csv": NEW})
    assert found == prices(tmp_path / "b", f"  rates:\n{written}", {})


def test_editions_in_the_wrong_order_or_with_dates_beside_them(tmp_path: Path) -> None:
    card = EDITIONS.replace("from: 2025-11-01", "from: 2024-11-01").replace("currency", f"{FROM}, currency")
    found = problems(tmp_path, card, {"old.csv": OLD, "new.csv": NEW})
    assert [(p.code, str(p.at)) for p in found] == [("empty-period", "card.yaml:7:61"), ("conflict", "card.yaml:9:31")]
    missing = problems(tmp_path, EDITIONS.replace("new.csv", "nwe.csv"), {"old.csv": OLD, "new.csv": NEW})
    assert [(p.code, str(p.at), p.hint) for p in missing] == [
        ("missing-file", "card.yaml:7:80", 'did you mean "new.csv"?')
    ]


BAD = {
    "a wrong mapping is one mistake, at the mapping": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, defaults: {{{FROM}, currency: USD}}",
        "p,model,mode,usd\n" + "".join(f"{p},m{n},chat,1\n" for n in range(30) for p in ("both", "seat")),
        [
            ("missing-field", "card.yaml:7:98", 'a rate of the SUBSCRIPTION product "seat" needs a billing_frequency'),
            ("pricing-group-key", "card.yaml:7:78", '"both": priced by mode, model, and the table gives model'),
        ],
    ),
    "products that nobody knows are told at once, with the map to paste": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, defaults: {{{FROM}, currency: USD}}",
        "p,model,usd\nin,a,1\n" + "".join(f"output_cost_{n % 2}k,m{n},1\n" for n in range(40)),
        [
            (
                "unknown-reference",
                "t.csv:3:1",
                '2 products do not exist: "output_cost_0k", "output_cost_1k" (in 40 rows)',
            )
        ],
    ),
    "an empty price may be a mistake": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, empty: error, defaults: {{{FROM}, currency: USD}}",
        "p,model,usd\nin,a,1\nin,bcd,\n",
        [("amount", "t.csv:3:8", 'no price: "usd" is empty')],
    ),
    "a condition that no row meets": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, where: {{model: b}}, defaults: {{{FROM}, currency: USD}}",
        "p,model,usd\nin,a,1\n",
        [("nothing-fits", "card.yaml:7:103", 'no row has "b" in column "model": the table gives no price')],
    ),
    "numbers in another notation": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, numbers: {{decimal: ',', thousands: '.'}}, defaults: {{{FROM}, currency: USD}}",
        'p,model,usd\nin,a,"1,5"\nin,b,1.5\nin,c,"0.002,5"\nin,d,"1.0000"\n',
        [
            ("amount", "t.csv:3:6", '"1.5" is not written as 1.234,50'),
            ("amount", "t.csv:4:6", '"0.002,5" is not written as 1.234,50'),
            ("amount", "t.csv:5:6", '"1.0000" is not written as 1.234,50'),
        ],
    ),
    "a factor of nothing, and prices for none": (
        f"columns: {{product: p, price: usd}}, factor: 0, per: 0, defaults: {{{FROM}, currency: USD}}",
        "p,usd\n",
        [
            ("out-of-range", "card.yaml:7:65", "0 is not more than 0"),
            ("type", "card.yaml:7:73", "0 is no number of units"),
        ],
    ),
    "a price that no decimal can say": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model]}}, per: 3, defaults: {{{FROM}, currency: USD}}",
        "p,model,usd\nin,a,1\nin,b,3\n",
        [("too-precise", "t.csv:2:6", '"1" has more digits than can be carried')],
    ),
    "tiers that leave a gap": (
        f"columns: {{product: p, price: usd, pricing_group_values: [model], tier_up_to: to}}, defaults: {{{FROM}, currency: USD}}",
        "p,model,to,usd\nin,a,,1\nin,a,10,2\nin,b,10,1\nin,b,5,1\nin,b,,1\n",
        [
            ("tier-gap", "t.csv:2:6", "only the last tier has no size"),
            ("out-of-range", "t.csv:5:6", '"5" ends no tier'),
        ],
    ),
    "who says the product": (
        f"columns: {{product: p, price: {{in: usd}}}}, defaults: {{{FROM}, product: in}}",
        "p,usd\n",
        [
            ("conflict", "card.yaml:7:41", "product stands beside the products under price"),
        ],
    ),
    "one column, or several": (
        f"columns: {{product: p, price: usd, tiers: [{{price: usd, size: 1}}]}}, defaults: {{{FROM}}}",
        "p,usd\n",
        [
            ("conflict", "card.yaml:7:51", "price stands beside tiers"),
            ("tier-gap", "card.yaml:7:64", "only the last tier has no size"),
        ],
    ),
}


@pytest.mark.parametrize(("entry", "table", "expected"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_told_once_and_where_it_is_mended(
    tmp_path: Path, entry: str, table: str, expected: list[tuple[str, str, str]]
) -> None:
    found = problems(tmp_path, f"  rates_from:\n    - {{table: t.csv, {entry}}}\n", {"t.csv": table})
    assert sorted((p.code, str(p.at), p.message) for p in found) == sorted(expected)


def test_unknown_products_come_with_the_map_to_paste(tmp_path: Path) -> None:
    entry, table, _ = BAD["products that nobody knows are told at once, with the map to paste"]
    (found,) = problems(tmp_path, f"  rates_from:\n    - {{table: t.csv, {entry}}}\n", {"t.csv": table})
    assert found.hint == (
        "say which products they are: map: {p: {output_cost_0k: PRODUCT, output_cost_1k: PRODUCT}};"
        " or leave them out, under where"
    )


# --- workbooks

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ENTRY = "columns: {product: p, price: usd, pricing_group_values: [model]}, defaults: {starting_at: 2026-01-01, currency: USD}"


def workbook(path: Path, rows: str, texts: str = "") -> None:
    with ZipFile(path, "w") as book:
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets><sheet name="Notes" sheetId="1" r:id="r1"/>'
            '<sheet name="Prices" sheetId="2" r:id="r2"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="r2" Target="/xl/worksheets/sheet2.xml"/></Relationships>',
        )
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SHEET}">{texts}</sst>')
        book.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{SHEET}"><sheetData/></worksheet>')
        book.writestr(
            "xl/worksheets/sheet2.xml", f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'
        )


ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>usd</t></is></c></row>'
    '<row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3" t="str"><v>a</v></c><c r="C3"><v>2.5000000000000002E-6</v></c></row>'
    '<row r="4"><c r="A4" t="s"><v>2</v></c><c r="B4" t="str"><v>b</v></c></row>'
)
TEXTS = "<si><t>p</t></si><si><r><t>mod</t></r><r><t>el</t></r></si><si><t>in</t><rPh><t>x</t></rPh></si>"


def test_a_workbook_says_what_its_sheet_shows(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    workbook(tmp_path / "a" / "t.xlsx", ROWS, TEXTS)
    found = prices(tmp_path / "a", f"  rates_from:\n    - {{table: t.xlsx, sheet: Prices, {ENTRY}}}\n", {})
    assert found == prices(tmp_path / "b", "  rates:\n" + rate("in", "price: $0.0000025", "a"), {})


def test_workbooks_that_cannot_be_used(tmp_path: Path) -> None:
    def told(sheet: str = "Prices") -> list[tuple[str, str]]:
        found = problems(tmp_path, f"  rates_from:\n    - {{table: t.xlsx, sheet: {sheet}, {ENTRY}}}\n", {})
        return [(p.code, str(p.at)) for p in found]

    path = tmp_path / "t.xlsx"
    path.write_text("p,model,usd\n")
    assert told() == [("not-a-workbook", "t.xlsx:1:1")]
    workbook(path, ROWS.replace("2.5000000000000002E-6", "x"), TEXTS)
    assert told() == [("not-a-workbook", "t.xlsx:1:1")]
    workbook(path, ROWS.replace("2.5000000000000002E-6", "-1"), TEXTS)
    assert told() == [("out-of-range", "t.xlsx:3:3")]
    assert told("Price") == [("missing-sheet", "t.xlsx:1:1")]
    assert told("Notes") == [("empty-table", "t.xlsx:1:1")]
    workbook(path, f'{ROWS}<row r="5"><c r="ZZZ5"><v>1</v></c></row>', TEXTS)
    assert told() == [("too-large", "t.xlsx:5:1")]
    workbook(path, f"{ROWS}<!-- {' ' * (65 << 20)} -->", TEXTS)
    assert told() == [("too-large", "t.xlsx:1:1")]


# --- Parquet


def parquet(path: Path, **columns: Any) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


PARQUET = ENTRY.replace("{product: p, price: usd", "{price: [in, out]")


def test_a_parquet_table(tmp_path: Path) -> None:
    tmp_path.joinpath("a").mkdir()
    exact = pyarrow.array([Decimal("2.50"), None], pyarrow.decimal128(20, 2))
    parquet(tmp_path / "a" / "t.parquet", model=["a", "b"], **{"in": [2.5e-06, 0.1], "out": exact})
    card = f"  rates_from:\n    - {{table: t.parquet, {PARQUET}}}\n"
    written = rate("in", "price: $0.0000025", "a") + rate("out", "price: $2.5", "a") + rate("in", "price: $0.1", "b")
    assert prices(tmp_path / "a", card, {}) == prices(tmp_path / "b", f"  rates:\n{written}", {})


def dictionary_bomb(path: Path) -> None:
    """Four million characters, two hundred thousand times: a file of 200 kB."""
    packed = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 200_000, pyarrow.int32()), ["y" * (4 << 20)])
    parquet(path, model=packed, **{"in": [1.0] * 200_000, "out": [1.0] * 200_000})


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no Parquet": (lambda path: path.write_bytes(b"PAR1" + b"x" * 100 + b"PAR1"), "not-parquet"),
    "nothing": (lambda path: path.write_bytes(b""), "not-parquet"),
    "a long text many times": (dictionary_bomb, "type"),
    "a column of lists": (lambda path: parquet(path, model=["a"], **{"in": [[1.0]], "out": [2.0]}), "type"),
    "bytes": (lambda path: parquet(path, model=[b"a"], **{"in": [1.0], "out": [2.0]}), "type"),
    "no number": (lambda path: parquet(path, model=["a"], **{"in": [float("nan")], "out": [2.0]}), "amount"),
    "no such column": (lambda path: parquet(path, model=["a"], **{"in": [1.0]}), "missing-column"),
    "a thousand columns and one": (
        lambda path: parquet(path, **{f"c{number}": [1] for number in range(1001)}),
        "too-large",
    ),
}


@pytest.mark.parametrize(("write", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_parquet_is_one_error(tmp_path: Path, write: Callable[[Path], object], code: str) -> None:
    write(tmp_path / "t.parquet")
    (found,) = problems(tmp_path, f"  rates_from:\n    - {{table: t.parquet, {PARQUET}}}\n", {})
    assert found.code == code


def test_without_the_extra_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet(tmp_path / "t.parquet", model=["a"], **{"in": [1.0], "out": [2.0]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (found,) = problems(tmp_path, f"  rates_from:\n    - {{table: t.parquet, {PARQUET}}}\n", {})
    assert (found.code, found.hint) == (
        "missing-extra",
        "install it: pip install 'pricebook[cloud]'; or save the table as CSV",
    )
