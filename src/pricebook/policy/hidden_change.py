"""Rules about what a plan changes without saying so: what a price is for, and what an alias stands for."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pricebook.catalog.calendar import TIME_UNITS, rough_days
from pricebook.catalog.declared import role_at
from pricebook.catalog.instant import instant_words
from pricebook.catalog.leaf import LENGTH
from pricebook.catalog.model import Alias
from pricebook.catalog.path import path_text
from pricebook.catalog.rate_book import pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.terms import MAGNITUDE
from pricebook.plan.verb.table import AddRates, Archive, Create, Repoint, Revise, Supersede
from pricebook.policy.finding import Finding
from pricebook.policy.limit import GONE
from pricebook.policy.proposal import Proposal
from pricebook.policy.rule import Example, Rule

_METERED = ("quantity_conversion", "billable_metric")
"""Fields of a product that say what its price is for."""


def _unit_under_price(proposal: Proposal) -> Iterator[Finding]:
    keys = (r.key for step in proposal.plan.steps if isinstance(step.change, AddRates) for r in step.change.rates)
    repriced = {product for product, _ in pairs(keys)}
    for step in proposal.plan.steps:
        change = step.change
        if not isinstance(change, Revise) or change.ref.kind is not Kind.PRODUCT or change.ref.name in repriced:
            continue
        for field in change.fields:
            if field.path[0] in _METERED and _priced(proposal, change.ref.name):
                path = path_text(field.path)
                message = (
                    f"{path} of {change.ref.name} changes from {_told(field.observed)} to {_told(field.desired)},"
                    " and its prices stay as they are"
                )
                hint = "the same number is now for another quantity: change the prices with it, from the same date"
                yield Finding(change.ref, (str(field.path[0]),), message, hint, label=path)


def _tenfold(proposal: Proposal) -> Iterator[Finding]:
    for step in proposal.plan.steps:
        change = step.change
        if not isinstance(change, Supersede):
            continue
        for field in change.fields:
            role = role_at(type(change.noun), field.path)
            if role in (Role.CHARGES, Role.FACTOR) or (role is Role.GRANTS and field.unit is not None):
                continue  # the hazard MAGNITUDE tells
            was, now = _size(field.observed), _size(field.desired)
            if was and now and (was >= MAGNITUDE * now or now >= MAGNITUDE * was):
                path = path_text(field.path)
                before, after = (_words(value, field.unit, proposal) for value in (field.observed, field.desired))
                message = f"{path} changes {MAGNITUDE} times or more: {before} to {after}"
                hint = "a decimal point, or another unit? New contracts get it as it stands"
                yield Finding(Ref(change.ref.kind, change.ref.name), (), message, hint, label=path)


def _size(value: object) -> Decimal | None:
    """How large a number is, or a length or unit of time, in days; None of anything else."""
    if value in TIME_UNITS:
        return Decimal(rough_days(1, str(value)))
    if isinstance(value, Mapping) and value.keys() == LENGTH:
        return Decimal(rough_days(int(value["value"]), str(value["unit"])))
    return Decimal(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _words(value: object, unit: str | None, proposal: Proposal) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']} {value['unit']}"
    return value if isinstance(value, str) else proposal.money(Decimal(str(value)), unit)


def _told(value: object) -> str:
    return "nothing" if value is None else str(value)[:60]


def _priced(proposal: Proposal, product: str) -> bool:
    """Whether the product had a rate before."""
    return any(
        product in {name for name, _ in pairs(key for key, _ in rates.items())}
        for rates in proposal.snapshot.catalog.rates.values()
    )


def _backdated(proposal: Proposal) -> Iterator[Finding]:
    for step in proposal.plan.steps:
        aliases, held = _given(step.change, proposal)
        for index, alias in enumerate(aliases):
            start = alias.starting_at
            if start is not None and start < proposal.plan.as_of and alias not in held:
                ref = Ref(step.change.ref.kind, step.change.ref.name)
                message = f'the alias "{alias.name}" starts on {instant_words(start)}, before it is given'
                hint = "let it start now (leave starting_at out), or on a day to come"
                yield Finding(ref, ("aliases", index, "starting_at"), message, hint, label=f"aliases[{alias.name}]")


def _given(change: object, proposal: Proposal) -> tuple[tuple[Alias, ...], tuple[Alias, ...]]:
    """The aliases that a change gives, and those that the object had before."""
    match change:
        case Create():
            return tuple(getattr(change.noun, "aliases", ())), ()
        case Supersede():
            before = proposal.snapshot.catalog.nouns.get(change.previous)
            return tuple(getattr(change.noun, "aliases", ())), tuple(getattr(before, "aliases", ()))
        case Repoint():
            return change.aliases, change.observed
    return (), ()


def _orphaned(proposal: Proposal) -> Iterator[Finding]:
    kept = {alias.name for package in proposal.facts.packages.values() for alias in package.aliases}
    kept |= {alias.name for card in proposal.facts.catalog.cards.values() for alias in card.aliases}
    for step in proposal.plan.steps:
        ref = step.change.ref
        noun = proposal.snapshot.catalog.nouns.get(ref)
        if not isinstance(step.change, Archive) or Ref(ref.kind, ref.name) in proposal.facts.catalog.nouns:
            continue
        for alias in getattr(noun, "aliases", ()):
            if alias.name not in kept and alias.holds(proposal.plan.as_of):
                message = f'{ref} is archived, and nothing holds its alias "{alias.name}" after it'
                hint = "contracts by that name fail from then on: give it to the successor first"
                yield Finding(Ref(ref.kind, ref.name), (), message, hint, label=f"aliases[{alias.name}]")


RULES = (
    Rule(
        "unit-under-price",
        "error",
        "What a price is for changes, and the price does not.",
        "A price of $0.40 a million becomes $0.40 a thousand when the product's conversion changes: the bill is a"
        " thousandfold, and no price in the diff has moved.",
        "Change the prices with it, from the same date on; or make a new product, which is cleaner.",
        Example(bad=(("name: millions, ", ""), ("conversion_factor: 1000000", "conversion_factor: 1000"))),
        check_plan=_unit_under_price,
        source="A per-unit change that was billed ten-thousandfold.",
    ),
    Rule(
        "backdated-alias",
        "warning",
        "An alias is given from a day in the past.",
        "It rewrites which object stood behind the name: contracts made since then do not match their package.",
        "Leave `starting_at` out, or name a day to come.",
        Example(
            bad=(("aliases: [{name: yearly}]", "aliases: [{name: yearly, starting_at: 2025-06-01}]"),),
            good=(("aliases: [{name: yearly}]", "aliases: [{name: yearly, starting_at: 2026-06-01}]"),),
        ),
        check_plan=_backdated,
    ),
    Rule(
        "orphaned-alias",
        "error",
        "A package is archived, and nothing holds its alias afterwards.",
        "Whoever signs up by that name gets an error, from the moment of the apply on.",
        "Give the alias to the successor first; archive in a later plan.",
        Example(bad=(GONE,), prune=True),
        check_plan=_orphaned,
        source="A package that was archived before its successor existed.",
    ),
    Rule(
        "tenfold-term",
        "warning",
        "A quantity, a length of time or a threshold of a package changes tenfold or more.",
        "Ten seats instead of one, years instead of months, a threshold of two dollars instead of twenty: no price in"
        " the diff has moved, and the bill has. The hazard MAGNITUDE says the same of prices and grants.",
        "Check the number and its unit.",
        Example(
            bad=(("initial_quantity: 1", "initial_quantity: 10"),),
            good=(("initial_quantity: 1", "initial_quantity: 5"),),
        ),
        check_plan=_tenfold,
    ),
)
