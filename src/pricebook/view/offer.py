"""A package as an offer: fees with prices, grants, discounts and length in the words of a bill's terms, beside what was
offered in its place before."""

from collections.abc import Iterator
from datetime import datetime

from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.instant import instant_words
from pricebook.catalog.override import Override
from pricebook.catalog.package import Package
from pricebook.plan.offer import Offered, PackageOffer
from pricebook.preview.materialise import materialise
from pricebook.view.bill_terms import TermView, term_views
from pricebook.view.field import OfferLine, OfferView, said_rows
from pricebook.view.price import Units
from pricebook.view.words import counted

_TOLD = ("name", "contract_name", "aliases", "rate_card", "rate_card_alias", "duration", "net_payment_terms_days")
_LISTS = (
    "subscriptions",
    "commits",
    "credits",
    "recurring_commits",
    "recurring_credits",
    "overrides",
    "scheduled_charges",
    "usage_statement_schedule",
)
"""Lists of terms that are told in words; whatever else a package says is told as it stands."""


def offer_view(offered: Offered, units: Units) -> OfferView:
    """The view of an offer."""
    after = dict(_lines(offered.after, offered.at, units))
    before = dict(_lines(offered.before, offered.at, units)) if offered.before is not None else {}
    order = [*after, *(term for term in before if term not in after)]
    lines = (
        OfferLine(
            term,
            (after.get(term) or before[term])[0],
            before[term][1] if term in before else "",
            after[term][1] if term in after else "",
        )
        for term in order
    )
    former = offered.before
    return OfferView(
        name=_named(offered.after),
        before=str(former.ref) if former is not None else None,
        before_name=_named(former) if former is not None else None,
        since=instant_words(offered.at),
        lines=tuple(lines),
        ref=str(offered.after.ref),
    )


def _named(offer: PackageOffer) -> str:
    return offer.package.name.replace("{version}", str(offer.ref.version or 1))


def offer_lines(offer: PackageOffer, at: datetime, units: Units) -> tuple[OfferLine, ...]:
    """Everything that an offer says, by itself."""
    return tuple(OfferLine(term, name, "", text) for term, (name, text) in _lines(offer, at, units))


def _lines(offer: PackageOffer, at: datetime, units: Units) -> Iterator[tuple[str, tuple[str, str]]]:
    """Term, name and words of everything that an offer says, fees first."""
    package = offer.package
    terms = materialise(package, at)
    names = {name: said.name for name, said in units.products.items()}
    statement, *found = term_views(terms, names, units, offer.fees)
    unsaid = {one.name for one in terms.overrides if _is_enabling(one.term, package)}
    for view in found:
        if view.term not in unsaid:
            yield view.term, (view.name, view.text + _when(view, at, terms.ending_before))
    length = package.duration
    words = counted(length.value, length.unit.lower().removesuffix("s")) if length is not None else "without end"
    yield "duration", ("Length", words)
    yield "usage_statement_schedule", (statement.name, statement.text)
    for row in said_rows(package, units, (*_TOLD, *_LISTS)):
        yield row.path, (row.path, row.desired)


def _is_enabling(override: Override, package: Package) -> bool:
    """Whether it does nothing but switch on what the package subscribes to, which goes without saying."""
    sold = {term.subscription_rate.product for term in package.subscriptions}
    products = {specifier.product for specifier in override.override_specifiers}
    return override.type is None and override.entitled is True and products <= sold


def _when(view: TermView, start: datetime, end: datetime) -> str:
    """When a term holds, counted from the start of the contract; empty where that is as long as the contract."""
    begins = f", from {_length(start, view.starting_at)} after the start" if view.starting_at > start else ""
    if view.ending_before == view.starting_at or view.ending_before >= min(end, FOREVER):
        return begins
    return f"{begins}, for {_length(view.starting_at, view.ending_before)}"


def _length(start: datetime, end: datetime) -> str:
    for months in range(1, 121):
        if later(start, months, "MONTHS") == end:
            return counted(months, "month") if months % 12 else counted(months // 12, "year")
    return counted((end - start).days, "day")
