"""The one walker of migrations: look, intents of a batch, calls, receipts of the batch; then everything is read back.

The order of calls keeps a customer from ever being without a contract: the new one is made first, and only then the
old one is given its end. Between the two both are there from the new one's start on; so nothing is begun later than an
hour before that start, and what was begun is finished first, whatever the hour. Nobody is billed for a time in which
both are there unless a run that was killed is not gone on with until then.

What stands in the account decides, never the journal: a run that was killed is gone on with by the same call. Each
customer is looked at directly before the calls that concern it, because the vendor's requests have no precondition:
what somebody else changes between that look and the last of those calls is all that can be overwritten.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from pricebook.apply.journaled import Journaled, attempted
from pricebook.apply.lease import held
from pricebook.apply.ports import (
    Clock,
    ContractStore,
    Journal,
    Provenance,
    Run,
)
from pricebook.apply.runner import NOBODY
from pricebook.plan.contract import Contract, Provision, Transition
from pricebook.plan.migration.document import write
from pricebook.plan.migration.move import MigrationPlan, Move, migration_digest
from pricebook.plan.migration.planner import LEAD
from pricebook.plan.migration.reconciliation import Reconciliation, reconcile
from pricebook.plan.migration.status import Found, MoveStatus, found_in, gathered

BATCH = 100
"""Moves whose intents and receipts are written to the journal together."""
Outcome = Literal["done", "already", "skipped", "failed", "unknown"]
Tell = Callable[[int, int, str], None]
"""Hears how many moves are settled, of how many, and a line when there is something to say."""


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What became of a move, with a sentence when it was not done."""

    move: Move
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class MigrationReceipt:
    """What was done, in the order of the plan, and what the account shows afterwards."""

    results: tuple[MoveResult, ...]
    report: Reconciliation

    @property
    def complete(self) -> bool:
        """Every move is done and was read back, and every customer has exactly one contract at every instant."""
        return self.report.sound and all(result.outcome in ("done", "already") for result in self.results)


@dataclass
class _Run:
    plan: MigrationPlan
    store: ContractStore
    clock: Clock
    tell: Tell
    journaled: Journaled
    results: dict[str, MoveResult]


def migrate(
    plan: MigrationPlan,
    store: ContractStore,
    journal: Journal,
    *,
    owner: str,
    clock: Clock,
    workers: int,
    tell: Tell,
    provenance: Provenance = NOBODY,
) -> MigrationReceipt:
    """Do every move of the plan that is not done yet, `workers` at a time.

    A contract that is not as it was when this was planned is left alone, and said so. Raises LeaseHeld when somebody
    else applies to the environment, LeaseLost when the lease was taken over meanwhile, StoreError when the store cannot
    be read. A call that fails is in the receipt.
    """
    with held(journal, plan.environment, owner, clock) as lease:
        results, waiting = _sorted_out(plan, store, clock)
        digest = migration_digest(plan)
        known = any(run.plan == digest for run in journal.runs(plan.environment))
        begun = Run(plan.namespace, plan.environment, digest, plan.as_of, owner, clock(), provenance)
        # The text is long, and the same in every run that goes on with it.
        journaled = Journaled.begin(begun, "" if known else write(plan), journal, lease, clock)
        state = _Run(plan, store, clock, tell, journaled, results)
        for start in range(0, len(waiting), BATCH):
            _do(state, waiting[start : start + BATCH], workers)
        receipt = _read_back(state)
        journaled.finish(complete=receipt.complete)
        return receipt


def lives_of(plan: MigrationPlan, store: ContractStore, clock: Clock) -> dict[str, list[Contract]]:
    """The contracts of the plan's customers on the packages of both sides, ended and archived ones too."""
    customers = frozenset(move.customer for move in plan.moves)
    found: dict[str, list[Contract]] = {}
    for package in plan.packages:
        for customer, contracts in gathered(
            store.cohort(plan.namespace, clock(), package, ended=True), customers
        ).items():
            found.setdefault(customer, []).extend(contracts)
    return found


def _sorted_out(plan: MigrationPlan, store: ContractStore, clock: Clock) -> tuple[dict[str, MoveResult], list[Move]]:
    """The results of the moves that are settled, by contract, and the moves that something is to be done for; those
    that were begun come first."""
    lives = lives_of(plan, store, clock)
    settled: dict[str, MoveResult] = {}
    begun: list[Move] = []
    fresh: list[Move] = []
    for move in plan.moves:
        found = found_in(move, plan.target, lives)
        result = _settled(plan, clock(), move, found)
        if result is not None:
            settled[move.contract] = result
        else:
            (fresh if found.status is MoveStatus.UNTOUCHED else begun).append(move)
    return settled, begun + fresh


