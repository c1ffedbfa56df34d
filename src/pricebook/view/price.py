"""Amounts as money, and what they are for: exact decimals, never rounded, and never in another scale than was said.

A price is for one unit of its product as the product says it (`catalog.priced`): `$2.50 per 1M tokens`. Only ratios
("-12.5 %") are rounded, and never so that a change looks like none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from pricebook.catalog.amount import Scale
from pricebook.catalog.money import EXACT, RATIO
from pricebook.catalog.priced import SHARE, labelled
from pricebook.catalog.product import PricedProduct
from pricebook.catalog.timeline import RateKey
from pricebook.catalog.unit import Unit, money, number

_WIDE = Context(prec=100)
_MINUS = re.compile(r"(?<![\w)])-(?=[^\s>-])")
_LOOKS_LIKE = ("+0.0", "-0.0", "-100.0")
"""Nothing, or everything."""


class Per(NamedTuple):
    """What a price is for, and the power of ten by which it is multiplied to be one for that."""

    words: str = ""
    power: int = 0


Pers = tuple[Per, Per]
"""What prices were for, and what they are for."""
ONE = (Per(), Per())
"""For what nobody knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The pricing units of a plan, by name, and how its products read. A unit that is custom or unknown is counted as
    it is, by its name; a product that is not known is called by its key. What prices are for changes `since` an instant
    (its text), where that is known."""

    scales: Mapping[str, Scale]
    products: Mapping[str, PricedProduct] = field(default_factory=dict)
    since: str = ""
    _made: dict[str, Unit] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Unit:
        """How the unit of this name reads."""
        unit = self._made.get(name)
        return unit if unit is not None else self._made.setdefault(name, Unit.of(self.scales.get(name), name))

    def called(self, product: str) -> PricedProduct:
        """How a product reads."""
        found = self.products.get(product)
        return found if found is not None else PricedProduct(product, "")

    def per(self, product: str, frequency: str | None) -> "Pers":
        """What a price of the product was for, and what it is for: `per 1M tokens`, `per seat a month`."""
        said = self.called(product)
        per = Per(per_words(said.unit, frequency), said.power)
        return Per(per_words(said.before, frequency), said.before_power) if said.before else per, per

    def per_from(self, product: str, frequency: str | None, starting_at: str) -> "Pers":
        """What a price was for that changes at an instant, and what it is for then: what products count is another
        thing as soon as a plan is applied."""
        pers = self.per(product, frequency)
        return (pers[1], pers[1]) if self.since and starting_at > self.since else pers

    def withheld(self, product: str, frequency: str | None) -> str:
        """What to say of a price that contracts do not get by the card alone."""
        said = self.called(product)
        elsewhere = frequency is not None and bool(said.frequencies) and frequency not in said.frequencies
        return WITHHELD[not said.packaged or elsewhere]

    def label(self, key: RateKey) -> str:
        """A price as people call it: `Team seat`, `Input · m1 · batch`. Its time stands in what it is for."""
        return labelled(self.called(key.product), key)


def with_key(name: str, key: str) -> str:
    """What people call a thing, and our key where that is another word: `Object storage (storage)`."""
    return name if bare(key) in bare(name) else f"{name} ({key})"


def bare(name: str) -> str:
    """What two spellings of a name have in common."""
    return "".join(filter(str.isalnum, name)).casefold()


EVERY = {"DAILY": "a day", "WEEKLY": "a week", "MONTHLY": "a month", "QUARTERLY": "a quarter", "ANNUAL": "a year"}
"""How often something is charged or granted."""


WITHHELD = ("in packages only", "not sold")
"""Of what contracts do not get by the card alone: packages sell it, or nobody does."""


def per_words(unit: str, frequency: str | None) -> str:
    """`per 1M tokens`, `per seat a month`, `a year`; `of Input and Output`, of a share."""
    what = unit if unit.startswith(SHARE) or not unit else f"per {unit}"
    return " ".join(filter(None, (what, EVERY[frequency] if frequency else "")))


NO_UNITS = Units({})
"""Of a plan that has none to name."""


def major(amount: Decimal, unit: Unit) -> Decimal:
    """An amount in API units (cents) in its currency's major unit."""
    return amount.scaleb(-unit.scale, EXACT) if unit.scale else amount


def rounded(amount: Decimal, unit: Unit) -> str:
    """An amount in API units to the least that is paid (the cent), half up, but never so that it looks like nothing."""
    least = Decimal(1).scaleb(unit.scale - unit.places)
    shown = amount.quantize(least, ROUND_HALF_UP, _WIDE)
    if amount and not shown:
        return f"{'-' if amount < 0 else ''}<{money(least, unit)}"
    return money(shown, unit)


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
    """A change as it is printed on a page: with a true minus sign. A hyphen within a word stays."""
    return _MINUS.sub("−", text)


def factor_text(observed: Decimal, desired: Decimal) -> str:
    """How many times as much: `×10`, `÷1,000`, to one decimal place; empty when one side is zero."""
    if not observed or not desired:
        return ""
    small, large = sorted((abs(observed), abs(desired)))
    times = f"{RATIO.divide(large, small):,.1f}".removesuffix(".0")
    return f"{'×' if abs(desired) >= abs(observed) else '÷'}{times}"
