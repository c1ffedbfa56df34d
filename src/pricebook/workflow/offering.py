"""What a plan offers, and what it does to what is fixed: the fees of contracts, known from their terms without usage.

The rule that it keeps: only what is known is summed. A fee counts for the quantity that the contract is known to have,
or else for the one that its package starts with, and contracts without either are counted apart.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, cast

from pricebook.apply.ports import BillingStore
from pricebook.catalog.calendar import PER_YEAR
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.package import Package
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.offer import offers_in
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import FixedChange, Plan
from pricebook.plan.verb.add_rates import AddRates
from pricebook.preview.customer import Billed, present
from pricebook.preview.match import Subject
from pricebook.preview.materialise import materialise
from pricebook.preview.own import BARE
from pricebook.preview.price import EXACT, ZERO, cost
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, DatedSubscription, quantities


class _Moved(NamedTuple):
    """When a fee of a card changes for the first time, and when for the last."""

    first: datetime
    last: datetime


def offering(plan: Plan, desired: Catalog, snapshot: Snapshot, billed: BillingStore | None) -> Plan:
    """The plan with the packages that it makes as offers, and with what it does to the fees of the contracts that are
    billed. Raises StoreError."""
    offers = {str(ref): offered for ref, offered in offers_in(plan, desired, snapshot)}
    reaching = any(isinstance(step.change, AddRates) and step.reach for step in plan.steps)
    found = billed.billed(plan.namespace, plan.as_of, shared=False) if billed is not None and reaching else ()
    return replace(plan, offers=offers, fixed=fixed_change(plan, snapshot, found))


def fixed_change(plan: Plan, snapshot: Snapshot, billed: Iterable[Billed]) -> FixedChange | None:
    """The change of all fees a year, under the names that objects have now; None where no fee of anybody changes.

    From what customers pay until the first of its changes to what they pay after the last one.
    """
    moved = _moved_fees(plan)
    if not moved:
        return None
    before, after = snapshot.catalog, applied_to(snapshot, plan).catalog
    tariffs: dict[tuple[int, str], Tariff] = {}
    amounts: dict[str, Decimal] = {}
    paying = unknown = 0
    since: list[datetime] = []
    for billing in (present(each, (plan,)).billing for each in billed):
        contract, own = billing.contract, billing.own
        package = cast("Package | None", before.nouns.get(contract.package)) if contract.package else BARE
        if package is None or billing.unread:
            continue
        settled = contract.card.name if contract.card is not None else package.rate_card
        card = before.card_at(settled, package.rate_card_alias, contract.starting_at)
        fees = moved.get(card or "", {})
        if card is None or not fees:
            continue
        terms = materialise(package, contract.starting_at, ending_before=contract.ending_before)
        terms = terms.beside(own) if own is not None else terms
        rates = (one.term.subscription_rate for one in terms.subscriptions)
        sold = {(rate.product, rate.billing_frequency) for rate in rates}
        if sold.isdisjoint((key.product, key.billing_frequency) for key in fees):
            continue
        pays = open_ = False
        for one in terms.subscriptions:
            key = RateKey(one.term.subscription_rate.product, one.term.subscription_rate.billing_frequency, ())
            times = fees.get(key)
            if times is None or not one.window.covers(max(times.last, one.window.starting_at)):
                continue
            earlier = (before, times.first) if times.first <= plan.as_of else (after, times.first - timedelta(hours=1))
            sides = [_priced(tariffs, catalog, card, terms, one, at) for catalog, at in (earlier, (after, times.last))]
            if sides[0] == sides[1]:
                continue
            held = quantities(terms, contract.quantities or ())[one.key]
            many = held.at(max(times.last, one.window.starting_at)).quantity
            if not many:
                open_ = True
                continue
            pays = True
            since.append(max(times.first, one.window.starting_at))
            for sign, (unit, price) in zip((-1, 1), sides, strict=True):
                year = EXACT.multiply(EXACT.multiply(price, many), sign * PER_YEAR[key.billing_frequency or "ANNUAL"])
                amounts[unit] = EXACT.add(amounts.get(unit, ZERO), year)
        paying, unknown = paying + pays, unknown + (open_ and not pays)
    if not paying and not unknown:
        return None
    told = {unit: amount for unit, amount in sorted(amounts.items()) if unit}
    return FixedChange(told, paying, unknown, instant_text(min(since)) if since else "")


def _moved_fees(plan: Plan) -> dict[str, dict[RateKey, _Moved]]:
    """Card by card, the fees that change for those who pay them."""
    now = instant_text(next_hour(plan.as_of))
    found: dict[str, dict[RateKey, _Moved]] = {}
    for step in plan.steps:
        if isinstance(step.change, AddRates) and step.reach != 0:
            for rate in step.change.rates:
                key = read_key(rate.key)
                starts = [move.starting_at for move in rate.moves(now) if not move.is_new and not move.cancels]
                if key.billing_frequency is not None and starts:
                    times = _Moved(datetime.fromisoformat(starts[0]), datetime.fromisoformat(starts[-1]))
                    found.setdefault(step.change.card, {})[key] = times
    return found


def _priced(
    tariffs: dict[tuple[int, str], Tariff],
    catalog: Catalog,
    card: str,
    terms: ContractTerms,
    one: DatedSubscription,
    at: datetime,
) -> tuple[str, Decimal]:
    """The unit and the price of one of a subscription at an instant, overrides and all; nothing where there is none."""
    if (id(catalog), card) not in tariffs:
        tariffs[id(catalog), card] = Tariff(catalog, card)
    tariff, rate = tariffs[id(catalog), card], one.term.subscription_rate
    product = tariff.products.get(rate.product)
    price = None
    if product is not None:
        subject = Subject(rate.product, product, rate.billing_frequency)
        price = Prices(tariff, terms).price(subject, max(at, one.window.starting_at))
    return (price.rate.unit, cost(price.steps, ZERO, Decimal(1))) if price is not None and price.steps else ("", ZERO)
