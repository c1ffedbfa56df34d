"""Making one contract under the environment's lock, written to the journal: the intent before, the receipt after.

What stands in the store decides, never the journal: asking again makes no second contract (`ContractStore.provision`).
"""

from pricebook.apply.journaled import Journaled
from pricebook.apply.lease import leased
from pricebook.apply.ports import Clock, ContractStore, Journal, OutcomeUnknown, Provenance, Run, StoreError
from pricebook.catalog.canonical import digest, encode
from pricebook.catalog.instant import instant_text
from pricebook.plan.contract import Provision

FORMAT = "pricebook-contract/1"


def provision(
    wanted: Provision,
    store: ContractStore,
    journal: Journal,
    *,
    namespace: str,
    environment: str,
    owner: str,
    clock: Clock,
    provenance: Provenance,
) -> str:
    """Make the contract, and return its id. Raises LeaseTaken, and what `ContractStore.provision` raises."""
    with leased(journal, environment, owner, clock) as lease:
        document = _document(wanted)
        now = clock()
        run = Run(
            namespace=namespace,
            environment=environment,
            plan=digest(document),
            as_of=now,
            owner=owner,
            started_at=now,
            provenance=provenance,
        )
        journaled = Journaled.begin(run, document, journal, lease, clock)
        step = f"contract:{wanted.customer}"
        on = wanted.package or f"what {wanted.alias} names"
        what = f"on {on} from {instant_text(wanted.starting_at)}, {wanted.uniqueness_key}"
        journaled.intend([step], what)
        try:
            made = store.provision(namespace, wanted, clock())
        except StoreError as error:
            outcome = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
            journaled.receive([(step, outcome, f"{what}: {error.message}", "")])
            journaled.finish(complete=False)
            raise
        journaled.receive([(step, "done", what, made)])
        journaled.finish(complete=True)
        return made


def _document(wanted: Provision) -> str:
    """The intent, as the journal keeps it in the place of a plan."""
    said = {
        "format": FORMAT,
        "customer": wanted.customer,
        "starting_at": instant_text(wanted.starting_at),
        "package": str(wanted.package) if wanted.package is not None else None,
        "alias": wanted.alias,
        "uniqueness_key": wanted.uniqueness_key,
    }
    return encode(said) + "\n"
