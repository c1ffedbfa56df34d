"""Rates written in a card's manifest.

A rate has a product, maybe a billing frequency and pricing group values, and either one price with `starting_at` or a
`schedule` of them; an entry of a schedule lasts until the next one starts, unless it says otherwise. Rates come by the
hundred thousand: the common one (FLAT, one price) is checked by hand, only the others become a model first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pricebook.catalog.amount import DIGITS_HINT, USD, amount_of, cut_amounts
from pricebook.catalog.canonical import encode, quoted
from pricebook.catalog.fingerprint import spec_of
from pricebook.catalog.instant import instant_text, parse_instant
from pricebook.catalog.money import carries
from pricebook.catalog.rate import RateTerms
from pricebook.catalog.reference import Kind, Ref
from pricebook.catalog.terms import Terms, is_fraction
from pricebook.catalog.timeline import RateKey, Segment, head_text, joined, key_text, read_key, segment_text
from pricebook.catalog.violation import Path, Violation
from pricebook.manifest.rate_fact import RateFacts
from pricebook.manifest.validation import LIST_HINT, validated
from pricebook.problem import did_you_mean, quote, written

_KEY_FIELDS = frozenset(("product", "billing_frequency", "pricing_group_values"))
_TIME_FIELDS = frozenset(("starting_at", "ending_before"))
_COMMON = frozenset(("entitled", "rate_type", "price")) | _KEY_FIELDS | _TIME_FIELDS
_KNOWN = _COMMON | {"schedule"} | frozenset(RateTerms.model_fields)
_ENTRY = _KNOWN - _KEY_FIELDS - {"schedule"}
SHOWN = 100
"""So many bad rates of a card's `rates` are listed; all are counted."""
MEMO = 50_000
"""So many distinct prices are remembered."""


@dataclass
class RateList:
    """What a card's `rates` say: entries for its rate book, the position of each key's rate, and every broken rule with
    its path below `rates`. `unlisted` counts bad rates beyond SHOWN."""

    entries: dict[str, str] = field(default_factory=dict)
    position: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    unlisted: int = 0
    related: list[int] = field(default_factory=list)
    """The positions of rates whose price is said by another one (`manifest.relation`)."""


def read_rates(rates: object, facts: RateFacts) -> RateList:
    """Read the manifest's `rates`."""
    result = RateList()
    if not isinstance(rates, tuple):
        result.violations.append(Violation("type", "rates is not a list", (), LIST_HINT))
        return result
    entries, position, bad = result.entries, result.position, 0
    default_unit = facts.card.fiat_credit_type
    schedules: dict[_Written, str | None] = {}
    for index, rate in enumerate(rates):
        wrong: list[Violation] = []
        entry = _simple(rate, default_unit, facts, schedules)
        if entry is None:
            if isinstance(rate, Mapping) and isinstance(rate.get("price"), Mapping):
                result.related.append(index)  # said by another price
                continue
            entry = _read_rate(rate, default_unit, facts, wrong, whole=bad < SHOWN)
        if entry is not None:
            key, schedule = entry
            if key in entries:
                message = f"the same rate stands twice: {read_key(key)}"
                related = (("first", Ref(Kind.RATE_CARD, facts.name), ("rates", position[key])),)
                wrong.append(Violation("duplicate-rate", message, (), "put both prices into one schedule", related))
            else:
                entries[key], position[key] = schedule, index
        if wrong and (bad := bad + 1) <= SHOWN:
            result.violations.extend(Violation(v.code, v.message, (index, *v.at), v.hint, v.related) for v in wrong)
    result.unlisted = max(0, bad - SHOWN)
    return result


_Written = tuple[str, str | None, bool, str | int | Decimal]
"""What a rate with one price says beside its key, as written: start, end, entitled, price."""


