"""Cohorts: the versions of packages, who is on them, and what sets them apart.

A list of contracts is read while it is written: `MembersView.contracts` can be gone through once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pricebook.plan.cohort import Cohort
from pricebook.plan.contract import Contract
from pricebook.view.field import FieldDifference
from pricebook.view.price_list import PackageVersion, PriceList


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortView:
    """A version with its cohort. `came_as` counts contracts by the alias under which they came, empty for none;
    `differs` are the fields of money in which it differs from the version before."""

    package: str
    version: int | None
    made: str
    version_archived: bool
    running: int
    to_start: int
    ended: int
    archived: int
    customers: int
    first_start: datetime | None
    last_start: datetime | None
    last_end: datetime | None
    without_end: int
    came_as: Mapping[str, int]
    differs: tuple[FieldDifference, ...]

    @property
    def contracts(self) -> int:
        """All that are counted."""
        return self.running + self.to_start + self.ended + self.archived


@dataclass(frozen=True, slots=True)
class CohortsView:
    """The versions of packages, as of an instant."""

    answer: ClassVar[str] = "cohorts"
    as_of: datetime
    versions: tuple[CohortView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A contract on a version of a package, and the alias under which it came, empty for none."""

    package: str
    version: int | None
    customer: str
    contract: str
    state: str
    starting_at: datetime
    ending_before: datetime | None
    came_as: str


@dataclass(frozen=True, slots=True)
class MembersView:
    """Contracts, as of an instant."""

    answer: ClassVar[str] = "contracts"
    as_of: datetime
    contracts: Iterable[MemberView]


def cohorts_view(cohorts: Iterable[Cohort], listed: PriceList, at: datetime) -> CohortsView:
    """The cohorts with what the price list knows of their versions."""
    known: dict[object, PackageVersion] = {
        version.ref: version for found in listed.packages.values() for version in found
    }
    return CohortsView(at, tuple(_cohort(cohort, known.get(cohort.package)) for cohort in cohorts))


def members_view(members: Iterable[tuple[Contract, str]], at: datetime) -> MembersView:
    """The contracts, each with the alias under which it came."""
    return MembersView(at, (_member(contract, alias, at) for contract, alias in members))


def _cohort(cohort: Cohort, version: PackageVersion | None) -> CohortView:
    """`version` is None where it cannot be read."""
    return CohortView(
        package=cohort.package.name,
        version=cohort.package.version,
        made=(version.made or "") if version is not None else "",
        version_archived=version is not None and version.archived,
        running=cohort.running,
        to_start=cohort.coming,
        ended=cohort.ended,
        archived=cohort.archived,
        customers=cohort.customers,
        first_start=cohort.first_start,
        last_start=cohort.last_start,
        last_end=cohort.last_end,
        without_end=cohort.endless,
        came_as=dict(cohort.came_as),
        differs=FieldDifference.of(version.changes if version is not None else ()),
    )


def _member(contract: Contract, alias: str, at: datetime) -> MemberView:
    package = contract.package
    assert package is not None
    start, end = contract.starting_at, contract.ending_before
    return MemberView(
        package=package.name,
        version=package.version,
        customer=contract.customer,
        contract=contract.id,
        state=contract.state(at),
        starting_at=start,
        ending_before=end,
        came_as=alias,
    )
