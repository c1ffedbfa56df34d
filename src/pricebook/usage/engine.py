"""What counting asks of an engine: to show event files as one relation of texts, and to run SQL.

The queries are written once, in DuckDB's SQL (`usage.query`). Engines differ in how they read files, and nowhere else:
another engine's dialect is sqlglot's affair.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pricebook.problem import quote, reject

T = TypeVar("T")
TEXTS = ("transaction_id", "customer_id", "event_type")
FIELDS = (*TEXTS, "timestamp")
"""What every event has beside its `properties`. Source: `POST /v1/ingest`."""


def columns(properties: Sequence[str]) -> tuple[str, ...]:
    """The columns of the relation `raw`. Names of properties are data and appear in no query.

    An event's texts; `happened_at`, NULL where there is no timestamp or none that is an instant; `dated`, whether there
    is any; `p0`, `p1` ... for its properties, as texts; `readable`, false for a line that is no event at all.
    """
    return (*TEXTS, "happened_at", "dated", *(f"p{index}" for index in range(len(properties))), "readable")


def form_of(file: Path) -> str:
    """How a file is read: `jsonl`, `csv` or `parquet`, by its name; `.gz` behind the first two. Raises Rejected."""
    words = file.name.lower().removesuffix(".gz").rpartition(".")
    form = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "parquet": "parquet"}.get(words[2])
    if form is None:
        hint = "events are read from .jsonl, .ndjson, .csv (each also .gz) and .parquet files"
        raise reject("usage-file", f"{quote(file)} is of no known form", hint=hint)
    return form


def check_columns(file: Path, found: Iterable[str]) -> None:
    """Raises Rejected when a table of events lacks what every event has."""
    known = set(found)
    missing = [name for name in FIELDS if name not in known]
    if missing:
        hint = f"an event has {', '.join(FIELDS)} and properties, as in the vendor's ingest format"
        raise reject("usage-file", f"{quote(file)} has no column {' and none '.join(missing)}", hint=hint)


class Job(Protocol[T]):
    """Work on rows that any process can do, which the job is pickled for."""

    def start(self) -> Callable[[Iterable[tuple[object, ...]]], Iterator[T]]:
        """Get ready, once in each process: what works on rows and gives what comes of them."""

    def joined(self, parts: Iterable[T]) -> T:
        """What came of several rows as one."""


class Engine(Protocol):
    """Runs queries in DuckDB's SQL."""

    def read(self, files: Sequence[Path], properties: Sequence[str]) -> bool:
        """Show the files (JSONL, CSV, Parquet, by their suffix) as the relation `raw`: see `columns`. A file is read as
        often as `raw` is; the answer is whether that costs less than keeping what was read.

        Raises Rejected for a file that cannot be read or is of no known form.
        """

    def load(self, name: str, types: Mapping[str, str], rows: Iterable[Mapping[str, object]]) -> None:
        """A small table from plain values: column name -> SQL type."""

    def show(self, name: str, query: str) -> None:
        """A relation that is found anew whenever it is read."""

    def keep(self, name: str, query: str) -> None:
        """Run a query once and keep its rows as a relation."""

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        """The rows of a query, in pieces: they need not fit into memory."""

    def work(self, query: str, order: Sequence[str], job: Job[T]) -> Iterator[T]:
        """Let the job be done on the rows of a query, in as many processes as there are, and give what comes of it. All
        rows with one value of the first column of the order go to the same of them, in that order."""

    def close(self) -> None:
        """Let go of files and memory."""
