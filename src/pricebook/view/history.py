"""The journal as an audit log: when, who, from which commit, which plan, what was done, and how it ended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pricebook.apply.record import RunRecord
from pricebook.plan.step import Plan
from pricebook.view.object import ObjectView
from pricebook.view.plan import plan_view
from pricebook.view.price import with_key
from pricebook.view.rows import RowChoice
from pricebook.view.words import tally, tally_words

NOTHING = "nothing"
ROWS = 6
"""Prices of an object that are listed when nothing was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a run did to one object, in words; `name` is what people call it, where the plan says, and `rows` are
    prices, parts of an offer, and fields. `outcome` is that of its steps."""

    ref: str
    name: str
    what: str
    outcome: str
    detail: str
    at: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
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


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Runs, newest first; `total` counts those too that are not listed."""

    answer: ClassVar[str] = "history"
    total: int
    runs: tuple[RunView, ...]


def history_view(records: Iterable[RunRecord], total: int, choice: RowChoice) -> HistoryView:
    """The runs in words; of long lists of prices only what was asked for."""
    return HistoryView(total, tuple(_run(record, choice) for record in records))


def _run(record: RunRecord, choice: RowChoice) -> RunView:
    run, whence = record.run, record.run.provenance
    unread = "nothing was left to do" if record.plan is not None else record.migration
    return RunView(
        number=run.number,
        started_at=_moment(run.started_at),
        ended_at=_moment(run.ended_at) if run.ended_at is not None else "",
        result=record.result,
        environment=run.environment,
        plan=run.plan,
        actor=whence.actor,
        owner=run.owner,
        commit=whence.commit,
        branch=whence.branch,
        approved=whence.approved,
        summary=tally_words(tally(record.done)) or unread,
        deeds=tuple(_deeds(record, record.plan, choice) if record.plan is not None else _entries(record)),
    )


def _deeds(record: RunRecord, plan: Plan, choice: RowChoice) -> Iterator[Deed]:
    chosen = RowChoice(first=ROWS) if choice.automatic else choice
    names = {step.id: str(getattr(getattr(step.change, "noun", None), "name", "")) for step in plan.steps}
    for item in plan_view(plan, chosen).objects:
        entries = [record.last[step] for step in item.steps if step in record.last]
        name = item.offer.name if item.offer is not None else names[item.steps[0]]
        if not entries:
            yield Deed(ref=item.ref, name=name, what=item.sentence, outcome="not tried", detail="", at="", rows=())
            continue
        worst = max(entries, key=lambda entry: (entry.state.value != "done", entry.at))
        rows = tuple(_rows(item, chosen))
        yield Deed(
            ref=item.ref,
            name=name,
            what=item.sentence,
            outcome=worst.state.value,
            detail=worst.detail,
            at=_moment(worst.at),
            rows=rows,
        )


def _entries(record: RunRecord) -> Iterator[Deed]:
    """What was done where there is no plan that can be read: a contract, or the steps by their names."""
    for step, entry in record.last.items():
        yield Deed(
            ref=step, name="", what=entry.detail, outcome=entry.state.value, detail="", at=_moment(entry.at), rows=()
        )


def _rows(item: ObjectView, choice: RowChoice) -> Iterator[str]:
    if item.rates is not None:
        for row in item.rates.rows:
            yield f"{with_key(row.name, row.product)}   {row.price}   {row.when}"
        if hidden := item.rates.rows_total - len(item.rates.rows):
            yield f"and {hidden:,} more"
    elif item.offer is not None and item.offer.before is not None:
        for line in item.offer.changed[: choice.first if choice.first is not None else None]:
            yield f"{line.name}   {line.before or NOTHING} -> {line.after or NOTHING}"
    elif item.action != "create":
        for field in item.fields[: choice.first if choice.first is not None else None]:
            if field.depth == 0:
                yield f"{field.sign} {field.path}" if field.sign else f"{field.path}   {field.moved}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
