"""A synthetic population for the price list: customers under contract, and a month of their usage events.

    python population.py --customers 300 --events 60000 --month 2026-01 --seed 7

Needs a store that the catalogue was applied to (`pricebook.db` beside this file, unless --store says another) and the
extra `pricebook[usage]`. Writes `usage.parquet` in the vendor's ingest format, and puts every customer on the package
`pay-as-you-go`. The same arguments make the same events and the same customers. What is real-shaped in it:

- sizes are skewed: a tenth of the customers makes most of the events, and an event's tokens span four powers of ten;
- a customer uses a handful of models, and popular models are popular with everybody;
- input comes in larger numbers than output, and some of it is read from a cache;
- one event in a thousand is sent twice, and a few are of a customer without a contract.

Chance is the MD5 of the event's number and the seed, so that it stays the same whatever library draws it.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pricebook.store.sql import SqlStore

HERE = Path(__file__).resolve().parent

CHANCE = "((md5_number_lower('{name}:{seed}:' || event) % 1000000007) / 1000000007.0)"
"""A number from 0 to 1, another for every event and name."""
EVENTS = """
WITH price AS (
  SELECT provider, model, component, ROW_NUMBER() OVER (ORDER BY md5(provider || model), component) - 1 AS place
  FROM read_csv({table}, all_varchar = true) WHERE component IN
    ('input_cost_per_token', 'output_cost_per_token', 'cache_read_input_token_cost')
), chance AS (
  SELECT event, {who} AS who, {which} AS which, {size} AS size, {moment} AS moment FROM range({events}) AS events(event)
), used AS (
  SELECT event, moment, size, CAST(floor({customers} * pow(who, 2.5)) AS BIGINT) AS customer,
    CAST(floor(5 * pow(which, 1.5)) AS BIGINT) AS favourite
  FROM chance
), placed AS (
  SELECT event, moment, size, customer,
    CAST(floor(prices * pow(((customer * 7919 + favourite * 104729 + 23) % 9973) / 9973.0, 1.6)) AS BIGINT) AS place
  FROM used, (SELECT count(*) AS prices FROM price)
)
SELECT 'tx-' || CASE WHEN event % 1000 = 999 THEN event - 1 ELSE event END AS transaction_id,
  CASE WHEN event % 5000 = 0 THEN 'stranger' ELSE 'customer-' || lpad(customer::VARCHAR, 6, '0') END AS customer_id,
  'model_usage' AS event_type,
  TIMESTAMPTZ {start} + to_seconds(CAST(floor(moment * {seconds}) AS BIGINT)) AS "timestamp",
  {{'component': component, 'provider': provider, 'model': model, 'tokens': CAST(floor(exp(
    CASE WHEN component LIKE 'output%' THEN 3 ELSE 5 END + 9 * size)) AS BIGINT)}} AS properties
FROM placed JOIN price USING (place) ORDER BY event
"""


def main() -> None:
    """Write the events and make the contracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--month", default="2026-01", help="the month of the usage")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--table", type=Path, default=HERE / "prices" / "litellm-1.80.0.csv", help="whose models are used"
    )
    parser.add_argument("--output", type=Path, default=Path("usage.parquet"))
    parser.add_argument("--store", default=f"sqlite:///{HERE / 'pricebook.db'}", help="where the contracts are made")
    parser.add_argument("--events-only", action="store_true", help="make no contracts")
    given = parser.parse_args()
    start = datetime.fromisoformat(f"{given.month}-01").replace(tzinfo=UTC)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    query = EVENTS.format(
        table=_text(str(given.table)),
        **{name: CHANCE.format(name=name, seed=given.seed) for name in ("who", "which", "size", "moment")},
        events=given.events,
        customers=given.customers,
        start=_text(start.isoformat()),
        seconds=int((end - start).total_seconds()),
    )
    duckdb.execute(f"COPY ({query}) TO {_text(str(given.output))} (FORMAT parquet)")
    if given.events_only:
        return
    store = SqlStore(given.store)
    for number in range(given.customers):
        began = start.replace(year=start.year - 1, month=number % 12 + 1)
        store.create_contract(f"customer-{number:06}", began, package_alias="pay-as-you-go", at=began)
    print(f"{given.events:,} events in {given.output}; {given.customers:,} contracts on pay-as-you-go")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


if __name__ == "__main__":
    main()
