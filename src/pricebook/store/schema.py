"""Making the tables, with the vendor's rules that SQLite can keep by itself: triggers, and a view for reading prices.

Whoever comes first makes them, once, whole or not at all; two that come at once wait for each other.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event
from sqlalchemy.exc import DBAPIError

from pricebook.apply.ports import OutcomeUnknown
from pricebook.store.database import Database
from pricebook.store.tables import JOURNAL, NOUNS, STORE, metadata

Part = Literal["store", "journal"]


def open_engine(database: Database, part: Part) -> Engine:
    """An engine with the tables of a part there. Raises StoreError."""
    engine = bare_engine(database)
    try:
        with writing(engine, database) as connection:
            create(connection, database, part)
    except BaseException:
        engine.dispose()
        raise
    return engine


def bare_engine(database: Database) -> Engine:
    """An engine whose transactions are writers from their first statement on. Makes no tables, connects to nothing."""
    # A connection that is lost while it is given back is logged with a traceback; the error itself is raised to us.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    engine = create_engine(
        database.dialect, creator=database.writer, poolclass=QueuePool, pool_pre_ping=database.mark != "?"
    )

    def begin(connection: Connection) -> None:
        try:
            database.begin(connection.connection.driver_connection)
        except database.errors as error:
            raise database.explained(error) from None

    event.listen(engine, "begin", begin)
    return engine


@contextmanager
def writing(engine: Engine, database: Database) -> Iterator[Connection]:
    """A transaction of a writer, rolled back when anything is raised.

    Raises StoreError, and OutcomeUnknown when no answer came to its end.
    """
    ending = False
    try:
        with engine.begin() as connection:
            yield connection
            ending = True
    except DBAPIError as error:
        found = database.explained(error.orig)
        if ending and error.connection_invalidated:
            raise OutcomeUnknown(found.message, found.hint) from None
        raise found from None
    except database.errors as error:
        raise database.explained(error) from None


def tables_of(part: Part) -> tuple[Table, ...]:
    """The tables of a part, each after those that it refers to."""
    return STORE if part == "store" else JOURNAL


def create(connection: Connection, database: Database, part: Part) -> None:
    """Make the tables where they are missing, in the transaction of the connection."""
    driver: Any = connection.connection.driver_connection
    for statement in database.stamp(driver):
        driver.execute(statement)
    tables = tables_of(part)
    if database.tables(driver, [table.name for table in tables]):
        return
    metadata.create_all(connection, tables)
    for statement in _rules(connection.dialect.name) if part == "store" else ():
        driver.execute(statement)


def _rules(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return _sqlite_rules()
    from pricebook.store.postgres_rule import rules

    return rules()


def _sqlite_rules() -> list[str]:
    """The triggers and the view; each does nothing when it is there already."""
    rules = [_VIEW, *_TRIGGERS]
    for table in NOUNS.values():
        name = table.name
        noun = name.replace("_", " ")
        rules += [
            _refusal(f"{name}_delete", f"DELETE ON {name}", "", f"a {noun} cannot be deleted, only archived"),
            _refusal(
                f"{name}_archived",
                f"UPDATE OF archived_at ON {name}",
                "OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at",
                f"archiving a {noun} cannot be undone",
            ),
            _refusal(
                f"{name}_mark",
                f"UPDATE OF mark, id ON {name}",
                "NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark",
                f"the identity of a {noun} cannot change",
            ),
        ]
    return rules


def _refusal(name: str, what: str, when: str, message: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {what}{condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"


_FROZEN = [column.name for column in NOUNS[next(reversed(NOUNS))].columns if column.name != "archived_at"]
"""The columns of a package that never change: all but one."""

_FORGET = """CREATE TRIGGER IF NOT EXISTS rate_timeline_{when} AFTER {what} ON rate_timeline BEGIN
UPDATE rate_card SET rates_digest = NULL WHERE id = NEW.rate_card_id AND rates_digest IS NOT NULL; END"""
"""A card's digest speaks for its rates, so whoever changes a rate takes it away; we put the new one in its place."""

_TRIGGERS = [
    _refusal(
        "package_update",
        f"UPDATE OF {', '.join(_FROZEN)} ON package",
        " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN),
        "a package cannot be edited, only archived",
    ),
    _refusal(
        "product_type", "UPDATE OF type ON product", "NEW.type <> OLD.type", "the type of a product can never change"
    ),
    _refusal("rate_timeline_delete", "DELETE ON rate_timeline", "", "a rate cannot be deleted, only ended"),
    _refusal(
        "rate_timeline_key",
        "UPDATE OF rate_card_id, key, product_id ON rate_timeline",
        "",
        "a rate cannot move to another card or product",
    ),
    _refusal(
        "contract_archived",
        "UPDATE OF archived_at ON contract",
        "OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at",
        "archiving a contract cannot be undone",
    ),
    _refusal("contract_delete", "DELETE ON contract", "", "a contract cannot be deleted, only archived"),
    _FORGET.format(when="insert", what="INSERT"),
    _FORGET.format(when="update", what="UPDATE OF schedule"),
]

_VIEW = """CREATE VIEW IF NOT EXISTS rate AS
SELECT rate_card.name AS rate_card,
       product.name AS product,
       json_extract(rate_timeline.key, '$[1]') AS billing_frequency,
       json_extract(rate_timeline.key, '$[2]') AS pricing_group_values,
       json_extract(segment.value, '$[0]') AS starting_at,
       json_extract(segment.value, '$[1]') AS ending_before,
       json_extract(segment.value, '$[2].rate_type') AS rate_type,
       segment.value -> '$[2].price' AS price,
       coalesce(json_extract(segment.value, '$[2].credit_type'), 'usd') AS credit_type,
       json_extract(segment.value, '$[2].entitled') AS entitled,
       json_extract(segment.value, '$[2]') AS terms,
       rate_timeline.rate_card_id,
       rate_timeline.product_id
FROM rate_timeline
JOIN rate_card ON rate_card.id = rate_timeline.rate_card_id
JOIN product ON product.id = rate_timeline.product_id
JOIN json_each(rate_timeline.schedule) AS segment"""
"""One row for each stretch of time of each price. `price` is text, digit for digit: in cents for usd."""
