"""The small CSV tables of a project, read whole and never from outside of it: those that company rules look things up
in, and lists of customers, whose column `customer` has the vendor's ids."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from pricebook.catalog.money import read_number
from pricebook.machine import shown as shown_at
from pricebook.manifest.row import SHOWN
from pricebook.manifest.row_problem import check_column, csv_problem
from pricebook.manifest.text import is_below, read_text
from pricebook.problem import Problem, Rejected, Related, quote, reject, unlisted
from pricebook.project.policy import LookupTable, Policy
from pricebook.project.project import Project
from pricebook.span import Span

MAX_LOOKUP = 64 << 20
"""Bytes of a table that is kept in memory."""
MAX_CUSTOMERS = 1 << 28
CUSTOMER = "customer"

LookupRow = Mapping[str, Any]
Lookup = Callable[..., LookupRow]
"""Finds a row of a table by its key columns; an empty one when there is none."""
Place = Callable[[str], Span]
"""Where a field of what names a table stands."""
Rows = Iterator[tuple[Span, list[str]]]


def read_lookups(project: Project, policy: Policy, base: tuple[str, ...]) -> dict[str, tuple[int, Lookup]]:
    """Functions by the tables' names, with the number of their arguments: the row of a key, empty when there is none.

    A cell that is a number is one. Raises Rejected with all that is wrong with the tables.
    """
    found: dict[str, tuple[int, Lookup]] = {}
    problems: list[Problem] = []
    for name, table in policy.tables.items():
        try:
            found[name.replace("-", "_")] = (len(table.key), _lookup(project, table, (*base, "tables", name)))
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(problems)
    return found


def _lookup(project: Project, table: LookupTable, at: tuple[str, ...]) -> Lookup:
    def place(field: str) -> Span:
        return project.place((*at, field))

    shown, listed = _opened(project, project.root / table.table, table.table, place, MAX_LOOKUP, table.delimiter)
    header = [column.strip() for column in next(listed)[1]]
    places = _columns(table.key, header, shown, lambda: place("key"))
    problems: list[Problem] = []
    rows: dict[tuple[str, ...], LookupRow] = {}
    first: dict[tuple[str, ...], Span] = {}
    for line, row in listed:
        if len(row) != len(header):
            problems.append(Problem("row-width", f"{len(row)} cells, but the header has {len(header)}", line))
            continue
        key = tuple(row[place].strip() for place in places)
        if first.setdefault(key, line) != line:
            message = f"two rows have the key {quote(', '.join(key))}"
            hint = "a key finds one row: take one out, or name another key column"
            problems.append(Problem("duplicate-row", message, line, hint, (Related("first", first[key]),)))
        rows[key] = {column: _cell(cell.strip()) for column, cell in zip(header, row, strict=True)}
    if problems:
        raise Rejected(problems[:SHOWN])
    return lambda *key: rows.get(key, {})


def _cell(text: str) -> object:
    """A number where the cell is one: a double, because a rule compares with it and nothing is billed by it."""
    number = read_number(text)
    return float(number) if number is not None else text


def read_customers(project: Project, file: str, named_at: Span) -> frozenset[str]:
    """The customers of a table; `file` is relative to the manifest that names it at `named_at`.

    Raises Rejected for a table that cannot be used, one with nobody in it and one outside the project included. Other
    columns are for people, and so are rows that end before them.
    """
    path = (project.root / named_at.file).parent / file
    shown, rows = _opened(project, path, file, lambda _: named_at, MAX_CUSTOMERS)
    (column,) = _columns((CUSTOMER,), next(rows)[1], shown, lambda: named_at)
    found: set[str] = set()
    empty: list[Span] = []
    for line, row in rows:
        customer = row[column].strip() if len(row) > column else ""
        if customer:
            found.add(customer)
        else:
            empty.append(line)
    if empty:
        problems = [Problem("missing-value", f"{CUSTOMER} is empty", line) for line in empty[:SHOWN]]
        raise Rejected([*problems, *unlisted(len(empty) - SHOWN, "bad rows of this table", Span(shown))])
    if not found:
        raise reject("empty-table", f"{quote(shown)} names no customer", Span(shown))
    return frozenset(found)


def _opened(
    project: Project, path: Path, named: str, place: Place, limit: int, delimiter: str = ","
) -> tuple[str, Rows]:
    """The name of a table for people, and its rows. Raises Rejected for one that may not or cannot be read."""
    if not is_below(path, project.root):
        # Manifests may come from somebody who is not trusted with this machine's files.
        message = f"table {quote(named)} is outside the project"
        raise reject("outside", message, place("table"), "keep tables below pricebook.yaml")
    shown = shown_at(path, project.root)
    try:
        return shown, csv_rows(shown, read_text(path, shown, limit=limit), delimiter)
    except Rejected as rejected:
        related = (Related("named here", place("table")),)
        raise Rejected(replace(problem, related=related) for problem in rejected.problems) from None


def csv_rows(shown: str, text: str, delimiter: str = ",") -> Rows:
    """The header of a CSV text, then each row that is not empty, with its place. Raises Rejected for what is no CSV."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield Span(shown), next(reader, [])
        yield from ((Span(shown, reader.line_num), row) for row in reader if row)
    except csv.Error as error:
        raise Rejected([csv_problem(error, shown, reader.line_num)]) from None


def _columns(wanted: tuple[str, ...], header: list[str], shown: str, named_at: Callable[[], Span]) -> list[int]:
    """Where columns stand. Raises Rejected for those that are not there."""
    problems = [problem for column in wanted for problem in check_column(column, header, shown, named_at)]
    if problems:
        raise Rejected(problems)
    return [header.index(column) for column in wanted]
