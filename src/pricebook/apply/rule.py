"""The vendor's rules about changes, the same in every store of ours. Each refusal says why, with the vendor's status.

What a request may not contain is 400, what is not there 404, what contradicts the present state 409.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pricebook.apply.ports import StoreRefused
from pricebook.catalog.amount import USD
from pricebook.catalog.canonical import encode
from pricebook.catalog.model import Alias
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import read_key
from pricebook.plan.change import RateChange
from pricebook.plan.handover import fits
from pricebook.plan.verb.add_rates import after
from pricebook.plan.verb.table import Repoint
from pricebook.plan.verb.verb import Verb

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.package import Package


def built_in(kind: Kind, name: str) -> bool:
    """Whether every account has it, under this very name: the pricing unit `usd`."""
    return kind is Kind.PRICING_UNIT and name == USD


def check_taken(ref: Ref, digest: str, present: str | None, *, archived: bool) -> None:
    """The mark of a noun to be created is there already: that is success only when the same intent put it there."""
    if archived:
        message = f"{ref} was archived, and what is archived keeps its mark for good"
        raise StoreRefused(message, 409, "declare it under another metadata.name")
    if present != digest:
        message = f"{ref} is there already with other content ({present or 'no digest'}, not {digest})"
        raise StoreRefused(message, 409, "somebody else applied in between; plan again")


def check_live(ref: Ref, *, present: bool, archived: bool) -> None:
    """A noun that is to be changed is there, and not archived."""
    if not present:
        raise StoreRefused(f"{ref} is not there", 404, "plan again")
    if archived:
        raise StoreRefused(f"{ref} is archived and cannot be changed", 400, "plan again")


def check_adoption(ref: Ref, id_: str, *, present: bool, archived: bool, owner: str, taken: bool) -> None:
    """An object that is to become ours is there, live and nobody's, and no other one is what it is to be. `owner` is
    the mark that it bears, empty for none."""
    if not present:
        raise StoreRefused(f"there is no {ref.kind.words} {id_}", 404, "plan again")
    if archived:
        raise StoreRefused(f"the {ref.kind.words} {id_} is archived and cannot be adopted", 400, "plan again")
    if owner:
        raise StoreRefused(
            f"the {ref.kind.words} {id_} bears the mark {owner}", 409, "somebody else owns it; plan again"
        )
    if taken:
        raise StoreRefused(f"{ref} is another object already", 409, "somebody else applied in between; plan again")


def check_reference(ref: Ref, target: Ref, *, present: bool, archived: bool) -> None:
    """What a new noun refers to is there, and not archived."""
    if not present or archived:
        state = "is archived" if archived else "is not there"
        raise StoreRefused(f"{ref} refers to {target}, which {state}", 400, f"plan {target} first")


def check_revision(ref: Ref, mutable: frozenset[str], observed: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
    """Only mutable fields differ between two canonical specs, and a card's conversions only grow."""
    for field in sorted({*observed, *desired} - mutable):
        if encode(observed.get(field)) != encode(desired.get(field)):
            raise StoreRefused(f"{field} of {ref} cannot change", 400, "declare a new one under another name")
    kept = set(map(encode, desired.get("credit_type_conversions", ())))
    for conversion in observed.get("credit_type_conversions", ()):
        if encode(conversion) not in kept:
            message = f"conversions of {ref} can be added, but not changed or removed"
            raise StoreRefused(message, 400, "use another pricing unit, or another rate card")


def check_observed(ref: Ref, present: str, expects: str | None, digest: str) -> None:
    """What is overwritten is what the plan saw, or what the change leads to already. `expects` is None when nothing is
    known to have been seen."""
    if expects is not None and present not in (expects, digest):
        raise _moved(str(ref))


def check_repoint(change: Repoint, held: Collection[Alias], order: tuple[str, ...], holders: Iterable[str]) -> None:
    """The same of a card's aliases and product order. `holders` are the other cards that have one of the names now."""
    if not fits(change, held, order, holders):
        raise _moved(f"{change.ref}, or who has its aliases,")


def check_rates(card: Ref, rates: tuple[RateChange, ...]) -> None:
    """No price is named twice in one request."""
    if len({rate.key for rate in rates}) < len(rates):
        raise StoreRefused(f"a rate of {card} stands twice in one request", 400)


def settled(card: Ref, rate: RateChange, present: str | None) -> str | None:
    """The schedule to write over the present one; None when it is there already.

    Compare and set: a schedule that is neither the observed one nor the result was changed by somebody else.
    """
    schedule = after(rate)
    if present == schedule:
        return None
    if present != rate.observed:
        raise _moved(f"the rate {read_key(rate.key)} of {card}")
    return schedule


def check_package(ref: Ref, package: "Package", card: Ref | None, priced: Callable[[str, str], bool]) -> None:
    """The card is found, and has a rate for every subscription. `card` is None when nothing goes by the name."""
    if package.rate_card_alias is not None and card is None:
        message = f'{ref}: no rate card has the alias "{package.rate_card_alias}"'
        raise StoreRefused(message, 400, "give the alias to a rate card first")
    for subscription in package.subscriptions:
        product, frequency = subscription.subscription_rate.product, subscription.subscription_rate.billing_frequency
        if not priced(product, frequency):
            message = f"{ref}: {card or 'no rate card'} has no {frequency} rate for product:{product}"
            raise StoreRefused(message, 400, "add the rate to the card first")


def _moved(what: str) -> StoreRefused:
    return StoreRefused(f"{what} was changed by somebody else", 409, "nothing was overwritten; plan again")


def unknown(change: Verb) -> StoreRefused:
    """The refusal of a store that was never taught a verb."""
    return StoreRefused(f"this store has no way to {change.action} {change.ref}", 400, "use a newer pricebook")
