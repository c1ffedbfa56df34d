"""A migration as a reviewer sees it, planned and afterwards: its shape first.

That is waves, versions, what differs in money, who stays and why.
Contracts are listed on demand: there may be a hundred thousand. Text is as it came; whoever draws it escapes it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from pricebook.apply.runner import Receipt
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Model
from pricebook.catalog.reference import Ref
from pricebook.plan.fields import field_changes
from pricebook.plan.migration.reconciliation import Breach, Reconciliation
from pricebook.plan.step import GuardState, Plan
from pricebook.plan.verb.move_contract import MoveContract
from pricebook.problem import Problem
from pricebook.view.field import FieldRow, OfferView, field_rows
from pricebook.view.impact import ImpactView
from pricebook.view.offer import offer_view
from pricebook.view.plain import hidden
from pricebook.view.price import Units, change_words
from pricebook.view.rows import RowChoice
from pricebook.view.words import counted, shortened
from pricebook.workflow.offering import offered

GUARD_WORDS: Mapping[GuardState, str] = {
    "none": "no guard: nothing limits how far bills may move",
    "kept": "bills move no further than the guard allows",
    "exceeded": "bills move further than the guard allows",
    "unverified": "not verified: no usage was billed (--impact USAGE); apply refuses it",
}


class WaveView(NamedTuple):
    """The contracts of a wave: the first and the last day on which they move, and how many are on which version."""

    wave: int
    from_: str
    to: str
    contracts: int
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """A contract that moves; `successor` is the id of the new one where it is there already."""

    customer: str
    contract: str
    from_: str
    at: datetime
    wave: int
    successor: str
    version: int = hidden()


@dataclass(frozen=True, slots=True, kw_only=True)
class FateView(MoveView):
    """A contract of a plan, and what became of it."""

    fate: str


class UndoneView(NamedTuple):
    """A move that an apply did not make, and why."""

    customer: str
    contract: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationHead:
    """What a migration's plan, its receipt and its reconciliation have in common."""

    namespace: str
    environment: str
    migration: str
    target: str
    direction: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationView(MigrationHead):
    """A plan for reading. `differences` are what the target says otherwise than a version does, None: not known; and
    `offers` the same in the words of an offer. `money` is what that comes to for all who move, before usage.
    `contracts` are those that were asked for of `moves`, which the plan file has all."""

    answer: ClassVar[str] = "migration"
    digest: str
    transition: str
    verdict: GuardState
    moves: int
    requests: int
    waves: tuple[WaveView, ...]
    differences: Mapping[str, tuple[FieldRow, ...] | None]
    offers: Mapping[str, OfferView]
    money: str
    left: Mapping[str, int]
    contracts: tuple[MoveView, ...]
    findings: tuple[Problem, ...]
    impact: ImpactView | None
    title: str = hidden()
    closing: str = hidden()
    every: tuple[MoveView, ...] = hidden()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationView(MigrationHead):
    """What became of a plan; `contracts` are those that did not come to where it meant them to, of `every`."""

    answer: ClassVar[str] = "reconciliation"
    sound: bool
    counts: Mapping[str, int]
    customers: int
    breaches: tuple[Breach, ...]
    contracts: tuple[FateView, ...]
    every: tuple[FateView, ...] = hidden()


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReceiptView(ReconciliationView):
    """What an apply did, and what the account shows afterwards; `undone` are the moves that it did not make."""

    answer: ClassVar[str] = "migration-receipt"
    complete: bool
    outcomes: Mapping[str, int]
    undone: tuple[UndoneView, ...]


def migration_view(
    plan: Plan,
    catalog: Catalog,
    units: Units,
    choice: RowChoice,
    impact: ImpactView | None = None,
) -> MigrationView:
    """The view of a plan. `catalog` is what the store shows; `impact` is what it does to bills."""
    forward = plan.moves if plan.moving.direction == "forward" else ()
    sources = sorted({move.source for move in forward}, key=lambda ref: ref.version or 0)
    waves, requests = tuple(_waves(plan)), _requests(plan)
    offers = {ref: offer for ref in sources if (offer := _offer(plan, ref, catalog, units)) is not None}
    return MigrationView(
        **_head(plan),
        digest=plan.digest,
        transition=plan.moving.transition,
        verdict=plan.moving.verdict,
        moves=len(plan.moves),
        requests=requests,
        waves=waves,
        differences={str(ref): _between(catalog.nouns, ref, plan.moving.target, units) for ref in sources},
        offers={str(ref): offer for ref, (offer, _) in offers.items()},
        money=" ".join(words for _, words in offers.values() if words),
        left=dict(plan.moving.left),
        contracts=tuple(MoveView(**_move(move)) for move in _rows(plan, choice)),
        findings=plan.findings,
        impact=impact,
        title=_title(plan),
        closing=_closing(plan, len(waves), requests),
        every=tuple(MoveView(**_move(move)) for move in plan.moves),
    )


def reconciliation_view(report: Reconciliation) -> ReconciliationView:
    """The view of what became of a plan."""
    return ReconciliationView(**_report(report))


