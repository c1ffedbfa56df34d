"""What rules ask of a plan: the changes of prices in it, with what was paid before and what is to be paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from pricebook.catalog.declared import role_at
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.money import EXACT
from pricebook.catalog.path import path_text, positions
from pricebook.catalog.reference import Ref
from pricebook.catalog.role import Role
from pricebook.catalog.timeline import read_key
from pricebook.catalog.unit import Unit, money
from pricebook.catalog.violation import Path
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import FieldChange, RateChange
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.table import AddRates, Supersede
from pricebook.policy.fact import Facts
from pricebook.project.policy import Policy


class PriceChange(NamedTuple):
    """A price that changes, in the API unit: where it stands below the noun or the rate, what is said of it, from
    when, from what to what, and for how many contracts (None: not known)."""

    ref: Ref
    rate: str | None
    at: Path
    label: str
    group: str
    since: str
    before: Decimal
    after: Decimal
    unit: str | None
    reach: int | None

    @property
    def share(self) -> Decimal | None:
        """By how much of what it was it changes: 0.2 is up by 20 %; None when it was nothing."""
        return EXACT.divide(self.after - self.before, abs(self.before)) if self.before else None


@dataclass(frozen=True)
class Proposal:
    """A plan with what it comes from, desired and observed, and the policy that it is held against."""

    plan: Plan
    snapshot: Snapshot
    facts: Facts
    policy: Policy

    @cached_property
    def now(self) -> str:
        """From when a change can hold."""
        return instant_text(next_hour(self.plan.as_of))

    @cached_property
    def moves(self) -> tuple[PriceChange, ...]:
        """Every price that was there before and changes from now on, once for each time that it does."""
        return tuple(move for step in self.plan.steps for move in self._of_step(step))

    def _of_step(self, step: Step) -> Iterator[PriceChange]:
        change = step.change
        if isinstance(change, AddRates):
            for rate in change.rates:
                if rate.observed is not None:
                    yield from self._of_rate(change.ref, rate)
        elif isinstance(change, Supersede):
            for field in change.fields:
                if role_at(type(change.noun), field.path) in (Role.CHARGES, Role.FACTOR):
                    yield from _of_field(change, field, self.now, step.reach)

    def _of_rate(self, ref: Ref, rate: RateChange) -> Iterator[PriceChange]:
        product = read_key(rate.key).product
        for move in rate.moves(self.now):
            if move.ending_before is None or move.ending_before > self.now:
                since = max(move.starting_at, self.now)
                for was, now in move.shift.pairs:
                    yield PriceChange(
                        ref=ref,
                        rate=rate.key,
                        at=(since,),
                        label="",
                        group=product,
                        since=since,
                        before=was,
                        after=now,
                        unit=move.shift.unit,
                        reach=rate.reach,
                    )

    def money(self, amount: Decimal, unit: str | None) -> str:
        """An amount for a sentence; without a unit it is a share or a factor."""
        return str(amount) if unit is None else money(amount, Unit.of(self.plan.units.get(unit), unit))

    def costs(self) -> Iterator[tuple[str, str, Decimal, Decimal, Decimal]]:
        """Of each package that was there before: its name, the unit, and what a year of it costs: now, and from
        now on at least and at most."""
        before = self.snapshot.catalog
        if not before.packages:
            return
        # The bills are for projects that have packages.
        from pricebook.policy.paid import yearly

        for name, desired in sorted(self.facts.packages.items()):
            observed = before.packages.get(name)
            if observed is None:
                continue
            was = yearly(observed, before, self.now)
            starts = {s.starting_at for paid in self.facts.paid if paid.offer.name == name for s in paid.timeline}
            instants = {self.now, *(start for start in starts if start > self.now)}
            costs = [yearly(desired, self.facts.catalog, instant) for instant in instants]
            for unit, amount in was.items():
                later = [cost.get(unit, Decimal(0)) for cost in costs]
                if amount:
                    yield name, unit, amount, min(later), max(later)


def _of_field(change: Supersede, field: FieldChange, now: str, reach: int | None) -> Iterator[PriceChange]:
    before, after = field.observed, field.desired
    if any(isinstance(value, bool) or not isinstance(value, (int, Decimal)) for value in (before, after)):
        return
    path = path_text(field.path)
    yield PriceChange(
        ref=change.ref.unversioned,
        rate=None,
        at=positions(change.noun, field.path),
        label=path,
        group=path,
        since=now,
        before=Decimal(str(before)),
        after=Decimal(str(after)),
        unit=field.unit,
        reach=reach,
    )
