"""What of a contract is its own: its terms as an account shows them, against those that its package gave it.

An account shows one list of terms, whatever they came from. Those that are the package's with dates are known by what
they say; what is left on either side is what was agreed with the customer, or taken out. Names, descriptions, custom
fields and quantities tell nothing here.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, cast

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.model import Model, Noun
from pricebook.catalog.override import Override
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.term import Duration, RelativeDate
from pricebook.catalog.traverse import links, relinked
from pricebook.observe.snapshot import LiveContracts, OwnContracts
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billing
from pricebook.preview.materialise import materialise
from pricebook.preview.terms import (
    LISTS,
    AnyDated,
    ContractTerms,
    DatedCharge,
    DatedOverride,
    DatedSubscription,
    Grant,
    OwnTerms,
    label_of,
)

D = TypeVar("D", bound=AnyDated)
BARE = Package(name="no package")
"""What a contract is on that is on no package."""
_ASIDE: dict[str, Any] = {
    **dict.fromkeys(("key", "name", "description", "custom_fields", "initial_quantity"), True),
    **dict.fromkeys(("starting_at_offset", "duration", "starting_at", "ending_before"), True),
    **dict.fromkeys(("access_schedule", "invoice_schedule", "schedule"), True),
    "seat_config": {"initial_unassigned_seats"},
    "proration": {"invoice_behavior"},
}
"""What of a term is dated elsewhere, is not shown, or is no matter of prices."""


def package_of(on: Ref | None, found: Callable[[Ref], Noun | None]) -> Package | None:
    """What gives a contract on a package version its terms: of one on none, `BARE`; None of a version that is not
    found."""
    return cast("Package | None", found(on)) if on is not None else BARE


def card_of(contract: Contract, package: Package, catalog: Catalog) -> str | None:
    """The name of the card that a contract is on: that which is settled, else what its package means at its start."""
    settled = contract.card.name if contract.card is not None else package.rate_card
    return catalog.card_at(settled, package.rate_card_alias, contract.starting_at)


def terms_of(contract: Contract, package: Package, own: OwnTerms | None = None) -> ContractTerms:
    """The terms that a contract has from its package, beside its own."""
    given = materialise(package, contract.starting_at, ending_before=contract.ending_before)
    return given.beside(own) if own is not None else given


class Own(NamedTuple):
    """What a contract has of its own, None for nothing; `keys` are the names of the package's terms by the contract's
    ids."""

    terms: OwnTerms | None
    keys: dict[str, str]


def own_terms(whole: ContractTerms, package: ContractTerms) -> Own:
    """What of all the terms of a contract is its own, beside those of its package: of one on no package, of `BARE`."""
    keys: dict[str, str] = {}
    without: set[str] = set()
    made: dict[str, Any] = {}
    end = min(whole.ending_before, package.ending_before)
    for name in LISTS:
        given: dict[str, list[AnyDated]] = {}
        for term in reversed(getattr(package, name)):
            given.setdefault(_content(term, end), []).append(term)
        own = []
        for term in getattr(whole, name):
            alike = given.get(_content(term, end))
            if alike:
                keys[_key(term)] = _key(alike.pop())
            else:
                own.append(term)
        without |= {label_of(term) for terms in given.values() for term in terms}
        made[name] = own
    made["overrides"] = [replace(one, index=index) for index, one in enumerate(made["overrides"])]
    terms = OwnTerms(
        **{name: tuple(_linked(term, keys) for term in own) for name, own in made.items()},
        without=frozenset(without),
        statement=whole.statement if whole.statement != package.statement else None,
        consolidated=whole.consolidated and not package.consolidated,
        explicit=whole.explicit and not package.explicit,
        notes=tuple(note for note in whole.notes if note not in package.notes),
    )
    return Own(terms if terms != OwnTerms() else None, keys)


def _key(term: AnyDated) -> str:
    return term.name if isinstance(term, DatedOverride | DatedCharge) else term.key


def _content(term: AnyDated, end: datetime) -> str:
    """What a term says, whatever it is called."""
    if isinstance(term, DatedCharge):
        return encode([term.kind, term.product, f"{term.at}", term.unit_price, term.quantity, term.unit])
    start, until = term.window
    more: list[object] = [f"{start}", f"{min(until, end)}"]
    if isinstance(term, Grant):
        more += [term.kind, term.amount, term.unit, term.free, term.counts_units]
    return encode([plain(term.term), *more])


def plain(term: Model) -> dict[str, Any]:
    """What a term says besides its names and its time, and besides which other terms it is tied to."""
    bare = relinked(term, dict.fromkeys((text for _, _, text in links(term)), ""))
    found = bare.model_dump(exclude=_ASIDE, exclude_defaults=True)
    if found.get("rate_type") == "LIST_RATE":
        del found["rate_type"]
    return found


def _linked(term: D, keys: dict[str, str]) -> D:
    """The term with links to those of the package under the package's names for them."""
    if isinstance(term, DatedCharge):
        return replace(term, commit=keys.get(term.commit, term.commit))
    changed: Any = replace(cast(Any, term), term=relinked(term.term, keys))
    return cast(D, changed)


