"""A bare bulk insert: rows that are ready in memory, one transaction, the columns and key of `rate_timeline`."""

import marshal
import sqlite3
import sys
from pathlib import Path

verb, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if verb == "dump":
    rows = sqlite3.connect(source).execute("SELECT rate_card_id, key, product_id, schedule FROM rate_timeline")
    target.write_bytes(marshal.dumps(rows.fetchall()))
else:
    for suffix in ("", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE rate_timeline (rate_card_id TEXT, key TEXT, product_id TEXT NOT NULL, schedule TEXT NOT NULL,"
        " PRIMARY KEY (rate_card_id, key)) WITHOUT ROWID"
    )
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO rate_timeline VALUES (?, ?, ?, ?)", marshal.loads(source.read_bytes()))
    connection.execute("COMMIT")
    connection.close()
