"""Who moved: git, the account, or both. Told from what is desired, what is observed, and the mark of what was applied.

Of rates the card's mark (`observe.mark`) says it. When it speaks for what is observed, nobody touched the account; when
the manifests want what they wanted then, all that differs was done in the account. When both moved, each part of the
card's prices is looked at on its own, and the prices are sought whose earlier schedules explain its sum. What cannot be
told is said to be unclear, never guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import NO_RATES, Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import normal, read_schedule, schedule_text
from pricebook.observe.mark import MODULUS, RateMark, part_of, share, sums_of
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.verb.add_rates import AddRates, after
from pricebook.plan.verb.verb import Verb

_READINGS = 3
_SEARCHED = 10
"""Of so many prices in one part every combination is tried; of more, each alone, and all together."""


class Origin(StrEnum):
    """Where a difference between git and the account comes from."""

    PENDING = "pending"
    """Git is ahead: the account is as it was left."""
    DRIFTED = "drifted"
    """The account moved, and git did not."""
    BOTH = "both"
    """The account moved, and git wants something else again. Said of a price when it is the only one of its part that
    differs: only if somebody did by hand what git came to want of another one there, may it be that one that moved."""
    UNCLEAR = "unclear"
    """The mark that would tell is missing, or does not say which of several prices it was."""

    @property
    def is_drift(self) -> bool:
        """Whether somebody may have changed the account."""
        return self is not Origin.PENDING


def origin(desired: str, observed: str, mark: str | None) -> Origin:
    """The origin of a difference between two digests, by the digest last applied."""
    if mark is None:
        return Origin.UNCLEAR
    if observed == mark:
        return Origin.PENDING
    return Origin.DRIFTED if desired == mark else Origin.BOTH


def rate_origins(changes: Iterable[Verb], desired: Catalog, snapshot: Snapshot) -> dict[str, Mapping[str, Origin]]:
    """Card -> rate key -> the origin of its change, of the cards whose rates are not all merely pending.

    Reads the observed rates of a card only when the account and git both moved.
    """
    cards: dict[str, list[RateChange]] = {}
    for change in changes:
        if isinstance(change, AddRates):
            cards.setdefault(change.card, []).extend(change.rates)
    found: dict[str, Mapping[str, Origin]] = {}
    for card, rates in cards.items():
        wanted, observed = desired.rates.get(card, NO_RATES), snapshot.catalog.rates.get(card, NO_RATES)
        mark = RateMark.read(snapshot.of(Ref(Kind.RATE_CARD, card)).marks.rates)
        if mark is None:
            found[card] = dict.fromkeys((rate.key for rate in rates), Origin.UNCLEAR)
        elif mark.speaks_for(observed):
            continue
        elif mark.wanted == wanted.digest:
            found[card] = dict.fromkeys((rate.key for rate in rates), Origin.DRIFTED)
        else:
            found[card] = dict(_distinguished(rates, wanted, observed, mark))
    return found


def _distinguished(
    changes: Iterable[RateChange], desired: Rates, observed: Rates, mark: RateMark
) -> Iterator[tuple[str, Origin]]:
    parts: dict[int, list[RateChange]] = {}
    for change in changes:
        parts.setdefault(part_of(change.key), []).append(change)
    sums = sums_of(observed.items())
    for part, group in parts.items():
        off = (mark.sums[part] - sums[part]) % MODULUS
        drifted = _explained(group, desired, off) if off else set()
        for change in group:
            if drifted is not None:
                yield change.key, Origin.DRIFTED if change.key in drifted else Origin.PENDING
            else:
                yield change.key, Origin.BOTH if len(group) == 1 else Origin.UNCLEAR


def _explained(group: Sequence[RateChange], desired: Rates, off: int) -> set[str] | None:
    """The prices that somebody changed, if the sum is explained by their having been as git still wants them.

    What was applied is what the manifests want: laid over history, or alone, or at the times that the account has, as a
    table whose `starting_at` moved on said it; or nothing, for a price that is nobody's. None when nothing explains it.
    """
    readings: list[tuple[str, tuple[int, ...]]] = []
    for change in group:
        now, wanted = share(change.key, change.observed), desired.get(change.key)
        likely = (after(change), wanted, _with_terms(change.observed, wanted))
        readings.append((change.key, tuple(share(change.key, schedule) - now for schedule in likely)))
    for size in range(1, len(group) + 1) if len(group) <= _SEARCHED else (1, len(group)):
        for chosen in combinations(readings, size):
            if any(sum(deltas[way] for _, deltas in chosen) % MODULUS == off for way in range(_READINGS)):
                return {key for key, _ in chosen}
    return None


def _with_terms(observed: str | None, desired: str | None) -> str | None:
    """The observed schedule with the first desired terms in place of its last ones."""
    if observed is None or desired is None:
        return desired
    *before, last = read_schedule(observed)
    return schedule_text(normal([*before, last._replace(terms=read_schedule(desired)[0].terms)]))
