"""Provisioning: one customer gets one contract on a package, and nothing about it but what the package says."""

from dataclasses import dataclass
from datetime import datetime

from pricebook.apply.keys import contract_key
from pricebook.apply.ports import ContractStore
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract
from pricebook.preview.proposal import ProposedContract, WantedContract, propose


@dataclass(frozen=True, slots=True)
class MadeContract:
    """The contract as the store shows it now; None when it does not. `other` are the words for what of it is not as it
    was proposed."""

    id: str
    contract: Contract | None
    other: tuple[str, ...]


def proposal(
    store: ContractStore,
    namespace: str,
    snapshot: Snapshot,
    *,
    customer: str,
    package: str,
    starting_at: datetime,
    uniqueness_key: str | None,
) -> ProposedContract:
    """The contract that would be made. Without a uniqueness key one is made of the intent, so that asking twice makes
    one contract. Raises Rejected, StoreError."""
    key = uniqueness_key if uniqueness_key is not None else contract_key(namespace, customer, package, starting_at)
    contracts = store.customer_contracts(namespace, customer) if customer.strip() else ()
    return propose(WantedContract(customer, package, starting_at, key), snapshot, contracts)


def read_back(id_: str, proposed: ProposedContract, store: ContractStore, namespace: str) -> MadeContract:
    """The contract that was made, as it was proposed or otherwise. Raises StoreError."""
    found = next((one for one in store.customer_contracts(namespace, proposed.wanted.customer) if one.id == id_), None)
    other = []
    if found is not None and found.package != proposed.package:
        other.append(f"it is on {found.package or 'no package of ours'}, not on {proposed.package}")
    if found is not None and found.ending_before != proposed.ending_before:
        other.append("its end is another one")
    return MadeContract(id_, found, tuple(other))
