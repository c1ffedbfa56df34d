"""Reach: which contracts a rate change touches, per package version, and which an override shields from it.

A rate change reaches every contract on the card, but for those whose package has overwritten the price: "The price for
that product remains at $3.23 regardless of changes to the list price on the rate card" (docs.metronome.com, "Add
contract overrides"). The rule it keeps: a contract counts as shielded only when every changed price is overwritten for
it, from the contract's start, or a date before the change, on without end; whoever is shielded in part is reached.
"""

from typing import TYPE_CHECKING, cast

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import instant_text
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import RateKey, read_key, read_schedule
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.step import Share
from pricebook.plan.verb.add_rates import AddRates
from pricebook.plan.verb.verb import Verb

if TYPE_CHECKING:  # the module is heavy, and a project may have no packages
    from pricebook.catalog.override import Override
    from pricebook.catalog.package import Package


def shares_of(change: Verb, snapshot: Snapshot) -> tuple[Share, ...]:
    """The contracts on the card whose rates change, package version by version; those on no package are in none of
    them. Empty for other changes (a new version touches no contract that there is), and where the store does not tell.
    """
    if isinstance(change, AddRates):
        on = {package: n for package, n in snapshot.of(change.ref).by_package.items() if n}
        shielded = {package: _shielded(change, package, snapshot.catalog) for package in on}
        return tuple(Share(package, on[package], shielded[package]) for package in sorted(on))
    return ()


def _shielded(change: AddRates, package: Ref, catalog: Catalog) -> bool:
    noun = cast("Package | None", catalog.nouns.get(package))
    overwrites = [o for o in noun.overrides if o.type == "OVERWRITE" and not o.is_commit_specific] if noun else []
    if not overwrites:
        return False
    for rate in change.rates:
        since, key = read_schedule(rate.segments)[0].starting_at, read_key(rate.key)
        if not any(_stands(override, since) and _about(override, key, catalog) for override in overwrites):
            return False
    return True


def _stands(override: "Override", since: str) -> bool:
    """Whether it holds from the contract's start, or from a date before the change, on without end."""
    if override.starting_at is not None:
        return override.ending_before is None and instant_text(override.starting_at) <= since
    offset = override.starting_at_offset
    return override.duration is None and offset is not None and offset.value == 0


def _about(override: "Override", key: RateKey, catalog: Catalog) -> bool:
    product = catalog.products.get(key.product)
    tags = product.tags if product is not None else ()
    return any(
        specifier.billing_frequency in (None, key.billing_frequency)
        and not specifier.presentation_group_values
        and specifier.matches(key.product, tags, key.pricing_group_values)
        for specifier in override.override_specifiers
    )
