"""Which of the account's pricing units is which of ours."""

from typing import Any

import pytest

from pricebook.catalog.amount import USD_ID
from pricebook.metronome.unit import AccountUnits

LISTED = [{"id": "1", "name": "AI credits"}, {"id": "2", "name": "Credits"}, {"id": "3", "name": "credits!"}]


@pytest.mark.parametrize(
    ("given", "adopted", "ours"),
    [
        ({}, {}, {"ai-credits": "1"}),  # two would be called credits
        ({"credits": "AI credits"}, {}, {"credits": "1"}),
        ({"credits": "credits!"}, {}, {"ai-credits": "1", "credits": "3"}),
        ({"credits": "AI credits"}, {"2": "credits"}, {"credits": "2"}),
        ({"points": "Credits"}, {}, {"ai-credits": "1", "points": "2", "credits": "3"}),
    ],
)
def test_what_somebody_said_comes_before_what_is_derived(given: Any, adopted: Any, ours: dict[str, str]) -> None:
    units = AccountUnits.of(given, LISTED, adopted)
    assert units.ids == {"usd": USD_ID, **ours}
    assert {item["id"] for item in units.unnamed} == {"1", "2", "3"} - set(ours.values())
