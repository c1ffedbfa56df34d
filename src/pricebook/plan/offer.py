"""What a package offers, beside what was offered in its place until then: the version before, or whatever its alias
stood for on the day on which it takes over, however that is called."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.package import Package
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, key_text, read_schedule, terms_from
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.holding import holdings
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Create, Supersede

Fees = Mapping[tuple[str, str], Terms]
"""What the card says of each product and billing frequency that a package subscribes to."""


class PackageOffer(NamedTuple):
    """A package, and what its card says of the fees in it."""

    ref: Ref
    package: Package
    fees: Fees


class Offered(NamedTuple):
    """What is offered from `at` on, and what until then in its place; None: nothing."""

    at: datetime
    after: PackageOffer
    before: PackageOffer | None


def offers_in(plan: Plan, desired: Catalog, snapshot: Snapshot) -> Iterator[tuple[Ref, Offered]]:
    """The packages that a plan makes, each with what it takes the place of."""
    changes = [step.change for step in plan.steps]
    made = [change for change in changes if isinstance(change, (Create, Supersede)) and change.ref.kind is Kind.PACKAGE]
    held = list(holdings(snapshot)) if made else []
    as_of = plan.as_of
    for change in made:
        package = cast(Package, change.noun)
        starts = [alias.starting_at for alias in package.aliases if alias.starting_at is not None]
        at = max(as_of, min(starts, default=as_of))
        if isinstance(change, Supersede):
            former: Ref | None = change.previous
        else:
            names, instant = {alias.name for alias in package.aliases}, instant_text(at)
            former = next(
                (h.ref for h in held if h.alias in names and h.ref.kind is Kind.PACKAGE and h.covers(instant)), None
            )
        noun = snapshot.catalog.nouns.get(former) if former is not None else None
        before = None
        if former is not None and isinstance(noun, Package):
            before = offer_of(former, noun, snapshot.catalog, at)
        after = dict(_fees(package, snapshot.catalog, at)) | dict(_fees(package, desired, at))
        yield change.ref, Offered(at, PackageOffer(change.ref, package, after), before)


def offer_of(ref: Ref, package: Package, catalog: Catalog, at: datetime) -> PackageOffer:
    """A package as a catalogue offers it at an instant."""
    return PackageOffer(ref, package, dict(_fees(package, catalog, at)))


def _fees(package: Package, catalog: Catalog, at: datetime) -> Iterator[tuple[tuple[str, str], Terms]]:
    card = catalog.card_at(package.rate_card, package.rate_card_alias, at)
    rates = catalog.rates.get(card) if card is not None else None
    for term in package.subscriptions if rates is not None else ():
        product, frequency = term.subscription_rate.product, term.subscription_rate.billing_frequency
        schedule = rates.get(key_text(RateKey(product, frequency, ()))) if rates is not None else None
        terms = terms_from(read_schedule(schedule), instant_text(at)) if schedule is not None else None
        if terms is not None:
            yield (product, frequency), terms
