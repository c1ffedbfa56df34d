"""Bills of a customer: the bill engine over its contracts, and over the usage that was ingested for it.

Nothing is remembered: what an invoice or a balance is, is found out from contracts and events whenever it is asked for.
Invoices are final as soon as they are issued, without a day of grace. Commits and credits of a customer pay for its
contracts one after the other, the oldest first [assumed]: the vendor goes by time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

from pricebook.account.refusal import Refused
from pricebook.catalog.calendar import cycle
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.usage import Quantity, SeatChange
from pricebook.metronome.wire.contract import dated_balances, read_terms, seat_changes
from pricebook.preview.bill import PeriodPart, bill, parts
from pricebook.preview.invoice import Bill, Invoice, Ledger
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, Grant, Window
from pricebook.problem import Rejected
from pricebook.sandbox.account import AccountTransaction, Record
from pricebook.sandbox.call import Body
from pricebook.sandbox.catalogue import UNIT_NAMES, Catalogue
from pricebook.sandbox.wire import decode, encode
from pricebook.usage.engine import Engine
from pricebook.usage.meter import meters_of
from pricebook.workflow.preview import CountedUsage, meter_events

BALANCES = {"commits": "commit", "credits": "contract_credit"}
"""The lists of balances, and the kind of those that a customer has itself."""


@dataclass(frozen=True, slots=True)
class BilledContract:
    """A contract with its bill until the end of the statement period that runs now, and what it was billed by."""

    contract: Record
    catalog: Catalog
    prices: Prices
    usage: Sequence[Quantity]
    seats: Sequence[SeatChange]
    bill: Bill

    @property
    def terms(self) -> ContractTerms:
        """Its terms."""
        return self.prices.terms

    @property
    def invoices(self) -> list[tuple[str, Invoice]]:
        """Its invoices with their ids, by date. One that comes later is a draft."""
        seen: dict[str, int] = {}
        found = []
        for invoice in self.bill.invoices:
            name = f"{invoice.kind} {invoice.issued_at:%Y-%m-%dT%H}"
            seen[name] = seen.get(name, 0) + 1
            found.append((self.id(f"{name} {seen[name]}"), invoice))
        return found

    def id(self, name: str) -> str:
        """The id of something that follows from the contract."""
        return str(uuid5(UUID(self.contract.id), name))

    def balance_id(self, grant: Grant) -> str:
        """The id of the commit or credit that a balance belongs to; each period of a recurring one has its own."""
        return self.id(grant.id) if grant.list.startswith("recurring_") else grant.key

    def segment_id(self, grant: Grant) -> str:
        """The id of the part of its access schedule that a balance is."""
        return self.id(f"{grant.id} segment") if grant.list.startswith("recurring_") else grant.id


def bills(
    work: AccountTransaction,
    customer: str,
    *,
    more: Sequence[Body] = (),
    alone: bool = False,
    seen: Callable[[Catalog], Catalog] = lambda catalog: catalog,
) -> list[BilledContract]:
    """The bills of a customer's contracts, the oldest first. `more` are events that were not
    ingested, beside those that were or `alone`; `seen` makes something else of what the account has. Raises Refused
    (501) when events cannot be counted here."""
    found: list[BilledContract] = []
    drawn: dict[str, Decimal] = {}
    catalogue = Catalogue(work)
    events = [*(() if alone else ingested(work, customer)), *more]
    records = work.page("contract", 0, -1, "parent = ? AND archived_at IS NULL", customer)
    shared = customer_balances(work, customer)
    for record in sorted(records, key=lambda one: (one.body["starting_at"], one.seq)):
        terms = with_shared(read_terms(record.body, UNIT_NAMES), record.id, shared)
        statement = replace(terms.statement, first=datetime.fromisoformat(record.body["invoice_from"]))
        terms = replace(terms, statement=statement)
        catalog = seen(catalogue.with_card(record.body.get("rate_card_id")))
        prices = Prices(Tariff(catalog, record.body.get("rate_card_id")), terms)
        changes = list(seat_changes(record.body))
        until = end_of_period(terms, work.at)
        usage: Sequence[Quantity] = ()
        if events and meters_of(catalog)[0]:
            cut = list(parts(prices, changes, until))
            usage = counted(events, catalog, cut, customer).customers.get(customer, ())
        made = bill(prices, usage, changes, until, Ledger(None, drawn))
        drawn = {id_: taken for id_, taken in made.closing.drawn.items() if id_ in parts_of(shared)}
        found.append(BilledContract(record, catalog, prices, usage, changes, made))
    return found


def end_of_period(terms: ContractTerms, now: datetime) -> datetime:
    """Until when a contract is billed: to the end of the statement period that runs, or else of the contract."""
    statement = terms.statement
    for period in cycle(statement.anchor, statement.frequency, terms.starting_at, terms.ending_before):
        if period.ending_before > now:
            return period.ending_before if period.starting_at <= now else now
    return terms.ending_before


def customer_balances(work: AccountTransaction, customer: str) -> list[tuple[str, Body]]:
    """The commits and credits that the customer has itself and that are live, with the list that each is of."""
    return [
        (name, {"id": record.id, **record.body})
        for name, kind in BALANCES.items()
        for record in work.page(kind, 0, -1, "parent = ? AND archived_at IS NULL", customer)
    ]


def parts_of(shared: Sequence[tuple[str, Body]]) -> frozenset[str]:
    """The ids of all parts of commits and credits."""
    return frozenset(item["id"] for _, said in shared for item in said["access_schedule"]["schedule_items"])


def with_shared(terms: ContractTerms, contract: str, shared: Sequence[tuple[str, Body]]) -> ContractTerms:
    """The terms with the customer's own commits and credits, as far as the contract may use and pays for them."""
    for name, said in shared:
        if contract in said.get("applicable_contract_ids", (contract,)):
            whole = Window(terms.starting_at, terms.ending_before)
            grants, charges = dated_balances(name, said, whole, UNIT_NAMES)
            paid = charges if said.get("invoice_contract_id") == contract else ()
            terms = replace(terms, grants=(*terms.grants, *grants), charges=(*terms.charges, *paid))
    return terms


