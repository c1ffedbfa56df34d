"""What a plan offers, and what it does to what is fixed: fees, commits, charges and credits, known from terms without
usage.

The rule that it keeps: only what is known is summed. A fee counts for the quantity that the contract is known to have,
or else for the one that its package starts with, and contracts without either are counted apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, takewhile
from typing import NamedTuple, cast, get_args

from pricebook.apply.ports import BillingStore
from pricebook.catalog.calendar import MONTHS, PER_YEAR, later
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.money import RATIO
from pricebook.catalog.package import Package
from pricebook.catalog.priced import products_of
from pricebook.catalog.reference import Kind
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.offer import offers_in
from pricebook.plan.offered import Fixed, FixedSum, Offered, PackageOffer
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import FixedChange, Leftover, Plan
from pricebook.plan.verb.add_rates import AddRates
from pricebook.preview.customer import Billed, present
from pricebook.preview.match import Subject
from pricebook.preview.materialise import materialise
from pricebook.preview.own import card_of, package_of, terms_of
from pricebook.preview.price import EXACT, ZERO, cost
from pricebook.preview.run_rate import recurring
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, DatedSubscription, Quantities, Recurrence, Seats, quantities


class _Moved(NamedTuple):
    """When a fee of a card changes for the first time, and when for the last."""

    first: datetime
    last: datetime


def offering(plan: Plan, desired: Catalog, snapshot: Snapshot, billed: BillingStore | None) -> Plan:
    """The plan with the packages that it makes as offers, with what it does to the fees of the contracts that are
    billed, and with what contracts pay that are on packages in no manifest any more. Raises StoreError."""
    moved = _moved_fees(plan)
    makes = any(step.change.ref.kind is Kind.PACKAGE for step in plan.steps)
    after = applied_to(snapshot, plan).catalog if moved or makes else snapshot.catalog
    offers = tuple(
        Offered(
            one.at,
            _with_fixed(one.after, after, one.at),
            _with_fixed(one.before, snapshot.catalog, one.at) if one.before is not None else None,
        )
        for one in offers_in(plan, desired, snapshot, after)
    )
    reaching = any(isinstance(step.change, AddRates) and step.reach for step in plan.steps)
    found = billed.billed(plan.namespace, plan.as_of, shared=False) if billed is not None and reaching else ()
    former = [one.before.package for one in offers if one.before is not None]
    return replace(
        plan,
        offers=offers,
        products={**products_of((), former, desired, snapshot.catalog), **plan.products},
        fixed=_fixed_change(plan, moved, snapshot.catalog, after, found) if moved else None,
        leftovers=tuple(_paid(left, snapshot, plan.as_of) for left in plan.leftovers),
    )


def _with_fixed(offer: PackageOffer, catalog: Catalog, at: datetime) -> PackageOffer:
    return replace(offer, fixed=tuple(fixed_sums(cast(Package, offer.package), catalog, at)))


def fixed_sums(package: Package, catalog: Catalog, at: datetime) -> Iterator[FixedSum]:
    """What one contract on the package that starts at an instant comes to without any usage, kind by kind."""
    terms = materialise(package, at)
    prices = Prices(Tariff(catalog, catalog.card_at(package.rate_card, package.rate_card_alias, at)), terms)
    held = dict(quantities(terms, ()))
    open_ = {key for key, found in held.items() if not found.at(at).quantity}
    one = {key: Quantities((Seats(at, Decimal(1), ()),)) for key in open_}
    names = {each.name for each in terms.subscriptions if each.key in open_}
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
        kind, times = _KINDS[charge.term.partition("[")[0]], passing.get(charge.term)
        recurs, amount = bool(charge.frequency) and times is None, charge.yearly
        if times is not None:
            amount = RATIO.divide(EXACT.multiply(amount, times), Decimal(PER_YEAR[charge.frequency]))
        add(kind, charge.unit, amount, recurs=recurs, each=charge.term in names)
    for grant in terms.grants:
        if grant.kind == "CREDIT" and not grant.counts_units:
            add("credits", grant.unit, grant.amount, recurs=False)
    for term in terms.recurrences:
        access, seats = term.term.access_amount, term.term.subscription_config
        if term.kind == "CREDIT" and access.access_type != "QUANTITY":
            each = seats is not None and seats.subscription in open_
            many = held[seats.subscription].at(at).quantity if seats is not None and not each else Decimal(1)
            times = passing.get(term.name)
            periods = PER_YEAR[term.frequency] if times is None else times
            each_time = EXACT.multiply(access.unit_price, access.quantity or 1)
            year = EXACT.multiply(each_time, many * periods)
            add("credits", access.credit_type, year, recurs=times is None, each=each)
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
    months, days = MONTHS.get(frequency, 0), {"WEEKLY": 7, "DAILY": 1}.get(frequency, 0)
    begins = (later(start, n * months, "MONTHS") + timedelta(days=n * days) for n in count())
    return sum(1 for _ in takewhile(lambda begin: begin < end, begins))


_KINDS: Mapping[str, Fixed] = {
    "subscriptions": "fees",
    "recurring_commits": "commits",
    "commits": "commits",
    "scheduled_charges": "charges",
}


def _paid(left: Leftover, snapshot: Snapshot, at: datetime) -> Leftover:
    """With what contracts pay a year whatever they use, as far as quantities are known."""
    package = snapshot.catalog.nouns.get(left.ref)
    if not isinstance(package, Package) or not left.contracts:
        return left
    fees: dict[str, Decimal] = {}
    for each in fixed_sums(package, snapshot.catalog, at):
        if each.a_year and each.kind in ("fees", "commits") and not each.each:
            fees[each.unit] = EXACT.add(fees.get(each.unit, ZERO), each.a_year * left.contracts)
    return replace(left, fees=dict(sorted(fees.items())))


def _fixed_change(
    plan: Plan,
    moved: Mapping[str, Mapping[RateKey, _Moved]],
    before: Catalog,
    after: Catalog,
    billed: Iterable[Billed],
) -> FixedChange | None:
    """The change of all fees a year, under the names that objects have now; None where no fee of anybody changes.

    From what customers pay until the first of its changes to what they pay after the last one.
    """
    tariffs: dict[tuple[int, str], Tariff] = {}
    amounts: dict[str, Decimal] = {}
    paying = unknown = 0
    since: list[datetime] = []
    for billing in (present(each, (plan,)).billing for each in billed):
        contract = billing.contract
        package = package_of(contract.package, before.nouns.get)
        if package is None or billing.unread:
            continue
        card = card_of(contract, package, before)
        fees = moved.get(card or "", {})
        if card is None or not fees:
            continue
        terms = terms_of(contract, package, billing.own)
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
