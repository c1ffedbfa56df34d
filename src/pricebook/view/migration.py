"""A migration plan as a reviewer sees it: its shape first (waves, versions, what differs in money, who stays and why).

Contracts are listed on demand: there may be a hundred thousand. Text is as it came; whoever draws it escapes it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Model
from pricebook.catalog.reference import Ref
from pricebook.plan.fields import field_changes
from pricebook.plan.migration.move import GuardState, MigrationPlan, Move, migration_digest
from pricebook.problem import Problem
from pricebook.view.field import FieldRow, field_rows
from pricebook.view.price import Units
from pricebook.view.rate_shape import RowChoice
from pricebook.view.words import counted

GUARD_WORDS: Mapping[GuardState, str] = {
    "none": "no guard: nothing limits how far bills may move",
    "kept": "bills move no further than the guard allows",
    "exceeded": "bills move further than the guard allows",
    "unverified": "not verified: no usage was billed (--impact USAGE); apply refuses it",
}


@dataclass(frozen=True, slots=True)
class WaveView:
    """The contracts of a wave; `days` are the first and the last day on which they move, `versions` counts them."""

    number: int
    days: tuple[str, str]
    contracts: int
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class MigrationView:
    """A plan for reading. `differences` are what the target says otherwise than a version does; None: not known."""

    plan: MigrationPlan
    digest: str
    title: str
    waves: tuple[WaveView, ...]
    differences: Mapping[Ref, tuple[FieldRow, ...] | None]
    calls: int
    rows: tuple[Move, ...]

    @property
    def findings(self) -> tuple[Problem, ...]:
        """What a reviewer should know."""
        return self.plan.findings


def migration_view(
    plan: MigrationPlan, packages: Mapping[Ref, Model], units: Units, choice: RowChoice
) -> MigrationView:
    """The view of a plan. `packages` are the versions that the store shows."""
    moves = plan.moves if plan.direction == "forward" else ()
    sources = sorted({plan.source(move) for move in moves}, key=lambda ref: ref.version or 0)
    return MigrationView(
        plan,
        migration_digest(plan),
        _title(plan),
        tuple(_waves(plan)),
        {ref: _between(packages, ref, plan.target, units) for ref in sources},
        _calls(plan),
        tuple(_rows(plan, choice)),
    )


def closing(view: MigrationView) -> str:
    """The last line of a plan."""
    plan = view.plan
    moves, stay = len(plan.moves), sum(plan.left.values())
    if not moves:
        return (
            f"Nothing to do: {counted(stay, 'contract')} stay." if stay else "Nothing to do: no contract is concerned."
        )
    what = "move back" if plan.direction == "back" else "move"
    waves = f" in {counted(len(view.waves), 'wave')}" if plan.direction == "forward" else ""
    head = f"{counted(moves, 'contract')} {what if moves > 1 else what.replace('move', 'moves')}{waves}"
    word = "Rollback" if plan.direction == "back" else "Migration"
    stays = f"{stay:,} {'stays' if stay == 1 else 'stay'}"
    return f"{word}: {head}, {stays}; {counted(view.calls, 'request')} that write. Nothing is done yet."


def _title(plan: MigrationPlan) -> str:
    words = {
        "END_AND_PROVISION": "a new contract is made, and the old one ends where it starts",
        "SUPERSEDE": "a new contract supersedes the old one, which ends where it starts",
        "RENEWAL": "a new contract starts where the old one ends",
    }
    if plan.direction == "back":
        return f"Rollback of {plan.name}: contracts on {plan.target} that have not started are archived"
    return f"Migration {plan.name} to {plan.target}: {words[plan.transition]}"


def _waves(plan: MigrationPlan) -> Iterator[WaveView]:
    waves: dict[int, list[Move]] = {}
    for move in plan.moves:
        waves.setdefault(move.wave, []).append(move)
    for number in sorted(waves):
        moves = waves[number]
        days = instant_words(min(move.at for move in moves)), instant_words(max(move.at for move in moves))
        versions = Counter(move.version for move in moves)
        yield WaveView(number, days, len(moves), dict(sorted(versions.items())))


def _calls(plan: MigrationPlan) -> int:
    """How many requests change something, if nothing goes wrong."""
    if plan.direction == "back":
        return sum(1 + (move.ends != move.at) for move in plan.moves)
    each = 2 if plan.transition == "END_AND_PROVISION" else 1
    return sum(1 if move.successor else each for move in plan.moves)


def _between(packages: Mapping[Ref, Model], source: Ref, target: Ref, units: Units) -> tuple[FieldRow, ...] | None:
    was, now = packages.get(source), packages.get(target)
    if was is None or now is None:
        return None
    return tuple(row for row in field_rows(type(now), field_changes(was, now), units) if not row.cosmetic)


def _rows(plan: MigrationPlan, choice: RowChoice) -> Iterator[Move]:
    if choice.automatic:
        return
    shown = 0
    pattern = choice.pattern.lower()
    for move in plan.moves:
        if choice.first is not None and shown >= choice.first:
            return
        if pattern in f"{move.customer} {move.contract}".lower():
            shown += 1
            yield move
