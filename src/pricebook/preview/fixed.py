"""What a package costs and gives without any usage: the sums that are known from its terms alone.

The one answer to what a package costs a year: for offers, for what a plan does to fees, and for the limits of a policy.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import count, takewhile
from typing import get_args

from pricebook.catalog.calendar import PER_YEAR, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.money import RATIO
from pricebook.catalog.package import Package
from pricebook.plan.offered import Fixed, FixedSum
from pricebook.preview.materialise import materialise
from pricebook.preview.price import EXACT, ZERO
from pricebook.preview.run_rate import FIXED, recurring
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import DatedSubscription, Quantities, Recurrence, Seats, quantities

PAID: frozenset[Fixed] = frozenset(("fees", "commits", "charges"))
"""What customers pay; the other kinds are what they get."""


def fixed_sums(package: Package, catalog: Catalog, at: datetime) -> Iterator[FixedSum]:
    """What one contract on the package that starts at an instant comes to without any usage, kind by kind: of what
    comes on dates all of them, and of a commit that is paid afterwards all that is owed."""
    terms = materialise(package, at)
    prices = Prices(Tariff(catalog, catalog.card_at(package.rate_card, package.rate_card_alias, at)), terms)
    held = dict(quantities(terms, ()))
    open_ = {key for key, found in held.items() if not found.at(at).quantity}
    one = {key: Quantities((Seats(at, Decimal(1), ()),)) for key in open_}
    fees = {each.name: each.key in open_ for each in terms.subscriptions}
    sums: dict[tuple[Fixed, str, bool], list[Decimal]] = {}

    def add(kind: Fixed, unit: str, amount: Decimal, *, recurs: bool, each: bool = False) -> None:
        found = sums.setdefault((kind, unit, each), [ZERO, ZERO])
        found[not recurs] = EXACT.add(found[not recurs], amount)

    dated: tuple[DatedSubscription | Recurrence, ...] = (*terms.subscriptions, *terms.recurrences)
    passing = {
        term.name: times
        for term in dated
        if term.window.ending_before < terms.ending_before and (times := _times(term)) is not None
    }
    for charge in recurring(prices, {**held, **one}, at):
        kind: Fixed = "fees" if charge.term in fees else "commits"
        amount, times = charge.yearly, passing.get(charge.term)
        if times is not None:
            amount = RATIO.divide(EXACT.multiply(amount, times), Decimal(PER_YEAR[charge.frequency]))
        if charge.frequency:
            add(kind, charge.unit, amount, recurs=times is None, each=fees.get(charge.term, False))
    for dated_charge in terms.charges:
        if dated_charge.kind in FIXED:
            total = EXACT.multiply(dated_charge.unit_price, dated_charge.quantity)
            add("charges" if dated_charge.kind == "scheduled" else "commits", dated_charge.unit, total, recurs=False)
    owed = {charge.commit for charge in terms.charges if charge.kind == "true_up"}
    for grant in terms.grants:
        if grant.id in owed:
            add("commits", grant.unit, grant.amount, recurs=False)
        if not grant.counts_units:
            add("credits" if grant.kind == "CREDIT" else "balances", grant.unit, grant.amount, recurs=False)
    for term in terms.recurrences:
        access, seats = term.term.access_amount, term.term.subscription_config
        if access.access_type != "QUANTITY":
            each = seats is not None and seats.subscription in open_
            many = held[seats.subscription].at(at).quantity if seats is not None and not each else Decimal(1)
            times = passing.get(term.name)
            periods = PER_YEAR[term.frequency] if times is None else times
            each_time = EXACT.multiply(access.unit_price, access.quantity or 1)
            year = EXACT.multiply(each_time, many * periods)
            kind = "credits" if term.kind == "CREDIT" else "balances"
            add(kind, access.credit_type, year, recurs=times is None, each=each)
    order: tuple[Fixed, ...] = get_args(Fixed)
    for (kind, unit, each), (year, once) in sorted(sums.items(), key=lambda item: (order.index(item[0][0]), item[0])):
        if year or once:
            yield FixedSum(kind, unit, year, once, each)


def _times(term: DatedSubscription | Recurrence) -> int | None:
    """In how many periods a term is charged or granted that is over within a year; None for one that goes on."""
    start, end = term.window
    frequency = term.term.subscription_rate.billing_frequency if isinstance(term, DatedSubscription) else term.frequency
    if end >= later(start, 1, "YEARS"):
        return None
    return sum(1 for _ in takewhile(lambda begin: begin < end, (later(start, n, frequency) for n in count())))
