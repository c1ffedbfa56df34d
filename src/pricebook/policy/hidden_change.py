"""Rules about what a plan changes without saying so: what a price is for, and what an alias stands for."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pricebook.catalog.calendar import TIME_UNITS, rough_days
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.declared import role_at
from pricebook.catalog.field import ISO_OFFSET
from pricebook.catalog.instant import instant_words
from pricebook.catalog.leaf import LENGTH
from pricebook.catalog.path import Label, path_text, positions
from pricebook.catalog.product import METERED
from pricebook.catalog.rate_book import pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.role import Role
from pricebook.catalog.terms import MAGNITUDE
from pricebook.plan.change import FieldChange
from pricebook.plan.verb.table import Archive, Revise, Supersede
from pricebook.policy.finding import Finding
from pricebook.policy.limit import GONE
from pricebook.policy.proposal import Proposal
from pricebook.policy.rule import Example, Rule
from pricebook.policy.sample import AFTER_ENABLE, SALE, SAMPLE


def _unit_under_price(proposal: Proposal) -> Iterator[Finding]:
    keys = (rate.key for step in proposal.plan.steps for rate in step.rates)
    repriced = {product for product, _ in pairs(keys)}
    for step in proposal.plan.steps:
        change = step.change
        if not isinstance(change, Revise) or change.ref.kind is not Kind.PRODUCT or change.ref.name in repriced:
            continue
        for field in change.fields:
            if field.path[0] in METERED and _priced(proposal, change.ref.name):
                path = path_text(field.path)
                message = (
                    f"{path} of {change.ref.name} changes from {_worded(field.observed)} to {_worded(field.desired)},"
                    " and its prices stay as they are"
                )
                hint = "the same number is now for another quantity: change the prices with it, from the same date"
                yield Finding(change.ref, (str(field.path[0]),), message, hint, label=path)


def _tenfold(proposal: Proposal) -> Iterator[Finding]:
    for change, field in _changed(proposal, Supersede | Revise):
        role = role_at(type(change.noun), field.path)
        if role in (Role.CHARGES, Role.FACTOR) or (role is Role.GRANTS and field.unit is not None):
            continue  # the hazard MAGNITUDE tells
        how = _leap(field.observed, field.desired)
        if how and field.path[0] not in METERED:
            path = path_text(field.path)
            before, after = (_words(value, field.unit, proposal) for value in (field.observed, field.desired))
            message = f"{path} {how}: {before} to {after}"
            hint = "a decimal point, or another unit? New contracts get it as it stands"
            at = positions(change.noun, field.path)
            yield Finding(change.ref.unversioned, at, message, hint, label=path)


def _changed(proposal: Proposal, verb: Any) -> Iterator[tuple[Supersede | Revise, FieldChange]]:
    return (
        (step.change, field)
        for step in proposal.plan.steps
        if isinstance(step.change, verb)
        for field in step.change.fields
    )


def _leap(observed: object, desired: object) -> str:
    """How one size became another that is rarely meant, in words; empty otherwise."""
    was, now = _size(observed), _size(desired)
    if was is None or now is None:
        length = now is not None and isinstance(desired, Mapping)
        gone, come = was is not None and desired is None, length and observed is None
        return "is not said any more" if gone else "is limited now" if come else ""
    if was and not now:
        return "comes to nothing"
    if was * now < 0:
        return "changes its sign"
    was, now = abs(was), abs(now)
    far = bool(was and now) and (was >= MAGNITUDE * now or now >= MAGNITUDE * was)
    return f"changes {MAGNITUDE} times or more" if far else ""


_UNITS = {unit[0]: unit for unit in TIME_UNITS}
"""By the letter that stands for one in a duration of ISO 8601."""


def _size(value: object) -> Decimal | None:
    """How large a number is, or a length or unit of time, in days; None of anything else."""
    if value in TIME_UNITS:
        return Decimal(rough_days(1, str(value)))
    if isinstance(value, Mapping) and value.keys() == LENGTH:
        return Decimal(rough_days(int(value["value"]), str(value["unit"])))
    if isinstance(value, str) and re.match(ISO_OFFSET, value):
        days, _, hours = value.partition("T")
        whole = sum(rough_days(int(count), _UNITS[unit]) for count, unit in re.findall(r"(\d+)([YMWD])", days))
        return (whole + Decimal(hours[:-1] or 0) / 24) * (-1 if value[0] == "-" else 1)
    return Decimal(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _turned(proposal: Proposal) -> Iterator[Finding]:
    found: dict[Ref, list[str]] = {}
    for change, field in _changed(proposal, Supersede | Revise):
        path, was = field.path, field.observed
        apart = isinstance(path[-1], Label) or path[0] in ("aliases", *METERED) or "custom_fields" in path
        words = _size(was) is None and isinstance(was, str | bool | tuple | Mapping) and was not in ((), "")
        if words and not apart and role_at(type(change.noun), path) in (Role.PLAIN, Role.GRANTS, Role.CHARGES):
            sentence = f"{path_text(path)} changes from {_worded(was)} to {_worded(field.desired)}"
            found.setdefault(change.ref.unversioned, []).append(sentence)
    hint = "new contracts get it as it stands: is that what the change is about?"
    for ref, sentences in found.items():
        yield Finding(ref, (), "; ".join(sentences[:SHOWN]), hint, more=max(0, len(sentences) - SHOWN))


SHOWN = 5
"""Of what says something else in one package, so much is written out."""


def _words(value: object, unit: str | None, proposal: Proposal) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']} {value['unit']}"
    return _worded(value) if value is None or isinstance(value, str) else proposal.money(Decimal(str(value)), unit)


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | Mapping):
        listed = value.items() if isinstance(value, Mapping) else value
        value = ", ".join("=".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in listed)
    return "nothing" if value in (None, "") else str(value)[:100]


def _priced(proposal: Proposal, product: str) -> bool:
    """Whether the product had a rate before."""
    return any(
        product in {name for name, _ in pairs(key for key, _ in rates.items())}
        for rates in proposal.snapshot.catalog.rates.values()
    )


def _backdated(proposal: Proposal) -> Iterator[Finding]:
    for step in proposal.plan.steps:
        change = step.change
        before = proposal.snapshot.catalog.nouns.get(change.previous if isinstance(change, Supersede) else change.ref)
        held = before.held_aliases if before is not None else ()
        for index, alias in enumerate(change.has):
            start = alias.starting_at
            if start is not None and start < proposal.plan.as_of and alias not in held:
                ref = change.ref.unversioned
                message = f'the alias "{alias.name}" starts on {instant_words(start)}, before it is given'
                hint = "let it start now (leave starting_at out), or on a day to come"
                yield Finding(ref, ("aliases", index, "starting_at"), message, hint, label=f"aliases[{alias.name}]")


def _orphaned(proposal: Proposal) -> Iterator[Finding]:
    kept = {alias.name for package in proposal.facts.packages.values() for alias in package.aliases}
    kept |= {alias.name for card in proposal.facts.catalog.cards.values() for alias in card.aliases}
    for step in proposal.plan.steps:
        ref = step.change.ref
        noun = proposal.snapshot.catalog.nouns.get(ref)
        if not isinstance(step.change, Archive) or ref.unversioned in proposal.facts.catalog.nouns:
            continue
        for alias in noun.held_aliases if noun is not None else ():
            if alias.name not in kept and alias.holds(proposal.plan.as_of):
                message = f'{ref} is archived, and nothing holds its alias "{alias.name}" after it'
                hint = "contracts by that name fail from then on: give it to the successor first"
                yield Finding(ref.unversioned, (), message, hint, label=f"aliases[{alias.name}]")


def _dropped(proposal: Proposal) -> Iterator[Finding]:
    catalog, given = proposal.facts.catalog, _without_end(proposal.facts.catalog)
    for (kind, name), ref in sorted(_without_end(proposal.snapshot.catalog).items()):
        owner = Ref(kind, ref.name)
        if (kind, name) in given or owner not in catalog.nouns:
            continue
        ends = (alias.ending_before for alias in catalog.nouns[owner].held_aliases if alias.name == name)
        end = next((instant for instant in ends if instant is not None), None)
        how = f"ends on {instant_words(end)}" if end is not None else "is not given any more"
        message = f'the alias "{name}" of {owner} {how}, and nothing has it after that'
        hint = "whoever signs up by that name fails, or goes on getting what it stands for now"
        yield Finding(owner, ("aliases",), message, hint, label=f"aliases[{name}]")


def _without_end(catalog: Catalog) -> dict[tuple[Kind, str], Ref]:
    """The aliases that have no end, each with what it stands for."""
    held = ((ref, alias) for ref, noun in catalog.nouns.items() for alias in noun.held_aliases)
    return {(ref.kind, alias.name): ref for ref, alias in held if alias.ending_before is None}


RULES = (
    Rule(
        id="unit-under-price",
        severity="error",
        title="What a price is for changes, and the price does not.",
        why="A price of $0.40 a million becomes $0.40 a thousand when the product's conversion changes: the bill is a"
        " thousandfold, and no price in the diff has moved.",
        way_out="Change the prices with it, from the same date on; or make a new product, which is cleaner.",
        example=Example(bad=(("name: millions, ", ""), ("conversion_factor: 1000000", "conversion_factor: 1000"))),
        check_plan=_unit_under_price,
        source="A per-unit change that was billed ten-thousandfold.",
    ),
    Rule(
        id="backdated-alias",
        severity="warning",
        title="An alias is given from a day in the past.",
        why="It rewrites which object stood behind the name: contracts made since then do not match their package.",
        way_out="Leave `starting_at` out, or name a day to come.",
        example=Example(
            bad=(("aliases: [{name: yearly}]", "aliases: [{name: yearly, starting_at: 2025-06-01}]"),),
            good=(("aliases: [{name: yearly}]", "aliases: [{name: yearly, starting_at: 2026-06-01}]"),),
        ),
        check_plan=_backdated,
    ),
    Rule(
        id="orphaned-alias",
        severity="error",
        title="A package is archived, and nothing holds its alias afterwards.",
        why="Whoever signs up by that name gets an error, from the moment of the apply on.",
        way_out="Give the alias to the successor first; archive in a later plan.",
        example=Example(bad=(GONE,), prune=True),
        check_plan=_orphaned,
        source="A package that was archived before its successor existed.",
    ),
    Rule(
        id="dropped-alias",
        severity="warning",
        title="A name by which contracts find a package or a card is not given to anything any more.",
        why="A slip in an alias leaves the old name where it was: whoever signs up by it gets the version before, for"
        " good, or an error.",
        way_out="Give the old name beside the new one, or to its successor. Where it is to go, nothing.",
        example=Example(
            bad=(("aliases: [{name: yearly}]", "aliases: [{name: yaerly}]"),),
            good=(("aliases: [{name: yearly}]", "aliases: [{name: yearly}, {name: annual}]"),),
        ),
        check_plan=_dropped,
    ),
    Rule(
        id="tenfold-term",
        severity="warning",
        title="A quantity, a length of time or a threshold changes tenfold or more, comes to nothing or changes its"
        " sign.",
        why="Ten seats instead of one, years instead of months, a threshold of two dollars instead of twenty: no price"
        " in the diff has moved, and the bill has. The hazard MAGNITUDE says the same of prices and grants.",
        way_out="Check the number and its unit.",
        example=Example(
            bad=(("initial_quantity: 1", "initial_quantity: 10"),),
            good=(("initial_quantity: 1", "initial_quantity: 5"),),
        ),
        check_plan=_tenfold,
    ),
    Rule(
        id="turned-term",
        severity="warning",
        title="A term of a package is for something else than before, is switched, or is counted otherwise.",
        why="A discount on tokens that is one on seats now, a grant by the day that was by the month, a recharge that"
        " is switched off, a commit that is paid in advance: no number in the diff has moved, and the bill has.",
        way_out="Where it is meant, nothing: it is said once, in the plan that changes it.",
        example=Example(
            bad=(("override_specifiers: [{product: tokens}]", "override_specifiers: [{product: fee}]"),),
            good=(("multiplier: 0.8", "multiplier: 0.75"),),
            base=SAMPLE.replace(AFTER_ENABLE, AFTER_ENABLE + SALE),
        ),
        check_plan=_turned,
    ),
)
