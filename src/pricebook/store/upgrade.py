"""From the tables of an earlier release to those of this one: forward steps, and who may read and write what.

A store says the version of its tables. One of an earlier release is read as it stands, and upgraded by whoever writes
to it next: all steps in one transaction, with a copy of an SQLite file beside it. One of a later release is refused.
A table that is not there is made by the writer itself (`writer.create`), and needs a new version without a step: an
earlier pricebook must not write to a store, or copy it, of which it does not know all. A step changes tables of an
earlier version, where they are there. So it adds what readers can do without, or raises `OLDEST`; and it says its
tables in words of its own, as those of `tables` go on.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pricebook.apply.ports import StoreError

if TYPE_CHECKING:  # a database asks this module which versions there are
    from pricebook.store.database import Database

VERSION = 5
"""The version of the tables that this code makes and writes to. The mark of an account came in 3, kinds of
notifications and keys of custom fields in 4, what was agreed with customers in 5."""
OLDEST = 2
"""The earliest one that it reads and can upgrade."""


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
        if number in STEPS:
            STEPS[number](connection, database)
    message = f"{database.where}: tables upgraded from version {version} to {VERSION}"
    return f"{message}; as it was it is kept in {kept}" if kept else message


STEPS: Mapping[int, Callable[[Any, "Database"], None]] = {}
"""By the version that it leads to, what a step does to the tables that are there, of a store, a journal or both."""
