"""Reads an account through the adapter, and prints: seconds, requests, rates.

python read_account.py URL CONCURRENCY
"""

import sys
import time
from datetime import UTC, datetime

from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore


def main() -> None:
    """One snapshot."""
    client = Client(
        sys.argv[1],
        "benchmark",
        requests_per_minute=1_000_000,
        concurrency=int(sys.argv[2]),
        connect_timeout=10,
        read_timeout=60,
    )
    store = RemoteStore(client, {}, nonce=lambda: "once")
    started = time.perf_counter()
    snapshot = store.snapshot("bench", datetime.now(UTC))
    seconds = time.perf_counter() - started
    print(seconds, client.http.sent, sum(len(rates) for rates in snapshot.catalog.rates.values()))


if __name__ == "__main__":
    main()
