"""What a price is: the terms of a rate, and what it means for bills when other terms replace them.

The canonical JSON text of terms is how tables, stores and the wire keep them. `Terms` is the same as a value: read from
its text on demand, once for each distinct text, because price lists repeat themselves. Whether what somebody wrote may
be a price at all is judged before that, by the model (`catalog.rate.RateTerms`), which has rules and places and is far
too much to make for each of a hundred thousand prices.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from pricebook.catalog.amount import USD
from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.money import EXACT, ratio

MAGNITUDE = 10
"""A price that grows or shrinks by this factor or more is suspicious in its own right."""
FRACTIONS = ("PERCENTAGE", "TIERED_PERCENTAGE")
"""The rate types whose prices are fractions of what other products cost, and not money."""
ZERO = Decimal(0)

Direction = Literal["up", "down", "both", "none"]
Tiers = Sequence[tuple[Decimal, Decimal | None]]
"""(price, size) pairs in order of quantity; the last has no size."""


class Band(NamedTuple):
    """The price of what lies below `upto` and above the band before; None: of all the rest."""

    upto: Decimal | None
    price: Decimal


Curve = tuple[Band, ...]
"""A price as a function of the quantity so far; empty where there is none. FLAT, SUBSCRIPTION and PERCENTAGE have one
band, TIERED and TIERED_PERCENTAGE one for each tier."""


def tiered(tiers: Tiers) -> Curve:
    """The bands of tiers. The last one is without end."""
    found: list[Band] = []
    upto = ZERO
    for price, size in tiers[:-1]:
        if size is None:
            return (*found, Band(None, price))
        upto = EXACT.add(upto, size)
        found.append(Band(upto, price))
    return (*found, Band(None, tiers[-1][0]))


def is_fraction(rate_type: str) -> bool:
    """Whether the prices of a rate of this type are fractions of what other products cost, and not money."""
    return rate_type in FRACTIONS


class Charge(NamedTuple):
    """What is charged for a quantity: one price, or one for each tier (graduated), and the least that it comes to."""

    rate_type: str
    price: Decimal | None
    tiers: Tiers
    minimum: Decimal | None
    unit: str

    @classmethod
    def of(cls, fields: Mapping[str, Any], unit: str) -> "Charge":
        """What the fields of a list rate or a commit rate say of it; `unit` is the pricing unit of its amounts."""
        price, minimum = fields.get("price"), fields.get("minimum_config")
        tiers = fields.get("tiers")
        return cls(
            fields["rate_type"],
            Decimal(price) if price is not None else None,
            tuple([_tier(tier) for tier in tiers]) if tiers else (),
            Decimal(minimum["minimum"]) if minimum is not None else None,
            unit,
        )

    @property
    def is_fraction(self) -> bool:
        """Whether prices are fractions of what other products cost, and not money."""
        return is_fraction(self.rate_type)

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Every price: the one, or those of the tiers."""
        return (*((self.price,) if self.price is not None else ()), *(price for price, _ in self.tiers))

    @property
    def curve(self) -> Curve:
        """The prices by quantity. A CUSTOM rate has none that is known."""
        if self.rate_type == "CUSTOM":
            return ()
        if self.tiers:
            return tiered(self.tiers)
        return (Band(None, self.price),) if self.price is not None else ()


def _tier(tier: Mapping[str, Any]) -> tuple[Decimal, Decimal | None]:
    size = tier.get("size")
    return Decimal(tier["price"]), Decimal(size) if size is not None else None