_AT_START = RelativeDate(value=0, unit="DAYS")
_A_WHILE = Duration(value=1, unit="YEARS")


def bought(terms: ContractTerms, at: datetime) -> Package:
    """What decides which prices a contract pays from `at` on, as a package: its subscriptions and overrides, without
    amounts, so that contracts that buy alike have equal ones. What holds by then counts as holding from the start."""
    subscriptions: dict[str, Any] = {}
    for one in _running(terms.subscriptions, at):
        rate = one.term.subscription_rate
        said = one.term.model_copy(update=dict.fromkeys(_NAMES) | {"initial_quantity": None, "custom_fields": {}})
        subscriptions.setdefault(f"{rate.product} {rate.billing_frequency}", said)
    overrides: dict[str, Override] = {}
    for each in _running(terms.overrides, at):
        start, end = each.window
        time = {"starting_at_offset": _AT_START} if start <= max(at, terms.starting_at) else {"starting_at": start}
        if end < terms.ending_before:
            time |= {"duration": _A_WHILE} if "starting_at_offset" in time else {"ending_before": end}
        empty: dict[str, Any] = {**dict.fromkeys(_NAMES + _AMOUNTS), "tiers": ()}
        term = each.term.model_copy(update=empty | dict.fromkeys(_TIMES) | time)
        overrides.setdefault(encode(term.model_dump(mode="json", exclude_defaults=True)), term)
    ordered = tuple(subscriptions[name] for name in sorted(subscriptions))
    return Package.model_construct(name="contract", subscriptions=ordered, overrides=tuple(overrides.values()))


_NAMES = ("key",)
_AMOUNTS = ("overwrite_rate", "multiplier")
_TIMES = ("starting_at_offset", "duration", "starting_at", "ending_before")


def _running(terms: Iterable[DatedSubscription] | Iterable[DatedOverride], at: datetime) -> Any:
    return (term for term in terms if term.window.ending_before > at)


def counted(
    billings: Iterable[Billing], found: Callable[[Ref], Noun | None], at: datetime, unlisted: str
) -> dict[Ref, LiveContracts]:
    """The live contracts on every card and package version that has any. `found` as in `package_of`; `unlisted` as in
    `LiveContracts`, of cards."""
    total: Counter[Ref] = Counter()
    by_package: dict[Ref, Counter[Ref]] = {}
    alike: dict[Ref, dict[tuple[Ref | None, str], OwnContracts]] = {}
    for billing in billings:
        contract = billing.contract
        card, package = contract.card, contract.package
        total.update(ref for ref in (card, package) if ref is not None)
        if card is None:
            continue
        if package is not None:
            by_package.setdefault(card, Counter())[package] += 1
        if billing.unread or (package is not None and billing.own is None):
            continue
        terms = package_of(package, found)
        if terms is not None:
            said = bought(terms_of(contract, terms, billing.own), at)
            own = alike.setdefault(card, {})
            one = own.setdefault((package, repr(said)), OwnContracts(package, said, 0))
            own[package, repr(said)] = one._replace(contracts=one.contracts + 1)
    return {
        ref: LiveContracts(
            count,
            dict(sorted(by_package.get(ref, {}).items())),
            tuple(own[1] for own in sorted(alike.get(ref, {}).items(), key=lambda own: str(own[0]))),
            unlisted if ref.kind is Kind.RATE_CARD else "",
        )
        for ref, count in total.items()
    }
