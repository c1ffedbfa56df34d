"""Planning a migration: every contract on the versions in question is one that moves, or is left for a reason.

A contract that ends before its wave is left alone, and so is one whose date has passed: what was begun is finished, and
nothing is begun in the past, because a customer would be billed for the same time by two contracts.

Who is chosen is said by a hash of the customer, which no clock, no order and no other customer has a part in. So a
customer who was chosen stays chosen, a larger share adds others to those, and nobody changes waves because contracts
come and go.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b

from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.instant import instant_words
from pricebook.catalog.migration import Migration
from pricebook.catalog.money import EXACT
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.term import RelativeDate
from pricebook.plan.contract import Contract, Lives
from pricebook.plan.step import GuardState, Moving, Plan, Step
from pricebook.plan.verb.move_contract import LEAD, MoveContract, MoveStatus, found_in, successor_key
from pricebook.problem import Problem

PASSED = "the date of their wave has passed"
_WHOLE = Decimal(1 << 64)


def position(salt: str, customer: str) -> Decimal:
    """Where the customer stands between 0 (inclusive) and 1 (exclusive), evenly spread."""
    found = blake2b(f"{salt}\0{customer}".encode(errors="surrogatepass"), digest_size=8)
    return EXACT.divide(Decimal(int.from_bytes(found.digest(), "big")), _WHOLE)


class Choice:
    """Whom a migration concerns. `listed` are the customers of its table, None when it has none."""

    def __init__(self, name: str, migration: Migration, listed: frozenset[str] | None = None) -> None:
        whom = migration.whom
        self._migration, self._whom = migration, whom
        self._salt = whom.salt or name
        self._listed = frozenset(whom.customers) if whom.customers else listed
        self._excluded = frozenset(whom.exclude)

    def refusal(self, contract: Contract) -> str:
        """Why the contract is not concerned; empty: it is."""
        whom = self._whom
        if contract.customer in self._excluded:
            return "excluded"
        if self._listed is not None and contract.customer not in self._listed:
            return "not listed"
        if whom.started_from is not None and contract.starting_at < whom.started_from:
            return "started before the time in question"
        if whom.started_before is not None and contract.starting_at >= whom.started_before:
            return "started after the time in question"
        if whom.percentage is not None and position(self._salt, contract.customer) >= whom.percentage:
            return "outside the percentage"
        return ""

    def wave(self, customer: str) -> int | None:
        """The index of the customer's wave; None: in none. Waves are dealt apart from the share that is concerned."""
        return self._migration.wave_of(position(f"{self._salt}/waves", customer))


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a migration is planned; `duration` is how long a contract on the target lasts, None: for good."""

    namespace: str
    environment: str
    as_of: datetime
    duration: RelativeDate | None = None


def plan_migration(
    name: str, migration: Migration, target: Ref, choice: Choice, lives: Lives, setting: Setting
) -> Plan:
    """The plan for the contracts of `lives`: those of the packages of both sides, of all customers, ended ones too."""
    versions = frozenset(migration.from_versions)
    moves: list[MoveContract] = []
    left: Counter[str] = Counter()
    late: Counter[int] = Counter()
    for contracts in lives.values():
        for contract in contracts:
            if not _on(contract, migration, target, versions) or not contract.runs(setting.as_of):
                continue
            reason, move = _judged(
                contract, contracts, name=name, migration=migration, target=target, choice=choice, setting=setting
            )
            if move is not None:
                moves.append(move)
            else:
                left[reason] += 1
                if reason == PASSED:
                    late[(choice.wave(contract.customer) or 0) + 1] += 1
    verdict: GuardState = "unverified" if migration.guard.of_bills else "none"
    stay = dict(sorted(left.items()))
    return Plan(
        namespace=setting.namespace,
        environment=setting.environment,
        as_of=setting.as_of,
        base="",
        desired="",
        steps=stepped(moves),
        migration=Moving(name, migration.package, target, migration.transition, verdict=verdict, left=stay),
        findings=(*_findings(migration, moves, left, late, setting.as_of), *_sooner(migration, moves, setting)),
    )


def stepped(moves: Iterable[MoveContract]) -> tuple[Step, ...]:
    """The moves as steps of a plan, in the order of moving."""
    ordered = sorted(moves, key=lambda move: (move.at, move.customer, move.contract))
    return tuple(Step(move.step_id(1), move) for move in ordered)


def check_moves(plan: Plan, migration: Migration | None, choice: Choice | None, lives: Lives) -> Iterator[str]:
    """What of a plan file the migration would not do, in words: somebody edited the file, or the migration is another
    one now. Where a contract stands is asked when it is moved. `migration` and `choice` are None where the manifests
    have none of that name: then the plan is only held against itself."""
    moving = plan.moving
    for step in plan.steps:
        move = step.change
        if not isinstance(move, MoveContract):
            yield f"step {step.id} moves no contract"
            continue
        key = successor_key(plan.namespace, moving.name, move.contract, moving.target)
        common = (move.ref, move.source.name, move.transition, move.direction)
        if common != (moving.target, moving.package, moving.transition, moving.direction) or move.key != key:
            yield f"contract {move.contract} does not move as migration {moving.name} says"
            continue
        contract = next((each for each in lives.get(move.customer, ()) if each.id == move.contract), None)
        if contract is None or migration is None or choice is None or moving.direction == "back":
            continue
        wave = choice.wave(move.customer)
        day = migration.waves[wave].starting_at if wave is not None else None
        at = move.ends if migration.transition == "RENEWAL" else day
        if reason := choice.refusal(contract):
            yield f"contract {move.contract} of {move.customer} stays: {reason}"
        elif (move.wave, move.at) != ((wave or 0) + 1, at):
            yield f"contract {move.contract} of {move.customer} moves on another day, or in another wave"


def _on(contract: Contract, migration: Migration, target: Ref, versions: frozenset[int]) -> bool:
    package = contract.package
    if package is None or package.name != migration.package or package == target:
        return False
    return not versions or package.version in versions


def _judged(
    contract: Contract,
    contracts: Sequence[Contract],
    *,
    name: str,
    migration: Migration,
    target: Ref,
    choice: Choice,
    setting: Setting,
) -> tuple[str, MoveContract | None]:
    """Why the contract is left, or how it moves."""
    if reason := choice.refusal(contract):
        return reason, None
    wave = choice.wave(contract.customer)
    if wave is None:
        return "in no wave", None
    day = migration.waves[wave].starting_at
    at: datetime | None = contract.ending_before if migration.transition == "RENEWAL" else day
    if at is None:
        return "without an end: nothing to renew", None
    if at < day:
        return "ends before the wave", None
    assert contract.package is not None  # it is on a version in question
    move = MoveContract(
        ref=target,
        source=contract.package,
        contract=contract.id,
        customer=contract.customer,
        ends=contract.ending_before,
        at=at,
        wave=wave + 1,
        key=successor_key(setting.namespace, name, contract.id, target),
        transition=migration.transition,
    )
    # The dates of waves may have been changed since a run was interrupted: what was begun is finished as it began.
    begun = _begun(contracts, move)
    if begun is not None:
        move = replace(move, at=begun.starting_at, successor=begun.id)
    found = found_in(move, {contract.customer: contracts})
    if found.status is MoveStatus.MOVED:
        return "moved already", None
    if found.status is MoveStatus.CROWDED:
        return "the customer has another contract at the same time", None
    if found.status is MoveStatus.SPENT:
        return "a new contract for that date was archived", None
    if contract.starting_at >= move.at:
        return "starts after the wave", None
    if found.status is MoveStatus.BEGUN:
        return "", replace(move, successor=found.new.id if found.new is not None else "")
    if contract.ending_before is not None and contract.ending_before <= at and migration.transition != "RENEWAL":
        return "ends before the wave", None
    if move.at - LEAD < setting.as_of:
        return PASSED, None
    return "", move


def _begun(contracts: Sequence[Contract], move: MoveContract) -> Contract | None:
    """The new contract of a move that an earlier run began, under whatever date; where the store shows keys."""
    return next(
        (c for c in contracts if c.uniqueness_key == move.key and c.package == move.ref and c.archived_at is None), None
    )


def _findings(
    migration: Migration, moves: Sequence[MoveContract], left: Counter[str], late: Counter[int], as_of: datetime
) -> Iterator[Problem]:
    for wave, count in sorted(late.items()):
        day = instant_words(migration.waves[wave - 1].starting_at)
        message = f"wave {wave} was for {day}; contracts that did not move with it: {count:,}"
        yield Problem("wave-past", message, hint="give the wave a later date", severity="warning")
    crowded = left["the customer has another contract at the same time"]
    if crowded:
        message = f"contracts that are left because their customers have another one at the same time: {crowded:,}"
        hint = "end one of the two; pricebook cannot know which is meant"
        yield Problem("several-contracts", message, hint=hint, severity="warning")
    days = timedelta(days=migration.notice.days)
    for wave, at in sorted({(move.wave, migration.waves[move.wave - 1].starting_at) for move in moves}):
        if migration.notice.days and at - days < as_of:
            message = f"wave {wave} moves on {instant_words(at)}, less than {migration.notice.days} days from now"
            hint = "move later, or say that fewer days of notice are enough"
            yield Problem("notice-late", message, hint=hint, severity="warning")


def _sooner(migration: Migration, moves: Sequence[MoveContract], setting: Setting) -> Iterator[Problem]:
    """New contracts that end before the old ones would have. A renewed contract was to end anyway."""
    duration = setting.duration
    if duration is None or migration.transition == "RENEWAL":
        return
    count = sum(later(m.at, duration.value, duration.unit) < (m.ends or FOREVER) for m in moves)
    if count:
        lasting = f"{duration.value} {duration.unit}"
        message = f"new contracts that end, after {lasting}, before the old ones would have: {count:,}"
        hint = "their customers have no contract from then on, unless it is renewed"
        yield Problem("ends-sooner", message, hint=hint, severity="warning")


def newest(package: str, versions: Sequence[Ref]) -> Ref | None:
    """The newest of the versions of a package; None when there is none."""
    ours = [ref for ref in versions if ref.kind is Kind.PACKAGE and ref.name == package]
    return max(ours, key=lambda ref: ref.version or 0, default=None)
