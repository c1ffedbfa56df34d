"""What the cells of a table's row mean: the columns of one table, bound to what the rates of its card may say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import repeat

from pricebook.catalog.canonical import encode, quoted
from pricebook.catalog.instant import instant_text, parse_instant
from pricebook.catalog.model import DIGITS_HINT, USD, Path, Scale
from pricebook.catalog.money import carries, parse_money, read_number, to_api_unit
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import Segment, head_text, schedule_text, segment_text
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import Defaults, RatesFrom
from pricebook.problem import quote

MEMO = 50_000
"""So many distinct prices are remembered: real tables repeat few prices over many rows."""


class Unusable(Exception):  # noqa: N818 - a cell that cannot be used, caught where its row is read
    """A cell that cannot be used: the 1-based column, what is wrong, and the way out.

    When it is not the cell's fault but that of the card, `said_at` is the place below the entry of `rates_from`.
    """

    def __init__(self, code: str, message: str, column: int = 1, hint: str = "", said_at: Path = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.column, self.hint, self.said_at = code, message, column, hint, said_at


@dataclass
class Cells:
    """Positions of the columns (None: the default holds), and the pricing group keys with their positions, each key
    already the text that stands before its value in a rate's key. `width` counts the columns."""

    defaults: Defaults
    facts: RateFacts
    width: int
    unit: str
    scale: Scale
    price: int
    product: int | None
    frequency: int | None
    entitled: int | None
    start: int | None
    end: int | None
    groups: tuple[tuple[str, int], ...]
    group_names: tuple[str, ...]
    _instants: dict[str, str] = field(default_factory=dict)
    _heads: dict[str, str] = field(default_factory=dict)
    _schedules: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RatesFrom, facts: RateFacts, header: list[str]) -> "Cells":
        """The cells of a table with this header, which has every column that is named. Raises Unusable."""

        def place(column: str | None) -> int | None:
            return header.index(column) if column is not None else None

        columns = spec.columns
        named = sorted(columns.pricing_group_values.items())
        unit, scale = _unit(spec.defaults, facts)
        return cls(
            defaults=spec.defaults,
            facts=facts,
            width=len(header),
            unit=unit,
            scale=scale,
            price=header.index(columns.price),
            product=place(columns.product),
            frequency=place(columns.billing_frequency),
            entitled=place(columns.entitled),
            start=place(columns.starting_at),
            end=place(columns.ending_before),
            groups=tuple((f"{',' if i else ',{'}{quoted(key)}:", header.index(c)) for i, (key, c) in enumerate(named)),
            group_names=tuple(key for key, _ in named),
        )

    @property
    def varied(self) -> bool:
        """Whether a row can say more than its product, its group values and its price."""
        return any(at is not None for at in (self.frequency, self.entitled, self.start, self.end))

    def rates(self, rows: Sequence[list[str]]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """Of rows that each are a whole rate the texts of the keys up to their group values, of the keys, and of the
        schedules. Raises Unusable when one of them cannot be used."""
        if self.varied:
            rates = [self.segment(row) for row in rows]
            return [r[0] for r in rates], [r[1] for r in rates], [schedule_text((r[2],)) for r in rates]
        if set(map(len, rows)) != {self.width}:
            self._check_widths(rows)
        columns = list(zip(*rows, strict=True))
        product = self.defaults.product or ""
        heads = self._heads_of(columns[self.product] if self.product is not None else [product] * len(rows))
        if any("" in columns[at] for _, at in self.groups):
            self._check_groups(rows)
        return heads, self._keys_of(heads, columns), self._schedules_of(columns[self.price])

    def segment(self, row: list[str]) -> tuple[str, str, Segment]:
        """The text of the row's key up to its group values, that of the key, and its price and period. Raises
        Unusable."""
        self._check_widths([row])
        self._check_groups([row])
        segment = self._segment(row)
        head = self.head(self._product_of(row), self._frequency_of(row))
        return head, self._keys_of([head], [(cell,) for cell in row])[0], segment

    def _keys_of(self, heads: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
        parts: list[Iterable[str]] = [heads]
        for name, at in self.groups:
            parts += repeat(name), map(quoted, columns[at])
        parts.append(repeat("}]" if self.groups else ",{}]"))
        return list(map("".join, zip(*parts, strict=False)))

    def _heads_of(self, products: Sequence[str]) -> list[str]:
        heads = self._heads
        for name in set(products) - heads.keys():
            heads[name] = self.head(name, self.defaults.billing_frequency)
        return [heads[name] for name in products]

    def _schedules_of(self, prices: Sequence[str]) -> list[str]:
        schedules = self._schedules
        if len(schedules) > MEMO:
            schedules.clear()
        for price in set(prices) - schedules.keys():
            schedules[price] = f"[{segment_text(*self._period, self.terms(price, self.defaults.entitled))}]"
        return [schedules[price] for price in prices]

    @cached_property
    def _period(self) -> tuple[str, str | None]:
        """When the prices of rows hold that do not say it."""
        start, end = self.defaults.starting_at, self.defaults.ending_before
        assert start is not None, "a rule of RatesFrom"
        return instant_text(start), instant_text(end) if end is not None else None

    def head(self, product: str, frequency: str | None) -> str:
        """The text of a rate's key up to its group values. Raises Unusable."""
        wrong = self.facts.check_key(product, frequency, self.group_names)
        if wrong is not None:
            at = {"billing_frequency": self.frequency}.get(str(wrong.at[0]), self.product)
            raise Unusable(wrong.code, wrong.message, (at or 0) + 1, wrong.hint)
        return head_text(product, frequency)

    def _check_widths(self, rows: Iterable[list[str]]) -> None:
        """Every row is as wide as the header. Raises Unusable."""
        for row in rows:
            if len(row) != self.width:
                raise Unusable("row-width", f"{len(row)} cells, but the header has {self.width}")

    def _check_groups(self, rows: Iterable[list[str]]) -> None:
        """Every pricing group key has a value. Raises Unusable."""
        for row in rows:
            for name, (_, at) in zip(self.group_names, self.groups, strict=True):
                if not row[at]:
                    raise Unusable("missing-value", f"no value for pricing group key {name}", at + 1)

    def _product_of(self, row: list[str]) -> str:
        """The row's product."""
        return row[self.product] if self.product is not None else self.defaults.product or ""

    def _frequency_of(self, row: list[str]) -> str | None:
        """The row's billing frequency, upper-case, or None."""
        if self.frequency is None or not row[self.frequency].strip():
            return self.defaults.billing_frequency
        return row[self.frequency].strip().upper()

    def _segment(self, row: list[str]) -> Segment:
        """The row's price and period. Raises Unusable."""
        start, end = self._instant(row, self.start), self._instant(row, self.end)
        if start is None and self.defaults.starting_at is not None:
            start = instant_text(self.defaults.starting_at)
        if end is None and self.defaults.ending_before is not None:
            end = instant_text(self.defaults.ending_before)
        if start is None:
            raise Unusable(
                "missing-field", "starting_at is empty", (self.start or 0) + 1, "say from when the price holds"
            )
        if end is not None and end <= start:
            raise Unusable("empty-period", f"ending_before {end} is not after starting_at {start}", (self.end or 0) + 1)
        entitled = self.defaults.entitled
        if self.entitled is not None and (word := row[self.entitled].strip().lower()):
            if word not in ("true", "false"):
                raise Unusable("type", f"{quote(row[self.entitled])} is not true or false", self.entitled + 1)
            entitled = word == "true"
        return Segment(start, end, read_terms(self.terms(row[self.price], entitled)))

    def terms(self, text: str, entitled: bool) -> str:
        """The canonical terms of a price as written. Raises Unusable."""
        terms: dict[str, object] = {"entitled": entitled, "rate_type": self.defaults.rate_type}
        if self.defaults.rate_type == "PERCENTAGE":
            terms["price"] = self._price(text.strip(), 0, Decimal(1))
        else:
            terms["price"] = self._price(text.strip(), self.scale.scale, None)
            if self.unit != USD:
                terms["credit_type"] = self.unit
        return encode(terms)

    def _price(self, text: str, scale: int, most: Decimal | None) -> Decimal:
        column = self.price + 1
        number = read_number(text)
        if number is None and (money := parse_money(text)) is not None:
            if money.currency != self.defaults.currency or most is not None:
                message = f"{quote(text)} is in {money.currency}, but the table's numbers are in {self._counted()}"
                raise Unusable("currency-mismatch", message, column, "say the table's currency under defaults")
            number = money.amount
        if number is None:
            what = f"{quote(text)} is not a number" if text else "no price"
            raise Unusable("amount", what, column)
        price = to_api_unit(number, scale)
        if price < 0 or (most is not None and price > most):
            rule = "a price is not negative" if most is None else "a percentage is a fraction in 0..1"
            raise Unusable("out-of-range", f"{quote(text)}: {rule}", column)
        if not carries(price):
            raise Unusable("too-precise", f"{quote(text)} has more digits than can be carried", column, DIGITS_HINT)
        return price

    def _counted(self) -> str:
        return self.defaults.currency or f"the pricing unit {self.unit}"

    def _instant(self, row: list[str], at: int | None) -> str | None:
        text = row[at].strip() if at is not None else ""
        if not text or at is None:
            return None
        if text not in self._instants:
            try:
                self._instants[text] = instant_text(parse_instant(text))
            except ValueError as error:
                raise Unusable("instant", f"{quote(text)}: {error}", at + 1) from None
        return self._instants[text]


def _unit(defaults: Defaults, facts: RateFacts) -> tuple[str, Scale]:
    """The pricing unit of a table, and the scale of its numbers. Raises Unusable."""
    fiat = facts.card.fiat_credit_type
    if defaults.currency is None:
        unit = defaults.credit_type or fiat
        scale = Scale(facts.scales[unit].currency if unit in facts.scales else None, 0)
    else:
        found = {name: scale for name, scale in facts.scales.items() if scale.currency == defaults.currency}
        if not found:
            hint = f"declare a PricingUnit with currency: {defaults.currency}"
            message = f"no pricing unit is in {defaults.currency}"
            raise Unusable("unknown-reference", message, 1, hint, ("defaults", "currency"))
        unit = fiat if fiat in found else next(iter(found))
        scale = found[unit]
    wrong = facts.check_unit(unit)
    if wrong is not None:
        at = ("defaults", "credit_type" if defaults.currency is None else "currency")
        raise Unusable(wrong.code, wrong.message, 1, wrong.hint, at)
    return unit, scale
