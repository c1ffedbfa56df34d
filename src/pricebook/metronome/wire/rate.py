"""Rates: segments of timelines as the vendor's rates, and its rate schedule as timelines. Many, so done on plain data.

A rate says its product, frequency and group values, from when until when, and its terms. A percentage, tiered
or not, has no pricing unit of its own (`catalog.rate`), so none is sent with it, and none is read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from pricebook.catalog.amount import USD
from pricebook.catalog.canonical import encode, quoted
from pricebook.catalog.instant import instant_text, parse_instant
from pricebook.catalog.terms import Terms, is_fraction, read_terms
from pricebook.catalog.timeline import Segment, normal, overlap, overlay, read_key, read_schedule, schedule_text

_PLAIN = ("price", "quantity", "is_prorated", "custom_rate", "minimum_config")


def rates_of(key: str, segments: str, product_id: Callable[[str], str], unit_id: Callable[[str], str]) -> list[Any]:
    """The entries of an `addRates` request for one price: one for each segment."""
    product, frequency, values = read_key(key)
    head: dict[str, Any] = {"product_id": product_id(product)}
    if frequency is not None:
        head["billing_frequency"] = frequency
    if values:
        head["pricing_group_values"] = dict(values)
    entries = []
    for starting_at, ending_before, terms in read_schedule(segments):
        entry = {**head, "starting_at": starting_at, **terms.fields}
        if ending_before is not None:
            entry["ending_before"] = ending_before
        if (unit := entry.pop("credit_type", USD)) != USD:
            entry["credit_type_id"] = unit_id(unit)
        entries.append(entry)
    return entries


def read_segments(
    items: Iterable[Mapping[str, Any]], product_name: Callable[[str], str], unit_name: Callable[[str], str]
) -> list[tuple[str, Segment]]:
    """What a page of a rate schedule says: key text and segment of each item."""
    return [
        (
            _key(product_name(item["product_id"]), item.get("billing_frequency"), _values(item)),
            Segment(
                _instant(item["starting_at"]),
                _instant(item["ending_before"]) if item.get("ending_before") else None,
                _read_terms(item, unit_name),
            ),
        )
        for item in items
    ]


def timelines_of(found: Iterable[tuple[str, Segment]]) -> dict[str, str]:
    """Key text -> schedule text of the rates of one card, in whatever order they came."""
    segments: dict[str, list[Segment]] = {}
    for key, segment in found:
        segments.setdefault(key, []).append(segment)
    return {key: _schedule(each) for key, each in segments.items()}


def _schedule(segments: list[Segment]) -> str:
    """The normal timeline; where answers overlap after all, as pages that moved on can, the later start wins."""
    if len(segments) > 1:
        segments = list(dict.fromkeys(segments))
        if overlap(segments) is not None:
            return schedule_text(overlay((), sorted(segments, key=lambda s: s.starting_at)))
        return schedule_text(normal(segments))
    return schedule_text(segments)


def _key(product: str, frequency: str | None, values: Mapping[str, str]) -> str:
    """`catalog.timeline.key_text`, without a value for each of a hundred thousand."""
    inner = ",".join(f"{quoted(name)}:{quoted(values[name])}" for name in sorted(values))
    return f"[{quoted(product)},{quoted(frequency) if frequency else 'null'},{{{inner}}}]"


def _read_terms(item: Mapping[str, Any], unit_name: Callable[[str], str]) -> Terms:
    rate = item["rate"]
    unit = rate.get("credit_type")
    name = unit_name(unit["id"]) if unit is not None else USD
    commit = item.get("commit_rate")
    if rate["rate_type"] == "FLAT" and name == USD and commit is None and rate.keys() <= _SIMPLE:
        # What nearly every price is; the canonical text has its names in this order.
        entitled = "true" if item["entitled"] else "false"
        return read_terms(f'{{"entitled":{entitled},"price":{encode(rate["price"])},"rate_type":"FLAT"}}')
    terms = _price(rate)
    terms["entitled"] = bool(item["entitled"])
    if name != USD and not is_fraction(terms["rate_type"]):
        terms["credit_type"] = name
    if commit is not None:
        terms["commit_rate"] = _price(commit)
    return Terms.of(terms)


_SIMPLE = frozenset(("rate_type", "price", "credit_type"))


def _price(rate: Mapping[str, Any]) -> dict[str, Any]:
    kind = rate["rate_type"].upper()
    terms: dict[str, Any] = {"rate_type": kind}
    for name in _PLAIN:
        if (value := rate.get(name)) is not None:
            terms[name] = value
    if rate.get("tiers"):
        terms["tiers"] = [{k: v for k, v in tier.items() if v is not None} for tier in rate["tiers"]]
        terms.pop("price", None)
    return terms


def _values(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("pricing_group_values") or item["rate"].get("pricing_group_values") or {}


@lru_cache(maxsize=1000)
def _instant(text: str) -> str:
    return text if len(text) == 20 and text.endswith("00:00Z") else instant_text(parse_instant(text))
