"""The rates of one card: many, so kept as text. A key's canonical text maps to its schedule's canonical text.

Nothing is built per rate that need not be: two books with the same digest are the same, and only the timelines whose
texts differ are read into values (`catalog.timeline`).
"""

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Protocol

from pricebook.catalog.timeline import heads_of, read_head

Counts = Counter[tuple[str, str]]
"""How many rates there are of each (head, schedule text)."""
SHARE = 16
_MODULUS = 1 << 8 * SHARE
_EMPTY = blake2b(digest_size=SHARE)
"""Copied for each entry, which is cheaper than to make one with its parameters each time."""


def shares(entries: Iterable[tuple[str, str]]) -> bytes:
    """The digests of (key, schedule) texts one behind the other, each of SHARE bytes."""
    copy, found = _EMPTY.copy, bytearray()
    for key, schedule in entries:
        share = copy()
        share.update(f"{key}\0{schedule}".encode("utf-8", "surrogatepass"))
        found += share.digest()
    return bytes(found)


def total(digests: bytes) -> int:
    """The sum of `shares` modulo 2**128."""
    # Each half of a share is summed on its own, so that no large number is made for each entry.
    halves = array("Q", digests)
    if sys.byteorder == "little":
        halves.byteswap()
    return ((sum(halves[::2]) << 64) + sum(halves[1::2])) % _MODULUS


def book_digest(entries: Iterable[tuple[str, str]]) -> int:
    """A digest of (key, schedule) texts that does not depend on their order, and to which shares can be added or
    taken away: the sum of the entries' digests modulo 2**128."""
    return total(shares(entries))


def digest_text(value: int) -> str:
    """A book's digest as 32 hexadecimal digits."""
    return f"{value % _MODULUS:032x}"


class Rates(Protocol):
    """The rates of one card, wherever they are kept."""

    @property
    def digest(self) -> str:
        """`digest_text(book_digest(items))`."""

    def __len__(self) -> int:
        """The number of timelines."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Every (key text, schedule text), in no particular order; may stream from the store."""

    def get(self, key: str) -> str | None:
        """The schedule text of one key."""


class RateBook:
    """Rates in memory. Whoever knows `counts` already hands them in."""

    def __init__(self, entries: Mapping[str, str], counts: Counts | None = None) -> None:
        self.entries = entries
        if counts is not None:
            self.counts = counts

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RateBook) and self.entries == other.entries

    __hash__ = None  # type: ignore[assignment]

    def items(self) -> Iterable[tuple[str, str]]:
        """Every (key text, schedule text)."""
        return self.entries.items()

    def get(self, key: str) -> str | None:
        """The schedule text of one key."""
        return self.entries.get(key)

    @cached_property
    def digest(self) -> str:
        """See `book_digest`."""
        return digest_text(book_digest(self.entries.items()))

    @cached_property
    def counts(self) -> Counts:
        """See `count_rates`."""
        return count_rates(self.entries.items())

    @cached_property
    def priced(self) -> frozenset[tuple[str, str | None]]:
        """The (product, billing frequency) pairs that have a rate."""
        return frozenset(map(read_head, {head for head, _ in self.counts}))


NO_RATES = RateBook({})
"""Those of a card without any."""


def count_rates(entries: Iterable[tuple[str, str]]) -> Counts:
    """How many rates there are of each head and schedule."""
    found = list(entries)
    return Counter(zip(heads_of([key for key, _ in found]), [schedule for _, schedule in found], strict=True))


def pairs(keys: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """The distinct (product, billing frequency) pairs of key texts."""
    return map(read_head, set(heads_of(keys)))
