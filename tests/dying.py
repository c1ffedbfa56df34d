"""A process that ends itself with SIGKILL at some call of a function: no clock chooses the moment, so a busy machine
chooses no other."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from itertools import count
from typing import Any


def count_calls(last: int | None = None) -> Callable[[], int]:
    """From now on calls and returns count, those of this thread and of threads that start; the process is gone with the
    `last` of them. Gives how many there were."""
    counted = count(1)

    def watch(*_: Any) -> None:
        if next(counted) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)
    return lambda: next(counted) - 1


def die_in(method: str, number: int, calls: int) -> None:
    """The process is gone so many calls after it began for the `number`-th time with a `module:Class.method`."""
    module, _, path = method.partition(":")
    owner, _, name = path.partition(".")
    found = getattr(import_module(module), owner)
    done, times = getattr(found, name), count(1)

    def counted(*arguments: Any, **more: Any) -> Any:
        if next(times) == number:
            count_calls(calls)
        return done(*arguments, **more)

    setattr(found, name, counted)


PERFORM = "pricebook.store.sql:SqlStore.perform"
"""A step, where the store is a database."""


def dying(method: str, number: int, calls: int) -> list[str]:
    """The beginning of a command line of pricebook that dies so; see `die_in` and `reachable`."""
    code = f"from dying import die_in; die_in({method!r}, {number}, {calls})"
    return [sys.executable, "-c", f"{code}; from pricebook.cli.start import main; main()"]


def reachable() -> dict[str, str]:
    """An environment in which such a command finds this module."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
