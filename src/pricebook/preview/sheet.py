"""One invoice while it is written: each charge becomes lines, each line says why, and what pays for it follows it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pricebook.catalog.calendar import Period
from pricebook.catalog.money import plain
from pricebook.catalog.product import Product
from pricebook.preview.burn import Burn, Draw, Piece, joined
from pricebook.preview.composite import is_part, shares
from pricebook.preview.fee import Fee
from pricebook.preview.invoice import InvoiceLine, Why
from pricebook.preview.match import Subject
from pricebook.preview.metered import MeteredUsage, priced
from pricebook.preview.price import EXACT, ZERO, Portion, cost, portions, summed
from pricebook.preview.proration import places_of, quantized
from pricebook.preview.tariff import Prices, TariffPrice
from pricebook.preview.terms import DatedCharge, Window


class _Slice(NamedTuple):
    """Usage of a line within which nothing changes: how much was metered, and what it is priced as, tier by tier."""

    subject: Subject
    window: Window
    price: TariffPrice
    used: Decimal
    parts: tuple[Portion, ...]


class InvoiceSheet:
    """The lines of an invoice, in the order in which they are written."""

    def __init__(self, prices: Prices, burn: Burn) -> None:
        self.prices, self.burn = prices, burn
        self.fiat = prices.tariff.fiat
        self.lines: list[InvoiceLine] = []
        self.notes: list[str] = []

    # --- usage --------------------------------------------------------------------------------------------------------

    def usage(self, measured: Iterable[MeteredUsage], period: Period) -> None:
        """The usage of a period. It stands by time and then in the card's order of products; balances pay for what
        starts earlier first, then for the higher unit price (of each tier), then by name A to Z (docs.metronome.com,
        "Understand prioritization rules"), and where names are equal by group values [assumed]."""
        slices: list[_Slice] = []
        for one in measured:
            slices += self._slices(one, period)
        order = self.prices.tariff.order
        slices.sort(key=lambda s: (s.window.starting_at, order.get(s.subject.name, len(order))))
        ranked = []
        for place, (subject, window, _, _, parts) in enumerate(slices):
            rank = window.starting_at, subject.product.name, *subject.groups
            ranked += [(rank[0], -part.price, *rank[1:], place, number) for number, part in enumerate(parts)]
        paid: dict[tuple[int, int], list[Piece]] = {}
        for *_, place, number in sorted(ranked):
            subject, window, price, _, parts = slices[place]
            start, end = parts[number].start, parts[number].end
            paid[place, number] = self.burn.usage(subject, window.starting_at, start, end, price)
        for place, (subject, window, _, used, parts) in enumerate(slices):
            for piece in joined(piece for number in range(len(parts)) for piece in paid[place, number]):
                self._piece(subject, window, piece, used)
                self._applied(subject, window, piece.price.rate.unit, piece.draws)

    def composites(self, period: Period) -> None:
        """What is a share of the usage that stands here."""
        for subject in self.prices.composites:
            if subject.product.composite_scope == "CUSTOMER":
                self.notes.append(f"{subject.name} counts all contracts of the customer; here only this one")
            for line in shares(self.prices, subject, self.lines, period):
                self._add(subject, line, self._draws(subject, line))

    def _slices(self, one: MeteredUsage, period: Period) -> Iterator["_Slice"]:
        """The usage of a period in parts within which no price changes, and no balance opens or ends. Tiers and
        rounding count the quantity since the start of the period.

        What is not entitled counts in none: it moves no tier, and no quantity is rounded with it [assumed].
        """
        low, high = one.before(period.starting_at), one.before(period.ending_before)
        if low == high:
            return
        subject, product = one.subject, one.subject.product
        base, at, before, so_far = one.sums[low], period.starting_at, low, ZERO
        for cut in self._cuts(subject, period):
            upto = bisect_left(one.times, cut, before, high)
            if upto > before:
                metered = EXACT.subtract(one.sums[upto], base)
                used, price = EXACT.subtract(metered, so_far), self.prices.price(subject, at)
                if price is None:
                    base = EXACT.add(base, used)
                    self.notes.append(f"{_what(subject, used)}: not entitled, or without a rate, from {at:%Y-%m-%d}")
                else:
                    if price.steps is not None:
                        parts = portions(price.steps, priced(so_far, product), priced(metered, product))
                        yield _Slice(subject, Window(at, cut), price, used, tuple(parts))
                    else:
                        self.notes.append(f"{_what(subject, used)}: a {price.rate.rate_type} rate is not modelled")
                    so_far = metered
            at, before = cut, upto

    def _cuts(self, subject: Subject, period: Period) -> Iterator[datetime]:
        """Where what is charged, or who pays at which price, changes within a period; and its end. An override that
        leaves a price as it was starts no line of its own."""
        start, end = period.starting_at, period.ending_before
        wholes = [whole for whole in self.prices.composites if is_part(subject, whole.product)]
        payers = self.burn.applicable(subject)
        found = {cut for one in (subject, *wholes) for cut in self.prices.cuts(one)}
        found |= {cut for grant in payers for cut in grant.window}

        def terms(at: datetime) -> Any:
            price = self.prices.price(subject, at)
            prices = [price, *(self.prices.price(whole, at) for whole in wholes)]
            drawn = [(g.id, self.prices.price(subject, at, g)) for g in payers if g.window.covers(at)]
            said = [(id_, p and p.steps) for id_, p in drawn]
            return [p and (p.rate.rate_type, p.rate.unit, p.steps, p.rate.minimum) for p in prices], said

        inner = sorted(cut for cut in found if start < cut < end)
        before = terms(start) if inner else None
        for cut in inner:
            after = terms(cut)
            if after != before:
                yield cut
            before = after
        yield end

    def _piece(self, subject: Subject, window: Window, piece: Piece, used: Decimal) -> None:
        unit = piece.price.rate.unit
        parts = list(portions(piece.steps, piece.start, piece.end))
        for part in parts:
            amount = part.amount
            if part is parts[-1]:  # where a balance ended within a unit, the money is what it held
                before = cost(piece.steps, piece.start, part.start) if len(parts) > 1 else ZERO
                amount = EXACT.subtract(piece.amount, before)
            why = piece.price.why().in_tier(piece.steps, part.number)
            if part.quantity != used:
                why = _of_metered(why, subject.product, used)
            if piece.special and piece.draws:
                why = replace(why, drawn_from=piece.draws[0].grant.id)
            line = InvoiceLine(
                kind="usage",
                product=subject.name,
                label=subject.product.name,
                starting_at=window.starting_at,
                ending_before=window.ending_before,
                unit=unit,
                amount=amount,
                quantity=part.quantity,
                unit_price=part.price,
                pricing=subject.pricing,
                presentation=subject.presentation,
                why=why,
            )
            self.lines.append(line)

    # --- dated charges ------------------------------------------------------------------------------------------------

    def fees(self, found: Sequence[Fee]) -> None:
        """Fees, in the order given; balances pay for them as they do for usage. A fee counts at the start of the time
        that it is for [assumed]."""

        def rank(fee: Fee) -> Any:
            line = fee.line
            return line.starting_at, -(line.unit_price or ZERO), self.prices.tariff.products[line.product].name

        paid = {id(fee): self._draws(fee.subject, fee.line) for fee in sorted(found, key=rank)}
        for fee in found:
            self._add(fee.subject, fee.line, paid[id(fee)])

    def charge(self, charge: DatedCharge) -> None:
        """A scheduled charge, the payment of a commit, or what of a POSTPAID one was not used. Balances pay for none of
        them ("Only present on line items with product of USAGE, SUBSCRIPTION or COMPOSITE types", API)."""
        price, quantity = charge.unit_price, charge.quantity
        amount, left = EXACT.multiply(price, quantity), None
        if charge.kind == "true_up":
            # It may be charged before there is anything to draw from: what was not used is all of it then.
            grant = next((g for g in self.prices.terms.grants if g.id == charge.commit), None)
            if grant is None:  # there would be something to draw from after the contract's end only
                return
            before = self.burn.left(grant)
            amount, left = max(before, ZERO), (before, ZERO)
            self.burn.drawn[grant.id] = grant.amount
            price, quantity = amount, Decimal(1)
        line = InvoiceLine(
            kind=charge.kind,
            product=charge.product,
            label=self._name(charge.label, charge.product),
            starting_at=charge.at,
            ending_before=charge.at,
            unit=charge.unit,
            amount=amount,
            quantity=quantity,
            unit_price=price,
            why=Why(term=charge.name, left=left),
        )
        self.lines.append(line)

    def _draws(self, subject: Subject, line: InvoiceLine) -> Sequence[Draw]:
        return self.burn.amount(subject, line.starting_at, line.unit, line.amount)

    def _add(self, subject: Subject, line: InvoiceLine, draws: Sequence[Draw]) -> None:
        self.lines.append(line)
        self._applied(subject, Window(line.starting_at, line.ending_before), line.unit, draws)

    def _applied(self, subject: Subject, window: Window, unit: str, draws: Iterable[Draw]) -> None:
        for grant, money, before, after in draws:
            counted = ZERO if grant.kind == "POSTPAID" else EXACT.minus(money)
            line = InvoiceLine(
                kind="applied",
                product=subject.name,
                label=self._name(grant.term.name or "", grant.term.product),
                starting_at=window.starting_at,
                ending_before=window.ending_before,
                unit=unit,
                amount=counted,
                pricing=subject.pricing,
                presentation=subject.presentation,
                drawn=money,
                balance=grant.id,
                why=Why(term=grant.id, left=(before, after)),
            )
            self.lines.append(line)

    def _name(self, label: str, name: str) -> str:
        """The name of a term, or that of the product under which it stands."""
        product = self.prices.tariff.products.get(name)
        return label or (product.name if product is not None else name)

    # --- the end ------------------------------------------------------------------------------------------------------

    def close(self, period: Window | None, at: datetime) -> None:
        """Convert what is left in custom units, and round to the cent."""
        self._convert(period or Window(at, at))
        total = summed(line.amount for line in self.lines if line.unit == self.fiat)
        places = places_of(self.prices.tariff.scales.get(self.fiat))
        rounded = quantized(total, places)
        if rounded != total:
            start, end = period or (at, at)
            off = EXACT.subtract(rounded, total)
            self.lines.append(
                InvoiceLine(
                    kind="rounding",
                    product="",
                    label="Rounding",
                    starting_at=start,
                    ending_before=end,
                    unit=self.fiat,
                    amount=off,
                )
            )

    def _convert(self, window: Window) -> None:
        """ "The outstanding spend in custom pricing units will be converted to fiat currency using a cpu_conversion
        line item" (API), to which fiat balances that apply to everything are applied when they are open at its end
        [assumed]."""
        tariff = self.prices.tariff
        for unit in sorted({line.unit for line in self.lines} - {self.fiat}):
            owed = summed(line.amount for line in self.lines if line.unit == unit)
            rate = tariff.conversions.get(unit)
            if not owed:
                continue
            if rate is None:
                self.notes.append(f"{plain(owed)} {unit}: the card has no conversion of it, so it is not in the total")
                continue
            amount = EXACT.multiply(owed, rate)
            line = InvoiceLine(
                kind="conversion",
                product="",
                label=tariff.names.get(unit, unit),
                starting_at=window.starting_at,
                ending_before=window.ending_before,
                unit=self.fiat,
                amount=amount,
                quantity=owed,
                unit_price=rate,
            )
            self.lines.append(line)
            subject = Subject("", _CONVERSION)
            draws = self.burn.amount(subject, _last_hour(window), self.fiat, amount)
            self._applied(subject, window, self.fiat, draws)


_CONVERSION = Product.model_construct(name="conversion", type="FIXED", tags=())


def _of_metered(why: Why, product: Product, metered: Decimal) -> Why:
    """The same, of a quantity that is not what was metered: converted, rounded or cut."""
    conversion, rounding = product.quantity_conversion, product.quantity_rounding
    return replace(
        why,
        metered=metered,
        conversion=(conversion.operation, conversion.conversion_factor) if conversion is not None else None,
        rounding=rounding.rounding_method if rounding is not None else "",
    )


def _last_hour(window: Window) -> datetime:
    start, end = window
    return end - timedelta(hours=1) if end > start else start


def _what(subject: Subject, used: Decimal) -> str:
    """How much of what, in words: `7 of tokens · model=a`."""
    values = (f"{k}={v}" for pairs in subject.groups for k, v in pairs)
    return " · ".join((f"{plain(used)} of {subject.name}", *values))
