"""The stores that the contract suite runs on. A new store is added here, and the suite passes unchanged."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pricebook.apply.ports import Store
from pricebook.store.journal import SqlJournal
from pricebook.store.memory import MemoryStore
from pricebook.store.sql import SqlStore


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that is not there yet."""
    return f"sqlite:///{tmp_path}/prices.db"


@pytest.fixture
def sql(url: str) -> Iterator[SqlStore]:
    """An empty SQL store."""
    with closing(SqlStore(url)) as store:
        yield store


@pytest.fixture
def journal(url: str) -> Iterator[SqlJournal]:
    """An empty journal, in the store's own file."""
    with closing(SqlJournal(url)) as journal:
        yield journal


STORES: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda request: request.getfixturevalue("sql"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    """Every store in turn, empty."""
    return STORES[request.param](request)
