"""What a person at a terminal sees while something is counted, once that takes long: how many so far."""

import sys
import time
from collections.abc import Callable

import click

AFTER, EVERY = 1.0, 0.2
"""Seconds until the line appears, and between two of its changes."""


def waiting(words: str) -> Callable[[int], None] | None:
    """A function to tell a number to, and 0 at the end; None where nobody watches. `words` have a `{:,}` for it."""
    if not sys.stderr.isatty():
        return None
    started, shown = time.monotonic(), 0.0

    def tell(count: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if count and now - started > AFTER and now - shown > EVERY:
            shown = now
            click.echo(f"\r{words.format(count)}\x1b[K", err=True, nl=False)
        elif not count and shown:
            click.echo("\r\x1b[K", err=True, nl=False)

    return tell
