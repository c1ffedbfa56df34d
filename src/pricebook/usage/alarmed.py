"""Noise: how many customers a threshold notification alarms, by the usage of months that were, and on which day.

The same usage is counted once more, day by day, and each customer looked at by the one evaluator (`preview.alarm`), on
what the contracts are billed by under what is desired. A day of the months that were is the day of the window that is
as far into its month.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pricebook.catalog.calendar import later, months_between
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.threshold_notification import ThresholdNotification
from pricebook.preview import customer as billed
from pricebook.preview.alarm import alarms, unwatched
from pricebook.preview.invoice import Ledger
from pricebook.preview.market import Market
from pricebook.preview.terms import Window
from pricebook.preview.watched import WatchedContract, WatchedCustomer
from pricebook.usage import query
from pricebook.usage.billed import BillRow, CustomerReader, in_parts, whole
from pricebook.usage.engine import Engine
from pricebook.usage.measure import count_usage
from pricebook.usage.meter import ADDING, UsageMeter


@dataclass
class Alarmed:
    """Of one notification: how many customers there are, how many of them it alarms, on which day of the window each
    for the first time, and of how many it cannot be told, by reason."""

    customers: int = 0
    alarmed: int = 0
    first: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def merge(self, other: "Alarmed") -> None:
        """Add what was found of other customers."""
        self.customers += other.customers
        self.alarmed += other.alarmed
        self.first.update(other.first)
        self.unknown.update(other.unknown)


Noise = dict[str, Alarmed]
"""By what each notification is called by whoever asks."""


def days_of(start: datetime, months: int) -> list[datetime]:
    """The days of so many months, each at its start, and the end of the last one."""
    end = later(start, months, "MONTHS")
    return [start + timedelta(days=day) for day in range((end - start).days + 1)]


def shifted(days: Sequence[datetime], used_from: datetime, window_from: datetime) -> list[datetime]:
    """The days of the window that are as far into their months as those of the usage; the last one of a month that is
    too short."""
    found = []
    for day in days:
        month = months_between(used_from, day)
        start = later(window_from, month, "MONTHS")
        last = later(window_from, month + 1, "MONTHS") - timedelta(days=1)
        found.append(min(start + timedelta(days=day.day - 1), last))
    return found


@dataclass(frozen=True, kw_only=True)
class AlarmJob:
    """Whom to look at, for whoever does it. Quantities are those of `meters` and then of `stated`, by the day."""

    desired: Catalog
    window: Window
    months: int
    assume_migrated: bool
    meters: Sequence[UsageMeter]
    stated: Sequence[UsageMeter]
    used_from: datetime
    notifications: Mapping[str, ThresholdNotification]
    alike: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """See `usage.billed.BillingJob`."""
        return {**self.__dict__, "desired": whole(self.desired)}

    def start(self) -> Callable[[Iterable[BillRow]], Iterator[Noise]]:
        """Get ready, once in each process. Rows come with all of a customer's one after the other."""
        market = Market(self.desired, self.window, self.months)
        days = shifted(days_of(self.used_from, self.months)[:-1], self.used_from, self.window.starting_at)
        # What a metric counts that does not add up by the day is left out, and told (`unadded`).
        meters = [each if _adds(each) else replace(each, products=()) for each in (*self.meters, *self.stated)]
        read = CustomerReader(self.alike, meters, days)

        def look(customers: Iterable[billed.Customer]) -> Noise:
            found = self.joined(())
            for customer in customers:
                self._look(found, market, customer)
            return found

        return lambda rows: in_parts(read, rows, look)

    def listed(self, part: Noise) -> tuple[Noise, Sequence[tuple[object, ...]]]:
        """The part: nobody is named."""
        return part, ()

    def joined(self, parts: Iterable[Noise]) -> Noise:
        """What was found of all of the customers."""
        found = {name: Alarmed() for name in self.notifications}
        for part in parts:
            for name, one in part.items():
                found[name].merge(one)
        return found

    def _look(self, found: Noise, market: Market, owner: billed.Customer) -> None:
        contracts = []
        for billing in owner.billings:
            contract, window = billing.then or billing.contract, self.window
            target = market.newest(contract.package) if self.assume_migrated else contract.package
            side = market.side(contract, target, billing.own)
            if side is not None and contract.starting_at < window.ending_before:
                opening = Ledger(window.starting_at, {}, owner.shared)
                seats = contract.quantities or ()
                contracts.append(WatchedContract(side.prices, tuple(billing.usage), seats, None, opening=opening))
        if not contracts:
            return
        customer = WatchedCustomer(contracts, frozenset(grant.id for grant in owner.shared))
        for name, noun in self.notifications.items():
            one = found[name]
            one.customers += 1
            if reason := unwatched(noun, customer) or self._unadded(noun):
                one.unknown[reason] += 1
                continue
            last = self.window.ending_before - timedelta(hours=1)
            if told := alarms(noun, customer, self.window.starting_at, last):
                one.alarmed += 1
                one.first[f"{told[0].at:%Y-%m-%d}"] += 1

    def _unadded(self, noun: ThresholdNotification) -> str:
        metrics = {meter.name for meter in self.meters if not _adds(meter)}
        return "its metric does not add up by the day" if noun.billable_metric in metrics else ""


def _adds(meter: UsageMeter) -> bool:
    return meter.metric.aggregation_type in ADDING


def unadded(meters: Iterable[UsageMeter]) -> list[str]:
    """The products whose usage does not add up by the day, and is in no alarm."""
    return sorted(name for meter in meters if not _adds(meter) for name in meter.products)


def count_alarms(engine: Engine, job: AlarmJob, tell: Callable[[str], None]) -> Noise:
    """Look at all contracts that were billed (`usage.billed.bill_usage`), whose usage was read."""
    tell("counting usage by the day")
    days = days_of(job.used_from, job.months)
    engine.keep("period", query.periods(days))
    ((contracts,),) = engine.rows("SELECT COUNT(*) FROM contract")
    count_usage(engine, job.meters, int(str(contracts)) * (len(days) - 1), job.stated)
    tell("looking for alarms")
    width = max((len(meter.keys) for meter in (*job.meters, *job.stated)), default=0)
    return job.joined(engine.work(query.bills(len(days) - 1, width), query.bill_order(width), job))
