"""The head of a store: one digest of everything that a plan reads of it, taken without building anything.

Two readings with the same head see the same objects, marks, aliases and rates. Rates are taken by each card's own
digest, as a snapshot takes them. Contracts are left out: how many there are says what changes mean, and never whether
there are any. Imports next to nothing: a plan that has nothing to say needs no more than this of the store
(`cli.recall`).
"""

import os
import sqlite3
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

APPLICATION = 0x70726963
"""`PRAGMA application_id` of our files: "pric"."""
SCHEMA = 2
"""`PRAGMA user_version`: the version of the tables that this code reads and writes."""

_TABLES = ("pricing_unit", "billable_metric", "product", "rate_card", "package")


def head_of(rows: Callable[..., Iterable[tuple[Any, ...]]], namespace: str) -> str:
    """The head of what bears the namespace's marks. `rows` answers a query, inside one transaction.

    Empty when somebody else changed rates: then nobody has taken their digest yet.
    """
    prefix = f"{namespace}/"
    found = blake2b(digest_size=16)
    for _ in rows("SELECT 1 FROM rate_card WHERE rates_digest IS NULL AND archived_at IS NULL"):
        return ""
    for table in _TABLES:
        ours = f"SELECT * FROM {table} WHERE substr(mark, 1, ?) = ? ORDER BY mark"
        for row in rows(ours, len(prefix), prefix):
            found.update(repr(row).encode())
        foreign = (
            f"SELECT count(*) FROM {table} WHERE archived_at IS NULL AND (mark IS NULL OR substr(mark, 1, ?) <> ?)"
        )
        for row in rows(foreign, len(prefix), prefix):
            found.update(repr((table, *row)).encode())
    for row in rows("SELECT * FROM alias WHERE kind = 'rate-card' ORDER BY seq"):
        found.update(repr(row).encode())
    for _ in rows("SELECT 1 FROM sqlite_master WHERE name = 'account'"):  # a store of an earlier release has none
        for row in rows("SELECT mark FROM account WHERE namespace = ?", namespace):
            found.update(repr(row).encode())
    return found.hexdigest()


def read_head(path: str, namespace: str) -> str:
    """The head of an embedded store as it is now; empty when there is none, or it is not ours. Creates nothing.

    Raises sqlite3.Error when it cannot be read.
    """
    if not os.path.isfile(path):
        return ""
    # The file's name as SQLite's URI wants it; what is not in it would be taken for an option or an end.
    name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{name}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        for pragma, value in (("application_id", APPLICATION), ("user_version", SCHEMA)):
            if connection.execute(f"PRAGMA {pragma}").fetchone() != (value,):
                return ""
        return head_of(lambda sql, *parameters: connection.execute(sql, parameters), namespace)
    finally:
        connection.close()
