"""Who is billed: the live contracts on our packages and cards as they are, with terms of their own, quantities, ingest
aliases, and what commits and credits their customers have themselves.

An account lists contracts by package, or by customer with everything that they say; only the second list has those that
are on no package. It takes a request for every customer, so it is read up to a number of customers, once in a run, and
kept in a file that has no name and is gone with the process: memory does not grow with it. Where it may not be read, or
is too long, what is known are the contracts on packages, and that there may be others.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from tempfile import TemporaryFile
from threading import Event
from typing import IO, Any, NamedTuple
from weakref import finalize

from pricebook.apply.ports import StoreRefused
from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.instant import read_bound, read_moment
from pricebook.catalog.model import Noun
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.usage import SeatChange
from pricebook.metronome.account import UNREADABLE, AccountContents, runs, why_unreadable
from pricebook.metronome.answer import BALANCES, CONTRACTS, CUSTOMERS
from pricebook.metronome.contract import contracts_of, read_cohort
from pricebook.metronome.kind import Json
from pricebook.metronome.listing import Reader, at_once, in_turn, pages
from pricebook.metronome.snapshot import names_in, noun_in
from pricebook.metronome.wire.contract import dated_balances, read_terms, seat_changes
from pricebook.observe.snapshot import LiveContracts
from pricebook.plan.contract import Contract
from pricebook.preview.customer import Billed, Billing
from pricebook.preview.own import counted, own_terms, package_of, terms_of
from pricebook.preview.terms import ContractTerms, DatedCharge, Grant, OwnTerms, Window
from pricebook.problem import quote

MOST = 1000
"""Customers whose contracts are read, each by a request, unless it is said otherwise."""


class _Customer(NamedTuple):
    """A customer with its contracts that are on packages and cards of ours."""

    id: str
    aliases: tuple[str, ...]
    contracts: tuple[Billed, ...]


class Population:
    """The live contracts of an account that was read, read themselves once somebody asks. Of more than `most` customers
    only those on packages are read."""

    def __init__(
        self,
        client: Reader,
        account: AccountContents,
        at: datetime,
        most: int,
        telling: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Contracts are read within what `telling` gives."""
        self._client, self._account, self._at, self._most = client, account, at, most
        self._telling = telling
        self._packages: dict[Ref, Noun | None] = {}
        self._file: IO[bytes] | None = None
        """Customers by customers, pickled; None where only the contracts on packages are known."""
        self._shared = False
        """Whether the balances of customers are in it too."""

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Our names of what is ours, by its ids, as of when contracts are read."""
        return {id_: name for (_, id_), name in names_in(self._account).items()}

    def fits(self, account: AccountContents) -> bool:
        """Whether the account, read anew, has the same cards and package versions; then it is the one that counts."""
        same = _sold(self._account) == _sold(account)
        self._account = account if same else self._account
        return same

    def live(self, ref: Ref) -> LiveContracts:
        """The contracts on a card or package version. Raises StoreError."""
        return self._counts.get(ref) or LiveContracts(unlisted=self.unlisted if ref.kind is Kind.RATE_CARD else "")

    @property
    def unlisted(self) -> str:
        """See `apply.ports.BillingStore`."""
        why = self._unread
        return f"contracts that are on no package of ours ({why})" if why else ""

    def billed(self, *, shared: bool) -> Iterator[Billed]:
        """See `apply.ports.BillingStore`."""
        if self._unread:
            for contract in read_cohort(self._client, self._account, self._at, None, ended=False):
                yield Billed(Billing(contract))
            return
        if shared and not self._shared:
            with self._telling():
                self._keep(map(self._sharing, self._customers(), self._balances()))
            self._shared = True
        for customer in self._customers():
            yield from customer.contracts

    @cached_property
    def _unread(self) -> str:
        """Why only the contracts on packages are known; empty: all are, and the file has them."""
        if not any(ref.kind is Kind.RATE_CARD for ref in self._account.ours):
            self._keep(())
            return ""  # nobody pays a price of ours
        try:
            with self._telling():
                customers = self._listed()
                if customers is None:
                    return f"more than {self._most:,} customers: max_customers"
                self._keep(self._read(customers, self._on_packages()))
            return ""
        except StoreRefused as refused:
            if refused.status not in (401, 403):
                raise
            return quote(refused.message, 200)

    @cached_property
    def _counts(self) -> Mapping[Ref, LiveContracts]:
        billings = (each.billing for each in self.billed(shared=False))
        return counted(billings, self._package, self._at, self.unlisted)

    def _listed(self) -> list[_Customer] | None:
        """Every customer, without contracts; None where there are too many."""
        found: list[_Customer] = []
        for items, _ in pages(self._client, CUSTOMERS, method="GET") if self._most else ():
            found += (_Customer(item["id"], tuple(item.get("ingest_aliases") or ()), ()) for item in items)
            if len(found) > self._most:
                return None
        return found if self._most else None

    def _on_packages(self) -> dict[str, Ref]:
        """The package version of every live contract that is on one: not every account shows it with the contract."""
        versions = [ref for ref in self._account.ours if ref.kind is Kind.PACKAGE]

        def on(ref: Ref, stop: Event) -> list[str]:
            body = {"package_id": self._account.ours[ref]["id"]}
            items = (item for items, _ in pages(self._client, CONTRACTS, body, stop=stop) for item in items)
            return [item["contract_id"] for item in items if runs(item, self._at)]

        found = at_once(self._client, [partial(on, ref) for ref in versions])
        return {id_: ref for ref, ids in zip(versions, found, strict=True) for id_ in ids}

    def _read(self, customers: Sequence[_Customer], on_package: Mapping[str, Ref]) -> Iterator[_Customer]:
        """Those customers who have contracts that are ours to look at, with these."""
        work = (partial(contracts_of, self._client, customer.id, archived=False) for customer in customers)
        for customer, items in zip(customers, in_turn(self._client, work), strict=True):
            kept = [found for item in items if (found := self._billed(item, on_package)) is not None]
            if kept:
                yield customer._replace(contracts=tuple(kept))

    def _billed(self, item: Json, on_package: Mapping[str, Ref]) -> Billed | None:
        """A contract of a customer; None of one that is over, or neither on a package nor on a card of ours."""
        refs = self._account.refs
        package = refs.get(item.get("package_id") or "") or on_package.get(item["id"])
        card = refs.get(item.get("rate_card_id") or "")
        if not runs(item, self._at) or (package is None and card is None):
            return None
        contract = Contract(
            id=item["id"],
            customer=item["customer_id"],
            package=package,
            card=card,
            starting_at=read_moment(item["starting_at"]),
            ending_before=read_bound(item.get("ending_before")),
        )
        more = [name for name, is_more in (item.get("has_more") or {}).items() if is_more]
        if more:
            return Billed(Billing(contract, unread=f"it has more {' and '.join(more)} than are shown"))
        try:
            whole, changes = read_terms(item, self._names), list(seat_changes(item))
        except UNREADABLE as error:
            return Billed(Billing(contract, unread=why_unreadable(error)))
        by = package_of(package, self._package)
        if by is None:
            return Billed(Billing(contract))  # nobody bills a version that cannot be read
        given = terms_of(contract, by)
        own, keys = own_terms(whole, given)
        named = [change._replace(subscription=keys.get(change.subscription, change.subscription)) for change in changes]
        contract = replace(contract, quantities=_changed(named, given.beside(own) if own is not None else given))
        return Billed(Billing(contract, own=own))

    def _package(self, ref: Ref) -> Noun | None:
        """A package version, read once; None of one that cannot be read."""
        if ref not in self._packages:
            self._packages[ref] = noun_in(self._account, ref)
        return self._packages[ref]

    def _keep(self, customers: Iterable[_Customer]) -> None:
        """Write customers into a file, in place of the one before, which they may come from."""
        file = TemporaryFile()  # noqa: SIM115 - it lasts as long as this
        finalize(self, file.close)
        for customer in customers:
            pickle.dump(customer, file)
        self._file = file

    def _customers(self) -> Iterator[_Customer]:
        """What the file has."""
        file = self._file
        assert file is not None
        at = 0
        while True:
            file.seek(at)  # somebody else may read it meanwhile
            try:
                customer: _Customer = pickle.load(file)
            except EOFError:
                return
            at = file.tell()
            yield customer

    def _balances(self) -> Iterator[list[Json]]:
        """What each customer in the file has itself."""
        work = (partial(_customer_balances, self._client, customer.id) for customer in self._customers())
        return in_turn(self._client, work)

    def _sharing(self, customer: _Customer, items: Sequence[Json]) -> _Customer:
        """A customer whose contracts know its aliases, what they share, and what each of them has of that alone."""
        contracts = [each._replace(aliases=customer.aliases) for each in customer.contracts]
        shared: list[Grant] = []
        for item in items:
            section = "credits" if item["type"] == "CREDIT" else "commits"
            only, payer = item.get("applicable_contract_ids"), (item.get("invoice_contract") or {}).get("id")
            fits = [n for n, each in enumerate(contracts) if not only or each.billing.contract.id in only]
            if item.get("archived_at") or not fits:
                continue
            whole = Window(min(contracts[n].billing.contract.starting_at for n in fits), FOREVER)
            grants: tuple[Grant, ...] = ()
            charges: tuple[DatedCharge, ...] = ()
            unread = ""
            try:
                grants, charges = dated_balances(section, item, whole, self._names)
            except UNREADABLE as error:
                unread = f"{section} of its customer: {why_unreadable(error)}"
            alone = len(fits) == 1 and bool(only)
            shared += () if alone else grants
            for n in fits:
                billing = contracts[n].billing
                own = billing.own or OwnTerms()
                paid = charges if billing.contract.id == payer else ()
                own = replace(own, grants=(*own.grants, *(grants if alone else ())), charges=(*own.charges, *paid))
                changed = billing._replace(own=own if own != OwnTerms() else None, unread=billing.unread or unread)
                contracts[n] = contracts[n]._replace(billing=changed)
        return customer._replace(contracts=tuple(each._replace(shared=tuple(shared)) for each in contracts))


def _sold(account: AccountContents) -> dict[Ref, str]:
    """What contracts can be on."""
    return {ref: item["id"] for ref, item in account.ours.items() if ref.kind in (Kind.RATE_CARD, Kind.PACKAGE)}


def _changed(quantities: Sequence[SeatChange], terms: ContractTerms) -> tuple[SeatChange, ...]:
    """The quantities without those that a subscription starts with anyway."""
    start = {
        one.key: (one.window.starting_at, one.term.initial_quantity)
        for one in terms.subscriptions
        if one.term.quantity_management_mode == "QUANTITY_ONLY"
    }
    return tuple(change for change in quantities if start.get(change.subscription) != (change.at, change.quantity))


def _customer_balances(client: Reader, customer: str, stop: Event) -> list[Json]:
    body: dict[str, Any] = {"customer_id": customer}
    return [item for items, _ in pages(client, BALANCES, body, stop=stop) for item in items]
