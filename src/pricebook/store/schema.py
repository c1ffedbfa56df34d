"""Making the tables, or taking those of an earlier release forward: once, whole or not at all.

Whoever comes first does it, in one transaction; two at once wait for each other.
"""

from collections.abc import Callable
from typing import Any

from pricebook.store import guard
from pricebook.store.database import Database
from pricebook.store.tables import TABLES, Part
from pricebook.store.upgrade import VERSION, upgrade


def prepare(connection: Any, database: Database, part: Part, tell: Callable[[str], None]) -> None:
    """Have the tables of a part there as this code knows them, in a transaction of its own. Raises StoreError."""
    try:
        database.begin(connection)
        told = create(connection, database, part)
        connection.commit()
    except database.errors as error:
        raise database.explained(error) from None
    if told:
        tell(told)


def create(connection: Any, database: Database, part: Part) -> str:
    """The same in the transaction of the connection; what to tell people of an upgrade, empty for none."""
    version = database.version(connection)
    told = upgrade(connection, database, version) if 0 < version < VERSION else ""
    for statement in database.stamp(connection, version) if version != VERSION else ():
        connection.execute(statement)
    if database.tables(connection, [table.name for table in TABLES[part]]):
        return told
    missing = [table for table in TABLES[part] if not database.tables(connection, [table.name])]
    for table in missing:
        for statement in table.statements(database.types, database.clustering):
            connection.execute(statement)
    # A journal may lose a table to somebody; a store is whole or it is not there.
    for statement in guard.statements(database.dialect) if part == "store" else ():
        connection.execute(statement)
    return told
