"""What the cells of a table's row mean: the columns of one table, bound to what the rates of its card may say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress, repeat
from typing import Any, NamedTuple

from pricebook.catalog.canonical import quoted
from pricebook.catalog.instant import instant_text, parse_instant
from pricebook.catalog.terms import read_terms
from pricebook.catalog.timeline import Segment, head_text, schedule_text, segment_text
from pricebook.catalog.violation import Path
from pricebook.manifest.cell_amount import AmountReader, Multiplier, Unusable
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.rates_from import RatesFrom
from pricebook.problem import quote

MEMO = 50_000
"""So many distinct prices are remembered: real tables repeat few prices over many rows."""


class Batch(NamedTuple):
    """Good rows: the line of each, its key's text up to the group values, its key's text, its schedule's text; and the
    number of the cell with the price, from 1."""

    lines: Sequence[int]
    heads: Sequence[str]
    keys: Sequence[str]
    schedules: Sequence[str]
    cell: int


class Lane(NamedTuple):
    """A column of prices: the product (empty: the row or a default says it), the position of the price, and of tiers
    the positions of further prices, each with its size or the position of it."""

    product: str
    price: int
    tiers: tuple[tuple[int, int | Decimal | None], ...] = ()


@dataclass
class Cells:
    """Positions of the columns (None: the default holds), and the pricing group keys with the positions of their values
    (or the value that all rows have), each key already the text that stands before its value in a rate's key. `tier`
    is the column that makes rows the tiers of one rate."""

    spec: RatesFrom
    facts: RateFacts
    amounts: AmountReader
    lanes: tuple[Lane, ...]
    product: int | None
    frequency: int | None
    entitled: int | None
    start: int | None
    end: int | None
    tier: int | None
    groups: tuple[tuple[str, int | str], ...]
    group_names: tuple[str, ...]
    _instants: dict[str, str] = field(default_factory=dict)
    _heads: dict[str, str] = field(default_factory=dict)
    _schedules: dict[tuple[Any, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RatesFrom, facts: RateFacts, header: list[str]) -> "Cells":
        """The cells of a table with this header, which has every column that is named. Raises Unusable."""

        def place(column: str | None) -> int | None:
            return header.index(column) if column is not None else None

        columns, constants = spec.columns, spec.defaults.pricing_group_values
        named: dict[str, int | str] = {key: header.index(c) for key, c in columns.pricing_group_values.items()}
        groups = sorted({**named, **constants}.items())
        lanes = []
        for product, tiers in columns.priced.items():
            sizes = [place(t.size) if isinstance(t.size, str) else t.size for t in tiers]
            prices = [header.index(tier.price) for tier in tiers]
            lanes.append(Lane(product, prices[0], tuple(zip(prices, sizes, strict=True)) if columns.tiers else ()))
        return cls(
            spec=spec,
            facts=facts,
            amounts=AmountReader.of(spec, facts),
            lanes=tuple(lanes),
            product=place(columns.product),
            frequency=place(columns.billing_frequency),
            entitled=place(columns.entitled),
            start=place(columns.starting_at),
            end=place(columns.ending_before),
            tier=place(columns.tier_size or columns.tier_up_to),
            groups=tuple((f"{',' if i else ',{'}{quoted(key)}:", value) for i, (key, value) in enumerate(groups)),
            group_names=tuple(key for key, _ in groups),
        )

    @property
    def varied(self) -> bool:
        """Whether a row can say more than its product, its group values and its price."""
        return any(at is not None for at in (self.frequency, self.entitled, self.start, self.end))

    def rates(self, lane: Lane, lines: Sequence[int], rows: Sequence[list[str]]) -> Batch:
        """Of rows that each are a whole rate the rates that they say in a column of prices. Raises Unusable when one of
        them cannot be used."""
        filled = [bool(row[lane.price].strip()) for row in rows]
        if not all(filled):
            if self.spec.empty == "ERROR":
                raise self._empty(lane.price)
            lines, rows = list(compress(lines, filled)), list(compress(rows, filled))
        if not rows:
            return Batch((), (), (), (), lane.price + 1)
        if self.varied or lane.tiers:
            rates = [self.segment(lane, row) for row in rows]
            schedules = [schedule_text((rate[2],)) for rate in rates]
            return Batch(lines, [r[0] for r in rates], [r[1] for r in rates], schedules, lane.price + 1)
        columns = list(zip(*rows, strict=True))
        products: Sequence[str] = [lane.product or self.spec.defaults.product or ""] * len(rows)
        if self.product is not None:
            products = columns[self.product]
        heads = self._heads_of(products)
        self._check_groups(columns)
        schedules = self._schedules_of(lane, columns[lane.price], products)
        return Batch(lines, heads, self._keys_of(heads, columns), schedules, lane.price + 1)

    def segment(self, lane: Lane, row: list[str]) -> tuple[str, str, Segment]:
        """The text of the row's key up to its group values, that of the key, and its price and period. Raises
        Unusable."""
        columns = [(cell,) for cell in row]
        self._check_groups(columns)
        product = row[self.product] if self.product is not None else lane.product or self.spec.defaults.product or ""
        head = self.head(product, self._frequency_of(row))
        return head, self._keys_of([head], columns)[0], self._segment(lane, row, product)

    def is_empty(self, lane: Lane, row: list[str]) -> bool:
        """Whether the row says no such price. Raises Unusable where it has to."""
        if row[lane.price].strip():
            return False
        if self.spec.empty == "ERROR":
            raise self._empty(lane.price)
        return True

    def _empty(self, at: int) -> Unusable:
        column = next((name for name, place in self._named() if place == at), "")
        return Unusable("amount", f"no price: {quote(column)} is empty", at + 1, "empty: SKIP leaves such prices out")

    def _named(self) -> Iterable[tuple[str, int]]:
        for tiers, lane in zip(self.spec.columns.priced.values(), self.lanes, strict=True):
            yield tiers[0].price, lane.price

    def _keys_of(self, heads: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
        parts: list[Iterable[str]] = [heads]
        for name, value in self.groups:
            parts += repeat(name), map(quoted, columns[value]) if isinstance(value, int) else repeat(quoted(value))
        parts.append(repeat("}]" if self.groups else ",{}]"))
        return list(map("".join, zip(*parts, strict=False)))

    def _heads_of(self, products: Sequence[str]) -> list[str]:
        heads = self._heads
        for name in set(products) - heads.keys():
            heads[name] = self.head(name, self.spec.defaults.billing_frequency)
        return [heads[name] for name in products]

    def _schedules_of(self, lane: Lane, prices: Sequence[str], products: Sequence[str]) -> list[str]:
        schedules = self._schedules
        if len(schedules) > MEMO:
            schedules.clear()
        defaults = self.spec.defaults
        assert defaults.starting_at is not None, "a rule of RatesFrom"
        period = (
            instant_text(defaults.starting_at),
            instant_text(defaults.ending_before) if defaults.ending_before is not None else None,
        )
        if self.spec.per is None:
            factors: Iterable[Multiplier | None] = repeat(self.amounts.multiplier(""))
        else:
            factors = [self.amounts.multiplier(product) for product in products]
        keys = list(zip(prices, factors, strict=False))
        for key in set(keys) - schedules.keys():
            terms = self.amounts.flat(key[0], lane.price, defaults.entitled, key[1])
            schedules[key] = f"[{segment_text(*period, terms)}]"
        return [schedules[key] for key in keys]

    def head(self, product: str, frequency: str | None) -> str:
        """The text of a rate's key up to its group values. Raises Unusable."""
        wrong = self.facts.check_key(product, frequency, self.group_names)
        if wrong is not None:
            at: int | None = self.product
            said: Path = ("columns", "product") if self.product is not None else ("defaults", "product")
            if any(lane.product == product for lane in self.lanes):
                said = ("columns", "price")
            if wrong.at[0] == "billing_frequency":
                at = self.frequency
                said = ("columns", "billing_frequency") if at is not None else ("defaults",)
            if wrong.code == "pricing-group-key":
                at, said = None, ("columns", "pricing_group_values")
            about = f"{product}\0{frequency or ''}"
            raise Unusable(wrong.code, wrong.message, (at or 0) + 1, wrong.hint, said if at is None else (), about)
        return head_text(product, frequency)

    def _check_groups(self, columns: Sequence[Sequence[str]]) -> None:
        """Every pricing group key has a value, without white space around it. Raises Unusable."""
        for name, (_, at) in zip(self.group_names, self.groups, strict=True):
            if isinstance(at, int):
                for value in set(columns[at]):
                    if not value.strip():
                        raise Unusable("missing-value", f"no value for pricing group key {name}", at + 1)
                    if value != value.strip():
                        message = f"{quote(value)} has white space around it: usage says {quote(value.strip())}"
                        raise Unusable("white-space", message, at + 1, "remove it")

    def _frequency_of(self, row: list[str]) -> str | None:
        """The row's billing frequency, upper-case, or None."""
        if self.frequency is None or not row[self.frequency].strip():
            return self.spec.defaults.billing_frequency
        return row[self.frequency].strip().upper()

    def _segment(self, lane: Lane, row: list[str], product: str) -> Segment:
        """The row's price and period. Raises Unusable."""
        defaults = self.spec.defaults
        start, end = self._instant(row, self.start), self._instant(row, self.end)
        if start is None and defaults.starting_at is not None:
            start = instant_text(defaults.starting_at)
        if end is None and defaults.ending_before is not None:
            end = instant_text(defaults.ending_before)
        if start is None:
            hint = "say from when the price holds"
            raise Unusable("missing-field", "starting_at is empty", (self.start or 0) + 1, hint)
        if end is not None and end <= start:
            raise Unusable("empty-period", f"ending_before {end} is not after starting_at {start}", (self.end or 0) + 1)
        entitled = defaults.entitled
        if self.entitled is not None and (word := row[self.entitled].strip().lower()):
            if word not in ("true", "false"):
                raise Unusable("type", f"{quote(row[self.entitled])} is not true or false", self.entitled + 1)
            entitled = word == "true"
        factor = self.amounts.multiplier(product)
        if lane.tiers:
            used = [(price, size) for price, size in lane.tiers if row[price].strip()]
            tiers = [
                (self.amounts.amount(row[price], price, factor), self._size(row, size) if at < len(used) else None)
                for at, (price, size) in enumerate(used, 1)
            ]
            return Segment(start, end, read_terms(self.amounts.tiered(tiers, entitled)))
        return Segment(start, end, read_terms(self.amounts.flat(row[lane.price], lane.price, entitled, factor)))

    def _size(self, row: list[str], size: int | Decimal | None) -> Decimal | None:
        if size is None or isinstance(size, Decimal):
            return size
        number = self.amounts.number(row[size].strip(), size)
        if number is None or number <= 0:
            raise Unusable("out-of-range", f"{quote(row[size])} is no size of a tier", size + 1, "a number above 0")
        return number

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


