"""Migrations: customers who are on older versions of a package, and when which of them goes over to which one.

A changed package reaches only customers who are provisioned afterwards; the others stay on the version that they have.
A migration says who of them is to move, in which waves and how. It goes to no store and no plan of prices sees it:
`pricebook migrate` plans and does it, contract by contract.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from pricebook.catalog.condition import Condition, Given, bars
from pricebook.catalog.field import Days, Distinct, NonEmpty, Percent, Texts, Whole
from pricebook.catalog.impact_limit import ImpactLimits
from pricebook.catalog.model import Instant, Model, Noun, PackageName, Text, Upper
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.transition import MigrationTransition
from pricebook.catalog.violation import Path, Violation
from pricebook.problem import quote

Version = Annotated[Whole, Field(gt=0)]
ALL = Decimal(1)


class Whom(Model):
    """Which customers are concerned; all that are on the versions when nothing is said. Every filter must hold."""

    customers: Texts = ()
    """The customers, by the vendor's id."""
    customers_from: Text | None = None
    """A CSV table of them, relative to this manifest; its column is named customer."""
    percentage: Percent | None = None
    """So many of them, chosen by a hash of the customer: who is chosen stays chosen, and a larger share adds others."""
    salt: Text | None = None
    """What the hash begins with, instead of the migration's name: two migrations with one salt choose alike."""
    started_from: Instant | None = None
    """Only contracts that start then or later."""
    started_before: Instant | None = None
    """Only contracts that start earlier."""
    exclude: Texts = ()
    """Customers who are left alone, whatever else is said."""

    conditions: ClassVar[tuple[Condition, ...]] = (bars("customers_from", Given("customers")),)

    def rules(self) -> Iterator[Violation]:
        """A share of at most everybody, a period that is not empty."""
        if self.percentage is not None and not 0 < self.percentage <= ALL:
            yield Violation(
                "out-of-range", "a share is above 0% and at most 100%", ("percentage",), "leave it out for all"
            )
        if self.started_from and self.started_before and self.started_before <= self.started_from:
            hint = "end it later, or leave it out"
            yield Violation("empty-period", "started_before is not after started_from", ("started_before",), hint)
        both = set(self.customers) & set(self.exclude)
        for index, customer in enumerate(self.exclude):
            if customer in both:
                message = f'"{customer[:60]}" stands under customers too'
                yield Violation("duplicate", message, ("exclude", index), "say one or the other")


class Wave(Model):
    """A day on which some of the customers move."""

    starting_at: Instant
    """When their new contracts start. With RENEWAL: contracts that end then or later move at their end."""
    percentage: Percent | None = None
    """The share of all who are concerned, chosen by a hash of the customer; the last wave without one has the rest."""


class Notice(Model):
    """What customers are told before they move."""

    days: Days = 0
    """How many days before its date every wave is told: a plan that is made later says so."""


class Migration(Noun):
    """Contracts on older versions of a package that move to another version, or another package."""

    kind = Kind.MIGRATION

    description: Text | None = None
    """Why."""
    package: PackageName
    """The package that they are on."""
    from_versions: Annotated[tuple[Version, ...], Distinct] = ()
    """The versions that they are on; when not given, every version but the one they move to."""
    to_package: PackageName | None = None
    """The package that they move to; when not given, the same."""
    to_version: Version | None = None
    """The version that they move to; when not given, the newest one there is when the migration is planned."""
    whom: Whom = Whom()
    """Which customers."""
    waves: NonEmpty[Wave]
    """When, in order of time."""
    transition: Annotated[MigrationTransition, Upper]
    """END_AND_PROVISION: a new contract, and the old one ends when it starts. SUPERSEDE: the same, and the vendor is
    told that the one supersedes the other; not every account may. RENEWAL: a new contract when the old one ends."""
    guard: ImpactLimits = ImpactLimits()
    """How far the bills of those who move may move; `pricebook migrate --impact` finds out."""
    notice: Notice = Notice()
    """What customers are told."""

    def rules(self) -> Iterator[Violation]:
        """Waves in order of time and together at most everybody; a target that is not among where they come from."""
        if self.to_package in (None, self.package) and self.to_version in self.from_versions:
            index = self.from_versions.index(self.to_version)
            message = f"version {self.to_version} is the one that they move to"
            yield Violation("same-version", message, ("from_versions", index), "remove it")
        total, before = Decimal(0), None
        for index, wave in enumerate(self.waves):
            at = ("waves", index)
            if before is not None and wave.starting_at <= before:
                message = "the waves are not in order of time"
                yield Violation("wave-order", message, (*at, "starting_at"), "each starts later than the one before")
            before = wave.starting_at
            if wave.percentage is None:
                if index < len(self.waves) - 1:
                    hint = "say how many; only the last wave has the rest"
                    yield Violation("missing-field", "percentage is required", (*at, "percentage"), hint)
                continue
            if not wave.percentage:
                yield Violation("out-of-range", "nobody moves in this wave", (*at, "percentage"), "remove the wave")
            total += wave.percentage
            if total > ALL >= total - wave.percentage:
                message = f"the waves add up to {total * 100:f} %"
                yield Violation("wave-shares", message, (*at, "percentage"), "at most 100%; the last may leave it out")

    @property
    def target(self) -> str:
        """The name of the package that they move to."""
        return self.to_package or self.package

    def wave_of(self, position: Decimal) -> int | None:
        """The index of the wave of a customer at that position between 0 and 1; None: in no wave."""
        reached = Decimal(0)
        for index, wave in enumerate(self.waves):
            reached = reached + wave.percentage if wave.percentage is not None else ALL
            if position < reached:
                return index
        return None


def check_migrations(nouns: Mapping[Ref, Noun]) -> Iterator[tuple[Ref, Path, Violation]]:
    """Migrations among the nouns that may concern the same contracts: the same package and version, and not lists of
    customers that have nobody in common."""
    migrations = {ref.name: noun for ref, noun in nouns.items() if isinstance(noun, Migration)}
    names = sorted(migrations)
    for index, name in enumerate(names):
        for other in names[:index]:
            if _may_meet(migrations[other], migrations[name]):
                message = f"migration {quote(other)} may move the same contracts"
                hint = "name other versions or other customers, or remove the one that is over"
                first = Ref(Kind.MIGRATION, other)
                violation = Violation("migration-overlap", message, (), hint, (("first", first, ()),))
                yield Ref(Kind.MIGRATION, name), (), violation


def _may_meet(one: Migration, other: Migration) -> bool:
    if one.package != other.package:
        return False
    versions = set(one.from_versions), set(other.from_versions)
    if all(versions) and not versions[0] & versions[1]:
        return False
    listed = set(one.whom.customers), set(other.whom.customers)
    return not (all(listed) and not listed[0] & listed[1])
