"""Cohorts for people, programs and spreadsheets: the versions of packages, who is on them, and what sets them apart.

A list of contracts is written while it is read. As JSON it is one document all the same: a failure on the way leaves it
unfinished, and the exit code says so.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import groupby, islice

from pricebook.catalog.canonical import encode
from pricebook.catalog.instant import bound_text, instant_text, instant_words
from pricebook.format.escape import cut, escape_cell, escape_json, escape_terminal
from pricebook.format.lookup_text import columns, draw_fields, moved
from pricebook.format.page import Paint
from pricebook.plan.cohort import Cohort
from pricebook.plan.contract import Contract
from pricebook.view.field import FieldRow
from pricebook.view.price_list import PriceList, Version
from pricebook.view.words import counted

_BLOCK = 1_000
"""Contracts of a list whose columns are under each other."""
_HEAD = ("package", "version", "customer", "contract", "state", "starting_at", "ending_before", "came_as")
_ALIASES = 40
"""Columns for the aliases under which contracts came."""
_NO_ALIAS = "no alias"


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A version with its cohort, and the fields of money in which it differs from the version before."""

    cohort: Cohort
    made: str
    archived: bool
    differs: tuple[FieldRow, ...]


def cohort_rows(cohorts: Iterable[Cohort], listed: PriceList) -> Iterator[CohortRow]:
    """The cohorts with what the price list knows of their versions."""
    known: dict[object, Version] = {version.ref: version for found in listed.packages.values() for version in found}
    for cohort in cohorts:
        version = known.get(cohort.package)
        if version is None:  # one that cannot be read
            yield CohortRow(cohort, "", archived=False, differs=())
        else:
            yield CohortRow(cohort, version.made or "", version.archived, version.changes)


def draw_cohorts(rows: Iterable[CohortRow], at: datetime, width: int, paint: Paint) -> Iterator[str]:
    """The packages, each a table of its versions, and below it what sets them apart."""
    packages: dict[str, list[CohortRow]] = {}
    for row in rows:
        packages.setdefault(row.cohort.package.name, []).append(row)
    apart = False
    for number, (name, found) in enumerate(packages.items()):
        total = sum(row.cohort.contracts for row in found)
        short = not total and len(found) == 1
        if number and not (apart and short):
            yield ""
        apart = short
        many = counted(total, "contract") if total else "no contract"
        what = f"{many} on {counted(len(found), 'version')}, as of {at:%Y-%m-%d}"
        yield f"{paint('bold', escape_terminal(f'package:{name}'))}   {what}"
        if short:
            continue
        cells = [_cells(row) for row in found]
        kept = [i for i in range(len(_COLUMNS)) if i < 2 or any(line[i] not in ("", "0") for line in cells)]
        head = tuple(_COLUMNS[i] for i in kept)
        yield from columns([head, *(tuple(line[i] for i in kept) for line in cells)], width)
        for row, before in zip(found[1:], found, strict=False):
            version, earlier = f"@{row.cohort.package.version}", f"@{before.cohort.package.version}"
            if row.differs:
                yield f"  {version} differs from {earlier}"
                yield from (f"  {line}" for line in draw_fields(row.differs, width - 2))
            else:
                yield f"  {version} has the terms of {earlier}; its names or aliases differ"
    if not packages:
        yield "There is no package yet."


def cohorts_json(rows: Iterable[CohortRow], at: datetime) -> str:
    """The versions for programs."""
    return escape_json(encode({"as_of": instant_text(at), "versions": [_plain(row) for row in rows]}))


def cohorts_csv(rows: Iterable[CohortRow]) -> Iterator[str]:
    """A row for each version, for a spreadsheet: no cell is a formula."""
    names: list[str] = []
    for row in rows:
        plain = _plain(row)
        plain["came_as"] = "; ".join(_came_as(row.cohort))
        plain["differs"] = "; ".join(f"{each.path}: {moved(each)}" for each in row.differs)
        if not names:
            names = list(plain)
            yield _line(names)
        yield _line(_text(plain[name]) for name in names)


