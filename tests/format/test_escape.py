"""Hostile text comes out inert, and columns stay columns."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import HOSTILE

from pricebook.format.escape import LIMIT, cut, escape_all, escape_json, escape_terminal, padded, width_of
from pricebook.format.markup import escape_markdown, headed

ACTS = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200d\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=400)


@pytest.mark.parametrize("text", ["Team seat is $9.00 · 2 of 3", *HOSTILE])
def test_a_heading_is_read_back_as_it_was_meant(text: str) -> None:
    assert headed(f"### {escape_markdown(text)}\n\nbody") == escape_terminal(text).strip()
    assert headed(f"{escape_markdown(text)}\n# later") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ascii", "plain ascii"),
        ("naïve · café → €5", "naïve · café → €5"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("abc\u202ecba\u2066\u200f\u061c", "abc\\u202ecba\\u2066\\u200f\\u061c"),
        ("a\u200bb\ufeffc\u00add", "a\\u200bb\\ufeffc\\xadd"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("hidden\u3164filler\ufe0f", "hidden\\u3164filler\\ufe0f"),
        ("e\u0301", "e\u0301"),
        ("Z\u0351\u036b\u0343", "Z\u0351\u036b\\u0343"),
        ("<b>&amp;[red]", "<b>&amp;[red]"),
    ],
)
def test_what_could_act_becomes_visible(text: str, shown: str) -> None:
    assert escape_terminal(text) == shown


def test_right_to_left_writing_cannot_reorder_what_stands_beside_it() -> None:
    assert escape_terminal("שלום") == "שלום\u200e"
    assert width_of(escape_terminal("שלום")) == 4


def test_long_text_is_cut() -> None:
    assert escape_terminal("x" * 10_000) == "x" * (LIMIT - 1) + "…"
    assert escape_terminal("x" * LIMIT) == "x" * LIMIT


@given(anything)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = escape_terminal(text)
    assert not ACTS.search(shown)
    assert all(char.isprintable() or char == "\u200e" for char in shown)
    assert escape_all([text, "plain"]) == [shown, "plain"]
    shown.encode()


@given(anything, st.integers(0, 60))
def test_cut_and_padded_keep_to_the_width(text: str, width: int) -> None:
    shown = cut(escape_terminal(text), width)
    assert width_of(shown) <= width
    assert width_of(padded(shown, width)) == width


@given(anything)
def test_json_is_the_same_value_without_anything_that_acts(text: str) -> None:
    document = json.dumps({text: [text]}, ensure_ascii=False)
    safe = escape_json(document)
    assert json.loads(safe) == {text: [text]}
    assert not ACTS.search(safe)
    safe.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_the_hostile_names_are_inert(text: str) -> None:
    shown = escape_terminal(text)
    assert not ACTS.search(shown)
    assert len(shown) <= 10 * LIMIT
    assert unicodedata.is_normalized("NFC", shown) or "\\" in shown or shown.isascii() or text == shown


@pytest.mark.parametrize(
    "name",
    ["##vso[task.setvariable variable=X]1", "a ##[error]b", "###VSO[x]", "##[group]", "x\n##vso[y]", "::error::z"],
)
def test_no_line_of_json_is_a_command_and_it_says_the_same(name: str) -> None:
    document = json.dumps({"name": name, "list": [name, {"##[": "##vso["}]})
    safe = escape_json(document)
    assert json.loads(safe) == json.loads(document)
    assert not re.search(r"##(\[|vso\[)", safe, re.IGNORECASE)
    assert not any(line.lstrip().startswith("::") for line in safe.splitlines())