def _simple(rate: Any, unit: str, facts: RateFacts, schedules: dict[_Written, str | None]) -> tuple[str, str] | None:
    """The entry of a FLAT rate with one price when nothing is wrong with it; None leaves it to `_read_rate`.

    `schedules` remembers what was written before: real lists repeat few prices over many rates.
    """
    if type(rate) is not dict or not rate.keys() <= _COMMON or rate.get("rate_type", "FLAT") != "FLAT":
        return None
    product, frequency, values = rate.get("product"), rate.get("billing_frequency"), rate.get("pricing_group_values")
    price, start, end = rate.get("price"), rate.get("starting_at"), rate.get("ending_before")
    entitled = rate.get("entitled", True)
    if type(product) is not str or type(entitled) is not bool or type(price) is bool or unit != USD:
        return None
    try:
        written: Any = (start, end, entitled, price)
        if written not in schedules:
            if len(schedules) > MEMO:
                schedules.clear()
            schedules[written] = _simple_schedule(start, end, entitled, price, facts)
        schedule = schedules[written]
    except TypeError:  # something that cannot be looked up, where text or a number should stand
        return None
    if schedule is None:
        return None
    groups: tuple[str, ...] = ()
    if values is None:
        value_text = "{}"
    elif type(values) is dict and all(type(v) is str and v for v in values.values()):
        groups = tuple(sorted(values))
        value_text = "{" + ",".join([f"{quoted(name)}:{quoted(values[name])}" for name in groups]) + "}"
    else:
        return None
    if facts.check_key(product, frequency, groups) is not None:
        return None
    return f"{head_text(product, frequency)},{value_text}]", schedule


def _simple_schedule(start: Any, end: Any, entitled: bool, price: Any, facts: RateFacts) -> str | None:
    """The schedule of one FLAT price in USD; None when anything about it is not as it should be."""
    if type(price) is str:
        price = amount_of(price, USD, facts.scales)
    if not (type(price) is int or type(price) is Decimal) or price < 0 or not carries(Decimal(price)):
        return None
    try:
        begin = instant_text(parse_instant(start))
        until = instant_text(parse_instant(end)) if end is not None else None
    except (TypeError, ValueError):
        return None
    if until is not None and until <= begin:
        return None
    terms = encode({"entitled": entitled, "price": price, "rate_type": "FLAT"})
    return f"[{segment_text(begin, until, terms)}]"


def _read_rate(
    rate: object, unit: str, facts: RateFacts, wrong: list[Violation], *, whole: bool
) -> tuple[str, str] | None:
    """The entry of a rate, or None with what is wrong with it: all of it, or the first thing unless `whole`."""
    if not isinstance(rate, Mapping):
        wrong.append(Violation("type", "a rate is a mapping", (), "it has product, starting_at and price"))
        return None
    rate = _uncut(rate, (), wrong)
    for name in rate.keys() - _KNOWN:
        wrong.append(
            Violation("unknown-field", f"{quote(name)} is not a field of a rate", (name,), _instead(name, _KNOWN))
        )
    key = _key(rate, facts, wrong)
    # Of a hundred thousand rates that are wrong alike, the first thing of each is enough.
    if wrong and not whole:
        return None
    own = {name: value for name, value in rate.items() if name in _ENTRY}
    schedule = rate.get("schedule")
    segments: list[Segment] = []
    if schedule is None:
        _add_segment(own, (), unit, facts, segments, wrong)
    elif not isinstance(schedule, tuple) or not schedule:
        message = "schedule is a list of at least one price with its starting_at"
        wrong.append(Violation("type", message, ("schedule",), "schedule: [{starting_at: 2026-01-01, price: $5.00}]"))
    else:
        for name in _TIME_FIELDS & own.keys():
            message = f"{name} stands beside schedule, whose entries have their own"
            wrong.append(Violation("conflict", message, (name,), "move it into the schedule"))
        # What stands beside a schedule holds for each of its entries.
        shared = {name: value for name, value in own.items() if name not in _TIME_FIELDS}
        for index, entry in enumerate(schedule):
            at: Path = ("schedule", index)
            if not isinstance(entry, Mapping):
                hint = "it has starting_at and price"
                wrong.append(Violation("type", "an entry of a schedule is a mapping", at, hint))
                continue
            price = _uncut(entry, at, wrong)
            for name in price.keys() - _ENTRY:
                message = f"{quote(name)} is not a field of a schedule's entry"
                hint = "it stands beside schedule" if name in _KEY_FIELDS else _instead(name, _ENTRY)
                wrong.append(Violation("unknown-field", message, (*at, name), hint))
            known = {name: value for name, value in price.items() if name in _ENTRY}
            _add_segment({**shared, **known}, at, unit, facts, segments, wrong)
    if wrong or key is None:
        return None
    text = joined(segments)
    if not isinstance(text, str):
        first, second = (segments[i] for i in text)
        message = (
            f"the schedule overlaps: {first.starting_at} to {first.ending_before or 'no end'} and {second.starting_at}"
        )
        wrong.append(
            Violation("overlapping-schedule", message, ("schedule", text[1]), "end the one before the other starts")
        )
        return None
    return key_text(key), text


