"""A list that is made while it is read is written so as JSON, too, and it is the same document."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pricebook.catalog.canonical import encode
from pricebook.view.cohort import MembersView, MemberView
from pricebook.view.plain import document

AT = datetime(2026, 1, 1, tzinfo=UTC)


def member(number: int) -> MemberView:
    return MemberView(
        package="pro",
        version=1,
        customer=f'"{number}"',
        contract=f"c-{number}",
        state="running",
        starting_at=AT,
        ending_before=None,
        came_as="",
    )


@pytest.mark.parametrize("many", [0, 1, 2, 3])
def test_a_streamed_list_is_the_document_of_the_same_list_at_once(many: int) -> None:
    members = tuple(map(member, range(many)))
    (whole,) = document(MembersView(AT, members))
    lines = list(document(MembersView(AT, iter(members))))
    assert "".join(lines) == whole == encode(json.loads(whole))
    assert len(lines) == 1 + many


def test_an_item_is_written_before_the_next_but_one_is_read() -> None:
    read: list[int] = []

    def members() -> Iterator[MemberView]:
        for number in range(1000):
            read.append(number)
            yield replace(member(number), came_as="x")

    for line, _ in enumerate(document(MembersView(AT, members()))):
        assert len(read) <= line + 1
