"""From the tables of an earlier release to those of this one: forward steps, and who may read and write what.

A store says the version of its tables. One of an earlier release is read as it stands, and upgraded by whoever writes
to it next: all steps in one transaction, with a copy of an SQLite file beside it. One of a later release is refused. So
a step only adds what readers can do without, or raises `OLDEST`; and it says its tables in words of its own, as those
of `tables` go on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pricebook.apply.ports import StoreError
from pricebook.catalog.reference import Kind
from pricebook.store.guard import of_kind
from pricebook.store.tables import Table

if TYPE_CHECKING:  # a database asks this module which versions there are
    from pricebook.store.database import Database

VERSION = 5
"""The version of the tables that this code makes and writes to."""
OLDEST = 2
"""The earliest one that it reads and can upgrade."""
_ACCOUNT = Table("account", {"namespace": "TEXT NOT NULL", "mark": "TEXT NOT NULL"}, key=("namespace",))
_NOUN = {
    "id": "TEXT NOT NULL",
    "mark": "TEXT CHECK (length(mark) BETWEEN 1 AND 200) UNIQUE",
    "name": "TEXT NOT NULL",
    "digest": "TEXT",
    "spec": "TEXT NOT NULL",
    "created_at": "TEXT NOT NULL",
    "archived_at": "TEXT",
}
_AGREEMENT = Table(
    "agreement",
    {"contract_id": "TEXT NOT NULL REFERENCES contract (id)", "terms": "TEXT", "quantities": "TEXT NOT NULL"},
    key=("contract_id",),
)
_CUSTOMER = Table("customer", {"id": "TEXT NOT NULL", "aliases": "TEXT NOT NULL", "balances": "TEXT NOT NULL"})
_NEW_KINDS = ("threshold-notification", "offset-notification", "custom-field-key")


def check_version(where: str, version: int) -> None:
    """Whether this code knows tables of a version. Raises StoreError."""
    if version > VERSION:
        message = f"{where} has tables of version {version}; this pricebook knows up to {VERSION}"
        raise StoreError(message, "use the pricebook that wrote them, or a newer one")
    if version < OLDEST:
        message = f"{where} has tables of version {version}; this pricebook upgrades from {OLDEST} on"
        raise StoreError(message, "start with a store that is not there yet, or use the pricebook that wrote them")


def upgrade(connection: Any, database: "Database", version: int) -> str:
    """Take tables of an earlier version to the present one, in the transaction of the connection; what to tell people.

    Raises StoreError, and whatever the driver raises.
    """
    kept = database.backup(version)
    for number in range(version + 1, VERSION + 1):
        STEPS[number](connection, database)
    message = f"{database.where}: tables upgraded from version {version} to {VERSION}"
    return f"{message}; as it was it is kept in {kept}" if kept else message


def _mark_of_the_account(connection: Any, database: "Database") -> None:
    """Stores of version 2 have it where they were made late enough."""
    _add(connection, database, _ACCOUNT)


def _notifications(connection: Any, database: "Database") -> None:
    """A table for each of the kinds that came in version 4, with its rules."""
    for kind in _NEW_KINDS:
        _add(connection, database, Table(kind.replace("-", "_"), _NOUN), of_kind(database.dialect, Kind(kind)))


def _agreements(connection: Any, database: "Database") -> None:
    """What was agreed with customers came in version 5."""
    for table in (_AGREEMENT, _CUSTOMER):
        _add(connection, database, table)


def _add(connection: Any, database: "Database", table: Table, rules: Sequence[str] = ()) -> None:
    if database.tables(connection, ["package"]) and not database.tables(connection, [table.name]):
        for statement in (*table.statements(database.types, database.clustering), *rules):
            connection.execute(statement)


STEPS: Mapping[int, Callable[[Any, "Database"], None]] = {3: _mark_of_the_account, 4: _notifications, 5: _agreements}
"""By the version that it leads to, what a step does to the tables that are there: of a store, a journal or both."""
