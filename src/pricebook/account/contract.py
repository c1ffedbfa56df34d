"""`contracts/create` and what follows: what a contract may be asked for, what it takes from its package, when it ends.

A contract on a package takes everything from it: besides the customer and the start it can say nothing of its own. The
package's alias, and the alias by which the package names its rate card, are looked up as of the contract's start, once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pricebook.account.refusal import Refused
from pricebook.catalog.calendar import later
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.reference import Kind
from pricebook.plan.contract import Contract, TransitionType, handed_over

TRANSITIONS: tuple[TransitionType, ...] = ("SUPERSEDE", "RENEWAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRequest:
    """What `contracts/create` was asked for; `more` are the names of the other fields that were given."""

    customer: str
    starting_at: datetime
    package: str | None = None
    package_alias: str | None = None
    card: str | None = None
    card_alias: str | None = None
    uniqueness_key: str | None = None
    transition: Mapping[str, Any] | None = None
    more: Collection[str] = ()


class Offer(NamedTuple):
    """What a contract takes from its package: `duration` as the vendor says it, the card by id or by alias."""

    package: str
    duration: Mapping[str, Any] | None
    card: str | None
    card_alias: str | None


class NewContract(NamedTuple):
    """What a contract will be. `ends` is the contract that it supersedes and when that ends, where that changes."""

    offer: Offer | None
    card: str | None
    ending_before: datetime | None
    ends: tuple[str, datetime] | None


class ContractAccount(Protocol):
    """What is asked of the account that a contract is made in."""

    def holder(self, kind: Kind, alias: str, instant: str) -> str | None:
        """The id of the object for which an alias stands at an instant."""

    def offer(self, package: str) -> Offer:
        """A package that is there and not archived. Raises Refused."""

    def check_card(self, card: str) -> None:
        """A rate card is there and not archived. Raises Refused."""

    def contract(self, id_: str) -> Contract:
        """One contract, whatever it is on; its package and card may be left out. Raises Refused."""

    def contract_with(self, uniqueness_key: str) -> str | None:
        """The id of the contract that has a uniqueness key."""


def terms_of(account: ContractAccount, request: ContractRequest) -> NewContract:
    """What the contract will be that is asked for. Raises Refused, and then nothing was done."""
    check_hour("starting_at", request.starting_at)
    start, offer = instant_text(request.starting_at), _offer(account, request)
    cards = {"rate_card_id": request.card, "rate_card_alias": request.card_alias}
    beside = sorted({*request.more, *(name for name, given in cards.items() if given is not None)})
    if offer is not None and beside:
        names = ", ".join(beside)
        raise Refused(400, f"{names} cannot be provided: a contract on a package takes no other terms")
    card, card_alias = (offer.card, offer.card_alias) if offer is not None else (request.card, request.card_alias)
    if offer is None and card is not None:
        if card_alias is not None:
            raise Refused(400, "rate_card_alias cannot be provided together with rate_card_id")
        account.check_card(card)
    if card_alias is not None:
        card = account.holder(Kind.RATE_CARD, card_alias, start)
        if card is None:
            raise Refused(400, f'no rate card has the alias "{card_alias}" on {start}')
    end = None
    if offer is not None and offer.duration is not None:
        end = later(request.starting_at, int(offer.duration["value"]), offer.duration["unit"])
    if request.uniqueness_key is not None and (taken := account.contract_with(request.uniqueness_key)) is not None:
        raise Refused(409, f"the uniqueness key is taken by the contract {taken}")
    return NewContract(offer, card, end, _ended(account, request))


def check_end(contract: Contract, ending_before: datetime | None) -> None:
    """A contract can end then, or (None) go on for ever. Raises Refused."""
    if contract.archived_at is not None:
        raise Refused(400, f"the contract {contract.id} is archived")
    if ending_before is not None:
        check_hour("ending_before", ending_before)
        if ending_before < contract.starting_at:
            start = instant_text(contract.starting_at)
            raise Refused(400, f"the contract starts at {start}; it cannot end before that")


def check_hour(name: str, instant: datetime) -> None:
    """An instant is on the hour. Raises Refused."""
    if next_hour(instant) != instant:
        raise Refused(400, f"{name} must be on an hour boundary, not {instant_text(instant)}")


def missing(id_: str) -> Refused:
    """There is no such contract, or it is another customer's."""
    return Refused(404, f"there is no contract {id_}")


def _offer(account: ContractAccount, request: ContractRequest) -> Offer | None:
    package = request.package
    if request.package_alias is not None:
        if package is not None:
            raise Refused(400, "package_alias cannot be provided together with package_id")
        start = instant_text(request.starting_at)
        package = account.holder(Kind.PACKAGE, request.package_alias, start)
        if package is None:
            raise Refused(400, f'no package has the alias "{request.package_alias}" on {start}')
    return account.offer(package) if package is not None else None


def _ended(account: ContractAccount, request: ContractRequest) -> tuple[str, datetime] | None:
    """The contract that the new one supersedes, and when it ends then."""
    if request.transition is None:
        return None
    kind: Any = str(request.transition.get("type", "")).upper()
    if kind not in TRANSITIONS:
        raise Refused(400, f"transition.type is SUPERSEDE or RENEWAL, not {request.transition.get('type')!r}")
    earlier = account.contract(str(request.transition.get("from_contract_id", "")))
    if earlier.customer != request.customer:
        raise missing(earlier.id)
    try:
        end = handed_over(kind, request.starting_at, earlier)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return (earlier.id, end) if end is not None and end != earlier.ending_before else None
