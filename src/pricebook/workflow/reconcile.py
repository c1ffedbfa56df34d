"""Reconciling: what the vendor invoiced for a month against what we would have billed, contract by contract.

Nothing is written. The usage is that of the vendor's own lines, unless files of it are given: so what is checked are
prices, fees, overrides and balances, and with events the counting too. Contracts are billed with the terms of their own
that the store shows. A contract that cannot be billed here counts as
not explained, with all of its money.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from pricebook.catalog.calendar import cycle, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Ref
from pricebook.catalog.usage import Quantity
from pricebook.manifest.text import read_text
from pricebook.observe.invoice import UNREADABLE, VendorInvoice, read_invoice
from pricebook.observe.snapshot import Snapshot
from pricebook.preview.bill import PeriodPart, bill, parts
from pricebook.preview.customer import Billed
from pricebook.preview.invoice import Ledger
from pricebook.preview.own import card_of, package_of, terms_of
from pricebook.preview.price import EXACT, ZERO, summed
from pricebook.preview.reconciliation import ComparedLine, LineVerdict, compare, our_month, quantities_of
from pricebook.preview.tariff import Prices, Tariff
from pricebook.problem import quote, reject
from pricebook.project.usage_file import read_usage
from pricebook.span import Span
from pricebook.usage.engine import Engine
from pricebook.workflow.preview import meter_events

MAX_BYTES = 1 << 30
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ReconciledContract:
    """A contract with its lines on both sides; `note` says why it could not be billed here, and then there are no lines
    of ours. `unit` is that of its invoices."""

    contract: str
    customer: str
    package: Ref | None
    invoices: tuple[str, ...]
    lines: tuple[ComparedLine, ...]
    note: str = ""


@dataclass(slots=True)
class ReconciledMonth:
    """A month. `money` is what is at stake, by unit and verdict."""

    month: datetime
    contracts: list[ReconciledContract] = field(default_factory=list)
    money: dict[str, dict[LineVerdict, Decimal]] = field(default_factory=dict)
    passed_over: int = 0
    """Objects that are no invoice of a contract, or not final."""

    @property
    def share(self) -> Decimal | None:
        """The share of the money that is equal or explained, in the unit where it is least; None for no money."""
        found = [self._share(of) for of in self.money.values() if any(of.values())]
        return min(found, default=None)

    @staticmethod
    def _share(of: Mapping[LineVerdict, Decimal]) -> Decimal:
        whole = summed(of.values())
        share = EXACT.divide(EXACT.subtract(whole, of.get(LineVerdict.OPEN, ZERO)), whole)
        return share.quantize(Decimal("1e-9"), ROUND_FLOOR, EXACT)


def invoices_in(path: Path, shown: str) -> Iterator[Any]:
    """The invoices of a file: one object a line, or one document that is a list or a page of the vendor's API. Raises
    Rejected."""
    text = read_text(path, shown, limit=MAX_BYTES)
    try:
        whole = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        whole = None
    if whole is not None:
        items = whole.get("data", [whole]) if isinstance(whole, dict) else whole
        if not isinstance(items, list):
            raise reject("type", f"{quote(shown)} holds no list of invoices", Span(shown), "one invoice on each line")
        yield from items
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError) as error:
                hint = "one invoice on each line, as the vendor's API shows it"
                raise reject("json-syntax", f"not JSON: {error}", Span(shown, number), hint) from None


Usage = Callable[[tuple[PeriodPart, ...]], Mapping[str, Sequence[Quantity]]]
"""The quantities of each customer (by id, or by an ingest alias) in parts of statement periods."""


def counted_in(engine: Callable[[], Engine], files: Sequence[Path], catalog: Catalog) -> Usage:
    """What the catalogue's metrics count of events, for contracts with the same parts at once. Raises Rejected."""
    known: dict[tuple[PeriodPart, ...], Mapping[str, Sequence[Quantity]]] = {}

    def counted(wanted: tuple[PeriodPart, ...]) -> Mapping[str, Sequence[Quantity]]:
        if wanted not in known:
            with closing(engine()) as counting:
                known[wanted] = meter_events(counting, files, catalog, wanted).customers
        return known[wanted]

    return counted


