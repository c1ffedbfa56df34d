"""A contract that is to be made, or was: what it is, what it costs first, and what to look out for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_words
from pricebook.plan.contract import Contract
from pricebook.preview.proposal import ProposedContract
from pricebook.view.bill import BillView
from pricebook.view.billing import bill_view
from pricebook.view.plain import hidden
from pricebook.view.words import counted


class Overlap(NamedTuple):
    """Another contract of the customer at the same time; `package` is None where it is on none of ours."""

    contract: str
    package: str | None
    starting_at: datetime
    ending_before: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionView:
    """A contract. `contract` is its id, None while it is not there; `made` is false when it was there already. `found`
    says which contract was read back, empty where none was."""

    answer: ClassVar[str] = "provision"
    contract: str | None
    made: bool
    customer: str
    package: str
    alias: str | None
    rate_card: str | None
    starting_at: datetime
    ending_before: datetime | None
    uniqueness_key: str
    overlapping: tuple[Overlap, ...]
    first_invoice: BillView
    warnings: tuple[str, ...]
    found: str = hidden()
    differences: tuple[str, ...] = hidden()


def provision_view(
    proposed: ProposedContract,
    catalog: Catalog,
    id_: str | None = None,
    contract: Contract | None = None,
    differences: tuple[str, ...] = (),
) -> ProvisionView:
    """The view of a contract: as it is proposed, or with the id of the one that was made or there already, and the
    contract as it was read back; `differences` are what is not as it was proposed."""
    wanted = proposed.wanted
    by = f" (alias {wanted.alias})" if wanted.alias is not None else ""
    title = f"customer {wanted.customer} on {proposed.package}{by}"
    return ProvisionView(
        contract=id_,
        made=id_ is not None and proposed.present is None,
        customer=wanted.customer,
        package=str(contract.package if contract is not None and contract.package else proposed.package),
        alias=wanted.alias,
        rate_card=proposed.card,
        starting_at=wanted.starting_at,
        ending_before=contract.ending_before if contract is not None else proposed.ending_before,
        uniqueness_key=wanted.uniqueness_key,
        overlapping=tuple(
            Overlap(one.id, str(one.package) if one.package is not None else None, one.starting_at, one.ending_before)
            for one in proposed.overlapping
        ),
        first_invoice=bill_view(title, proposed.terms, proposed.first, catalog, proposed.card),
        warnings=(*_warnings(proposed), *differences),
        found=f"{_on(contract)} {_span(contract)}" if contract is not None else "",
        differences=differences,
    )


def _warnings(proposed: ProposedContract) -> Iterator[str]:
    """What to look out for."""
    if proposed.overlapping:
        listed = ", ".join(f"{_on(one)} {_span(one)}" for one in proposed.overlapping[:3])
        many = counted(len(proposed.overlapping), "other contract")
        yield f"the customer has {many} at the same time, and each is billed: {listed}"


def _on(contract: Contract) -> str:
    return str(contract.package) if contract.package is not None else "no package of ours"


def _span(contract: Contract) -> str:
    end = f"until {instant_words(contract.ending_before)}" if contract.ending_before is not None else "without end"
    return f"from {instant_words(contract.starting_at)} {end}"