class Terms:
    """What a rate of a card says at a time: a frozen value, equal to another one when their texts are.

    Nothing but the text is kept until somebody asks.
    """

    __slots__ = ("_charge", "_commit", "_fields", "text")

    def __init__(self, text: str, fields: Mapping[str, Any] | None = None) -> None:
        """Of a canonical text, and of what it says where that is known."""
        self.text = text
        self._fields = fields
        self._charge: Charge | None = None
        self._commit: Charge | None = None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Terms":
        """The terms with these fields, named as in a manifest."""
        return read_terms(encode(fields))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Terms) and self.text == other.text)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Terms({self.text!r})"

    @property
    def fields(self) -> Mapping[str, Any]:
        """Everything that they say, as plain data."""
        if self._fields is None:
            data = decode(self.text)
            assert isinstance(data, dict)
            self._fields = data
        return self._fields

    @property
    def charge(self) -> Charge:
        """What is charged."""
        if self._charge is None:
            self._charge = Charge.of(self.fields, self.unit)
        return self._charge

    @property
    def commit(self) -> Charge | None:
        """What is charged instead when it is drawn from a commit or credit that says so."""
        if self._commit is None and (fields := self.fields.get("commit_rate")) is not None:
            self._commit = Charge.of(fields, self.unit)
        return self._commit

    @property
    def rate_type(self) -> str:
        """FLAT, PERCENTAGE, SUBSCRIPTION, TIERED, TIERED_PERCENTAGE or CUSTOM."""
        kind: str = self.fields["rate_type"]
        return kind

    @property
    def entitled(self) -> bool:
        """Whether contracts on the card get the product without an override that enables it."""
        return self.fields.get("entitled") is True

    @property
    def unit(self) -> str:
        """The pricing unit of amounts. The prices of a percentage are in none."""
        unit: str = self.fields.get("credit_type", USD)
        return unit

    @property
    def is_fraction(self) -> bool:
        """Whether prices are fractions of what other products cost, and not money."""
        return is_fraction(self.rate_type)

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Every price, those of the commit rate last."""
        return self.charge.prices + (self.commit.prices if self.commit is not None else ())

    @property
    def price(self) -> Decimal | None:
        """The one price of terms that have a single one, else None."""
        return self.prices[0] if len(self.prices) == 1 else None

    @property
    def flat(self) -> Decimal | None:
        """The price of one unit where it is the same for each and is money: of FLAT and SUBSCRIPTION terms."""
        return self.charge.price if self.rate_type in ("FLAT", "SUBSCRIPTION") else None

    @property
    def ended(self) -> "Terms":
        """The same, not entitled."""
        return Terms.of({**self.fields, "entitled": False})

    @property
    def entitling(self) -> "Terms":
        """The same, entitled: as a package that sells it has it."""
        return Terms.of({**self.fields, "entitled": True})


_KNOWN: dict[str, Terms] = {}
_MOST = 50_000
"""So many distinct terms are remembered."""


def read_terms(text: str, fields: Mapping[str, Any] | None = None) -> Terms:
    """The terms of a canonical text, the same object for the same text as long as it is remembered. Who has read the
    text already hands in what it says."""
    known = _KNOWN.get(text)
    if known is None:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        known = _KNOWN[text] = Terms(text, fields)
    return known


class Shift(NamedTuple):
    """Where prices go when terms replace others.

    `up` and `down`: whether there is a quantity for which more, or less, is charged. `pairs` are the prices of a unit
    that differ, observed and desired, by quantity; `low` and `high` the least and the greatest of their relative
    changes (-0.2 for a fifth less), None where there is nothing to be relative to; `tenfold` is said of any of them.
    `unit` is the pricing unit of the prices, None where they are no money but fractions.
    """

    up: bool = False
    down: bool = False
    tenfold: bool = False
    pairs: tuple[tuple[Decimal, Decimal], ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str | None = None

    @property
    def direction(self) -> Direction:
        """The way of what is charged; none where no prices are compared or none differs."""
        if self.up:
            return "both" if self.down else "up"
        return "down" if self.down else "none"

    @property
    def relative(self) -> Decimal | None:
        """The relative change where it is the same for every unit."""
        return self.low if self.low == self.high else None


STILL = Shift()
_FAMILY = {"TIERED": "FLAT", "TIERED_PERCENTAGE": "PERCENTAGE"}
"""What a rate type with tiers is with only one: their prices can be compared."""


def shift(observed: Terms, desired: Terms) -> Shift:
    """Where the prices go. Only prices of the same kind and unit are compared: what is list price with what was, and
    what is drawn from commits with what was."""
    if observed.text == desired.text or observed.unit != desired.unit:
        return STILL
    listed = _shift(observed.charge, desired.charge)
    if observed.commit is None or desired.commit is None:
        return listed
    moving = [found for found in (listed, _shift(observed.commit, desired.commit)) if found.pairs]
    if len(moving) <= 1:
        return moving[0] if moving else STILL
    lows, highs = ([getattr(one, name) for one in moving] for name in ("low", "high"))
    return Shift(
        up=any(one.up for one in moving),
        down=any(one.down for one in moving),
        tenfold=any(one.tenfold for one in moving),
        pairs=tuple(pair for one in moving for pair in one.pairs),
        low=min((low for low in lows if low is not None), default=None),
        high=max((high for high in highs if high is not None), default=None),
        unit=listed.unit,
    )


def price_shift(observed: Decimal, desired: Decimal, unit: str | None = None) -> Shift:
    """Where one price goes."""
    if observed == desired:
        return STILL
    up = desired > observed
    change = ratio(observed, desired)
    return Shift(
        up=up,
        down=not up,
        tenfold=is_tenfold(observed, desired),
        pairs=((observed, desired),),
        low=change,
        high=change,
        unit=unit,
    )


def is_tenfold(observed: Decimal, desired: Decimal) -> bool:
    """Whether one is ten times the other, or more; nothing is no measure."""
    low, high = sorted((abs(observed), abs(desired)))
    return bool(low) and high >= MAGNITUDE * low


def _family(charge: Charge) -> str:
    return _FAMILY.get(charge.rate_type, charge.rate_type)


def _shift(observed: Charge, desired: Charge) -> Shift:
    """Over the whole of both curves, where they are of one kind. What is charged is a line between two bounds, so that
    the sign of its difference shows at the bounds, and for the last prices, which hold without end, in their own."""
    if observed.rate_type != desired.rate_type and _family(observed) != _family(desired):
        return STILL
    unit = None if observed.is_fraction else observed.unit
    if not observed.tiers and not desired.tiers:
        if observed.price is None or desired.price is None:
            return STILL
        return price_shift(observed.price, desired.price, unit)
    up = down = False
    more, start = ZERO, ZERO
    pairs: list[tuple[Decimal, Decimal]] = []
    for was, now, upto in side_by_side(observed.curve, desired.curve):
        step = EXACT.subtract(now, was)
        if was != now and (was, now) not in pairs:
            pairs.append((was, now))
        more = step if upto is None else EXACT.add(more, EXACT.multiply(step, EXACT.subtract(upto, start)))
        up, down, start = up or more > 0, down or more < 0, upto or ZERO
    relative = [change for was, now in pairs if (change := ratio(was, now)) is not None]
    tenfold = any(is_tenfold(*pair) for pair in pairs)
    return Shift(
        up=up,
        down=down,
        tenfold=tenfold,
        pairs=tuple(pairs),
        low=min(relative, default=None),
        high=max(relative, default=None),
        unit=unit,
    )


def side_by_side(observed: Curve, desired: Curve) -> Iterator[tuple[Decimal, Decimal, Decimal | None]]:
    """The two prices of every stretch of quantities in which neither changes, and where the stretch ends."""
    if not observed or not desired:
        return
    bounds = sorted({upto for upto, _ in (*observed, *desired) if upto is not None})
    for upto in (*bounds, None):
        yield price_below(observed, upto), price_below(desired, upto), upto


def price_below(curve: Curve, upto: Decimal | None) -> Decimal:
    """The price of what lies just below a bound."""
    return next(price for end, price in curve if end is None or (upto is not None and upto <= end))
