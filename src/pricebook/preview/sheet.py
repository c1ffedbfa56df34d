"""One invoice while it is written: each charge becomes lines, each line says why, and what pays for it follows it."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pricebook.catalog.calendar import Period
from pricebook.catalog.money import plain
from pricebook.catalog.product import Product
from pricebook.catalog.timeline import RateKey
from pricebook.preview.burn import Burn, Draw, Piece
from pricebook.preview.fee import Fee
from pricebook.preview.invoice import Line, Why
from pricebook.preview.match import Subject
from pricebook.preview.metered import Metered, priced
from pricebook.preview.price import EXACT, ZERO, Steps, cost, portions, summed
from pricebook.preview.proration import places_of, quantized
from pricebook.preview.tariff import Price, Prices
from pricebook.preview.terms import Charge, Grant, Window


class Sheet:
    """The lines of an invoice, in the order in which they are written."""

    def __init__(self, prices: Prices, burn: Burn) -> None:
        self.prices, self.burn = prices, burn
        self.fiat = prices.tariff.fiat
        self.lines: list[Line] = []
        self.notes: list[str] = []

    # --- usage --------------------------------------------------------------------------------------------------------

    def usage(self, measured: Iterable[Metered], period: Period) -> None:
        """The usage of a statement period, and then what is a share of it."""
        composites = self._composites(period)
        slices = []
        for one in measured:
            low, high = one.before(period.starting_at), one.before(period.ending_before)
            if low < high:
                slices += self._slices(one, period, low, high, composites)
        order = self.prices.tariff.order
        last = len(order)
        slices.sort(key=lambda s: (s[0], order.get(s[2].subject.name, last)))
        for start, end, one, quantity_from, quantity_to in slices:
            self._slice(start, end, one, quantity_from, quantity_to)
        for name, product in composites:
            self._composite(name, product, period)

    def _slices(
        self, one: Metered, period: Period, low: int, high: int, composites: list[tuple[str, Product]]
    ) -> list[tuple[datetime, datetime, Metered, Decimal, Decimal]]:
        """The usage of a period in parts within which no price changes, and no balance opens or ends."""
        start, end = period.starting_at, period.ending_before
        subject = one.subject
        cuts = list(self.prices.cuts(subject))
        cuts += [instant for grant in self.burn.applicable(subject) for instant in grant.window]
        for name, product in composites:
            if _is_part(subject, product):
                cuts += self.prices.cuts(Subject(name, product))
        inner = sorted({cut for cut in cuts if start < cut < end})
        base, found, at, before = one.sums[low], [], start, low
        so_far = ZERO
        for cut in (*inner, end):
            upto = bisect_left(one.times, cut, before, high) if cut != end else high
            if upto > before:
                metered = EXACT.subtract(one.sums[upto], base)
                found.append((at, cut, one, so_far, metered))
                so_far = metered
            at, before = cut, upto
        return found

    def _slice(self, start: datetime, end: datetime, one: Metered, metered_from: Decimal, metered_to: Decimal) -> None:
        """The usage of one part: tiers and rounding count the quantity since the start of the period."""
        subject = one.subject
        price = self.prices.price(subject, start)
        used = EXACT.subtract(metered_to, metered_from)
        if price is None:
            values = " · ".join(f"{k}={v}" for k, v in (*subject.pricing, *subject.presentation))
            what = f"{subject.name}{' · ' if values else ''}{values}"
            self.notes.append(f"{plain(used)} of {what}: not entitled, or without a rate, from {start:%Y-%m-%d}")
            return
        if price.steps is None:
            self.notes.append(f"{plain(used)} of {subject.name}: a {price.rate.rate_type} rate is not modelled")
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
            why = _why(piece.price, piece.steps, part.number, product, used if part.quantity != used else None)
            if piece.special and piece.draws:
                why = _drawn_from(why, piece.draws[0].grant)
            self.lines.append(
                Line(
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

    # --- composite ----------------------------------------------------------------------------------------------------

    def _composites(self, period: Period) -> list[tuple[str, Product]]:
        """The composite products that have a price, those that are a share of others' last."""
        found = []
        for name, product in self.prices.tariff.products.items():
            if product.type != "COMPOSITE":
                continue
            subject = Subject(name, product)
            if self.prices.tariff.timeline(RateKey(name, None, ())) or self.prices.matching(subject):
                found.append((name, product))
                if product.composite_scope == "CUSTOMER":
                    self.notes.append(f"{name} counts all contracts of the customer; here only this one")
        return sorted(found, key=lambda f: (f[1].include_composite_spend, f[0]))

    def _composite(self, name: str, product: Product, period: Period) -> None:
        """A share of the usage charges before balances, at least the minimum: "the greater of (a) the percentage-based
        composite amount and (b) the configured minimum" (docs.metronome.com, "Composite charges"). The minimum is not
        prorated [assumed], and is charged once a period, whatever number of rates the period has."""
        subject = Subject(name, product)
        kinds = ("usage", "composite") if product.include_composite_spend else ("usage",)
        spent = [line for line in self.lines if line.kind in kinds and self._counts(line, product)]
        bounds = sorted({c for c in self.prices.cuts(subject) if period.starting_at < c < period.ending_before})
        units = list(dict.fromkeys(line.unit for line in spent)) or [self.fiat]
        for unit in units:
            so_far = charged = ZERO
            last: tuple[Window, Price] | None = None
            at = period.starting_at
            for cut in (*bounds, period.ending_before):
                window = Window(at, cut)
                at = cut
                within = [s.amount for s in spent if s.unit == unit and window.covers(s.starting_at)]
                price = self.prices.price(subject, window.starting_at)
                if price is None or price.steps is None:
                    continue
                upto = EXACT.add(so_far, summed(within))
                last = (window, price)
                if within:
                    amount = cost(price.steps, so_far, upto)
                    charged = EXACT.add(charged, amount)
                    self._share(subject, window, unit, price, price.steps, so_far, upto)
                so_far = upto
            if last is not None:
                window, price = last
                minimum = price.rate.minimum
                if minimum is not None and unit == self.fiat and charged < minimum:
                    more = EXACT.subtract(minimum, charged)
                    why = Why(segment=price.segment, rate_type=price.rate.rate_type, minimum=minimum)
                    self._pay(subject, Line("composite", name, product.name, *window, unit, more, why=why))

    def _share(
        self, subject: Subject, window: Window, unit: str, price: Price, steps: Steps, start: Decimal, end: Decimal
    ) -> None:
        for part in portions(steps, start, end):
            why = _why(price, steps, part.number, subject.product, None, base=part.quantity)
            line = Line(
                "composite",
                subject.name,
                subject.product.name,
                *window,
                unit,
                part.amount,
                unit_price=part.price,
                why=why,
            )
            self._pay(subject, line)

    def _counts(self, line: Line, product: Product) -> bool:
        found = self.prices.tariff.products.get(line.product)
        return found is not None and _is_part(Subject(line.product, found), product)

    # --- dated charges ------------------------------------------------------------------------------------------------

    def fee(self, fee: Fee) -> None:
        """A subscription's fee; it counts at the start of the time it is for [assumed]."""
        self._pay(fee.subject, fee.line)

    def charge(self, charge: Charge) -> None:
        """A scheduled charge, the payment of a commit, or what of a POSTPAID one was not used. Balances pay for none of
        them ("Only present on line items with product of USAGE, SUBSCRIPTION or COMPOSITE types", API)."""
        price, quantity = charge.unit_price, charge.quantity
        amount, left = EXACT.multiply(price, quantity), None
        if charge.kind == "true_up":
            grant = next((g for g in self.burn.grants if g.id == charge.commit), None)
            if grant is None:
                return
            before = self.burn.left(grant)
            amount, left = max(before, ZERO), (before, ZERO)
            self.burn.drawn[grant.id] = grant.amount
            price, quantity = amount, Decimal(1)
        why = Why(term=charge.name, left=left)
        line = Line(
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

    def _pay(self, subject: Subject, line: Line) -> None:
        self.lines.append(line)
        draws = self.burn.amount(subject, line.starting_at, line.unit, line.amount)
        self._applied(subject, Window(line.starting_at, line.ending_before), line.unit, draws)

    def _applied(self, subject: Subject, window: Window, unit: str, draws: Iterable[Draw]) -> None:
        for grant, money, before, after in draws:
            counted = ZERO if grant.kind == "POSTPAID" else EXACT.minus(money)
            line = Line(
                "applied",
                subject.name,
                self._name(grant.label, grant.product),
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
            self.lines.append(Line("rounding", "", "Rounding", start, end, self.fiat, off))

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
            self.lines.append(Line("conversion", "", name, *window, self.fiat, amount, owed, rate))
            subject = Subject("", _CONVERSION)
            draws = self.burn.amount(subject, _last_hour(window), self.fiat, amount)
            self._applied(subject, window, self.fiat, draws)


_CONVERSION = Product.model_construct(name="conversion", type="FIXED", tags=())


def _last_hour(window: Window) -> datetime:
    start, end = window
    return end - timedelta(hours=1) if end > start else start


def _is_part(subject: Subject, composite: Product) -> bool:
    """One of composite_products, or with one of composite_tags [assumed: one is enough]."""
    tagged = any(tag in subject.product.tags for tag in composite.composite_tags)
    return tagged or subject.name in composite.composite_products


def _why(
    price: Price, steps: Steps, number: int, product: Product, metered: Decimal | None, base: Decimal | None = None
) -> Why:
    override, listed = price.override, None
    if override is not None and price.listed is not None and len(price.listed) == 1:
        listed = price.listed[0].price
    tier = None
    if len(steps) > 1:
        below = steps[number - 2].upto or ZERO if number > 1 else ZERO
        tier = (number, len(steps), below, steps[number - 1].upto)
    conversion, rounding = product.quantity_conversion, product.quantity_rounding
    factor = None
    if conversion is not None and metered is not None:
        factor = (conversion.operation, conversion.conversion_factor)
    return Why(
        segment=price.segment,
        rate_type=price.rate.rate_type,
        list_price=listed,
        override=override.name if override is not None else "",
        override_type=(override.term.type or "") if override is not None else "",
        factor=override.term.multiplier if override is not None else None,
        commit_rate=price.commit_rate,
        tier=tier,
        metered=metered,
        conversion=factor,
        rounding=rounding.rounding_method if rounding is not None and metered is not None else "",
        base=base,
    )


def _drawn_from(why: Why, grant: Grant) -> Why:
    return replace(why, drawn_from=grant.id)
