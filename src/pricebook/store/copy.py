"""Copying a store, a journal or both into another database: every table, in one transaction there, and read back in it.

What is there afterwards is the whole copy or nothing. Rows are streamed: a few thousand of them, or one plan of the
journal, are in memory at once. Leases are copied as free ones: their tokens go on growing, their owners stay behind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from hashlib import blake2b
from typing import Any, Literal

from pricebook.apply.copied import TableExtent
from pricebook.apply.ports import StoreError, StoreRefused
from pricebook.store import sqlite
from pricebook.store.database import Database, database_of, explaining
from pricebook.store.session import Row, Session, reading
from pricebook.store.tables import Part, Table, noun_tables, tables_of
from pricebook.store.writer import create

_LEASE = "lease"


class SqlCopy:
    """An `apply.copied.Copier` from where a store (None: only a journal) and a journal are, to one other database.

    `shown` is the target's URL as it may be shown. Nothing is opened before it is used.
    """

    def __init__(
        self, store: str | None, journal: str, target: str, shown: str, *, patience: float = sqlite.PATIENCE
    ) -> None:
        urls: dict[Part, str] = {"journal": journal}
        if store is not None:
            urls = {"store": store, **urls}
        self._sources = {part: database_of(url, patience) for part, url in urls.items()}
        self._target = database_of(target, patience)
        self.sources = tuple(dict.fromkeys(database.where for database in self._sources.values()))
        self.target, self.shown = self._target.where, shown
        self.onto_itself = target in urls.values()

    def is_empty(self) -> bool:
        for part, database in self._sources.items():
            with _reading(database, part) as reader:
                if reader is not None and _filled_tables(reader, _tables_in(reader, part)):
                    return False
        return True

    def environments(self) -> set[str]:
        """See `apply.copied.Copier`: those that ever had a lease."""
        return self._column("journal", _LEASE, "environment")

    def namespaces(self) -> set[str]:
        names = [table.name for table in noun_tables().values()] if "store" in self._sources else []
        marks = {mark for name in names for mark in self._column("store", name, "mark") if mark is not None}
        return {mark.partition("/")[0] for mark in marks}

    def compared(self) -> Literal["empty", "same", "other"]:
        present = self.present()
        if not present:
            return "empty"
        differing = {name for name, _ in _extents(self._sources).items() ^ present.items()} - {_LEASE}
        return "other" if differing else "same"

    def present(self) -> dict[str, TableExtent]:
        return _extents(dict.fromkeys(self._sources, self._target))

    @contextmanager
    def locked(self) -> Iterator[None]:
        with ExitStack() as stack:
            for database in {database.where: database for database in self._sources.values()}.values():
                stack.enter_context(_locked(database))
            yield

    def run(self, tell: Callable[[int], None]) -> dict[str, TableExtent]:
        with closing(self._target.writer()) as connection, explaining(self._target):
            work = Session(connection, self._target)
            self._target.begin(connection)
            for part in self._sources:
                create(connection, self._target, part)
                _check_empty(work, tables_of(part))
            made = self._filled(work, connection, tell)
            connection.commit()
            return made

    def _filled(self, work: Session, connection: Any, tell: Callable[[int], None]) -> dict[str, TableExtent]:
        """Fill the target's tables. Raises StoreError when one of them does not give back what was sent."""
        made: dict[str, TableExtent] = {}
        done = 0

        def count(rows: int) -> None:
            nonlocal done
            done += rows
            tell(done)

        for part, database in self._sources.items():
            with _reading(database, part) as reader:
                if reader is None:
                    continue
                tables = _tables_in(reader, part)
                for table in tables:
                    made[table.name] = _sent(reader, work, table, count)
                    if table.counted is not None:
                        self._target.renumber(connection, table.name, table.counted)
                if part == "store":
                    _restore_digests(reader, work)
            for table in tables:
                if _extent(work, table) != made[table.name]:
                    raise StoreError(f"{self.target} does not give back {table.name} as it was sent")
        return made

    def _column(self, part: Part, table: str, column: str) -> set[Any]:
        with _reading(self._sources[part], part) as reader:
            return {row[0] for row in reader.rows(f"SELECT {column} FROM {table}")} if reader is not None else set()


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    """The writers' lock of a database, for as long as it takes."""
    with closing(database.writer()) as connection:
        with explaining(database):
            database.begin(connection)
        yield
        Session(connection, database).one("SELECT 1")  # it was held to the end, or this raises


def _reading(database: Database, part: Part) -> AbstractContextManager[Session | None]:
    """A reader of one state of a part's tables; None when they are not there."""
    return reading(database, "package" if part == "store" else _LEASE)


def _tables_in(reader: Session, part: Part) -> list[Table]:
    """The tables of a part that are there: a store of an earlier release may lack one."""
    return [table for table in tables_of(part) if reader.has(table.name)]


def _extents(databases: Mapping[Part, Database]) -> dict[str, TableExtent]:
    """What the tables of each part hold; those that hold nothing, or are not there, are left out."""
    found: dict[str, TableExtent] = {}
    for part, database in databases.items():
        with _reading(database, part) as reader:
            if reader is not None:
                found |= {table.name: _extent(reader, table) for table in _tables_in(reader, part)}
    return {name: extent for name, extent in found.items() if extent.rows}


def _extent(reader: Session, table: Table) -> TableExtent:
    count, digest = 0, blake2b(digest_size=16)
    for rows in _batches(reader, table):
        count += len(rows)
        _add(digest, rows)
    return TableExtent(count, digest.hexdigest())


def _sent(reader: Session, work: Session, table: Table, tell: Callable[[int], None]) -> TableExtent:
    """Put the rows of a table into the target; what was sent."""
    names = _columns(table)
    sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    count, digest = 0, blake2b(digest_size=16)
    for rows in _batches(reader, table):
        try:
            work.many(sql, rows)
        except StoreRefused as error:
            raise StoreRefused(f"{table.name}: {error.message}", error.status, error.hint) from None
        count += len(rows)
        _add(digest, rows)
        tell(len(rows))
    return TableExtent(count, digest.hexdigest())


def _batches(reader: Session, table: Table) -> Iterator[list[Row]]:
    """The rows of a table by their key, as many at a time as memory bears: a plan of the journal can be large."""
    sql = f"SELECT {', '.join(_columns(table))} FROM {table.name} ORDER BY {', '.join(table.key)}"
    return reader.batches(sql, large=True, size=1 if table.large else 2000)


def _columns(table: Table) -> list[str]:
    """The columns that are copied: all, and of a lease those that hold whoever has it."""
    return ["environment", "token"] if table.name == _LEASE else list(table.columns)


def _restore_digests(reader: Session, work: Session) -> None:
    """The digests that a card's rates had: putting them in has taken them away (`guard`)."""
    work.many(
        "UPDATE rate_card SET rates_digest = ? WHERE id = ?", reader.rows("SELECT rates_digest, id FROM rate_card")
    )


def _check_empty(work: Session, tables: Iterable[Table]) -> None:
    filled = _filled_tables(work, tables)
    if filled:
        hint = "copy into a database or a schema that holds nothing"
        raise StoreRefused(f"{work.where} is not empty: it has rows in {', '.join(filled)}", 409, hint)


def _filled_tables(reader: Session, tables: Iterable[Table]) -> list[str]:
    """The tables that have any rows."""
    return [table.name for table in tables if reader.one(f"SELECT 1 FROM {table.name} LIMIT 1") is not None]


def _add(digest: "blake2b", rows: list[Row]) -> None:
    for row in rows:
        digest.update(repr(tuple(row)).encode(errors="surrogatepass"))
