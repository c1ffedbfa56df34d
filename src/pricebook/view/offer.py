"""A package as an offer: fees with prices, grants, discounts and length in the words of a bill's terms, beside what was
offered in its place before; and what of it is fixed, in money."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from pricebook.catalog.calendar import FOREVER, later
from pricebook.catalog.declared import keyed_lists
from pricebook.catalog.instant import instant_words
from pricebook.catalog.money import EXACT, RATIO
from pricebook.catalog.override import Override
from pricebook.catalog.package import Package
from pricebook.catalog.terms import ZERO
from pricebook.catalog.unit import Unit
from pricebook.plan.offered import FixedSum, Offered, PackageOffer
from pricebook.preview.materialise import materialise
from pricebook.view.bill_terms import TermView, term_views
from pricebook.view.field import FixedTerm, OfferLine, OfferView, rows_of_new
from pricebook.view.object import NAMES
from pricebook.view.price import Units, major, rounded
from pricebook.view.words import counted

_OWN = ("rate_card", "rate_card_alias", "duration", "net_payment_terms_days", "usage_statement_schedule")
"""What is told in words, as the lists of terms are; whatever else a package says is told as it stands."""


def offer_view(offered: Offered, units: Units, place: int = 0) -> OfferView:
    """The view of an offer; `place` is its place among those of one plan."""
    former = offered.before
    after = {line.term: line for line in offer_lines(offered.after, offered.at, units)}
    before = {line.term: line for line in offer_lines(former, offered.at, units)} if former is not None else {}
    lines = [replace(line, before=before[term].after if term in before else "") for term, line in after.items()]
    lines += [replace(line, before=line.after, after="") for term, line in before.items() if term not in after]
    return OfferView(
        name=_named(offered.after),
        before=str(former.ref) if former is not None else None,
        before_name=_named(former) if former is not None else None,
        since=instant_words(offered.at),
        lines=tuple(lines),
        fixed=tuple(_fixed(offered, units)),
        ref=str(offered.after.ref),
        place=place,
    )


def _named(offer: PackageOffer) -> str:
    return cast(Package, offer.package).name.replace("{version}", str(offer.ref.version or 1))


def _fixed(offered: Offered, units: Units) -> Iterator[FixedTerm]:
    """What of it is fixed, sum by sum, beside what was."""
    after, former = offered.after, offered.before
    said = {(one.kind, one.unit, one.each): one for one in after.fixed}
    was = {(one.kind, one.unit, one.each): one for one in former.fixed} if former is not None else {}
    for key in dict.fromkeys((*said, *was)):
        kind, unit, each = key
        nothing = FixedSum(kind, unit, ZERO, ZERO, each)
        now, then = said.get(key, nothing), was.get(key, nothing)
        worth = (after.worth[unit], units[after.fiat]) if unit in after.worth else None
        sums = ((now.a_year - then.a_year, True), (now.once - then.once, False))
        told = [_sum(amount, units[unit], worth, sign=former is not None, recurs=r) for amount, r in sums if amount]
        words = f"{_WORDS.get(kind, kind)} {' and '.join(told)}{' for each' if each else ''}" if told else ""
        if kind == "balances":  # of commits it goes without saying that they can be spent
            paid = [said.get(("commits", unit, each), nothing), was.get(("commits", unit, each), nothing)]
            bought = (paid[0].a_year - paid[1].a_year, paid[0].once - paid[1].once)
            words = "" if bought == (sums[0][0], sums[1][0]) else words
        year, once, year_before, once_before = (
            major(amount, units[unit]) for amount in (now.a_year, now.once, then.a_year, then.once)
        )
        yield FixedTerm(
            kind=kind,
            unit=unit,
            a_year=year,
            once=once,
            a_year_before=year_before,
            once_before=once_before,
            each=each,
            words=words,
        )


_WORDS = {"balances": "to spend from commits"}


def _sum(amount: Decimal, unit: Unit, worth: tuple[Decimal, Unit] | None, *, sign: bool, recurs: bool) -> str:
    """`$50.00 a month ($600.00 a year)`, `+200 ai-credits a month (+2,400 ai-credits a year, worth $96.00)`, `$20.00
    one-off`; with its `sign` where it is a difference."""
    plus = "+" if sign and amount > 0 else ""
    more = f"worth {rounded(EXACT.multiply(abs(amount), worth[0]), worth[1])}" if worth is not None else ""
    whole = f"{plus}{rounded(amount, unit)}"
    if not recurs:
        return f"{whole} one-off" + (f" ({more})" if more else "")
    month = RATIO.divide(amount, Decimal(12))
    if month % Decimal(1).scaleb(unit.scale - unit.places):  # no month costs that
        return f"{whole} a year" + (f" ({more})" if more else "")
    return f"{plus}{rounded(month, unit)} a month ({', '.join(filter(None, (f'{whole} a year', more)))})"


def offer_lines(offer: PackageOffer, at: datetime, units: Units) -> Iterator[OfferLine]:
    """Everything that an offer says, by itself, fees first."""
    package = cast(Package, offer.package)
    terms = materialise(package, at)
    names = {name: said.name for name, said in units.products.items()}
    statement, *found = term_views(terms, names, units, offer)
    unsaid = {one.name for one in terms.overrides if _is_enabling(one.term, package)}
    said: dict[str, list[TermView]] = {}
    for view in found:
        if view.term not in unsaid:
            said.setdefault(view.term, []).append(view)
    for term, views in said.items():  # of a commit both what it is, and what is paid for it
        text = "; ".join(view.text + _when(view, at, terms.ending_before) for view in views)
        yield OfferLine(term, views[0].name, "", text, views[0].section)
    length = package.duration
    words = counted(length.value, length.unit.lower().removesuffix("s")) if length is not None else "without end"
    yield OfferLine("duration", "Length", "", words, "duration")
    yield OfferLine(statement.term, statement.name, "", statement.text, statement.section)
    for row in rows_of_new(package, units, (*NAMES, *_OWN, *keyed_lists(Package))):
        yield OfferLine(row.path, row.path, "", row.desired, str(row.at[0]))


def _is_enabling(override: Override, package: Package) -> bool:
    """Whether it does nothing but switch on what the package subscribes to, which goes without saying."""
    sold = {term.subscription_rate.product for term in package.subscriptions}
    products = {specifier.product for specifier in override.override_specifiers}
    return override.type is None and override.entitled is True and products <= sold


def _when(view: TermView, start: datetime, end: datetime) -> str:
    """When a term holds, counted from the start of the contract; empty where that is as long as the contract."""
    later_on = f"{_length(start, view.starting_at)} after the start" if view.starting_at > start else ""
    if view.ending_before == view.starting_at:
        return f", once, {later_on or 'at the start'}"
    begins = f", from {later_on}" if later_on else ""
    if view.ending_before >= min(end, FOREVER):
        return begins
    return f"{begins}, for {_length(view.starting_at, view.ending_before)}"


def _length(start: datetime, end: datetime) -> str:
    for months in range(1, 121):
        if later(start, months, "MONTHS") == end:
            return counted(months, "month") if months % 12 else counted(months // 12, "year")
    return counted((end - start).days, "day")
