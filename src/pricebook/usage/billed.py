"""Counted usage, billed: contracts and quantities come by customer, and what is found of some is merged with the rest.

The one biller (`preview.population`) does the work wherever it runs: in this process, in several, or in the executors
of a cluster. What goes to it and comes back are values; nobody holds all customers.
"""

import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, cast

from pricebook.catalog import usage as priced
from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.rate_book import RateBook
from pricebook.preview.customer import Billed, Billing, Customer, UsageLines
from pricebook.preview.impact import CustomerRow, Impact
from pricebook.preview.linear import KNOWN
from pricebook.preview.population import Biller
from pricebook.preview.terms import Grant, Window
from pricebook.usage import query
from pricebook.usage.engine import Engine, Target
from pricebook.usage.measure import Census, count_usage
from pricebook.usage.meter import UsageMeter

T = TypeVar("T")
PART = 500
"""Customers whose impact is merged as one."""
ALIKE = 1000
"""Sorts of contracts that are kept apart from them."""
BillRow = tuple[object, ...]
"""Customer, contract, entry of the contract; or number of the period, meter, group values and quantity."""


class PartialImpact(NamedTuple):
    """What was found of some customers; their rows only where they are wanted."""

    impact: Impact
    rows: tuple[CustomerRow, ...]


@dataclass(frozen=True)
class BillingJob:
    """What is to be billed, for whoever does it: `Biller` says what of the fields. Quantities are those of `meters` and
    then of `stated`. `listing`: rows are wanted here; `shown` makes them what is wanted at a target. `alike` is what
    many contracts have in common (`_Contracts`)."""

    observed: Catalog
    desired: Catalog
    window: Window
    months: int
    assume_migrated: bool
    limits: tuple[Decimal, ...]
    meters: Sequence[UsageMeter]
    stated: Sequence[UsageMeter]
    listing: bool
    shown: Callable[[CustomerRow, Window], tuple[object, ...]] | None = None
    alike: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """Rates go to another process whole: only this one may read them from a store as they are asked for."""
        return {**self.__dict__, "observed": whole(self.observed), "desired": whole(self.desired)}

    def start(self) -> Callable[[Iterable[BillRow]], Iterator[PartialImpact]]:
        """Get ready, once in each process. Rows come with all of a customer's one after the other."""
        sides = self.observed, self.desired, self.window, self.months
        biller = Biller(*sides, assume_migrated=self.assume_migrated, limits=self.limits)
        bounds = [later(self.window.starting_at, month, "MONTHS") for month in range(self.months)]
        read = CustomerReader(self.alike, (*self.meters, *self.stated), bounds)

        def bill(customers: Iterable[Customer]) -> PartialImpact:
            found, listed = biller.nothing(), list[CustomerRow]()
            for customer in customers:
                made = biller.bill(found, customer)
                listed += made if self.listing or self.shown is not None else ()
            return PartialImpact(found, tuple(listed))

        return lambda rows: in_parts(read, rows, bill)

    def listed(self, part: PartialImpact) -> tuple[PartialImpact, Sequence[tuple[object, ...]]]:
        """The part, with its rows only if they are wanted here, and the rows as they are shown at a target."""
        shown = [self.shown(row, self.window) for row in part.rows] if self.shown is not None else ()
        return part if self.listing else part._replace(rows=()), shown

    def joined(self, parts: Iterable[PartialImpact]) -> PartialImpact:
        """What was found of all of the customers."""
        found, rows = Impact(self.window, self.months, self.limits), list[CustomerRow]()
        for part in parts:
            found.merge(part.impact)
            rows += part.rows
        return PartialImpact(found, tuple(rows))


def whole(catalog: Catalog) -> Catalog:
    """The catalogue with all rates read."""
    rates = {card: RateBook(dict(rates.items())) for card, rates in catalog.rates.items()}
    return Catalog(dict(catalog.nouns), rates)


