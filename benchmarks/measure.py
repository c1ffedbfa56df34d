"""Whole processes, measured by the operating system's own account of each: CPU time, wall time, peak memory.

Commands that are compared run in turn, A B A B, so that a machine whose speed drifts drifts for all of them; ratios are
taken within a round and their median is quoted. Linux counts the pages of whoever forks into the child's peak, so
nothing large may be held in the runner: data is streamed to files, and what needs pricebook in process is a child.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Failed(Exception):  # noqa: N818 - named for what happened
    """A command that was to be measured did not do its work."""


@dataclass(frozen=True)
class Command:
    """A process to measure: `before` is done first and not measured, `accept` are the exit codes that mean success."""

    argv: Sequence[str]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    accept: tuple[int, ...] = (0,)


class Run(NamedTuple):
    """One run: seconds of CPU (user and system), seconds on the wall, peak resident bytes, and what was printed: the
    beginning of it, and how many lines."""

    cpu: float
    wall: float
    peak: int
    output: str
    lines: int


def run(command: Command) -> Run:
    """Run a command to its end. Raises Failed when it fails."""
    if command.before is not None:
        command.before()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=command.cwd, env=_environment(command)
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.accept:
            raise Failed(f"{' '.join(command.argv)} ended with {process.returncode}: {_end(err) or _end(out)}")
        out.seek(0)
        text = out.read(1 << 16).decode(errors="replace")
        out.seek(0)
        lines = sum(1 for _ in out)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit, text, lines)


def rounds(count: int, *commands: Command, warm_up: bool = True) -> list[tuple[Run, ...]]:
    """Every command once in each round, in the order given; the warm-up round is not counted."""
    if warm_up:
        for command in commands:
            run(command)
    return [tuple(run(command) for command in commands) for _ in range(count)]


class Spread(NamedTuple):
    """The middle of several measurements, and their ends."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


def spread(measured: Sequence[tuple[Run, ...]], figure: Callable[..., float]) -> Spread:
    """The figure of each round, which is called with that round's runs."""
    return Spread.of([figure(*runs) for runs in measured])


def _environment(command: Command) -> dict[str, str]:
    """What a user's process has: above all compiled modules are kept, or each start would compile every one again."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**inherited, "NO_COLOR": "1", "COLUMNS": "120", **command.env}


def _end(stream: object) -> str:
    stream.seek(0)  # type: ignore[attr-defined]
    text: str = stream.read().decode(errors="replace")  # type: ignore[attr-defined]
    return text.strip()[-600:]
