"""A contract before it is made: what it will be on, until when, what it costs first, and what speaks against it.

The rule that it keeps: whatever the vendor would refuse is refused here, with the reason, before anything is sent. A
contract on a package can say nothing of its own: the customer, the package, the start, and a uniqueness key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.instant import instant_text, instant_words
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.contract import Contract, Provision
from pricebook.plan.holding import Holding, holdings
from pricebook.preview.bill import bill
from pricebook.preview.invoice import Bill
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms
from pricebook.problem import Problem, Rejected, did_you_mean, quote, reject

FAR = 100
"""Years from now; no contract is made that begins earlier or later."""
LONGEST_KEY = 128
"""Characters of a uniqueness key (API)."""


@dataclass(frozen=True, slots=True)
class WantedContract:
    """What somebody wants. `package` is an alias, or a version as `starter-plan@3`."""

    customer: str
    package: str
    starting_at: datetime
    uniqueness_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedContract:
    """The contract that would be made. `package` is the version that it will be on, `card` the name of the rate card
    that it will pay by, None when that is not ours or there is none.

    `first` is its first invoice, without any usage; it has none where nothing is invoiced in the first month. `present`
    is the contract that is there already under the uniqueness key, of the same customer, package and start.
    `overlapping` are the customer's other contracts that run at the same time: both are billed.
    """

    wanted: Provision
    package: Ref
    card: str | None
    terms: ContractTerms
    first: Bill
    present: Contract | None
    overlapping: tuple[Contract, ...]

    @property
    def ending_before(self) -> datetime | None:
        """Where it ends; None for without end."""
        return self.terms.ending_before if self.terms.ending_before < FOREVER else None


def propose(asked: WantedContract, snapshot: Snapshot, contracts: Sequence[Contract]) -> ProposedContract:
    """The contract that the store would make. `contracts` are the customer's. Raises Rejected, with every reason."""
    problems = list(_malformed(asked, snapshot.observed_at))
    held = list(holdings(snapshot))
    found = _version(asked, snapshot, held)
    if isinstance(found, Problem):
        raise Rejected([*problems, found])
    ref, alias = found
    package = snapshot.catalog.nouns.get(ref)
    if not isinstance(package, Package):
        raise reject("unreadable", f"{ref} cannot be read: what it says is not known", hint="see: pricebook plan")
    problems += _unfit(ref, package, asked, snapshot, held)
    # The key makes a second call harmless: the same contract again is what is there, another one is refused.
    present = next((one for one in contracts if one.uniqueness_key == asked.uniqueness_key), None)
    if present is not None and (present.starting_at != asked.starting_at or not _is_on(present, ref, alias, held)):
        what = (
            f"contract {present.id} on {present.package or 'another package'} from {instant_words(present.starting_at)}"
        )
        hint = "give another contract another uniqueness key"
        problems.append(Problem("uniqueness-key", f"the uniqueness key is taken: {what}", hint=hint))
    elif present is not None and present.archived_at is not None:
        what = f"contract {present.id}, which was archived on {instant_words(present.archived_at)}"
        hint = "to make it again, give it a key of its own: --uniqueness-key"
        problems.append(Problem("uniqueness-key", f"the uniqueness key is taken for good by {what}", hint=hint))
    if problems:
        raise Rejected(problems)
    wanted = Provision(
        asked.customer,
        asked.starting_at,
        asked.uniqueness_key,
        package=ref if alias is None else None,
        alias=alias,
    )
    card = _card(package, asked.starting_at, snapshot, held)
    terms = materialise(package, asked.starting_at)
    prices = Prices(Tariff(snapshot.catalog, card), terms)
    # Two contracts of one customer at one time may both bill: said, and not refused, since it may be meant.
    overlapping = tuple(
        one
        for one in contracts
        if one is not present
        and one.runs(asked.starting_at)
        and one.starting_at < terms.ending_before
        and one.starting_at != one.ending_before
    )
    month = later(asked.starting_at, 1, "MONTHS")
    billed = bill(prices, (), (), month)
    first = replace(billed, invoices=billed.invoices[:1], balances=())
    return ProposedContract(
        wanted=wanted, package=ref, card=card, terms=terms, first=first, present=present, overlapping=overlapping
    )