def in_parts(read: "CustomerReader", rows: Iterable[BillRow], work: Callable[[Iterable[Customer]], T]) -> Iterator[T]:
    """What comes of the customers of rows, of so many as are counted as one; of no customer once."""
    customers = (read.customer(str(owner), own) for owner, own in groupby(rows, key=itemgetter(0)))
    yield work(islice(customers, PART))
    for customer in customers:
        yield work(chain((customer,), islice(customers, PART - 1)))


class CustomerReader:
    """Makes customers of rows, with quantities dated at one of the bounds, by the number of their period. What is
    common to contracts is read once, and so is what quantities are of."""

    def __init__(self, alike: Sequence[str], meters: Sequence[UsageMeter], bounds: Sequence[datetime]) -> None:
        self._alike = [_loads(text) for text in alike]
        self._meters, self._bounds = meters, bounds
        self._named: dict[Hashable, tuple[tuple[str, priced.ValuePairs, datetime], ...]] = {}

    def customer(self, owner: str, rows: Iterable[BillRow]) -> Customer:
        """Rows of one contract after the other, each with its head first."""
        billings, shared, begun = list[Billing](), tuple[Grant, ...](), None
        lines: list[tuple[Hashable, Decimal]] = []
        for row in rows:
            entry = row[2]
            if entry is not None:
                kind, id_, start, end = json.loads(cast(str, entry))
                billing, _, shared = self._alike[kind] if isinstance(kind, int) else _loads(kind)
                at, lines = datetime.fromisoformat(start), []
                until = datetime.fromisoformat(end) if end is not None else None
                contract = replace(billing.contract, id=id_, customer=owner, starting_at=at, ending_before=until)
                then = replace(billing.then, id=id_, customer=owner) if billing.then is not None else None
                usage = UsageLines(lines, self._of)
                billings.append(billing._replace(contract=contract, then=then, usage=usage))
                begun = at if at > self._bounds[0] else None
            else:
                # Usage of the month in which a contract begins is dated where it does.
                what = (cast(int, row[3]) % len(self._bounds), begun, *row[4:-1])
                lines.append((what, Decimal(cast(str, row[-1]))))
        return Customer(sorted(billings, key=lambda one: (one.contract.starting_at, one.contract.id)), shared)

    def _of(
        self, what: tuple[int, datetime | None, int, *tuple[str | None, ...]]
    ) -> Iterable[tuple[str, priced.ValuePairs, datetime]]:
        if what not in self._named:
            if len(self._named) == KNOWN:
                self._named.clear()
            month, begun, number, *groups = what
            meter, at = self._meters[number], self._bounds[month]
            found = zip(meter.keys, groups, strict=False)
            values = priced.sorted_values((key, value) for key, value in found if value is not None)
            at = max(at, begun) if begun is not None else at
            self._named[what] = tuple((product, values, at) for product in meter.products)
        return self._named[what]


def _dumps(billed: Billed) -> str:
    return b64encode(pickle.dumps(billed)).decode()


def _loads(text: str) -> Billed:
    return cast(Billed, pickle.loads(b64decode(text)))


