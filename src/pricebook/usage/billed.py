"""Counted usage, billed: contracts and quantities come by customer, and what is found of some is merged with the rest.

The one biller (`preview.population`) does the work wherever it runs: in this process, in several, or in the executors
of a cluster. What goes to it and comes back are values; nobody holds all customers.
"""

import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, cast

from pricebook.catalog import usage as priced
from pricebook.catalog.calendar import later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.rate_book import RateBook
from pricebook.preview.customer import Billed, Billing, Customer
from pricebook.preview.impact import CustomerRow, Impact
from pricebook.preview.population import Biller
from pricebook.preview.terms import Grant, Window
from pricebook.usage import query
from pricebook.usage.engine import Engine
from pricebook.usage.measure import Census, count_usage
from pricebook.usage.meter import UsageMeter

PART = 500
"""Customers whose impact is merged as one."""
BillRow = tuple[object, ...]
"""Customer, contract, entry of the contract; or number of the period, meter, group values and quantity."""


class PartialImpact(NamedTuple):
    """What was found of some customers; their rows only where they are wanted."""

    impact: Impact
    rows: tuple[CustomerRow, ...]


@dataclass(frozen=True)
class BillingJob:
    """What is to be billed, for whoever does it: `Biller` says what of the fields. Quantities are those of `meters` and
    then of `stated`. `listing`: rows are wanted."""

    observed: Catalog
    desired: Catalog
    window: Window
    months: int
    assume_migrated: bool
    limits: tuple[Decimal, ...]
    meters: Sequence[UsageMeter]
    stated: Sequence[UsageMeter]
    listing: bool

    def __getstate__(self) -> dict[str, object]:
        """Rates go to another process whole: only this one may read them from a store as they are asked for."""
        return {**self.__dict__, "observed": _whole(self.observed), "desired": _whole(self.desired)}

    def start(self) -> Callable[[Iterable[BillRow]], Iterator[PartialImpact]]:
        """Get ready, once in each process. Rows come with all of a customer's one after the other."""
        sides = self.observed, self.desired, self.window, self.months
        biller = Biller(*sides, assume_migrated=self.assume_migrated, limits=self.limits)
        bounds = [later(self.window.starting_at, month, "MONTHS") for month in range(self.months)]

        def work(rows: Iterable[BillRow]) -> Iterator[PartialImpact]:
            found, listed, count = biller.nothing(), list[CustomerRow](), 0
            for _, own in groupby(rows, key=itemgetter(0)):
                made = biller.bill(found, self._customer(own, bounds))
                listed += made if self.listing else ()
                count += 1
                if count == PART:
                    yield PartialImpact(found, tuple(listed))
                    found, listed, count = biller.nothing(), [], 0
            yield PartialImpact(found, tuple(listed))

        return work

    def joined(self, parts: Iterable[PartialImpact]) -> PartialImpact:
        """What was found of all of the customers."""
        found, rows = Impact(self.window, self.months, self.limits), list[CustomerRow]()
        for part in parts:
            found.merge(part.impact)
            rows += part.rows
        return PartialImpact(found, tuple(rows))

    def _customer(self, rows: Iterable[BillRow], bounds: Sequence[datetime]) -> Customer:
        billings, shared = list[Billing](), tuple[Grant, ...]()
        usage: list[priced.Quantity] = []
        meters = (*self.meters, *self.stated)
        for _, _, entry, number, meter, *groups, quantity in rows:
            if entry is not None:
                billing, _, shared = cast(Billed, pickle.loads(b64decode(cast(str, entry))))
                usage = []
                billings.append(billing._replace(usage=usage))
            else:
                at = max(bounds[cast(int, number) % self.months], billings[-1].contract.starting_at)
                usage += _priced(meters[cast(int, meter)], cast("list[str | None]", groups), at, cast(str, quantity))
        return Customer(sorted(billings, key=lambda one: (one.contract.starting_at, one.contract.id)), shared)


def _whole(catalog: Catalog) -> Catalog:
    rates = {card: RateBook(dict(rates.items())) for card, rates in catalog.rates.items()}
    return Catalog(dict(catalog.nouns), rates)


def _priced(meter: UsageMeter, groups: Sequence[str | None], at: datetime, quantity: str) -> Iterator[priced.Quantity]:
    found = zip(meter.keys, groups, strict=False)
    values = priced.sorted_values((key, value) for key, value in found if value is not None)
    number = Decimal(quantity)
    for product in meter.products:
        yield priced.Quantity(product, values, at, number)


def bill_usage(
    engine: Engine,
    billed: Iterable[Billed],
    used_from: datetime,
    job: BillingJob,
    keep: Callable[[CustomerRow, Window], object],
    tell: Callable[[str], None],
) -> tuple[Census, Impact]:
    """Count the usage that was read, month by month from `used_from` on, for all contracts, and bill them twice."""
    tell("listing contracts")
    bounds = [later(used_from, month, "MONTHS") for month in range(job.months + 1)]
    engine.load("named", _NAMED, _named(billed, job.window, bounds))
    engine.keep("contract", query.CONTRACT)
    ((contracts,),) = cast("list[tuple[int]]", list(engine.rows("SELECT COUNT(*) FROM contract")))
    engine.keep("period", query.periods(bounds))
    tell(f"counting the usage of {contracts:,} contracts")
    census = count_usage(engine, job.meters, contracts * job.months, job.stated)
    tell(f"billing {contracts:,} contracts twice")
    width = max((len(meter.keys) for meter in (*job.meters, *job.stated)), default=0)
    found = Impact(job.window, job.months, job.limits)
    for part in engine.work(query.bills(job.months, width), query.bill_order(width), job):
        found.merge(part.impact)
        for row in part.rows:
            keep(row, job.window)
    return census, found


_NAMED = {
    "contract": "BIGINT",
    "owner": "VARCHAR",
    "customer": "VARCHAR",
    "since": "TIMESTAMPTZ",
    "until": "TIMESTAMPTZ",
    "entry": "VARCHAR",
}


def _named(billed: Iterable[Billed], window: Window, bounds: Sequence[datetime]) -> Iterator[dict[str, object]]:
    """Each contract under the id of its customer, with all that is needed to bill it, and under every alias of them.
    One that begins or ends within the window is of the usage of as much of the months that were."""
    for number, each in enumerate(billed):
        contract = each.billing.contract
        owner, end = contract.customer, contract.ending_before
        since = _then(contract.starting_at, window, bounds) if contract.starting_at > window.starting_at else None
        until = _then(end, window, bounds) if end is not None and end < window.ending_before else None
        row: dict[str, object] = {"contract": number, "owner": owner, "since": since, "until": until}
        yield row | {"customer": owner, "entry": b64encode(pickle.dumps(each)).decode()}
        for alias in dict.fromkeys(each.aliases):
            if alias != owner:
                yield row | {"customer": alias, "entry": None}


def _then(at: datetime, window: Window, bounds: Sequence[datetime]) -> str:
    """The instant of the months that were which is as far into its month as another is into one of the window; the end
    of a month that is too short."""
    months = len(bounds) - 1
    month = (at.year - window.starting_at.year) * 12 + at.month - window.starting_at.month
    if not 0 <= month < months:
        return instant_text(bounds[0] if month < 0 else bounds[-1])
    return instant_text(min(bounds[month] + (at - later(window.starting_at, month, "MONTHS")), bounds[month + 1]))
