"""What the journal remembers of an apply, put together: the run, its plan, and how each step went.

The journal explains and decides nothing: a plan that a newer pricebook cannot read any more leaves the run without one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pricebook.apply.ports import Journal, JournalEntry, Run, State
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import read_key, read_schedule
from pricebook.plan.change import RateChange
from pricebook.plan.document import headline, read
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.table import VERBS, AddRates
from pricebook.problem import Rejected


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One apply. `plan` is None when it cannot be read. `last` is the last entry of each step that was tried.
    `migration` says of a run that was no plan of prices which contracts it moved."""

    run: Run
    plan: Plan | None
    last: dict[str, JournalEntry]
    migration: str = ""

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that were done by this run, as far as the plan can be read."""
        steps = self.plan.steps if self.plan is not None else ()
        return tuple(step for step in steps if step.id in self.last and self.last[step.id].state is State.DONE)

    @property
    def result(self) -> str:
        """`done`, `incomplete`, or `interrupted` for a run that never ended."""
        return self.run.result or "interrupted"


def records(
    journal: Journal,
    environment: str,
    *,
    about: Ref | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[RunRecord]:
    """The applies of an environment, newest first: all, or those of a time, or those that did something to an object.

    A package without a version is all of its versions, and a product its prices too. Steps that are about something
    else are left out.
    """
    for run in reversed(journal.runs(environment)):
        if (since is not None and run.started_at < since) or (until is not None and run.started_at >= until):
            continue
        last = {entry.step: entry for entry in journal.entries(run.number)}
        if about is not None:
            last = {step: entry for step, entry in last.items() if _may_be(step, about)}
            if not last:
                continue
        text = journal.plan(run.number)
        if moved := headline(text or _first_text(journal, environment, run)):
            if about is None:
                yield RunRecord(run, None, last, moved)
            continue
        plan = _plan(text)
        if about is not None and plan is not None:
            plan = replace(plan, steps=tuple(_steps(plan, about)))
            last = {step.id: last[step.id] for step in plan.steps if step.id in last}
            if not last:
                continue
        yield RunRecord(run, plan, last)


def decided(journal: Journal, environment: str, card: str, keys: set[str]) -> dict[str, list[tuple[Run, RateChange]]]:
    """Of prices of a card, by key: the runs that changed them, newest first, each with what it added."""
    found: dict[str, list[tuple[Run, RateChange]]] = {}
    for record in records(journal, environment, about=Ref(Kind.RATE_CARD, card)):
        for step in record.done:
            for rate in step.rates:
                if rate.key in keys:
                    found.setdefault(rate.key, []).append((record.run, rate))
    return found


def decider(changes: list[tuple[Run, RateChange]], instant: str, terms: Terms) -> tuple[Run, bool] | None:
    """The run that last set what a price is at an instant, and whether the price still has those terms; None when the
    journal does not know one."""
    for run, rate in changes:
        for segment in read_schedule(rate.segments):
            if segment.covers(instant):
                return run, segment.terms == terms
    return None


def _plan(text: str) -> Plan | None:
    try:
        return read(text, "journal")
    except Rejected:
        return None


def _first_text(journal: Journal, environment: str, run: Run) -> str:
    """The text of a migration that a run goes on with: its first run has it."""
    return journal.plan(next((one for one in journal.runs(environment) if one.plan == run.plan), run).number)


def _may_be(step: str, about: Ref) -> bool:
    """Whether a step may be about an object, by its name alone."""
    if step.startswith("rates:"):
        return about.kind is Kind.PRODUCT or (
            about.kind is Kind.RATE_CARD and step.removeprefix("rates:").rpartition("#")[0] == about.name
        )
    try:
        prefixes = "|".join(re.escape(verb.prefix) for verb in VERBS.values() if verb.prefix)
        return _is(Ref.parse(re.sub(f"^({prefixes})", "", step)), about)
    except ValueError:
        return False


def _is(ref: Ref, about: Ref) -> bool:
    return ref[:2] == about[:2] and about.version in (None, ref.version)


def _steps(plan: Plan, about: Ref) -> Iterator[Step]:
    for step in plan.steps:
        if _is(step.change.ref, about):
            yield step
        elif about.kind is Kind.PRODUCT and isinstance(step.change, AddRates):
            rates = tuple(rate for rate in step.change.rates if read_key(rate.key).product == about.name)
            if rates:
                yield replace(step, change=replace(step.change, rates=rates))
