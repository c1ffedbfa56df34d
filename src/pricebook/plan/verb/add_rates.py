"""AddRates: segments that are added to the timelines of one card, so that they become what is desired."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from pricebook.catalog.canonical import encode, quoted
from pricebook.catalog.catalog import Catalog
from pricebook.catalog.rate_book import book_digest, pairs
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.timeline import overlay, read_schedule, schedule_text, segment_count
from pricebook.observe.mark import RateMark
from pricebook.observe.snapshot import Snapshot
from pricebook.plan.change import RateChange
from pricebook.plan.hazard import Hazard
from pricebook.plan.verb.form import TEXT, Lines, RefText
from pricebook.plan.verb.verb import Fold, Graph, Look, Status, Verb

_WHEN_APPLIED = "when applied"


def _rate_text(rate: RateChange) -> str:
    # Keys and schedules are canonical JSON already: they go in as they are.
    key, observed, segments, hazards, reach = rate
    words = ",".join([quoted(hazard.value) for hazard in hazards]) if hazards else ""
    said = f'"key":{key},"observed":{observed or "null"},"segments":{segments},"hazards":[{words}]'
    return f'{{{said},"reach":{encode(reach)}}}'


def _rate(data: Mapping[str, Any]) -> RateChange:
    observed, (product, frequency, groups) = data["observed"], data["key"]
    if not _texts(product, frequency or "", *groups, *groups.values()) or not _is_schedule(data["segments"]):
        raise ValueError(f"a rate of {product} has a key or segments of another form")
    if observed is not None and not _is_schedule(observed):
        raise ValueError(f"what was observed of {product} is no schedule")
    return RateChange(
        encode(data["key"]),
        None if observed is None else encode(observed),
        encode(data["segments"]),
        tuple(map(Hazard, data["hazards"])),
        data.get("reach"),
    )


def _texts(*values: object) -> bool:
    return all(type(value) is str for value in values)


def _is_schedule(segments: Any) -> bool:
    """Whether each of them is two instants and terms."""
    return isinstance(segments, list | tuple) and all(
        len(one) == 3 and _texts(one[0], one[1] or "") and isinstance(one[2], Mapping) and "rate_type" in one[2]
        for one in segments
    )


_SEGMENT = {
    "description": "[starting_at, ending_before or null, terms]",
    "type": "array",
    "prefixItems": [TEXT, {"type": ["string", "null"]}, {"type": "object"}],
    "minItems": 3,
    "maxItems": 3,
}
_SCHEDULE = {"type": "array", "items": _SEGMENT}
_RATE = {
    "type": "object",
    "required": ["key", "observed", "segments", "hazards"],
    "properties": {
        "key": {"description": "[product, billing frequency or null, pricing group values]", "type": "array"},
        "observed": {"oneOf": [_SCHEDULE, {"type": "null"}], "description": "null: there was no rate"},
        "segments": {**_SCHEDULE, "description": "what is added, laid over what was observed"},
        "hazards": {"type": "array", "items": {"enum": [hazard.value for hazard in Hazard]}},
        "reach": {"type": ["integer", "null"], "description": "live contracts that buy it; null: not known"},
    },
    "additionalProperties": False,
}
RateLines = Annotated[
    tuple[RateChange, ...],
    PlainValidator(lambda items: tuple(map(_rate, items))),
    PlainSerializer(lambda rates: Lines(map(_rate_text, rates))),
    WithJsonSchema({"type": "array", "items": _RATE}),
]


@dataclass(frozen=True, slots=True)
class AddRates(Verb):
    """Segments to add to the timelines of one card, so that they become what is desired.

    `mark` is what the card is marked with once they are in (`observe.mark.RateMark`), and `marked` what it was marked
    with before. An empty `mark` leaves the card's mark as it is. `share` is what the timelines that they lead to add to
    the digest of the card's rates, where it was worked out already (`share_of`); it is no part of the document.
    """

    action, label = "add_rates", "rates"
    symbol = "~"
    done = ("gets rates", "get rates")
    work = (("rates", "rate added", "rates added"),)
    ref: RefText
    rates: RateLines
    reason: str = ""
    mark: Annotated[str, Field(description="what the card's rates are marked with once these are in")] = ""
    marked: Annotated[str, Field(description="what they were marked with before")] = ""
    share: Annotated[int | None, Field(exclude=True)] = field(default=None, compare=False, repr=False)

    @property
    def card(self) -> str:
        """The card's name."""
        return self.ref.name

    def step_id(self, batch: int) -> str:
        """By card, in batches."""
        return f"rates:{self.card}#{batch}"

    def needs(self, graph: Graph, step: str) -> Iterator[str]:
        """The card and the products; one card's batches follow each other."""
        yield from graph.made(self.ref)
        for product in sorted({product for product, _ in pairs(rate.key for rate in self.rates)}):
            yield from graph.made(Ref(Kind.PRODUCT, product))
        batches = graph.rates[self.card]
        position = batches.index(step)
        if position:
            yield batches[position - 1]

    def hazards(self, desired: Catalog, snapshot: Snapshot) -> Iterator[Hazard]:
        """Those of the prices."""
        for rate in self.rates:
            yield from rate.hazards

    def fold(self, world: Fold) -> None:
        """The card has the timelines; its mark speaks of them."""
        world.added.setdefault(self.ref, {}).update((rate.key, after(rate)) for rate in self.rates)
        if self.mark:
            held = world.of(self.ref)
            world.objects[self.ref] = replace(held, marks=held.marks._replace(rates=self.mark))

    def status(self, expects: str | None, look: Look) -> Status:
        """By each price; the rates may be in and the mark not yet, and a mark that is neither was put there by a later
        apply."""
        if self.ref not in look.schedules:
            look.schedules[self.ref] = _schedules(self.ref, look)
        status = _of_rates(self.rates, look.schedules[self.ref])
        unmarked = self.mark != self.marked == (look.snapshot.of(self.ref).marks.rates or "")
        return Status.READY if status is Status.DONE and self.mark and unmarked else status

    def counts(self) -> Iterator[tuple[str, int]]:
        """The segments."""
        yield "rates", sum([segment_count(rate.segments) for rate in self.rates])

    def digest_share(self, now: str) -> int:
        """What the prices add to the meaning of the card's changes (`plan.digest`)."""
        return book_digest([(rate.key, _digest_text(*rate[1:4], now)) for rate in self.rates])


