"""Rates: segments of timelines as the vendor's rates, and its rate schedule as timelines. Many, so done on plain data.

A rate says its product, frequency and group values, from when until when, and its terms. A PERCENTAGE has no pricing
unit of its own, so none is sent with it, and none is read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from pricebook.catalog.canonical import decode, encode
from pricebook.catalog.instant import instant_text, parse_instant
from pricebook.catalog.model import USD
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
        entry = {**head, "starting_at": starting_at, **_terms(terms)}
        if ending_before is not None:
            entry["ending_before"] = ending_before
        if "PERCENTAGE" not in entry["rate_type"] and (unit := entry.pop("credit_type", USD)) != USD:
            entry["credit_type_id"] = unit_id(unit)
        entries.append(entry)
    return entries


def timelines_of(
    items: Iterable[Mapping[str, Any]], product_name: Callable[[str], str], unit_name: Callable[[str], str]
) -> dict[str, str]:
    """Key text -> schedule text of the rates of one card, in whatever order they came."""
    found: dict[str, list[Segment]] = {}
    for item in items:
        key = encode((product_name(item["product_id"]), item.get("billing_frequency"), _values(item)))
        segment = Segment(
            _instant(item["starting_at"]),
            _instant(item["ending_before"]) if item.get("ending_before") else None,
            _read_terms(item, unit_name),
        )
        found.setdefault(key, []).append(segment)
    return {key: _schedule(segments) for key, segments in found.items()}


def _schedule(segments: list[Segment]) -> str:
    """The normal timeline; where answers overlap after all, as pages that moved on can, the later start wins."""
    if len(segments) > 1:
        segments = list(dict.fromkeys(segments))
        if overlap(segments) is not None:
            return schedule_text(overlay((), sorted(segments, key=lambda s: s.starting_at)))
        return schedule_text(normal(segments))
    return schedule_text(segments)


@lru_cache(maxsize=10_000)
def _terms(text: str) -> dict[str, Any]:
    data = decode(text)
    assert isinstance(data, dict)
    return data


def _read_terms(item: Mapping[str, Any], unit_name: Callable[[str], str]) -> str:
    rate = item["rate"]
    terms = _price(rate)
    terms["entitled"] = bool(item["entitled"])
    unit = rate.get("credit_type")
    if unit is not None and "PERCENTAGE" not in terms["rate_type"] and (name := unit_name(unit["id"])) != USD:
        terms["credit_type"] = name
    if (commit := item.get("commit_rate")) is not None:
        terms["commit_rate"] = _price(commit)
    return encode(terms)


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


def _instant(text: str) -> str:
    return text if len(text) == 20 and text.endswith("00:00Z") else instant_text(parse_instant(text))
