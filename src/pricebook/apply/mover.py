"""Contracts that are moved: what an account shows of them, and the calls that a move still needs.

The order of calls keeps a customer from ever being without a contract: the new one is made first, and only then the
old one is given its end. Between the two both are there from the new one's start on; so nothing is begun later than an
hour before that start, and what was begun is finished first, whatever the hour. Nobody is billed for a time in which
both are there unless a run that was killed is not gone on with until then.
"""

from datetime import datetime

from pricebook.apply.ports import Clock, ContractStore
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision, Transition, gathered
from pricebook.plan.step import Plan
from pricebook.plan.verb.move_contract import MoveContract, MoveState, found_in
from pricebook.plan.verb.verb import Look, Status


def lives_of(plan: Plan, store: ContractStore, at: datetime) -> dict[str, list[Contract]]:
    """The contracts of the plan's customers on the packages of both sides, ended and archived ones too."""
    customers = frozenset(move.customer for move in plan.moves)
    found: dict[str, list[Contract]] = {}
    for package in plan.moving.packages:
        for customer, contracts in gathered(store.cohort(plan.namespace, at, package, ended=True), customers).items():
            found.setdefault(customer, []).extend(contracts)
    return found


def move_contract(store: ContractStore, namespace: str, move: MoveContract, clock: Clock) -> tuple[Status, str]:
    """Look at the customer, and make the calls of the move that are missing; how it stood, with why it is left alone.

    The look is the last thing before the calls, because the vendor's requests have no precondition: what somebody else
    changes between it and the last of them is all that can be overwritten. Raises StoreError.
    """
    packages = (move.source.name, move.ref.name)
    contracts = store.customer_contracts(namespace, move.customer)
    lives = {move.customer: [one for one in contracts if one.package is not None and one.package.name in packages]}
    status, why = move.judged(Look(Snapshot(clock()), (), lives))
    if status in (Status.READY, Status.BEGUN):
        found = found_in(move, lives)
        if move.direction == "back":
            _undo(store, move, found, clock)
        else:
            _do(store, namespace, move, found, clock)
    return status, why


def _do(store: ContractStore, namespace: str, move: MoveContract, found: MoveState, clock: Clock) -> None:
    """Make the new contract, and give the old one its end where the new one's transition has not done so. [assumed]
    SUPERSEDE does, as `plan.contract.handed_over` says: what is read back tells, and what is left is ended then."""
    assert found.old is not None
    if found.new is None:
        transition = Transition(move.transition, move.contract) if move.transition != "END_AND_PROVISION" else None
        wanted = Provision(move.customer, move.at, move.key, move.ref, transition=transition)
        store.provision(namespace, wanted, clock())
    superseded = move.transition == "SUPERSEDE" and found.new is None
    if found.old.ending_before != move.at and not superseded:
        store.end_contract(found.old, move.at)


def _undo(store: ContractStore, move: MoveContract, found: MoveState, clock: Clock) -> None:
    """Give the old contract its end back, and only then archive the new one."""
    assert found.old is not None
    if found.old.ending_before != move.ends:
        store.end_contract(found.old, move.ends)
    if found.new is not None:
        store.archive_contract(found.new, clock())
