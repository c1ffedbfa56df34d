"""Reach: which contracts a change of prices touches, price by price and package version by package version.

A price is paid by the contracts on its card that buy it: whose package subscribes to that product at that frequency, or
to whom usage of it is open, by the card or by an override. What contracts without a package of ours buy is not known,
nor what those on a package do that cannot be read: they count as reached.

Overwrites keep a price as it is: "The price for that product remains at $3.23 regardless of changes to the list price
on the rate card" (docs.metronome.com, "Add contract overrides"). A contract is shielded from a price that is
overwritten for it from the contract's start, or a date before the change, on without end.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, read_key, read_schedule
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Share, Step

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.override import Override
    from pricebook.catalog.package import Package

Stance = Literal["buys", "shielded", "none"]
"""Of the contracts on a package version: whether they pay a price, keep another one, or do not buy it at all."""


def reach_of(ref: Ref, snapshot: Snapshot) -> int | None:
    """Live contracts that the change is about: those on a card, or those that stay on the package's versions."""
    if ref.kind is Kind.RATE_CARD:
        return Buyers(ref, snapshot).live
    if ref.kind is Kind.PACKAGE:
        versions = (
            each for other, each in snapshot.objects.items() if (other.kind, other.name) == (ref.kind, ref.name)
        )
        return sum(each.contracts for each in versions)
    return None


class Buyers:
    """The contracts on a rate card, and which of them buy which of its prices.

    `live` counts them all. What an account lists are contracts on packages: that none is seen does not mean there that
    there is none, and `live` is None.
    """

    def __init__(self, card: Ref, snapshot: Snapshot) -> None:
        """Of a card of a snapshot whose contracts were counted."""
        observed = snapshot.of(card)
        self.live = observed.contracts if observed.contracts or not snapshot.partial else None
        self._on = tuple(sorted((package, n) for package, n in observed.by_package.items() if n))
        self._loose = observed.contracts - sum(n for _, n in self._on)
        self._partial, self._nouns = snapshot.partial, snapshot.catalog.nouns
        self._known: dict[tuple[RateKey, str, bool], tuple[Stance, ...]] = {}

    def told(self, rate: RateChange, now: str) -> RateChange:
        """The change of a price with how many contracts buy it, None where that is not known, and with the hazards that
        hang on there being one."""
        reach = self._reach(self._stances(rate))
        hazards = rate.hazards
        if reach and rate.observed is not None and not all(move.cancels for move in rate.moves(now)):
            hazards = tuple(sorted({*hazards, Hazard.REACHES_LIVE_CONTRACTS}))
        if Hazard.RETROACTIVE in hazards and not self._bought(rate, now, reach):
            hazards = tuple(hazard for hazard in hazards if hazard is not Hazard.RETROACTIVE)
        return rate._replace(hazards=hazards, reach=reach)

    def assess(self, step: Step, rates: Sequence[RateChange]) -> Step:
        """The step that makes these changes, with the contracts that it reaches, and those on package versions."""
        stances = [_of_all(each) for each in zip(*{self._stances(rate) for rate in rates}, strict=True)]
        shares = tuple(
            Share(package, n, stance == "shielded", stance != "none")
            for (package, n), stance in zip(self._on, stances, strict=True)
        )
        return replace(step, reach=self._reach(stances), shares=shares, live=self.live)

    def _reach(self, stances: Iterable[Stance]) -> int | None:
        buying = zip(self._on, stances, strict=True)
        found = self._loose + sum(n for (_, n), stance in buying if stance == "buys")
        return None if self._partial and not found else found

    def _bought(self, rate: RateChange, now: str, reach: int | None) -> bool:
        """Whether somebody may have bought in the past that a change of the price rewrites: what had a price then, or
        what there was to use without one."""
        past = [move for move in rate.moves(now) if move.starting_at < now]
        there = Ref(Kind.PRODUCT, read_key(rate.key).product) in self._nouns
        return not all(move.is_new for move in past) or bool(reach and there)

    def _stances(self, rate: RateChange) -> tuple[Stance, ...]:
        if not self._on:
            return ()
        key, added = read_key(rate.key), read_schedule(rate.segments)
        held = read_schedule(rate.observed) if rate.observed is not None else ()
        asked = key, added[0].starting_at, any(segment.terms.entitled for segment in (*added, *held))
        if asked not in self._known:
            self._known[asked] = tuple(self._stance(package, *asked) for package, _ in self._on)
        return self._known[asked]

    def _stance(self, ref: Ref, key: RateKey, since: str, entitled: bool) -> Stance:
        package = cast("Package | None", self._nouns.get(ref))
        if package is None:
            return "buys"
        rates = {
            (each.subscription_rate.product, each.subscription_rate.billing_frequency) for each in package.subscriptions
        }
        if key.billing_frequency is not None and (key.product, key.billing_frequency) not in rates:
            return "none"
        about = [override for override in package.overrides if self._is_about(override, key)]
        standing = [override for override in about if _stands(override, since)]
        said = {override.entitled for override in standing} - {None}
        if not (entitled and False not in said) and not any(override.entitled for override in about):
            return "none"
        overwritten = any(each.type == "OVERWRITE" and not each.is_commit_specific for each in standing)
        return "shielded" if overwritten else "buys"

    def _is_about(self, override: "Override", key: RateKey) -> bool:
        product = self._nouns.get(Ref(Kind.PRODUCT, key.product))
        tags = getattr(product, "tags", ())
        return any(
            specifier.billing_frequency in (None, key.billing_frequency)
            and not specifier.presentation_group_values
            and specifier.matches(key.product, tags, key.pricing_group_values)
            for specifier in override.override_specifiers
        )


def _of_all(stances: Collection[Stance]) -> Stance:
    """What several prices come to."""
    return "buys" if "buys" in stances else "shielded" if "shielded" in stances else "none"


def reached(steps: Sequence[Step]) -> int | None:
    """The live contracts that buy any of the prices that steps add to one card; None where that is not known."""
    first = steps[0]
    if not first.shares:
        return first.reach
    buying = {share.package for step in steps for share in step.shares if share.reached}
    found = (first.live or 0) - sum(share.contracts for share in first.shares if share.package not in buying)
    return None if not found and any(step.reach is None for step in steps) else found


def _stands(override: "Override", since: str) -> bool:
    """Whether it holds from the contract's start, or from a date before the change, on without end."""
    if override.starting_at is not None:
        return override.ending_before is None and instant_text(override.starting_at) <= since
    offset = override.starting_at_offset
    return override.duration is None and offset is not None and offset.value == 0
