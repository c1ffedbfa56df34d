"""Customers, as far as bills are concerned: their contracts, what is the contracts' own, and what was used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pricebook.catalog.usage import Quantity
from pricebook.plan.contract import Contract

if TYPE_CHECKING:  # the module is heavy, and whoever lists contracts need not have it
    from pricebook.preview.terms import Grant, OwnTerms


class Billing(NamedTuple):
    """A contract and its usage, dated within the window; `then` is the contract that takes its place under what is
    desired, None: it is the same. `own` are terms of the contract beside those of its package."""

    contract: Contract
    usage: Sequence[Quantity] = ()
    then: Contract | None = None
    own: "OwnTerms | None" = None


class Billed(NamedTuple):
    """A contract as a store knows it, without its usage: the names under which its customer's usage may come (ingest
    aliases), and the balances that all contracts of the customer share."""

    billing: Billing
    aliases: tuple[str, ...] = ()
    shared: "tuple[Grant, ...]" = ()


class Customer(NamedTuple):
    """A customer's contracts, the oldest first, and the balances that all of them may draw from, in that order
    [assumed]."""

    billings: Sequence[Billing]
    shared: "tuple[Grant, ...]" = ()