def ingested(work: AccountTransaction, customer: str) -> Iterator[Body]:
    """The events of a customer, under its id or one of its ingest aliases."""
    record = work.get("customer", customer)
    names = [customer, *record.body["ingest_aliases"], *filter(None, [record.body.get("external_id")])]
    sql = "SELECT body FROM event WHERE json_extract(body, '$.customer_id')"
    for (text,) in work.among(sql, list(dict.fromkeys(names))):
        event: Any = decode(text.encode())
        yield event | {"customer_id": customer}


def counted(events: Sequence[Body], catalog: Catalog, cut: Sequence[PeriodPart], customer: str) -> CountedUsage:
    """What the metrics of the account make of events. Raises Refused (501) where nothing can count them."""
    with counting(events) as (engine, file):
        return meter_events(engine, [file], catalog, cut, customer)


@contextmanager
def counting(events: Iterable[Body]) -> Iterator[tuple[Engine, Path]]:
    """What counts events, and a file with them. Raises Refused (501) where it is not installed."""
    try:
        from pricebook.usage.duck import DuckEngine  # an extra
    except ImportError as error:
        message = f"events are counted by {error.name}, which is not installed: pip install 'pricebook[usage]'"
        raise Refused(501, message) from None
    engine = DuckEngine()
    try:
        with TemporaryDirectory(prefix="pricebook-events-") as directory:
            file = Path(directory) / "events.jsonl"
            file.write_text("".join(encode(event) + "\n" for event in events), encoding="utf-8", newline="\n")
            yield engine, file
    except Rejected as error:
        raise Refused(400, f"the events cannot be counted: {error}") from None
    finally:
        engine.close()
