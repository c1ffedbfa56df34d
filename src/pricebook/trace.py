"""What happens on the way to an answer, told to whoever listens: what was opened, asked and read, and how long it took.

Nobody listens unless the command line was told `-v` or `--log`; then `cli.log` writes it. Fields hold no secret: an
address comes without its password and its query, a request without its body. docs/operations.md lists the events.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

Listener = Callable[[str, dict[str, object]], None]
_listeners: list[Listener] = []


def tell(event: str, **fields: object) -> None:
    """Something happened; from any thread."""
    for hear in _listeners:
        hear(event, fields)


@contextmanager
def timed(event: str, **fields: object) -> Iterator[dict[str, object]]:
    """Tell, however it ends, how many `milliseconds` it took, with what was put among the fields meanwhile."""
    begun = monotonic()
    try:
        yield fields
    finally:
        tell(event, **fields, milliseconds=round((monotonic() - begun) * 1000))


def listen(hear: Listener) -> Callable[[], None]:
    """From now on this function hears what happens, until what is returned is called."""
    _listeners.append(hear)

    def stop() -> None:
        with suppress(ValueError):
            _listeners.remove(hear)

    return stop
