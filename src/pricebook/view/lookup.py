"""Looking things up in a price list: what something costs on a date, how that came to be, who an alias stands for.

Answers are as exact as the price list (`view.price_list`) and as short as the question; who decided a price is
said where the journal knows it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from pricebook.apply.ports import Run
from pricebook.apply.record import decider
from pricebook.catalog.instant import instant_text, instant_words, text_words
from pricebook.catalog.move import Move
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import key_text, read_key, read_schedule, terms_at
from pricebook.plan.change import RateChange
from pricebook.plan.fields import field_changes
from pricebook.view.field import FieldDifference, OfferLine, field_rows
from pricebook.view.plain import hidden
from pricebook.view.price import Units, with_key
from pricebook.view.price_list import PackageVersion, PriceHistory, PriceList
from pricebook.view.rate_row import move_row
from pricebook.view.rate_terms import PricePeriod
from pricebook.view.rows import RowChoice

Decided = Mapping[tuple[str, str], list[tuple[Run, RateChange]]]
"""(card, key) -> what runs did to the price, newest first."""
LINES = 20
"""Prices that are listed when nothing was asked for; all are counted."""
FOREIGN = "changed in the account since"
NO_PRICE = "no price"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """A price on a card for a stretch of time, `called` so by people. `amount` is in the unit's major unit, None where
    it is not one number; `set_by` names the run that decided it, or after which somebody changed it in the account;
    empty when the journal does not know. `run` is the number of the run that decided it."""

    card: str
    name: str
    product: str
    price: str
    amount: Decimal | None
    entitled: bool
    since: str
    until: str
    terms: Mapping[str, Any]
    set_by: str = ""
    run: int | None = None
    called: str = ""

    @property
    def title(self) -> str:
        """What people call it, and our key where that is another word."""
        return with_key(self.called, self.product)


@dataclass(frozen=True, slots=True)
class PriceMove:
    """A price that is another one on a later date."""

    card: str
    name: str
    price: str
    change: str
    called: str = ""


@dataclass(frozen=True, slots=True)
class AliasLine:
    """An alias and what it stands for, when; empty is without bound."""

    alias: str
    ref: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A package's version: when it was made, whether it is archived, what it changed against the one before, and what
    it offers, in words."""

    ref: str
    made: str
    archived: bool
    fields: tuple[FieldDifference, ...]
    offer: tuple[OfferLine, ...]


@dataclass(frozen=True, slots=True)
class PricesView:
    """The prices at an instant, and the aliases that were asked about. `total` counts those too that are not listed."""

    answer: ClassVar[str] = "prices"
    on: str
    prices: tuple[PriceLine, ...]
    total: int
    aliases: tuple[AliasLine, ...]
    moment: str = hidden()


@dataclass(frozen=True, slots=True)
class TimelinesView:
    """Prices with all their history."""

    answer: ClassVar[str] = "timelines"
    prices: tuple[PriceLine, ...]
    total: int


@dataclass(frozen=True, slots=True)
class MovesView:
    """What differs between two instants."""

    answer: ClassVar[str] = "price-moves"
    from_: str
    to: str
    prices: tuple[PriceMove, ...]
    total: int
    moments: tuple[str, str] = hidden()


@dataclass(frozen=True, slots=True)
class VersionsView:
    """The versions of a package, newest first, and its aliases."""

    answer: ClassVar[str] = "package-versions"
    versions: tuple[VersionLine, ...]
    aliases: tuple[AliasLine, ...]


@dataclass(frozen=True, slots=True)
class DifferencesView:
    """What differs from one version of a package to another."""

    answer: ClassVar[str] = "package-differences"
    ref: str
    from_: int
    to: int
    fields: tuple[FieldDifference, ...]


def prices_view(
    listed: PriceList, at: datetime, about: Ref | None, choice: RowChoice, decide: Callable[[PriceList], Decided]
) -> PricesView:
    """The prices at an instant. `decide` finds out who decided the prices of a list."""
    on = instant_text(at)
    kept = _kept(listed, choice, on)
    aliases = () if about is not None and about.kind is Kind.PRODUCT else tuple(aliases_of(listed, about))
    total = sum(each.at(on) is not None for found in listed.prices.values() for each in found)
    return PricesView(on, tuple(_lines(kept, decide(kept), on)), total, aliases, instant_words(at))


def timelines_view(listed: PriceList, choice: RowChoice, decide: Callable[[PriceList], Decided]) -> TimelinesView:
    """The whole history of prices."""
    kept = _kept(listed, choice)
    return TimelinesView(tuple(_lines(kept, decide(kept))), sum(map(len, listed.prices.values())))


def moves_view(
    listed: PriceList, rates: Mapping[str, Rates], before: datetime, after: datetime, choice: RowChoice
) -> MovesView:
    """What differs between two instants."""
    since, until = instant_text(before), instant_text(after)
    every = list(moves(rates, since, until, listed.units))
    found = [each for each in every if choice.fits(each.name, each.called)][: choice.most(LINES)]
    return MovesView(since, until, tuple(found), len(every), (instant_words(before), instant_words(after)))


