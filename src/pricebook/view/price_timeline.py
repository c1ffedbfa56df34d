"""The whole timeline of a price that changes: what it was to be, and what it is to be, in words of one scale.

Made from the texts that a plan carries, and once for each pair of them: a price list repeats itself.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pricebook.catalog.terms import Terms
from pricebook.catalog.timeline import overlay, read_schedule
from pricebook.view.price import Units, major
from pricebook.view.rate_terms import history_texts


class Stretch(NamedTuple):
    """From `since` until `until` (None: without end) a price holds. `amount` is in major units, None where there is not
    one single amount of money."""

    since: str
    until: str | None
    text: str
    amount: Decimal | None
    entitled: bool


class Course(NamedTuple):
    """A timeline before and after a change, each in order of time."""

    observed: tuple[Stretch, ...]
    desired: tuple[Stretch, ...]


@lru_cache(maxsize=20_000)
def course(observed: str | None, segments: str, units: Units) -> Course:
    """What adding the segments makes of the observed schedule, both as the canonical texts of a plan."""
    before = read_schedule(observed) if observed else ()
    both = (*before, *overlay(before, read_schedule(segments)))
    texts = history_texts([segment.terms for segment in both], units)
    stretches = [
        Stretch(
            segment.starting_at,
            segment.ending_before,
            f"{text} {per}".rstrip(),
            amount_of(segment.terms, units),
            segment.terms.entitled,
        )
        for segment, (text, per) in zip(both, texts, strict=True)
    ]
    return Course(tuple(stretches[: len(before)]), tuple(stretches[len(before) :]))


def amount_of(terms: Terms, units: Units) -> Decimal | None:
    """The price in major units, where it is one amount of money."""
    return major(terms.price, units[terms.unit]) if terms.price is not None and not terms.is_fraction else None
