"""Reads the contracts of an account through the adapter, and prints: seconds, requests, contracts.

python read_contracts.py URL CONCURRENCY
"""

import sys
import time
from datetime import UTC, datetime

from pricebook.catalog.reference import Kind, Ref
from pricebook.metronome.client import Client
from pricebook.metronome.remote import RemoteStore


def main() -> None:
    """One snapshot, and then who is billed."""
    client = Client(
        sys.argv[1],
        "sandbox",
        requests_per_minute=1_000_000,
        concurrency=int(sys.argv[2]),
        connect_timeout=10,
        read_timeout=60,
    )
    store = RemoteStore(client, {}, nonce=lambda: "once", most=1_000_000)
    snapshot = store.snapshot("bench", datetime.now(UTC))
    before, started = client.http.sent, time.perf_counter()
    live = snapshot.of(Ref(Kind.RATE_CARD, "list")).live.counted
    seconds, sent = time.perf_counter() - started, client.http.sent - before
    found = sum(1 for _ in store.billed("bench", datetime.now(UTC), shared=False))
    assert found == live.count
    assert not live.unlisted
    print(seconds, sent, found)
    store.close()


if __name__ == "__main__":
    main()