def _malformed(asked: WantedContract, now: datetime) -> Iterator[Problem]:
    if not asked.customer.strip():
        yield Problem("value", "--customer is empty", hint="say the id by which the account knows the customer")
    elif asked.customer != asked.customer.strip():
        message = f"--customer {quote(asked.customer)} has a blank around it"
        yield Problem("blank", message, hint="take it out; the account would know another customer by it")
    if not later(asked.starting_at, -FAR, "YEARS") <= now <= later(asked.starting_at, FAR, "YEARS"):
        message = f"--starting-at {instant_words(asked.starting_at)} is more than {FAR} years from now"
        yield Problem("instant", message, hint="check the year: everything from then on is billed")
    if not 1 <= len(asked.uniqueness_key) <= LONGEST_KEY:
        message = f"a uniqueness key has 1 to {LONGEST_KEY} characters, this one {len(asked.uniqueness_key)}"
        yield Problem("uniqueness-key", message, hint="make it shorter, or leave it out: one is made of the intent")


def _version(asked: WantedContract, snapshot: Snapshot, held: Iterable[Holding]) -> tuple[Ref, str | None] | Problem:
    """The version that is meant, and the alias by which it is; None for a version that was named itself."""
    name = asked.package.removeprefix(f"{Kind.PACKAGE.value}:")
    bare, mark, number = name.rpartition("@")
    if mark and number.isdecimal() and (ref := Ref(Kind.PACKAGE, bare, int(number))) in snapshot.ids:
        return ref, None
    holder = _holder(Kind.PACKAGE, name, asked.starting_at, held)
    if holder is not None:
        return holder, name
    own = [holding for holding in held if holding.ref.kind is Kind.PACKAGE]
    others = [holding for holding in own if holding.alias == name]
    aliases = {holding.alias for holding in own}
    if others:
        hint = "; ".join(f"it stands for {one.ref} {_times(one)}" for one in others[:3])
    elif name in {ref.name for ref in snapshot.ids if ref.kind is Kind.PACKAGE}:
        hint = f"that is a package's name: say one of its versions, {name}@1, or an alias of it"
    else:
        hint = did_you_mean(name, aliases) or f"aliases: {', '.join(sorted(aliases)[:10]) or 'none'}"
    message = f"no package of ours has the alias {quote(name)} on {instant_words(asked.starting_at)}"
    return Problem("unknown-package", message, hint=hint)


def _unfit(
    ref: Ref, package: Package, asked: WantedContract, snapshot: Snapshot, held: Iterable[Holding]
) -> Iterator[Problem]:
    """Why no contract can be made on the version."""
    if ref in snapshot.archived:
        hint = "contracts that are on it go on; new ones need a version that is live"
        yield Problem("archived-package", f"{ref} is archived: it takes no new contracts", hint=hint)
    alias = package.rate_card_alias
    if alias is not None and _card(package, asked.starting_at, snapshot, held) is None:
        message = f"no rate card has the alias {quote(alias)} of {ref} on {instant_words(asked.starting_at)}"
        yield Problem("unknown-reference", message, hint="a package picks its card as of the contract's start")


def _card(package: Package, at: datetime, snapshot: Snapshot, held: Iterable[Holding]) -> str | None:
    """Our rate card that a contract from then on pays by."""
    if package.rate_card_alias is None:
        return package.rate_card if package.rate_card in snapshot.catalog.cards else None
    holder = _holder(Kind.RATE_CARD, package.rate_card_alias, at, held)
    return holder.name if holder is not None else None


def _holder(kind: Kind, alias: str, at: datetime, held: Iterable[Holding]) -> Ref | None:
    """What an alias stands for at an instant."""
    own = (holding for holding in held if holding.ref.kind is kind and holding.alias == alias)
    return next((holding.ref for holding in own if holding.covers(instant_text(at))), None)


def _is_on(contract: Contract, ref: Ref, alias: str | None, held: Iterable[Holding]) -> bool:
    """Whether a contract is on the version that is meant; with an alias also on one that bears it, or once did."""
    if alias is None or contract.package == ref:
        return contract.package == ref
    return any(holding.alias == alias and holding.ref == contract.package for holding in held)


def _times(holding: Holding) -> str:
    start = f"from {holding.starting_at[:10]}" if holding.starting_at else ""
    end = f"until {holding.ending_before[:10]}" if holding.ending_before else ""
    return " ".join(filter(None, (start, end)))
