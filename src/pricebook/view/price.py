"""Amounts as money: exact decimals, never rounded, and in a scale in which a person can compare them.

A unit price below one hundredth is shown for a thousand, a million or a billion of what it prices, both sides of a
change for the same number. Only ratios ("-12.5 %") are rounded, and never so that a change looks like none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from pricebook.catalog.model import Scale
from pricebook.catalog.money import EXACT, RATIO, SYMBOLS

PER = {0: "", 3: "per 1K", 6: "per 1M", 9: "per 1B"}
"""What a price is for, by power of ten."""
_SYMBOL_OF = {code: symbol for symbol, code in SYMBOLS.items()}
_TINY, _PER_THOUSAND, _PER_MILLION = Decimal("0.01"), Decimal("0.001"), Decimal("1e-8")
_WIDE = Context(prec=100)
_LOOKS_LIKE = ("+0.0", "-0.0", "-100.0")
"""Nothing, or everything."""


class Unit(NamedTuple):
    """How the amounts of a pricing unit read: what stands before and after the number, and at least how many decimal
    places it has. `scale` is that between the API's unit (cents) and the major unit."""

    before: str
    after: str
    places: int
    scale: int


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The pricing units of a plan, by name. One that is custom or unknown is counted as it is, by its name."""

    scales: Mapping[str, Scale]
    _made: dict[str, Unit] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Unit:
        """How the unit of this name reads."""
        unit = self._made.get(name)
        return unit if unit is not None else self._made.setdefault(name, self._make(name))

    def _make(self, name: str) -> Unit:
        scale = self.scales.get(name)
        if scale is None or not scale.currency:
            return Unit("", f" {name}", 0, 0)
        symbol = _SYMBOL_OF.get(scale.currency)
        return Unit(symbol or "", "" if symbol else f" {scale.currency}", 2, scale.scale)


NO_UNITS = Units({})
"""Of a plan that has none to name."""


def major(amount: Decimal, unit: Unit) -> Decimal:
    """An amount in API units (cents) in its currency's major unit."""
    return amount.scaleb(-unit.scale, EXACT) if unit.scale else amount


def power_for(majors: Iterable[Decimal]) -> int:
    """The power of ten for which prices in major units read best: 0, 3, 6 or 9; the smallest of them decides.

    A million is the field's habit, so 1K is for $1 per 1K and more, and 1B for less than $0.01 per 1M.
    """
    return power_of(min((abs(value) for value in majors if value), default=_TINY))


def power_of(smallest: Decimal) -> int:
    """The same, by the smallest of them that is not zero."""
    if smallest >= _TINY:
        return 0
    if smallest >= _PER_THOUSAND:
        return 3
    return 6 if smallest >= _PER_MILLION else 9


def money(amount: Decimal, unit: Unit, power: int = 0) -> str:
    """`$1,234.50`, `10.00 CHF`, `5 ai-credits`: an amount in API units, times `10 ** power`."""
    before, after, places, scale = unit
    text = number(amount.scaleb(power - scale, EXACT), places)
    return f"-{before}{text[1:]}{after}" if text[0] == "-" else f"{before}{text}{after}"


def rounded(amount: Decimal, unit: Unit) -> str:
    """An amount in API units to the least that is paid (the cent), half up, but never so that it looks like nothing."""
    least = Decimal(1).scaleb(unit.scale - unit.places)
    shown = amount.quantize(least, ROUND_HALF_UP, _WIDE)
    if amount and not shown:
        return f"{'-' if amount < 0 else ''}<{money(least, unit)}"
    return money(shown, unit)


def number(value: Decimal, places: int = 0) -> str:
    """Plain notation with thousands separators, all digits, at least so many decimal places."""
    whole, _, fraction = f"{value:,f}".partition(".") if value else ("0", "", "")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def percentage(fraction: Decimal) -> str:
    """A fraction as a percentage, exactly: `12.5 %`."""
    return f"{number(fraction.scaleb(2, EXACT))} %"


def change_text(change: Decimal) -> str:
    """A relative change as `-20.0 %`; with more decimals where one would say "nothing" or "everything"."""
    percent = change * 100
    text = f"{percent:+,.1f}"
    if text in _LOOKS_LIKE and percent not in (0, -100):
        finer = (f"{percent:+,.{places}f}" for places in range(2, 14))
        text = next((more for more in finer if Decimal(more) not in (0, -100)), text)
    return f"{text} %"


def change_words(text: str) -> str:
    """A change as it is printed on a page: with a true minus sign."""
    return text.replace("-", "−")


def factor_text(observed: Decimal, desired: Decimal) -> str:
    """How many times as much: `×10`, `÷1,000`, to one decimal place; empty when one side is zero."""
    if not observed or not desired:
        return ""
    small, large = sorted((abs(observed), abs(desired)))
    times = f"{RATIO.divide(large, small):,.1f}".removesuffix(".0")
    return f"{'×' if abs(desired) >= abs(observed) else '÷'}{times}"
