"""Overrides: how a package's prices and entitlements differ from the rate card's."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from pricebook.catalog.condition import Condition, Given, Is, Not, bars, needs
from pricebook.catalog.declared import links_of
from pricebook.catalog.field import Distinct, Positive
from pricebook.catalog.instant import instant_text
from pricebook.catalog.model import Factor, Frequency, Instant, Model, Upper
from pricebook.catalog.rate import OverwriteRate, check_tiers
from pricebook.catalog.role import Link, Role
from pricebook.catalog.specifier import RateKind, UsageSpecifier
from pricebook.catalog.term import Duration, Key, RelativeDate, Term
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.violation import Violation

_SPECIFIC = "{name} is for overrides with is_commit_specific: true"
_MAKE_SPECIFIC = "set is_commit_specific: true, or remove it"
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

    conditions: ClassVar[tuple[Condition, ...]] = (
        *(
            needs(
                "product product_tags pricing_group_values presentation_group_values",
                Given(name),
                f"{name} stands alone; it narrows a product, tags or group values further",
                "add product, product_tags, pricing_group_values or presentation_group_values",
                at=name,
            )
            for name in ("commits", "recurring_commits", "any_commits_or_credits")
        ),
        bars(
            "commits recurring_commits",
            Given("any_commits_or_credits"),
            "{name} stands beside commits or recurring_commits; it is used instead of both",
            "name all of them there",
            at="any_commits_or_credits",
        ),
    )

    def fits(self, key: RateKey, tags: Collection[str], presentation: Iterable[tuple[str, str]] = ()) -> bool:
        """Whether every condition holds for a price of a card, whose product has these tags, presented like this."""
        return self.billing_frequency in (None, key.billing_frequency) and self.matches(
            key.product, tags, key.pricing_group_values, presentation
        )


class OverrideTier(Model):
    """A multiplier for the quantity that falls into the tier."""

    multiplier: Annotated[Factor, Role.FACTOR]
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
    multiplier: Annotated[Factor | None, Role.FACTOR] = None
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

    conditions: ClassVar[tuple[Condition, ...]] = (
        needs(
            "starting_at_offset",
            Not(Given("starting_at")),
            hint="starting_at_offset: {{value: 0, unit: DAYS}} starts it with the contract; or a date in starting_at",
        ),
        bars(
            "starting_at_offset",
            Given("starting_at"),
            "{name} stands beside starting_at_offset; an override starts once",
            at="starting_at",
        ),
        bars("duration", Given("starting_at"), hint="a dated override ends with ending_before"),
        bars(
            "ending_before",
            Not(Given("starting_at")),
            "{name} stands without starting_at",
            "use duration beside starting_at_offset",
            code="conflict",
        ),
        needs(
            "type entitled",
            message="the override does nothing: it has neither type nor entitled",
            hint="give type (OVERWRITE, MULTIPLIER or TIERED), or entitled",
            code="no-effect",
        ),
        *(bars(name, Not(Is("type", kind))) for kind, name in _TYPE_NEEDS.items()),
        *(needs(name, Is("type", kind)) for kind, name in _TYPE_NEEDS.items()),
        needs("priority", Is("type", "TIERED"), hint="tiered overrides are applied by priority, the lowest first"),
        bars("target", Not(Given("is_commit_specific")), _SPECIFIC, _MAKE_SPECIFIC),
    )

    def rules(self) -> Iterator[Violation]:
        """It ends after it starts, its tiers leave no gap, commits are named by commit-specific overrides only, and no
        OVERWRITE goes by tags."""
        if self.starting_at is not None and self.ending_before is not None and self.ending_before <= self.starting_at:
            hint = "end it later, or leave ending_before out"
            yield Violation("empty-period", "ending_before is not after starting_at", ("ending_before",), hint)
        if self.type == "TIERED":
            yield from check_tiers([tier.size for tier in self.tiers])
        for index, specifier in enumerate(self.override_specifiers):
            if self.type == "OVERWRITE" and specifier.product_tags:
                # "You cannot use product tags to target overwrite overrides" (docs.metronome.com, "Contract edits and
                # overrides")
                at = ("override_specifiers", index, "product_tags")
                hint = "name the products instead, a specifier each"
                yield Violation("overwrite-by-tag", "an OVERWRITE cannot be aimed by product tags", at, hint)
            for name in links_of(OverrideSpecifier) if not self.is_commit_specific else ():
                if getattr(specifier, name):
                    at = ("override_specifiers", index, name)
                    yield Violation("not-applicable", _SPECIFIC.format(name=name), at, _MAKE_SPECIFIC)

    def is_about(self, key: RateKey, tags: Collection[str], presentation: Iterable[tuple[str, str]] = ()) -> bool:
        """Whether it says something of a price of a card, whose product has these tags, presented like this."""
        return any(specifier.fits(key, tags, presentation) for specifier in self.override_specifiers)

    def stands_from(self, since: str) -> bool:
        """Whether it holds from the contract's start, or from a date before an instant, on without end."""
        if self.starting_at is not None:
            return self.ending_before is None and instant_text(self.starting_at) <= since
        offset = self.starting_at_offset
        return self.duration is None and offset is not None and offset.value == 0


def is_sold(listed: bool, about: Iterable[Override], stands: Callable[[Override], bool] = lambda _: True) -> bool:
    """Whether contracts get, at any time, what overrides are about: as the one says that was added last, as of
    overwrites [assumed]; as the card does, `listed`, where none says anything. Before and after what does not stand
    all the time holds what was said until then. A commit-specific one gives no right."""
    said = {listed}
    for override in about:
        if override.entitled is not None and not override.is_commit_specific:
            said = {override.entitled} if stands(override) else said | {override.entitled}
    return True in said
