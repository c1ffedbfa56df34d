"""The timeline of a price in words of one scale: as a price list has it, and before and after a change.

Made from the texts that a store or a plan has, and once for each of them: price lists repeat themselves.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import Timeline, overlay, read_schedule
from pricebook.view.price import Units, major
from pricebook.view.rate_terms import history_texts


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


@lru_cache(maxsize=20_000)
def stretches(schedule: str, units: Units) -> tuple[Stretch, ...]:
    """What a schedule's text says."""
    return _worded(read_schedule(schedule), units)


@lru_cache(maxsize=20_000)
def before_and_after(
    observed: str | None, segments: str, units: Units
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """What was observed, as a schedule's text, and what adding the segments makes of it, in words of one scale."""
    before = read_schedule(observed) if observed else ()
    both = _worded((*before, *overlay(before, read_schedule(segments))), units)
    return both[: len(before)], both[len(before) :]


def _worded(timeline: Timeline, units: Units) -> tuple[Stretch, ...]:
    texts = history_texts([segment.terms for segment in timeline], units)
    return tuple(Stretch(*s, _amount(s.terms, units), *text) for s, text in zip(timeline, texts, strict=True))


def _amount(terms: Terms, units: Units) -> Decimal | None:
    price = terms.charge.price
    return price if price is None or terms.is_fraction else major(price, units[terms.unit])
