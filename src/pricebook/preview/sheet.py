"""One invoice while it is written: each charge becomes lines, each line says why, and what pays for it follows it."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pricebook.catalog.calendar import Period
from pricebook.catalog.money import plain
from pricebook.catalog.product import Product
from pricebook.preview.burn import Burn, Draw, Piece
from pricebook.preview.composite import is_part, shares
from pricebook.preview.fee import Fee
from pricebook.preview.invoice import InvoiceLine, Why
from pricebook.preview.match import Subject
from pricebook.preview.metered import MeteredUsage, priced
from pricebook.preview.price import EXACT, ZERO, cost, portions, summed
from pricebook.preview.proration import places_of, quantized
from pricebook.preview.tariff import Prices
from pricebook.preview.terms import DatedCharge, Window


class InvoiceSheet:
    """The lines of an invoice, in the order in which they are written."""

    def __init__(self, prices: Prices, burn: Burn) -> None:
        self.prices, self.burn = prices, burn
        self.fiat = prices.tariff.fiat
        self.lines: list[InvoiceLine] = []
        self.notes: list[str] = []

    # --- usage --------------------------------------------------------------------------------------------------------

    def usage(self, measured: Iterable[MeteredUsage], period: Period) -> None:
        """The usage of a statement period, and then what is a share of it."""
        self.metered(measured, period)
        for subject in self.prices.composites:
            if subject.product.composite_scope == "CUSTOMER":
                self.notes.append(f"{subject.name} counts all contracts of the customer; here only this one")
            for line in shares(self.prices, subject, self.lines, period):
                self._pay(subject, line)

    def metered(self, measured: Iterable[MeteredUsage], period: Period) -> None:
        """The usage of a period, by time and then in the card's order of products."""
        slices = []
        for one in measured:
            low, high = one.before(period.starting_at), one.before(period.ending_before)
            if low < high:
                slices += self._slices(one, period, low, high)
        order = self.prices.tariff.order
        last = len(order)
        slices.sort(key=lambda s: (s[0], order.get(s[2].subject.name, last)))
        for start, end, one, quantity_from, quantity_to in slices:
            self._slice(start, end, one, quantity_from, quantity_to)

    def _slices(
        self, one: MeteredUsage, period: Period, low: int, high: int
    ) -> list[tuple[datetime, datetime, MeteredUsage, Decimal, Decimal]]:
        """The usage of a period in parts within which no price changes, and no balance opens or ends.

        What is not entitled counts in none: it moves no tier, and no quantity is rounded with it [assumed].
        """
        start, end = period.starting_at, period.ending_before
        subject = one.subject
        cuts = list(self.prices.cuts(subject))
        cuts += [instant for grant in self.burn.applicable(subject) for instant in grant.window]
        for whole in self.prices.composites:
            if is_part(subject, whole.product):
                cuts += self.prices.cuts(whole)
        inner = sorted({cut for cut in cuts if start < cut < end})
        base, found, at, before = one.sums[low], [], start, low
        so_far = ZERO
        for cut in (*inner, end):
            upto = bisect_left(one.times, cut, before, high) if cut != end else high
            if upto > before:
                metered = EXACT.subtract(one.sums[upto], base)
                if self.prices.price(subject, at) is not None:
                    found.append((at, cut, one, so_far, metered))
                    so_far = metered
                else:
                    used = EXACT.subtract(metered, so_far)
                    base = EXACT.add(base, used)
                    self.notes.append(f"{_what(subject, used)}: not entitled, or without a rate, from {at:%Y-%m-%d}")
            at, before = cut, upto
        return found

    def _slice(
        self, start: datetime, end: datetime, one: MeteredUsage, metered_from: Decimal, metered_to: Decimal
    ) -> None:
        """The usage of one part: tiers and rounding count the quantity since the start of the period."""
        subject = one.subject
        price = self.prices.price(subject, start)
        used = EXACT.subtract(metered_to, metered_from)
        if price is None or price.steps is None:
            kind = price.rate.rate_type if price is not None else "missing"
            self.notes.append(f"{_what(subject, used)}: a {kind} rate is not modelled")
            return
        first, last = priced(metered_from, subject.product), priced(metered_to, subject.product)
        window = Window(start, end)
        for piece in self.burn.usage(subject, start, first, last, price):
            self._piece(subject, window, piece, used)
            self._applied(subject, window, piece.price.rate.unit, piece.draws)

    def _piece(self, subject: Subject, window: Window, piece: Piece, used: Decimal) -> None:
        product, unit = subject.product, piece.price.rate.unit
        parts = list(portions(piece.steps, piece.start, piece.end))
        for part in parts:
            amount = part.amount
            if part is parts[-1]:  # where a balance ended within a unit, the money is what it held
                before = cost(piece.steps, piece.start, part.start) if len(parts) > 1 else ZERO
                amount = EXACT.subtract(piece.amount, before)
            why = piece.price.why().in_tier(piece.steps, part.number)
            if part.quantity != used:
                why = _of_metered(why, product, used)
            if piece.special and piece.draws:
                why = replace(why, drawn_from=piece.draws[0].grant.id)
            self.lines.append(
                InvoiceLine(
                    "usage",
                    subject.name,
                    product.name,
                    *window,
                    unit,
                    amount,
                    part.quantity,
                    part.price,
                    subject.pricing,
                    subject.presentation,
                    why=why,
                )
            )

    # --- dated charges ------------------------------------------------------------------------------------------------

    def fee(self, fee: Fee) -> None:
        """A subscription's fee; it counts at the start of the time it is for [assumed]."""
        self._pay(fee.subject, fee.line)

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
        why = Why(term=charge.name, left=left)
        line = InvoiceLine(
            charge.kind,
            charge.product,
            self._name(charge.label, charge.product),
            charge.at,
            charge.at,
            charge.unit,
            amount,
            quantity,
            price,
            why=why,
        )
        self.lines.append(line)

    def _pay(self, subject: Subject, line: InvoiceLine) -> None:
        self.lines.append(line)
        draws = self.burn.amount(subject, line.starting_at, line.unit, line.amount)
        self._applied(subject, Window(line.starting_at, line.ending_before), line.unit, draws)

    def _applied(self, subject: Subject, window: Window, unit: str, draws: Iterable[Draw]) -> None:
        for grant, money, before, after in draws:
            counted = ZERO if grant.kind == "POSTPAID" else EXACT.minus(money)
            line = InvoiceLine(
                "applied",
                subject.name,
                self._name(grant.term.name or "", grant.term.product),
                *window,
                unit,
                counted,
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
            self.lines.append(InvoiceLine("rounding", "", "Rounding", start, end, self.fiat, off))

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
            name = tariff.names.get(unit, unit)
            self.lines.append(InvoiceLine("conversion", "", name, *window, self.fiat, amount, owed, rate))
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
    values = (f"{k}={v}" for k, v in (*subject.pricing, *subject.presentation))
    return " · ".join((f"{plain(used)} of {subject.name}", *values))
