"""The terms of a rate in words, beside those that they replace, and all that a price ever was.

Whatever differs is said, so the two texts are never the same for terms that are not. What a price is for stands beside
the text: `$2.50`, `per 1M tokens`.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pricebook.catalog.canonical import encode
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.priced import SHARE, priced_products
from pricebook.catalog.terms import Charge, Terms
from pricebook.catalog.timeline import Segment, Timeline, overlay, read_schedule
from pricebook.catalog.unit import Unit, money, number
from pricebook.view.price import ONE, Per, Pers, Units, major
from pricebook.view.tier import one_price

_FLAT = {"entitled", "price", "rate_type", "credit_type"}


class TermsText(NamedTuple):
    """Observed (empty: no rate) and desired terms, and what their prices are for when that is the same of both."""

    observed: str
    desired: str
    per: str


def units_of(catalog: Catalog) -> Units:
    """How the amounts and products of a catalogue read."""
    return Units(catalog.scales, priced_products(catalog, catalog.products))


def terms_text(
    observed: Terms | None,
    desired: Terms,
    units: Units,
    pers: Pers = ONE,
    withheld: str = "not sold",
) -> TermsText:
    """The two in words. `pers` are what prices were and are for; `withheld` says of what is not entitled what it is."""
    was_per = "" if observed is None else _per(observed, pers[0])
    per = _per(desired, pers[1])
    now = _worded(desired, units, pers[1].power)
    if observed is None:
        return TermsText("", now, per) if desired.entitled else TermsText("", f"{_with(now, per)}, {withheld}", "")
    was = _worded(observed, units, pers[0].power)
    same = (was, was_per) == (now, per)
    if same and observed.entitled == desired.entitled:
        was, now = _spelled(observed, desired, was, now)
    elif observed.entitled and not desired.entitled:
        return TermsText(_with(was, was_per), withheld if same else f"{_with(now, per)}, {withheld}", "")
    elif desired.entitled and not observed.entitled:
        return TermsText(
            f"{_with(was, was_per)}, {withheld}", "entitled" if same else f"{_with(now, per)}, entitled", ""
        )
    return TermsText(was, now, per) if was_per == per else TermsText(_with(was, was_per), _with(now, per), "")


def _per(terms: Terms, per: Per) -> str:
    """What a price is for; a percentage is of something, and for no quantity."""
    return per.words if not terms.is_fraction or per.words.startswith(SHARE) else ""


def _with(text: str, per: str) -> str:
    return f"{text} {per}" if per and text else text


def _worded(terms: Terms, units: Units, power: int) -> str:
    """The terms in words."""
    unit, fields = units[terms.unit], terms.fields
    text = _price(terms.charge, unit, power)
    if fields.keys() <= _FLAT:
        return text
    extras = [text] if text else []
    if terms.charge.minimum is not None:
        extras.append(f"at least {money(terms.charge.minimum, unit)}")
    if (quantity := fields.get("quantity")) is not None:
        extras.append(f"quantity {number(Decimal(quantity))}")
    if fields.get("is_prorated"):
        extras.append("prorated")
    if (custom := fields.get("custom_rate")) is not None:
        extras.append(f"custom rate {encode(custom)}")
    if (commit := terms.commit) is not None:
        extras.append(f"from commits {_price(commit, unit, power)}")
        if commit.minimum is not None:
            extras.append(f"at least {money(commit.minimum, unit)}")
    return " · ".join(extras)


def _price(charge: Charge, unit: Unit, power: int) -> str:
    if charge.tiers:
        tiers = enumerate(charge.tiers)
        return " · ".join(f"{_tier(n, size)} {one_price(charge, price, unit, power)}" for n, (price, size) in tiers)
    return "" if charge.price is None else one_price(charge, charge.price, unit, power)


def _tier(index: int, size: Decimal | None) -> str:
    """`first 10,240`, `next 40,960`, `then`."""
    if size is None:
        return "then" if index else "all"
    return f"{'next' if index else 'first'} {number(size)}"


def _spelled(observed: Terms, desired: Terms, was: str, now: str) -> tuple[str, str]:
    """What differs when the usual words do not show it."""
    sides = (observed.fields, desired.fields)
    names = sorted(name for name in sides[0].keys() | sides[1].keys() if sides[0].get(name) != sides[1].get(name))
    if names == ["rate_type"]:
        return f"{was} {observed.rate_type}", f"{now} {desired.rate_type}"
    first, second = ({name: fields[name] for name in names if name in fields} for fields in sides)
    return encode(first), encode(second)


class PricePeriod(NamedTuple):
    """What a price is from `starting_at` (inclusive) until `ending_before` (exclusive; None: without end).

    `amount` is the price in the unit's major unit, a fraction for a percentage, None where it is not one number. `text`
    is for people, and `per` says what it is for: `$2.50`, `per 1M tokens`.
    """

    starting_at: str
    ending_before: str | None
    terms: Terms
    amount: Decimal | None
    text: str
    per: str

    @property
    def words(self) -> str:
        """The text with what it is for."""
        return f"{self.text} {self.per}".rstrip()

    @property
    def money(self) -> Decimal | None:
        """The amount where it is money, and all that is charged."""
        return self.amount if self.terms.price is not None and not self.terms.is_fraction else None

    def covers(self, instant: str) -> bool:
        """Whether it holds at an instant."""
        return Segment(*self[:3]).covers(instant)


@lru_cache(maxsize=20_000)
def stretches(schedule: str, units: Units, per: Per = ONE[0]) -> tuple[PricePeriod, ...]:
    """The timeline of a price that a schedule's text says. Price lists repeat themselves: made once for each text."""
    return _spoken(read_schedule(schedule), units, per)


@lru_cache(maxsize=20_000)
def before_and_after(
    observed: str | None, segments: str, units: Units, pers: Pers = ONE
) -> tuple[tuple[PricePeriod, ...], tuple[PricePeriod, ...]]:
    """What was observed, as a schedule's text, and what adding the segments makes of it."""
    before = read_schedule(observed) if observed else ()
    return _spoken(before, units, pers[0]), _spoken(overlay(before, read_schedule(segments)), units, pers[1])


def _spoken(timeline: Timeline, units: Units, per: Per) -> tuple[PricePeriod, ...]:
    """In words. Whether the terms are entitled is not in the text."""
    return tuple(
        PricePeriod(
            *segment,
            _amount(segment.terms, units),
            _worded(segment.terms, units, per.power),
            _per(segment.terms, per),
        )
        for segment in timeline
    )


def _amount(terms: Terms, units: Units) -> Decimal | None:
    price = terms.charge.price
    return price if price is None or terms.is_fraction else major(price, units[terms.unit])
