"""Invoices of an account: the finalized ones of customers, from a month on. Reads only."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import quote

from pricebook.catalog.instant import instant_text
from pricebook.metronome.kind import Json
from pricebook.metronome.listing import Reader, pages


def read_invoices(client: Reader, customers: Iterable[str], since: datetime) -> Iterator[Json]:
    """See `apply.ports.InvoiceStore`."""
    query = {"status": "FINALIZED", "starting_on": instant_text(since)}
    for customer in customers:
        path = f"/v1/customers/{quote(customer, safe='')}/invoices"
        for items, _ in pages(client, path, None, method="GET", query=query):
            yield from items