def after(rate: RateChange) -> str:
    """The schedule's text once the segments were laid over the observed one."""
    if rate.observed is None:
        one = segment_count(rate.segments) == 1
        return rate.segments if one else schedule_text(overlay((), read_schedule(rate.segments)))
    return schedule_text(overlay(read_schedule(rate.observed), read_schedule(rate.segments)))


def share_of(change: AddRates) -> int:
    """What the timelines that the change leads to add to the digest of a card (`catalog.rate_book`)."""
    if change.share is not None:
        return change.share
    return book_digest([(rate.key, after(rate)) for rate in change.rates])


def _of_rates(rates: Iterable[RateChange], held: Mapping[str, str] | None) -> Status:
    """Ready when any price is still to be changed and the others are as they were, or done already. `held` is None for
    a card that holds what the last of its steps leads to."""
    if held is None:
        return Status.DONE
    if not held:
        return Status.STALE if any([rate.observed for rate in rates]) else Status.READY  # noqa: C419 - faster
    status = Status.DONE
    for rate in rates:
        schedule = held.get(rate.key)
        if schedule == rate.observed:
            status = Status.READY
        elif schedule != after(rate):
            return Status.STALE
    return status


def _schedules(card: Ref, look: Look) -> Mapping[str, str] | None:
    """The schedules that a card holds now of the prices that the steps change; None for one whose rates, all of them,
    are those that its last step's mark speaks of."""
    rates = look.snapshot.of(card).rates
    if not len(rates):
        return {}
    adding = [verb for verb in look.verbs if isinstance(verb, AddRates) and verb.ref == card]
    mark = RateMark.read(adding[-1].mark)
    if adding[-1].mark and mark is not None and mark.speaks_for(rates):
        return None
    keys = {rate.key for verb in adding for rate in verb.rates}
    return {key: text for key, text in rates.items() if key in keys}


@lru_cache(maxsize=20_000)
def _digest_text(observed: str | None, segments: str, hazards: tuple[Hazard, ...], now: str) -> str:
    """What a change of a price means; remembered, because real prices repeat."""
    return encode((observed, _timeless(segments, now), hazards))


def _timeless(segments: str, now: str) -> str:
    """The segments' text, with a word for the present where something that could be used ends."""
    if now not in segments:
        return segments
    return schedule_text(
        segment._replace(starting_at=_WHEN_APPLIED)
        if segment.starting_at == now and not segment.terms.entitled
        else segment
        for segment in read_schedule(segments)
    )
