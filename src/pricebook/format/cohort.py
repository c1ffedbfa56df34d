"""Cohorts for people, programs and spreadsheets.

A list of contracts is written while it is read. As JSON it is one document all the same: a failure on the way leaves it
unfinished, and the exit code says so.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from itertools import chain, groupby, islice

from pricebook.catalog.instant import instant_words
from pricebook.format.escape import cut, escape_terminal
from pricebook.format.lookup import columns, draw_fields
from pricebook.format.page import Page, sheet
from pricebook.view.cohort import CohortsView, CohortView, MembersView, MemberView
from pricebook.view.plain import plain
from pricebook.view.words import counted

_BLOCK = 1_000
"""Contracts of a list whose columns are under each other."""
_ALIASES = 40
"""Columns for the aliases under which contracts came."""
_NO_ALIAS = "no alias"
_COLUMNS = ("version", "run", "to start", "ended", "archived", "customers", "first start", "last end", "came as")


def cohorts_text(view: CohortsView, page: Page) -> Iterator[str]:
    """The packages, each a table of its versions, and below it what sets them apart."""
    packages: dict[str, list[CohortView]] = {}
    for row in view.versions:
        packages.setdefault(row.package, []).append(row)
    apart = False
    for number, (name, found) in enumerate(packages.items()):
        total = sum(row.contracts for row in found)
        short = not total and len(found) == 1
        if number and not (apart and short):
            yield ""
        apart = short
        many = counted(total, "contract") if total else "no contract"
        what = f"{many} on {counted(len(found), 'version')}, as of {view.as_of:%Y-%m-%d}"
        yield f"{page.paint('bold', escape_terminal(f'package:{name}'))}   {what}"
        if short:
            continue
        cells = [_cells(row) for row in found]
        # A column that says nothing of any version is left out.
        kept = [i for i in range(len(_COLUMNS)) if i < 2 or any(line[i] not in ("", "0") for line in cells)]
        head = tuple(_COLUMNS[i] for i in kept)
        yield from columns([head, *(tuple(line[i] for i in kept) for line in cells)], page.width)
        for row, before in zip(found[1:], found, strict=False):
            if row.differs:
                yield f"  @{row.version} differs from @{before.version}"
                yield from (f"  {line}" for line in draw_fields(row.differs, page.width - 2))
            else:
                yield f"  @{row.version} has the terms of @{before.version}; its names or aliases differ"
    if not packages:
        yield "There is no package yet."


def cohorts_csv(view: CohortsView, _: Page) -> Iterator[str]:
    """A row for each version, for a spreadsheet."""
    rows = []
    for row in view.versions:
        differs = "; ".join(f"{each.path}: {each.row.moved}" for each in row.differs)
        cells = plain(row) | {"came_as": "; ".join(_came_as(row)), "differs": differs}
        rows.append([_text(cell) for cell in cells.values()])
    return sheet(([one.name for one in fields(CohortView)], *rows) if rows else ())


def members_text(view: MembersView, page: Page) -> Iterator[str]:
    """A line for each contract, version by version."""
    none = True
    for (name, version), found in groupby(view.contracts, lambda member: (member.package, member.version)):
        if not none:
            yield ""
        none = False
        yield page.paint("bold", escape_terminal(f"package:{name}@{version}"))
        while block := list(islice(found, _BLOCK)):
            yield from columns([_words(one) for one in block], page.width)
    if none:
        yield "Nobody is on it."


def members_csv(view: MembersView, _: Page) -> Iterator[str]:
    """A row for each contract, for a spreadsheet."""
    head = [one.name for one in fields(MemberView)]
    return sheet(chain([head], (map(_text, plain(member).values()) for member in view.contracts)))


def _cells(row: CohortView) -> tuple[str, ...]:
    end = ", ".join(filter(None, (_day(row.last_end), f"{row.without_end:,} without end" if row.without_end else "")))
    counts = (row.running, row.to_start, row.ended, row.archived, row.customers)
    return (
        f"@{row.version}{' (archived)' if row.version_archived else ''}",
        *(f"{count:,}" for count in counts),
        _day(row.first_start),
        end,
        cut(escape_terminal(", ".join(_came_as(row)), 300), _ALIASES),
    )


def _came_as(row: CohortView) -> Iterator[str]:
    """The aliases, each with how many came under it where there are several."""
    for alias, count in row.came_as.items():
        yield (alias or _NO_ALIAS) + (f" ({count:,})" if len(row.came_as) > 1 else "")


def _words(member: MemberView) -> tuple[str, ...]:
    until = f"until {_day(member.ending_before)}" if member.ending_before is not None else "without end"
    state = {"running": "", "coming": "to start"}.get(member.state, member.state)
    alias = f"as {member.came_as}" if member.came_as else _NO_ALIAS
    return member.customer, f"from {_day(member.starting_at)}", until, state, alias


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _day(instant: datetime | None) -> str:
    return instant_words(instant) if instant is not None else ""
