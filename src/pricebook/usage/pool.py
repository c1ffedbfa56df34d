"""Work on rows in several processes of this machine. Little is done here: a process takes half a second to start."""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, TypeVar

from pricebook.machine import cores
from pricebook.usage.engine import Job

T = TypeVar("T")
LITTLE = 50_000
"""Rows that are worked on here."""
BATCH = 5_000
"""Rows that are handed over at a time, and the rest of the last customer's."""

_work: Callable[[Iterable[tuple[object, ...]]], Iterator[Any]]
"""Of a process of the pool: what it does."""


def worked(rows: Iterator[tuple[object, ...]], job: Job[T]) -> Iterator[T]:
    """What comes of the rows, in their order. All rows with the same first value go to one process."""
    first = list(islice(rows, LITTLE + 1))
    processes = cores()
    if len(first) <= LITTLE or processes < 2:
        yield from job.start()(chain(first, rows))
        return
    # A process that was forked would share the engine's threads and locks.
    context, started = get_context("spawn"), (pickle.dumps(job),)
    with ProcessPoolExecutor(processes, context, _start, started) as pool:
        running: deque[Future[list[T]]] = deque()
        for batch in _batches(chain(first, rows)):
            running.append(pool.submit(_done, batch))
            if len(running) > 2 * processes:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _start(job: bytes) -> None:
    global _work  # noqa: PLW0603 - a process of the pool has one job
    _work = pickle.loads(job).start()


def _done(rows: list[tuple[object, ...]]) -> list[Any]:
    return list(_work(rows))


def _batches(rows: Iterable[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    batch: list[tuple[object, ...]] = []
    for row in rows:
        if len(batch) >= BATCH and row[0] != batch[-1][0]:
            yield batch
            batch = []
        batch.append(row)
    yield batch
