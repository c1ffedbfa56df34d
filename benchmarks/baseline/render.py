"""One plan in process: its view and drawing with every row and without any, click.echo of the same lines, and the data
of its page beside the bare writing of the same as JSON."""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from pricebook.format.page import Page
from pricebook.format.plan_text import plan_text
from pricebook.format.report.data import report_data
from pricebook.project.project import read_project
from pricebook.store.sql import SqlStore
from pricebook.view.plan import plan_view
from pricebook.view.rows import RowChoice
from pricebook.workflow.plan import plan

REPEATS = 7


def least(work: Callable[[], object]) -> float:
    """The least CPU seconds of several goes."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


root = Path(sys.argv[1])
as_of = datetime.fromisoformat(sys.argv[2]).replace(tzinfo=UTC)
made = plan(read_project(root), "local", SqlStore(f"sqlite:///{root / 'pricebook.db'}"), as_of)


def drawn(rows: str | None) -> str:
    """The plan's text."""
    return "\n".join(plan_text(plan_view(made, RowChoice.parse(rows)), Page(120)))


lines = drawn("all").splitlines()
more = len(lines) - drawn(None).count("\n") - 1
with open(os.devnull, "w", encoding="utf-8") as nowhere:

    def echoed() -> None:
        """The lines, one by one."""
        for line in lines:
            click.echo(line, file=nowhere)

    echo = least(echoed) / len(lines)
cost = (least(lambda: drawn("all")) - least(lambda: drawn(None))) / more
view = plan_view(made, RowChoice.parse("all"))
data = report_data(view)
page = least(lambda: report_data(view)) / least(lambda: json.dumps(data, default=str))
sys.stdout.write(json.dumps({"lines": more, "line": cost * 1e6, "echo": echo * 1e6, "page": page}))
