"""Counts usage events in its own process: `ours` as `plan --impact` does, or `hand`: the query somebody would write in
DuckDB for this one price list. Both say how many quantities there are and what they add up to."""

import sys
from decimal import Decimal
from pathlib import Path

how, project, usage = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
PIECE = 20_000

if how == "ours":
    from datetime import UTC, datetime

    from pricebook.catalog.calendar import later
    from pricebook.manifest.load import load
    from pricebook.project.project import read_project
    from pricebook.store.sql import SqlStore
    from pricebook.usage.duck import DuckEngine
    from pricebook.usage.measure import UsagePeriod, measure, read_usage
    from pricebook.usage.meter import meters_of

    meters, _ = meters_of(load(read_project(project)).catalog)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    billed = SqlStore(f"sqlite:///{project / 'pricebook.db'}").billed("llm", start)
    engine = DuckEngine()
    read_usage(engine, [usage], meters)
    end = later(start, 1, "MONTHS")
    periods = [UsagePeriod(each.billing.contract.customer, start, end) for each in billed]
    found = measure(engine, meters, periods)[1]
    count, total = 0, Decimal(0)
    for quantity in found:
        count, total = count + 1, total + quantity.quantity
    engine.close()
else:
    import sqlite3
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory() as scratch:
        connection = duckdb.connect(f"{scratch}/usage.duckdb")
        for setting in (f"temp_directory = '{scratch}'", "memory_limit = '2GB'", "preserve_insertion_order = false"):
            connection.execute(f"SET {setting}")
        customers = sqlite3.connect(project / "pricebook.db").execute("SELECT DISTINCT customer_id FROM contract")
        listed = Path(scratch, "customers.csv")
        listed.write_text("customer\n" + "".join(f"{name}\n" for (name,) in customers))
        connection.execute(
            f"""CREATE TABLE quantity AS
            SELECT customer_id, properties.component AS component, properties.provider AS provider,
              properties.model AS model, SUM(CAST(properties.tokens AS DECIMAL(38, 18))) AS quantity
            FROM (SELECT DISTINCT ON (transaction_id) * FROM '{usage}' ORDER BY transaction_id, "timestamp")
            JOIN read_csv('{listed}', all_varchar = true) ON customer = customer_id
            WHERE event_type = 'model_usage' AND properties.tokens IS NOT NULL
              AND "timestamp" >= '2026-01-01 00:00:00+00' AND "timestamp" < '2026-02-01 00:00:00+00'
            GROUP BY ALL"""
        )
        cursor = connection.execute("SELECT * FROM quantity ORDER BY customer_id, component, provider, model")
        count, total = 0, Decimal(0)
        while rows := cursor.fetchmany(PIECE):
            for row in rows:
                count, total = count + 1, total + row[-1]
        connection.close()

print(count, total)
