"""What apply needs of the world: a store that bills, a journal, and a clock.

Stores refuse what the vendor refuses (`StoreRefused`), and say when they cannot tell whether something was done
(`OutcomeUnknown`): then the next run looks before it sends again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from pricebook.catalog.reference import Ref
from pricebook.catalog.violation import Violation
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision
from pricebook.plan.step import Step
from pricebook.plan.verb.verb import Verb

if TYPE_CHECKING:  # brings how bills are made, and most plans bill nobody
    from pricebook.preview.customer import Billed


class StoreError(Exception):
    """The store cannot be used: unreachable, unreadable, full, not a pricebook store. The text is for people."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class StoreRefused(StoreError):  # noqa: N818 - the store answered, and the answer was no
    """The store understood and said no; nothing was changed. `status` is the vendor's HTTP status for it."""

    def __init__(self, message: str, status: int = 400, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


def taken(key: str, contract: str) -> StoreRefused:
    """The uniqueness key belongs to a contract that is not the one that is wanted."""
    message = f"the uniqueness key {key} is taken by another contract, {contract}"
    return StoreRefused(message, 409, "give a uniqueness key of its own to a contract that is another one")


def spent(key: str, contract: str) -> StoreRefused:
    """The uniqueness key belongs to the contract that is wanted, and that one is archived: it will never be there."""
    message = f"the uniqueness key {key} is taken for good by the contract {contract}, which is archived"
    return StoreRefused(message, 409, "give another uniqueness key to a contract that is made in its place")


class OutcomeUnknown(StoreError):  # noqa: N818 - nothing is known to have failed
    """The answer was lost: the change may or may not have been made."""


NOTHING: Mapping[Ref, str] = MappingProxyType({})
"""No object is asked for by id."""


class Store(Protocol):
    """An account that bills, seen as our nouns."""

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """Everything that bears our marks, as of now. Reads only; needs no more than reading. Rates may be lazy, and so
        may contracts, which are counted once somebody asks.

        `adopt` asks for objects by the store's id that bear no mark of ours, to be read as if they were ours under
        these refs (a package without a version: it is version 1), with our names for ids. Those that there are stand
        in `Snapshot.unmarked`. An entry is passed over, and its object stays in `Snapshot.foreign`, when the object is
        archived (a package may be), of another kind, bears any mark already or cannot be read, and when the ref has an
        object that bears its mark. Only what is asked for may cost requests of its own.
        """

    def perform(self, namespace: str, change: Verb, at: datetime, expects: str | None = None) -> str:
        """Make one change, whole or not at all, and return the store's id of the object (a card's for its rates).

        What is overwritten is what the plan saw, or what the change leads to already: else StoreRefused (409), and
        nothing is. Of a Revise that is `expects`, the digest of the object (`plan.step.Step`); rates and aliases are in
        the change itself. Where others can come between the look and the write, the look is the last thing before it.

        A create whose mark is already there with the same digest is success already had and returns that id; so is a
        release of what was let go. The mark that comes with a change is kept with it: the digest of a Create or Revise,
        the `mark` of an AddRates unless it is empty, the `observe.mark.alias_digest` of a Repoint. Where that takes a
        call of its own, the mark is written last; `plan.status` finds a change without its mark and sends it again,
        so a mark is written although the rest is there already. Raises StoreRefused, OutcomeUnknown or StoreError.
        """

    def cannot(self, namespace: str, change: Verb) -> Iterable[Violation]:
        """What of a change this store has no way to do, known without asking it; empty for whatever it can do."""


class BillingStore(Store, Protocol):
    """A store that also lists who is billed, and bears a mark of which account it is (`apply.target`)."""

    @property
    def unlisted(self) -> str:
        """Which live contracts on our cards `billed` leaves out, because they cannot be listed; empty: none."""

    def sign(self, namespace: str, mark: str, at: datetime, *, anew: bool = False) -> str:
        """Mark the account for a namespace, unless it bears a mark already or `anew` replaces that; the mark that it
        bears then, empty where there is nothing of the namespace to mark. Raises StoreError."""

    def billed(self, namespace: str, at: datetime, *, shared: bool = True) -> "Iterator[Billed]":
        """The live contracts on our package versions and rate cards that end later than `at`, as they are: with terms
        of their own and quantities; with `shared` also ingest aliases, and the balances that customers have themselves.
        Needs no more than reading; not all of them are held in memory at once."""


class ContractStore(Protocol):
    """A store that shows who was billed, and makes and ends contracts on packages of ours."""

    def snapshot(self, namespace: str, at: datetime, adopt: Mapping[Ref, str] = NOTHING) -> Snapshot:
        """See `Store`."""

    def cohort(
        self, namespace: str, at: datetime, package: str | None = None, *, ended: bool = False
    ) -> Iterator[Contract]:
        """The contracts on our package versions, of one package or of all: by name, version and start.

        Those that run at `at` or are still to start; with `ended` those too that ended earlier or are archived. Needs
        no more than reading; not all of them are held in memory at once. Raises StoreError.
        """

    def customer_contracts(self, namespace: str, customer: str) -> tuple[Contract, ...]:
        """Every contract of one customer by start, ended, archived and foreign ones too, with all that is known of it.
        A customer that the store does not know has none. Raises StoreError."""

    def provision(self, namespace: str, wanted: Provision, at: datetime) -> str:
        """Make the contract and return its id: the vendor's `contracts/create`, with nothing else in it.

        When there is a contract with that uniqueness key already, it is the answer if it is of that customer, from that
        start, on that package version, or on one that bears the alias or once did. Raises StoreRefused for any other,
        for an archived one, because the key is taken for good, and for whatever the vendor refuses; OutcomeUnknown when
        even a look did not tell: asking again is safe.
        """

    def end_contract(self, contract: Contract, ending_before: datetime | None) -> None:
        """Give the contract another end, not before its start; None: no end. Saying the same twice does no harm. The
        vendor extends no terms when an end moves out. Raises StoreRefused, for an archived one too, OutcomeUnknown."""

    def archive_contract(self, contract: Contract, at: datetime) -> None:
        """Take the contract out of use, for good, as if it had never been; nothing happens when it is. Raises
        StoreRefused, OutcomeUnknown."""


@runtime_checkable
class InvoiceStore(Protocol):
    """A store that shows what customers were billed."""

    def invoices(self, customers: Iterable[str], since: datetime) -> Iterator[Any]:
        """The finalized invoices of customers whose time begins at an instant or later, as the vendor's API shows them.
        Needs no more than reading; not all of them are held in memory at once. Raises StoreError."""


class MeteredUse(NamedTuple):
    """What a metric counted of a customer, from an instant on, under some group values."""

    customer: str
    at: datetime
    values: Mapping[str, str]
    quantity: Decimal


@runtime_checkable
class UsageStore(Protocol):
    """A store that counts usage."""

    def usage(
        self, metric: str, keys: Sequence[str], customers: Sequence[str], start: datetime, end: datetime, *, daily: bool
    ) -> Iterator[MeteredUse]:
        """What a metric, by the store's id, counted of customers by these keys together: in the whole time, or day by
        day. What it counted nothing of is left out. Needs no more than reading. Raises StoreError."""


class AccountStore(ContractStore, BillingStore, Protocol):
    """All that the store of an environment can do."""

    def snapshot(
        self,
        namespace: str,
        at: datetime,
        adopt: Mapping[Ref, str] = NOTHING,
        *,
        strangers: bool = False,
    ) -> Snapshot:
        """See `Store`. With `strangers` everything that is nobody's is asked for too, under its id for a
        name."""


class State(StrEnum):
    """What is known of a step. `unknown` is left only after a look at the store."""

    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an apply came from, as far as is known: who ordered it (the CI's actor, or the user), the commit and branch
    of the manifests, and the digest that was approved (`apply --expect`). What is not known is empty."""

    actor: str = ""
    commit: str = ""
    branch: str = ""
    approved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One apply, as the journal remembers it. `plan` is the plan's digest (`plan.digest`), `number` the journal's own
    name for the run. `ended_at` is None while it works, and for good when it was killed; `result` is `done` when every
    step was done and read back, else `incomplete`, and empty when it never ended."""

    namespace: str
    environment: str
    plan: str
    as_of: datetime
    owner: str
    started_at: datetime
    provenance: Provenance = Provenance()
    ended_at: datetime | None = None
    result: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of the journal, of a run."""

    run: int
    step: str
    state: State
    at: datetime
    owner: str
    remote_id: str = ""
    detail: str = ""


class Lease(NamedTuple):
    """The right to apply to one environment. A higher `token` fences off every lower one."""

    owner: str
    token: int


class LeaseTaken(Exception):  # noqa: N818 - the state of the world, not a mistake
    """Somebody else is applying."""

    def __init__(self, owner: str, since: datetime, expires_at: datetime) -> None:
        super().__init__(f"{owner} is applying since {since:%Y-%m-%d %H:%M:%S}Z")
        self.owner, self.since, self.expires_at = owner, since, expires_at


class LeaseLost(Exception):  # noqa: N818 - the state of the world, not a mistake
    """Our lease ran out and somebody else took over: nothing more may be written."""


class StalePlan(Exception):  # noqa: N818 - the state of the plan, not a mistake
    """The store changed under the plan where the plan would change it. `steps` are those it concerns."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__(", ".join(step.id for step in steps[:5]))
        self.steps = steps


class Journal(Protocol):
    """Where intents and receipts are kept, and who may apply."""

    def acquire(self, environment: str, owner: str, now: datetime) -> Lease:
        """Take the lease when it is free, has run out, or its owner is a process of this host that is gone.

        Raises LeaseTaken.
        """

    def renew(self, environment: str, lease: Lease, now: datetime) -> None:
        """Prolong the lease; another thread may be recording. Raises LeaseLost."""

    def release(self, environment: str, lease: Lease) -> None:
        """Give the lease back; nothing happens when it is no longer ours."""

    def begin(self, lease: Lease, run: Run, plan: str) -> int:
        """Remember that a run begins, with the text of its plan file; the number of the run. Raises LeaseLost."""

    def record(self, environment: str, lease: Lease, entries: Iterable[JournalEntry]) -> None:
        """Write entries, in one transaction that also checks the lease. Raises LeaseLost."""

    def finish(self, environment: str, lease: Lease, run: int, at: datetime, result: str) -> None:
        """Remember how a run ended. Raises LeaseLost."""

    def runs(self, environment: str) -> list[Run]:
        """Every run of an environment, oldest first. Creates nothing."""

    def entries(self, run: int) -> list[JournalEntry]:
        """The entries of a run, oldest first. Creates nothing."""

    def plan(self, run: int) -> str:
        """The text of the plan file that a run applied. Creates nothing."""


class Clock(Protocol):
    """The present."""

    def __call__(self) -> datetime:
        """Now, in UTC."""