class TierRows:
    """Rows that are the tiers of one rate: alike but for the price and the size, in the order in which they stand."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._rows: dict[tuple[str, str, str | None], list[tuple[Segment, str, int]]] = {}

    def add(self, key: str, segment: Segment, row: list[str], line: int) -> None:
        """A row, with the price that it says as if it were the only one."""
        assert self._cells.tier is not None
        start, end, _ = segment
        self._rows.setdefault((key, start, end), []).append((segment, row[self._cells.tier].strip(), line))

    def joined(self) -> Iterator[tuple[str, Segment, int, Unusable | None]]:
        """Each rate with the line of its first tier; or the line in which a tier cannot be used, and why."""
        for (key, start, end), rows in self._rows.items():
            tiers: list[tuple[Decimal, Decimal | None]] = []
            wrong: tuple[int, Unusable] | None = None
            covered = Decimal(0)
            for number, (segment, text, line) in enumerate(rows, 1):
                price = segment.terms.price
                assert price is not None, "a row has one price"
                try:
                    size = self._size(text, covered, last=number == len(rows))
                except Unusable as error:
                    wrong = wrong or (line, error)
                    continue
                tiers.append((price, size))
                covered += size or 0
            if wrong is not None:
                yield key, rows[0][0], *wrong
                continue
            entitled = bool(rows[0][0].terms.fields["entitled"])
            terms = read_terms(self._cells.amounts.tiered(tiers, entitled))
            yield key, Segment(start, end, terms), rows[0][2], None

    def _size(self, text: str, covered: Decimal, *, last: bool) -> Decimal | None:
        at = self._cells.tier or 0
        if last or not text:
            if last == (not text):
                return None
            message = "only the last tier has no size" if not text else "the last tier takes all the rest"
            raise Unusable("tier-gap", message, at + 1, "leave it empty in the last row of a rate, and only there")
        size = self._cells.amounts.number(text, at)
        if size is not None and self._cells.spec.columns.tier_up_to is not None:
            size -= covered
        if size is None or size <= 0:
            raise Unusable(
                "out-of-range", f"{quote(text)} ends no tier", at + 1, "tiers stand in the order of their sizes"
            )
        return size