def _settled(plan: MigrationPlan, now: datetime, move: Move, found: Found) -> MoveResult | None:
    """The result of a move for which nothing is to be done; None when there is."""
    if found.status is MoveStatus.CROWDED:
        return MoveResult(move, "skipped", "the customer has another contract at the same time")
    if found.old is None:
        return MoveResult(move, "skipped", "the contract is archived, or gone")
    if found.status is MoveStatus.EDITED and (found.new is not None or plan.direction == "forward"):
        return MoveResult(move, "skipped", "the contract was given another end since this was planned")
    late = now + LEAD > move.at
    if plan.direction == "back":
        if found.old.ending_before not in (move.at, move.ends):
            return MoveResult(move, "skipped", "the contract was given another end since this was planned")
        if found.new is None and found.old.ending_before == move.ends:
            return MoveResult(move, "already")
        if found.new is not None and found.old.ending_before == move.at and late:
            return MoveResult(move, "skipped", "the new contract has started")
        return None
    match found.status:
        case MoveStatus.MOVED:
            return MoveResult(move, "already")
        case MoveStatus.SPENT:
            return MoveResult(move, "skipped", "its new contract was archived: a migration of another name moves it")
        case MoveStatus.UNTOUCHED:
            return MoveResult(move, "skipped", "its date has passed") if late else None
        case MoveStatus.BEGUN | MoveStatus.EDITED:
            return None
        case _:
            assert_never(found.status)


def _do(state: _Run, batch: Sequence[Move], workers: int) -> None:
    """The moves of a batch: their intents, their calls, their receipts."""
    state.journaled.intend(f"move:{move.contract}" for move in batch)
    results = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting = [pool.submit(_moved, state, move) for move in batch]
        try:
            for future in waiting:
                result = future.result()
                results.append(result)
                state.results[result.move.contract] = result
                line = f"{result.outcome}: {result.move.contract}: {result.detail}" if result.detail else ""
                state.tell(len(state.results), len(state.plan.moves), line)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    state.journaled.receive((f"move:{each.move.contract}", each.outcome, each.detail, "") for each in results)


def _moved(state: _Run, move: Move) -> MoveResult:
    """Look at the customer, and make the calls of the move that are missing."""
    settled: list[MoveResult] = []

    def call() -> str:
        found = _looked(state, move)
        result = _settled(state.plan, state.clock(), move, found)
        if result is not None:
            settled.append(result)
        elif state.plan.direction == "back":
            _undo(state, move, found)
        else:
            if found.new is None:
                _begin(state, move)
            _end_old(state, move, found)
        return ""

    outcome, detail, _ = attempted(call)
    return settled[0] if settled else MoveResult(move, outcome, detail)


def _looked(state: _Run, move: Move) -> Found:
    """How a move stands now."""
    plan = state.plan
    contracts = state.store.customer_contracts(plan.namespace, move.customer)
    ours = [one for one in contracts if one.package is not None and one.package.name in plan.packages]
    return found_in(move, plan.target, {move.customer: ours})


def _begin(state: _Run, move: Move) -> None:
    """Make the new contract."""
    plan = state.plan
    transition = Transition(plan.transition, move.contract) if plan.transition != "END_AND_PROVISION" else None
    wanted = Provision(move.customer, move.at, move.key, plan.target, transition=transition)
    state.store.provision(plan.namespace, wanted, state.clock())


def _end_old(state: _Run, move: Move, found: Found) -> None:
    """Give the old contract its end, where the new one's transition has not done so. [assumed] SUPERSEDE does, as
    `plan.contract.handed_over` says: what is read back afterwards tells, and the next run ends what is left."""
    assert found.old is not None
    superseded = state.plan.transition == "SUPERSEDE" and found.new is None
    if found.old.ending_before != move.at and not superseded:
        state.store.end_contract(found.old, move.at)


def _undo(state: _Run, move: Move, found: Found) -> None:
    """Give the old contract its end back, and only then archive the new one."""
    assert found.old is not None
    if found.old.ending_before != move.ends:
        state.store.end_contract(found.old, move.ends)
    if found.new is not None:
        state.store.archive_contract(found.new, state.clock())


def _read_back(state: _Run) -> MigrationReceipt:
    """What the account shows. Moves of which it shows only half, as of a SUPERSEDE that ends nothing, are finished."""
    lives = lives_of(state.plan, state.store, state.clock)
    half = [
        move
        for move in state.plan.moves
        if state.plan.direction == "forward"
        and state.results[move.contract].outcome == "done"
        and found_in(move, state.plan.target, lives).status is MoveStatus.BEGUN
    ]
    for start in range(0, len(half), BATCH):
        _do(state, half[start : start + BATCH], 1)
    if half:
        lives = lives_of(state.plan, state.store, state.clock)
    results = tuple(state.results[move.contract] for move in state.plan.moves)
    return MigrationReceipt(results, reconcile(state.plan, lives))
