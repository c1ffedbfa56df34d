"""Making the tables: whoever comes first makes them, once, whole or not at all; two at once wait for each other."""

from typing import Any

from pricebook.store import guard
from pricebook.store.database import Database
from pricebook.store.tables import TABLES, Part


def prepare(connection: Any, database: Database, part: Part) -> None:
    """Make the tables of a part where they are missing, in a transaction of its own. Raises StoreError."""
    try:
        database.begin(connection)
        create(connection, database, part)
        connection.commit()
    except database.errors as error:
        raise database.explained(error) from None


def create(connection: Any, database: Database, part: Part) -> None:
    """Make the tables where they are missing, in the transaction of the connection."""
    for statement in database.stamp(connection):
        connection.execute(statement)
    if database.tables(connection, [table.name for table in TABLES[part]]):
        return
    missing = [table for table in TABLES[part] if not database.tables(connection, [table.name])]
    for table in missing:
        for statement in table.statements(database.types, database.clustering):
            connection.execute(statement)
    # A journal may lose a table to somebody; a store is whole or it is not there.
    for statement in guard.statements(database.dialect) if part == "store" else ():
        connection.execute(statement)
