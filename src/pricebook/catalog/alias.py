"""Aliases in time. An alias stands for one object at a time, so no two of its schedules may share an instant."""

from collections.abc import Iterator, Sequence

from pricebook.catalog.instant import instant_words
from pricebook.catalog.model import Alias
from pricebook.catalog.violation import Violation


def overlap(first: Alias, second: Alias) -> bool:
    """Whether two schedules of one alias share an instant; no start means always, no end means for ever."""
    return _starts_before_end(first, second) and _starts_before_end(second, first)


def schedule_words(alias: Alias) -> str:
    """For messages: `from 2026-01-01 until 2026-07-01`, `always`."""
    words = [f"from {instant_words(alias.starting_at)}"] if alias.starting_at else []
    words += [f"until {instant_words(alias.ending_before)}"] if alias.ending_before else []
    return " ".join(words) or "always"


def check_aliases(aliases: Sequence[Alias]) -> Iterator[Violation]:
    """The same alias does not stand twice for this object at one instant."""
    for index, alias in enumerate(aliases):
        for earlier in aliases[:index]:
            if earlier.name == alias.name and overlap(earlier, alias):
                message = (
                    f'the alias "{alias.name}" stands twice: {schedule_words(earlier)}, and {schedule_words(alias)}'
                )
                hint = "keep one of them, or end the one before the other starts"
                yield Violation("alias-overlap", message, ("aliases", index), hint)
                break


def _starts_before_end(one: Alias, other: Alias) -> bool:
    return one.starting_at is None or other.ending_before is None or one.starting_at < other.ending_before