def migration_receipt_view(receipt: Receipt, plan: Plan) -> MigrationReceiptView:
    """The view of what was done of a plan, in its order."""
    assert receipt.report is not None
    undone = (
        UndoneView(move.customer, move.contract, result.outcome, result.detail)
        for move, result in zip(plan.moves, receipt.results, strict=True)
        if result.outcome not in ("done", "already")
    )
    return MigrationReceiptView(
        **_report(receipt.report),
        complete=receipt.complete,
        outcomes=dict(Counter(result.outcome for result in receipt.results)),
        undone=tuple(undone),
    )


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "namespace": plan.namespace,
        "environment": plan.environment,
        "migration": plan.moving.name,
        "target": str(plan.moving.target),
        "direction": plan.moving.direction,
        "as_of": plan.as_of,
    }


def _move(move: MoveContract) -> dict[str, Any]:
    return {
        "customer": move.customer,
        "contract": move.contract,
        "from_": str(move.source),
        "at": move.at,
        "wave": move.wave,
        "successor": move.successor,
        "version": move.source.version or 0,
    }


def _report(report: Reconciliation) -> dict[str, Any]:
    plan = report.plan
    every = tuple(FateView(**_move(move), fate=fate) for move, fate in report.fates)
    return _head(plan) | {
        "sound": report.sound,
        "counts": dict(report.counts),
        "customers": report.customers,
        "breaches": report.breaches,
        "contracts": tuple(one for one in every if one.fate not in ("moved", "moved back")),
        "every": every,
    }


def _closing(plan: Plan, waves: int, requests: int) -> str:
    """The last line of a plan."""
    moves, stay = len(plan.moves), sum(plan.moving.left.values())
    if not moves:
        return (
            f"Nothing to do: {counted(stay, 'contract')} stay." if stay else "Nothing to do: no contract is concerned."
        )
    what = "move back" if plan.moving.direction == "back" else "move"
    within = f" in {counted(waves, 'wave')}" if plan.moving.direction == "forward" else ""
    head = f"{counted(moves, 'contract')} {what if moves > 1 else what.replace('move', 'moves')}{within}"
    word = "Rollback" if plan.moving.direction == "back" else "Migration"
    stays = f"{stay:,} {'stays' if stay == 1 else 'stay'}"
    return f"{word}: {head}, {stays}; {counted(requests, 'request')} that write. Nothing is done yet."


def _title(plan: Plan) -> str:
    words = {
        "END_AND_PROVISION": "a new contract is made, and the old one ends where it starts",
        "SUPERSEDE": "a new contract supersedes the old one, which ends where it starts",
        "RENEWAL": "a new contract starts where the old one ends",
    }
    if plan.moving.direction == "back":
        return f"Rollback of {plan.moving.name}: contracts on {plan.moving.target} that have not started are archived"
    return f"Migration {plan.moving.name} to {plan.moving.target}: {words[plan.moving.transition]}"


def _waves(plan: Plan) -> Iterator[WaveView]:
    waves: dict[int, list[MoveContract]] = {}
    for move in plan.moves:
        waves.setdefault(move.wave, []).append(move)
    for number in sorted(waves):
        moves = waves[number]
        first, last = min(move.at for move in moves), max(move.at for move in moves)
        versions = Counter(move.source.version or 0 for move in moves)
        days = instant_words(first), instant_words(last)
        yield WaveView(number, *days, len(moves), dict(sorted(versions.items())))


def _requests(plan: Plan) -> int:
    """How many requests change something, if nothing goes wrong."""
    if plan.moving.direction == "back":
        return sum(1 + (move.ends != move.at) for move in plan.moves)
    each = 2 if plan.moving.transition == "END_AND_PROVISION" else 1
    return sum(1 if move.successor else each for move in plan.moves)


def _between(packages: Mapping[Ref, Model], source: Ref, target: Ref, units: Units) -> tuple[FieldRow, ...] | None:
    was, now = packages.get(source), packages.get(target)
    if was is None or now is None:
        return None
    # By which name a version was found is nothing that its customers have.
    changes = [change for change in field_changes(was, now) if change.path[0] != "aliases"]
    return tuple(row for row in field_rows(type(now), changes, units) if not row.cosmetic)


def _offer(plan: Plan, source: Ref, catalog: Catalog, units: Units) -> tuple[OfferView, str] | None:
    """What changes for those who move from a version, and in money: `Who is on Team v1 (4 contracts), with a new
    contract: fees +$18.00 a month (+$216.00 a year), charges +$500.00 one-off in all, before usage.`"""
    dates = [move.at for move in plan.moves if move.source == source]
    found = offered(source, plan.moving.target, catalog, min(dates), len(dates))
    if found is None:
        return None
    view = offer_view(found, units)
    named, many = shortened(view.before_name or str(source)), counted(len(dates), "contract")
    # How many seats each of them has is not asked: a new contract begins with what its package says.
    fees = any(term.kind == "fees" for term in view.fixed)
    sums = f"{change_words(view.money)} in all" if view.money else "nothing that is fixed changes"
    money = f"{sums}{', in the quantities that the packages begin with' if fees else ''}, before usage"
    return view, f"Who is on {named} ({many}), with a new contract: {money}."


def _rows(plan: Plan, choice: RowChoice) -> Iterator[MoveContract]:
    found = (move for move in plan.moves if choice.fits(f"{move.customer} {move.contract}"))
    return islice(found, choice.most(0))
