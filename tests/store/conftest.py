"""The stores that the contract suite runs on. A new store is added here, and the suite passes unchanged."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from account import AT
from metronome import Metronome

from memory_store import MemoryStore
from pricebook.apply.ports import ContractStore, Store
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore
from pricebook.sandbox.server import Served, serving
from pricebook.store.journal import SqlJournal
from pricebook.store.sql import SqlStore
from server import Server
from vendor import Vendor
from vendor import vendor as vendors

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


@pytest.fixture
def account() -> Iterator[Served]:
    """An empty account of the vendor's, over HTTP. Its clock stands still."""
    with serving(clock=lambda: AT) as served:
        yield served


@pytest.fixture
def remote(account: Served) -> Iterator[RemoteStore]:
    """The account as a store."""
    client = Client(
        account.url, account.token, requests_per_minute=1_000_000, concurrency=4, connect_timeout=60, read_timeout=600
    )
    nonces = count()
    with closing(RemoteStore(client, {}, nonce=lambda: f"nonce-{next(nonces)}", sleep=lambda _: None)) as store:
        yield store


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """An empty account of the vendor's, without a socket. Its clock stands still."""
    with vendors(clock=lambda: AT) as found:
        yield found


STORES: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda request: request.getfixturevalue("sql"),
    "postgres": lambda request: request.getfixturevalue("postgres"),
    "account": lambda request: request.getfixturevalue("vendor").store(),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    """Every store in turn, empty."""
    return STORES[request.param](request)


CONTRACT_STORES: dict[str, Callable[[pytest.FixtureRequest], ContractStore]] = {
    "sqlite": lambda request: request.getfixturevalue("sql"),
    "postgres": lambda request: request.getfixturevalue("postgres"),
    "account": lambda request: request.getfixturevalue("remote"),
}


@pytest.fixture(params=CONTRACT_STORES)
def contracts(request: pytest.FixtureRequest) -> ContractStore:
    """Every store that keeps contracts in turn, empty."""
    return CONTRACT_STORES[request.param](request)


@pytest.fixture
def customer(contracts: ContractStore, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The id of a customer by name; an account must know who is contracted with."""
    ids: dict[str, str] = {}

    def make(name: str) -> str:
        if not isinstance(contracts, RemoteStore):
            return name
        if name not in ids:
            served = request.getfixturevalue("account")
            with Metronome(bearer_token=served.token, base_url=served.url, max_retries=0) as client:
                ids[name] = client.v1.customers.create(name=name).data.id
        return ids[name]

    return make
