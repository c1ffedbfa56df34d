"""The terms of a rate in words, beside those that they replace (`$2.50` and `$2.00`, both `per 1M`), and all that a
price ever was, in words of one scale.

Whatever differs is said, so the two texts are never the same for terms that are not.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pricebook.catalog.canonical import encode
from pricebook.catalog.terms import Charge, Terms
from pricebook.catalog.timeline import Timeline, overlay, read_schedule
from pricebook.view.price import PER, Unit, Units, major, money, number, percentage, power_for

_FLAT = {"entitled", "price", "rate_type", "credit_type"}
NOT_ENTITLED = "not entitled"


class TermsText(NamedTuple):
    """Observed (empty: no rate) and desired terms, and what their prices are for when that is the same of both."""

    observed: str
    desired: str
    per: str


def terms_text(observed: Terms | None, desired: Terms, units: Units) -> TermsText:
    """The two in words."""
    power = power_for([*(_majors(observed, units) if observed else ()), *_majors(desired, units)])
    per = PER[power]
    now, now_per = _worded(desired, units, power)
    if observed is None:
        return TermsText("", now if desired.entitled else _and(now, now_per, per), per if now_per else "")
    was, was_per = _worded(observed, units, power)
    if was == now and was_per == now_per and observed.entitled == desired.entitled:
        return TermsText(*_spelled(observed, desired, was, now), "")
    if observed.entitled and not desired.entitled:
        same = was == now and was_per == now_per
        return TermsText(_with(was, was_per, per), NOT_ENTITLED if same else _and(now, now_per, per), "")
    if desired.entitled and not observed.entitled:
        same = was == now and was_per == now_per
        return TermsText(_and(was, was_per, per), "entitled" if same else f"{_with(now, now_per, per)}, entitled", "")
    if was_per == now_per:
        return TermsText(was, now, per if was_per else "")
    return TermsText(_with(was, was_per, per), _with(now, now_per, per), "")


def _with(text: str, has_per: bool, per: str) -> str:
    return f"{text} {per}" if has_per and per else text


def _and(text: str, has_per: bool, per: str) -> str:
    return f"{_with(text, has_per, per)}, {NOT_ENTITLED}"


def _majors(terms: Terms, units: Units) -> list[Decimal]:
    """The prices of terms that are money, in major units."""
    if terms.is_fraction:
        return []
    unit = units[terms.unit]
    return [major(price, unit) for price in terms.prices]


def _worded(terms: Terms, units: Units, power: int) -> tuple[str, bool]:
    """The terms in words, and whether a price for `10 ** power` is among them."""
    unit, fields = units[terms.unit], terms.fields
    text, scaled = _price(terms.charge, unit, power)
    if fields.keys() <= _FLAT:
        return text, scaled
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
        words, commit_scaled = _price(commit, unit, power)
        scaled = scaled or commit_scaled
        extras.append(f"from commits {words}")
        if commit.minimum is not None:
            extras.append(f"at least {money(commit.minimum, unit)}")
    return " · ".join(extras), scaled


def _price(charge: Charge, unit: Unit, power: int) -> tuple[str, bool]:
    fraction = charge.is_fraction

    def one(price: Decimal) -> str:
        return percentage(price) if fraction else money(price, unit, power)

    if charge.tiers:
        text = " · ".join(f"{_tier(index, size)} {one(price)}" for index, (price, size) in enumerate(charge.tiers))
        return text, not fraction
    return ("", False) if charge.price is None else (one(charge.price), not fraction)


def _tier(index: int, size: Decimal | None) -> str:
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


class Stretch(NamedTuple):
    """What a price is from `starting_at` (inclusive) until `ending_before` (exclusive; None: without end).

    `amount` is the price in the unit's major unit, a fraction for a percentage, None where it is not one number. `text`
    is for people; where `per` is not empty the amount in it is for that many: `$2.50`, `per 1M`.
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
        return self.starting_at <= instant and (self.ending_before is None or instant < self.ending_before)


@lru_cache(maxsize=20_000)
def stretches(schedule: str, units: Units) -> tuple[Stretch, ...]:
    """The timeline of a price that a schedule's text says. Price lists repeat themselves: made once for each text."""
    return _spoken(read_schedule(schedule), units)


@lru_cache(maxsize=20_000)
def before_and_after(
    observed: str | None, segments: str, units: Units
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """What was observed, as a schedule's text, and what adding the segments makes of it, in words of one scale."""
    before = read_schedule(observed) if observed else ()
    both = _spoken((*before, *overlay(before, read_schedule(segments))), units)
    return both[: len(before)], both[len(before) :]


def _spoken(timeline: Timeline, units: Units) -> tuple[Stretch, ...]:
    """One scale throughout, so that prices compare. Whether the terms are entitled is not in the text."""
    power = power_for([price for segment in timeline for price in _majors(segment.terms, units)])
    found = []
    for segment in timeline:
        text, scaled = _worded(segment.terms, units, power)
        found.append(Stretch(*segment, _amount(segment.terms, units), text, PER[power] if scaled else ""))
    return tuple(found)


def _amount(terms: Terms, units: Units) -> Decimal | None:
    price = terms.charge.price
    return price if price is None or terms.is_fraction else major(price, units[terms.unit])
