"""The whole timeline of a price that changes: what it was to be, and what it is to be, in words of one scale.

Made from the texts that a plan carries, and once for each pair of them: a price list repeats itself.
"""

import json
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pricebook.catalog.model import USD
from pricebook.catalog.timeline import Segment, Timeline, overlay, read_schedule
from pricebook.view.difference import Terms, prices
from pricebook.view.price import Units, major
from pricebook.view.rate_terms import history_texts

_DECODE = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).decode


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
    after = overlay(before, [Segment(*segment) for segment in read_schedule(segments)])
    timelines: tuple[Timeline, Timeline] = (before, after)
    terms: list[Terms] = [_DECODE(segment.terms) for timeline in timelines for segment in timeline]
    texts = history_texts(terms, units)
    stretches = [
        Stretch(
            segment.starting_at,
            segment.ending_before,
            f"{text} {per}".rstrip(),
            _amount(said, units),
            bool(said["entitled"]),
        )
        for segment, said, (text, per) in zip((*before, *after), terms, texts, strict=True)
    ]
    return Course(tuple(stretches[: len(before)]), tuple(stretches[len(before) :]))


def _amount(terms: Terms, units: Units) -> Decimal | None:
    found = prices(terms)
    if len(found) != 1 or "PERCENTAGE" in terms["rate_type"]:
        return None
    return major(found[0], units[terms.get("credit_type", USD)])
