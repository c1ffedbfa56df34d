"""Aliases are given before they are taken, and what a card lost to another one of the plan is no surprise."""

from datetime import UTC, datetime

import pytest

from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.plan.handover import fits, is_given, precedence, written
from pricebook.plan.verb.repoint import Repoint

CARD = Ref(Kind.RATE_CARD, "list")
FEB, MAR, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (2, 3, 5))


def alias(name: str, start: datetime | None = None, end: datetime | None = None) -> Alias:
    """An alias with a schedule."""
    return Alias(name=name, starting_at=start, ending_before=end)


X = alias("x")
CASES: dict[str, tuple[list[Alias], list[Alias], list[Alias], bool]] = {
    # what was seen, what is desired, what it has now
    "as seen": ([X], [alias("y")], [X], True),
    "done already": ([X], [alias("y")], [alias("y")], True),
    "given up, and gone to another card": ([X], [alias("y")], [alias("x", end=FEB)], True),
    "given up, and taken away": ([X], [alias("y")], [], True),
    "kept, and gone to another card": ([X], [X, alias("y")], [alias("x", end=FEB)], False),
    "kept, and taken away": ([X], [X, alias("y")], [], False),
    "begins later, and that is desired": ([alias("x", FEB)], [alias("x", MAR)], [alias("x", MAR)], True),
    "half way there: what stays, and some of what is given": (
        [alias("x", FEB)],
        [alias("x", MAR)],
        [alias("x", FEB, MAR), alias("x", MAR)],
        True,
    ),
    "ends before the other one begins": ([X], [alias("x", end=FEB)], [alias("x", end=MAR)], True),
    "ends when the other one has begun": ([X], [alias("x", end=MAY)], [alias("x", end=MAR)], False),
    "lasts longer than seen": ([alias("x", end=FEB)], [alias("y")], [alias("x", end=MAR)], False),
    "lasts for ever now": ([alias("x", end=FEB)], [alias("y")], [X], False),
    "given more": ([X], [alias("y")], [X, alias("z")], False),
    "begins at another time": ([alias("x", FEB)], [alias("y")], [alias("x", MAR)], False),
    "a later one went": ([X, alias("z", MAR)], [X], [X], True),
    "a later one that is kept went": ([X, alias("z", MAR)], [X, alias("z", MAY)], [X], False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_card_has_is_what_was_seen_of_it(case: str) -> None:
    seen, desired, now, expected = CASES[case]
    assert fits(Repoint(CARD, tuple(desired), tuple(seen)), now, (), ()) is expected


def test_the_order_is_as_seen_or_as_desired() -> None:
    change = Repoint(CARD, (X,), (X,), ("a", "b"), observed_order=("b", "a"))
    assert [fits(change, [X], order, ()) for order in (("b", "a"), ("a", "b"), ("a",))] == [True, True, False]


def test_a_name_is_taken_from_whom_it_was_seen_at_and_nobody_else() -> None:
    change = Repoint(CARD, (X,), (), held_by=("old",))
    assert [fits(change, [], (), holders) for holders in ((), ("old",), ("new",), ("new", "old"))] == [
        True,
        True,
        False,
        False,
    ]
    assert fits(change, [X], (), ("new",)), "it has the name already"


def gives(name: str, to: list[Alias], had: list[Alias], yields: list[Alias] | None = None) -> Repoint:
    """A change of one card's aliases."""
    return Repoint(Ref(Kind.RATE_CARD, name), tuple(to), tuple(had), yields=tuple(yields or ()))


ORDERS: dict[str, tuple[list[Repoint], dict[str, tuple[str, ...]]]] = {
    "who loses it comes after who is given it": ([gives("a", [], [X], [X]), gives("b", [X], [])], {"a": ("b",)}),
    "of two that swap one comes first": (
        [gives("a", [alias("y")], [X], [X]), gives("b", [X], [alias("y")], [alias("y")])],
        {"a": ("b",)},
    ),
    "what starts later is given first": (
        [gives("a", [alias("x", end=FEB)], [X], [alias("x", FEB)]), gives("b", [alias("x", FEB, MAR)], []),
         gives("c", [alias("x", MAR)], [])],
        {"a": ("b", "c"), "b": ("c",)},
    ),
    "a switch that is put off is put off first at whom it leads to": (
        [gives("a", [alias("x", end=MAR)], [alias("x", end=FEB)]), gives("b", [alias("x", MAR)], [alias("x", FEB)],
         [alias("x", FEB, MAR)])],
        {"a": ("b",)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDERS)
def test_an_alias_is_given_before_it_is_taken(case: str) -> None:
    changes, expected = ORDERS[case]
    assert precedence({change.ref.name: change for change in changes}) == expected


def test_what_nobody_has_taken_yet_is_kept() -> None:
    change = gives("b", [alias("x", MAR)], [alias("x", FEB)], [alias("x", FEB, MAR)])
    assert written(change, [alias("x", FEB)], FEB) == (alias("x", MAR), alias("x", FEB, MAR))
    assert written(change, [alias("x", FEB)], MAR) == (alias("x", MAR),), "that is history"
    assert written(change, [alias("x", MAR)], FEB) == (alias("x", MAR),), "it was taken"
    assert is_given(change, [alias("x", MAR), alias("x", FEB, MAR)])
    assert not is_given(change, [alias("x", FEB, MAR)])
    assert not is_given(change, [alias("x", MAR), alias("y")])
