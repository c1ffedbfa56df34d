"""The usage of a month as the account knows it: what its metrics counted, and of metrics that only it can count (SQL)
the quantities of finalized invoices. Nothing is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from pricebook.apply.ports import InvoiceStore, UsageStore
from pricebook.catalog.calendar import first_of_month, later
from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.money import plain
from pricebook.catalog.reference import Kind, Ref
from pricebook.observe.invoice import read_invoice
from pricebook.observe.snapshot import Snapshot
from pricebook.preview.reconciliation import quantities_of
from pricebook.problem import quote, reject
from pricebook.usage.meter import ADDING, meters_of

ACCOUNT = "account"
"""What stands for the usage that the account counted: of the last whole month, or `account:2026-10`."""


def is_account(name: str) -> bool:
    """Whether this stands for the account's own usage."""
    return name == ACCOUNT or name.startswith(f"{ACCOUNT}:")


def month_of(name: str, at: datetime) -> datetime:
    """The month that is meant, at an instant. Raises Rejected."""
    if name == ACCOUNT:
        return later(first_of_month(at), -1, "MONTHS")
    try:
        return datetime.strptime(name.removeprefix(f"{ACCOUNT}:"), "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        hint = "account is the last whole month, account:2026-10 another one"
        raise reject("value", f"{quote(name)} names no month", hint=hint) from None


def account_usage(
    store: object,
    snapshot: Snapshot,
    known: Catalog,
    customers: Sequence[str],
    parted: Collection[str],
    month: datetime,
) -> Iterator[Mapping[str, object]]:
    """Rows of quantities (`usage.engine.ROWS`) of customers, for the whole month; of those who are `parted`, because a
    contract of theirs begins or ends within it, day by day where that adds up. Raises Rejected, StoreError."""
    if not isinstance(store, UsageStore) or not isinstance(store, InvoiceStore):
        hint = "give files of events, or quantities that were counted already"
        raise reject("value", "this store keeps no usage: only an account does", hint=hint)
    meters, uncounted = meters_of(known)
    end, ids = later(month, 1, "MONTHS"), snapshot.ids
    whole = [customer for customer in customers if customer not in parted]
    split = [customer for customer in customers if customer in parted]
    for meter in meters:
        id_ = ids.get(Ref(Kind.BILLABLE_METRIC, meter.name))
        if id_ is None:  # what the plan makes has counted nothing yet
            continue
        for some, daily in ((whole, False), (split, meter.metric.aggregation_type in ADDING)):
            for one in store.usage(id_, meter.keys, some, month, end, daily=daily) if some else ():
                for product in meter.products:
                    yield _row(one.customer, product, one.at, one.values, one.quantity)
    if uncounted:
        refs = {id_: ref for ref, id_ in ids.items()}
        for item in store.invoices(customers, month):
            invoice = read_invoice(item, refs, frozenset())
            for used in quantities_of((invoice,), known.products) if invoice is not None else ():
                assert invoice is not None
                if used.product in uncounted and month <= used.at < end:
                    yield _row(invoice.customer, used.product, used.at, dict(used.values), used.quantity)


def _row(
    customer: str, product: str, at: datetime, values: Mapping[str, str], quantity: Decimal
) -> Mapping[str, object]:
    return {
        "customer": customer,
        "product": product,
        "period": instant_text(at),
        "quantity": plain(quantity),
        "group_values": encode(dict(values)),
    }
