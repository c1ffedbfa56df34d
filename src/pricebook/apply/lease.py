"""Holding the lease of an environment for as long as the work takes, however long a single call of it does.

A thread says every few seconds that the owner lives. It ends with the process: nothing of a run that was killed keeps
its lease alive. A run that was only stopped for longer than a lease lasts finds out by the token, when it next writes
to the journal.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from pricebook.apply.ports import Clock, Journal, Lease, LeaseLost, StoreError

HEARTBEAT = 8.0
"""Seconds from one sign of life to the next: three fit into the time that a lease lasts."""


@contextmanager
def leased(journal: Journal, environment: str, owner: str, clock: Clock) -> Iterator[Lease]:
    """The lease, given back in the end. Raises LeaseTaken when somebody else has it.

    That it was lost meanwhile is told by whatever is written with it next (LeaseLost).
    """
    lease = journal.acquire(environment, owner, clock())
    over = Event()

    def live() -> None:
        with suppress(LeaseLost):
            while not over.wait(HEARTBEAT):
                with suppress(StoreError):  # a server that restarts: the next beat may reach it
                    journal.renew(environment, lease, clock())

    thread = Thread(target=live, name=f"lease of {environment}", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        over.set()
        thread.join()
        with suppress(StoreError):  # it ends by itself; what was done is to be said all the same
            journal.release(environment, lease)
