"""Adding rates: many in a request, never one by one, and never over what somebody else changed.

Before a request the card bears the mark of where it leads, beside that of where it is: one of them is true afterwards.
After a lost answer the prices in question are read again, and only what is still missing is sent.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from pricebook.apply import rule
from pricebook.apply.keys import RATES, RATES_NEXT
from pricebook.catalog.rate_book import pairs
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import read_schedule
from pricebook.metronome.schedule import read_products
from pricebook.metronome.wire.rate import rates_of
from pricebook.metronome.writing import Writing
from pricebook.plan.change import RateChange
from pricebook.plan.verb.add_rates import AddRates, after

RATES_PER_REQUEST = 2000
"""Rates in one `addRates` request [assumed]; no source names a limit."""


def add_rates(work: Writing, change: AddRates) -> str:
    """Lay the segments over the card's timelines and return the card's id."""
    ref = change.ref
    id_: str = work.live(ref)["id"]
    rule.check_rates(ref, change.rates)
    for product in sorted({product for product, _ in pairs(rate.key for rate in change.rates)}):
        work.refer(ref, Kind.PRODUCT, product)
    # Snapshots that were taken before keep what they saw.
    held = work.account.rates[ref] = dict(work.account.rates.get(ref, {}))
    missing = [rate for rate in change.rates if rule.settled(ref, rate, held.get(rate.key)) is not None]
    for batch in _batches(missing):
        _add(work, change, id_, held, batch)
    if change.mark and (work.live(ref).get("custom_fields") or {}).get(RATES) != change.mark:
        work.mark(ref, id_, {RATES: change.mark})
    return id_


def _add(work: Writing, change: AddRates, id_: str, held: dict[str, str], batch: list[RateChange]) -> None:
    """One request, and what goes before and after it. `held` is what the card has, and has afterwards."""
    body = {"rate_card_id": id_, "rates": [entry for rate in batch for entry in _entries(work, rate)]}

    def done() -> str | None:
        """Whether all is there; what is not is what will be sent next."""
        names = {product for product, _ in pairs(rate.key for rate in batch)}
        ids = [work.id_of(Kind.PRODUCT, name) for name in sorted(names)]
        found = read_products(work.client, id_, ids, work.account.product_name, work.account.units.name_of)
        left = [rate for rate in batch if found.get(rate.key) != after(rate)]
        body["rates"] = [entry for rate in left for entry in _entries(work, rate)]
        return id_ if not left else None

    if change.mark:
        work.mark(change.ref, id_, {RATES_NEXT: change.mark})
    work.sender.send("/v1/contract-pricing/rate-cards/addRates", body, done=done)
    held.update((rate.key, after(rate)) for rate in batch)


def _entries(work: Writing, rate: RateChange) -> list[Any]:
    return rates_of(rate.key, rate.segments, lambda name: work.id_of(Kind.PRODUCT, name), work.account.units.id_of)


def _batches(rates: Iterable[RateChange]) -> Iterator[list[RateChange]]:
    """Shares of at most RATES_PER_REQUEST segments; the segments of one price stay together."""
    batch: list[RateChange] = []
    count = 0
    for rate in rates:
        size = len(read_schedule(rate.segments))
        if batch and count + size > RATES_PER_REQUEST:
            yield batch
            batch, count = [], 0
        batch.append(rate)
        count += size
    if batch:
        yield batch
