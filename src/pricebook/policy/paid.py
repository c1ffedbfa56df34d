"""What customers of a package pay for its subscriptions: the card's price, or what an override says in its stead.

The answer is that of the bills (`preview.tariff`), for a contract that starts now: a price stands where a customer
meets it, and not where somebody wrote a list.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from pricebook.catalog.calendar import FOREVER
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import bound_text, instant_text
from pricebook.catalog.package import Package
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Segment
from pricebook.catalog.violation import Path
from pricebook.policy.fact import CardedPackage, Facts, Paid
from pricebook.preview.fixed import PAID, fixed_sums
from pricebook.preview.match import Subject
from pricebook.preview.materialise import materialise
from pricebook.preview.tariff import Prices, Tariff


def paid_for(offer: CardedPackage, facts: Facts) -> Iterator[Paid]:
    """What each subscription of a package costs."""
    products, card = facts.products, offer.card.name if offer.card is not None else None
    prices = Prices(Tariff(facts.catalog, card), materialise(offer.package, facts.as_of))
    for index, subscription in enumerate(offer.package.subscriptions):
        rate = subscription.subscription_rate
        if rate.product not in products:
            continue
        subject = Subject(rate.product, products[rate.product], rate.billing_frequency)
        cuts = sorted({facts.as_of, *(cut for cut in prices.cuts(subject) if facts.as_of < cut < FOREVER)})
        segments, places = [], dict[str, Path]()
        for start, end in zip(cuts, (*cuts[1:], None), strict=True):
            found = prices.price(subject, start)
            if found is None or found.steps is None or len(found.steps) != 1:
                continue
            said = {"rate_type": "FLAT", "price": found.steps[0].price, "credit_type": found.rate.unit}
            since = instant_text(start)
            segments.append(Segment(since, bound_text(end), Terms.of({**said, "entitled": True})))
            places[since] = ("subscriptions", index, "subscription_rate")
            if found.override is not None:
                given = "overwrite_rate" if found.override.term.overwrite_rate is not None else "multiplier"
                places[since] = ("overrides", found.override.index, given)
        yield Paid(offer, rate.product, rate.billing_frequency, tuple(segments), places)


def yearly(package: Package, catalog: Catalog, instant: str) -> dict[str, Decimal]:
    """What a contract on the package that starts at an instant pays without any usage, by unit: of what recurs a year,
    and all of what is paid once."""
    found: dict[str, Decimal] = {}
    for one in fixed_sums(package, catalog, datetime.fromisoformat(instant)):
        if one.kind in PAID:
            found[one.unit] = found.get(one.unit, Decimal(0)) + one.a_year + one.once
    return found
