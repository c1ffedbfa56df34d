"""Many contracts take no more memory than a few: they are a stream on every way, and customers are counted in files."""

import tracemalloc
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from account import AT, CARD, STARTER, fill

from pricebook.apply.external_sort import RUN, in_order
from pricebook.store.sql import SqlStore
from pricebook.workflow.cohort import cohorts, members

FEW, MANY = 5_000, 15_000
START = datetime(2025, 1, 1, tzinfo=UTC)


def filled(path: Path, contracts: int) -> SqlStore:
    """A store with so many contracts on one version, two of each customer."""
    store = SqlStore(f"sqlite:///{path}")
    ids = fill(store)
    with closing(store._writer.database.writer()) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO contract (id, customer_id, package_id, rate_card_id, starting_at, custom_fields)"
            " VALUES (?, ?, ?, ?, ?, '{}')",
            (
                (f"contract-{n}", f"customer-{n // 2}", ids[STARTER], ids[CARD], f"2025-0{n % 9 + 1}-01T00:00:00Z")
                for n in range(contracts)
            ),
        )
        connection.commit()
    return store


def peak(store: SqlStore, *, counted: int) -> int:
    """The bytes that Python held at most while all contracts were counted, and listed."""
    snapshot = store.snapshot("acme", AT)
    tracemalloc.start()
    try:
        (found,) = cohorts(store, "acme", snapshot, AT, None, ended=True)
        listed = sum(1 for _ in members(store, "acme", snapshot, AT, None, ended=True))
        assert (found.contracts, found.customers, listed) == (counted, counted // 2, counted)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.whole
def test_three_times_as_many_contracts_take_the_same_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "__defaults__", (FEW // 4,))
    few, many = (filled(tmp_path / f"{count}.db", count) for count in (FEW, MANY))
    with closing(few), closing(many):
        assert peak(many, counted=MANY) < 1.3 * peak(few, counted=FEW)


@pytest.mark.parametrize("size", [1, 3, RUN])
def test_rows_come_in_order_whatever_the_runs(size: int) -> None:
    rows = [(f"{n * 7 % 11:02}", "\n\u2028€" * (n % 2), "") for n in range(22)]
    assert list(in_order(iter(rows), size)) == sorted(rows)
    assert list(in_order(iter(()), size)) == []
