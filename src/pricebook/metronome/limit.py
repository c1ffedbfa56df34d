"""What the vendor's API cannot do of what our model can say: told before anything is sent.

Each rule has a source: the parameter types of the vendor's SDK (4.12) and its OpenAPI document.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pricebook.apply.keys import mark_of, uniqueness_key
from pricebook.catalog.amount import DIGITS_HINT
from pricebook.catalog.metric import BillableMetric
from pricebook.catalog.model import MAX_CUSTOM_FIELD
from pricebook.catalog.money import carries, plain
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import read_key, read_schedule, units_of_schedule
from pricebook.catalog.traverse import links
from pricebook.catalog.unit import PricingUnit
from pricebook.catalog.violation import Violation
from pricebook.metronome.kind import APIS
from pricebook.metronome.unit import short_name
from pricebook.metronome.wire.noun import CLEARED
from pricebook.plan.verb.table import AddRates, Adopt, Create, Revise, Supersede
from pricebook.plan.verb.verb import Verb

MAX_UNIQUENESS_KEY = 128
KEPT = ("billable_metric", "netsuite_internal_item_id", "netsuite_overage_item_id")
"""Fields of a product that an update can change but not take away: what it does not say stays."""


def check_change(namespace: str, change: Verb, units: Mapping[str, str], probe: str) -> Iterator[Violation]:
    """Everything of a change that the API cannot do. `units` are the vendor's names of pricing units by ours; `probe`
    is the customer through whom is read what has no list, empty without one."""
    match change:
        case Create() | Supersede():
            yield from _check_name(namespace, change.ref, change.digest)
            if APIS[change.ref.kind].listed.customer and not probe:
                message = f"{change.ref} could not be found again: an account shows it as one of a customer's alone"
                yield Violation("cannot", message, (), "name any customer in the environment: probe_customer: ID")
            if isinstance(change.noun, PricingUnit):
                yield from _check_unit(change.ref, change.noun, units)
            elif isinstance(change.noun, Package):
                yield from _check_package(change.ref, change.noun)
            elif isinstance(change.noun, BillableMetric):
                for path, message, hint in change.noun.unfiltered:
                    yield Violation("cannot", message, path, hint)
        case Adopt():
            yield from _check_name(namespace, change.ref, change.digest)
        case Revise():
            yield from _check_revision(change)
        case AddRates():
            yield from _check_rates(change)


def _check_name(namespace: str, ref: Ref, digest: str) -> Iterator[Violation]:
    if ref.kind.versioned:
        text, limit = uniqueness_key(namespace, ref, digest), MAX_UNIQUENESS_KEY
    else:
        text, limit = mark_of(namespace, ref), MAX_CUSTOM_FIELD
    if len(text) > limit:
        message = f"the mark of {ref} has {len(text)} characters; the vendor takes at most {limit}"
        yield Violation("too-long", message, (), "use a shorter metadata.name")


def _check_unit(ref: Ref, unit: PricingUnit, units: Mapping[str, str]) -> Iterator[Violation]:
    if unit.currency is not None:
        message = f"{ref}: the account has no {unit.currency}, and a currency cannot be made"
        yield Violation("cannot", message, ("currency",), f"say its name there: pricing_units: {{{ref.name}: ...}}")
    if units.get(ref.name, unit.name) != unit.name or (ref.name not in units and short_name(unit.name) != ref.name):
        message = f'{ref} is named "{unit.name}", and would not be found again under that name'
        hint = f"say so in the environment of pricebook.yaml: pricing_units: {{{ref.name}: {unit.name}}}"
        yield Violation("cannot", message, ("name",), hint)


def _check_package(ref: Ref, package: Package) -> Iterator[Violation]:
    credits = {term.key for term in package.credits if term.key is not None}
    for index, override in enumerate(package.overrides):
        if override.starting_at is not None:
            message = f"{ref}: an override that starts on a date is announced by the vendor, and not in its API yet"
            hint = "use starting_at_offset and duration, or an override on the contracts"
            yield Violation("cannot", message, ("overrides", index, "starting_at"), hint)
    for at, lists, key in links(package):
        if "credits" in lists and key in credits:
            message = f'{ref}: the override is about the credit "{key}", which a request cannot refer to'
            hint = "only commits, recurring commits and recurring credits can be referred to within a package"
            yield Violation("cannot", message, at[:-1], hint)


def _check_revision(change: Revise) -> Iterator[Violation]:
    for field in change.fields:
        name = str(field.path[0])
        gone = len(field.path) == 1 and getattr(change.noun, name, None) in (None, (), "")
        if change.ref.kind is Kind.PRODUCT and gone and name not in CLEARED and name in KEPT:
            message = f"{name} of {change.ref} can be changed, but not taken away"
            yield Violation("cannot", message, (name,), "leave it as it is, or declare a new product")
        if change.ref.kind is Kind.BILLABLE_METRIC and name not in ("name", "custom_fields"):
            yield Violation("cannot", f"{name} of {change.ref} cannot change", (name,), "declare a new metric")


def _check_rates(change: AddRates) -> Iterator[Violation]:
    told: set[Terms] = set()
    for rate in change.rates:
        was, now = units_of_schedule(rate.observed or "[]"), units_of_schedule(rate.segments)
        if was and now - was:
            message = (
                f"{read_key(rate.key)} of {change.ref} is priced in {', '.join(sorted(was))}; a rate cannot go over to"
                f" {', '.join(sorted(now - was))}"
            )
            hint = "price it in the unit that it has; or declare a new product, and a rate of it in the other unit"
            yield Violation("cannot", message, ("rates",), hint)
        for segment in read_schedule(rate.segments):
            if segment.terms in told:
                continue
            told.add(segment.terms)
            for amount in _decimals(segment.terms.fields):
                if not carries(amount):
                    message = f"{read_key(rate.key)} of {change.ref}: {plain(amount)[:80]} cannot be carried exactly"
                    yield Violation("too-precise", message, ("rates",), DIGITS_HINT)


def _decimals(value: object) -> Iterator[Decimal]:
    """Every number of plain data."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _decimals(item)
    elif isinstance(value, list):
        for item in value:
            yield from _decimals(item)
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        yield Decimal(value)
