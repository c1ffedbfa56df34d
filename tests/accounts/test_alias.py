"""Who holds an alias when: a table of hand-overs, read by eye."""

import pytest

from pricebook.account.alias import Assignment, aliases_of, holder
from pricebook.catalog.instant import parse_instant
from pricebook.catalog.model import Alias

Given = tuple[str, str, str | None, str | None, str | None]
"""When it was given, to whom, its start and end, and when it was withdrawn; all months of 2025."""

CASES: dict[str, tuple[list[Given], str, dict[str, list[tuple[str | None, str | None]]]]] = {
    # what was given, who holds it in months 01..12, and what each object shows
    "nobody": ([], "............", {}),
    "always, the past included": ([("05", "a", None, None, None)], "aaaaaaaaaaaa", {"a": [(None, None)]}),
    "scheduled": ([("05", "a", "03", "09", None)], "..aaaaaa....", {"a": [("03", "09")]}),
    "given on: ends on the first from that moment": (
        [("01", "a", None, None, None), ("05", "b", None, None, None)],
        "aaaabbbbbbbb",
        {"a": [(None, "05")], "b": [(None, None)]},
    ),
    "given on from a date": (
        [("01", "a", None, None, None), ("05", "b", "08", None, None)],
        "aaaaaaabbbbb",
        {"a": [(None, "08")], "b": [("08", None)]},
    ),
    "given on for a time: the first does not get it back": (
        [("01", "a", None, None, None), ("05", "b", "08", "10", None)],
        "aaaaaaabb...",
        {"a": [(None, "08")], "b": [("08", "10")]},
    ),
    "side by side": (
        [("01", "a", None, "06", None), ("01", "b", "06", None, None)],
        "aaaaabbbbbbb",
        {"a": [(None, "06")], "b": [("06", None)]},
    ),
    "side by side, the later one given first": (
        [("01", "b", "06", None, None), ("02", "a", None, "06", None)],
        "aaaaabbbbbbb",
        {"a": [(None, "06")], "b": [("06", None)]},
    ),
    "before it starts on the first": (
        [("01", "a", "06", None, None), ("02", "b", "04", None, None)],
        "...bbbbbbbbb",
        {"a": [], "b": [("04", None)]},
    ),
    "the last assignment wins": (
        [("01", "a", None, None, None), ("02", "b", "08", None, None), ("03", "c", "08", None, None)],
        "aaaaaaaccccc",
        {"a": [(None, "08")], "b": [], "c": [("08", None)]},
    ),
    "withdrawn": ([("01", "a", None, None, "07")], "aaaaaa......", {"a": []}),
    "withdrawn before it started": (
        [("01", "a", None, None, None), ("02", "b", "08", None, "05")],
        "aaaaaaaaaaaa",
        {"a": [(None, None)], "b": []},
    ),
    "withdrawn, then given to another": (
        [("01", "a", None, None, "04"), ("06", "b", None, None, None)],
        "aaabbbbbbbbb",
        {"a": [], "b": [(None, None)]},
    ),
    "given back": (
        [("01", "a", None, None, "03"), ("03", "b", None, None, "06"), ("06", "a", None, None, None)],
        "aabbbaaaaaaa",
        {"a": [(None, None)], "b": []},
    ),
    "re-scheduled on the same object": (
        [("01", "a", None, None, "05"), ("05", "a", None, "09", None)],
        "aaaaaaaa....",
        {"a": [(None, "09")]},
    ),
    "moved in the hour in which it was given": (
        [("03", "a", None, None, "03"), ("03", "b", None, None, None)],
        "aabbbbbbbbbb",
        {"a": [], "b": [(None, None)]},
    ),
}


def _instant(month: str | None) -> str | None:
    return f"2025-{month}-01T00:00:00Z" if month is not None else None


@pytest.mark.parametrize("case", CASES)
def test_hand_over(case: str) -> None:
    given, holders, shown = CASES[case]
    log = [
        Assignment(
            seq=seq,
            name="x",
            object_id=to,
            position=0,
            starting_at=_instant(start),
            ending_before=_instant(end),
            assigned_at=f"2025-{at}-01T00:00:00Z",
            withdrawn_at=_instant(withdrawn),
        )
        for seq, (at, to, start, end, withdrawn) in enumerate(given)
    ]
    assert "".join(holder(log, f"2025-{month:02}-01T00:00:00Z") or "." for month in range(1, 13)) == holders
    assert {name: aliases_of(log, name) for name in shown} == {
        name: tuple(
            Alias(name="x", starting_at=start and parse_instant(start), ending_before=end and parse_instant(end))
            for start, end in ((_instant(start), _instant(end)) for start, end in aliases)
        )
        for name, aliases in shown.items()
    }


def test_other_names_do_not_matter() -> None:
    log = [
        Assignment(
            seq=1,
            name="x",
            object_id="a",
            position=1,
            starting_at=None,
            ending_before=None,
            assigned_at="2025-01-01T00:00:00Z",
        ),
        Assignment(
            seq=2,
            name="y",
            object_id="b",
            position=0,
            starting_at=None,
            ending_before=None,
            assigned_at="2025-02-01T00:00:00Z",
        ),
    ]
    assert aliases_of(log, "a") == (Alias(name="x"),)
