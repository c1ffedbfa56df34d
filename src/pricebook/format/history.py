"""The journal as an audit log: when, who, from which commit, which plan, what was done, and how it ended."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from io import StringIO

from pricebook.apply.record import Record
from pricebook.catalog.canonical import encode
from pricebook.format.escape import cut, escape_cell, escape_json, escape_terminal, padded, width_of
from pricebook.format.page import MIN_WIDTH, Paint, wrapped
from pricebook.plan.step import Plan
from pricebook.view.object import ObjectView
from pricebook.view.plan import plan_view
from pricebook.view.rate_shape import RowChoice
from pricebook.view.tally import tally, tally_words
from pricebook.view.words import counted

OBJECTS, ROWS = 12, 6
"""Objects of a run and prices of an object that are listed when nothing was asked for; all are counted."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a run did to one object, in words; `rows` are prices and fields. `outcome` is that of its steps."""

    ref: str
    what: str
    outcome: str
    detail: str
    at: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One run. `summary` says what was done in all; empty where there is no plan that can be read."""

    number: int
    started_at: str
    ended_at: str
    result: str
    environment: str
    plan: str
    actor: str
    owner: str
    commit: str
    branch: str
    approved: str
    summary: str
    deeds: tuple[Deed, ...]


def chapters(records: Iterable[Record], choice: RowChoice) -> Iterator[Chapter]:
    """The runs in words; of long lists of prices only what was asked for."""
    for record in records:
        run, whence = record.run, record.run.provenance
        done = record.done
        summary = tally_words(tally(done)) or (
            "nothing was left to do" if record.plan is not None else record.migration
        )
        yield Chapter(
            run.number,
            _moment(run.started_at),
            _moment(run.ended_at) if run.ended_at is not None else "",
            record.result,
            run.environment,
            run.plan,
            whence.actor,
            run.owner,
            whence.commit,
            whence.branch,
            whence.approved,
            summary,
            tuple(_deeds(record, record.plan, choice) if record.plan is not None else _entries(record)),
        )


def history_json(found: Iterable[Chapter], total: int) -> str:
    """The runs for programs; `total` counts those too that are not listed."""
    listed = [asdict(each) for each in found]
    return escape_json(encode({"total": total, "runs": listed}))


def history_csv(found: Iterable[Chapter]) -> str:
    """A row for each object of each run, for a spreadsheet: no cell can be a formula."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("run", "started_at", "ended_at", "result", "environment", "plan", "actor", "owner", "commit", "branch")
    writer.writerow((*head, "approved", "object", "what", "outcome", "at", "detail"))
    for each in found:
        run = (each.number, each.started_at, each.ended_at, each.result, each.environment, each.plan)
        whence = (each.actor, each.owner, each.commit, each.branch, each.approved)
        for deed in each.deeds or (Deed("", each.summary, each.result, "", each.started_at, ()),):
            what = "; ".join((deed.what, *deed.rows))
            cells = (*run, *whence, deed.ref, what, deed.outcome, deed.at, deed.detail)
            writer.writerow([escape_cell(str(cell)) for cell in cells])
    return out.getvalue()


def draw_history(found: Iterable[Chapter], total: int, width: int = 100, colour: bool = False) -> Iterator[str]:
    """The lines of the log, newest first."""
    width, paint = max(width, MIN_WIDTH), Paint(colour)
    listed = 0
    for each in found:
        if listed:
            yield ""
        listed += 1
        style = {"done": "green", "incomplete": "alarm"}.get(each.result, "yellow")
        who = each.actor or each.owner
        yield cut(f"{each.started_at}  {paint(style, each.result)}  {escape_terminal(who)}", width + 20 * paint.on)
        commit = escape_terminal(each.commit[:19] if each.commit.endswith("+edited") else each.commit[:12])
        source = " on ".join(filter(None, (commit, escape_terminal(each.branch))))
        approved = "approved" if each.approved == each.plan else "" if not each.approved else "another one was approved"
        parts = (
            f"plan {escape_terminal(each.plan)}",
            approved,
            source and f"from {source}",
            escape_terminal(each.owner),
        )
        yield from (f"  {paint('dim', line)}" for line in wrapped(" · ".join(filter(None, parts)), width - 2))
        column = max((width_of(escape_terminal(deed.ref, width // 2)) for deed in each.deeds[:OBJECTS]), default=0)
        for deed in each.deeds[:OBJECTS]:
            ref = padded(escape_terminal(deed.ref, width // 2), column)
            outcome = "" if deed.outcome == "done" else f"{deed.outcome}: "
            words = escape_terminal(f"{outcome}{deed.what}{f' ({deed.detail})' if deed.detail else ''}", 300)
            yield f"    {ref}   {cut(words, max(width - column - 7, 20))}"
            yield from (f"      {cut(escape_terminal(row, 300), width - 6)}" for row in deed.rows)
        if len(each.deeds) > OBJECTS:
            yield f"    and {counted(len(each.deeds) - OBJECTS, 'more object')}"
        yield from (f"  {line}" for line in wrapped(f"In all: {each.summary}.", width - 2)) if each.summary else ()
    if not listed:
        yield "The journal knows of no apply of this."
    elif listed < total:
        yield ""
        yield f"{counted(total - listed, 'earlier run')} (--last N shows more)"


def _deeds(record: Record, plan: Plan, choice: RowChoice) -> Iterator[Deed]:
    chosen = RowChoice(first=ROWS) if choice.automatic else choice
    for item in plan_view(plan, chosen).objects:
        entries = [record.last[step] for step in item.steps if step in record.last]
        if not entries:
            yield Deed(item.ref, item.sentence, "not tried", "", "", ())
            continue
        worst = max(entries, key=lambda entry: (entry.state.value != "done", entry.at))
        rows = tuple(_rows(item, chosen))
        yield Deed(item.ref, item.sentence, worst.state.value, worst.detail, _moment(worst.at), rows)


def _entries(record: Record) -> Iterator[Deed]:
    """What was done where there is no plan that can be read: a contract, or the steps by their names."""
    for step, entry in record.last.items():
        yield Deed(step, entry.detail, entry.state.value, "", _moment(entry.at), ())


def _rows(item: ObjectView, choice: RowChoice) -> Iterator[str]:
    if item.rates is not None:
        for row in item.rates.rows:
            values = (f"{name}={value}" for name, value in sorted(row.groups.items()))
            name = " · ".join((row.product, *filter(None, (row.frequency,)), *values))
            yield f"{name}   {row.price}   {row.when}"
        if hidden := item.rates.rows_total - len(item.rates.rows):
            yield f"and {hidden:,} more"
    elif item.action != "create":
        for field in item.fields[: choice.first if choice.first is not None else None]:
            if field.depth == 0:
                yield (
                    f"{field.path}   {field.observed} -> {field.desired}"
                    if not field.sign
                    else f"{field.sign} {field.path}"
                )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
