"""Putting a long list in order without holding it in memory: sorted runs, each in a file, merged as they are read.

The files have no name and are gone with the process; none is written while one run is enough.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from pricebook.catalog.canonical import decode, encode

RUN = 10_000
"""Rows of a run: as many are in memory at once."""

BufferedRow = tuple[str, ...]


def in_order(rows: Iterable[BufferedRow], size: int = RUN) -> Iterator[BufferedRow]:
    """The rows in ascending order. All of them are taken before the first one comes."""
    left = iter(rows)
    with ExitStack() as files:
        runs: list[Iterator[BufferedRow]] = []
        while run := sorted(islice(left, size)):
            if len(run) < size and not runs:
                yield from run
                return
            file = files.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
            file.writelines(f"{encode(row)}\n" for row in run)
            run.clear()  # or it would be held while the next one is read
            file.seek(0)
            runs.append(map(_read, file))
        yield from merge(*runs)


def _read(line: str) -> BufferedRow:
    row: Any = decode(line)
    return tuple(row)
