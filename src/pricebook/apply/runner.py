"""The one walker of steps: look, intent row, call, receipt row; then everything is read back.

A failed step blocks only what needs it, the rest goes on. Nothing is written before it is known that no step of the
plan is stale, and nothing without the lease. After a crash the same call goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from pricebook.apply.events import Event, Finished, Started, Verifying
from pricebook.apply.journaled import Journaled, attempted
from pricebook.apply.lease import BEAT, held
from pricebook.apply.ports import (
    Clock,
    Journal,
    Provenance,
    Run,
    StalePlan,
    Store,
    StoreError,
)
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.renames import renamed, under_former_names
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.digest import plan_digest
from pricebook.plan.document import write
from pricebook.plan.status import statuses
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.table import Archive
from pricebook.plan.verb.verb import Status, Verb

Outcome = Literal["done", "already", "failed", "blocked", "unknown"]
NOBODY = Provenance()
"""Nothing is known of where an apply came from."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step: its outcome, a sentence when it was not done, and the store's id."""

    step_id: str
    outcome: Outcome
    detail: str = ""
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was really done. `verified` is None when nothing was read back; `unverified` are the steps that the store
    does not show as done although it said so, or why they could not be read back."""

    plan: str
    results: tuple[StepResult, ...]
    verified: bool | None = None
    unverified: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every step is done and was read back."""
        return all(result.outcome in ("done", "already") for result in self.results) and self.verified is not False


@dataclass
class _Run:
    plan: Plan
    store: Store
    journaled: Journaled
    tell: Callable[[Event], None]
    results: dict[str, StepResult] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return self.journaled.clock


def run(
    plan: Plan,
    store: Store,
    journal: Journal,
    *,
    owner: str,
    clock: Clock,
    tell: Callable[[Event], None],
    provenance: Provenance = NOBODY,
) -> Receipt:
    """Do every step of the plan that is not done yet.

    Raises LeaseHeld when somebody else applies to the environment, StalePlan before anything is written, LeaseLost when
    the lease was taken over meanwhile. A store that refuses or fails is reported in the receipt.
    """
    with held(journal, plan.environment, owner, clock) as lease:
        found = statuses(plan.steps, _look(plan, store, clock()))
        stale = [step for step, status in zip(plan.steps, found, strict=True) if status is Status.STALE]
        if stale:
            raise StalePlan(stale)
        digest, started = plan_digest(plan), clock()
        begun = Run(plan.namespace, plan.environment, digest, plan.as_of, owner, started, provenance)
        journaled = Journaled.begin(begun, write(plan), journal, lease, clock)
        state = _Run(plan, store, journaled, tell)
        tell(Started(len(plan.steps), found.count(Status.DONE)))
        archives = [step for step in plan.steps if step.change.after_reading_back]
        for step, status in zip(plan.steps, found, strict=True):
            if not step.change.after_reading_back:
                _do(state, step, done=status is Status.DONE)
        unverified = _verify(state)
        if archives and not unverified:
            # The successor was read back: only now may what it replaces be archived.
            done = dict(zip((step.id for step in plan.steps), found, strict=True))
            for step in archives:
                _do(state, step, done=done[step.id] is Status.DONE)
            unverified = _verify(state)
        else:
            for step in archives:
                state.results[step.id] = StepResult(step.id, "blocked", "not read back: nothing is archived")
        results = tuple(state.results[step.id] for step in plan.steps)
        receipt = Receipt(digest, results, not unverified, tuple(unverified))
        journaled.finish(complete=receipt.complete)
        return receipt


def _look(plan: Plan, store: Store, at: datetime) -> Snapshot:
    """The store as the plan is about it: what moved has its present name, and what it lets go the one that it had."""
    released = {step.change.ref for step in plan.steps if step.change.lets_go}
    seen = renamed(store.snapshot(plan.namespace, at, plan.adopted), plan.moved)
    return under_former_names(seen, released, plan.namespace) if released else seen


def _stored(change: Verb, plan: Plan) -> Verb:
    """The change in the store's own names: a package that moved keeps its first one in its key."""
    former = {new: old for old, new in plan.moved}
    old = former.get(Ref(change.ref.kind, change.ref.name))
    if isinstance(change, Archive) and old is not None and old.kind is Kind.PACKAGE:
        return replace(change, ref=Ref(old.kind, old.name, change.ref.version))
    return change


def _do(state: _Run, step: Step, *, done: bool) -> None:
    if done:
        state.results[step.id] = StepResult(step.id, "already", "the store has it already")
        return
    missing = [id_ for id_ in step.needs if state.results[id_].outcome not in ("done", "already")]
    if missing:
        _finish(state, step, StepResult(step.id, "blocked", f"needs {missing[0]}"))
        return
    _finish(state, step, StepResult(step.id, *attempted(lambda: _performed(state, step))))


def _performed(state: _Run, step: Step) -> str:
    asked = state.clock()
    state.journaled.intend([step.id])
    _check_pause(state, asked)
    return state.store.perform(state.plan.namespace, _stored(step.change, state.plan), state.clock(), step.expects)


def _finish(state: _Run, step: Step, result: StepResult) -> None:
    state.results[step.id] = result
    if result.outcome != "blocked":
        state.journaled.receive([(step.id, result.outcome, result.detail, result.remote_id)])
    state.tell(Finished(step, result.outcome, result.detail))


def _check_pause(state: _Run, since: datetime) -> None:
    """After a while in which we may have stood still: whether nobody took over and applied something newer. Raises
    LeaseLost."""
    now = state.clock()
    if now - since > timedelta(seconds=BEAT):
        run = state.journaled
        run.journal.renew(run.environment, run.lease, now)


def _verify(state: _Run) -> list[str]:
    """The steps that are said to be done and that the store does not show."""
    said = [step for step in state.plan.steps if _said_done(state, step)]
    state.tell(Verifying())
    try:
        found = statuses(said, _look(state.plan, state.store, state.clock()))
    except StoreError as error:
        return [f"the store could not be read back: {error.message}"]
    return [step.id for step, status in zip(said, found, strict=True) if status is not Status.DONE]


def _said_done(state: _Run, step: Step) -> bool:
    result = state.results.get(step.id)
    return result is not None and result.outcome in ("done", "already")
