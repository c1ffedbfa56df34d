"""Subscription fees: what is charged for which period, when, and for how many.

Sources: the price is that at the start of the billing period ("billed at the new rate at the start of the next billing
period", docs.metronome.com, "Manage subscription lifecycle"); cycles are anchored to "the contract's usage invoice
billing cycle anchor date" (SDK); `is_prorated` says "if the partial period will be prorated or charged a full amount",
not given: in full [assumed]; BILL_IMMEDIATELY: "The quantity increase will be billed immediately on the scheduled
date", BILL_ON_NEXT_COLLECTION_DATE: "billed for in-arrears at the end of the period" (SDK), not given: immediately in
ADVANCE [assumed]. "Removing seats does not affect the current billing period or create a credit" (docs.metronome.com,
"Set up seat-based billing"), and seats are compared with those already billed for the period. In ARREARS a prorated fee
follows the quantity over the period, one that is not prorated is charged for the highest quantity [assumed].
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from pricebook.catalog.calendar import Period, cycle
from pricebook.catalog.terms import Band, Curve
from pricebook.preview.invoice import InvoiceLine
from pricebook.preview.match import Subject
from pricebook.preview.price import EXACT, ZERO, cost, portions
from pricebook.preview.proration import PeriodShare, places_of, prorated, share
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import DatedSubscription, Quantities

ROUNDED = "the unit price of the part is rounded before it is multiplied"
"""A note of a line."""


class Fee(NamedTuple):
    """A line and the date on which it is charged. `on_usage_invoice` when it may stand on the one that ends then."""

    at: datetime
    on_usage_invoice: bool
    line: InvoiceLine
    subject: Subject


class Unpriced(NamedTuple):
    """A period of a subscription for which nothing is charged, and why."""

    subscription: str
    at: datetime
    why: str


def fees(
    prices: Prices, quantities: Mapping[str, Quantities], after: datetime | None, until: datetime
) -> Iterator[Fee | Unpriced]:
    """The fees of every subscription that are charged after an instant (None: from the start) and up to another."""
    for subscription in prices.terms.subscriptions:
        yield from fees_of(prices, subscription, quantities[subscription.key], after, until)


def fees_of(
    prices: Prices, subscription: DatedSubscription, times: Quantities, after: datetime | None, until: datetime
) -> Iterator[Fee | Unpriced]:
    """Those of one subscription, period by period."""
    window, frequency = subscription.window, subscription.term.subscription_rate.billing_frequency
    for period in cycle(subscription.anchor, frequency, window.starting_at, window.ending_before):
        if period.starting_at > until:
            break
        if after is not None and period.ending_before <= after:
            continue
        for fee in _of_period(prices, subscription, times, period):
            nothing = isinstance(fee, Fee) and not fee.line.quantity
            if fee.at <= until and (after is None or fee.at > after) and not nothing:
                yield fee


def _of_period(
    prices: Prices, subscription: DatedSubscription, times: Quantities, period: Period
) -> Iterator[Fee | Unpriced]:
    term = subscription.term
    rate, proration = term.subscription_rate, term.proration
    product = prices.tariff.products.get(rate.product)
    advance = term.collection_schedule == "ADVANCE"
    charged_at = period.starting_at if advance else period.ending_before
    if product is None:
        yield Unpriced(subscription.name, charged_at, f"there is no product {rate.product}")
        return
    subject = Subject(rate.product, product, rate.billing_frequency)
    price = prices.price(subject, period.starting_at)
    if price is None or price.steps is None:
        why = "its rate is CUSTOM" if price is not None else "it is not entitled, or has no rate"
        yield Unpriced(subscription.name, charged_at, why)
        return
    placed = term.billing_cycle_config is None or term.billing_cycle_config.invoice_placement == "ON_USAGE_INVOICE"

    def fee(at: datetime, start: Decimal, end: Decimal, part: PeriodShare, since: datetime, until: datetime) -> Fee:
        assert price is not None
        assert price.steps is not None
        if proration.rounding is None:
            places = places_of(prices.tariff.scales.get(price.rate.unit))
            amount = prorated(cost(price.steps, start, end), part, None, places)
        else:  # "round the unit price for prorated charges" (docs.metronome.com, "Provision your customer")
            each = tuple(Band(b.upto, prorated(b.price, part, proration.rounding, 0)) for b in price.steps)
            amount = cost(each, start, end)
        note = ROUNDED if proration.rounding is not None and not part.whole else ""
        why = replace(price.why(), term=subscription.name, share="" if part.whole else str(part), note=note)
        line = InvoiceLine(
            kind="subscription",
            product=rate.product,
            label=term.name or product.name,
            starting_at=since,
            ending_before=until,
            unit=price.rate.unit,
            amount=amount,
            quantity=EXACT.subtract(end, start),
            unit_price=_one_price(price.steps, start, end),
            why=why,
        )
        return Fee(at, placed, line, subject)

    start, end = period.starting_at, period.ending_before
    whole = share(period.cycle_start, period.cycle_end, period.cycle_start, period.cycle_end)

    def part(since: datetime, until: datetime) -> PeriodShare:
        return share(since, until, period.cycle_start, period.cycle_end) if proration.is_prorated else whole

    first = times.at(start).quantity
    changes = times.between(start, end)
    if advance:
        yield fee(start, ZERO, first, part(start, end), start, end)
        immediately = proration.invoice_behavior != "BILL_ON_NEXT_COLLECTION_DATE"
        for change in changes:
            if change.quantity > first:
                at = change.at if immediately else end
                yield fee(at, first, change.quantity, part(change.at, end), change.at, end)
                first = change.quantity
    elif proration.is_prorated:
        held = [(start, first), *((change.at, change.quantity) for change in changes), (end, ZERO)]
        for (since, quantity), (till, _) in pairwise(held):
            yield fee(end, ZERO, quantity, part(since, till), since, till)
    else:
        yield fee(end, ZERO, max([first, *(change.quantity for change in changes)]), whole, start, end)


def _one_price(steps: Curve, start: Decimal, end: Decimal) -> Decimal | None:
    """The unit price, where all of the quantity has the same."""
    found = {portion.price for portion in portions(steps, start, end)}
    return found.pop() if len(found) == 1 else None
