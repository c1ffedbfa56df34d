"""Counting: from event files and billing periods to quantities, period by period, with an account of every event.

Nothing is dropped in silence: what is bad, double, outside every period or counted by no meter is told by number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

from pricebook.catalog.instant import instant_text, read_moment
from pricebook.problem import reject
from pricebook.usage import query
from pricebook.usage.engine import Engine
from pricebook.usage.meter import UsageMeter, families, properties_of
from pricebook.usage.source import UsageSource, sources

NAMED = 3
"""Customer ids that nobody has who are named."""


class UsagePeriod(NamedTuple):
    """A span of time of one customer in which quantities are summed: [starting_at, ending_before)."""

    customer: str
    starting_at: datetime
    ending_before: datetime


class CountedQuantity(NamedTuple):
    """What a meter counted in a period, under one combination of group values.

    `period` and `meter` are places in the sequences given to `measure`; `groups` are the values of the meter's keys in
    their order, None where the events have no such property.
    """

    period: int
    meter: int
    groups: tuple[str | None, ...]
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Census:
    """What became of the events. `bad` counts by reason, with the first and last transaction_id where there is one.

    `duplicates` are events whose transaction_id was counted already; `outside` belong to no period, by `strangers`
    different customer ids, of which `named` are those with the most; `unmatched` are counted by no meter; `invalid`
    counts per meter events whose value is no number.
    """

    read: int
    bad: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    duplicates: int = 0
    outside: int = 0
    unmatched: int = 0
    invalid: tuple[tuple[str, int], ...] = ()
    strangers: int = 0
    named: tuple[tuple[str, int], ...] = ()

    @property
    def unreadable(self) -> int:
        """How many events say nothing that can be used; those of another environment are not meant to."""
        bad = sum(count for reason, count, _ in self.bad if reason != query.OTHER)
        return bad + sum(count for _, count in self.invalid)

    @property
    def coverage(self) -> Decimal:
        """The fraction of events, each counted once, that could be read and belong to somebody who is billed."""
        others = sum(count for reason, count, _ in self.bad if reason == query.OTHER)
        whole = self.read - self.duplicates - others
        lost = self.outside + self.unreadable
        return Decimal(max(whole - lost, 0)) / Decimal(whole) if whole else Decimal(1)


def read_usage(
    engine: Engine,
    given: Iterable[str | Path | UsageSource],
    meters: Sequence[UsageMeter],
    stated: Sequence[UsageMeter] = (),
) -> tuple[datetime, datetime] | None:
    """Read what is given, once, for what the meters look at: the first and the last instant of an event; None: there is
    no good one. `stated` are the meters, one for each product, of which quantities may be given that were counted
    already. Raises Rejected for what cannot be read."""
    properties = properties_of((*meters, *stated))
    again = engine.read(sources(given), properties)
    (engine.show if again else engine.keep)("seen", query.seen(len(properties)))
    (engine.show if again else engine.keep)("given", query.given([meter.name for meter in stated], len(properties)))
    if not stated and any(engine.rows(query.GIVEN)):
        hint = "plan --impact bills them; preview takes them with --usage"
        raise reject("usage-file", "these are quantities that were counted already, and no events", hint=hint)
    engine.keep("repeated", query.REPEATED)
    ((first, last),) = cast("Iterator[tuple[str | None, str | None]]", engine.rows(query.SPAN))
    return (read_moment(first), read_moment(last)) if first and last else None


def measure(
    engine: Engine,
    meters: Sequence[UsageMeter],
    periods: Iterable[UsagePeriod],
    again: Iterable[UsagePeriod] = (),
    stated: Sequence[UsageMeter] = (),
) -> tuple[Census, Iterator[CountedQuantity]]:
    """Count the usage that was read, with the same meters: the account of all events, and the quantities in the order
    of periods, meters and group values.

    No two `periods` of a customer overlap. `again` are more that may, numbered on from there; the account is without
    them. The meters of what was counted already are numbered on from the others.
    """
    placed, every = _Counted(periods), (*meters, *stated)
    engine.load("period", _TYPES, _period_rows(chain(placed, again)))
    census = count_usage(engine, meters, placed.count, stated)
    return census, _quantities(engine, every, max((len(meter.keys) for meter in every), default=0))


def customers(engine: Engine) -> Iterator[str]:
    """Whose the usage is that was read, whether anybody knows them or not."""
    return (str(customer) for (customer,) in engine.rows(query.CUSTOMERS))


def count_usage(engine: Engine, meters: Sequence[UsageMeter], first: int, stated: Sequence[UsageMeter] = ()) -> Census:
    """Count the usage that was read in the relation `period`, into the relation `quantity`: an account of the events
    in the first so many periods. The meters of what was counted already are numbered on from the others."""
    properties = properties_of((*meters, *stated))
    width = max((len(meter.keys) for meter in (*meters, *stated)), default=0)
    groups = families(meters)
    engine.keep("event", query.placed(len(properties), meters))
    counted = [query.counted(family, properties, width) for family in groups]
    told = {row[0] for row in engine.rows(query.GIVEN_PRODUCTS)}
    if of := {number: meter for number, meter in enumerate(stated, len(meters)) if meter.name in told}:
        counted.append(query.count_given(of, properties, width))
    engine.keep("quantity", " UNION ALL ".join(counted) or query.no_quantity(width))
    return _census(engine, meters, query.unmatched(groups, properties, first), query.invalid(first))


class _Counted:
    """Periods, counted while they go by."""

    def __init__(self, periods: Iterable[UsagePeriod]) -> None:
        self.periods, self.count = periods, 0

    def __iter__(self) -> Iterator[UsagePeriod]:
        for period in self.periods:
            self.count += 1
            yield period


_TYPES = {"number": "BIGINT", "customer": "VARCHAR", "starting_at": "TIMESTAMPTZ", "ending_before": "TIMESTAMPTZ"}


def _period_rows(periods: Iterable[UsagePeriod]) -> Iterator[dict[str, object]]:
    for number, period in enumerate(periods):
        yield {
            "number": number,
            "customer": period.customer,
            "starting_at": instant_text(period.starting_at),
            "ending_before": instant_text(period.ending_before),
        }


def _census(engine: Engine, meters: Sequence[UsageMeter], unmatched: str, no_number: str) -> Census:
    counts = [*engine.rows(query.CENSUS), *engine.rows(query.GIVEN)]
    bad = tuple(
        (str(reason), cast(int, count), tuple(dict.fromkeys(str(name) for name in ends if name)))
        for reason, count, *ends in counts
        if reason is not None
    )
    ((transactions, events),) = cast("Iterator[tuple[int, int]]", engine.rows(query.DUPLICATES))
    outside, strangers, named = 0, 0, list[tuple[str, int]]()
    unplaced = chain(engine.rows(query.OUTSIDE), engine.rows(query.GIVEN_OUTSIDE))
    for customer, events_ in cast("Iterator[tuple[str, int]]", unplaced):
        outside, strangers = outside + events_, strangers + 1
        named += [(customer, events_)] * (len(named) < NAMED)
    ((uncounted,),) = cast("Iterator[tuple[int]]", engine.rows(unmatched))
    invalid = cast("Iterator[tuple[int, int]]", engine.rows(no_number))
    return Census(
        read=sum(cast(int, row[1]) for row in counts),
        bad=bad,
        duplicates=int(events) - transactions,
        outside=outside,
        unmatched=uncounted,
        invalid=tuple((meters[index].name, int(count)) for index, count in invalid),
        strangers=strangers,
        named=tuple(named),
    )


def _quantities(engine: Engine, meters: Sequence[UsageMeter], width: int) -> Iterator[CountedQuantity]:
    groups = "".join(f", g{at}" for at in range(width))
    order = f"number, meter{groups}"
    rows = engine.rows(f"SELECT {order}, quantity FROM quantity WHERE quantity IS NOT NULL ORDER BY {order}")
    for number, meter, *values, quantity in cast("Iterator[tuple[int, int, str, Decimal]]", rows):
        yield CountedQuantity(number, meter, tuple(values[: len(meters[meter].keys)]), quantity)
