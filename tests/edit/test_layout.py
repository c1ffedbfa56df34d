"""YAML as a person would write it, and as the reader reads it back."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.edit.layout import lay_out
from pricebook.manifest.syntax import read_documents
from strategy import HOSTILE, TEXTS

NUMBERS = st.integers(-(10**20), 10**20) | st.decimals(-(10**9), 10**9, places=12) | st.just(Decimal("1.3E-10"))
SCALARS = TEXTS | st.just("") | st.none() | st.booleans() | NUMBERS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | st.just(""), inner, max_size=4),
    max_leaves=25,
)


def frozen(data: Any) -> Any:
    """The data as it is read: tuples for lists."""
    if isinstance(data, dict):
        return {key: frozen(value) for key, value in data.items()}
    return tuple(map(frozen, data)) if isinstance(data, list) else data


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_what_is_laid_out_is_read_back(data: dict[str, Any]) -> None:
    documents, problems = read_documents("m.yaml", lay_out(data))
    assert problems == []
    assert [document.data for document in documents] == [frozen(data)]


def test_a_document() -> None:
    data = {
        "metadata": {"name": "pro"},
        "spec": {
            "name": "Pro: the best",
            "sql": "SELECT 1\n  FROM events\n",
            "note": "two\nlines",
            "tags": ["a", "no", "1e3"],
            "none": [],
            "price": Decimal("1.50"),
            "tiny": Decimal("1.3E-10"),
            "terms": [{"value": 1, "unit": "MONTHS"}],
            "tiers": [{"price": "$0.10", "size": 10}, {"price": "$0.05"}],
            "long": {"alpha": "x" * 40, "beta": "y" * 40, "gamma": {"delta": [1, 2, 3]}},
            "at": "2025-01-01T05:00:00Z",
        },
    }
    assert (
        lay_out(data)
        == """\
metadata: {name: pro}
spec:
  name: "Pro: the best"
  sql: |
    SELECT 1
      FROM events
  note: |-
    two
    lines
  tags: [a, "no", "1e3"]
  none: []
  price: 1.5
  tiny: 0.00000000013
  terms: [{value: 1, unit: MONTHS}]
  tiers:
    - {price: $0.10, size: 10}
    - {price: $0.05}
  long:
    alpha: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    beta: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
    gamma: {delta: [1, 2, 3]}
  at: 2025-01-01T05:00:00Z
"""
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(text: str) -> None:
    for data in ({text: [text, {"key": text}]}, {"a": {text: text, "b": [[text]]}}):
        documents, problems = read_documents("m.yaml", lay_out(data))
        assert ([document.data for document in documents], problems) == ([frozen(data)], [])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Pro plan (v2)", "Pro plan (v2)"),
        ("Größe", "Größe"),
        ("$10.00", "$10.00"),
        ("€-0.5", "€-0.5"),
        ("10.00 CHF", "10.00 CHF"),
        ("2025-01-01", "2025-01-01"),
        ("rate-card:a@3", "rate-card:a@3"),
        ("007", '"007"'),
        ("null", '"null"'),
        ("Yes", '"Yes"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("", '""'),
        ('say "x"\\', '"say \\"x\\"\\\\"'),
        ("a\u202eb\x00", '"a\\u202Eb\\u0000"'),
    ],
)
def test_how_a_text_is_written(text: str, written: str) -> None:
    assert lay_out({"a": text}) == f"a: {written}\n"
