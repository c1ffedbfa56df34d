"""Customers, as far as bills are concerned: their contracts, what is the contracts' own, and what was used."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from pricebook.catalog.reference import Kind
from pricebook.catalog.renaming import Renaming
from pricebook.catalog.usage import Quantity, ValuePairs
from pricebook.plan.contract import Contract
from pricebook.plan.step import Plan

if TYPE_CHECKING:  # the module is heavy, and whoever lists contracts need not have it
    from pricebook.preview.terms import Grant, OwnTerms


@dataclass(frozen=True, slots=True)
class UsageLines:
    """Usage by what it is of, each once: `named` says of which products, with which group values and when. One quantity
    may count for several products."""

    lines: Sequence[tuple[Hashable, Decimal]]
    named: Callable[[Any], Iterable[tuple[str, ValuePairs, datetime]]]

    def __iter__(self) -> Iterator[Quantity]:
        for what, quantity in self.lines:
            for name, values, at in self.named(what):
                yield Quantity(name, values, at, quantity)


class Billing(NamedTuple):
    """A contract and its usage, dated within the window; `then` is the contract that takes its place under what is
    desired, None: it is the same. `own` are terms of the contract beside those of its package. Of one that is `unread`
    the store says something that nobody here knows (the text says what): it is not billed."""

    contract: Contract
    usage: Iterable[Quantity] = ()
    then: Contract | None = None
    own: "OwnTerms | None" = None
    unread: str = ""


class Billed(NamedTuple):
    """A contract as a store knows it, without its usage: the names under which its customer's usage may come (ingest
    aliases), and the balances that all contracts of the customer share."""

    billing: Billing
    aliases: tuple[str, ...] = ()
    shared: "tuple[Grant, ...]" = ()

    def named(self, rename: Callable[[Kind, str], str]) -> "Billed":
        """The same with terms that refer to products and units by other names."""
        own = self.billing.own
        billing = self.billing._replace(own=own.named(rename) if own is not None else None)
        return self._replace(billing=billing, shared=tuple(grant.named(rename) for grant in self.shared))


def present(billed: Billed, plans: Iterable[Plan]) -> Billed:
    """The same under the names that objects have once these plans are made, one after the other."""
    for plan in plans:
        if plan.moved:
            billed = billed.named(Renaming({(old.kind, old.name): new.name for old, new in plan.moved}).name)
        billing = billed.billing
        billed = billed._replace(billing=billing._replace(contract=plan.present(billing.contract)))
    return billed


class Customer(NamedTuple):
    """A customer's contracts, the oldest first, and the balances that all of them may draw from, in that order
    [assumed]."""

    billings: Sequence[Billing]
    shared: "tuple[Grant, ...]" = ()
