"""Reach: which contracts a change of prices touches, price by price and package version by package version.

A price is paid by the contracts on its card that buy it: whose package, or whose own terms, subscribe to that product
at that frequency, or to whom usage of it is open, by the card or by an override. What contracts buy whose terms cannot
be read is not known: they count as reached. Where a store cannot list all contracts, that none is seen is no zero.

Overwrites keep a price as it is: "The price for that product remains at $3.23 regardless of changes to the list price
on the rate card" (docs.metronome.com, "Add contract overrides"). A contract is shielded from a price that is
overwritten for it from the contract's start, or a date before the change, on without end.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, read_key, read_schedule
from pricebook.observe.snapshot import OwnContracts, Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Share, Step

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
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

    `live` counts them all; None where none is seen of a store that cannot list all.
    """

    def __init__(self, card: Ref, snapshot: Snapshot) -> None:
        """Of a card of a snapshot whose contracts were counted."""
        live, self._nouns = snapshot.of(card).live.counted, snapshot.catalog.nouns
        self.live = live.count if live.count or not live.unlisted else None
        edited = Counter[Ref | None]()
        for own in live.own:
            edited[own.package] += own.contracts
        versions = sorted(live.by_package.items())
        plain = [OwnContracts(on, self._nouns.get(on), n - edited[on]) for on, n in versions]
        self._on = tuple(each for each in (*plain, *live.own) if each.contracts)
        self._loose = live.count - sum(each.contracts for each in self._on)
        self._partial = bool(live.unlisted)
        self._known: dict[tuple[RateKey, str, bool], tuple[Stance, ...]] = {}

    def annotated(self, rate: RateChange, now: str) -> RateChange:
        """The change of a price with how many contracts buy it, None where that is not known, and with the hazards that
        hang on there being one."""
        reach = self._reach(self._stances(rate))
        hazards = rate.hazards
        if reach and rate.observed is not None and not all(move.cancels for move in rate.moves(now)):
            hazards = tuple(sorted({*hazards, Hazard.REACHES_LIVE_CONTRACTS}))
        if Hazard.RETROACTIVE in hazards and not self._bought(rate, now, reach):
            hazards = tuple(hazard for hazard in hazards if hazard is not Hazard.RETROACTIVE)
        return rate._replace(hazards=hazards, reach=reach)

    def stance(self, package: Ref, rate: RateChange) -> Stance:
        """What contracts on a package version, without terms of their own, do about a change of a price."""
        return self._stance(self._nouns.get(package), *_asked(rate))

    def assess(self, step: Step, rates: Sequence[RateChange]) -> Step:
        """The step that makes these changes, with the contracts that it reaches, and those on package versions."""
        stances = [_of_all(each) for each in zip(*{self._stances(rate) for rate in rates}, strict=True)]
        shares = tuple(
            Share(package, n, stance == "shielded", stance != "none")
            for (package, _, n), stance in zip(self._on, stances, strict=True)
        )
        return replace(step, reach=self._reach(stances), shares=shares, live=self.live)

    def _reach(self, stances: Iterable[Stance]) -> int | None:
        buying = zip(self._on, stances, strict=True)
        found = self._loose + sum(each.contracts for each, stance in buying if stance == "buys")
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
        asked = _asked(rate)
        if asked not in self._known:
            self._known[asked] = tuple(self._stance(each.terms, *asked) for each in self._on)
        return self._known[asked]

    def _stance(self, terms: Noun | None, key: RateKey, since: str, entitled: bool) -> Stance:
        if terms is None:
            return "buys"
        bought = cast("Package", terms)
        rates = {
            (each.subscription_rate.product, each.subscription_rate.billing_frequency) for each in bought.subscriptions
        }
        if key.billing_frequency is not None and (key.product, key.billing_frequency) not in rates:
            return "none"
        tags = getattr(self._nouns.get(Ref(Kind.PRODUCT, key.product)), "tags", ())
        if not bought.sells(key, tags, listed=entitled, since=since):
            return "none"
        overwritten = any(
            each.type == "OVERWRITE" and not each.is_commit_specific and each.stands_from(since)
            for each in bought.overrides
            if each.is_about(key, tags)
        )
        return "shielded" if overwritten else "buys"


def _asked(rate: RateChange) -> tuple[RateKey, str, bool]:
    """Which price changes, from when, and whether contracts on the card get it by that alone."""
    added = read_schedule(rate.segments)
    held = read_schedule(rate.observed) if rate.observed is not None else ()
    return read_key(rate.key), added[0].starting_at, any(segment.terms.entitled for segment in (*added, *held))


def _of_all(stances: Collection[Stance]) -> Stance:
    """What several prices come to."""
    return "buys" if "buys" in stances else "shielded" if "shielded" in stances else "none"


def reached(steps: Sequence[Step]) -> int | None:
    """The live contracts that buy any of the prices that steps add to one card; None where that is not known."""
    first = steps[0]
    if not first.shares:
        return first.reach
    alike = zip(*(step.shares for step in steps), strict=True)  # of one card they are the same contracts
    left = sum(shares[0].contracts for shares in alike if not any(share.reached for share in shares))
    found = (first.live or 0) - left
    return None if not found and any(step.reach is None for step in steps) else found
