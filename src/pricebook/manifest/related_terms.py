"""Prices that are so many times others: their terms, with amounts multiplied, rounded, and ending as they should."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from pricebook.catalog.amount import DIGITS_HINT, MOST_SHARE, SHARE, USD, Scale
from pricebook.catalog.money import EXACT, carries, plain, to_api_unit, to_major_unit
from pricebook.catalog.rate import amounts_in, with_amounts
from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import normal, read_schedule, schedule_text
from pricebook.catalog.violation import Violation


@dataclass(frozen=True)
class TermsWriter:
    """Schedules with other amounts, on a card with this fiat unit: `converted` into it, rounded to multiples of `step`
    and up to what ends like `ending`, both in the currency's major unit."""

    scales: Mapping[str, Scale]
    fiat: str
    converted: bool
    step: Decimal | None
    ending: Decimal | None

    def written(self, schedule: str, times: Decimal) -> str | Violation:
        """The schedule with amounts so many times as large, or why there is none."""
        segments = []
        for segment in read_schedule(schedule):
            terms = self._terms(segment.terms, times)
            if isinstance(terms, Violation):
                return terms
            segments.append(segment._replace(terms=terms))
        return schedule_text(normal(segments))

    def _terms(self, terms: Terms, times: Decimal) -> Terms | Violation:
        if terms.rate_type == "CUSTOM":
            return Violation("not-applicable", "a CUSTOM rate has no amount to multiply", (), "leave it out, under of")
        fields, unit = dict(terms.fields), terms.unit
        if self.converted and not terms.is_fraction:
            if self._scale(unit).currency is None:
                return Violation("not-applicable", f"{unit} is no currency", (), "leave these rates out, under of")
            fields.pop("credit_type", None)
            if self.fiat != USD:
                fields["credit_type"] = self.fiat
        to = str(fields.get("credit_type", USD))
        made = with_amounts(fields, lambda _, it, share: self._amount(Decimal(it), times, unit, to, fraction=share))
        wrong = (amount for amount in amounts_in(made).values() if isinstance(amount, Violation))
        return next(wrong, None) or Terms.of(made)

    def _scale(self, unit: str) -> Scale:
        return self.scales.get(unit, Scale(None, 0))

    def _amount(self, amount: Decimal, times: Decimal, unit: str, to: str, *, fraction: bool) -> Decimal | Violation:
        if fraction:
            product = EXACT.multiply(amount, times)
            if product > MOST_SHARE:
                return Violation("out-of-range", f"{plain(product)}: {SHARE.message}", ("times",))
            return product
        major = EXACT.multiply(to_major_unit(amount, self._scale(unit).scale), times)
        if self.step is not None:
            major = EXACT.multiply(EXACT.divide(major, self.step).quantize(Decimal(1), ROUND_HALF_UP), self.step)
        if self.ending is not None:
            major = EXACT.add((major - self.ending).to_integral_value(ROUND_CEILING), self.ending)
        result = to_api_unit(major, self._scale(to).scale)
        if not carries(result):
            return Violation(
                "too-precise", f"{plain(result)} has more digits than can be carried", (), f"{DIGITS_HINT}: round"
            )
        return result
