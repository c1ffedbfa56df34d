"""What a plan does, object by object: the part of its view that a plan without steps has not."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pricebook.catalog.instant import instant_text, instant_words, next_hour
from pricebook.catalog.money import RATIO
from pricebook.catalog.reference import Kind
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import FixedChange, Plan, Step
from pricebook.plan.verb.add_rates import AddRates
from pricebook.view.decision import FixedView
from pricebook.view.object import HazardCount, ObjectView, noun_view, rates_view
from pricebook.view.price import Units, change_words, major, rounded
from pricebook.view.rate_row import FREE, RateRow, was_to
from pricebook.view.rate_shape import rate_shape
from pricebook.view.rows import PriceCounts, RowChoice
from pricebook.view.words import counted, shortened

FEW = 20
"""A card's rows are listed without being asked for when it has at most so many changes ..."""
FEW_IN_ALL = 200
"""... and as long as a plan's rows are not more than this."""


class Work(NamedTuple):
    """The objects of a plan, and how many of their prices come to what."""

    objects: tuple[ObjectView, ...]
    prices: PriceCounts


def work_of(plan: Plan, choice: RowChoice, units: Units, refusing: frozenset[Hazard], *, terms: bool) -> Work:
    """The work of a plan, as `view.plan.plan_view` is asked for it."""
    objects: list[ObjectView] = []
    prices = PriceCounts()
    listed = 0
    offers = {str(one.after.ref): (one, place) for place, one in enumerate(plan.offers)}
    for group in _by_object(plan.steps):
        hazards = _hazards_of(group, refusing)
        if not isinstance(group[0].change, AddRates):
            offered = offers.get(str(group[0].change.ref))
            offer = None
            if offered is not None:
                from pricebook.view.offer import offer_view  # brings how packages become terms

                offer = offer_view(offered[0], units, offered[1])
            objects.append(noun_view(group[0], hazards, units, plan.as_of, offer=offer, terms=terms))
            continue
        batches = _declared(group, plan, choice)
        few = sum(map(len, batches)) <= FEW and listed < FEW_IN_ALL
        shape = rate_shape(batches, units, choice, instant_text(next_hour(plan.as_of)), few=few)
        listed += len(shape.rows)
        prices = prices.plus(shape.counts)
        objects.append(rates_view(group, shape, hazards))
    return Work(tuple(objects), prices)


def _by_object(steps: Sequence[Step]) -> list[list[Step]]:
    """Every step on its own, but the batches of one card's rates together, where the first of them stands."""
    groups: list[list[Step]] = []
    cards: dict[str, list[Step]] = {}
    for step in steps:
        if isinstance(step.change, AddRates):
            if step.change.card in cards:
                cards[step.change.card].append(step)
                continue
            cards[step.change.card] = group = [step]
            groups.append(group)
        else:
            groups.append([step])
    return groups


def _declared(steps: Sequence[Step], plan: Plan, choice: RowChoice) -> list[list[RateChange]]:
    """The changes of one card in the order in which manifests declare the prices; of the first few that were asked for,
    those that are there already before those that are new."""
    changes = [rate for step in steps for rate in step.rates]
    places = plan.order.get(steps[0].change.ref.name, {})
    if places:
        parted = choice.first is not None
        changes.sort(key=lambda rate: (parted and rate.observed is None, places[rate.key]))
    return [changes]


def _hazards_of(steps: Sequence[Step], refused: frozenset[Hazard]) -> tuple[HazardCount, ...]:
    borne: Counter[tuple[Hazard, ...]] = Counter()
    for step in steps:
        borne.update([each.hazards for each in step.rates or (step,)])
    found: Counter[Hazard] = Counter()
    for hazards, count in borne.items():
        found.update(dict.fromkeys(hazards, count))
    return tuple(HazardCount(hazard, count, hazard in refused) for hazard, count in sorted(found.items()))


