"""A bar on a terminal while something is counted: the door to rich, for who watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def bar(words: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """A bar under these words, and its task. It shows how long it took, or how long it will where no total is known
    before."""
    time = TimeElapsedColumn() if total is not None else TimeRemainingColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), time)
    with Progress(*columns, console=Console(stderr=True), transient=True) as made:
        yield made, made.add_task(words, total=total)
