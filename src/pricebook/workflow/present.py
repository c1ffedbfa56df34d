"""A store seen through the manifests of a project: what they adopt by id is there, and all of it has its present name.

Marks of packages keep the name that they were made under, and adopted ones bear none. So whoever reads or makes
contracts does it through here, and is on the very package versions that a plan speaks of.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from pricebook.apply.ports import NOTHING, ContractStore
from pricebook.catalog.reference import Kind, Ref
from pricebook.manifest.load import asked_for
from pricebook.observe.renames import Moves, renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision
from pricebook.project.project import Project


def present_store(store: ContractStore, project: Project, environment: str) -> "PresentStore":
    """The store of an environment, as its manifests call what is in it. Of the manifests only the ids that they adopt
    are read."""
    return PresentStore(store, asked_for(project, environment), project.moves)


class PresentStore:
    """The contracts of a store under the present names of packages and cards: see `apply.ports.ContractStore`. Its
    snapshot is read before anything else."""

    def __init__(self, store: ContractStore, adopted: Mapping[Ref, str], moves: Moves) -> None:
        self._store, self._adopted, self._moves = store, adopted, moves
        self._marked: dict[Ref, Ref] = {}
        """Every object by its present name, with the name in its mark."""
        self._renamed: dict[Ref, Ref] = {}
        """What has another name in its mark, by that, with its present one."""

    def snapshot(
        self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING, *, counted: bool = True
    ) -> Snapshot:
        held = self._store.snapshot(namespace, at, {**self._adopted, **adopt}, counted=counted)
        seen = renamed(held, self._moves)
        # Names are all that differs, so both list the same objects in the same order.
        self._marked = dict(zip(seen.ids, held.ids, strict=True))
        self._renamed = {marked: ref for ref, marked in self._marked.items() if marked != ref}
        return seen

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        """See `ContractStore`. Versions that were made under an earlier name come before those made since."""
        versions = [ref for ref in self._marked if ref.kind is Kind.PACKAGE and package in (None, ref.name)]
        versions.sort(key=lambda ref: (ref.name, ref.version or 0))
        for name in dict.fromkeys(self._marked[ref].name for ref in versions):
            yield from self._called(self._store.cohort(namespace, at, name, ended=ended))

    def customer_contracts(self, namespace: str, customer: str) -> tuple[Contract, ...]:
        return tuple(self._called(self._store.customer_contracts(namespace, customer)))

    def provision(self, namespace: str, wanted: Provision, at: datetime) -> str:
        if wanted.package is not None:
            wanted = replace(wanted, package=self._marked.get(wanted.package, wanted.package))
        return self._store.provision(namespace, wanted, at)

    def end_contract(self, contract: Contract, ending_before: datetime | None) -> None:
        self._store.end_contract(contract, ending_before)

    def archive_contract(self, contract: Contract, at: datetime) -> None:
        self._store.archive_contract(contract, at)

    def _called(self, contracts: Iterable[Contract]) -> Iterator[Contract]:
        """The contracts on what their package and card are called now."""
        names = self._renamed
        for found in contracts:
            package = names.get(found.package, found.package) if found.package is not None else None
            card = names.get(found.card, found.card) if found.card is not None else None
            same = (package, card) == (found.package, found.card)
            yield found if same else replace(found, package=package, card=card)