def draw_members(members: Iterable[tuple[Contract, str]], at: datetime, width: int, paint: Paint) -> Iterator[str]:
    """A line for each contract, version by version."""
    none = True
    for ref, found in groupby(members, lambda member: member[0].package):
        if not none:
            yield ""
        none = False
        yield paint("bold", escape_terminal(str(ref)))
        while block := list(islice(found, _BLOCK)):
            yield from columns([_member_words(*one, at) for one in block], width)
    if none:
        yield "Nobody is on it."


def members_json(members: Iterable[tuple[Contract, str]], at: datetime) -> Iterator[str]:
    """The contracts for programs: the lines of one document."""
    yield f'{{"as_of":{encode(instant_text(at))},"contracts":['
    before = ""
    for contract, alias in members:
        if before:
            yield f"{before},"
        before = escape_json(encode(dict(zip(_HEAD, _member(contract, alias, at), strict=True))))
    if before:
        yield before
    yield "]}"


def members_csv(members: Iterable[tuple[Contract, str]], at: datetime) -> Iterator[str]:
    """A row for each contract, for a spreadsheet: no cell is a formula."""
    yield _line(_HEAD)
    for contract, alias in members:
        yield _line(_text(cell) for cell in _member(contract, alias, at))


_COLUMNS = (
    "version",
    "run",
    "to start",
    "ended",
    "archived",
    "customers",
    "first start",
    "last end",
    "came as",
)


def _cells(row: CohortRow) -> tuple[str, ...]:
    cohort = row.cohort
    end = ", ".join(filter(None, (_day(cohort.last_end), f"{cohort.endless:,} without end" if cohort.endless else "")))
    counts = (cohort.running, cohort.coming, cohort.ended, cohort.archived, cohort.customers)
    return (
        f"@{cohort.package.version}{' (archived)' if row.archived else ''}",
        *(f"{count:,}" for count in counts),
        _day(cohort.first_start),
        end,
        cut(escape_terminal(", ".join(_came_as(cohort)), 300), _ALIASES),
    )


def _came_as(cohort: Cohort) -> Iterator[str]:
    """The aliases, each with how many came under it where there are several."""
    for alias, count in cohort.came_as:
        yield (alias or _NO_ALIAS) + (f" ({count:,})" if len(cohort.came_as) > 1 else "")


def _plain(row: CohortRow) -> dict[str, object]:
    cohort = row.cohort
    return {
        "package": cohort.package.name,
        "version": cohort.package.version,
        "made": row.made,
        "version_archived": row.archived,
        "running": cohort.running,
        "to_start": cohort.coming,
        "ended": cohort.ended,
        "archived": cohort.archived,
        "customers": cohort.customers,
        "first_start": bound_text(cohort.first_start),
        "last_start": bound_text(cohort.last_start),
        "last_end": bound_text(cohort.last_end),
        "without_end": cohort.endless,
        "came_as": dict(cohort.came_as),
        "differs": [
            {"path": each.path, "from": each.observed, "to": each.desired, "change": each.change}
            for each in row.differs
        ],
    }


def _member(contract: Contract, alias: str, at: datetime) -> tuple[object, ...]:
    package = contract.package
    assert package is not None
    start, end = bound_text(contract.starting_at), bound_text(contract.ending_before)
    return package.name, package.version, contract.customer, contract.id, contract.state(at), start, end, alias


def _member_words(contract: Contract, alias: str, at: datetime) -> tuple[str, ...]:
    until = f"until {_day(contract.ending_before)}" if contract.ending_before is not None else "without end"
    state = {"running": "", "coming": "to start"}.get(contract.state(at), contract.state(at))
    start = f"from {_day(contract.starting_at)}"
    return contract.customer, start, until, state, f"as {alias}" if alias else _NO_ALIAS


def _line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow([escape_cell(cell) for cell in cells])
    return out.getvalue()


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _day(instant: datetime | None) -> str:
    return instant_words(instant) if instant is not None else ""
