"""The offers of a plan: what each package that it makes offers, beside what was offered in its place until then: the
version before, or whatever its alias stood for on the day on which it takes over, however that is called."""

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.package import Package
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import RateKey, key_text, read_schedule, terms_from
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.holding import holdings
from pricebook.plan.offered import Offered, PackageOffer
from pricebook.plan.step import Plan
from pricebook.plan.verb.table import Create, Supersede


def offers_in(plan: Plan, desired: Catalog, snapshot: Snapshot, after: Catalog) -> Iterator[Offered]:
    """The packages that a plan makes, in the order in which they are declared, each with what it takes the place of.
    `after` is what the store holds once the plan is applied."""
    changes = [step.change for step in plan.steps]
    made = [change for change in changes if isinstance(change, (Create, Supersede)) and change.ref.kind is Kind.PACKAGE]
    held = list(holdings(snapshot)) if made else []
    place = {ref.name: index for index, ref in enumerate(desired.nouns) if ref.kind is Kind.PACKAGE}
    for change in sorted(made, key=lambda change: place.get(change.ref.name, 0)):
        package = cast(Package, change.noun)
        starts = [alias.starting_at for alias in package.aliases if alias.starting_at is not None]
        at = max(plan.as_of, min(starts, default=plan.as_of))
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
        yield Offered(at, offer_of(change.ref, package, after, at), before)


def offer_of(ref: Ref, package: Package, catalog: Catalog, at: datetime) -> PackageOffer:
    """A package as a catalogue offers it at an instant."""
    name = catalog.card_at(package.rate_card, package.rate_card_alias, at)
    card = catalog.nouns.get(Ref(Kind.RATE_CARD, name)) if name is not None else None
    if not isinstance(card, RateCard):
        return PackageOffer(ref, package, {})
    worth = {each.custom_credit_type: each.fiat_per_custom_credit for each in card.credit_type_conversions}
    fees = dict(_fees(package, catalog.rates.get(name or ""), at))
    return PackageOffer(ref, package, fees, worth, card.fiat_credit_type)


def _fees(package: Package, rates: Rates | None, at: datetime) -> Iterator[tuple[str, Terms]]:
    """What the card says of each price without groups that the package subscribes to or overrides."""
    sold = [
        (term.subscription_rate.product, term.subscription_rate.billing_frequency) for term in package.subscriptions
    ]
    changed = {one.product for override in package.overrides for one in override.override_specifiers if one.product}
    for product, frequency in dict.fromkeys([*sold, *((product, None) for product in sorted(changed))]):
        key = key_text(RateKey(product, frequency, ()))
        schedule = rates.get(key) if rates is not None else None
        terms = terms_from(read_schedule(schedule), instant_text(at)) if schedule is not None else None
        if terms is not None:
            yield key, terms