def bill_usage(
    engine: Engine,
    billed: Iterable[Billed],
    used_from: datetime,
    job: BillingJob,
    *,
    keep: Callable[[CustomerRow, Window], object],
    tell: Callable[[str], None],
    target: Target | None = None,
    then: Callable[[tuple[str, ...]], object] | None = None,
) -> tuple[Census, Impact]:
    """Count the usage that was read, month by month from `used_from` on, for all contracts, and bill them twice. Rows
    go to `keep`, and where the engine writes them to the target. What is done `then` finds what was read, and is given
    what contracts have in common (`CustomerReader`). Raises Rejected."""
    tell("listing contracts")
    bounds = [later(used_from, month, "MONTHS") for month in range(job.months + 1)]
    listed = _Contracts(billed, job.window, bounds)
    engine.load("named", _NAMED, listed)
    job = replace(job, alike=tuple(listed.alike))
    engine.keep("contract", query.CONTRACT)
    ((contracts,),) = cast("list[tuple[int]]", list(engine.rows("SELECT COUNT(*) FROM contract")))
    engine.keep("period", query.periods(bounds))
    tell(f"counting the usage of {contracts:,} contracts")
    census = count_usage(engine, job.meters, contracts * job.months, job.stated)
    if then is None:
        engine.forget(("event", "period", "named", "repeated"))
    tell(f"billing {contracts:,} contracts twice")
    width = max((len(meter.keys) for meter in (*job.meters, *job.stated)), default=0)
    found = Impact(job.window, job.months, job.limits)
    for part in engine.work(query.bills(job.months, width), query.bill_order(width), job, target):
        found.merge(part.impact)
        for row in part.rows:
            keep(row, job.window)
    if then is not None:
        then(job.alike)
    return census, found


_NAMED = {
    "contract": "BIGINT",
    "owner": "VARCHAR",
    "customer": "VARCHAR",
    "since": "TIMESTAMPTZ",
    "until": "TIMESTAMPTZ",
    "entry": "VARCHAR",
}


class _Contracts:
    """Contracts while they go by, as rows of `_NAMED`: under the id of the customer with all that is needed to bill the
    contract, and under every alias of the customer. One that begins or ends within the window is of the usage of as
    much of the months that were. What is alike of many contracts is kept apart, in `alike`."""

    def __init__(self, billed: Iterable[Billed], window: Window, bounds: Sequence[datetime]) -> None:
        self._billed, self._window, self._bounds = billed, window, bounds
        self._kinds: dict[Hashable, int] = {}
        self.alike: list[str] = []

    def __iter__(self) -> Iterator[dict[str, object]]:
        window, bounds = self._window, self._bounds
        for number, each in enumerate(self._billed):
            contract = each.billing.contract
            owner, start, end = contract.customer, contract.starting_at, contract.ending_before
            since = _then(start, window, bounds) if start > window.starting_at else None
            until = _then(end, window, bounds) if end is not None and end < window.ending_before else None
            row: dict[str, object] = {"contract": number, "owner": owner, "since": since, "until": until}
            ended = end.isoformat() if end is not None else None
            entry = json.dumps((self._kind(each), contract.id, start.isoformat(), ended))
            yield row | {"customer": owner, "entry": entry}
            for alias in dict.fromkeys(each.aliases):
                if alias != owner:
                    yield row | {"customer": alias, "entry": None}

    def _kind(self, billed: Billed) -> int | str:
        """Everything of a contract but its id, customer and dates: its place among those that are alike, or itself."""
        billing = billed.billing
        contract = replace(billing.contract, **_BLANK)
        then = replace(billing.then, id="", customer="") if billing.then is not None else None
        bare = Billed(billing._replace(contract=contract, then=then), (), billed.shared)
        if billed.shared or billing.own is not None or then is not None or contract.transition is not None:
            return _dumps(bare)
        if bare not in self._kinds:
            if len(self._kinds) == ALIKE:
                return _dumps(bare)
            self._kinds[bare] = len(self.alike)
            self.alike.append(_dumps(bare))
        return self._kinds[bare]


_BLANK: dict[str, Any] = {
    "id": "",
    "customer": "",
    "starting_at": FOREVER,
    "ending_before": None,
    "uniqueness_key": None,
    "created_at": None,
}


def _then(at: datetime, window: Window, bounds: Sequence[datetime]) -> str:
    """The instant of the months that were which is as far into its month as another is into one of the window; the end
    of a month that is too short."""
    months = len(bounds) - 1
    month = (at.year - window.starting_at.year) * 12 + at.month - window.starting_at.month
    if not 0 <= month < months:
        return instant_text(bounds[0] if month < 0 else bounds[-1])
    return instant_text(min(bounds[month] + (at - later(window.starting_at, month, "MONTHS")), bounds[month + 1]))
