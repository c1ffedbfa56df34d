"""The one walker of steps: look, intent row, call, receipt row; then everything is read back.

A failed step blocks only what needs it, the rest goes on. Nothing is written before it is known that no step of the
plan is stale, and nothing without the lease. After a crash the same call goes on where it stopped.

Steps that are independent of each other, as moves of contracts are, go in batches whose calls are made side by side;
of these one that is stale is left alone, and said so, and what was begun comes before what was not.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from pricebook.apply.events import Event, Finished, Started, Verifying
from pricebook.apply.journaled import Journaled, attempted
from pricebook.apply.lease import HEARTBEAT, leased
from pricebook.apply.mover import lives_of, move_contract
from pricebook.apply.ports import (
    AccountStore,
    Clock,
    ContractStore,
    Journal,
    Provenance,
    Run,
    StalePlan,
    Store,
    StoreError,
)
from pricebook.catalog.reference import Ref
from pricebook.observe.renames import renamed, under_released_names
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.document import write
from pricebook.plan.migration.reconciliation import Reconciliation, reconcile
from pricebook.plan.status import statuses
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.table import Archive, MoveContract
from pricebook.plan.verb.verb import Look, Status, Verb

BATCH = 100
"""Independent steps whose intents and receipts are written to the journal together."""
Outcome = Literal["done", "already", "skipped", "failed", "blocked", "unknown"]
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
    does not show as done although it said so, or why they could not be read back. `report` is what became of the
    contracts of a migration."""

    plan: str
    results: tuple[StepResult, ...]
    verified: bool | None = None
    unverified: tuple[str, ...] = ()
    report: Reconciliation | None = None

    @property
    def complete(self) -> bool:
        """Every step is done and was read back, and every customer who moved has one contract at every instant."""
        done = all(result.outcome in ("done", "already") for result in self.results)
        return done and self.verified is not False and (self.report is None or self.report.sound)


@dataclass
class _Run:
    plan: Plan
    store: AccountStore
    journaled: Journaled
    tell: Callable[[Event], None]
    workers: int
    results: dict[str, StepResult] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return self.journaled.clock


def run(
    plan: Plan,
    store: Store | ContractStore,
    journal: Journal,
    *,
    owner: str,
    clock: Clock,
    tell: Callable[[Event], None],
    provenance: Provenance = NOBODY,
    workers: int = 1,
) -> Receipt:
    """Do every step of the plan that is not done yet, independent ones `workers` at a time. Of the store a migration
    needs what it does with contracts, any other plan what it does with objects.

    Raises LeaseTaken when somebody else applies to the environment, StalePlan before anything is written, LeaseLost
    when the lease was taken over meanwhile. A store that refuses or fails is reported in the receipt.
    """
    with leased(journal, plan.environment, owner, clock) as lease:
        account = cast(AccountStore, store)  # the half that the plan needs is there
        look = _look(plan, account, clock())
        found = statuses(plan.steps, look.snapshot, look.lives)
        stands = list(zip(plan.steps, found, strict=True))
        stale = [step for step, status in stands if status is Status.STALE and not step.change.independent]
        if stale:
            raise StalePlan(stale)
        digest, started = plan.digest, clock()
        begun = Run(
            namespace=plan.namespace,
            environment=plan.environment,
            plan=digest,
            as_of=plan.as_of,
            owner=owner,
            started_at=started,
            provenance=provenance,
        )
        # A migration's text is long, and the same in every run that goes on with it.
        known = plan.migration is not None and any(run.plan == digest for run in journal.runs(plan.environment))
        journaled = Journaled.begin(begun, "" if known else write(plan), journal, lease, clock)
        state = _Run(plan, account, journaled, tell, workers)
        tell(Started(len(plan.steps), found.count(Status.DONE)))
        archives = [step for step in plan.steps if step.change.after_reading_back]
        independent: dict[Status, list[Step]] = {Status.BEGUN: [], Status.READY: []}
        for step, status in stands:
            if status is Status.STALE:
                state.results[step.id] = StepResult(step.id, "skipped", step.change.overtaken(look))
            elif step.change.independent and status is not Status.DONE:
                independent[status].append(step)
            elif not step.change.after_reading_back:
                _do(state, step, done=status is Status.DONE)
        _side_by_side(state, independent[Status.BEGUN] + independent[Status.READY])
        unverified, seen = _verify(state)
        if archives and not unverified:
            # The successor was read back: only now may what it replaces be archived.
            done = dict(zip((step.id for step in plan.steps), found, strict=True))
            for step in archives:
                _do(state, step, done=done[step.id] is Status.DONE)
            unverified, seen = _verify(state)
        else:
            for step in archives:
                state.results[step.id] = StepResult(step.id, "blocked", "not read back: nothing is archived")
        results = tuple(state.results[step.id] for step in plan.steps)
        report = reconcile(plan, seen.lives) if plan.migration is not None and seen is not None else None
        receipt = Receipt(digest, results, not unverified, tuple(unverified), report)
        journaled.finish(complete=receipt.complete)
        return receipt


