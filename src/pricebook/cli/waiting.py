"""What a person at a terminal sees while an account is read: how many requests it took so far, once it takes long."""

import sys
import time
from collections.abc import Callable

AFTER, EVERY = 1.0, 0.2
"""Seconds until the line appears, and between two of its changes."""


def waiting() -> Callable[[int], None] | None:
    """A function to tell the number of requests to, and 0 at the end; None where nobody watches."""
    if not sys.stderr.isatty():
        return None
    started, shown = time.monotonic(), 0.0

    def tell(count: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if count and now - started > AFTER and now - shown > EVERY:
            shown = now
            sys.stderr.write(f"\rreading the account: {count:,} requests\x1b[K")
            sys.stderr.flush()
        elif not count and shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    return tell
