"""Lists of customers: a CSV table whose column `customer` has the vendor's ids. Other columns are for people."""

import csv
import os
from io import StringIO

from pricebook.manifest.text import read_text
from pricebook.problem import Problem, Rejected, did_you_mean, quote, reject
from pricebook.project.project import Project
from pricebook.span import Span

MAX_BYTES = 1 << 28
COLUMN = "customer"
SHOWN = 20
"""So many bad rows are listed; all are counted."""


def read_customers(project: Project, file: str, said_at: Span) -> frozenset[str]:
    """The customers of a table; `file` is relative to the manifest that names it at `said_at`.

    Raises Rejected for a table that cannot be used, one with nobody in it and one outside the project included.
    """
    path = (project.root / said_at.file).parent / file
    if not path.resolve().is_relative_to(project.root.resolve()):
        # Manifests may come from somebody who is not trusted with this machine's files.
        raise reject("outside", f"table {quote(file)} is outside the project", said_at, "keep it below pricebook.yaml")
    shown = os.path.relpath(path, project.root)
    return _customers(read_text(path, shown, limit=MAX_BYTES), shown)


def _customers(text: str, shown: str) -> frozenset[str]:
    reader = csv.reader(StringIO(text), strict=True)
    found: set[str] = set()
    problems: list[Problem] = []
    bad = 0
    try:
        head = next(reader, [])
        if COLUMN not in head:
            hint = did_you_mean(COLUMN, head) or f"its first line names the columns: {COLUMN}"
            raise reject("missing-column", f"there is no column {COLUMN}", Span(shown, 1), hint)
        column = head.index(COLUMN)
        for row in reader:
            if not row:
                continue
            customer = row[column].strip() if len(row) > column else ""
            if customer:
                found.add(customer)
                continue
            bad += 1
            if len(problems) < SHOWN:
                problems.append(Problem("missing-value", f"{COLUMN} is empty", Span(shown, reader.line_num)))
    except csv.Error as error:
        raise reject("csv-syntax", f"this is no CSV: {error}", Span(shown, reader.line_num)) from None
    if bad > SHOWN:
        more = bad - SHOWN
        problems.append(Problem("more", f"{more:,} more bad rows of this table are not listed", Span(shown), more=more))
    if problems:
        raise Rejected(problems)
    if not found:
        raise reject("empty-table", f"{quote(shown)} names no customer", Span(shown))
    return frozenset(found)
