"""Names from display names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook.catalog.naming import MOST, Unnamed, name_of, names_for
from pricebook.catalog.reference import NAME
from strategy import TEXTS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GPT-4o (input)", "gpt-4o-input"),
        ("gpt-3.5 turbo v1.2", "gpt-3.5-turbo-v1.2"),
        ("input_cost_per_token", "input_cost_per_token"),
        ("Pro+", "pro-plus"),
        ("Größe & Maß", "grosse-and-mass"),
        ("Énterprise—Plan", "enterprise-plan"),
        ("It's 100% fine.", "its-100-percent-fine"),
        ("$10 sign-up credit", "10-sign-up-credit"),
        ("🚀 Rocket", "rocket"),
        ("ライセンス", ""),
        ("-_-", ""),
        ("word " * 30, "-".join(["word"] * 12)),
    ],
)
def test_a_text_as_a_name(text: str, name: str) -> None:
    assert name_of(text) == name


def test_the_older_has_the_name_and_the_next_is_the_second() -> None:
    wanted = [
        Unnamed("c", "Pro!", "2025", "x"),
        Unnamed("b", "Pro", "2024", "x"),
        Unnamed("a", "pro", "2025", "x"),
        Unnamed("d", "Team", "", "x"),
        Unnamed("e", "ライセンス", "", "product-e"),
    ]
    names = {"b": "pro", "a": "pro-2", "c": "pro-3", "d": "team-2", "e": "product-e"}
    assert names_for(wanted, {"team"}) == names
    assert names_for(reversed(wanted), {"team"}) == names


@given(st.lists(TEXTS, max_size=20), st.integers(4, MOST))
def test_names_are_names_and_no_two_are_the_same(texts: list[str], most: int) -> None:
    wanted = [Unnamed(str(number), text, "", "x") for number, text in enumerate(texts)]
    found = names_for(wanted, {"a"}, most)
    assert len(set(found.values()) | {"a"}) == len(texts) + 1
    assert all(NAME.match(name) and len(name) <= most for name in found.values())
