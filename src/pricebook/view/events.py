"""What became of usage events, in words and in numbers: nothing is dropped in silence."""

from collections.abc import Iterator, Mapping

from pricebook.usage.measure import Census
from pricebook.view.impact import EventsView
from pricebook.view.words import counted


def lost_words(census: Census, uncounted: Mapping[str, str]) -> Iterator[str]:
    """A line for each reason why events are not billed; `uncounted` are products that cannot be counted, with why."""
    for reason, count, examples in census.bad:
        named = f" (from {' to '.join(examples)})" if examples else ""
        yield f"{counted(count, 'event')} of {census.read:,} not used: {reason}{named}"
    if census.duplicates:
        yield f"{counted(census.duplicates, 'event')} not counted again: the transaction_id was there already"
    if census.outside:
        yield f"{counted(census.outside, 'event')} belong to no contract here"
    if census.unmatched:
        yield f"{counted(census.unmatched, 'event')} counted by no metric"
    for name, count in census.invalid:
        yield f"{counted(count, 'event')} of metric {name} not counted: the value is no number"

    for product, reason in sorted(uncounted.items()):
        yield f"usage of {product} is not billed: {reason}"


def events_view(census: Census) -> EventsView:
    """How many events of each sort there were."""
    return EventsView(
        read=census.read,
        bad={reason: count for reason, count, _ in census.bad},
        duplicates=census.duplicates,
        without_contract=census.outside,
        without_metric=census.unmatched,
        invalid=dict(census.invalid),
    )
