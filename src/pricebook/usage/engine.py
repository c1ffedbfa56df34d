"""What counting asks of an engine: to show event files as one relation of texts, and to run SQL.

The queries are written once, in DuckDB's SQL (`usage.query`). Engines differ in how they read files, and nowhere else:
another engine's dialect is sqlglot's affair.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from pricebook.problem import reject
from pricebook.usage.source import UsageSource

T = TypeVar("T")
TEXTS = ("transaction_id", "customer_id", "event_type")
FIELDS = (*TEXTS, "timestamp")
"""What every event has beside its `properties`. Source: `POST /v1/ingest`."""


def columns(properties: Sequence[str]) -> tuple[str, ...]:
    """The columns of the relation `raw`. Names of properties are data and appear in no query.

    An event's texts; `happened_at`, NULL where there is no timestamp or none that is an instant; `dated`, whether there
    is any; `p0`, `p1` ... for its properties, as texts; `elsewhere`, true for one whose environment_type (of an
    account's export) is another than production; `readable`, false for a line that is no event at all.
    """
    return (*TEXTS, "happened_at", "dated", *(f"p{at}" for at in range(len(properties))), "elsewhere", "readable")


def stated_columns(properties: Sequence[str]) -> tuple[str, ...]:
    """Those of the relation `stated`, of quantities that were counted already: `customer_id`, `product`, `happened_at`
    (the start of the period; NULL: there is none), `quantity` (NULL: it is no number), group values as properties."""
    return ("customer_id", "product", "happened_at", "quantity", *(f"p{at}" for at in range(len(properties))))


ROWS = dict.fromkeys(("customer", "product", "period", "quantity", "group_values"), "VARCHAR")
"""The columns of rows of quantities that are there already; `group_values` is JSON text."""


def states_quantities(found: Container[str]) -> bool:
    """Whether a table with such columns is one of quantities, and not of events."""
    return "product" in found and "quantity" in found and "transaction_id" not in found


def check_columns(name: str, found: Iterable[str], wanted: Sequence[str] = FIELDS) -> None:
    """Raises Rejected when a table lacks what every event (or quantity) has."""
    known = set(found)
    missing = [column for column in wanted if column not in known]
    if missing:
        hint = (
            f"an event has {', '.join(FIELDS)} and properties, as in the vendor's ingest format; a quantity that was "
            "counted already has customer, product, period and quantity"
        )
        raise reject("usage-file", f"{name} has no column {' and none '.join(missing)}", hint=hint)


class Target(NamedTuple):
    """Where an engine writes rows that somebody wants, as a table of Parquet files: an address of the engine's to open.
    `types` are what its columns hold (str, int or Decimal; None too), `places` the decimal places of numbers."""

    address: str
    types: Mapping[str, type]
    places: int


class Job(Protocol[T]):
    """Work on rows that any process can do, which the job is pickled for."""

    def start(self) -> Callable[[Iterable[tuple[object, ...]]], Iterator[T]]:
        """Get ready, once in each process: what works on rows and gives what comes of them."""

    def joined(self, parts: Iterable[T]) -> T:
        """What came of several rows as one."""

    def listed(self, part: T) -> tuple[T, Sequence[tuple[object, ...]]]:
        """What came of some rows, and of it what is for the target."""


class Engine(Protocol):
    """Runs queries in DuckDB's SQL."""

    def read(self, given: Sequence[UsageSource], properties: Sequence[str]) -> bool:
        """Show events as the relation `raw`, and quantities that were counted already as `stated`: see `columns` and
        `stated_columns`. A file is read as often as they are; the answer is whether that costs less than keeping what
        was read.

        Raises Rejected for a file that cannot be read or is of no known form.
        """

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        """A small table from plain values: column name -> SQL type."""

    def show(self, name: str, query: str) -> None:
        """A relation that is found anew whenever it is read."""

    def keep(self, name: str, query: str) -> None:
        """Run a query once and keep its rows as a relation, in place of what was kept under that name."""

    def forget(self, names: Sequence[str]) -> None:
        """No query reads these relations any more: whoever is short of memory lets go of them."""

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        """The rows of a query, in pieces: they need not fit into memory."""

    def work(self, query: str, order: Sequence[str], job: Job[T], target: Target | None = None) -> Iterator[T]:
        """Let the job be done on the rows of a query, in as many processes as there are, and give what comes of it. All
        rows with one value of the first column of the order go to the same of them, in that order. What is for a target
        is written there by those who find it. Raises Rejected, also for a target that is not the engine's to write."""

    def close(self) -> None:
        """Let go of files and memory."""
