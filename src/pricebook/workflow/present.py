"""A store seen through the manifests of a project: what they adopt by id is there, and all of it has its present name.

Marks of packages keep the name that they were made under, and adopted ones bear none. So whoever reads or makes
contracts does it through here, and is on the very package versions that a plan speaks of.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from pricebook.apply.ports import NOTHING, BillingStore, ContractStore, StoreError
from pricebook.catalog.instant import instant_text
from pricebook.catalog.product import Product
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.renaming import Renaming
from pricebook.manifest.load import Loaded, Outline, outline
from pricebook.observe.renames import Moves, renamed
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision
from pricebook.plan.diff import with_gone
from pricebook.plan.timeline import begins_after, with_past
from pricebook.preview.customer import Billed, Billing
from pricebook.problem import Rejected, quote
from pricebook.project.project import Project


def present_store(store: ContractStore, project: Project, environment: str) -> "PresentStore":
    """The store of an environment, as its manifests call what is in it. Of the manifests only the ids that they adopt
    and the units of products are read."""
    return PresentStore(store, outline(project, environment), project.moves)


def with_units(snapshot: Snapshot, units: Mapping[Ref, str]) -> Snapshot:
    """The snapshot with what one unit of a product is, where the store was not told: units are never sent."""
    objects = dict(snapshot.objects)
    for ref, unit in units.items():
        held = objects.get(ref)
        if held is not None and isinstance(held.noun, Product) and held.noun.unit is None:
            objects[ref] = replace(held, noun=held.noun.model_copy(update={"unit": unit}))
    return replace(snapshot, objects=objects)


def with_history(
    loaded: Loaded,
    project: Project,
    environment: str,
    open_store: Callable[[], ContractStore],
    at: datetime,
    since: datetime,
) -> tuple[Loaded, str]:
    """The manifests with the prices that the store of an environment holds before they begin, to bill from `since` on;
    and by whose prices that is, for people; nothing where the manifests say it all.

    The store is asked only where the manifests begin later. That it cannot be is said, and is no error: manifests are
    tested without an account too.
    """
    catalog, target = loaded.catalog, f"{project.settings.namespace}/{environment}"
    if not any(begins_after(rates, instant_text(since)) for rates in catalog.rates.values()):
        return loaded, ""
    try:
        store = PresentStore(open_store(), Outline(loaded.adopted(environment), {}), project.moves)
        observed = store.snapshot(project.settings.namespace, at).catalog
    except (Rejected, StoreError) as error:
        why = error.problems[0].message if isinstance(error, Rejected) else error.message
        alone = f"what {target} holds before they begin cannot be read ({quote(why, 200)})"
        return loaded, f"by the manifests alone: {alone}"
    whole = with_gone(with_past(catalog, observed), observed, at)
    if whole is catalog:
        return loaded, f"by the manifests alone: {target} holds nothing before they begin"
    return loaded._replace(catalog=whole), f"by the manifests, and before they begin by what {target} holds"


class PresentStore:
    """The contracts of a store under the present names of packages and cards: see `apply.ports.ContractStore`. Its
    snapshot is read before anything else."""

    def __init__(self, store: ContractStore, said: Outline, moves: Moves) -> None:
        self._store, self.said, self._moves = store, said, moves
        self._marked: dict[Ref, Ref] = {}
        """Every object by its present name, with the name in its mark."""
        self._renamed: dict[Ref, Ref] = {}
        """What has another name in its mark, by that, with its present one."""

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        held = self._store.snapshot(namespace, at, {**self.said.adopt, **adopt})
        seen = renamed(held, self._moves)
        # Names are all that differs, so both list the same objects in the same order.
        self._marked = dict(zip(seen.ids, held.ids, strict=True))
        self._renamed = {marked: ref for ref, marked in self._marked.items() if marked != ref}
        return with_units(seen, self.said.units)

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        """See `ContractStore`. Versions that were made under an earlier name come before those made since."""
        versions = [ref for ref in self._marked if ref.kind is Kind.PACKAGE and package in (None, ref.name)]
        versions.sort(key=lambda ref: (ref.name, ref.version or 0))
        for name in dict.fromkeys(self._marked[ref].name for ref in versions):
            yield from self._called(self._store.cohort(namespace, at, name, ended=ended))

    def as_billed(
        self, contracts: Iterable[Contract], store: BillingStore, namespace: str, at: datetime
    ) -> Iterator[Billed]:
        """Contracts of a cohort with what the store knows of them besides, as far as they run at the instant, and then
        those that run and are on no package of ours."""
        names = Renaming({(old.kind, old.name): new.name for old, new in self._renamed.items()})
        known = {each.billing.contract.id: each for each in store.billed(namespace, at)}
        for contract in contracts:
            found = known.pop(contract.id, Billed(Billing(contract)))
            held = replace(contract, quantities=found.billing.contract.quantities)
            yield found._replace(billing=found.billing._replace(contract=held)).named(names.name)
        yield from (each for each in known.values() if each.billing.contract.package is None)

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
