"""What a plan does, object by object: the part of its view that a plan without steps has not."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.reference import Kind
from pricebook.plan.hazard import Hazard
from pricebook.plan.step import Plan, Step
from pricebook.plan.verb.add_rates import AddRates
from pricebook.view.object import HazardCount, ObjectView, noun_view, rates_view
from pricebook.view.price import Units
from pricebook.view.rate_shape import rate_shape
from pricebook.view.rows import PriceCounts, RowChoice
from pricebook.view.words import counted

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
    for group in _by_object(plan.steps):
        hazards = _hazards_of(group, refusing)
        if not isinstance(group[0].change, AddRates):
            objects.append(noun_view(group[0], hazards, units, plan.as_of, terms=terms))
            continue
        batches = [step.change.rates for step in group if isinstance(step.change, AddRates)]
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


def _hazards_of(steps: Sequence[Step], refused: frozenset[Hazard]) -> tuple[HazardCount, ...]:
    borne: Counter[tuple[Hazard, ...]] = Counter()
    for step in steps:
        borne.update(
            [rate.hazards for rate in step.change.rates] if isinstance(step.change, AddRates) else [step.hazards]
        )
    found: Counter[Hazard] = Counter()
    for hazards, count in borne.items():
        found.update(dict.fromkeys(hazards, count))
    return tuple(HazardCount(hazard, count, hazard in refused) for hazard, count in sorted(found.items()))


def work_words(objects: Sequence[ObjectView], prices: PriceCounts) -> str:
    """What it comes to, for somebody who reads one line."""
    live = prices.changed + prices.ended
    if live:
        cards = [o for o in objects if o.rates is not None and o.rates.counts.changed + o.rates.counts.ended]
        known = [o.contracts for o in cards if o.contracts is not None]
        whom = f" for {counted(sum(known), 'contract')}" if sum(known) and len(known) == len(cards) else ""
        whom = whom or (", with no contract on the card" if len(known) == len(cards) else "")
        ways = ((prices.up, "up"), (prices.down, "down"), (prices.ended, "end"), (prices.other, "otherwise"))
        how = ", ".join(f"{n:,} {way}" for n, way in ways if n)
        sentences = [f"{counted(live, 'price')} {'changes' if live == 1 else 'change'}{whom}: {how}."]
    else:
        sentences = ["No existing price changes."]
    if prices.cancelled:
        words = (
            "price stays as it is: what was planned of it" if prices.cancelled == 1 else "prices stay: what was planned"
        )
        sentences.append(f"{prices.cancelled:,} {words} is taken back.")
    if prices.new:
        sentences.append(f"{counted(prices.new, 'price')} {'is' if prices.new == 1 else 'are'} new.")
    packages = sum(o.action == "create" and o.kind == "package" for o in objects)
    if packages:
        sentences.append(f"{counted(packages, 'package')} {'is' if packages == 1 else 'are'} new.")
    archived = sum(o.action == "archive" and not Kind(o.kind).replaced for o in objects)
    if archived:
        sentences.append(f"{counted(archived, 'object')} {'is' if archived == 1 else 'are'} archived for good.")
    anew = Counter(o.kind for o in objects if o.action == "version" and Kind(o.kind).replaced)
    for kind, n in anew.items():
        sentences.append(f"{counted(n, Kind(kind).words)} {'takes' if n == 1 else 'take'} the place of another one.")
    versions = sum(o.action == "version" and o.kind == "package" for o in objects)
    if versions:
        staying = [o.contracts for o in objects if o.action == "version" and o.contracts is not None]
        stay = f"; {counted(sum(staying), 'contract')} made before stay as they are" if sum(staying) else ""
        sentences.append(f"{counted(versions, 'new package version')} for contracts made from now on{stay}.")
    return " ".join(sentences)
