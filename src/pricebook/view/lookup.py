"""Looking things up in a price list: what something costs on a date, how that came to be, who an alias stands for.

Answers are as exact as the price list (`view.price_list`) and as short as the question; who decided a price is
said where the journal knows it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricebook.apply.ports import Run
from pricebook.apply.record import decider
from pricebook.catalog.instant import text_words
from pricebook.catalog.move import Move
from pricebook.catalog.rate_book import Rates
from pricebook.catalog.reference import Ref
from pricebook.catalog.timeline import key_text, read_key, read_schedule, terms_at
from pricebook.plan.change import RateChange
from pricebook.plan.fields import field_changes
from pricebook.view.field import FieldRow, field_rows
from pricebook.view.price import Units
from pricebook.view.price_list import PriceHistory, PriceList, Stretch
from pricebook.view.rate_row import move_row
from pricebook.view.rate_terms import terms_text

Decided = Mapping[tuple[str, str], list[tuple[Run, RateChange]]]
"""(card, key) -> what runs did to the price, newest first."""
FOREIGN = "changed in the account since"
NO_PRICE = "no price"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price on a card for a stretch of time. `amount` is in the unit's major unit, None where it is not one number;
    `set_by` names the run that decided it, or after which somebody changed it in the account; empty when the journal
    does not know. `run` is the number of the run that decided it."""

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


@dataclass(frozen=True, slots=True)
class PriceMove:
    """A price that is another one on a later date."""

    card: str
    name: str
    price: str
    change: str


@dataclass(frozen=True, slots=True)
class AliasLine:
    """An alias and what it stands for, when; empty is without bound."""

    alias: str
    ref: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A package's version: when it was made, whether it is archived, and what it changed against the one before."""

    ref: str
    made: str
    archived: bool
    fields: tuple[FieldRow, ...]


def prices_on(listed: PriceList, instant: str, decided: Decided) -> Iterator[PriceLine]:
    """Every price of the list at an instant, by card and name; what has no price then is left out."""
    for card, histories in listed.prices.items():
        for history in histories:
            for stretch in history.stretches:
                if stretch.starting_at <= instant and (
                    stretch.ending_before is None or instant < stretch.ending_before
                ):
                    yield _line(card, history, stretch, instant, decided)


def timelines(listed: PriceList, decided: Decided) -> Iterator[PriceLine]:
    """Every price of the list with all its history."""
    for card, histories in listed.prices.items():
        for history in histories:
            for stretch in history.stretches:
                yield _line(card, history, stretch, stretch.starting_at, decided)


def moves(rates: Mapping[str, Rates], before: str, after: str, units: Units) -> Iterator[PriceMove]:
    """The prices that are not the same at two instants."""
    for card, book in sorted(rates.items()):
        for key, schedule in sorted(book.items()):
            timeline = read_schedule(schedule)
            was, now = terms_at(timeline, before), terms_at(timeline, after)
            if was == now:
                continue
            if now is None:
                assert was is not None, "one of two that differ"
                said = terms_text(None, was, units)
                words = f"{said.desired} {said.per}".rstrip()
                yield PriceMove(card, str(read_key(key)), f"{words} -> {NO_PRICE}", "ended")
            else:
                row = move_row(read_key(key), Move.of(after, None, was, now, was), units)
                price = row.price if row.observed else f"{NO_PRICE} -> {row.price}"
                yield PriceMove(card, row.key, price, row.change)


def aliases_of(listed: PriceList, about: Ref | None) -> Iterator[AliasLine]:
    """The aliases that stand, stood or will stand for an object, or all of them."""
    for held in listed.holdings:
        if about is None or (held.ref[:2] == about[:2] and about.version in (None, held.ref.version)):
            since, until = held.starting_at, held.ending_before
            yield AliasLine(held.alias, str(held.ref), _day(since), _day(until))


def versions_of(listed: PriceList, name: str) -> Iterator[VersionLine]:
    """The versions of a package, newest first."""
    for version in reversed(listed.packages.get(name, ())):
        made = f"{version.made[:10]} {version.made[11:16]}Z" if version.made else ""
        yield VersionLine(str(version.ref), made, version.archived, version.changes)


def between(listed: PriceList, name: str, before: int, after: int) -> tuple[FieldRow, ...] | None:
    """What differs from one version of a package to another; None when one of them is not there."""
    found = {version.number: version.package for version in listed.packages.get(name, ())}
    if before not in found or after not in found:
        return None
    changes = field_changes(found[before], found[after])
    return tuple(field_rows(type(found[after]), changes, listed.units))


def set_by(run: Run) -> str:
    """`2026-01-02 ada, 0123456789ab, plan 3f2a91b04c7d`."""
    who = run.provenance.actor or run.owner
    parts = (f"{run.started_at:%Y-%m-%d} {who}", run.provenance.commit[:12], f"plan {run.plan[:12]}")
    return ", ".join(filter(None, parts))


def _line(card: str, history: PriceHistory, stretch: Stretch, instant: str, decided: Decided) -> PriceLine:
    found = decider(decided.get((card, key_text(history.key)), []), instant, stretch.terms)
    run, same = found if found is not None else (None, False)
    return PriceLine(
        card,
        str(history.key),
        history.key.product,
        f"{stretch.text} {stretch.per}".rstrip(),
        stretch.amount,
        stretch.terms.entitled,
        _day(stretch.starting_at),
        _day(stretch.ending_before),
        stretch.terms.fields,
        (set_by(run) if same else f"{FOREIGN} {set_by(run)}") if run is not None else "",
        run.number if run is not None and same else None,
    )


def _day(instant: str | None) -> str:
    return text_words(instant) if instant else ""
