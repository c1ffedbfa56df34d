"""Values replaced where they stand: everything around them stays, comments, quotes and layout."""

from decimal import Decimal
from typing import Any

import pytest

from pricebook.catalog.violation import Path
from pricebook.edit.rewrite import GONE, CopiedItem, Further, Renamed, Unplaceable, Written, rewritten
from pricebook.manifest.syntax import read_documents

TEXT = """\
# a head
a: 1
---
spec:   # of the second
  name: "x"
  total: $1.00     # in words: one
  list:
    # the first
    - {at: 2025-10-01, total: $1.00}  # stays
    - at: 2025-11-01
      total: '2'
  last: 5  # of five

# a foot
---
b: 1
"""
TOTAL: Path = ("spec", "total")


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (TOTAL, "$9.00", "total: $1.00     #", "total: $9.00     #"),
        (TOTAL, Decimal("7.10"), "total: $1.00     #", "total: 7.1     #"),
        (("spec", "name"), "y", '"x"', '"y"'),
        (("spec", "list", 0, "total"), "-$3.00", "01, total: $1.00}  #", "01, total: -$3.00}  #"),
        (("spec", "list", 1, "total"), "3", "'2'", "'3'"),
        (("spec", "list", 0), {"at": "x"}, "{at: 2025-10-01, total: $1.00}", "{at: x}"),
        (("spec", "list", 0, "lines"), [{"a": 1}, {"b": 2}], "$1.00}  #", "$1.00, lines: [{a: 1}, {b: 2}]}  #"),
        (("spec", "new"), {"a": [{"b": 1}]}, "5  # of five\n", "5  # of five\n  new: {a: [{b: 1}]}\n"),
        (("spec", "new"), [{"b": 1}, {"c": 2}], "# of five\n", "# of five\n  new:\n    - {b: 1}\n    - {c: 2}\n"),
        (
            ("spec", "list"),
            [{"a": 1}, {"b": 2}],
            "- {at: 2025-10-01, total: $1.00}  # stays\n    - at: 2025-11-01\n      total: '2'\n",
            "- {a: 1}\n    - {b: 2}\n",
        ),
    ],
)  # fmt: skip
def test_a_value_is_replaced_where_it_stands(path: Path, value: Any, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    found = rewritten(TEXT, 1, {path: value})
    assert found == TEXT.replace(before, after)
    assert read_documents("f", found)[1] == []


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: {b: 1, }\n", ("a", "c"), Decimal(2), "a: {b: 1, c: 2}\n"),
        ("a: {}\n", ("a", "c"), Decimal(2), "a: {c: 2}\n"),
        ("a: [1, ]\n", ("a",), Further([{"b": "c"}]), "a: [1, {b: c}]\n"),
        ("a:\n- 1  # one\n# foot\n", ("a",), Further(["x", "w"]), "a:\n- 1  # one\n- x\n- w\n# foot\n"),
        ("a: {b: 1}\n", ("a", "c"), Further(["x"]), "a: {b: 1, c: [x]}\n"),
        ("a:\n  b: |\n    x\n\n  c: 1\n", ("a", "b"), "w", "a:\n  b: w\n\n  c: 1\n"),
        ("a:\n  b: |\n    x\n\n---\nc: 1\n", ("a", "d"), "w", "a:\n  b: |\n    x\n  d: w\n\n---\nc: 1\n"),
        ("a:\n  b: 1  # one\n  c:\n    - d\n  e: 2", ("a", "c"), GONE, "a:\n  b: 1  # one\n  e: 2"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), GONE, "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), GONE, "a: {b: 1}\n"),
        ("a:\n  b: 1\n  c: 2  # two\n", ("a", "c"), GONE, "a:\n  b: 1\n  # two\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), Renamed("d", [Written("$1.00")]), "a: {b: 1, d: [$1.00]}\n"),
        ("a:\n  b: 1  # one\n", ("a", "b"), Renamed("d", [Written("2")]), "a:\n  d:\n    - 2  # one\n"),
        ("a: [{b: 1}]\n", ("a", 0), CopiedItem([{("b",): Decimal(2)}]), "a: [{b: 1}, {b: 2}]\n"),
        (
            "a:\n  - b: 'x'\n    c: 1  # one\n  - {b: y}\n",
            ("a", 0),
            CopiedItem([{("b",): "z"}, {}]),
            "a:\n  - b: 'x'\n    c: 1  # one\n  - b: 'z'\n    c: 1\n  - b: 'x'\n    c: 1\n  - {b: y}\n",
        ),
        ("a: 'x'\n", ("a",), "it's", 'a: "it\'s"\n'),
        ("a: &x {b: 1}  # nobody names it\n", ("a",), {"b": "c"}, "a: {b: c}  # nobody names it\n"),
    ],
)
def test_it_stands_as_it_would_by_hand(text: str, path: Path, value: Any, after: str) -> None:
    assert rewritten(text, 0, {path: value}) == after


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a: &x\n  b: 1\nc: *x\n", ("a", "d"), "y"),
        ("a: &x 1\nc: *x\n", ("a",), "y"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ("a", "b"), "y"),
        ("a: [&x {b: 1}]\nc: *x\n", ("a",), [{"b": "y"}]),
        ("a: 1\n", ("a",), Further(["x"])),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ("c", "b"), GONE),
    ],
)
def test_what_another_place_names_too_is_not_touched(text: str, path: Path, value: Any) -> None:
    with pytest.raises(Unplaceable):
        rewritten(text, 0, {path: value})


def test_many_values_at_once() -> None:
    found = rewritten(TEXT, 1, {TOTAL: "$2.00", ("spec", "list", 0, "total"): "$3.00", ("spec", "last"): Decimal(6)})
    expected = TEXT.replace("total: $1.00     ", "total: $2.00     ").replace("01, total: $1.00", "01, total: $3.00")
    assert found == expected.replace("last: 5", "last: 6")


def test_the_last_line_may_have_no_end() -> None:
    assert rewritten("spec:\n  a: 1", 0, {("spec", "b"): {"c": Decimal(1)}}) == "spec:\n  a: 1\n  b: {c: 1}"


def test_what_stands_behind_an_alias_has_no_place_of_its_own() -> None:
    text = "a: &x {total: 1}\nspec: *x\n"
    with pytest.raises(Unplaceable):
        rewritten(text, 0, {("spec", "total"): Decimal(2)})
    with pytest.raises(Unplaceable):
        rewritten(text, 0, {("spec",): {"a": 1}})
