"""The tables that company rules look things up in: CSV files of the project, read whole, never from outside of it."""

import csv
import os
from collections.abc import Callable, Mapping
from typing import Any

from pricebook.catalog.money import read_number
from pricebook.manifest.text import read_text
from pricebook.problem import Problem, Rejected, Related, did_you_mean, quote
from pricebook.project.policy import LookupTable, Policy
from pricebook.project.project import Project
from pricebook.span import Span

MAX_LOOKUP = 64 << 20
"""Bytes of a table."""
SHOWN = 20

LookupRow = Mapping[str, Any]
Lookup = Callable[..., LookupRow]
"""Finds a row of a table by its key columns; an empty one when there is none."""


def read_lookups(
    project: Project, policy: Policy, base: tuple[str, ...] = ("policy",)
) -> dict[str, tuple[int, Lookup]]:
    """Functions by the tables' names, with the number of their arguments: the row of a key, empty when there is none.

    A cell that is a number is one. Raises Rejected with all that is wrong with the tables.
    """
    found: dict[str, tuple[int, Lookup]] = {}
    problems: list[Problem] = []
    for name, table in policy.tables.items():
        try:
            rows = _read(project, table, (*base, "tables", name))
        except Rejected as rejected:
            problems += rejected.problems
            continue
        found[name.replace("-", "_")] = (len(table.key), _finder(rows))
    if problems:
        raise Rejected(problems)
    return found


def _finder(rows: Mapping[tuple[str, ...], LookupRow]) -> Lookup:
    def find(*key: str) -> LookupRow:
        return rows.get(key, {})

    return find


def _read(project: Project, table: LookupTable, at: tuple[str, ...]) -> dict[tuple[str, ...], LookupRow]:
    path = project.root / table.table
    shown = os.path.relpath(path, project.root)
    if not path.resolve().is_relative_to(project.root.resolve()):
        message = f"table {quote(table.table)} is outside the project"
        hint = "keep tables below pricebook.yaml"
        raise Rejected([Problem("outside", message, project.place((*at, "table")), hint)])
    try:
        text = read_text(path, shown, limit=MAX_LOOKUP)
    except Rejected as rejected:
        where = (Related("named here", project.place((*at, "table"))),)
        raise Rejected([Problem(p.code, p.message, p.at, p.hint, where) for p in rejected.problems]) from None
    return _rows(text, table, shown, project, at)


def _rows(
    text: str, table: LookupTable, shown: str, project: Project, at: tuple[str, ...]
) -> dict[tuple[str, ...], LookupRow]:
    reader = csv.reader(text.splitlines(), delimiter=table.delimiter, strict=True)
    problems: list[Problem] = []
    rows: dict[tuple[str, ...], LookupRow] = {}
    lines: dict[tuple[str, ...], int] = {}
    try:
        header = [column.strip() for column in next(reader, [])]
        for column in table.key:
            if column not in header:
                hint = did_you_mean(column, header) or f"columns: {', '.join(header[:20])}"
                message = f"the table has no column {quote(column)}"
                where = (Related("named here", project.place((*at, "key"))),)
                problems.append(Problem("missing-column", message, Span(shown), hint, where))
        places = [header.index(column) for column in table.key if column in header]
        for row in reader if not problems else ():
            if len(row) != len(header):
                if row and len(problems) < SHOWN:
                    message = f"{len(row)} cells, but the header has {len(header)}"
                    problems.append(Problem("row-width", message, Span(shown, reader.line_num)))
                continue
            key = tuple(row[place].strip() for place in places)
            if key in lines and len(problems) < SHOWN:
                message = f"two rows have the key {quote(', '.join(key))}"
                related = (Related("first", Span(shown, lines[key])),)
                hint = "a key finds one row: take one out, or name another key column"
                problems.append(Problem("duplicate-row", message, Span(shown, reader.line_num), hint, related))
            lines.setdefault(key, reader.line_num)
            rows[key] = {column: _cell(cell.strip()) for column, cell in zip(header, row, strict=True)}
    except csv.Error as error:
        problems.append(Problem("csv-syntax", str(error), Span(shown, reader.line_num or 1)))
    if problems:
        raise Rejected(problems)
    return rows


def _cell(text: str) -> object:
    """A number where the cell is one: a double, because a rule compares with it and nothing is billed by it."""
    number = read_number(text)
    return float(number) if number is not None else text
