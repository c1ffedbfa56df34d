"""Overrides: how a package's prices and entitlements differ from the rate card's."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pricebook.catalog.declared import links_of
from pricebook.catalog.field import Distinct, Positive
from pricebook.catalog.model import Frequency, Instant, Model, NonNegative, Upper, Violation
from pricebook.catalog.rate import OverwriteRate, check_tiers
from pricebook.catalog.role import Link, Role
from pricebook.catalog.specifier import RateKind, UsageSpecifier
from pricebook.catalog.term import Duration, Key, RelativeDate, Term

_TYPE_NEEDS = {"MULTIPLIER": "multiplier", "OVERWRITE": "overwrite_rate", "TIERED": "tiers"}


class OverrideSpecifier(UsageSpecifier):
    """Which rates the override changes. Every condition given must hold."""

    billing_frequency: Frequency | None = None
    """Only rates with this billing frequency."""
    commits: Annotated[tuple[Key, ...], Distinct, Link(("commits",))] = ()
    """Commit-specific overrides only: keys of commits of this package."""
    recurring_commits: Annotated[tuple[Key, ...], Distinct, Link(("recurring_commits",))] = ()
    """Commit-specific overrides only: keys of recurring commits of this package."""
    any_commits_or_credits: Annotated[
        tuple[Key, ...], Distinct, Link(("commits", "credits", "recurring_commits", "recurring_credits"))
    ] = ()
    """Commit-specific overrides only: keys of commits and credits, once or recurring; instead of the other two."""

    def rules(self) -> Iterator[Violation]:
        """Commits are named on top of products, tags or group values, and in one way."""
        for name in links_of(OverrideSpecifier):
            if getattr(self, name) and not self.narrows:
                hint = "add product, product_tags, pricing_group_values or presentation_group_values"
                message = f"{name} stands alone; it narrows a product, tags or group values further"
                yield Violation("missing-field", message, (name,), hint)
        if self.any_commits_or_credits and (self.commits or self.recurring_commits):
            message = "any_commits_or_credits stands beside commits or recurring_commits; it is used instead of both"
            yield Violation("conflict", message, ("any_commits_or_credits",), "name all of them there")


class OverrideTier(Model):
    """A multiplier for the quantity that falls into the tier."""

    multiplier: Annotated[NonNegative, Role.CHARGES]
    """What the list price is multiplied by."""
    size: Positive | None = None
    """How many units the tier holds; the last tier has none and takes all the rest."""


class Override(Term):
    """A difference from the rate card: another rate (OVERWRITE), a share of it (MULTIPLIER, TIERED), or an entitlement.

    It starts at an offset from the contract's start, or on a date: for instance a discount in January for everybody.
    """

    override_specifiers: tuple[OverrideSpecifier, ...]
    """Which rates it changes; one match is enough."""
    starting_at_offset: RelativeDate | None = None
    """When it starts (inclusive), counted from the start of the contract."""
    duration: Duration | None = None
    """How long it lasts, counted from starting_at_offset; when not given, until the contract ends."""
    starting_at: Instant | None = None
    """When it starts (inclusive), as a date: instead of starting_at_offset."""
    ending_before: Instant | None = None
    """When it ends (exclusive), as a date: beside starting_at."""
    entitled: Annotated[bool | None, Role.ENTITLES] = None
    """Whether contracts get the products; not given, as the card says."""
    type: Annotated[Literal["OVERWRITE", "MULTIPLIER", "TIERED"], Upper] | None = None
    """OVERWRITE, MULTIPLIER or TIERED. Overwrites come before the others."""
    multiplier: Annotated[NonNegative | None, Role.CHARGES] = None
    """MULTIPLIER only, required there: what the list price is multiplied by, 0.8 for 20% off."""
    priority: Positive | None = None
    """The lowest comes first. Required for TIERED, and under EXPLICIT prioritization for MULTIPLIER."""
    overwrite_rate: Annotated[OverwriteRate | None, Role.CHARGES] = None
    """OVERWRITE only, required there: the rate in place of the card's."""
    tiers: tuple[OverrideTier, ...] = ()
    """TIERED only, required there: multipliers by quantity, the last without size."""
    is_commit_specific: bool = False
    """Whether it applies only to usage that is drawn from commits and credits."""
    target: RateKind = "LIST_RATE"
    """Commit-specific overrides only: whether it changes the COMMIT_RATE or the LIST_RATE."""

    def rules(self) -> Iterator[Violation]:
        """It starts once, does something, and has what its type needs and nothing of another."""
        yield from self._time()
        if self.type is None and self.entitled is None:
            message = "the override does nothing: it has neither type nor entitled"
            hint = "give type (OVERWRITE, MULTIPLIER or TIERED), or entitled"
            yield Violation("no-effect", message, ("type",), hint)
        for kind, name in _TYPE_NEEDS.items():
            value = getattr(self, name)
            if kind == self.type and kind != "TIERED" and value is None:
                hint = f"give {name}, or change type"
                yield Violation("missing-field", f"{name} is required for a {kind} override", (name,), hint)
            if kind != self.type and value not in (None, ()):
                message = f"{name} is for {kind} overrides; this one is {self.type or 'without type'}"
                yield Violation("not-applicable", message, (name,), f"remove it, or set type: {kind}")
        if self.type == "TIERED":
            yield from check_tiers([tier.size for tier in self.tiers])
            if self.priority is None:
                hint = "tiered overrides are applied by priority, the lowest first"
                yield Violation("missing-field", "priority is required for a TIERED override", ("priority",), hint)
        if not self.is_commit_specific:
            yield from self._not_commit_specific()

    def _time(self) -> Iterator[Violation]:
        if self.starting_at is None and self.starting_at_offset is None:
            hint = (
                "starting_at_offset: {value: 0, unit: DAYS} starts it with the contract; or give a date in starting_at"
            )
            yield Violation("missing-field", "starting_at_offset is required", ("starting_at_offset",), hint)
        if self.starting_at is not None and self.starting_at_offset is not None:
            message = "starting_at stands beside starting_at_offset; an override starts once"
            yield Violation("conflict", message, ("starting_at",), "keep one of them")
        if self.duration is not None and self.starting_at is not None:
            message = "duration stands beside starting_at"
            yield Violation("conflict", message, ("duration",), "a dated override ends with ending_before")
        if self.ending_before is None:
            return
        if self.starting_at is None:
            message = "ending_before stands without starting_at"
            yield Violation("conflict", message, ("ending_before",), "use duration beside starting_at_offset")
        elif self.ending_before <= self.starting_at:
            hint = "end it later, or leave ending_before out"
            yield Violation("empty-period", "ending_before is not after starting_at", ("ending_before",), hint)

    def _not_commit_specific(self) -> Iterator[Violation]:
        hint = "set is_commit_specific: true, or remove it"
        if self.target != "LIST_RATE":
            message = "target is for overrides with is_commit_specific: true"
            yield Violation("not-applicable", message, ("target",), hint)
        for index, specifier in enumerate(self.override_specifiers):
            for name in links_of(OverrideSpecifier):
                if getattr(specifier, name):
                    message = f"{name} is for overrides with is_commit_specific: true"
                    yield Violation("not-applicable", message, ("override_specifiers", index, name), hint)
