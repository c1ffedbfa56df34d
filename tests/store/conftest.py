"""The stores that the contract suite runs on. A new store is added here, and the suite passes unchanged."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from pricebook.apply.ports import Store
from pricebook.store.journal import SqlJournal
from pricebook.store.memory import MemoryStore
from pricebook.store.sql import SqlStore
from server import Server

_SCHEMAS = count(1)


@pytest.fixture
def schema() -> str:
    """A schema of the server that is not there yet."""
    return f"test_{next(_SCHEMAS)}"


@pytest.fixture
def postgres_url(server: Server, schema: str) -> str:
    """The URL of a store on the server that is not there yet."""
    return server.url(schema)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/prices.db"


@pytest.fixture
def url(sqlite_url: str) -> str:
    """The URL that a test uses: a file's, unless its module says otherwise."""
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    """The same, of every kind of database in turn."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def sql(url: str) -> Iterator[SqlStore]:
    """An empty SQL store."""
    with closing(SqlStore(url)) as store:
        yield store


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[SqlStore]:
    """An empty SQL store on the server."""
    with closing(SqlStore(postgres_url)) as store:
        yield store


@pytest.fixture
def journal(url: str) -> Iterator[SqlJournal]:
    """An empty journal, in the store's own database."""
    with closing(SqlJournal(url)) as journal:
        yield journal


STORES: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda request: request.getfixturevalue("sql"),
    "postgres": lambda request: request.getfixturevalue("postgres"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    """Every store in turn, empty."""
    return STORES[request.param](request)