def quantities_in(path: Path, shown: str, catalog: Catalog) -> dict[str, list[Quantity]]:
    """The quantities of a usage file, by customer; changes of seats are the contract's affair. Raises Rejected."""
    nobody = Package.model_construct(name="nobody", subscriptions=())
    return {customer: one.quantities for customer, one in read_usage(path, shown, catalog, nobody).items()}


def reconcile(
    snapshot: Snapshot,
    contracts: Iterable[Billed],
    items: Iterable[Any],
    month: datetime,
    usage: Usage | None = None,
) -> ReconciledMonth:
    """The month of every contract that is ours to bill, and of everyone who has an invoice in it. `items` are invoices
    as the vendor shows them; `usage` None: that of the invoices. Raises Rejected for what is no invoice."""
    end = later(month, 1, "MONTHS")
    catalog, found = snapshot.catalog, ReconciledMonth(month)
    refs = {id_: ref for ref, id_ in snapshot.ids.items()}
    composites = frozenset(name for name, product in catalog.products.items() if product.type == "COMPOSITE")
    billed: dict[str, list[VendorInvoice]] = {}
    for number, item in enumerate(items, 1):
        try:
            invoice = read_invoice(item, refs, composites)
        except UNREADABLE as error:
            hint = "invoices are as GET /v1/customers/{id}/invoices shows them"
            raise reject("passed_overable", f"invoice {number} cannot be read: {error!r}", hint=hint) from None
        if invoice is None or invoice.status != "FINALIZED":
            found.passed_over += 1
        elif month <= invoice.at < end:
            billed.setdefault(invoice.contract, []).append(invoice)
    tariffs: dict[str | None, Tariff] = {}
    for each in contracts:
        contract = each.billing.contract
        theirs = billed.pop(contract.id, [])
        if contract.archived_at is None and contract.starting_at < end and contract.end > month:
            found.contracts.append(_contract(each, theirs, catalog, tariffs, month, usage))
    for id_, theirs in billed.items():
        note = "on no package of ours"
        lines = compare(None, theirs, catalog.scales)
        names = tuple(invoice.id for invoice in theirs)
        found.contracts.append(ReconciledContract(id_, theirs[0].customer, None, names, lines, note))
    for one in found.contracts:
        for line in one.lines:
            of = found.money.setdefault(line.key.unit, {})
            of[line.verdict] = EXACT.add(of.get(line.verdict, ZERO), line.money)
    return found


def _contract(
    billed: Billed,
    theirs: list[VendorInvoice],
    catalog: Catalog,
    tariffs: dict[str | None, Tariff],
    month: datetime,
    usage: Usage | None,
) -> ReconciledContract:
    contract, own, unread = billed.billing.contract, billed.billing.own, billed.billing.unread
    package = package_of(contract.package, catalog.nouns.get)
    names = tuple(invoice.id for invoice in theirs)
    if package is None or unread:
        lines = compare(None, theirs, catalog.scales)
        note = f"its terms are not known here: {unread}" if unread else "on a package that is not known here"
        return ReconciledContract(contract.id, contract.customer, contract.package, names, lines, note)
    card = card_of(contract, package, catalog)
    tariff = tariffs.get(card)
    if tariff is None:
        tariff = tariffs[card] = Tariff(catalog, card)
    terms = terms_of(contract, package, own)
    prices, end = Prices(tariff, terms), later(month, 1, "MONTHS")
    statement = terms.statement
    ends = [
        period.ending_before
        for period in cycle(statement.anchor, statement.frequency, terms.starting_at, terms.ending_before)
        if period.starting_at < end
    ]
    until, seats = max([end, *ends[-1:]]), contract.quantities or ()
    if usage is None:
        quantities: Iterable[Quantity] = quantities_of(theirs, catalog.products)
    else:
        cut = list(parts(prices, seats, until))
        since = max((part.statement for part in cut if part.statement <= month), default=month)
        wanted = usage(tuple(part for part in cut if part.statement >= since))
        quantities = [one for name in (contract.customer, *billed.aliases) for one in wanted.get(name, ())]
    made = bill(prices, quantities, seats, until, Ledger(month - _HOUR, {}, billed.shared))
    lines = compare(our_month(terms, made, month, end), theirs, catalog.scales)
    return ReconciledContract(contract.id, contract.customer, contract.package, names, lines)
