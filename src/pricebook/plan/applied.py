"""What an environment holds, as something to be desired elsewhere.

Of a package that is its newest version, without the number; of a price what holds from now on, for what was billed in
one account is no history of another. What a store cannot show is taken as the manifests mean it (`observe.normalise`).
"""

from collections.abc import Mapping
from datetime import datetime

from pricebook.catalog.catalog import Catalog
from pricebook.catalog.fingerprint import content_digest
from pricebook.catalog.instant import instant_text, next_hour
from pricebook.catalog.model import Noun
from pricebook.catalog.rate_book import RateBook, Rates
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import Segment, Timeline, read_schedule, schedule_text
from pricebook.catalog.traverse import references
from pricebook.observe.normalise import normalise
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.versions import unnamed


def applied(snapshot: Snapshot, declared: Mapping[Ref, Noun]) -> Catalog:
    """The live content of an environment, whose manifests declare what is given. Rates stay where they are kept."""
    snapshot = normalise(snapshot, declared)
    nouns: dict[Ref, Noun] = {}
    for ref, noun in snapshot.catalog.nouns.items():
        if ref in snapshot.archived:
            continue
        if not ref.kind.versioned:
            nouns[ref] = noun
        elif ref == snapshot.latest(ref):
            name = ref.unversioned
            nouns[name] = _version(ref, noun, declared.get(name), snapshot)
    used = {Ref(kind, name) for noun in nouns.values() for _, kind, name in references(noun)}
    for ref in list(nouns):
        # An account shows everything that it has of what bears no mark, ours or not.
        if not ref.kind.marked and ref not in declared and ref not in used and ref not in snapshot.ids:
            del nouns[ref]
    rates = {card: rates for card, rates in snapshot.catalog.rates.items() if Ref(Kind.RATE_CARD, card) in nouns}
    return Catalog(nouns, rates)


def _version(ref: Ref, observed: Noun, declared: Noun | None, snapshot: Snapshot) -> Noun:
    if declared is None:
        return observed
    if snapshot.of(ref).marks.content == content_digest(declared):
        return declared  # made from it: what is read back may say less
    return unnamed(observed, declared, ref.version or 0)


def from_now_on(desired: Catalog, observed: Catalog, as_of: datetime) -> Catalog:
    """The catalogue with its prices as they hold from the next hour on, where the other one has another past of them.

    Prices that the other one does not have at all stay whole. No card is read whose digests are the same.
    """
    since = instant_text(next_hour(as_of))
    rates: dict[str, Rates] = {}
    for card, wanted in desired.rates.items():
        there = observed.rates.get(card)
        rates[card] = wanted
        if there is None or not len(there) or wanted.digest == there.digest:
            continue
        entries = dict(wanted.items())
        for key, schedule in there.items():
            mine = entries.get(key)
            if mine is not None and mine != schedule:
                if left := _since(mine, since):
                    entries[key] = schedule_text(left)
                else:
                    del entries[key]  # it has ended: there is no such price any more
        rates[card] = RateBook(entries)
    return Catalog(desired.nouns, rates)


def _since(schedule: str, instant: str) -> Timeline:
    return tuple(
        Segment(max(start, instant), end, terms)
        for start, end, terms in read_schedule(schedule)
        if end is None or end > instant
    )