def work_words(objects: Sequence[ObjectView], prices: PriceCounts, fixed: FixedView | None) -> str:
    """What it comes to, for somebody who reads one line; `fixed` is what it does to fees, in money."""
    live = prices.changed + prices.ended
    if live:
        cards = [(o, o.rates) for o in objects if o.rates is not None and o.rates.counts.changed + o.rates.counts.ended]
        # A sum of contracts is said only where every card's are known: a part of them would read as all.
        known = [o.contracts for o, _ in cards if o.contracts is not None]
        whom = f" for {counted(sum(known), 'contract')}" if sum(known) and len(known) == len(cards) else ""
        if not whom and len(known) == len(cards):
            whom = ", which no contract pays" if any(o.live for o, _ in cards) else ", with no contract on the card"
        up = f"up ({prices.charged:,} free until now)" if prices.charged else "up"
        ways = ((prices.up, up), (prices.down, "down"), (prices.ended, "end"), (prices.other, "otherwise"))
        how = ", ".join(f"{n:,} {way}" for n, way in ways if n)
        moving = (row for _, shape in cards for row in shape.rows if row.observed and row.change != "stays")
        # One price is said in full, however many new ones stand beside it; more of them are counted.
        one = next(moving, None) if live == 1 else None
        if one is not None and one.desired:
            # The sentence about fees names the same contracts and the same day: they are not said twice.
            same = fixed is not None and 0 < fixed.contracts == sum(known) and _at_once(fixed, one)
            sentences = [f"{_moves(one)}{'' if same else f'{whom}, {one.when}'}."]
        else:
            sentences = [f"{counted(live, 'price')} {'changes' if live == 1 else 'change'}{whom}: {how}."]
    else:
        sentences = [] if any(o.per_change for o in objects) else ["No existing price changes."]
    if fixed is not None:
        sentences.append(fixed.sentence)
    for name, was, now in (o.per_change for o in objects if o.per_change):
        sentences.append(f"Prices of {shortened(name)} that stay as they are become {now} instead of {was}.")
    if prices.cancelled:
        words = (
            "price stays as it is: what was planned of it" if prices.cancelled == 1 else "prices stay: what was planned"
        )
        sentences.append(f"{prices.cancelled:,} {words} is taken back.")
    if prices.new:
        sentences.append(f"{counted(prices.new, 'price')} {'is' if prices.new == 1 else 'are'} new.")
    packages = [o for o in objects if o.action == "create" and o.kind == "package"]
    if packages:
        be = "is" if len(packages) == 1 else "are"
        sentences.append(f"{counted(len(packages), 'package')} {be} new.{_offers(packages)}")
    archived = sum(o.action == "archive" and not Kind(o.kind).replaced for o in objects)
    if archived:
        sentences.append(f"{counted(archived, 'object')} {'is' if archived == 1 else 'are'} archived for good.")
    anew = Counter(o.kind for o in objects if o.action == "version" and Kind(o.kind).replaced)
    for kind, n in anew.items():
        sentences.append(f"{counted(n, Kind(kind).words)} {'takes' if n == 1 else 'take'} the place of another one.")
    versions = [o for o in objects if o.action == "version" and o.kind == "package"]
    if versions:
        staying = sum(o.contracts for o in versions if o.contracts is not None)
        stay = (
            f"; {counted(staying, 'contract')} made before {'stays as it is' if staying == 1 else 'stay as they are'}"
        )
        told = f"for contracts made from now on{stay if staying else ''}.{_offers(versions)}"
        sentences.append(f"{counted(len(versions), 'new package version')} {told}")
    return " ".join(sentences)


def _offers(made: Sequence[ObjectView]) -> str:
    """` Team v2 (Included credits): credits +$2.00 a month (+$24.00 a year), for each contract.`: names, what of them
    changes, and what is fixed."""
    offers = sorted((o.offer for o in made if o.offer is not None), key=lambda offer: offer.place)
    told = []
    for offer in offers[:_MOST_NAMED]:
        names = [shortened(line.name) for line in offer.changed] if offer.before is not None else []
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        what = f" ({', '.join(names[:_MOST_NAMED])}{more})" if names else ""
        money = f": {change_words(offer.money)}" if offer.money else ""
        told.append(f"{shortened(offer.name)}{what}{money}")
    if not told:
        return ""
    each = ", for each contract" if any(offer.money for offer in offers[:_MOST_NAMED]) else ""
    rest = f"; and {len(offers) - _MOST_NAMED:,} more" if len(offers) > _MOST_NAMED else ""
    return f" {'; '.join(told)}{rest}{each}."


_MOST_NAMED = 3
"""Packages, and parts of one, that are named in one line."""


def _at_once(fixed: FixedView, row: RateRow) -> bool:
    """Whether fees change when a price does, and for good."""
    since = instant_words(datetime.fromisoformat(fixed.since))
    return (row.starting_at, row.ending_before) == (since, None)


def _moves(row: RateRow) -> str:
    """`Team seat goes from $5.00 to $7.00 per seat a month (+40.0 %)`."""
    if row.tiers:
        curve = "; ".join(row.curve).replace(" -> ", " → ")
        return f"{row.name} changes in its tiers ({change_words(curve)})"
    said = [change_words(row.change)] if row.relative_change is not None or row.change == FREE else []
    said += [was_to(row.planned)] if row.planned else []
    change = f" ({'; '.join(said)})" if said else ""
    return " ".join(filter(None, (row.name, "goes from", row.observed, "to", row.desired, row.per))) + change


def fixed_view(found: FixedChange, units: Units) -> FixedView:
    """The view of a change of fees."""
    years = {unit: major(amount, units[unit]) for unit, amount in found.amounts.items()}
    months = {unit: RATIO.divide(amount, Decimal(12)) for unit, amount in years.items()}
    return FixedView(
        a_year=years,
        a_month=months,
        contracts=found.contracts,
        unknown=found.unknown,
        since=found.since,
        ending=found.ending,
        sentence=_sentence(found, units),
    )


def _sentence(found: FixedChange, units: Units) -> str:
    """`Fees: +$112.00 a month (+$1,344.00 a year) for 4 contracts, from 2027-01-01, before usage.`"""
    told = []
    if found.contracts:
        sums = [
            f"{_signed(amount / 12, units, unit)} a month ({_signed(amount, units, unit)} a year)"
            for unit, amount in found.amounts.items()
            if amount
        ]
        since = instant_words(datetime.fromisoformat(found.since))
        whom = counted(found.contracts, "contract")
        told.append(f"Fees: {' and '.join(sums) or 'the same in all'} for {whom}, from {since}, before usage.")
    if found.unknown:
        whom = counted(found.unknown, "more contract" if told else "contract")
        told.append(f"Not known: how many {whom} {'pays' if found.unknown == 1 else 'pay'} for.")
    if found.ending:
        whom = counted(found.ending, "more contract") if told else f"{found.ending:,} of them"
        ends = "ends before it would" if found.ending == 1 else "end before they would"
        told.append(f"{whom} {ends} pay that.")
    return " ".join(told)


def _signed(amount: Decimal, units: Units, unit: str) -> str:
    """`+$112.00`, with a true minus sign where it is less."""
    return change_words(f"{'+' if amount > 0 else ''}{rounded(amount, units[unit])}")