def _look(plan: Plan, store: AccountStore, at: datetime) -> Look:
    """The store as the plan is about it: what moved has its present name, and what it lets go the one that it had. Of a
    migration the contracts alone are read."""
    if plan.migration is not None:
        return Look(Snapshot(at), (), lives_of(plan, store, at))
    released = {step.change.ref for step in plan.steps if step.change.lets_go}
    seen = renamed(store.snapshot(plan.namespace, at, plan.adopted), plan.moved)
    return Look(under_released_names(seen, released, plan.namespace) if released else seen, ())


def _stored(change: Verb, plan: Plan) -> Verb:
    """The change in the store's own names: a package that moved keeps its first one in its key."""
    former = {new: old for old, new in plan.moved}
    old = former.get(change.ref.unversioned)
    if isinstance(change, Archive) and old is not None and old.kind.versioned:
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
    outcome, detail, id_ = attempted(lambda: _performed(state, step))
    _finish(state, step, StepResult(step.id, outcome, detail, id_ or ""))


def _performed(state: _Run, step: Step) -> str:
    asked = state.clock()
    state.journaled.intend([step.id])
    _check_pause(state, asked)
    return state.store.perform(state.plan.namespace, _stored(step.change, state.plan), state.clock(), step.expects)


def _side_by_side(state: _Run, steps: Sequence[Step]) -> None:
    """Independent steps, a batch at a time: its intents, its calls, its receipts."""
    for start in range(0, len(steps), BATCH):
        batch = steps[start : start + BATCH]
        state.journaled.intend(step.id for step in batch)
        results = []
        with ThreadPoolExecutor(max_workers=state.workers) as pool:
            waiting = [pool.submit(_moved, state, step) for step in batch]
            try:
                for step, future in zip(batch, waiting, strict=True):
                    results.append(result := future.result())
                    state.results[step.id] = result
                    state.tell(Finished(step, result.outcome, result.detail))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        state.journaled.receive((each.step_id, each.outcome, each.detail, "") for each in results)


def _moved(state: _Run, step: Step) -> StepResult:
    move = step.change
    assert isinstance(move, MoveContract)  # no other verb is independent
    outcome, detail, stood = attempted(lambda: move_contract(state.store, state.plan.namespace, move, state.clock))
    match stood:
        case (Status.DONE, _):
            return StepResult(step.id, "already")
        case (Status.STALE, why):
            return StepResult(step.id, "skipped", why)
        case _:
            return StepResult(step.id, outcome, detail)


def _finish(state: _Run, step: Step, result: StepResult) -> None:
    state.results[step.id] = result
    if result.outcome != "blocked":
        state.journaled.receive([(step.id, result.outcome, result.detail, result.remote_id)])
    state.tell(Finished(step, result.outcome, result.detail))


def _check_pause(state: _Run, since: datetime) -> None:
    """After a while in which we may have stood still: whether nobody took over and applied something newer. Raises
    LeaseLost."""
    now = state.clock()
    if now - since > timedelta(seconds=HEARTBEAT):
        run = state.journaled
        run.journal.renew(run.environment, run.lease, now)


def _verify(state: _Run, *, again: bool = True) -> tuple[list[str], Look | None]:
    """The steps that are said to be done and that the store does not show, and what it shows. Those of which it shows
    a part, as of a SUPERSEDE that ends nothing, are finished."""
    said = [step for step in state.plan.steps if _is_done(state, step)]
    state.tell(Verifying())
    try:
        look = _look(state.plan, state.store, state.clock())
    except StoreError as error:
        if state.plan.migration is not None:
            raise  # there is nothing to tell without it
        return [f"the store could not be read back: {error.message}"], None
    stands = list(zip(said, statuses(said, look.snapshot, look.lives), strict=True))
    half = [step for step, status in stands if status is Status.BEGUN and state.results[step.id].outcome == "done"]
    if half and again:
        _side_by_side(state, half)
        return _verify(state, again=False)
    return [step.id for step, status in stands if status is not Status.DONE], look


def _is_done(state: _Run, step: Step) -> bool:
    result = state.results.get(step.id)
    return result is not None and result.outcome in ("done", "already")