def versions_view(listed: PriceList, ref: Ref) -> VersionsView:
    """The versions of a package, or the one that is named."""
    versions = listed.packages.get(ref.name, ())
    found = (_version(each) for each in reversed(versions) if ref.version in (None, each.ref.version))
    return VersionsView(tuple(found), tuple(aliases_of(listed, ref)))


def _version(each: PackageVersion) -> VersionLine:
    made = f"{each.made[:10]} {each.made[11:16]}Z" if each.made else ""
    return VersionLine(str(each.ref), made, each.archived, FieldDifference.of(each.changes), each.offer)


def differences_view(listed: PriceList, ref: Ref, before: int, after: int) -> DifferencesView | None:
    """What differs between two versions of a package; None when one of them is not there."""
    found = {version.number: version.package for version in listed.packages.get(ref.name, ())}
    if before not in found or after not in found:
        return None
    changes = field_changes(found[before], found[after])
    rows = field_rows(type(found[after]), changes, listed.units)
    return DifferencesView(str(ref), before, after, FieldDifference.of(rows))


def _kept(listed: PriceList, choice: RowChoice, instant: str = "") -> PriceList:
    """The list with those prices alone that are listed; of an instant, those that there are then."""
    left, kept = choice.most(LINES), {}
    for card, histories in listed.prices.items():
        found = (each for each in histories if choice.fits(str(each.key), listed.units.label(each.key)))
        kept[card] = tuple(each for each in found if not instant or each.at(instant) is not None)[:left]
        left = left - len(kept[card]) if left is not None else None
    return replace(listed, prices=kept)


def _lines(listed: PriceList, decided: Decided, instant: str = "") -> Iterator[PriceLine]:
    """Every price of the list by card and name, at an instant or with all its history."""
    for card, histories in listed.prices.items():
        for history in histories:
            called = listed.units.label(history.key)
            for stretch in history.stretches:
                if not instant or stretch.covers(instant):
                    line = _line(card, history, stretch, instant or stretch.starting_at, decided, called)
                    withheld = f"{line.price}, {listed.units.withheld(line.product, history.key.billing_frequency)}"
                    yield line if line.entitled else replace(line, price=withheld)


def moves(rates: Mapping[str, Rates], before: str, after: str, units: Units) -> Iterator[PriceMove]:
    """The prices that are not the same at two instants."""
    for card, book in sorted(rates.items()):
        for key, schedule in sorted(book.items()):
            timeline = read_schedule(schedule)
            was, now = terms_at(timeline, before), terms_at(timeline, after)
            if was == now:
                continue
            named = read_key(key)
            if now is None:
                assert was is not None, "one of two that differ"
                words = move_row(named, Move.of(before, None, None, None, was), units).price
                yield PriceMove(card, str(named), f"{words} -> {NO_PRICE}", "ended", units.label(named))
            else:
                row = move_row(named, Move.of(after, None, was, was, now), units)
                price = row.price if row.observed else f"{NO_PRICE} -> {row.price}"
                yield PriceMove(card, row.key, price, row.change, row.name)


def aliases_of(listed: PriceList, about: Ref | None) -> Iterator[AliasLine]:
    """The aliases that stand, stood or will stand for an object, or all of them."""
    for held in listed.holdings:
        if about is None or (held.ref[:2] == about[:2] and about.version in (None, held.ref.version)):
            since, until = held.starting_at, held.ending_before
            yield AliasLine(held.alias, str(held.ref), _day(since), _day(until))


def set_by(run: Run) -> str:
    """`2026-01-02 ada, 0123456789ab, plan 3f2a91b04c7d`."""
    who = run.provenance.actor or run.owner
    parts = (f"{run.started_at:%Y-%m-%d} {who}", run.provenance.commit[:12], f"plan {run.plan[:12]}")
    return ", ".join(filter(None, parts))


def _line(
    card: str, history: PriceHistory, stretch: PricePeriod, instant: str, decided: Decided, called: str
) -> PriceLine:
    found = decider(decided.get((card, key_text(history.key)), []), instant, stretch.terms)
    run, same = found if found is not None else (None, False)
    return PriceLine(
        card=card,
        name=str(history.key),
        product=history.key.product,
        price=stretch.words,
        amount=stretch.amount,
        entitled=stretch.terms.entitled,
        since=_day(stretch.starting_at),
        until=_day(stretch.ending_before),
        terms=stretch.terms.fields,
        set_by=(set_by(run) if same else f"{FOREIGN} {set_by(run)}") if run is not None else "",
        run=run.number if run is not None and same else None,
        called=called,
    )


def _day(instant: str | None) -> str:
    return text_words(instant) if instant else ""