def overruled(rate: object, name: str) -> tuple[Mapping[str, Any], ...]:
    """The prices of a rate's schedule when each says `name` itself, so that what stands beside the schedule says
    nothing; else none. Times never stand there."""
    schedule = rate.get("schedule") if isinstance(rate, Mapping) else None
    if not isinstance(schedule, tuple) or name in _TIME_FIELDS:
        return ()
    return schedule if all(isinstance(entry, Mapping) and name in entry for entry in schedule) else ()


def _key(rate: Mapping[str, Any], facts: RateFacts, wrong: list[Violation]) -> RateKey | None:
    product, frequency, values = (
        rate.get("product"),
        rate.get("billing_frequency"),
        rate.get("pricing_group_values", {}),
    )
    if not isinstance(product, str):
        message = "product is required" if product is None else f"{written(product)} is not the name of a product"
        wrong.append(Violation("missing-field" if product is None else "type", message, ("product",)))
        return None
    if frequency is not None and not isinstance(frequency, str):
        wrong.append(Violation("type", f"{written(frequency)} is not a billing frequency", ("billing_frequency",)))
        return None
    if values is None:
        values = {}
    if not isinstance(values, Mapping):
        message = "pricing_group_values is a mapping of texts"
        wrong.append(Violation("type", message, ("pricing_group_values",), "pricing_group_values: {model: small}"))
        return None
    for name, value in values.items():
        if not isinstance(value, str) or not value:
            message = f"{'nothing' if value in (None, '') else written(value)} is not a pricing group value"
            wrong.append(Violation("type", message, ("pricing_group_values", name), "in quotes it is text"))
            return None
    frequency = frequency.upper() if frequency else None
    violation = facts.check_key(product, frequency, tuple(sorted(values)))
    if violation is not None:
        wrong.append(violation)
        return None
    return RateKey(product, frequency, tuple(sorted(values.items())))


def key_of(rate: Mapping[str, Any], facts: RateFacts) -> tuple[RateKey | None, list[Violation]]:
    """The key of a rate as written, or what is wrong with it."""
    wrong: list[Violation] = []
    return _key(rate, facts, wrong), wrong


def _add_segment(
    fields: Mapping[str, Any], at: Path, unit: str, facts: RateFacts, segments: list[Segment], wrong: list[Violation]
) -> None:
    """Append the segment of one price to `segments`, or what is wrong with it to `wrong`."""
    times: dict[str, str | None] = {"starting_at": None, "ending_before": None}
    for name in times:
        value = fields.get(name)
        if value is None:
            continue
        try:
            if not isinstance(value, str):
                raise ValueError("an instant is written 2025-04-01 or 2025-04-01T00:00:00Z")
            times[name] = instant_text(parse_instant(value))
        except ValueError as error:
            wrong.append(Violation("instant", f"{written(value)}: {error}", (*at, name)))
            return
    start, end = times["starting_at"], times["ending_before"]
    if start is None:
        hint = "say from when the price holds: starting_at: 2026-01-01"
        wrong.append(Violation("missing-field", "starting_at is required", (*at, "starting_at"), hint))
        return
    if end is not None and end <= start:
        message, hint = "ending_before is not after starting_at", "end it later, or leave ending_before out"
        wrong.append(Violation("empty-period", message, (*at, "ending_before"), hint))
        return
    data = {"rate_type": "FLAT", "entitled": True}
    data |= {name: value for name, value in fields.items() if name not in _TIME_FIELDS}
    if not is_fraction(str(data["rate_type"]).upper()):
        data.setdefault("credit_type", unit)
    terms, broken = validated(RateTerms, data, facts.scales)
    for v in broken:
        hint = v.hint or (DIGITS_HINT if v.code == "too-precise" else "")
        wrong.append(Violation(v.code, v.message, (*at, *v.at), hint, v.related))
    if terms is None:
        return
    if not is_fraction(terms.rate_type) and (violation := facts.check_unit(terms.credit_type)) is not None:
        wrong.append(Violation(violation.code, violation.message, (*at, *violation.at), violation.hint))
        return
    segments.append(Segment(start, end, Terms.of(spec_of(terms))))


def _uncut(rate: Mapping[str, Any], at: Path, wrong: list[Violation]) -> Mapping[str, Any]:
    """A rate, or an entry of its schedule, without the pieces of amounts that were cut at their commas."""
    if rate.keys() <= _KNOWN:
        return rate
    kept, cut = cut_amounts(rate)
    wrong += [violation._replace(at=(*at, name)) for name, violation in cut.items()]
    return {name: value for name, value in kept.items() if name not in cut}


def _instead(name: str, known: Iterable[str]) -> str:
    """What may have been meant by an unknown field."""
    return did_you_mean(name, known) or f"known fields: {', '.join(sorted(known))}"
