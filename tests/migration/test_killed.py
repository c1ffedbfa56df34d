"""A migration on the sandbox over HTTP that is killed at random: the short form of `killed.py`."""

from pathlib import Path

from killed import soak

WORKERS = 4


def test_a_migration_killed_at_random_leaves_each_customer_with_one_contract(tmp_path: Path) -> None:
    found = soak(tmp_path, 100, 4, workers=WORKERS)
    assert found.kills == 4
    assert found.receipt["counts"] == {"moved": 100}
    assert (found.receipt["sound"], found.receipt["customers"], found.receipt["breaches"]) == (True, 100, [])
    # Between two calls of a contract there are at most as many as are under way at once.
    assert max(found.looks) <= WORKERS
