"""Cohorts: who is on which version of a package. Reads only.

The rule that it keeps: contracts are a stream. A version's are counted as they come by, and its customers in order of
their names through files, so that hundreds of thousands take no more memory than a few.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby

from pricebook.apply.external_sort import in_order
from pricebook.apply.ports import ContractStore
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot, with_rates
from pricebook.plan.cohort import Cohort, by_object, came_as
from pricebook.plan.contract import Contract
from pricebook.plan.holding import Holding, holdings
from pricebook.problem import did_you_mean, quote, reject


def package_name(text: str | None, snapshot: Snapshot) -> str | None:
    """The package that is asked about, None for all of them. Raises Rejected for one that is not there."""
    if text is None:
        return None
    name = text.removeprefix(f"{Kind.PACKAGE.value}:")
    known = {ref.name for ref in snapshot.ids if ref.kind is Kind.PACKAGE}
    if name not in known:
        hint = did_you_mean(name, known) or f"packages: {', '.join(sorted(known)[:10]) or 'none'}"
        raise reject("unknown-package", f"there is no package {quote(name)} in the store", hint=hint)
    return name


def without_rates(snapshot: Snapshot) -> Snapshot:
    """The snapshot without prices: versions differ in their terms alone, and long price lists need not be read."""
    return with_rates(snapshot, {})


def cohorts(
    store: ContractStore, namespace: str, snapshot: Snapshot, at: datetime, package: str | None, *, ended: bool
) -> list[Cohort]:
    """The cohort of every version of the package, or of all packages, by name and version; empty ones too."""
    held = by_object(holdings(snapshot))
    found = {
        ref: Cohort(package=ref) for ref in snapshot.ids if ref.kind is Kind.PACKAGE and package in (None, ref.name)
    }
    for ref, contracts in groupby(store.cohort(namespace, at, package, ended=ended), lambda found: found.package):
        if ref is not None:
            found[ref] = _counted(ref, contracts, held, at)
    return sorted(found.values(), key=lambda cohort: (cohort.package.name, cohort.package.version or 0))


def members(
    store: ContractStore, namespace: str, snapshot: Snapshot, at: datetime, package: str | None, *, ended: bool
) -> Iterator[tuple[Contract, str]]:
    """Every contract with the aliases under which it came, version by version and by start."""
    held = by_object(holdings(snapshot))
    for contract in store.cohort(namespace, at, package, ended=ended):
        yield contract, came_as(contract, held)


class _Count:
    """Counts the contracts of one version while they come by, in the order of their start."""

    def __init__(self, held: Mapping[Ref, list[Holding]], at: datetime) -> None:
        self._held, self._at = held, at
        self.states: Counter[str] = Counter()
        self.aliases: Counter[str] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.end: datetime | None = None
        self.endless = 0

    def take(self, contract: Contract) -> tuple[str]:
        """Count a contract; its customer, as a row to put in order."""
        self.states[contract.state(self._at)] += 1
        self.aliases[came_as(contract, self._held)] += 1
        self.first, self.last = self.first or contract.starting_at, contract.starting_at
        end = contract.ending_before
        if end is None:
            self.endless += 1
        elif self.end is None or end > self.end:
            self.end = end
        return (contract.customer,)


def _counted(ref: Ref, contracts: Iterable[Contract], held: Mapping[Ref, list[Holding]], at: datetime) -> Cohort:
    count = _Count(held, at)
    customers = sum(1 for _ in groupby(in_order(map(count.take, contracts))))
    states = count.states
    return Cohort(
        package=ref,
        running=states["running"],
        coming=states["coming"],
        ended=states["ended"],
        archived=states["archived"],
        customers=customers,
        first_start=count.first,
        last_start=count.last,
        last_end=count.end,
        endless=count.endless,
        came_as=tuple(sorted(count.aliases.items())),
    )
