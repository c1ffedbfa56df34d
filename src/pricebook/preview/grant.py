"""Recurring commits and credits, counted out: a balance for every period.

Their amounts are those of a package's term, prorated for a first or last period that is cut, and per seat where a
subscription's quantity counts. Seats that are added within a period add to the balance for the rest of it; seats that
go leave it as it is [assumed].
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import islice

from pricebook.catalog.amount import Scale
from pricebook.catalog.calendar import FOREVER, Period, cycle
from pricebook.catalog.recurring import RecurringCommit
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.proration import PeriodShare, places_of, prorated, share
from pricebook.preview.terms import ContractTerms, DatedCharge, Grant, Quantities, Recurrence, Seats, Window


def granted(
    terms: ContractTerms, seats: Mapping[str, Quantities], until: datetime, scales: Mapping[str, Scale]
) -> Iterator[Grant]:
    """Every balance of the contract that is open at `until`, or was: a fee that is charged then can draw from it."""
    for grant in terms.grants:
        if grant.window.starting_at <= until:
            yield grant
    for recurrence in terms.recurrences:
        for number, period in _periods(recurrence, until):
            yield from _of_period(recurrence, number, period, seats, scales, terms)


def billed(terms: ContractTerms, until: datetime, scales: Mapping[str, Scale]) -> Iterator[DatedCharge]:
    """What recurring commits are paid with, at the start of each period [assumed]."""
    for recurrence in terms.recurrences:
        term = recurrence.term
        if not isinstance(term, RecurringCommit) or term.invoice_amount is None:
            continue
        invoice, unit = term.invoice_amount, term.invoice_amount.credit_type
        rounding = term.proration_rounding.invoice if term.proration_rounding is not None else None
        for number, period in _periods(recurrence, until):
            part = _part(recurrence, number, period)
            if not part.whole:
                amount = EXACT.multiply(invoice.unit_price, invoice.quantity)
                amount, count = prorated(amount, part, rounding, places_of(scales.get(unit))), Decimal(1)
            else:
                amount, count = invoice.unit_price, invoice.quantity
            label, at = term.name or "", period.starting_at
            yield DatedCharge(
                name=recurrence.name,
                kind="commit_purchase",
                product=term.product,
                label=label,
                at=at,
                unit_price=amount,
                quantity=count,
                unit=unit,
            )


def _periods(recurrence: Recurrence, until: datetime) -> Iterator[tuple[int, Period]]:
    """The periods that have begun, one that begins at that instant included."""
    window = recurrence.window
    found = cycle(recurrence.anchor, recurrence.frequency, window.starting_at, window.ending_before)
    for number, period in enumerate(found, 1):
        if period.starting_at > until:
            return
        yield number, period


def _part(recurrence: Recurrence, number: int, period: Period) -> PeriodShare:
    """What of the period's amount is granted: all of it, unless it is a first or last one that is prorated."""
    first = number == 1 and period.starting_at > period.cycle_start
    last = period.ending_before < period.cycle_end
    proration = recurrence.term.proration
    start = period.starting_at if first and proration in ("FIRST", "FIRST_AND_LAST") else period.cycle_start
    end = period.ending_before if last and proration in ("LAST", "FIRST_AND_LAST") else period.cycle_end
    return share(start, end, period.cycle_start, period.cycle_end)


def _of_period(
    recurrence: Recurrence,
    number: int,
    period: Period,
    seats: Mapping[str, Quantities],
    scales: Mapping[str, Scale],
    terms: ContractTerms,
) -> Iterator[Grant]:
    """ "Defines the length of the access schedule for each created commit/credit", in periods (SDK)."""
    term, access = recurrence.term, recurrence.term.access_amount
    rounding = term.proration_rounding.access if term.proration_rounding is not None else None
    counts_units, invoice = access.access_type == "QUANTITY", recurrence.invoice
    places = 2 if counts_units else places_of(scales.get(access.credit_type))
    free = invoice is None or not invoice.unit_price * invoice.quantity
    end, periods = period.ending_before, term.commit_duration.value
    if periods > 1:  # counted from the anchor, like every period: they clamp at month ends
        lived = cycle(recurrence.anchor, recurrence.frequency, period.cycle_start, FOREVER)
        last = next(islice(lived, periods - 1, None), None)
        end = last.cycle_end if last is not None else FOREVER
    window = Window(period.starting_at, min(end, terms.ending_before))
    id_ = f"{recurrence.name} {number}"
    part = _part(recurrence, number, period)

    def grant(
        id_: str, quantity: Decimal, part: PeriodShare, window: Window, seat: tuple[str, str] | None = None
    ) -> Grant:
        amount = prorated(EXACT.multiply(access.unit_price, quantity), part, rounding, places)
        return Grant(
            id=id_,
            list=recurrence.list,
            key=recurrence.key,
            term=term,
            kind=recurrence.kind,
            amount=amount,
            unit=access.credit_type,
            window=window,
            free=free,
            counts_units=counts_units,
            seat=seat,
        )

    config = term.subscription_config
    if config is None:
        yield grant(id_, access.quantity or ZERO, part, window)
        return
    times = seats.get(config.subscription)
    if times is None:
        return
    added = config.apply_seat_increase_config.is_prorated
    if config.allocation == "INDIVIDUAL":
        key = next(
            s.term.seat_config.seat_group_key
            for s in terms.subscriptions
            if s.key == config.subscription and s.term.seat_config is not None
        )
        for name, at in _named(times, period):
            rest = part if at == period.starting_at else _rest(period, at, added)
            yield grant(f"{id_} {key}={name}", Decimal(1), rest, window._replace(starting_at=at), (key, name))
        return
    high = times.at(period.starting_at).quantity
    yield grant(id_, high, part, window)
    for step in times.between(period.starting_at, period.ending_before):
        if step.quantity > high:
            rest = _rest(period, step.at, added)
            opened = window._replace(starting_at=step.at)
            yield grant(f"{id_} +{_day(step.at)}", EXACT.subtract(step.quantity, high), rest, opened)
            high = step.quantity


def _day(at: datetime) -> str:
    """The day, with the time where it is not midnight: two additions of one day are two balances."""
    return at.replace(tzinfo=None).isoformat()[5:].removesuffix("T00:00:00")


def _rest(period: Period, at: datetime, is_prorated: bool) -> PeriodShare:
    """ "Indicates whether a mid-period seat increase should be prorated" (SDK)."""
    start = at if is_prorated else period.cycle_start
    end = period.ending_before if is_prorated else period.cycle_end
    return share(start, end, period.cycle_start, period.cycle_end)


def _named(times: Quantities, period: Period) -> Iterator[tuple[str, datetime]]:
    """The seats of a period and since when each is one of them; nobody has an unassigned seat's balance."""
    first = times.at(period.starting_at)
    steps: list[Seats] = [first._replace(at=period.starting_at)]
    steps += times.between(period.starting_at, period.ending_before)
    seen: set[str] = set()
    for step in steps:
        for name in step.names:
            if name not in seen:
                seen.add(name)
                yield name, step.at
