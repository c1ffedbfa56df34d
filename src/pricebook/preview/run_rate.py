"""What a contract is charged again and again, whatever is used: its fees and recurring commits, as money a year.

A fee of a year falls into one month of twelve. So that two bills can be compared whatever months they are of, each
charge counts with what it costs for a whole period, from an instant on, times the periods of a year; what is charged on
dates (a scheduled charge, an instalment of a commit) counts with what falls into the year that begins then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from pricebook.catalog.calendar import FOREVER, MONTHS, PER_YEAR, later
from pricebook.preview.fee import Fee, fees_of
from pricebook.preview.grant import billed
from pricebook.preview.price import EXACT, summed
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import DatedCharge, DatedSubscription, Quantities

FIXED = frozenset(("subscription", "scheduled", "commit_purchase"))
"""The kinds of invoice lines that are counted here."""
_HOUR = timedelta(hours=1)


class Recurring(NamedTuple):
    """A charge of a contract: `yearly` in the API unit of `unit`, next billed on `due` (None: not any more).

    `frequency` is that of a subscription or a recurring commit, and empty for what is charged on dates.
    """

    term: str
    product: str
    unit: str
    frequency: str
    yearly: Decimal
    due: datetime | None

    @property
    def seldom(self) -> bool:
        """Whether there are months without it."""
        return MONTHS.get(self.frequency, 0) > 1 or not self.frequency


def recurring(prices: Prices, held: Mapping[str, Quantities], at: datetime) -> Iterator[Recurring]:
    """The charges of a contract from an instant on: what the whole period costs that begins then or next, and where
    none does any more, what the last one cost; of a subscription that is over nothing. `held` are the quantities."""
    terms = prices.terms
    for subscription in terms.subscriptions:
        rate = subscription.term.subscription_rate
        if charged := _whole(prices, subscription, held[subscription.key], at):
            yearly = EXACT.multiply(summed(fee.line.amount for fee in charged), _per_year(rate.billing_frequency))
            due = min(charged[0].at, subscription.window.ending_before) if charged[0].at >= at else None
            unit = charged[0].line.unit
            yield Recurring(subscription.name, rate.product, unit, rate.billing_frequency, yearly, due)
    frequencies = {each.name: each.frequency for each in terms.recurrences}
    bought = sorted(billed(terms, later(at, 25, "MONTHS"), prices.tariff.scales), key=attrgetter("name", "at"))
    for name, charges in groupby(bought, key=attrgetter("name")):
        listed = list(charges)
        first = next((charge for charge in listed if charge.at >= at), listed[-1])
        yearly = EXACT.multiply(_total(first), _per_year(frequencies[name]))
        due = first.at if first.at >= at else None
        yield Recurring(name, first.product, first.unit, frequencies[name], yearly, due)
    year = later(at, 1, "YEARS")
    for charge in terms.charges:
        if charge.kind in FIXED and at <= charge.at < year:
            yield Recurring(charge.name, charge.product, charge.unit, "", _total(charge), charge.at)


def _whole(prices: Prices, subscription: DatedSubscription, times: Quantities, at: datetime) -> list[Fee]:
    """What is charged for one whole period: the first that begins at the instant or later, else the last before. The
    last one of a contract is whole here, though its end may cut it."""
    end = subscription.window.ending_before
    if end <= at:
        return []
    endless = replace(subscription, window=subscription.window._replace(ending_before=FOREVER))

    def whole(after: datetime, until: datetime) -> Iterator[Fee]:
        for fee in fees_of(prices, endless, times, after, until):
            if isinstance(fee, Fee) and fee.line.starting_at < end and not fee.line.why.share:
                yield fee

    found: list[Fee] = []
    for fee in whole(at - _HOUR, later(at, 25, "MONTHS")):
        if fee.line.starting_at >= at:
            if found and fee.at != found[0].at:
                return found
            found.append(fee)
    if not found:
        past = list(whole(later(at, -25, "MONTHS"), at))
        found = [fee for fee in past if fee.line.starting_at == past[-1].line.starting_at]
    return found


def _per_year(frequency: str) -> Decimal:
    return Decimal(PER_YEAR[frequency])


def _total(charge: DatedCharge) -> Decimal:
    return EXACT.multiply(charge.unit_price, charge.quantity)
