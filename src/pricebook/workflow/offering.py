"""What a plan offers, and what it does to what is fixed: fees, commits, charges and credits, known from terms without
usage.

The rule that it keeps: only what is known is summed. A fee counts for the quantity that the contract is known to have,
or else for the one that its package starts with, and contracts without either are counted apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, cast

from pricebook.apply.ports import BillingStore
from pricebook.catalog.calendar import PER_YEAR, cycle
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.package import Package
from pricebook.catalog.priced import products_of
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.offer import offer_of, offers_in
from pricebook.plan.offered import Offered, PackageOffer
from pricebook.plan.rehearse import applied_to
from pricebook.plan.step import FixedChange, Leftover, Plan
from pricebook.preview.customer import Billed, present
from pricebook.preview.fixed import PAID, fixed_sums
from pricebook.preview.match import Subject
from pricebook.preview.own import card_of, package_of, terms_of
from pricebook.preview.price import EXACT, ZERO, cost
from pricebook.preview.tariff import Prices, Tariff
from pricebook.preview.terms import ContractTerms, DatedSubscription, quantities


class _Moved(NamedTuple):
    """When a fee of a card changes for the first time, and when for the last."""

    first: datetime
    last: datetime


def offering(plan: Plan, desired: Catalog, snapshot: Snapshot, billed: BillingStore | None) -> Plan:
    """The plan with the packages that it makes as offers, with what it does to the fees of the contracts that are
    billed, and with what contracts pay that are on packages in no manifest any more. Raises StoreError."""
    moved, metered = _moved_fees(plan), _moved_usage(plan)
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
    reaching = any(step.rates and step.reach for step in plan.steps)
    found = billed.billed(plan.namespace, plan.as_of, shared=False) if billed is not None and reaching else ()
    former = [one.before.package for one in offers if one.before is not None]
    return replace(
        plan,
        offers=offers,
        products={**products_of((), former, desired, snapshot.catalog), **plan.products},
        fixed=_fixed_change(plan, moved, metered, snapshot.catalog, after, found) if moved or metered else None,
        leftovers=tuple(paid(left, snapshot, plan.as_of) for left in plan.leftovers),
    )


def offered(source: Ref, target: Ref, catalog: Catalog, at: datetime, contracts: int) -> Offered | None:
    """What contracts get that move from one package version to another at an instant, and what they had; what of it is
    fixed is that of all of them, in the quantities that packages start with. Terms begin anew with a new contract, so
    what comes once comes again, and was over. None where one of the two is not read."""
    sides = [(ref, catalog.nouns.get(ref)) for ref in (target, source)]
    if not all(isinstance(noun, Package) for _, noun in sides):
        return None
    after, before = (
        _with_fixed(offer_of(ref, cast(Package, noun), catalog, at), catalog, at, contracts) for ref, noun in sides
    )
    return Offered(at, after, replace(before, fixed=tuple(replace(one, once=ZERO) for one in before.fixed)))


def _with_fixed(offer: PackageOffer, catalog: Catalog, at: datetime, times: int = 1) -> PackageOffer:
    found = fixed_sums(cast(Package, offer.package), catalog, at)
    return replace(offer, fixed=tuple(replace(one, a_year=one.a_year * times, once=one.once * times) for one in found))


def paid(left: Leftover, snapshot: Snapshot, at: datetime) -> Leftover:
    """What is left over, with what contracts pay a year whatever they use, as far as quantities are known."""
    package = snapshot.catalog.nouns.get(left.ref)
    if not isinstance(package, Package) or not left.contracts:
        return left
    fees: dict[str, Decimal] = {}
    once: dict[str, Decimal] = {}
    for each in fixed_sums(package, snapshot.catalog, at):
        if each.kind in PAID and not each.each:
            for sums, amount in ((fees, each.a_year), (once, each.once)):
                if amount:
                    sums[each.unit] = EXACT.add(sums.get(each.unit, ZERO), amount * left.contracts)
    return replace(left, fees=dict(sorted(fees.items())), once=dict(sorted(once.items())))


def _fixed_change(
    plan: Plan,
    moved: Mapping[str, Mapping[RateKey, _Moved]],
    metered: Mapping[str, datetime],
    before: Catalog,
    after: Catalog,
    billed: Iterable[Billed],
) -> FixedChange | None:
    """The change of all fees a year, under the names that objects have now; None where no fee of anybody changes.

    From what customers pay until the first of its changes to what they pay after the last one. A fee is that of the day
    on which a period begins (`preview.fee`): a contract without such a day after the change is not among those that
    pay, and whoever ends before, or before usage has another price (`metered`), is counted apart.
    """
    tariffs: dict[tuple[int, str], Tariff] = {}
    amounts: dict[str, Decimal] = {}
    paying = unknown = ending = 0
    since: list[datetime] = []
    for billing in (present(each, (plan,)).billing for each in billed):
        contract = billing.contract
        package = package_of(contract.package, before.nouns.get)
        if package is None or billing.unread:
            continue
        card = card_of(contract, package, before)
        fees, usage = moved.get(card or "", {}), metered.get(card or "")
        over = usage is not None and plan.as_of < contract.end <= usage
        if card is None or not fees:
            ending += over
            continue
        terms = terms_of(contract, package, billing.own)
        rates = (one.term.subscription_rate for one in terms.subscriptions)
        sold = {(rate.product, rate.billing_frequency) for rate in rates}
        if sold.isdisjoint((key.product, key.billing_frequency) for key in fees):
            ending += over
            continue
        pays = open_ = False
        for one in terms.subscriptions:
            key = RateKey(one.term.subscription_rate.product, one.term.subscription_rate.billing_frequency, ())
            times = fees.get(key)
            if times is None:
                continue
            due = _begins(one, times.last)
            if due is None:
                over |= usage is None and one.window.ending_before > plan.as_of
                continue
            earlier = (before, times.first) if times.first <= plan.as_of else (after, times.first - timedelta(hours=1))
            sides = [_priced(tariffs, catalog, card, terms, one, at) for catalog, at in (earlier, (after, times.last))]
            if sides[0] == sides[1]:
                continue
            held = quantities(terms, contract.quantities or ())[one.key]
            many = held.at(due).quantity
            if not many:
                open_ = True
                continue
            pays = True
            since.append(_begins(one, times.first) or due)
            for sign, (unit, price) in zip((-1, 1), sides, strict=True):
                year = EXACT.multiply(EXACT.multiply(price, many), sign * PER_YEAR[key.billing_frequency or "ANNUAL"])
                amounts[unit] = EXACT.add(amounts.get(unit, ZERO), year)
        paying, unknown = paying + pays, unknown + (open_ and not pays)
        ending += over and not pays and not open_
    if not (paying or unknown or ending):
        return None
    told = {unit: amount for unit, amount in sorted(amounts.items()) if unit}
    return FixedChange(told, paying, unknown, instant_text(min(since)) if since else "", ending)


def _begins(one: DatedSubscription, at: datetime) -> datetime | None:
    """When the first period of a subscription begins from an instant on; None where none does any more."""
    frequency = one.term.subscription_rate.billing_frequency
    start = max(one.window.starting_at, at)
    periods = cycle(one.anchor, frequency, start, one.window.ending_before)
    return next(
        (each.starting_at for each in periods if each.starting_at in (each.cycle_start, one.window.starting_at)), None
    )


def _moved_fees(plan: Plan) -> dict[str, dict[RateKey, _Moved]]:
    """Card by card, the fees that change for those who pay them."""
    now = instant_text(next_hour(plan.as_of))
    found: dict[str, dict[RateKey, _Moved]] = {}
    for step in plan.steps:
        for rate in step.rates if step.reach != 0 else ():
            key = read_key(rate.key)
            if key.billing_frequency is not None and (starts := _starts(rate, now)):
                times = _Moved(datetime.fromisoformat(starts[0]), datetime.fromisoformat(starts[-1]))
                found.setdefault(step.change.ref.name, {})[key] = times
    return found


def _starts(rate: RateChange, now: str) -> list[str]:
    return [move.starting_at for move in rate.moves(now) if not move.is_new and not move.cancels]


def _moved_usage(plan: Plan) -> dict[str, datetime]:
    """Card by card, when the first price of usage changes that every contract on the card pays."""
    now = instant_text(next_hour(plan.as_of))
    found: dict[str, str] = {}
    for step in plan.steps:
        card = step.change.ref.name
        for rate in step.rates if step.reach else ():
            if rate.reach == step.live and read_key(rate.key).billing_frequency is None:
                found[card] = min([*_starts(rate, now), *filter(None, [found.get(card)])], default="")
    return {card: datetime.fromisoformat(start) for card, start in found.items() if start}


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
