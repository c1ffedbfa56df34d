"""The price list as it is published: every price with its whole history, every package with all its versions.

Built from a snapshot alone, and without what is nobody's business outside: contracts, ids and marks are left out. Text
is as it came; whoever writes it escapes it. Everything is in order, so that the same snapshot is the same pages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from pricebook.catalog.canonical import digest
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.instant import bound_text
from pricebook.catalog.package import Package
from pricebook.catalog.product import Product
from pricebook.catalog.rate_book import NO_RATES, Rates
from pricebook.catalog.rate_card import RateCard
from pricebook.catalog.reference import NAME, Kind, Ref
from pricebook.catalog.timeline import RateKey, read_key
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.fields import field_changes
from pricebook.plan.holding import Holding, holdings
from pricebook.plan.offer import offer_of
from pricebook.view.field import FieldRow, OfferLine, OfferView, field_rows, offer_matrix, rows_of_new
from pricebook.view.object import NAMES
from pricebook.view.offer import offer_lines
from pricebook.view.price import Units
from pricebook.view.rate_terms import PricePeriod, stretches, units_of

T = TypeVar("T")
_LONGEST = 200
"""Characters of a file's name without its ending; file systems take 255."""


class PriceHistory(NamedTuple):
    """One price of a card: what is priced, and all that is known of it, by time."""

    key: RateKey
    stretches: tuple[PricePeriod, ...]

    def at(self, instant: str) -> PricePeriod | None:
        """What holds at an instant; None where it has no price."""
        return next((stretch for stretch in self.stretches if stretch.covers(instant)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageVersion:
    """One version of a package. `made` is None when the store cannot tell. `changes` are against the version before.
    `offer` is what it says in words, with the fees that the card has when the list is made."""

    ref: Ref
    package: Package
    made: str | None
    archived: bool
    terms: tuple[FieldRow, ...]
    changes: tuple[FieldRow, ...]
    offer: tuple[OfferLine, ...] = ()

    @property
    def number(self) -> int:
        """The version's number."""
        return self.ref.version or 0


_NOTIFICATIONS = (Kind.THRESHOLD_NOTIFICATION, Kind.OFFSET_NOTIFICATION)


@dataclass(frozen=True)
class PriceList:
    """What is published. `packages` have their versions oldest first; `prices` are by card."""

    namespace: str
    catalog: Catalog
    units: Units
    products: Mapping[str, Product]
    cards: Mapping[str, RateCard]
    packages: Mapping[str, tuple[PackageVersion, ...]]
    holdings: tuple[Holding, ...]
    prices: Mapping[str, tuple[PriceHistory, ...]]
    notifications: tuple["ListedNotification", ...] = ()


class ListedNotification(NamedTuple):
    """A notification that is live, by its display name, with what it says."""

    ref: Ref
    name: str
    terms: tuple[FieldRow, ...]


def price_list(
    snapshot: Snapshot, namespace: str, declared: Sequence[Ref] = (), rates: Mapping[str, Rates] | None = None
) -> PriceList:
    """The price list that a snapshot is: its objects, and with `rates` the prices of each card, in the order in which
    they are declared, the others by name."""
    catalog = snapshot.catalog
    units = units_of(catalog)
    places = {ref: place for place, ref in enumerate(declared)}

    def ordered(kind: Kind, found: Mapping[str, T]) -> dict[str, T]:
        return dict(sorted(found.items(), key=lambda one: (places.get(Ref(kind, one[0]), len(places)), one[0])))

    packages = ordered(Kind.PACKAGE, _packages(snapshot, units))
    cards = ordered(Kind.RATE_CARD, catalog.cards)
    return PriceList(
        namespace=namespace,
        catalog=catalog,
        units=units,
        products=ordered(Kind.PRODUCT, catalog.products),
        cards=cards,
        packages=packages,
        holdings=tuple(holdings(snapshot)),
        prices={
            name: tuple(_histories(catalog.rates[name], (rates or {}).get(name, NO_RATES), units))
            for name in cards
            if name in catalog.rates
        },
        notifications=tuple(
            ListedNotification(ref, noun.title, tuple(rows_of_new(noun, units, ("name",))))
            for ref, noun in sorted(catalog.nouns.items())
            if ref.kind in _NOTIFICATIONS and ref not in snapshot.archived and ref == snapshot.latest(ref)
        ),
    )


def _histories(rates: Rates, declared: Rates, units: Units) -> Iterator[PriceHistory]:
    places = {key: place for place, (key, _) in enumerate(declared.items())}
    found = ((places.get(key, len(places)), read_key(key), schedule) for key, schedule in rates.items())
    return (
        PriceHistory(key, stretches(schedule, units, units.per(key.product, key.billing_frequency)[1]))
        for _, key, schedule in sorted(found, key=_order)
    )


def _order(found: tuple[int, RateKey, str]) -> tuple[int, str, tuple[tuple[str, str], ...], str]:
    place, (product, frequency, groups), _ = found
    return place, product, groups, frequency or ""


def _packages(snapshot: Snapshot, units: Units) -> dict[str, tuple[PackageVersion, ...]]:
    found: dict[str, list[PackageVersion]] = {}
    nouns, at = snapshot.catalog.nouns, snapshot.observed_at
    for ref in sorted(ref for ref in nouns if ref.kind is Kind.PACKAGE):
        package, earlier = nouns[ref], found.setdefault(ref.name, [])
        assert isinstance(package, Package)
        changes = field_changes(earlier[-1].package, package) if earlier else ()
        told = [change for change in changes if change.path[0] not in NAMES]
        version = PackageVersion(
            ref=ref,
            package=package,
            made=bound_text(snapshot.of(ref).made),
            archived=ref in snapshot.archived,
            terms=tuple(rows_of_new(package, units, NAMES)),
            changes=tuple(field_rows(Package, told, units)),
            offer=tuple(offer_lines(offer_of(ref, package, snapshot.catalog, at), at, units)),
        )
        earlier.append(version)
    return {name: tuple(versions) for name, versions in found.items()}


def sold_beside(listed: PriceList) -> list[tuple[str, ...]]:
    """The newest version of each package that is not archived, side by side (`view.field.offer_matrix`)."""
    newest = [live[-1] for versions in listed.packages.values() if (live := [v for v in versions if not v.archived])]
    return offer_matrix([OfferView(v.package.name, None, None, "", v.offer, ref=str(v.ref)) for v in newest])


def slug(name: str) -> str:
    """The name of an object's file: its own, or a digest where somebody gave it one that is no name of ours."""
    return name if NAME.match(name) and len(name) <= _LONGEST else f"_{digest(name)}"


def spoken(names: Iterable[str]) -> str:
    """Field names for people: `recurring_credits` is `Recurring credits`."""
    words = " · ".join(name.replace("_", " ") for name in names)
    return words[:1].upper() + words[1:]
