"""A migration on the sandbox over HTTP that is killed at random: the short form of `killed.py`."""

from pathlib import Path

import pytest
from killed import TRANSITIONS, soak


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_migration_killed_at_random_leaves_each_customer_with_one_contract(tmp_path: Path, transition: str) -> None:
    found = soak(tmp_path, 120, 4, transition=transition)
    assert found.kills == 4
    assert found.receipt["counts"] == {"moved": 120}
    assert (found.receipt["sound"], found.receipt["customers"], found.receipt["breaches"]) == (True, 120, [])
    # Between two calls of a contract there are at most as many as are under way at once.
    assert max(found.looks) <= 4 if transition == TRANSITIONS[0] else found.looks == [0] * 4
